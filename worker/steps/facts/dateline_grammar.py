"""The parts of a dateline as they stand in a text: place, region, day, agency, and what sets them off from the story.

Nothing here decides whether a line is a dateline: "Alice (WKYT) - " reads like one. `dateline.py` judges the parts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from worker.steps.facts.dateline_agency import Trust, agencies, agency_trust, without_day
from worker.steps.facts.dateline_cities import city
from worker.steps.facts.dateline_day import WrittenDay, match_day
from worker.steps.facts.gazetteer import is_region

# No dateline is longer; it also bounds what a hostile line can cost.
_MAX_CHARS = 160
_MAX_PLACE_WORDS = 6

# Latin letters, with those of Vietnamese and other accents.
_LETTER = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff"
_APOSTROPHE = "'`\u2018\u2019\u02bb\u02bc"
# Short dashes, which also join words; long ones, which do not. \x96 and \x97 are dashes of Windows-1252 read as
# Latin-1, U+FFFD one that was lost altogether.
_SHORT_DASH = r"\-\u2010-\u2013\u2212\x96"
_LONG_DASH = r"\u2014\u2015\x97\ufffd"
_DASH = rf"[{_SHORT_DASH}{_LONG_DASH}]"

_WORD = re.compile(rf"[{_LETTER}](?:[{_LETTER}]|[{_APOSTROPHE}.-](?=[{_LETTER}]))*")
_SPACE = re.compile(r"[ \xa0]{1,2}")
_GAP = re.compile(r"[ \xa0]{0,3}[,;.]?[ \xa0]{0,3}")
_SLASH = re.compile(r"[ \xa0]?/[ \xa0]?")
_ABBREVIATED = re.compile(r"(?:s?st|ft|mt|pt|sta|ste|(?:[a-z]\.)*[a-z])$", re.IGNORECASE)
_CONNECTOR = re.compile(r"al|am|and?|d[aeiou]|da[es]|de[lnr]|dos|e[ln]|l[aeo]s?|o[fn]|sur|the|upon|y")
_REGION_WORD = rf"(?:[\w.&{_APOSTROPHE}]|-(?=\w))*"
_REGION = re.compile(
    rf"[{_LETTER}]{_REGION_WORD}(?:[ \xa0](?:of|and|the|&|[A-Z\u00c0-\u00d6\u00d8-\u00de]{_REGION_WORD})){{0,4}}"
    rf"(?=[ \xa0]{{0,3}}(?:[,;:(\[/|_~]|{_DASH}|\Z)|[ \xa0]\d)"
)
_BRACKET = re.compile(r"\(([^()\[\]\n:]{1,60})\)|\[([^()\[\]\n:]{1,60})\]")
_SLASHED = re.compile(r"([/|])[ \xa0]?([^/|\n]{2,40}?)[ \xa0]?\1")
# A short dash that joins two words ("Paris-Nice") sets nothing off; a long one does without spaces.
_SEPARATOR = re.compile(
    rf"[.,]?[ \xa0]{{0,3}}(?:[{_SHORT_DASH}{_LONG_DASH}_~]{{2,3}}|[{_LONG_DASH}]"
    rf"|(?<=[ \xa0)\]/])[{_SHORT_DASH}](?=[A-Z\u201c\"])|[{_SHORT_DASH}](?=\s|$)|(?<=[ \xa0)])_(?=\s|$)"
    r"|:(?![\d/]))"
)
_FULL_STOP = re.compile(r"[ \xa0]?[/|](?=\s|$)|[.,;](?=\s|$)")

_CAPITALISED_WORD = rf"[\w.&+{_APOSTROPHE}-]*"
_CAPITALISED = re.compile(rf"[A-Z]{_CAPITALISED_WORD}(?: [A-Z0-9&]{_CAPITALISED_WORD}){{0,4}}")


@dataclass(slots=True, kw_only=True)
class Parts:
    """What was read at `start`; `end` is after the separator, or after the last part when there is none."""

    start: int
    end: int
    place: str | None = None
    region: str | None = None
    region_known: bool = False
    region_bracketed: bool = False
    day: WrittenDay | None = None
    agency: str | None = None
    agency_trust: Trust = Trust.NONE
    agency_bracketed: bool = False
    separator: str = ""


def read_parts(text: str, start: int) -> Parts | None:
    """The parts of a dateline at `start`, or None when the text does not go on like one."""
    line_end = text.find("\n", start, start + _MAX_CHARS)
    reader = _Reader(text, start, min(len(text), start + _MAX_CHARS) if line_end < 0 else line_end)
    return reader.parts if reader.read() else None


class _Reader:
    """Reads one line from left to right; `parts.end` is how far it has come."""

    def __init__(self, text: str, start: int, limit: int) -> None:
        self.text = text
        self.limit = limit
        self.parts = Parts(start=start, end=start)

    def read(self) -> bool:
        parts = self.parts
        if self._bracket(parts.start):
            # The agency first: "(ANSA) - ROME, MAY 24 - ", or alone: "(Reuters) - ".
            alone = replace(parts) if self._separator() else None
            if self._place_line():
                self._rest()
            if alone and not (parts.separator and parts.day):
                self.parts = alone
        elif self._day(parts.start):
            # The day first: "24 May 2025, Geneva - ", or no place at all: "May 24 (Reuters) - ".
            if not self._component() and not self._place_line():
                return False
            self._rest()
        else:
            if not self._place_line():
                return False
            self._rest()
        return True

    def _rest(self) -> None:
        while self._component():
            pass
        while self._separator() and self._after_separator():
            while self._component():
                pass
        if not self.parts.separator and (stop := _FULL_STOP.match(self.text, self.parts.end, self.limit)):
            self.parts.end = stop.end()

    def _place_line(self) -> bool:
        """The place or places, up to where something else must begin."""
        here = self.parts.end
        gap = _GAP.match(self.text, here, self.limit)
        name = self._name(gap.end() if gap else here)
        if name is None:
            return False
        self._set_place(self.text[name[0] : name[1]])
        end = name[1]
        # "PARIS/BERLIN": the first is the dateline's city.
        while (slash := _SLASH.match(self.text, end, self.limit)) and not _SLASHED.match(self.text, end, self.limit):
            another = self._name(slash.end())
            if another is None:
                break
            end = another[1]
        self.parts.end = end
        self.parts.separator = ""
        return True

    def _name(self, start: int) -> tuple[int, int] | None:
        """Start and end of a name: capitalised words, with the small words that names have inside."""
        end = here = start
        for count in range(_MAX_PLACE_WORDS):
            word = _WORD.match(self.text, here, self.limit)
            if word is None or (count and match_day(self.text, here, self.limit)):
                break
            written, after = word[0], word.end()
            capital = any(letter.isupper() for letter in written)
            if not capital and (count == 0 or not _CONNECTOR.fullmatch(written)):
                break
            if self.text.startswith(".", after) and _ABBREVIATED.match(written) and after < self.limit:
                after += 1
            if capital:
                end = after
            space = _SPACE.match(self.text, after, self.limit)
            if space is None:
                break
            here = space.end()
        return (start, end) if end > start else None

    def _set_place(self, name: str) -> None:
        """Keeps the place, without the agency that may stand behind it: "Jerusalem CNN — ", "CNN — "."""
        place, _, last = name.rpartition(" ")
        # "SANTA ANA" is a city, and ANA an agency.
        if last in agencies() and (not place or city(place) or is_region(place)) and not city(name):
            self._set_agency(last, Trust.LISTED)
            name = place
        self.parts.place = name or None

    def _component(self) -> bool:
        """One more part after what was read; a place is never left for another without a comma or a bracket."""
        gap = _GAP.match(self.text, self.parts.end, self.limit)
        here = gap.end() if gap else self.parts.end
        comma = "," in self.text[self.parts.end : here]
        if self._day(here) or self._bracket(here) or self._slashed(here):
            return True
        return (comma and self._region(here)) or ((comma or self.parts.day is not None) and self._bare_agency(here))

    def _day(self, here: int) -> bool:
        if self.parts.day is not None:
            return False
        found = match_day(self.text, here, self.limit)
        if found is None:
            return False
        self.parts.day, self.parts.end = found
        return True

    def _bracket(self, here: int) -> bool:
        parts = self.parts
        found = _BRACKET.match(self.text, here, self.limit)
        if found is None:
            return False
        content = (found[1] or found[2]).strip()
        square = found[2] is not None
        trust = Trust.NONE if parts.agency else self._agency(content)
        if trust < Trust.LISTED and parts.place and content[:1].isalpha() and parts.day is None:
            known = is_region(content)
            # "Mumbai (Maharashtra) [India]": the country is the region that counts.
            if known or square or self.text.startswith("[", found.end() + 1):
                parts.region, parts.region_known, parts.region_bracketed = content, known, True
                parts.end = found.end()
                return True
        if trust is Trust.NONE:
            day = None if parts.day else match_day(content, 0, len(content))
            if day and day[1] == len(content):
                # A day alone, as the United Nations write it: "GENEVA (24 May 2025) - ".
                parts.day, parts.end = day[0], found.end()
                return True
            if parts.agency or not (
                parts.place and _CAPITALISED.fullmatch(content) and _SEPARATOR.match(self.text, found.end(), self.limit)
            ):
                return False
            trust = Trust.BY_SHAPE
        self._set_agency(content, trust)
        parts.agency_bracketed = True
        parts.end = found.end()
        return True

    def _slashed(self, here: int) -> bool:
        found = None if self.parts.agency else _SLASHED.match(self.text, here, self.limit)
        trust = self._agency(found[2]) if found else Trust.NONE
        if found is None or trust is Trust.NONE:
            return False
        self._set_agency(found[2], trust)
        self.parts.agency_bracketed = True
        self.parts.end = found.end()
        return True

    def _bare_agency(self, here: int) -> bool:
        """An agency between commas: "Accra, May 24, GNA - "."""
        word = None if self.parts.agency else _WORD.match(self.text, here, self.limit)
        if word is None or word[0] not in agencies():
            return False
        self._set_agency(word[0], Trust.LISTED)
        self.parts.end = word.end()
        return True

    def _region(self, here: int) -> bool:
        parts = self.parts
        if parts.day or parts.agency or (parts.region and not parts.region_known):
            return False
        found = _REGION.match(self.text, here, self.limit)
        if found is None:
            return False
        name, end = found[0], found.end()
        known = is_region(name)
        first, _, last = name.rpartition(" ")
        if not known and is_region(first):
            if last in agencies():
                self._set_agency(last, Trust.LISTED)
                name, known = first, True
            elif match_day(self.text, end - len(last), self.limit):
                # "RICHMOND, Va. Feb 26 - ", where a comma is missing.
                name, known, end = first, True, here + len(first)
        if not known and not self._day_or_agency_follows(end):
            return False
        parts.region, parts.region_known, parts.end = name, known, end
        return True

    def _day_or_agency_follows(self, end: int) -> bool:
        gap = _GAP.match(self.text, end, self.limit)
        here = gap.end() if gap else end
        if match_day(self.text, here, self.limit):
            return True
        bracket = _BRACKET.match(self.text, here, self.limit)
        return bracket is not None and agency_trust((bracket[1] or bracket[2]).strip()) is Trust.LISTED

    def _separator(self) -> bool:
        found = _SEPARATOR.match(self.text, self.parts.end, self.limit)
        if found is None:
            return False
        self.parts.separator = found[0].strip(" \xa0.,")
        self.parts.end = found.end()
        return True

    def _after_separator(self) -> bool:
        """A further part behind a dash: "NEW YORK, NY - May 24, 2025 - ", "NEW YORK--(BUSINESS WIRE)--"."""
        parts = self.parts
        space = _SPACE.match(self.text, parts.end, self.limit)
        here = space.end() if space else parts.end
        before = (parts.end, parts.day, parts.agency, parts.agency_trust, parts.agency_bracketed)
        if ":" in parts.separator or not (self._day(here) or self._agency_bracket(here)):
            return False
        following = _GAP.match(self.text, parts.end, self.limit)
        after = following.end() if following else parts.end
        if (
            _SEPARATOR.match(self.text, parts.end, self.limit)
            or _BRACKET.match(self.text, after, self.limit)
            or _SLASHED.match(self.text, after, self.limit)
        ):
            return True
        # "LONDON - May 24 was a Saturday": the story has begun.
        parts.end, parts.day, parts.agency, parts.agency_trust, parts.agency_bracketed = before
        return False

    def _agency_bracket(self, here: int) -> bool:
        found = None if self.parts.agency else _BRACKET.match(self.text, here, self.limit)
        return found is not None and agency_trust(found[1] or found[2]) > Trust.NONE and self._bracket(here)

    def _agency(self, content: str) -> Trust:
        return agency_trust(without_day(content)[0])

    def _set_agency(self, content: str, trust: Trust) -> None:
        name, day = without_day(content)
        self.parts.agency, self.parts.agency_trust = name.strip(), trust
        if self.parts.day is None:
            self.parts.day = day
