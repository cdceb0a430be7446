"""Whether what is told has happened, and what it is when it is refused, demanded, promised or threatened."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from worker.steps.facts.events.clauses import Tense, carried_tense, depths, tense
from worker.steps.facts.events.lexicon import Word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.steps.facts.events.lexicon import EventType, Mood
    from worker.steps.facts.events.reading import Sentence
    from worker.steps.facts.events.triggers import Candidate

Status = Literal["occurred", "ongoing", "expected", "called_for", "threatened", "denied"]

# How far the event may stand from the word of will that governs it, in words.
_REACH: Final[dict[str, int]] = {
    "reject": 14,
    "request": 14,
    "propose": 9,
    "agree": 12,
    "intend": 9,
    "threaten": 14,
    "fail": 12,
    "accuse": 16,
}
_ENDS: Final = frozenset(";:.?!")
_AGREEING: Final = ("agree", "offer", "consent")
_MEETINGS: Final = frozenset({"talks", "visit"})
_STATUS: Final[dict[str, Status]] = {
    "request": "called_for",
    "threaten": "threatened",
    "reject": "denied",
    "fail": "denied",
}
# What is only asked for stands behind one of these: "protesters demanding the release of".
_SOUGHT: Final = frozenset({"demand", "demands", "demanded", "demanding", "seek", "seeks", "sought", "seeking"})
_SOUGHT_REACH: Final = 5
_DENIED_REACH: Final = 12
_NOT_SOUGHT: Final = Word.SUBORDINATOR | Word.RELATIVE | Word.REPORTING
_THREATENED: Final = ("THREATEN", "AGREE")
# The moods of what has not happened yet.
_AHEAD: Final = frozenset({"request", "propose", "agree", "intend"})
# The moods whose denial is told: a refusal.
_NEGATED: Final = frozenset({"agree", "intend"})
_OWN_ROOT: Final = frozenset({"talks", "mediation"})


@dataclass(slots=True, kw_only=True)
class Mention:
    """An event as one place of the text tells it; its trigger stands from `start` to `end` of the text."""

    candidate: Candidate
    sentence: Sentence = field(init=False)
    event: EventType = field(init=False)
    type: str
    roots: tuple[str, ...]
    status: Status
    tense: Tense
    depth: int
    governed: Candidate | None = None
    rule: str
    score: float = 0.0
    spoken: bool = False
    start: int = 0
    end: int = 0

    def __post_init__(self) -> None:
        self.sentence, self.event = self.candidate.sentence, self.candidate.pattern.event

    @property
    def told_as(self) -> EventType:
        """The type that it is named after: that of the word of will, or of the event that this governs."""
        inner = self.governed.pattern.event if self.governed is not None else None
        return inner if inner is not None and self.type in {inner.name, inner.called} else self.event


def read_mentions(candidates: Sequence[Candidate]) -> list[Mention]:
    """The events that the candidates of one sentence tell of; a word of will takes in the event that it governs."""
    if not candidates:
        return []
    below = depths(candidates[0].sentence, candidates[-1].at)
    found: list[Mention] = []
    taken: set[int] = set()
    for index, candidate in enumerate(candidates):
        if index in taken:
            continue
        mood = candidate.pattern.event.mood
        if mood is None:
            found.append(_plain(candidate, below))
            if candidate.pattern.event.name == "denial":
                taken.update(_governed(candidates, index, _DENIED_REACH))  # "denied that its troops had withdrawn"
            continue
        governed = _governed(candidates, index, _REACH[mood])
        taken.update(governed)
        mention = _willed(candidate, mood, candidates[governed[0]] if governed else None, below)
        if mention is not None:
            found.append(mention)
    if found and all(mention.depth for mention in found):
        for mention in found:  # nothing else is told above them
            mention.depth = 0
    return found


def _governed(candidates: Sequence[Candidate], index: int, reach: int) -> list[int]:
    cue = candidates[index]
    sentence = cue.sentence
    found = []
    for later in range(index + 1, len(candidates)):
        other = candidates[later]
        if other.at - cue.end > reach:
            break
        if _broken(sentence, cue.at + 1, other.at) or _is_joined(other) or _is_told_of(cue, other):
            break
        found.append(later)
    return found


def _is_joined(candidate: Candidate) -> bool:
    """Whether a verb stands beside the one before it: "proposed talks and called for ..."."""
    words = candidate.sentence.words
    return candidate.form in {"past", "s"} and not candidate.passive and words[candidate.at - 1] in {"and", "but", "or"}


def _is_told_of(cue: Candidate, candidate: Candidate) -> bool:
    """Whether a verb only tells more of what is asked for: "a return to the talks that Qatar mediated"."""
    return (
        cue.pattern.event.mood in _AHEAD
        and candidate.form == "past"
        and not candidate.passive
        and "that" in cue.sentence.words[cue.end + 1 : candidate.at]
        and not cue.sentence.kinds[candidate.at - 1] & Word.DETERMINER
    )


def _broken(sentence: Sentence, start: int, end: int) -> bool:
    for place in range(start, end):
        word, kind = sentence.words[place], sentence.kinds[place]
        if (
            word in _ENDS
            or (kind & Word.SUBORDINATOR and word not in {"over", "as"})
            or word in {"which", "who", "whose"}
        ):
            return True
        if (
            word == "and"
            and place + 1 < end
            and place + 1 < len(sentence.words)
            and sentence.kinds[place + 1] & Word.REPORTING
        ):
            return True
        if word == "," and not (
            sentence.kinds[place - 1] >= Word.CLASS
            and place + 1 < len(sentence.kinds)
            and sentence.kinds[place + 1] >= Word.CLASS
        ):
            return True
    return False


def _plain(candidate: Candidate, below: list[int]) -> Mention:
    event = candidate.pattern.event
    when = tense(candidate) if candidate.form not in {"noun", "words"} else carried_tense(candidate)
    roots, status, rule = event.roots, _status(candidate, when), "told"
    name = event.name
    if candidate.form == "noun" and _is_sought(candidate):
        roots, status, rule, name = ("REQUEST", "DEMAND"), "called_for", "sought", event.called or event.name
    elif when.obliged:
        roots, status, rule, name = ("REQUEST", *roots), "called_for", "must", event.called or event.name
    elif when.future and when.negated:
        if event.tone > 0:
            roots, status, rule = ("REJECT", *roots), "denied", "will-not"
        else:
            status, rule = "denied", "will-not"
    elif when.future:
        rule = "will"
        if event.tone > 0 and name not in _OWN_ROOT:
            roots, status = ("AGREE", *roots), "expected"
        elif event.tone < 0 and roots:
            roots, status = ("THREATEN", *roots), "threatened"
        else:
            status = "expected"
    elif when.possible and event.tone < 0 and event.family == "diplomacy":
        roots, status, rule = ("THREATEN", *roots), "threatened", "may"
    elif when.negated and not when.perfect:
        status, rule = "denied", "not"
    return Mention(
        candidate=candidate,
        type=name,
        roots=roots,
        status=status,
        tense=when,
        depth=_depth(candidate, when, below),
        rule=rule,
    )


def _is_sought(candidate: Candidate) -> bool:
    sentence = candidate.sentence
    for place in range(candidate.start - 1, max(candidate.start - 1 - _SOUGHT_REACH, -1), -1):
        if sentence.words[place] in _SOUGHT:
            return True
        if sentence.words[place] in _ENDS or sentence.kinds[place] & _NOT_SOUGHT:
            return False
    return False


def _status(candidate: Candidate, when: Tense) -> Status:
    sentence = candidate.sentence
    around = 0
    if candidate.form == "noun":
        for kind in sentence.kinds[max(candidate.start - 2, 0) : candidate.end + 2]:
            around |= kind
        if around & Word.EXPECTED:
            return "expected"
    if when.possible or (when.infinitive and not when.doing and candidate.form == "base"):
        return "expected"
    if when.progressive and not when.perfect:
        past = any(word in {"was", "were"} for word in sentence.words[max(candidate.at - 3, 0) : candidate.at])
        return "occurred" if past else "ongoing"
    if around & Word.ONGOING:
        return "ongoing"
    return "occurred"


def _willed(candidate: Candidate, mood: Mood, governed: Candidate | None, below: list[int]) -> Mention | None:
    """What is refused, demanded, promised or threatened; None for a plan of nothing known."""
    event = candidate.pattern.event
    inner = governed.pattern.event if governed is not None else None
    if mood == "intend" and inner is None:
        return None
    when = tense(candidate)
    if when.negated and mood not in _NEGATED and candidate.form != "noun":
        return None  # "has not been invited", "did not threaten to"
    roots, status, name = event.roots, _STATUS.get(mood, "occurred"), event.name
    if mood in {"agree", "intend", "propose"}:
        roots, status, name = _intended(candidate, mood, inner)
        if when.negated and mood != "propose":
            roots, status, name = ("REJECT",), "denied", "refusal"
    elif mood == "accuse" and inner is not None and inner.family == "violence":
        roots, name = (*event.roots, *inner.roots), inner.name  # what somebody is accused of
    elif mood == "request" and inner is not None and governed is not None and inner.called:
        name = inner.called
        if _is_against(governed):
            roots = ("ACCUSE", "REQUEST")
    return Mention(
        candidate=candidate,
        type=name,
        roots=roots,
        status=status,
        tense=when,
        depth=_depth(candidate, when, below),
        governed=governed,
        rule=mood,
    )


def _depth(candidate: Candidate, when: Tense, below: list[int]) -> int:
    """How far below the main clause it is told; as far is a participle that only describes: "a man accused of"."""
    words = candidate.sentence.words
    following = words[candidate.at + 1] if candidate.at + 1 < len(words) else ""
    is_reduced = candidate.form in {"past", "participle"} and following in {"of", "by"} and not when.any()
    return max(below[candidate.at], int(is_reduced))


def _intended(candidate: Candidate, mood: Mood, inner: EventType | None) -> tuple[tuple[str, ...], Status, str]:
    """What somebody agrees, plans or proposes to do: it is named after the deed, and a threat when the deed harms."""
    event = candidate.pattern.event
    if inner is None:
        return event.roots, "called_for" if mood == "propose" else "occurred", event.name
    agreed = candidate.sentence.words[candidate.at].startswith(_AGREEING)
    if mood == "propose":
        roots = ("AGREE", "REQUEST") if inner.name in _MEETINGS else event.roots
        return roots, "called_for", inner.called or inner.name
    if inner.family == "protest" and mood == "intend":
        return (*_THREATENED, *inner.roots), "expected", inner.name  # "plan to rally on Sunday"
    if inner.tone < 0 and not agreed:
        return _THREATENED, "threatened", "threat"
    if inner.mood is not None:
        return event.roots, "occurred", event.name
    return event.roots, "expected", inner.name


def _is_against(candidate: Candidate) -> bool:
    words = candidate.sentence.words
    return any(word in {"against", "on"} for word in words[candidate.end : candidate.end + 2])
