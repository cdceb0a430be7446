"""By what people spoke, and on which day, as the sentence itself says."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cache
from typing import TYPE_CHECKING, Final

from worker.model.facts import Span, TimeMention
from worker.steps.facts.speech.lexicon import media

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from worker.steps.facts.speech.reading import Reading
    from worker.steps.facts.speech.saying import Saying

Medium = tuple[str, Span | None]

_BEFORE_PLATFORM: Final = frozenset({"on", "via", "to"})
_WHOSE: Final = frozenset({"his", "her", "their", "its", "the"})
_KIND_OF_PAGE: Final = frozenset({"official", "personal", "own", "verified"})
_BEFORE_OCCASION: Final = frozenset({"in", "during", "at"})
_DAYS: Final = frozenset({"day", "night", "time", "range", "weekend"})
# Verbs that name the platform themselves.
_POSTS: Final = {"tweet": "Twitter", "retweet": "Twitter"}
_MAX_OCCASION_ITEMS: Final = 3


def find_medium(reading: Reading, saying: Saying, outlets: Mapping[int, str]) -> Medium | None:
    """The platform ("on X"), or the document or occasion ("statement"), or who was told ("Reuters"), by the sentence.

    Args:
        reading: The text.
        saying: The act of speech.
        outlets: The names of news media by the offsets at which they are mentioned.
    """
    low, high = saying.unit
    occasion: Medium | None = None
    for item in range(low, high - 1):
        start = reading.starts[item + 1]
        if not saying.direct and saying.content[0] <= start < saying.content[1]:
            continue
        word = reading.words[item]
        if word in _BEFORE_PLATFORM:
            named = item + 1
            if reading.words[named] in _WHOSE and named + 1 < high:
                named += 1 + (reading.words[named + 1] in _KIND_OF_PAGE and named + 2 < high)
            platform = _platforms().match(reading.text, reading.starts[named])
            if platform:
                return platform[0], Span.of(reading.text, *platform.span())
        elif word in {"a", "an"} and occasion is None and item > low and reading.words[item - 1] in _BEFORE_OCCASION:
            occasion = _occasion(reading, item + 1, high)
    if occasion is None and saying.lemma == "tell" and saying.cue[1] + 1 < high:
        told = saying.cue[1] + 1
        if reading.words[told] == "the" and told + 1 < high:
            told += 1
        start = reading.starts[told]
        name = outlets.get(start) or outlets.get(reading.starts[told - 1])
        if name is not None:
            return name, None
    return occasion or ((_POSTS[saying.lemma], None) if saying.lemma in _POSTS else None)


def _occasion(reading: Reading, first: int, high: int) -> Medium | None:
    """ "statement", "televised interview", "news conference"."""  # noqa: D210 - it begins with a quotation
    for last in range(first, min(high, first + _MAX_OCCASION_ITEMS)):
        if reading.words[last] in media()["occasion"] and reading.words[last] not in {"news", "press"}:
            span = Span.of(reading.text, reading.starts[first], reading.ends[last])
            return span.surface, span
        if not reading.words[last].isalpha():
            return None
    return None


@cache
def _platforms() -> re.Pattern[str]:
    names = sorted(media()["platform"], key=len, reverse=True)
    return re.compile(rf"(?:{'|'.join(map(re.escape, names))})(?![\w-])")


def find_day(reading: Reading, saying: Saying, times: Sequence[TimeMention], starts: list[int]) -> TimeMention | None:
    """The day that the sentence gives for the act of speech: outside the content, nearest to the verb.

    Args:
        reading: The text.
        saying: The act of speech.
        times: The mentions of time, in the order of the text.
        starts: Where they begin.
    """
    low, high = saying.unit
    begin, end = saying.content
    cue = reading.starts[saying.cue[0]]
    first = bisect_left(starts, reading.starts[low])
    after = bisect_left(starts, reading.ends[high - 1])
    if first == after:
        return None
    quoted = [(reading.marked[quote].outer_start, reading.marked[quote].outer_end) for quote in saying.quotes]
    candidates = [
        mention
        for mention in times[first:after]
        if mention.kind in _DAYS
        and mention.start_on is not None
        and not begin <= mention.span.start < end
        and not any(opens <= mention.span.start < closes for opens, closes in quoted)
    ]
    return min(candidates, key=lambda mention: abs(mention.span.start - cue)) if candidates else None
