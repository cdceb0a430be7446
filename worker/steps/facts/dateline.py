"""How a wire story opens: header line, dateline, and where the story itself begins.

The forms are those of the agencies' style books: "Kyiv [Ukraine], May 24 :", "KYIV, Ukraine (AP) —",
"MOSCOW, May 5. /TASS/." and their kin. A label ("EDITORIAL:") or a sentence ("London, which ...") is none; where the
evidence is thin, the place must be a city that the gazetteer knows, and the rest must read like a story.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from worker.model.facts import Dateline, Opening, Span
from worker.steps.facts.dateline_agency import Trust
from worker.steps.facts.dateline_cities import City, city, country_of
from worker.steps.facts.dateline_day import resolve_day
from worker.steps.facts.dateline_grammar import Parts, read_parts
from worker.steps.facts.gazetteer import country_code, country_name, fold, lexicon_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

# A dateline may stand behind a headline, a byline and a standfirst, not in the middle of the story.
_MAX_LINES = 6
_MAX_CHARS = 1_500
# Feeds that fold headline and byline into the first paragraph: how far into it the dateline may stand.
_MAX_INLINE_CHARS = 400
# How far before an agency in brackets its dateline may begin.
_MARKED_CHARS = 60
# Inhabitants from which a city may open a line with nothing but its name in capitals and a colon, or in small letters.
_LARGE = 100_000
_VERY_LARGE = 300_000
# What a story, not a headline, has at least in its first line.
_PROSE_CHARS = 60
# Where the lines of other speakers would follow if "JACKSON:" opened an interview.
_INTERVIEW_CHARS = 3_000
_MIN_VILLAGE_CHARS = 5
_NAMED_AGAIN_CHARS = 5_000

_HEADER = re.compile(r"\s*date[ \t]+(\d{4})-(\d\d)-(\d\d)\b[ \t]*")
_BLANK = re.compile(r"\s*")
_SENTENCE_END = re.compile(r"(?<![A-Z])[.!?][\"')\u201d\u2019]?\s+(?=[A-Z])")
_AGENCY_MARK = re.compile(r"\([A-Z][\w./ -]{1,30}\)[ \xa0]?[-\u2013\u2014]")
_CAPITAL_WORD = re.compile(r"(?<![\w.'\u2019-])[A-Z]\w")
_REMARK = re.compile(r"(?:\([A-Z][^()\n]{2,80}\)|[*•·▪■]{1,3})[ \xa0]{1,3}(?=[A-Z])")
_SPEAKER = re.compile(r"^[A-Z][\w .'\u2019-]{0,40}:[ \t]", re.MULTILINE)
_ENDS_LINE = (".", "!", "?", ":", '"', "'", ")", "\u201d", "\u2019")
_OPENS_STORY = frozenset("\"'(<[$£€#@*«\u2018\u201c\u201e")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """What speaks for the first place named: in the gazetteer, set in capitals, or against it: a word for a label."""

    name: str
    found: City | None
    known: bool
    capitals: bool
    label: bool

    @property
    def inhabitants(self) -> int:
        return self.found.inhabitants if self.found else 0


def read_opening(text: str, published: date | None) -> Opening:
    """How the article's text begins.

    Args:
        text: The whole text, paragraphs set apart by blank lines.
        published: The day of publication, for the year of a dateline that gives only day and month. Without it, the
            day of the header line is used.
    """
    header = _HEADER.match(text)
    header_date = _calendar_day(header) if header else None
    start = header.end() if header and header_date else 0
    for candidate, inline in _candidates(text, start):
        parts = read_parts(text, candidate)
        if parts is None:
            continue
        story = _skip_space(text, parts.end)
        if story < len(text) and _is_dateline(text, parts, story, inline=inline):
            dateline = _dateline(text, parts, published or header_date)
            return Opening(header_date=header_date, dateline=dateline, body_start=story)
    return Opening(header_date=header_date, dateline=None, body_start=_skip_space(text, start))


def _candidates(text: str, start: int) -> Iterator[tuple[int, bool]]:
    """Where a dateline may stand, and whether that is within a line, or in one that goes on from the line above."""
    limit = min(len(text), start + _MAX_CHARS)
    before, before_end = "", start
    for _ in range(_MAX_LINES):
        here = _skip_space(text, before_end)
        if here >= limit:
            return
        line_end = text.find("\n", here, limit)
        line_end = limit if line_end < 0 else line_end
        opens = not before or before.endswith(_ENDS_LINE) or text.count("\n", before_end, here) > 1
        yield here, not opens
        yield from ((place, True) for place in _inline(text, here, min(line_end, start + _MAX_INLINE_CHARS)))
        before, before_end = text[here:line_end].rstrip(), line_end


def _inline(text: str, start: int, end: int) -> Iterator[int]:
    if end <= start:
        return
    remark = _REMARK.match(text, start, end)
    if remark:
        yield remark.end()
    for stop in _SENTENCE_END.finditer(text, start, end):
        yield stop.end()
    # Behind a headline without a full stop, or a byline: an agency in brackets shows the place, a few words before.
    mark = _AGENCY_MARK.search(text, start, end)
    if mark:
        for word in _CAPITAL_WORD.finditer(text, max(start + 1, mark.start() - _MARKED_CHARS), mark.start()):
            yield word.start()


def _is_dateline(text: str, parts: Parts, story: int, *, inline: bool) -> bool:
    """Whether the parts together are evidence enough; `story` is where the story would begin."""
    if parts.place is None:
        return not inline and _is_signature(parts)
    place = _weigh(parts.place)
    if not _can_be_place(text, parts, place, inline=inline):
        return False
    # "LONDON 1996-08-31", alone on its line.
    own_line = parts.day is not None and text.startswith("\n", parts.end)
    if parts.region_known and (parts.region_bracketed or parts.day or parts.agency):
        stopped = place.capitals and text.startswith(".", parts.end - 1)
        return bool(parts.separator or parts.agency) or own_line or (parts.day is not None and stopped)
    if place.label:
        return parts.region_known and place.capitals and bool(parts.separator)
    starts = (text[story].isalnum() and not text[story].islower()) or text[story] in _OPENS_STORY
    if parts.day or parts.agency_trust is Trust.LISTED:
        signed = bool(parts.agency) and (parts.day is not None or starts)
        set_off = bool(parts.separator) or parts.region_bracketed or own_line or signed
        return set_off and (place.capitals or place.known)
    return bool(parts.separator) and starts and _is_plain_dateline(text, parts, place, inline=inline)


def _is_signature(parts: Parts) -> bool:
    """Whether an agency opens the story without a place: "(Reuters) - ", "May 24 (Reuters) - ", "CNN — "."""
    set_off = parts.agency_bracketed or parts.separator == "—"
    return parts.agency_trust is Trust.LISTED and bool(parts.separator) and set_off


def _weigh(name: str) -> _Place:
    key = fold(name)
    found = city(name)
    known = found is not None or country_code(name) is not None
    # Of a name that nobody knows ("LETTERS TO THE EDITOR") each word counts.
    label = key in _labels() or (not known and not _labels().isdisjoint(key.split()))
    words = [word for word in name.split() if not word.islower()]
    # "DeKALB" and "McALLEN" are capitals as well.
    capitals = bool(words) and all(word.isupper() or (len(word) > 3 and word[-2:].isupper()) for word in words)
    return _Place(name=name, found=found, known=known, capitals=capitals, label=label)


def _can_be_place(text: str, parts: Parts, place: _Place, *, inline: bool) -> bool:
    if not place.known and place.name.split()[0].lower() in _sentence_words():
        return False
    if not inline:
        return True
    signed = parts.day is not None and parts.agency_trust is Trust.LISTED
    real = place.known or parts.region_known or _is_named_again(text, place.name, parts.separator)
    return real and (place.capitals or signed)


def _is_plain_dateline(text: str, parts: Parts, place: _Place, *, inline: bool) -> bool:
    """Whether a place without day and known agency, set off by a dash or a colon, opens a story."""
    colon = ":" in parts.separator
    if parts.agency or parts.region_bracketed:
        return place.known
    if parts.region_known:
        # "Paris, Texas - a film by ..." and "Paris, Texas: ..." are titles more often than datelines.
        return place.capitals or (place.known and not colon and parts.separator != "-")
    if inline and not text[max(0, parts.start - 20) : parts.start].rstrip().endswith(_ENDS_LINE):
        return False
    if place.capitals and not colon:
        whole_country = not inline and place.found is None and place.known
        return place.inhabitants > 0 or whole_country or _is_named_again(text, place.name, parts.separator)
    if place.inhabitants < (_LARGE if place.capitals else _VERY_LARGE):
        return False
    doubtful = not place.capitals and f"{fold(place.name)}:" in _labels()
    return not doubtful and _is_prose(text, parts.end)


def _is_prose(text: str, start: int) -> bool:
    """Whether the line goes on like a story: not a headline ("London: Five Arrested"), nor an interview."""
    line_end = text.find("\n", start)
    rest = text[start : len(text) if line_end < 0 else line_end].rstrip()
    if len(rest) < _PROSE_CHARS or not rest.endswith(_ENDS_LINE):
        return False
    return not _SPEAKER.search(text, start + 1, start + _INTERVIEW_CHARS)


def _is_named_again(text: str, place: str, separator: str) -> bool:
    """Whether the text speaks of "in Bantam" where it opens with "BANTAM — ": villages that no gazetteer has."""
    if len(place) < _MIN_VILLAGE_CHARS or not place.isupper() or separator in {"", ":", "-"}:
        return False
    name = " ".join(word.capitalize() for word in place.split())
    return any(text.find(f" {where} {name}", 0, _NAMED_AGAIN_CHARS) >= 0 for where in ("in", "near"))


def _dateline(text: str, parts: Parts, near: date | None) -> Dateline:
    place = _first_place(parts.place) if parts.place else None
    code = country_of(place, parts.region) if place else None
    return Dateline(
        span=Span.of(text, parts.start, parts.end),
        city=place,
        region=parts.region,
        country=country_name(code) if code else None,
        country_code=code,
        date=resolve_day(parts.day, near) if parts.day else None,
        agency=parts.agency,
    )


def _first_place(name: str) -> str:
    """The first of two cities: "MOSCOW and KYIV"."""
    left, both, right = name.partition(" and ")
    return left if both and city(name) is None and city(left) and city(right) else name


@cache
def _labels() -> frozenset[str]:
    return frozenset(lexicon_lines("labels.txt"))


@cache
def _sentence_words() -> frozenset[str]:
    return frozenset(lexicon_lines("sentence_words.txt"))


def _calendar_day(header: re.Match[str]) -> date | None:
    try:
        return date(int(header[1]), int(header[2]), int(header[3]))
    except ValueError:
        return None


def _skip_space(text: str, start: int) -> int:
    blank = _BLANK.match(text, start)
    return blank.end() if blank else start
