"""Who did it to whom, where, when, and with which figures: what else was found in the text, tied to its events."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from worker.steps.facts.events.days import days_of
from worker.steps.facts.events.sides import (
    can_be_party,
    clause_start,
    is_of_another,
    is_speaker,
    side_of,
    side_of_speaker,
    subject_starts,
)
from worker.steps.facts.gazetteer import capital_of, country_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from worker.model.facts import Figure, Names, Place, TimeMention
    from worker.steps.facts.events.moods import Mention
    from worker.steps.facts.events.sides import Side
    from worker.steps.facts.prose import Prose

_STATE_BODIES: Final = frozenset(
    {"government", "military", "security", "ministry", "parliament", "court", "police", "embassy"}
)
_NO_PARTY: Final = frozenset({"media", "platform", "agency"})
_WHERE: Final = frozenset(
    {
        "in",
        "at",
        "near",
        "around",
        "across",
        "outside",
        "inside",
        "over",
        "on",
        "throughout",
        "off",
        "through",
    }
)
_DAY_NAMES: Final = frozenset(
    {
        *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january", "february", "march"),
        *("jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "new"),
        *("april", "may", "june", "july", "august", "september", "october", "november", "december"),
    }
)
_LOOSE: Final = frozenset({"over", "on", "through"})
_NOT_WHERE: Final = frozenset({"to", "from", "by", "against", "that", "which", "who", "or", "but", "for"})
_MAX_PARTIES: Final = 6
# As many events no sentence of a writer tells.
_MAX_TOGETHER: Final = 20
_COUNTED: Final = frozenset({"count", "total", "money", "percent", "measure", "number"})
# Who acts: a country; a body that is not a state's; a person; a ministry or an army of no known country.
STATE, _BODY, _PERSON, _BRANCH = range(4)
# How far before a place or a party its preposition may stand, in words: "in the southern city of Basra".
_REACH: Final = 6

_START: Final = itemgetter(0)
_END: Final = itemgetter(1)

_T = TypeVar("_T")
# A party and what it is: the lower the number, the sooner it is named.
Party = tuple[int, str]


class Named(NamedTuple):
    """One mention of something named: `party` is who acts under the name, `place` the place that it is."""

    start: int
    end: int
    party: str | None
    place: str | None
    kind: int


@dataclass(slots=True)
class Roles:
    """What stands about one mention of an event."""

    sources: tuple[Party, ...] = ()
    targets: tuple[Party, ...] = ()
    others: tuple[Party, ...] = ()
    places: tuple[str, ...] = ()
    countries: tuple[Party, ...] = ()
    start_on: date | None = None
    end_on: date | None = None
    figures: tuple[int, ...] = ()

    def take(self, side: Side, party: Party) -> None:
        """Add a party on its side."""
        if side == "sources":
            self.sources = _with(self.sources, party)
        elif side == "targets":
            self.targets = _with(self.targets, party)
        else:
            self.others = _with(self.others, party)


def _named(names: Names) -> list[Named]:
    """All that is named, in order of the text."""
    found: list[Named] = []
    for place in names.places:
        party = place.name if place.kind == "country" else _state_at(place)
        found += [Named(span.start, span.end, party, place.name, STATE) for span in place.mentions]
    for demonym in names.demonyms:
        found.append(Named(demonym.span.start, demonym.span.end, country_name(demonym.country_code), None, STATE))
    for person in names.people:
        country = person.country or (country_name(person.country_code) if person.country_code else None)
        party = country or person.organisation or person.name
        kind = STATE if country else _PERSON
        found += [Named(span.start, span.end, party, None, kind) for span in person.mentions]
    for body in names.organisations:
        if body.type in _NO_PARTY:
            continue
        is_state = body.type in _STATE_BODIES
        country = country_name(body.country_code) if body.country_code and is_state else None
        kind = STATE if country else _BRANCH if is_state else _BODY
        found += [Named(span.start, span.end, country or body.name, None, kind) for span in body.mentions]
    found.sort(key=_END, reverse=True)
    found.sort(key=_START)
    return found


def _state_at(place: Place) -> str | None:
    """The state that a capital may stand for: "Moscow"."""
    if place.kind != "city" or place.country_code is None or capital_of(place.name) != place.country_code:
        return None
    return country_name(place.country_code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All that was found in a text beside its events. `sides` are nouns whose figures only count the parties."""

    prose: Prose
    named: Sequence[Named]
    country_of: dict[str, str]
    times: Sequence[TimeMention]
    time_starts: list[int]
    figures: Sequence[Figure]
    figure_starts: list[int]
    sides: frozenset[str]

    @classmethod
    def of(
        cls,
        prose: Prose,
        names: Names,
        times: Sequence[TimeMention],
        figures: Sequence[Figure],
        sides: frozenset[str],
    ) -> Found:
        """What was found, in order of the text."""
        return cls(
            prose=prose,
            named=_named(names),
            country_of=_countries(names),
            times=times,
            time_starts=[time.span.start for time in times],
            figures=figures,
            figure_starts=[figure.span.start for figure in figures],
            sides=sides,
        )

    def tie(self, mentions: Sequence[Mention]) -> list[Roles]:
        """The roles of the mentions of one sentence; what could belong to several goes to the nearest."""
        start, end = self.prose.sentences[mentions[0].sentence.index]
        roles: list[Roles] = []
        while len(mentions) > _MAX_TOGETHER:
            # A text without full stops is one sentence, of which each party would be held to each event.
            together, mentions = mentions[:_MAX_TOGETHER], mentions[_MAX_TOGETHER:]
            roles += self._tie(together, start, together[-1].end)
            start = together[-1].end
        return roles + self._tie(mentions, start, end)

    def _tie(self, mentions: Sequence[Mention], start: int, end: int) -> list[Roles]:
        roles = [Roles() for _ in mentions]
        spans = [(mention.start, mention.end) for mention in mentions]
        named = _within(self.named, start, end)
        if named:
            self._tie_named(mentions, roles, spans, named)
        times = self.times[bisect_left(self.time_starts, start) : bisect_left(self.time_starts, end)]
        if times:
            for role, days in zip(roles, days_of(mentions, spans, times, self.prose), strict=True):
                if days is not None:
                    role.start_on, role.end_on = days
        for index in range(bisect_left(self.figure_starts, start), bisect_left(self.figure_starts, end)):
            figure = self.figures[index]
            if figure.kind in _COUNTED and not (figure.noun and figure.noun.surface.split()[-1].lower() in self.sides):
                roles[_nearest(spans, figure.span.start, figure.span.end)].figures += (index,)
        return roles

    def _tie_named(
        self, mentions: Sequence[Mention], roles: list[Roles], spans: list[tuple[int, int]], named: Sequence[Named]
    ) -> None:
        sentence, words = mentions[0].sentence, self.prose.words
        last = sentence.first + len(sentence.words)
        tied = [
            (mention, role, clause_start(mention, self.prose)) for mention, role in zip(mentions, roles, strict=True)
        ]
        starts = subject_starts(mentions, named, self.prose) if len(mentions) > 1 else [0]
        at = sentence.first
        for one in named:
            if self._is_in_figure(one):
                continue
            at = bisect_left(words, (one.start, 0), at, last)
            here = at - sentence.first
            before = sentence.words[here - _REACH if here > _REACH else 0 : here]
            if one.place is not None and _is_where(before):
                role = roles[_nearest(spans, one.start, one.end)]
                role.places = _with(role.places, one.place)
                if one.place in self.country_of:
                    role.countries = _with(role.countries, (STATE, self.country_of[one.place]))
            elif one.party and can_be_party(self.prose, sentence, here, one):
                party = one.kind, one.party
                speaks = is_speaker(self.prose, sentence, here, one)
                for index, (mention, role, clause) in enumerate(tied):
                    if is_of_another(index, one, mentions, starts):
                        continue
                    side = side_of(mention, clause, one, before)
                    if speaks and side is not None:
                        side = side_of_speaker(mention, one, self.prose, side)
                    if side is not None:
                        role.take(side, party)

    def _is_in_figure(self, one: Named) -> bool:
        """Whether a name is part of a sum: the country of "1.2 million U.S. dollars" takes no part."""
        at = bisect_left(self.figure_starts, one.start) - 1
        return at >= 0 and one.end <= self.figures[at].span.end


def _is_where(before: Sequence[str], *, of: bool = False) -> bool:
    """Whether the words before a place say that something is there: "in the southern city of", "near Basra and"."""
    for at in range(len(before) - 1, -1, -1):
        word = before[at]
        if word == "of":
            return _is_where(before[:at], of=True)
        if word in _WHERE or word == "border":
            # "On Sunday and Israel", "in May and Israel"; "over the objections of Peru"
            return not (of and word in _LOOSE) and (at + 1 == len(before) or before[at + 1] not in _DAY_NAMES)
        if word in {"and", ","}:
            return at == len(before) - 1 and _is_where(before[:at])
        if word == "with":
            return at > 0 and before[at - 1] == "border"
        if word in _NOT_WHERE or word.endswith(("ed", "ing")):
            return False
    return False


def _nearest(spans: Sequence[tuple[int, int]], start: int, end: int) -> int:
    if len(spans) == 1:
        return 0
    distances = [max(first - end, start - last, 0) for first, last in spans]
    return distances.index(min(distances))


def _with(items: tuple[_T, ...], item: _T) -> tuple[_T, ...]:
    return items if item in items else (*items, item)


def _within(named: Sequence[Named], start: int, end: int) -> Sequence[Named]:
    low = bisect_left(named, start, key=_START)
    return named[low : bisect_left(named, end, lo=low, key=_START)]


def _countries(names: Names) -> dict[str, str]:
    """The countries of the places that are not countries."""
    found = {}
    for place in names.places:
        country = country_name(place.country_code) if place.country_code else None
        if country and place.kind not in {"country", "continent", "water"}:
            found[place.name] = country
    return found


def parties_of(found: Sequence[Party]) -> tuple[str, ...]:
    """The parties of an event: people and branches of a state only where no country or other body is named."""
    first = [party for party in found if party[0] in {STATE, _BODY}]
    chosen = first or [party for party in found if party[0] == _PERSON] or found
    # "the World Dairy Council (WDC)" is one.
    full = {_initials(name): name for _, name in chosen if " " in name}
    return tuple(dict.fromkeys([full.get(name, name) for _, name in chosen]))[:_MAX_PARTIES]


def _initials(name: str) -> str:
    return "".join([word[0] for word in name.split() if word[0].isupper()])
