"""Patterns of words of time, and where they stand in a text.

A pattern is a row of classes of words ("<weekday> <part>?"). Each word of the text becomes one sign for the set of its
classes, so that a pattern is a regular expression over a string with one sign for each word: short to search, and all
patterns are one expression. The tables in `lexicon/` hold the patterns.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from worker.steps.facts.gazetteer import lexicon_lines
from worker.steps.facts.times.lexicon import OTHER, Vocabulary, holidays, literal, vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from worker.steps.facts.prose import Prose
    from worker.steps.facts.times.lexicon import Value

_PIECE = re.compile(r"[^\W\d_]+|\d+|['\u2019](?:s|ll)\b|\S")
# What joins the pieces of a word or a number, within it.
_JOINT = re.compile(r"['\u2019\-:/.](?=\w)")
_CLASS = re.compile(r"<(?:([\w-]+):)?([\w-]+)>")
_HOLIDAY = "HOLIDAY"
_MACRO = "$"
_BEGIN = "@"
_OR = "|"
_STRUCTURE = {"(": "(?:", ")": ")", ")?": ")?", "|": "|", "!(": "(?!"}
# Classes of words of which every mention has one, and how many words may stand before it.
_CORE = frozenset(
    {
        *("weekday", "weekday-short", "weekdays", "month", "month-short", "season", "part", "unit", "deictic"),
        *("q", "h", "fiscal", "year", "eighties", "two", "clock", "numeric", "noon", "zone", "set", "core"),
    }
)
_MAX_LEAD = 6
# Longer words are no words.
_MAX_WORD_CHARS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A pattern and what resolves it. `parts` gives for each group its name and class.

    A group without a name only marks where the mention begins.
    """

    name: str
    resolver: str
    pattern: re.Pattern[str]
    parts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """Some rules, and all of them in one expression, whose groups tell which of them matched."""

    any_rule: re.Pattern[str]
    rules: tuple[Rule, ...]
    indexes: Mapping[int | None, int]

    def match(self, row: str, start: int, end: int) -> Sequence[Rule] | None:
        """The first rule that matches at `start` and those after it, or None."""
        found = self.any_rule.match(row, start, end)
        return self.rules[self.indexes[found.lastindex] :] if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """All patterns of a language: by the sign with which they may begin, in one expression, and one by one.

    `core` finds the words without which there is no mention, so that "the" and "a" are looked at beside one only.
    """

    words: Vocabulary
    core: re.Pattern[str]
    starting: Mapping[str, Rules]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """A text's words as spans, with one sign for each."""

    text: str
    spans: Sequence[tuple[int, int]]
    signs: str

    def word(self, index: int) -> str:
        """The word at an index, or nothing beyond the ends."""
        if not 0 <= index < len(self.spans):
            return ""
        start, end = self.spans[index]
        return self.text[start:end]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A pattern found: words `first` to `last` (exclusive), and the values of its parts."""

    rule: Rule
    first: int
    last: int
    parts: Mapping[str, Value]


@cache
def grammar(language: str | None) -> Grammar:
    """The patterns of a language; None is those that hold in all."""
    rows, macros = _rows(language)
    patterns = [(name, resolver, _expand(pattern, macros, language)) for name, resolver, pattern in rows]
    plain = {word for *_, tokens in patterns for token in tokens for word in _plain_words(token)}
    words = vocabulary(language, plain)
    starting: dict[str, list[Rule]] = {}
    for name, resolver, tokens in patterns:
        source, parts = _compile(tokens, words)
        rule = Rule(name=name, resolver=resolver, pattern=re.compile(source), parts=parts)
        for sign in _first_signs(tokens, words):
            starting.setdefault(sign, []).append(rule)
    core = "".join(sign for sign, classes in words.classes.items() if not _CORE.isdisjoint(classes))
    return Grammar(
        words=words,
        core=re.compile(f"[{core}]"),
        starting={sign: _together(rules) for sign, rules in starting.items()},
    )


def _together(rules: Sequence[Rule]) -> Rules:
    indexes: dict[int | None, int] = {}
    group = 1
    for index, rule in enumerate(rules):
        indexes[group] = index
        group += 1 + rule.pattern.groups
    any_rule = re.compile("|".join(f"({rule.pattern.pattern})" for rule in rules))
    return Rules(any_rule=any_rule, rules=tuple(rules), indexes=indexes)


def read_signs(prose: Prose, words: Vocabulary) -> Signs:
    """The signs of a text; hyphenated words and possessives are taken apart where a part is a word of time."""
    text, table = prose.text, words.signs
    signs = [table.get(text[start:end], OTHER) for start, end in prose.words]
    spans: list[tuple[int, int]] = []
    found: list[str] = []
    done = 0
    for joint in _JOINT.finditer(text):
        index = bisect_right(prose.words, (joint.start(), len(text))) - 1
        if index < done or signs[index] is not OTHER or prose.words[index][1] <= joint.start():
            continue
        start, end = prose.words[index]
        spans += prose.words[done:index]
        found += signs[done:index]
        for left, right in _pieces(text[start:end], words):
            spans.append((start + left, start + right))
            found.append(words.sign(text[start + left : start + right]))
        done = index + 1
    spans += prose.words[done:]
    found += signs[done:]
    return Signs(text=text, spans=spans, signs="".join(found))


def _pieces(word: str, words: Vocabulary) -> list[tuple[int, int]]:
    whole = [(0, len(word))]
    if len(word) > _MAX_WORD_CHARS or words.sign(word) != OTHER:
        return whole
    pieces = [piece.span() for piece in _PIECE.finditer(word)]
    return pieces if any(end - start > 1 and word[start:end] in words.signs for start, end in pieces) else whole


def next_place(signs: Signs, rules: Grammar, start: int, end: int) -> tuple[int, Iterator[Match]] | None:
    """The next word at which a pattern matches, and all that match there, the preferred one first."""
    row = signs.signs
    # What goes on right behind another mention needs no core: "May 3 and 4".
    follows = rules.starting.get(row[start : start + 1]) if start < end else None
    candidates = follows.match(row, start, end) if follows else None
    if candidates:
        return start, _matches(signs, rules, start, end, candidates)
    while core := rules.core.search(row, start, end):
        for here in range(max(start, core.start() - _MAX_LEAD), core.end()):
            starting = rules.starting.get(row[here])
            candidates = starting.match(row, here, end) if starting else None
            if candidates:
                return here, _matches(signs, rules, here, end, candidates)
        start = core.end()
    return None


def _matches(signs: Signs, rules: Grammar, start: int, end: int, candidates: Sequence[Rule]) -> Iterator[Match]:
    for rule in candidates:
        found = rule.pattern.match(signs.signs, start, end)
        if found is None or found.end() == start:
            continue
        parts: dict[str, Value] = {}
        first = start
        for group, (name, class_name) in enumerate(rule.parts, 1):
            at = found.start(group)
            if at < 0:
                continue
            if not class_name:
                first = at
                continue
            value = rules.words.value(signs.word(at), class_name)
            if value is not None:
                parts[name] = value
        yield Match(rule=rule, first=first, last=found.end(), parts=parts)


def _rows(language: str | None) -> tuple[list[tuple[str, str, str]], dict[str, str]]:
    rows: list[tuple[str, str, str]] = []
    macros: dict[str, str] = {}
    for name in ("any", *([language] if language else [])):
        for line in lexicon_lines(f"times_rules_{name}.tsv"):
            rule, resolver, pattern = line.split("\t")
            if rule.startswith(_MACRO):
                macros[rule] = pattern
            else:
                rows.append((rule, resolver, pattern))
    return rows, macros


def _expand(pattern: str, macros: Mapping[str, str], language: str | None) -> list[str]:
    tokens: list[str] = []
    for token in pattern.split():
        name = token.rstrip("?")
        if name in macros:
            tokens += ["(", *_expand(macros[name], macros, language), ")" + token[len(name) :]]
        elif token == _HOLIDAY and language:
            names = [" ".join(_PIECE.findall(holiday)) for holiday in sorted(holidays(language), key=len, reverse=True)]
            tokens += ["(", *" | ".join(" ".join(f"^{word}" for word in name.split()) for name in names).split(), ")"]
        else:
            tokens.append(token)
    return tokens


def _plain_words(token: str) -> list[str]:
    """The plain words that a token of a pattern names."""
    if token in _STRUCTURE or token.startswith("<") or token == _BEGIN:
        return []
    token = token.removeprefix("!")
    return [] if token.startswith("<") else token.removesuffix("?").split("|")


def _compile(tokens: Sequence[str], words: Vocabulary) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The regular expression of a pattern, and for each group the name of the part and its class."""
    source: list[str] = []
    parts: list[tuple[str, str]] = []
    for token in tokens:
        if token in _STRUCTURE:
            source.append(_STRUCTURE[token])
            continue
        if token == _BEGIN:
            source.append("()")
            parts.append(("", ""))
            continue
        optional = "?" if token.endswith("?") else ""
        name = token.removesuffix("?").removeprefix("!")
        found = _CLASS.fullmatch(name)
        signs = _token_signs(token, words)
        if token.startswith("!"):
            source.append(f"(?![{signs}])")
        elif found:
            parts.append((found[1] or found[2], found[2]))
            source.append(f"([{signs}]){optional}")
        else:
            source.append(f"[{signs}]{optional}")
    return "".join(source), tuple(parts)


def _first_signs(tokens: Sequence[str], words: Vocabulary) -> set[str]:
    """The signs with which a pattern may begin."""
    return _first(list(tokens), words)[0]


def _first(tokens: list[str], words: Vocabulary) -> tuple[set[str], bool]:
    """The same for a part of a pattern, and whether it may be empty; takes what it has read from `tokens`."""
    signs: set[str] = set()
    open_row, may_be_empty = True, False
    while tokens:
        token = tokens.pop(0)
        if token in {")", ")?"}:
            return signs, may_be_empty or open_row or token.endswith("?")
        if token == _OR:
            may_be_empty, open_row = may_be_empty or open_row, True
            continue
        negative = token.startswith("!")
        if token in {"(", "!("}:
            inner, empty = _first(tokens, words)
        elif negative or token == _BEGIN:
            continue
        else:
            inner, empty = set(_token_signs(token, words)), token.endswith("?")
        if open_row and not negative:
            signs |= inner
            open_row = empty
    return signs, may_be_empty or open_row


def _token_signs(token: str, words: Vocabulary) -> str:
    name = token.removesuffix("?").removeprefix("!")
    found = _CLASS.fullmatch(name)
    return "".join(
        words.signs_of(found[2] if found else literal(word)) for word in ([name] if found else name.split("|"))
    )
