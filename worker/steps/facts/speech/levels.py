"""Two levels of sources: who said it, and by whom that is reported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker.steps.facts.speech.adverbials import skip_back_adverbs
from worker.steps.facts.speech.behind import content_behind
from worker.steps.facts.speech.contents import content_before
from worker.steps.facts.speech.lexicon import cues, media
from worker.steps.facts.speech.phrases import (
    CUE,
    NAME,
    QUOTE,
    Phrase,
    phrase_after,
    phrase_before,
    source_after,
)
from worker.steps.facts.speech.placing import quote_at
from worker.steps.facts.speech.saying import Saying
from worker.steps.facts.speech.subjects import subject_before

if TYPE_CHECKING:
    from worker.steps.facts.speech.reading import Reading
    from worker.steps.facts.speech.saying import Verb

_BE: Final = frozenset({"is", "are", "was", "were", "been", "being"})
_MAX_QUOTED_ITEMS: Final = 14
# A comma and "which" stand between who reports and "cited".
_MAX_AFTER_SOURCE: Final = 3
# Who reports by one of these may have it from somebody else; by the others, if those are informants.
_REPORTS: Final = frozenset({"report", "according"})
_RELATES: Final = frozenset({"say", "write", "add"})
_CLAUSES: Final = frozenset({"finite-clause", "finite-that", "finite-told", "finite-wh"})
_POSSESSIVE: Final = ("'s", "\u2019s")


def read_quoted_as(verb: Verb) -> Saying | None:
    """ "TASS quoted Smith as saying ..." and "..., Smith was quoted as saying by TASS"."""  # noqa: D210
    reading, high = verb.reading, verb.high
    words = reading.words
    link = _behind_as(reading, verb.last + 1, high)
    if link is None:
        return _read_quoted(verb)
    saying = link + 1
    subject = subject_before(reading, verb.first - 1, verb.low)
    behind = content_behind(reading, (saying, saying), high, cues()[words[saying]][0])
    by = saying + 1 < high and words[saying + 1] == "by"
    via: Phrase | None
    if link > verb.last + 1:
        source, via = phrase_before(reading, link - 1, verb.last + 1), subject
    elif words[skip_back_adverbs(reading, verb.first - 1, verb.low)] in _BE:
        source, via = subject, phrase_after(reading, saying + 2, high) if by else None
    else:
        return None
    if source is None:
        return None
    quote = quote_at(verb, source[0] - 1) if source is subject else None
    before = content_before(reading, quote, verb.low) if quote is not None else None
    if before is not None:
        start, end, quotes = before
    elif behind is not None and not by:
        start, end, quotes = behind.start, behind.end, behind.quotes
    else:
        return None
    return Saying(
        cue=verb.span,
        source=source,
        content=(start, end),
        rule="quoted-as",
        lemma=verb.cue.lemma,
        unit=(verb.low, high),
        quotes=quotes,
        direct=bool(before) or bool(behind and behind.quoted),
        left=before is not None,
        via=via,
    )


def _read_quoted(verb: Verb) -> Saying | None:
    """ "TASS quoted Smith: "..."."""  # noqa: D210 - it begins with a quotation
    reading = verb.reading
    source = phrase_after(reading, verb.last + 1, verb.high)
    colon = source[1] + 1 if source is not None else verb.high
    if colon + 1 >= verb.high or reading.words[colon] != ":" or not reading.kinds[colon + 1] & QUOTE:
        return None
    return Saying(
        cue=verb.span,
        source=source,
        content=(reading.starts[colon + 1], reading.ends[colon + 1]),
        rule="quoted",
        lemma=verb.cue.lemma,
        unit=(verb.low, verb.high),
        quotes=[reading.quotes[colon + 1]],
        direct=True,
        via=subject_before(reading, verb.first - 1, verb.low),
    )


def _behind_as(reading: Reading, first: int, high: int) -> int | None:
    """Where "as saying", "as telling" stands behind a verb."""
    for item in range(first, min(high - 1, first + _MAX_QUOTED_ITEMS)):
        if reading.words[item] == "as" and reading.kinds[item + 1] & CUE and reading.words[item + 1].endswith("ing"):
            return item
    return None


def join_levels(reading: Reading, in_unit: list[Saying]) -> None:
    """Makes one of two acts of speech in a sentence where one reports the other; `in_unit` is changed."""
    _join_according(in_unit)
    _join_according_left(reading, in_unit)
    _join_trailing(reading, in_unit)
    _cut_at_outer(in_unit)
    low, high = in_unit[0].unit
    words = reading.words[low:high]
    citing = next((word for word in ("citing", "quoting") if word in words), None)
    if citing is not None:
        _join_citing(reading, in_unit, low + words.index(citing))
    elif "cited" in words and words[words.index("cited") - 1] == "which":
        _join_citing(reading, in_unit, low + words.index("cited"))


def _cut_at_outer(in_unit: list[Saying]) -> None:
    """ "Oslo urged the firms to pay, the minister said": who says so is no part of what is urged."""  # noqa: D210
    outer = in_unit[-1]
    if not outer.rule.endswith("clause-left") or outer.source is None:
        return
    end = outer.content[1]
    for inner in in_unit[:-1]:
        start, stop = inner.content
        if start < end < stop and not inner.left and not inner.quotes:
            inner.content = start, end


def _join_according(in_unit: list[Saying]) -> None:
    """ "According to Al Jazeera, the ministry said ..."."""  # noqa: D210 - it begins with a quotation
    first = in_unit[0]
    if first.rule != "according":
        return
    inner = next((saying for saying in in_unit[1:] if saying.content[0] >= first.content[0] and not saying.left), None)
    if inner is not None and inner.source is not None:
        inner.via = first.source
        in_unit.remove(first)


def _join_according_left(reading: Reading, in_unit: list[Saying]) -> None:
    """ "The talks had failed, the ministry said, according to TASS."."""  # noqa: D210 - as above
    for outer in in_unit:
        if outer.rule != "according-left":
            continue
        comma = outer.cue[0] - 1
        inner = next(
            (one for one in in_unit if one.left and one.cue[1] == comma - 1 and reading.words[comma] == ","), None
        )
        if inner is not None and inner.source is not None and inner.via is None:
            inner.via = outer.source
            in_unit.remove(outer)
            return


def _join_trailing(reading: Reading, in_unit: list[Saying]) -> None:
    """ "The ministry said ..., Al Jazeera reported."."""  # noqa: D210 - as above
    outer = in_unit[-1]
    if outer.source is None or outer.lemma not in _REPORTS or not outer.rule.endswith("left"):
        return
    end = outer.content[1]
    for inner in in_unit[:-1]:
        start = inner.content[0]
        whole = inner.source is not None and reading.starts[inner.source[0]] <= outer.content[0]
        if whole and start < end <= inner.content[1] and not inner.left and inner.rule in _CLAUSES:
            inner.content = start, min(inner.content[1], end)
            inner.via = outer.source
            in_unit.remove(outer)
            return


def _join_citing(reading: Reading, in_unit: list[Saying], item: int) -> None:
    """ "Al Jazeera, citing the ministry, reported ..." and "Al Jazeera reported ..., citing the ministry"."""  # noqa: D210
    high = in_unit[0].unit[1]
    cited = source_after(reading, item + 1, high)
    if cited is None:
        return
    before = [
        one for one in in_unit if one.source is not None and one.source[1] < item and one.lemma not in {"cite", "quote"}
    ]
    outer = next((one for one in before if one.source is not None and item - one.source[1] <= _MAX_AFTER_SOURCE), None)
    outer = outer or next((one for one in reversed(before) if one.cue[0] < item), None)
    if outer is None or not _informs(reading, cited, outer.lemma):
        return
    outer.via, outer.source = outer.source, cited
    follows = cited[1] + 1
    if outer.content[0] == reading.starts[item] and follows + 1 < high and reading.words[follows] == ",":
        outer.content = reading.starts[follows + 1], outer.content[1]
    in_unit[:] = [one for one in in_unit if one.cue[0] != item]


def _informs(reading: Reading, cited: Phrase, lemma: str) -> bool:
    """Whether one who is cited is a source, and no reason: "citing the ministry", but "citing the cost"."""
    first, last = cited
    head = reading.words[last]
    if any(word in media()["informant"] for word in reading.words[first : last + 1]):
        return lemma in _REPORTS or lemma in _RELATES
    return lemma in _REPORTS and bool(reading.kinds[last] & NAME) and not head.endswith(_POSSESSIVE)
