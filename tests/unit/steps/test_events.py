"""What happened, by a table of invented sentences, and the seed document's events."""

from __future__ import annotations

import json
import time
import timeit
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from worker.model.facts import (
    Demonym,
    Figure,
    Names,
    NewsEvent,
    Opening,
    Organisation,
    Person,
    Place,
    Quote,
    Span,
    TimeMention,
)
from worker.pipeline.extract import extract
from worker.steps.facts.dateline import read_opening
from worker.steps.facts.events import find_events
from worker.steps.facts.events.lexicon import event_types, lexicon
from worker.steps.facts.paragraphs import find_paragraphs
from worker.steps.facts.prose import read_prose

if TYPE_CHECKING:
    from collections.abc import Sequence

DATA = Path(__file__).parents[2] / "data"
CASES = [json.loads(line) for line in (DATA / "facts" / "events.jsonl").read_text(encoding="utf-8").splitlines()]
FAMILIES = {"violence", "protest", "arrest", "territory", "diplomacy", "disaster", "crime", "other"}
ROOTS = {
    *("AGREE", "CONSULT", "SUPPORT", "CONCEDE", "COOPERATE", "AID", "RETREAT", "REQUEST", "DEMAND"),
    *("ACCUSE", "REJECT", "THREATEN", "PROTEST", "SANCTION", "MOBILIZE", "COERCE", "ASSAULT"),
}


def spans(text: str, surface: str) -> tuple[Span, ...]:
    found, start = [], text.find(surface)
    while start >= 0:
        found.append(Span.of(text, start, start + len(surface)))
        start = text.find(surface, start + 1)
    return tuple(found)


def names_in(text: str, given: dict[str, list[list[str]]]) -> Names:
    return Names(
        places=tuple(
            Place(name=name, kind=kind, country_code=code, mentions=spans(text, name))  # type: ignore[arg-type] # ours
            for name, kind, code in given.get("places", [])
        ),
        people=tuple(
            Person(name=name, country_code=code, mentions=spans(text, name)) for name, code in given.get("people", [])
        ),
        organisations=tuple(
            Organisation(name=name, type=kind, country_code=code, mentions=spans(text, name))
            for name, kind, code in given.get("organisations", [])
        ),
        demonyms=tuple(
            Demonym(span=span, country_code=code)
            for name, code in given.get("demonyms", [])
            for span in spans(text, name)
        ),
    )


def time_of(text: str, surface: str, value: str, anchor: str | None = None) -> TimeMention:
    day = date.fromisoformat(value)
    return TimeMention(
        span=spans(text, surface)[0],
        kind="day",
        value=value,
        start_on=day,
        end_on=day,
        rule="given",
        anchor=date.fromisoformat(anchor) if anchor else None,
    )


def figure_of(text: str, surface: str, value: float, noun: str) -> Figure:
    return Figure(span=spans(text, surface)[0], values=(value,), kind="count", noun=spans(text, noun)[0], rule="given")


def events_in(
    text: str,
    *,
    names: Names | None = None,
    times: Sequence[TimeMention] = (),
    figures: Sequence[Figure] = (),
    quotes: Sequence[Quote] = (),
    opening: Opening | None = None,
    headline: str | None = None,
    language: str | None = "en",
) -> tuple[NewsEvent, ...]:
    prose = read_prose(text, find_paragraphs(text, body_start=opening.body_start if opening else 0))
    return find_events(
        prose, opening or Opening(), names or Names(), times, figures, quotes, headline=headline, language=language
    )


def described(event: NewsEvent, wanted: dict[str, Any]) -> dict[str, Any]:
    """As much of an event as the table says about it."""
    facts = {
        "type": event.type,
        "root": event.categories[0] if event.categories else None,
        "status": event.status,
        "trigger": event.trigger.surface,
    }
    return {key: facts[key] for key in wanted}


@pytest.mark.parametrize("case", CASES, ids=[f"{case['why']}: {case['text'][:40]}" for case in CASES])
def test_the_table_of_sentences(case: dict[str, Any]):
    text = case["text"]
    figures = [figure_of(text, *given) for given in case.get("figures", [])]
    found = events_in(
        text,
        names=names_in(text, case.get("names", {})),
        times=[time_of(text, *given) for given in case.get("times", [])],
        figures=figures,
        opening=Opening(header_date=date.fromisoformat(case["day"]) if "day" in case else None),
        language=case.get("language", "en"),
    )
    wanted = case.get("events", [])
    assert [described(event, one) for event, one in zip(found, wanted, strict=False)] == wanted
    assert not {event.type for event in found} & set(case.get("not", []))
    if "count" in case:
        assert len(found) == case["count"]
    if "parties" in case:
        assert list(found[0].parties) == case["parties"]
    if "places" in case:
        assert list(found[0].places) == case["places"]
    if "days" in case:
        assert [str(found[0].start_on), str(found[0].end_on)] == case["days"]
    if "counted" in case:
        assert [figures[index].span.surface for index in found[0].figures] == case["counted"]


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_every_span_stands_where_it_says(case: dict[str, Any]):
    for event in events_in(case["text"], names=names_in(case["text"], case.get("names", {}))):
        assert event.trigger.holds(case["text"])
        assert event.evidence
        assert all(span.holds(case["text"]) for span in event.evidence)
        assert any(span.start <= event.trigger.start < span.end for span in event.evidence)
        assert event.family in FAMILIES


class TestTheSeed:
    """Its events, from the other facts as gold.json has them."""

    GOLD = json.loads((DATA / "seed" / "gold.json").read_text(encoding="utf-8"))
    TEXT = next((DATA / "seed").glob("*.txt")).read_text(encoding="utf-8")

    @classmethod
    def span(cls, given: dict[str, Any]) -> Span:
        return Span.of(cls.TEXT, given["start"], given["end"])

    @classmethod
    def noun(cls, figure: dict[str, Any]) -> Span | None:
        """What a figure counts, where it stands right behind it."""
        start = figure["end"] + 1
        noun = figure["noun"]
        return Span.of(cls.TEXT, start, start + len(noun)) if cls.TEXT.startswith(noun, start) else None

    @pytest.fixture
    def figures(self) -> list[Figure]:
        return [
            Figure(
                span=self.span(figure),
                values=tuple(
                    figure["value"] if isinstance(figure["value"], list) else figure.get("values", [figure["value"]])
                ),
                kind=figure["kind"],
                noun=self.noun(figure),
                rule="gold",
            )
            for figure in self.GOLD["figures"]
        ]

    @pytest.fixture
    def found(self, figures: list[Figure]) -> tuple[NewsEvent, ...]:
        gold = self.GOLD
        names = Names(
            people=tuple(
                Person(
                    name=one["name"],
                    country=one["country"],
                    country_code=one["country_code"],
                    mentions=tuple(map(self.span, one["mentions"])),
                )
                for one in gold["actors"]
            ),
            organisations=tuple(
                Organisation(
                    name=one["name"],
                    type=one["type"],
                    country_code=one["country_code"],
                    mentions=tuple(map(self.span, one["mentions"])),
                )
                for one in gold["organisations"]
            ),
            places=tuple(
                Place(
                    name=one["name"],
                    kind=one["kind"],
                    country_code=one["country_code"],
                    mentions=tuple(map(self.span, one["mentions"])),
                )
                for one in gold["places"]
            ),
            demonyms=tuple(Demonym(span=self.span(one), country_code=one["country_code"]) for one in gold["demonyms"]),
        )
        times = [
            TimeMention(
                span=self.span(one),
                kind=one["kind"] if one["kind"] in {"day", "night", "duration", "year"} else "day",
                value=one["date"],
                start_on=date.fromisoformat(one["date"]) if len(one["date"]) == len("2025-05-24") else None,
                end_on=date.fromisoformat(one["date"]) if len(one["date"]) == len("2025-05-24") else None,
                rule="gold",
            )
            for one in gold["dates"]
        ]
        quotes = [Quote(span=self.span(one), kind="direct", rule="gold") for one in gold["quotes"]]
        opening = read_opening(self.TEXT, date(2025, 5, 24))
        return events_in(self.TEXT, names=names, times=times, figures=figures, quotes=quotes, opening=opening)

    def test_its_events_are_those_of_the_gold_and_no_others(self, found: tuple[NewsEvent, ...]):
        assert [event.type for event in found] == [event["type"] for event in self.GOLD["events"]]

    def test_triggers_parties_and_roots_are_those_of_the_gold(self, found: tuple[NewsEvent, ...]):
        for event, gold in zip(found, self.GOLD["events"], strict=True):
            assert event.trigger == self.span(gold["trigger"])
            assert list(event.parties) == gold["parties"]
            assert set(event.categories) == set(gold["plover"])
            assert list(event.places) == gold.get("places", [])

    def test_days_are_those_of_the_gold(self, found: tuple[NewsEvent, ...]):
        days = [(event.start_on, event.end_on) for event in found]
        saturday, friday, sunday = date(2025, 5, 24), date(2025, 5, 23), date(2025, 5, 25)
        assert days == [(friday, sunday), (friday, friday), (saturday, saturday), (None, None)]

    def test_figures_are_those_of_the_gold(self, found: tuple[NewsEvent, ...], figures: list[Figure]):
        values = [{figures[index].values[0] for index in event.figures} for event in found]
        assert values == [{270, 120, 307, 697, 1000}, {250, 14}, set(), set()]


class TestCentrality:
    """Which event a text is about."""

    TEXT = "Miners went on strike in Jerada.\n\nA fire broke out in a factory nearby, and a treaty was signed."

    def test_the_lead_comes_before_what_follows(self):
        assert events_in(self.TEXT)[0].type == "strike"

    def test_the_headline_weighs_more_than_the_order(self):
        text = "Two trawlers sank off the cape.\n\nThe union held a rally in the harbour."
        assert events_in(text)[0].type == "accident"
        assert events_in(text, headline="Dockers hold rally in harbour")[0].type == "protest"

    def test_what_is_only_said_in_a_quotation_is_no_event_of_the_text(self):
        text = 'A bridge collapsed in Genoa. The mayor said: "They bombed us once."'
        start = text.index("They")
        quote = Quote(span=Span.of(text, start, len(text) - 1), kind="direct", rule="given")
        assert "bombing" not in {event.type for event in events_in(text, quotes=[quote])}

    def test_a_text_of_quotations_only_still_has_its_events(self):
        text = '"Rebels shelled the harbour."'
        quote = Quote(span=Span.of(text, 1, len(text) - 1), kind="direct", rule="given")
        assert [event.type for event in events_in(text, quotes=[quote])] == ["shelling"]


@pytest.mark.parametrize("language", ["fr", "de-AT", "uk"])
def test_a_language_without_a_lexicon_has_no_events(language: str):
    assert events_in("Gunmen attacked a bus.", language=language) == ()


@pytest.mark.parametrize("language", ["en", "en-GB", None])
def test_english_and_an_unknown_language_are_read_as_english(language: str | None):
    assert [event.type for event in events_in("Gunmen attacked a bus.", language=language)] == ["armed_attack"]


def test_a_text_without_words_has_no_events():
    assert events_in("") == ()
    assert events_in("\u2014 \u2026 !") == ()


def test_letters_that_grow_in_lower_case_do_not_move_the_spans():
    text = "\u0130zmir and \u0130stanbul: gunmen attacked a bus."
    (event,) = events_in(text)
    assert event.trigger.holds(text)
    assert event.trigger.surface in {"gunmen", "attacked"}


@pytest.mark.parametrize(
    "unit",
    ["a", '"', "9", "A ", "attack ", "attack and ", "called for attack, ", "Attack. ", "killed\n\n", "must not "],
)
def test_hostile_texts_cost_no_more_than_their_length(unit: str):
    text = unit * (400_000 // len(unit))
    prose = read_prose(text, find_paragraphs(text, body_start=0))
    find_events(prose, Opening(), Names(), (), (), ())
    seconds = timeit.timeit(
        lambda: find_events(prose, Opening(), Names(), (), (), ()), timer=time.process_time, number=1
    )
    assert seconds < 2


@pytest.mark.parametrize("unit", ["Peru attacked Chile and ", "Lima said Chile had denied that it fired on Peru, "])
def test_a_sentence_without_an_end_costs_no_more_than_its_length(unit: str):
    """Seconds of CPU, far from both: one where each party is held to the events beside it, 27 where to all of them."""
    text = unit * 6400
    seconds = timeit.timeit(lambda: extract({"text": text, "date": "2025-05-04"}), timer=time.process_time, number=1)
    assert seconds < 6


class TestTheLexicon:
    """The files are data; what they say must make sense."""

    def test_every_type_has_a_known_family_and_known_roots(self):
        for event in event_types().values():
            assert event.family in FAMILIES
            assert set(event.roots) <= ROOTS

    def test_every_part_names_families_or_types(self):
        for event in event_types().values():
            assert event.part_of <= FAMILIES | set(event_types())

    def test_every_type_has_a_trigger(self):
        told = {pattern.event.name for found in lexicon().triggers.values() for pattern, _ in found.patterns}
        assert told == set(event_types())

    def test_forms_of_verbs_are_known(self):
        forms = lexicon().triggers
        for word in ("struck", "banned", "banning", "denies", "dying", "released", "withdrawn", "vetoes"):
            assert word in forms, word
