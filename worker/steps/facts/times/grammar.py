"""Patterns of words of time, and where they stand in a text.

A pattern is a row of classes of words ("<weekday> <part>?"). Each word of the text becomes one sign for the set of its
classes, so that a pattern is a regular expression over a string with one sign for each word: short to search, and all
patterns are one expression. The tables in `lexicon/` hold the patterns.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from worker.steps.facts.gazetteer import lexicon_lines
from worker.steps.facts.times.lexicon import Vocabulary, holidays, literal, vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


# The pieces of a hyphenated word, or of one with an apostrophe.
PIECE = re.compile(r"[^\W\d_]+|\d+|['\u2019](?:s|ll)\b|\S")
_CLASS = re.compile(r"<(?:([\w-]+):)?([\w-]+)>")
_HOLIDAY = "HOLIDAY"
_MACRO = "$"
_BEGIN = "@"
_OR = "|"
_STRUCTURE = {"(": "(?:", ")": ")", ")?": ")?", "|": "|", "!(": "(?!", "&(": "(?="}
# Classes of words of which every mention has one.
_CORE = frozenset(
    {
        *("weekday", "weekday-short", "weekdays", "month", "month-short", "season", "part", "unit", "deictic"),
        *("q", "h", "fiscal", "year", "eighties", "two", "clock", "numeric", "noon", "zone", "set", "core"),
    }
)


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

    def all(self, first: re.Match[str], end: int) -> Iterator[tuple[Rule, re.Match[str], int]]:
        """The rules that match where `any_rule` did, the preferred one first.

        With each its match, and the number of the group that holds all of it.
        """
        whole = first.lastindex
        index = self.indexes[whole]
        if first.end() > first.start():
            yield self.rules[index], first, whole or 0
        for rule in self.rules[index + 1 :]:
            found = rule.pattern.match(first.string, first.start(), end)
            if found and found.end() > found.start():
                yield rule, found, 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """All patterns of a language: by the sign with which they may begin, in one expression, and one by one.

    `core` finds the words without which there is no mention, so that "the" and "a" are looked at beside one only.
    """

    words: Vocabulary
    core: re.Pattern[str]
    starting: Mapping[str, Rules]


@cache
def grammar(language: str | None) -> Grammar:
    """The patterns of a language; None is those that hold in all."""
    rows, macros = _rows(language)
    patterns = [(name, resolver, _expand(pattern, macros, language)) for name, resolver, pattern in rows]
    plain = {word for *_, tokens in patterns for token in tokens for word in _plain_words(token)}
    asked = {tuple(_classes(token)) for *_, tokens in patterns for token in tokens if not _is_structure(token)}
    words = vocabulary(language, plain, asked)
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
            names = [" ".join(PIECE.findall(holiday)) for holiday in sorted(holidays(language), key=len, reverse=True)]
            tokens += ["(", *" | ".join(" ".join(map(_as_named, name.split())) for name in names).split(), ")"]
        else:
            tokens.append(token)
    return tokens


def _as_named(word: str) -> str:
    """A word of a name as a pattern has it: with a capital where the name has one ("Cinco de Mayo")."""
    return f"^{word}" if word[0].isupper() else word


def _plain_words(token: str) -> list[str]:
    """The plain words that a token of a pattern names."""
    name = _bare(token)
    return [] if _is_structure(token) or name.startswith("<") else name.split("|")


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
        found = _CLASS.fullmatch(_bare(token))
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
        ahead = token.startswith(("!", "&"))
        if token in {"(", "!(", "&("}:
            inner, empty = _first(tokens, words)
        elif ahead or token == _BEGIN:
            continue
        else:
            inner, empty = set(_token_signs(token, words)), token.endswith("?")
        if open_row and not ahead:
            signs |= inner
            open_row = empty
    return signs, may_be_empty or open_row


def _token_signs(token: str, words: Vocabulary) -> str:
    return "".join(words.having.get(name, "") for name in _classes(token))


def _classes(token: str) -> list[str]:
    """The classes of which a token of a pattern asks for one."""
    name = _bare(token)
    found = _CLASS.fullmatch(name)
    return [found[2]] if found else [literal(word) for word in name.split("|")]


def _is_structure(token: str) -> bool:
    return token in _STRUCTURE or token == _BEGIN


def _bare(token: str) -> str:
    return token.removesuffix("?").removeprefix("!")
