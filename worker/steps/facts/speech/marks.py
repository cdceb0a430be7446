"""Quotation marks: which open, which close, which are apostrophes or inches, and what stands between them."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

Family = Literal["double", "doubled", "single"]

# Two apostrophes are what some archives have made of quotation marks.
# Of two marks side by side one is a slip. A mark behind "=" belongs to a tag that was left in the text.
_MARK = re.compile(r"[\"\u201c\u201d\u201e\u201f\u00ab\u00bb](?<!=.)[\"\u201c\u201d]?|''|``|\u2018\u2018|\u2019\u2019")
# Each is sought on its own, which is quicker than to look at every character.
_SIGNS = ('"', "\u201c", "\u201d", "\u201e", "\u201f", "\u00ab", "\u00bb", "''", "``", "\u2018\u2018", "\u2019\u2019")
# A word cut short opens with an apostrophe as well: 'em, '90s, 'til.
_OPENS_SINGLE = re.compile(
    r"['\u2018](?<![\w'\u2018\u2019].)(?!(?:em|til|tis|twas|cause|bout|round|n)\b|\d0s)(?=[\w\u2026.$\u00a3\u20ac(\[])"
)
_CLOSES_SINGLE = re.compile(r"['\u2019](?<=[^\s'\u2019].)(?![\w'\u2019])")
# He is 6'2".
_FEET = re.compile(r"\d['\u2019]\d{1,2}\Z")
_MAX_FEET_CHARS = 5
# "He called it "a trap"": the inner quotation ends with the outer one.
_TWO_CLOSING = frozenset({'""', "\u201d\u201d", '"\u201d', '\u201d"'})
_SENTENCE_END = re.compile(r"[.!?](?=\s+[A-Z])")
_MAX_DEPTH = 3
_MAX_PLURALS = 8
_MAX_SINGLE_CHARS = 2_000
_BEFORE_OPENING = frozenset(" \t\n\xa0([{\u2014\u2013-/:\u2018'")
_AFTER_CLOSING = frozenset(" \t\n\xa0.,;:!?)]}>\u2014\u2013-/\u2019'")


@dataclass(slots=True)
class Marked:
    """What stands between two marks, `start` to `end` within them, `outer_start` to `outer_end` with them.

    `carried` says that it goes on with what the paragraph before left open; `closed` that it has its closing mark.
    """

    outer_start: int
    start: int
    end: int
    outer_end: int
    family: Family
    paragraph: int
    closed: bool = True
    carried: bool = False
    nested: list[tuple[int, int]] = field(default_factory=list)


def find_marked(text: str, paragraphs: Sequence[tuple[int, int]]) -> list[Marked]:
    """All that is set in quotation marks, outermost only, in order; what is nested hangs on it."""
    found: list[Marked] = []
    reversed_guillemets = 0 <= text.find("\u00bb") < text.find("\u00ab")
    marks = _find_marks(text)
    first, left_open = 0, None
    for index, (start, end) in enumerate(paragraphs):
        while first < len(marks) and marks[first].start() < start:
            first += 1
        last = first
        while last < len(marks) and marks[last].start() < end:
            last += 1
        if first == last:
            left_open = None
            continue
        following = paragraphs[index + 1][0] if index + 1 < len(paragraphs) else None
        opens_next = last < len(marks) and marks[last].start() == following and marks[last][0][-1] != "\u201d"
        reader = _Paragraph(text, index, start, end, reversed_guillemets=reversed_guillemets)
        marked = reader.read(marks[first:last], left_open, opens_next=opens_next)
        found += marked
        left_open = marked[-1] if marked and not marked[-1].closed else None
        first = last
    return _with_single(text, paragraphs, found)


def _find_marks(text: str) -> list[re.Match[str]]:
    places: list[int] = []
    for sign in _SIGNS:
        place = text.find(sign)
        while place >= 0:
            places.append(place)
            place = text.find(sign, place + 1)
    marks: list[re.Match[str]] = []
    after = 0
    for place in sorted(places):
        if place >= after and (mark := _MARK.match(text, place)):
            marks.append(mark)
            after = mark.end()
    return marks


class _Paragraph:
    """The marks of one paragraph, read from left to right with a stack of what is open."""

    def __init__(self, text: str, index: int, start: int, end: int, *, reversed_guillemets: bool) -> None:
        self.text = text
        self.index = index
        self.start = start
        self.end = end
        self.reversed_guillemets = reversed_guillemets
        self.stack: list[Marked] = []
        self.found: list[Marked] = []

    def read(self, marks: list[re.Match[str]], left_open: Marked | None, *, opens_next: bool) -> list[Marked]:
        if left_open and self._role(marks[0]) == "close" and marks[0].start() > self.start:
            # The quotation goes on although the paragraph does not open it again.
            self._open(self.start, self.start, left_open.family)
        for mark in marks:
            role = self._role(mark)
            if role == "open" and len(self.stack) < _MAX_DEPTH:
                family: Family = "doubled" if mark[0][0] in "'`\u2018\u2019" else "double"
                self._open(mark.start(), mark.end(), family)
            elif role != "none" and self.stack:
                start, end = mark.span()
                if len(self.stack) > 1 and mark[0] in _TWO_CLOSING:
                    self._close(start, start + 1)
                    start += 1
                self._close(start, end)
        if self.stack:
            self._recover(opens_next=opens_next)
        if left_open and self.found and self.found[0].outer_start == self.start:
            self.found[0].carried = True
        return self.found

    def _role(  # noqa: PLR0911 - one case per kind of mark
        self, mark: re.Match[str]
    ) -> Literal["open", "close", "none"]:
        text, start, end = self.text, mark.start(), mark.end()
        before = text[start - 1] if start > self.start else " "
        after = text[end] if end < self.end else " "
        can_open = before in _BEFORE_OPENING and not after.isspace()
        can_close = after in _AFTER_CLOSING and not before.isspace()
        sign = mark[0]
        if before.isdigit() and sign in '"\u201d' and _FEET.search(text, max(start - _MAX_FEET_CHARS, 0), start):
            return "none"
        if sign[0] in "\u00ab\u00bb":
            return "open" if (sign[0] == "\u00ab") != self.reversed_guillemets else "close"
        if sign[0] in "\u201e\u201f`\u2018":
            return "open"
        if len(sign) > 1 and sign[0] in '"\u201c\u201d':
            return "open" if not self.stack or (can_open and not can_close) else "close"
        if sign == "\u201c":
            german = bool(self.stack) and text[self.stack[-1].outer_start] == "\u201e"
            return "close" if german or (self.stack and can_close and not can_open) else "open"
        if sign[0] in "\u201d\u2019":
            return "open" if not self.stack and can_open and not can_close else "close"
        if not self.stack:
            if before.isdigit() and not after.isalnum():
                return "none"  # inches
            return "close" if can_close and not (can_open and after.isalnum()) else "open"
        return "open" if can_open and not (can_close and not after.isalnum()) else "close"

    def _open(self, outer_start: int, start: int, family: Family) -> None:
        while start < self.end and self.text[start].isspace():
            start += 1
        self.stack.append(Marked(outer_start, start, self.end, self.end, family, self.index, closed=False))

    def _close(self, end: int, outer_end: int) -> None:
        marked = self.stack.pop()
        while end > marked.start and self.text[end - 1].isspace():
            end -= 1
        marked.end, marked.outer_end, marked.closed = max(end, marked.start), outer_end, True
        if self.stack:
            self.stack[-1].nested.append((marked.start, marked.end))
        else:
            self.found.append(marked)

    def _recover(self, *, opens_next: bool) -> None:
        """What is open where the paragraph ends: a quotation of several paragraphs, or a mark that was forgotten."""
        outer = self.stack[0]
        if len(self.stack) == 1 and (opens_next or not outer.nested):
            if not opens_next and self.text[outer.start : outer.start + 1].islower():
                # A part of a sentence whose closing mark was forgotten hardly goes on behind that sentence.
                stop = _SENTENCE_END.search(self.text, outer.start, self.end)
                if stop is not None:
                    outer.end = outer.outer_end = stop.end()
            self.found.append(outer)
            return
        # The outermost mark has no partner: what closes behind it stands for itself.
        closed = sorted(span for marked in self.stack for span in marked.nested)
        if not closed:
            self.found.append(outer)
            return
        for start, end in closed:
            self.found.append(Marked(start - 1, start, end, min(end + 1, self.end), outer.family, self.index))


def _with_single(text: str, paragraphs: Sequence[tuple[int, int]], found: list[Marked]) -> list[Marked]:
    """Adds what stands in single marks, but not what is within double ones: that is nested."""
    if "'" not in text and "\u2018" not in text:
        return found
    starts = [marked.outer_start for marked in found]
    added: list[Marked] = []
    inner: set[int] = set()
    for index, (start, end) in enumerate(paragraphs):
        if text.find("'", start, end) < 0 and text.find("\u2018", start, end) < 0:
            continue
        here = start
        closing: list[int] = []
        while mark := _OPENS_SINGLE.search(text, here, end):
            closing = closing or [mark.start() for mark in _CLOSES_SINGLE.finditer(text, start, end)]
            if not closing:
                break
            here = mark.end()
            within = bisect_right(starts, mark.start()) - 1
            outer = found[within] if within >= 0 and mark.start() < found[within].outer_end else None
            limit = min(outer.end if outer else end, here + _MAX_SINGLE_CHARS)
            close = _closing_single(text, closing, here, limit)
            if close is None:
                continue
            if outer:
                outer.nested.append((here, close))
            else:
                first, last = bisect_right(starts, mark.start()), bisect_left(starts, close)
                if first < last and not _encloses(text, mark.start(), close, found[last - 1]):
                    continue
                inner.update(range(first, last))
                nested = [(marked.start, marked.end) for marked in found[first:last]]
                added.append(Marked(mark.start(), here, close, close + 1, "single", index, nested=nested))
            here = close + 1
    found = [marked for number, marked in enumerate(found) if number not in inner]
    return sorted(found + added, key=lambda marked: marked.outer_start) if added else found


def _encloses(text: str, start: int, end: int, last: Marked) -> bool:
    """Whether single marks are the outer ones, as in Britain: curly, with a sign before the second, as speech has."""
    return text[start] == "\u2018" and text[end - 1] in ",.?!\u2026" and last.outer_end <= end


def _closing_single(text: str, closing: list[int], start: int, end: int) -> int | None:
    """Where a single mark closes: behind a sign if there is such a place, else not behind a plural's s."""
    first = bisect_left(closing, start)
    for place in closing[first : first + _MAX_PLURALS]:
        if place >= end:
            break
        if text[place - 1] not in "sS":
            return place
    return closing[first] if first < len(closing) and closing[first] < end else None
