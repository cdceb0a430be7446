"""One event for all the mentions of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from worker.steps.facts.events.parties import one_side

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from worker.steps.facts.events.lexicon import EventType
    from worker.steps.facts.events.moods import Mention
    from worker.steps.facts.events.parties import Party
    from worker.steps.facts.events.roles import Roles

# What lasts is told of as one, but not with so many days between: "Hurricane Gilbert in 1988", "the floods of 2024".
_APART: Final = timedelta(days=31)
_HAPPENED_OR_EXPECTED: Final = {"occurred", "expected"}
# Each is the deed of who does it, however long it lasts.
_OF_ONE: Final = frozenset({"aid", "military_aid", "visit"})
_NONE: Final = timedelta()
# What a mention more adds to the weight of an event, and how many are counted.
_AGAIN: Final = 0.25
_COUNTED: Final = 4


@dataclass(slots=True)
class Gathered:
    """An event with its mentions so far; `lead` is the one that names it."""

    lead: Mention
    roles: Roles
    mentions: list[Mention] = field(default_factory=list)
    roles_of: list[Roles] = field(default_factory=list)
    parties: list[Party] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    figures: list[int] = field(default_factory=list)
    start_on: date | None = None
    end_on: date | None = None
    score: float = 0.0

    def take(self, mention: Mention, roles: Roles) -> None:
        """Add a mention and what stands about it."""
        lead = self.lead
        if mention.type == lead.type and mention.sentence is lead.sentence and mention.score > lead.score:
            self.lead = mention  # of one sentence the verb says more than the noun
        self.mentions.append(mention)
        self.roles_of.append(roles)
        self.score = max(self.score, mention.score)
        if not (mention.spoken and self.parties):
            self._take_parties(mention, roles)
        if not (mention.spoken and self.places):
            self.places += [place for place in roles.places if place not in self.places]
        self.figures += [figure for figure in roles.figures if figure not in self.figures]
        if roles.start_on is not None and (
            self.start_on is None or (self.lead.event.lasts and self._prolongs(mention))
        ):
            self.start_on = min(self.start_on, roles.start_on) if self.start_on else roles.start_on
            last = roles.end_on or roles.start_on
            self.end_on = max(self.end_on, last) if self.end_on else last

    def _prolongs(self, mention: Mention) -> bool:
        """Whether the days of a mention are more days of the event: what is only expected is none of what happened.

        "The typhoon made landfall on Sunday and is expected to weaken by Wednesday"; but "the exchange is expected to
        continue on Sunday".
        """
        return mention.status != "expected" or self.lead.status == "expected" or mention.type == "continuation"

    def _take_parties(self, mention: Mention, roles: Roles) -> None:
        harmed = roles.countries if self.lead.event.family == "violence" else []
        is_noun = mention.candidate.form == "noun"  # "the president accepted his resignation"
        for party in (
            *(roles.sources if is_noun else one_side(roles.sources)),
            *(roles.targets if is_noun else one_side(roles.targets)),
            *harmed,
            *(() if roles.sources or roles.targets or self.lead.event.family == "disaster" else roles.others),
        ):
            if party not in self.parties:
                self.parties.append(party)


def merge(mentions: list[tuple[Mention, Roles]]) -> list[Gathered]:
    """The events of a text; mentions come in its order."""
    found: list[Gathered] = []
    of_type: dict[str, list[Gathered]] = {}
    for mention, roles in mentions:
        if mention.type == "continuation":
            for event in reversed(found):
                if event.lead.event.lasts:
                    event.take(mention, roles)
                    break
            continue
        alike = of_type.setdefault(mention.type, [])
        same = next((event for event in alike if _same(event, mention, roles)), None)
        if same is None:
            same = Gathered(mention, roles)
            found.append(same)
            alike.append(same)
        same.take(mention, roles)
    found = _parts_into_wholes(found)
    for event in found:
        event.score += _AGAIN * min(len(event.mentions) - 1, _COUNTED)
    return found


def _same(event: Gathered, mention: Mention, roles: Roles) -> bool:
    """Whether a mention is of an event of its type."""
    lead = event.lead
    if (
        _is_only_to_come(event, mention, roles)
        or _is_of_another_time(event, mention, roles)
        or _is_done_by_another(event, mention, roles)
    ):
        return False
    if _is_plain(mention) and _is_plain(lead):
        return lead.event.lasts or _inner(lead).lasts or _near(event, roles)
    if mention.event.mood is not None or lead.event.mood is not None:
        governed = mention.governed.pattern.event.name if mention.governed else None
        if lead.governed is None or governed is None:
            return lead.governed is None and governed is None and _share(event.parties, roles.sources)
        return governed == lead.governed.pattern.event.name and lead.status == mention.status
    if lead.status != mention.status and "threatened" in {lead.status, mention.status}:
        return False
    return lead.event.lasts or _near(event, roles)


def _is_only_to_come(event: Gathered, mention: Mention, roles: Roles) -> bool:
    """Whether one of them has happened, and the other has a day on which it is expected; what lasts goes on."""
    if {event.lead.status, mention.status} != _HAPPENED_OR_EXPECTED:
        return False
    is_next = mention.status == "expected"
    happened, happened_on = (event.lead, event.start_on) if is_next else (mention, roles.start_on)
    if (roles if is_next else event).start_on is None or (happened_on is None and happened.candidate.form == "noun"):
        return False  # "the strike" may be the one to come
    if not event.lead.event.lasts or happened_on is None:
        return True
    # "Called another strike for April" is another; "the typhoon is expected to" is the same.
    return mention.candidate.form != "noun" and _days_between(event, roles) > _NONE


def _is_of_another_time(event: Gathered, mention: Mention, roles: Roles) -> bool:
    """Whether long lies between them, or a mention in another sentence has a whole year and the event no day."""
    if _days_between(event, roles) > _APART:
        return True
    if event.start_on is not None or roles.start_on is None or mention.sentence is event.lead.sentence:
        return False
    return (roles.end_on or roles.start_on) - roles.start_on > _APART


def _is_done_by_another(event: Gathered, mention: Mention, roles: Roles) -> bool:
    """Whether two verbs have subjects of their own: the strikes of one side are not those of the other."""
    lead = event.lead
    if (
        (lead.event.lasts and lead.type not in _OF_ONE)
        or mention.spoken
        or "noun" in {mention.candidate.form, lead.candidate.form}
    ):
        return False
    return not _share(event.roles.sources, roles.sources)


def _inner(mention: Mention) -> EventType:
    """The type of the event itself, where a word of will governs it."""
    return mention.governed.pattern.event if mention.governed is not None else mention.event


def _is_plain(mention: Mention) -> bool:
    """Whether an event is told or agreed to, not refused, demanded or threatened."""
    return mention.event.mood is None or (
        mention.event.mood in {"agree", "intend"} and mention.type == _inner(mention).name
    )


def _near(event: Gathered, roles: Roles) -> bool:
    """Whether a mention may be of the same day and place as an event."""
    if _days_between(event, roles):
        return False
    return not event.places or not roles.places or _share(event.places, roles.places)


def _days_between(event: Gathered, roles: Roles) -> timedelta:
    """How long after an event a mention is dated, or before it; nothing when they overlap or one has no day."""
    if event.start_on is None or roles.start_on is None:
        return _NONE
    last, other = event.end_on or event.start_on, roles.end_on or roles.start_on
    return max(roles.start_on - last, event.start_on - other, _NONE)


def _share(one: Sequence[object], other: Sequence[object]) -> bool:
    return not one or not other or any(item in other for item in one)


def _parts_into_wholes(events: list[Gathered]) -> list[Gathered]:
    """Casualties, fires and the like go into the event that they are a part of."""
    kept: list[Gathered] = []
    for part in events:
        of = _inner(part.lead).part_of
        whole = None
        if of and _is_plain(part.lead) and part.lead.status in {"occurred", "ongoing", "expected"}:
            wholes = [
                event
                for event in events
                if (event.lead.type in of or event.lead.event.family in of)
                and event.lead.type != part.lead.type
                and _is_plain(event.lead)
                and not _is_lesser(event, part)
                and not _is_apart(event.lead, part.lead)
                and (_near(event, part.roles) or _is_told_with(event, part))
            ]
            whole = min(wholes, key=lambda event: _distance(event, part), default=None)
        if whole is None:
            kept.append(part)
        else:
            for mention, roles in zip(part.mentions, part.roles_of, strict=True):
                whole.take(mention, roles)
    return kept


def _is_apart(whole: Mention, part: Mention) -> bool:
    """Whether a part is only expected of what has happened, or a whole only dates it: "voted after he was elected"."""
    if part.status == "expected" and whole.status == "occurred" and not part.tense.infinitive:
        return True  # but "blocked roads to protest" is a protest
    return whole.event.family == "other" and whole.depth > part.depth


def _is_told_with(event: Gathered, part: Gathered) -> bool:
    """Whether a part is told in a sentence of the whole, for the same day: "floods in Peru killed nine in Chile".

    What lasts has parts of more than a day: "released 270 on Friday, as part of the exchange" that goes on.
    """
    index = part.lead.sentence.index
    apart = _APART if event.lead.event.lasts else _NONE
    return _days_between(event, part.roles) <= apart and any(
        mention.sentence.index == index for mention in event.mentions
    )


def _distance(event: Gathered, part: Gathered) -> tuple[int, float]:
    at = part.lead.candidate.sentence.index
    return min([abs(mention.candidate.sentence.index - at) for mention in event.mentions]), -event.score


def _is_lesser(event: Gathered, part: Gathered) -> bool:
    """Whether the event is itself the kind that goes into others, so that parts would go round in circles."""
    return bool(event.lead.event.part_of) and event.lead.event.weight <= part.lead.event.weight
