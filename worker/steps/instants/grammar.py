"""The forms that dates of publication have, as patterns over tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .surface import Surface, Token

# Each token becomes one letter: Y four digits, n one or two, N others; m month, w weekday, a and p halves of the day,
# h a unit of hours, t the "T" of ISO 8601, c a word that joins the parts of a date, x any other word; signs stay.
_JOINING = frozenset(
    {"st", "nd", "rd", "th", "er", "re", "o", "º", "ª", "a", "of", "the", "de", "del", "di", "den", "d", "e", "y"}
    | {"m", "gada", "năm", "พ.ศ", "ค.ศ"}
)
_HOURS = frozenset({"h", "uhr", "hs", "hrs"})
_SIGNS = frozenset(" .,;:-/+'")

_GAP = r"[ .,\-/cw']*"
_NUMERIC = [
    f"{first} ?{sign} ?n ?{sign} ?{last}"
    for first, last in (("Y", "n"), ("n", "Y"), ("n", "n"))
    for sign in ("/", r"\.", "-")
]
# Arabic papers name a month twice, in the words of two regions.
_NAME = "m(?: ?/ ?m)?"
_DAY = "|".join(
    [
        f"n{_GAP}{_NAME}{_GAP}Y",
        f"{_NAME}{_GAP}n{_GAP}Y",
        f"Y{_GAP}{_NAME}{_GAP}n(?! ?[:hap])",
        f"Y{_GAP}n{_GAP}{_NAME}",
        # RFC 822 has the year in two digits, and nothing else that could stand there.
        f"n{_GAP}{_NAME}{_GAP}n(?! ?[:hap])",
        *_NUMERIC,
    ]
)
_MONTH = "|".join([f"{_NAME}{_GAP}Y", f"Y{_GAP}{_NAME}", *(f"Y{sign}n|n{sign}Y" for sign in ("/", r"\.", "-"))])
_CLOCK = r"n:n(?::n(?:[.,][nYN])?)?"
# "10:15", "10h15", "10.15", "8 pm", "上午 10:15".
_TIME = rf"(?P<before>[ap])? ?(?P<clock>{_CLOCK}|n ?h(?: ?n)?|n\.n(?:\.n)?|n(?= ?[ap])) ?(?P<after>[ap])?"
_LEAD = r"[ .,;:\-/'cwxhapt]*(?<![\-+])"
_BETWEEN = r"(?:[ .,:;'cwxt]|-(?= ))*"
_ZONE = r"[ ,xcw]*(?:[+\-][nYN](?::n)?)?[ .,xcw]*(?:-(?= ))?[ cw]*"

_LAYOUTS = [
    re.compile(layout)
    for layout in (
        rf"{_LEAD}(?P<day>{_DAY}|{_MONTH})(?:{_BETWEEN}{_TIME})?(?P<zone>.*)",
        # asctime, with or without a zone before the year.
        rf"{_LEAD}(?P<day>{_NAME}{_GAP}n|n{_GAP}{_NAME}){_BETWEEN}{_TIME}(?P<inner>{_ZONE})(?P<year>Y)(?P<zone>.*)",
        rf"{_LEAD}{_TIME}(?P<inner>{_ZONE})(?P<day>{_DAY})(?P<zone>.*)",
    )
]
_MAX_TOKENS = 80


@dataclass(frozen=True, slots=True)
class Parts:
    """What a surface says about a date, part by part.

    `order` has a letter for each of `numbers`; `signs` are what stands between them. `clock` and `half` are empty
    without a time; `zone` is all that follows.
    """

    order: str
    numbers: tuple[str, ...]
    months: tuple[Token, ...]
    signs: str
    clock: str
    half: str
    zone: str
    weekdays: tuple[Token, ...]

    @property
    def has_day(self) -> bool:
        """Whether a day is named, not just a month of a year."""
        return len(self.numbers) + bool(self.months) == len("ymd")


def parts(surface: Surface) -> Parts | None:
    """The parts of a date and its time, in whichever layout they stand; None when there is no date, or no layout."""
    if len(surface.tokens) > _MAX_TOKENS:
        return None
    for letters in _letters(surface.tokens):
        for layout in _LAYOUTS:
            match = layout.match(letters)
            if match is not None:
                return _parts(surface, match)
    return None


def _parts(surface: Surface, match: re.Match[str]) -> Parts:
    tokens, letters, groups = surface.tokens, match.string, match.groupdict()
    where = [*range(*match.span("day"))]
    if "year" in groups:
        where.append(match.start("year"))
    inner = surface.between(*match.span("inner")) if "inner" in groups else ""
    return Parts(
        order="".join(letters[i] for i in where if letters[i] in "nYN"),
        numbers=tuple(tokens[i].text for i in where if letters[i] in "nYN"),
        months=tuple(tokens[i] for i in where if letters[i] == "m"),
        signs="".join(letters[i] for i in where if letters[i] in "./-"),
        clock=surface.between(*match.span("clock")) if groups["clock"] else "",
        half=groups["before"] or groups["after"] or "",
        zone=f"{inner} {surface.between(*match.span('zone'))}",
        weekdays=tuple(token for token, letter in zip(tokens, letters, strict=True) if letter == "w"),
    )


def _letters(tokens: Sequence[Token]) -> Iterator[str]:
    """The tokens as letters; in several ways when a word is a month and a weekday ("mar" is March and mardi)."""
    certain = any(token.means.months and not token.means.weekdays for token in tokens if token.means)
    doubtful = sum(bool(token.means.months and token.means.weekdays) for token in tokens if token.means)
    if certain or not doubtful:
        yield _spelled(tokens, "w" * doubtful)
        return
    # The weekday stands before the day; without one, the only such word is the month or no month is named.
    yield _spelled(tokens, "w" * (doubtful - 1) + "m")
    yield _spelled(tokens, "w" * doubtful)


def _spelled(tokens: Sequence[Token], doubtful: str) -> str:
    letters: list[str] = []
    undecided = iter(doubtful)
    for index, token in enumerate(tokens):
        letter = _letter(token, tokens[index - 1] if index else None)
        letters.append(next(undecided) if letter == "?" else letter)
    return "".join(letters)


def _letter(token: Token, previous: Token | None) -> str:  # noqa: PLR0911 - a table of kinds
    if token.means is None:
        if token.text.isdigit():
            return {1: "n", 2: "n", 4: "Y"}.get(len(token.text), "N")
        return token.text if token.text in _SIGNS else " "
    after_digits = previous is not None and previous.text.isdigit()
    if after_digits and token.text.lower() in {"a", "p"}:
        return token.text.lower()
    if token.text in {"SA", "CH"}:  # .NET's Vietnamese clock; "Sa" is a weekday
        return "a" if token.text == "SA" else "p"
    if token.means.half:
        return token.means.half[0]
    if token.means.months:
        return "?" if token.means.weekdays else "m"
    if token.means.weekdays:
        return "w"
    if token.text in {"T", "t"}:
        return "t"
    if token.text.lower() in _HOURS:
        return "h"
    return "c" if token.text.lower() in _JOINING else "x"
