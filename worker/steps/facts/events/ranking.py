"""How central an event is to its text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker.steps.facts.events.lexicon import AUXILIARY, Word

if TYPE_CHECKING:
    from collections.abc import Collection

    from worker.steps.facts.events.merging import Gathered
    from worker.steps.facts.events.moods import Mention

_BELOW: Final = 2.2
_FINITE: Final = 1.2
_NOUN: Final = 0.4
_LOOSE: Final = 0.6
_ASIDE: Final = 1.0
_GOVERNS: Final = 0.4
_LATER: Final = 2.0
_EACH_LATER: Final = 0.12
_LAST_COUNTED: Final = 20
_DISTANCE: Final = 0.05
_SPOKEN: Final = 1.5
_BEFORE_VERB: Final = AUXILIARY | Word.ADVERB | Word.REPEATED
# What the same type of event in the headline adds.
HEADLINE: Final = 2.0
# An event far less central than the first one is not told for its own sake.
_MARGIN: Final = 7.0
_LEAST: Final = 1.0
_MAX_EVENTS: Final = 8
_SINCE_REACH: Final = 7
_OPENING_SENTENCES: Final = 3
_SUBJECT_REACH: Final = 4
_SUPPOSED: Final = frozenset({"if", "unless"})
_SUPPOSED_REACH: Final = 7


def score(mention: Mention) -> float:
    """The weight of a mention: of its type, of its place in the sentence, of its sentence in the text."""
    candidate = mention.candidate
    found = mention.event.weight + 0.3 * min(candidate.pattern.specificity, 4)
    if mention.depth:
        found -= _BELOW
    when = mention.tense
    if candidate.form == "noun":
        found -= _NOUN
    elif candidate.form == "ing" and mention.event.mood is not None and not when.progressive:
        found -= _LOOSE + _ASIDE
    elif candidate.form != "words":
        if when.infinitive or (candidate.form == "ing" and not when.progressive):
            found -= _LOOSE
        else:
            found += _FINITE
    if mention.governed is not None:
        found += _GOVERNS
    if mention.sentence.index:
        found -= _LATER + _EACH_LATER * min(mention.sentence.index, _LAST_COUNTED)
    if mention.spoken:
        found -= _SPOKEN
    return found - _DISTANCE * candidate.at


def is_background(mention: Mention) -> bool:
    """Whether an event is only named to date another: "since the start of the invasion"."""
    at = mention.candidate.start
    before = mention.sentence.words[max(at - _SINCE_REACH, 0) : at]
    return "since" in before and "," not in before[before.index("since") :]


def is_told(mention: Mention) -> bool:
    """Whether something is told at all: not what could have been, nor what the writer does ("I asked a friend")."""
    when = mention.tense
    sentence, at = mention.sentence, mention.candidate.at
    if when.perfect and (
        when.possible or (when.future and "would" in sentence.words[max(at - _SUBJECT_REACH, 0) : at])
    ):
        return False
    if _is_supposed(mention) or _is_opposed(mention):
        return False
    for place in range(at - 1, max(at - _SUBJECT_REACH, -1), -1):
        if not sentence.kinds[place] & _BEFORE_VERB:
            return mention.spoken or sentence.words[place] != "i"
    return True


def _is_supposed(mention: Mention) -> bool:
    """Whether an event is only a condition: "if Hamas frees the hostages"."""
    words = mention.sentence.words
    for place in range(mention.candidate.at - 1, max(mention.candidate.at - _SUPPOSED_REACH, -1), -1):
        if words[place] in _SUPPOSED:
            return True
        if not words[place][0].isalnum():
            return False
    return False


def _is_opposed(mention: Mention) -> bool:
    """Whether a pact is only what somebody is against: "a protest against a trade deal"."""
    at = mention.candidate.start
    return (
        mention.candidate.form == "noun"
        and mention.event.name == "agreement"
        and "against" in mention.sentence.words[max(at - _SUBJECT_REACH, 0) : at]
    )


def is_central(event: Gathered, titled: Collection[str]) -> bool:
    """Whether a text opens with an event, comes back to it, or has it in its headline."""
    indices = {mention.sentence.index for mention in event.mentions}
    return len(indices) > 1 or min(indices) < _OPENING_SENTENCES or event.lead.type in titled


def kept(events: list[Gathered]) -> list[Gathered]:
    """The events worth telling, the most central first; what is only said in quotations when there is nothing else."""
    ranked = sorted(events, key=lambda event: -event.score)
    told = [event for event in ranked if any(not mention.spoken for mention in event.mentions)] or ranked
    return [event for event in told if event is told[0] or event.score >= max(told[0].score - _MARGIN, _LEAST)][
        :_MAX_EVENTS
    ]
