"""A date as written becomes tokens: numbers, words with a meaning, signs."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from .words import NOTHING, Meaning, meaning

_MARKUP = re.compile(r"<[^<>]*>")
# A backslash quotes a bracket (RFC 5322, 3.2.2).
_BRACKETS = re.compile(r"\\.|[()\[\]]")
_OPENING = {"(": ")", "[": "]"}
_SIGNS = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63", "-")
    | dict.fromkeys("_\u00b7\u2022|\u060c\u3001\u200b", " ")
    | {"\u2019": "'", "\u066b": ".", "\u2236": ":"}
)

# Basic forms of ISO 8601, of this and the neighbouring centuries; and what programs write that leave out the "T".
_COMPACT = re.compile(r"((?:19|20|21)\d\d)(\d\d)(\d\d)(?:T?(\d\d)(\d\d)(\d\d)?)?(?![\d:])", re.IGNORECASE)
_COMPACT_TIME = re.compile(r"(?<=\d)(T)(\d\d)(\d\d)(\d\d)?(?![\d:])", re.IGNORECASE)
_WEEK_DAY = re.compile(r"(\d{4})-?W(\d\d)-?([1-7])(?!\d)", re.IGNORECASE)
_DAY_OF_YEAR = re.compile(r"(\d{4})-?(\d{3})(?![\d:])")

# East Asian dates and times put their unit behind each number. A half hour ("10時半") is left unread.
_EAST_ASIAN_DAY = re.compile(r"(\d{4}) ?[年년] ?(\d{1,2}) ?[月월] ?(\d{1,2}) ?[日号號일]?")
_EAST_ASIAN_MONTH = re.compile(r"(\d{4}) ?[年년] ?(\d{1,2}) ?[月월](?! ?\d)")
_EAST_ASIAN_TIME = re.compile(r"(\d{1,2}) ?[時时点點시](?! ?[半반])(?: ?(\d{1,2}) ?[分분])?(?: ?(\d{1,2}) ?[秒초])?")
_NUMBERED_MONTH = re.compile(r"(?<!\d)(\d{1,2}) ?[月월]|\btháng ?(\d{1,2})(?!\d)", re.IGNORECASE)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# These stand without a blank beside their time.
_GLUED = re.compile(r"([上下]午|午[前後]|오[전후])")

# Three words with what stands between them.
_MAX_PHRASE_PIECES = 7
# What may stand inside a phrase that has one meaning: "a. m.", "segunda-feira", "พ.ค.".
_JOINTS = frozenset({".", "-", " ", ". "})


@dataclass(frozen=True, slots=True)
class Token:
    """A run of digits, a word (or a phrase with one meaning), or a sign, and where it stands in the text."""

    text: str
    start: int
    means: Meaning | None = None

    @property
    def is_word(self) -> bool:
        """Whether it is made of letters."""
        return self.means is not None


@dataclass(frozen=True, slots=True)
class Surface:
    """A date as it came, and its text without markup, comments and odd characters; `comment` is the last comment."""

    raw: str
    text: str
    comment: str
    tokens: tuple[Token, ...]

    def between(self, first: int, end: int) -> str:
        """The text from one token up to another, not included; -1 for none."""
        if first == end:
            return ""
        return self.text[self.tokens[first].start : self.tokens[end - 1].start + len(self.tokens[end - 1].text)]


def read_surface(raw: str) -> Surface:
    """Clean a date's text, and cut it into tokens."""
    text, comment = _without_comments(_clean(raw))
    text = " ".join(_spell_out(text).split())
    return Surface(raw, text, comment, _tokens(text))


def _clean(raw: str) -> str:
    text = raw
    if "&" in text:
        # Twice: feeds escape what is escaped already.
        text = html.unescape(html.unescape(text))
    if "<" in text:
        text = _MARKUP.sub(" ", text)
    if text.isascii():
        if not text.isprintable():
            text = "".join(c if c.isprintable() else " " for c in text)
        return text.replace("_", " ").replace("|", " ")
    return "".join(map(_plain, unicodedata.normalize("NFKC", text))).translate(_SIGNS)


def _plain(character: str) -> str:
    """Digits of all scripts as ASCII, controls as blanks, marks of direction and joiners gone."""
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category in {"Cc", "Zs", "Zl", "Zp"}:
        return " "
    return "" if category == "Cf" else character


def _without_comments(text: str) -> tuple[str, str]:
    """Take out what stands in brackets, nested ones too (RFC 5322, 3.2.2); an open bracket is dropped alone."""
    if "(" not in text and "[" not in text:
        return text, ""
    kept: list[str] = []
    comment, depth, closing, last = "", 0, "", 0
    for match in _BRACKETS.finditer(text):
        sign = match[0]
        if depth == 0 and sign in _OPENING:
            kept.append(text[last : match.start()])
            depth, closing, last = 1, _OPENING[sign], match.end()
        elif depth and _OPENING.get(sign) == closing:
            depth += 1
        elif depth and sign == closing:
            depth -= 1
            if depth == 0:
                comment, last = text[last : match.start()], match.end()
    kept.append(text[last:])
    return " ".join(kept), comment


def _spell_out(text: str) -> str:
    """Rewrite dates and times whose parts are not set off by signs, so that one grammar reads all."""
    if text[:4].isdigit():
        text = _COMPACT.sub(_extended, text, count=1) if _COMPACT.match(text) else text
        text = _WEEK_DAY.sub(_calendar_day, text, count=1) if _WEEK_DAY.match(text) else text
        text = _DAY_OF_YEAR.sub(_calendar_day, text, count=1) if _DAY_OF_YEAR.match(text) else text
        text = _COMPACT_TIME.sub(_extended_time, text, count=1)
    if text.isascii():
        return text
    text = _EAST_ASIAN_DAY.sub(r"\1-\2-\3 ", text)
    text = _EAST_ASIAN_MONTH.sub(r"\1-\2 ", text)
    text = _EAST_ASIAN_TIME.sub(_clock_time, text)
    # A year that still has its unit is of two digits or of an era: its month must not look like an English one.
    if "年" not in text and "년" not in text:
        text = _NUMBERED_MONTH.sub(_month_name, text)
    return _GLUED.sub(r" \1 ", text)


def _extended(match: re.Match[str]) -> str:
    year, month, day, hour, minute, second = match.groups()
    return f"{year}-{month}-{day}" + ("T" + ":".join(filter(None, (hour, minute, second))) if hour else "")


def _extended_time(match: re.Match[str]) -> str:
    return match[1] + ":".join(filter(None, match.groups()[1:]))


def _calendar_day(match: re.Match[str]) -> str:
    """The day that a week date or an ordinal date names (ISO 8601, 5.2.2 and 5.2.3); as it is when there is none."""
    year, *rest = map(int, match.groups())
    try:
        if len(rest) == 1:
            day = date(year, 1, 1) + timedelta(days=rest[0] - 1)
            return day.isoformat() if day.year == year else match[0]
        return date.fromisocalendar(year, *rest).isoformat()
    except (ValueError, OverflowError):
        return match[0]


def _clock_time(match: re.Match[str]) -> str:
    return f" {match[1]}:{int(match[2] or 0):02}" + (f":{int(match[3]):02}" if match[3] else "") + " "


def _month_name(match: re.Match[str]) -> str:
    number = int(match[1] or match[2])
    return f" {_MONTHS[number - 1]} " if 1 <= number <= len(_MONTHS) else match[0]


def _tokens(text: str) -> tuple[Token, ...]:
    pieces: list[Token] = []
    for kind, group in groupby(text, _kind):
        run = "".join(group)
        start = pieces[-1].start + len(pieces[-1].text) if pieces else 0
        if kind == "sign":
            pieces.extend(Token(sign, start + index) for index, sign in enumerate(run))
        else:
            pieces.append(Token(run, start, NOTHING if kind == "word" else None))
    tokens: list[Token] = []
    index = 0
    while index < len(pieces):
        token, index = _phrase(text, pieces, index)
        tokens.append(token)
    return tuple(tokens)


def _kind(character: str) -> str:
    if character.isdigit():
        return "number"
    # Vowel signs of Indian and Thai script are marks; they belong to their word.
    return "word" if character.isalpha() or unicodedata.category(character).startswith("M") else "sign"


def _phrase(text: str, pieces: list[Token], first: int) -> tuple[Token, int]:
    """The longest phrase from a piece on that means something, else the piece itself; and where the next begins."""
    start = pieces[first].start
    if not pieces[first].is_word:
        return pieces[first], first + 1
    ends = [first]
    for index in range(first + 1, min(first + _MAX_PHRASE_PIECES, len(pieces))):
        piece, before = pieces[index], pieces[ends[-1]]
        joint = text[before.start + len(before.text) : piece.start]
        if piece.is_word and joint in _JOINTS:
            ends.append(index)
    for end in reversed(ends):
        phrase = text[start : pieces[end].start + len(pieces[end].text)]
        means = meaning(phrase)
        if means is not NOTHING or end == first:
            return Token(phrase, start, means), end + 1
    raise AssertionError("the piece itself is a phrase")
