"""The capitalised words of a text, and which of them stand together."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from worker.steps.facts.names.atlas import atlas
from worker.steps.facts.names.lexicons import cue, folded, lexicon

if TYPE_CHECKING:
    from collections.abc import Sequence

# Letters but a to z. What is left out of ASCII is said as two ranges, which are quicker to tell than classes are.
_CAPITAL = r"[^\x00-@\[-\x7f\W\d]"
# The pattern begins with one class of letters, which lets the search skip what is small.
_TOKEN = re.compile(
    rf"{_CAPITAL}(?<![^\W_].)(?:(?:\.{_CAPITAL}(?![^\W_])){{1,5}}\.?"
    r"|[a-z]*+[^\W_]*(?:['\u2019&-][^\W_]+)*(?:\.(?:com|org|net|gov|tv|io)\b)?)"
)
# Small particles that are written with the name: "al-Assad", "d'Ivoire".
_PREFIX = re.compile(r"(?<![^\W_])(?:al|el|an|ar|as|ad|at|az|ash|ez|es|d|l|de|bin|ibn|ul)[-'\u2019]$")
_LONGEST_PREFIX = 4
# What may stand between two words of one name, and what it is: nothing, a preposition, a conjunction, a particle.
_GAPS = (
    {" ": "", "\u00a0": "", " & ": "&", " and ": "and", " and the ": "and the", " in ": "in", " in the ": "in"}
    | {" of ": "of", " of the ": "of", " with the ": "with"}
    | dict.fromkeys((" for ", " for the ", " on ", " on the ", " to ", " against "), "for")
)
GAP_TEXT = {
    "": " ",
    "&": " & ",
    ".": ". ",
    "of": " of ",
    "and": " and ",
    "for": " for ",
    "and the": " and the ",
    "in": " in ",
}
_MOST_GAP = 12
_MOST_WRAP = 40
# Cut off: the possessive and what is contracted with a word.
_ENDINGS = frozenset(("s", "S", "t", "re", "ve", "ll", "d", "m"))
_APOSTROPHES = frozenset("'\u2019")
_POSSESSIVES = frozenset(("'s ", "\u2019s ", "' ", "\u2019 "))
# "Jong-il" ends a name with small letters; a longer word does not belong to it.
_MOST_SMALL_TAIL = 5
_OPENING = "\"'\u201c\u2018\u00ab([{-\u2013\u2014*\u2022"
_ENDS = ".!?:;\u2026|"
_CAPS_LINE = re.compile(r"^[^a-z\n]{6,}+$", re.MULTILINE)
_THREE_CAPITALS = re.compile(r"[A-Z]{3}")
_LOOKBACK = 40


@dataclass(slots=True)
class Token:
    """A capitalised word: `gap` is what joins it to the word before it in its run."""

    surface: str
    start: int
    end: int
    key: str
    opens: bool  # stands where any word would be capitalised
    possessive: bool
    gap: str = ""


def read_runs(text: str, caps: Sequence[tuple[int, int]]) -> list[list[Token]]:
    """The runs of capitalised words, in order; lines that are all capitals are left out."""
    runs: list[list[Token]] = []
    last: Token | None = None
    line = 0
    skipped = _skipped()
    for match in _TOKEN.finditer(text):
        surface = match[0]
        start, end = match.span()
        following = text[end : end + 1]
        if following == "$":  # US$5
            last = None
            continue
        if following == " " and surface in skipped and text[end + 1 : end + 2].islower():
            last = None
            continue
        while line < len(caps) and caps[line][1] <= start:
            line += 1
        if (line < len(caps) and caps[line][0] <= start) or not surface[0].isupper():
            last = None
            continue
        if start and text[start - 1] in "-'\u2019":
            prefix = _PREFIX.search(text, max(start - _LONGEST_PREFIX, 0), start)
            if prefix is not None:
                start = prefix.start()
                surface = text[start:end]
        token = _token(text, start, surface)
        gap = _gap(text, last, token) if last is not None and token.start - last.end <= _MOST_WRAP else None
        if gap is None:
            token.opens = _opens(text, token.start)
            runs.append([token])
        else:
            token.gap = gap
            runs[-1].append(token)
        last = token
    return runs


@cache
def _skipped() -> frozenset[str]:
    """Function words as they open sentences: with a small letter behind them they begin no name."""
    return frozenset(word.capitalize() for word in lexicon().start - cue("first name or word"))


def caps_lines(text: str) -> list[tuple[int, int]]:
    """Where the lines stand that are written in capitals only."""
    return [match.span() for match in _CAPS_LINE.finditer(text) if _THREE_CAPITALS.search(match[0])]


def _token(text: str, start: int, word: str) -> Token:
    cut, surface, key, possessive = _word(word)
    start += cut
    end = start + len(surface)
    if not possessive and text[end : end + 1] in _APOSTROPHES and surface[-1:] in "sS":
        possessive = text[end + 1 : end + 2] == " "
    return Token(surface, start, end, key, False, possessive)


@lru_cache(maxsize=20_000)
def _word(surface: str) -> tuple[int, str, str, bool]:
    """Of a capitalised word: signs to cut off before it, what is left, its key, and whether "'s" was cut off."""
    cut = 0
    possessive = False
    if not surface.isalnum():
        for mark in "'\u2019":
            head, found, tail = surface.rpartition(mark)
            if found and tail in _ENDINGS and folded(surface).replace("\u2019", "'") not in lexicon().start:
                possessive = tail in {"s", "S"}
                surface = head
        if surface[1:2] == "-" and surface[0] in "DR":
            # "D-Texas": the party of a member of Congress.
            cut, surface = 2, surface[2:]
        head, found, tail = surface.rpartition("-")
        # "Moscow-based" is Moscow; "Jong-il" is a name.
        if found and tail.islower() and (tail in lexicon().common or len(tail) > _MOST_SMALL_TAIL):
            surface = head
    return cut, surface, folded(surface), possessive


def _opens(text: str, start: int) -> bool:
    at = start - 1
    while at >= 0 and text[at] == " ":
        at -= 1
    if at < 0 or text[at] == "\n":
        # An indented line goes on with the sentence before it.
        return at < 0 or start - at < 3 or text[max(at - 1, 0)] in _ENDS + "\n"
    return text[at] in _ENDS or (text[at] in _OPENING and not (at > 0 and text[at - 1].isalnum()))


def _gap(text: str, last: Token, token: Token) -> str | None:
    size = token.start - last.end
    if size > _MOST_GAP:
        return _wrapped(text, last.end, token.start)
    between = text[last.end : token.start]
    if last.possessive:
        # "St. Mary's Hospital", "Sheriff's Office".
        return (
            "" if token.key in cue("possessed") and between in _POSSESSIVES and last.key not in atlas().fixed else None
        )
    found = _GAPS.get(between)
    if found is not None:
        return found
    if between in {". ", ".", ".\u00a0"}:
        # "J. Doe", "Gen. Doe", "St. Louis".
        is_short = (len(last.key) == 1 and last.key != "i") or last.key in cue("abbreviation")
        return "." if is_short else None
    is_particle = between[:1] == between[-1:] == " " and between[1:-1] in cue("particle")
    return "particle" if is_particle else _wrapped(text, last.end, token.start)


def _wrapped(text: str, start: int, end: int) -> str | None:
    """Lines that are broken for width go on with white space before their first word."""
    if not 0 < end - start <= _MOST_WRAP or text[start] not in "\n ":
        return None
    between = text[start:end]
    return "" if between.isspace() and between.count("\n") == 1 and between[-1] in " \t" else None


def word_before(text: str, start: int) -> str:
    """The word before an offset, in small letters; a sign when a sign stands there, "" at the start of a line."""
    piece = text[max(start - _LOOKBACK, 0) : start].rstrip(" \u00a0")
    if not piece or piece[-1] == "\n":
        return ""
    if not piece[-1].isalnum():
        return piece[-1]
    at = len(piece)
    while at and (piece[at - 1].isalnum() or piece[at - 1] in "'\u2019-."):
        at -= 1
    return piece[at:].lower()


def word_after(text: str, end: int) -> str:
    """The word after an offset, in small letters; a sign when a sign stands there."""
    piece = text[end : end + _LOOKBACK].lstrip(" \u00a0")
    if not piece:
        return ""
    if not piece[0].isalnum():
        return piece[0]
    at = 0
    while at < len(piece) and (piece[at].isalnum() or piece[at] in "'\u2019-"):
        at += 1
    return piece[:at].lower()
