"""A text as speech is read from it: words with what they can be, each quotation one item, sentence by sentence."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from worker.steps.facts.speech.lexicon import Kind, kinds_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from worker.steps.facts.prose import Prose
    from worker.steps.facts.speech.marks import Marked

# Behind one of these a quotation ends as speech does, before a verb that has it as its content.
SPOKEN_END: Final = frozenset(",.?!\u2026\u2014\u2015-")
_MAX_TITLE_CHARS: Final = 80
_ENDS_LINE: Final = frozenset(".!?:\"'\u201d\u2019\u2026)]")
_BEGINS_LINE: Final = re.compile(r"[\"'\u201c\u2018(\[]*[A-Z\d]")
# "..." - John Smith
_SIGNATURE: Final = re.compile(r"[\"\u201d] ?[\u2014\u2013\u2015-] ?[^\W\d_][^\"\u201c\u201d\n]*\Z")
_MAX_SIGNATURE_CHARS: Final = 60
# A live report gives each of its entries the time.
_TIME_OF_DAY: Final = re.compile(r"\d{1,2}[:.]\d\d(?: ?[ap]\.?m\.?)?(?: [A-Z]{2,4})?")
_BLANK: Final = re.compile(r"\s+")
# Text that is wrapped to a width has no line that is longer.
_MAX_WRAPPED_CHARS: Final = 100
_WORD: Final = re.compile(r"[^\W_][\w'\u2019-]*")
_SMALL_IN_TITLES: Final = frozenset(
    [
        "a",
        "an",
        "the",
        "and",
        "or",
        "of",
        "in",
        "on",
        "at",
        "to",
        "for",
        "with",
        "by",
        "from",
        "as",
        "vs",
        "de",
        "la",
        "is",
    ]
)
# No sentence of a story is longer; what is gets cut, so that the work stays in proportion to the text.
_MAX_UNIT_ITEMS: Final = 150
DASHES: Final = frozenset({"\u2014", "\u2013", "\u2015", "-"})
_START: Final = itemgetter(0)
_END: Final = itemgetter(1)
_NAME: Final = int(Kind.NAME)
_SIGN: Final = int(Kind.SIGN)
_QUOTE: Final = int(Kind.QUOTE)
_JOINER: Final = int(Kind.COORDINATOR)
_CUE: Final = int(Kind.CUE)
_NO_WORK_BEHIND: Final = int(Kind.SIGN | Kind.QUOTE | Kind.AUXILIARY | Kind.TIME)


def find_lines(text: str, paragraphs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Paragraphs, and those of their lines that are paragraphs too: behind a full stop, with a sentence to follow.

    Text that is wrapped to a width breaks its lines anywhere.
    """
    lines: list[tuple[int, int]] = []
    for first, end in paragraphs:
        start = here = first
        while (stop := text.find("\n", here, end)) >= 0:
            after = _BLANK.match(text, stop, end)
            following = after.end() if after else stop + 1
            before = stop
            while before > start and text[before - 1].isspace():
                before -= 1
            tail = text[max(start, before - _MAX_SIGNATURE_CHARS) : before]
            if (
                before - start > _MAX_WRAPPED_CHARS
                or _TIME_OF_DAY.fullmatch(text, start, before)
                or (
                    (text[before - 1] in _ENDS_LINE or _SIGNATURE.search(tail))
                    and _BEGINS_LINE.match(text, following, end)
                )
            ):
                lines.append((start, before))
                start = following
            here = following
        lines.append((start, end))
    return lines


class Reading:
    """Items of a text: `starts` and `ends` are offsets, `words` in lower case, `kinds` bits of `Kind`.

    `units` are ranges of items: sentences, but a quotation is never cut. `quotes` gives the quotation of an item,
    `quoted` the item of a quotation.
    """

    def __init__(self, prose: Prose, marked: Sequence[Marked], lines: Sequence[tuple[int, int]]) -> None:
        self.text = prose.text
        self.marked = marked
        self.lines = [start for start, _ in lines]
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.words: list[str] = []
        self.kinds: list[int] = []
        self.quotes: dict[int, int] = {}
        self.quoted: list[int] = []
        self._titles: dict[int, bool] = {}
        self._headlines: dict[int, bool] = {}
        self._read_items(prose)
        self.units = self._find_units(prose)

    def _read_items(self, prose: Prose) -> None:
        spans, starts = prose.words, self.starts
        here = 0
        for quote, marked in enumerate(self.marked):
            opens = bisect_left(spans, (marked.outer_start,), here)
            if opens == len(spans):
                break
            self._add_words(prose, here, opens)
            self.quotes[len(starts)] = quote
            self.quoted.append(len(starts))
            starts.append(marked.outer_start)
            self.ends.append(marked.outer_end)
            self.words.append('"')
            self.kinds.append(_QUOTE)
            here = bisect_left(spans, (marked.outer_end,), opens)
        self._add_words(prose, here, len(spans))

    def _add_words(self, prose: Prose, first: int, last: int) -> None:
        spans = prose.words[first:last]
        self.starts += map(_START, spans)
        self.ends += map(_END, spans)
        self.words += prose.lowered[first:last]
        self.kinds += kinds_of(prose.written[first:last])

    def _find_units(self, prose: Prose) -> list[tuple[int, int]]:
        """Item ranges of sentences; one that would begin within a quotation begins where that ends."""
        units: list[tuple[int, int]] = []
        first = 0
        starts, ends, kinds = self.starts, self.ends, self.kinds
        boundaries = [start for start, _ in prose.sentences]
        if len(self.lines) > len(prose.paragraphs):
            boundaries = sorted({*boundaries, *self.lines})
        for boundary in boundaries[1:]:
            item = bisect_left(starts, boundary, first)
            if item == len(starts):
                break
            if item <= first or ends[item - 1] > boundary:
                # Within a quotation: no sentence of ours ends here.
                continue
            if kinds[item] & _QUOTE and self.words[item - 1] == ":":
                # What a colon announces belongs to its sentence, in a paragraph of its own as well.
                continue
            if kinds[item - 1] & _QUOTE and self.words[item] in DASHES:
                # So does the name that signs a quotation.
                continue
            units.append((first, item))
            first = item
        if first < len(starts):
            units.append((first, len(starts)))
        return [
            (first, min(first + _MAX_UNIT_ITEMS, last))
            for low, last in units
            for first in range(low, last, _MAX_UNIT_ITEMS)
        ]

    def join(self, spans: Iterable[tuple[int, int]]) -> None:
        """Make one name of each of these: its commas, "and" and brackets are no signs of the sentence's."""
        for start, end in spans:
            for item in range(bisect_left(self.starts, start), bisect_left(self.starts, end)):
                if self.kinds[item] & (_SIGN | _JOINER) and not self.kinds[item] & _QUOTE:
                    self.kinds[item] = _NAME

    def paragraph_of(self, offset: int) -> int:
        """The index of the paragraph or line that an offset lies in."""
        return max(bisect_right(self.lines, offset) - 1, 0)

    def is_near(self, first: int, second: int) -> bool:
        """Whether two items are in the same paragraph or in one and the next."""
        return self.paragraph_of(self.starts[second]) - self.paragraph_of(self.starts[first]) <= 1

    def unit_of(self, item: int) -> tuple[int, int]:
        """The sentence of an item."""
        return self.units[bisect_right(self.units, (item, len(self.words))) - 1]

    def opens_unit(self, item: int) -> bool:
        """Whether a sentence begins with this item."""
        unit = bisect_left(self.units, (item,))
        return unit < len(self.units) and self.units[unit][0] == item

    def is_spoken(self, item: int) -> bool:
        """Whether the quotation at this item ends with a sign, as speech does before its verb."""
        marked = self.marked[self.quotes[item]]
        end = marked.end
        while end > marked.start and self.text[end - 1] in "'\u2019\u201d\" ":
            end -= 1
        return end > marked.start and self.text[end - 1] in SPOKEN_END

    def ends_with_comma(self, item: int) -> bool:
        """Whether a comma stands within the closing mark of the quotation at this item."""
        marked = self.marked[self.quotes[item]]
        return marked.end > marked.start and self.text[marked.end - 1] == ","

    def is_headline(self, number: int) -> bool:
        """Whether a unit is written like a headline: most of its words with a capital."""
        known = self._headlines.get(number)
        if known is None:
            low, high = self.units[number]
            words = [item for item in range(low, high) if len(self.words[item]) > 3 and self.words[item].isalpha()]
            large = sum(1 for item in words if self.kinds[item] & _NAME)
            known = self._headlines[number] = large > 2 and 4 * large > 3 * len(words)
        return known

    def is_title(self, item: int) -> bool:
        """Whether the quotation at this item is written like a title: every word that counts with a capital."""
        quote = self.quotes[item]
        known = self._titles.get(quote)
        if known is None:
            marked = self.marked[quote]
            words = []
            if marked.end - marked.start < _MAX_TITLE_CHARS:
                words = _WORD.findall(self.text, marked.start, marked.end)
            large = [word for word in words if word.lower() not in _SMALL_IN_TITLES]
            known = len(words) > 1 and bool(large) and not any(word[0].islower() for word in large)
            self._titles[quote] = known
        return known

    def is_work(self, item: int, low: int) -> bool:
        """Whether it is the name of a work or a show: a title that a noun, a preposition or "'s" leads to."""
        if not self.is_title(item) or item <= low:
            return False
        before = self.kinds[item - 1]
        # "The show" is a verb's form as well, but before a title it is the noun.
        says = before & _CUE and self.words[item - 1] != "show"
        return not says and not before & _NO_WORK_BEHIND

    def surface(self, first: int, last: int) -> str:
        """The text from one item to another, that one included."""
        return self.text[self.starts[first] : self.ends[last]]
