"""The times that a text names, by a table of invented sentences, and the seed document's."""

from __future__ import annotations

import json
import timeit
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from worker.model.facts import Opening, Span
from worker.steps.facts.dateline import read_opening
from worker.steps.facts.paragraphs import find_paragraphs
from worker.steps.facts.prose import read_prose
from worker.steps.facts.times import find_times

if TYPE_CHECKING:
    from worker.model.facts import TimeMention

DATA = Path(__file__).parents[2] / "data"
CASES = [json.loads(line) for line in (DATA / "facts" / "times.jsonl").read_text(encoding="utf-8").splitlines()]
SATURDAY = date(2025, 5, 24)


def times_in(text: str, day: date | None, language: str | None = "en") -> tuple[TimeMention, ...]:
    opening = read_opening(text, day)
    prose = read_prose(text, find_paragraphs(text, body_start=opening.body_start))
    return find_times(prose, opening, opening.day(day), language=language)


def described(found: TimeMention, wanted: list[Any]) -> list[Any]:
    """As much of a mention as the table says about it."""
    facts = [found.span.surface, found.value, found.kind]
    facts += [day.isoformat() if day else None for day in (found.start_on, found.end_on)]
    return facts[: len(wanted)]


@pytest.mark.parametrize("case", CASES, ids=[case["why"] for case in CASES])
def test_a_sentence_of_the_table_names_its_times(case: dict[str, Any]):
    day = date.fromisoformat(case["day"]) if case["day"] else None
    found = times_in(case["text"], day)
    wanted = case["found"]
    assert [described(one, wish) for one, wish in zip(found, wanted, strict=False)] == wanted
    assert [one.span.surface for one in found[len(wanted) :]] == []
    assert all(one.span.holds(case["text"]) for one in found)


def test_the_seed_document_names_the_times_of_its_gold():
    text = (DATA / "seed" / "000_23b64bebdaa24c53.txt").read_bytes().decode()
    gold = json.loads((DATA / "seed" / "gold.json").read_text(encoding="utf-8"))
    found = times_in(text, None)
    assert [(one.span.start, one.span.end, one.value) for one in found] == [
        (wanted["start"], wanted["end"], wanted["date"]) for wanted in gold["dates"]
    ]
    ranges = {(wanted["start"], *wanted["range"]) for wanted in gold["dates"] if "range" in wanted}
    spans = {(one.span.start, str(one.start_on), str(one.end_on)) for one in found if one.kind == "duration"}
    assert spans == ranges


def test_what_is_resolved_from_the_document_says_so():
    friday, ago, full = times_in("It began on Friday, not two days ago, nor on May 3, 2024.", SATURDAY)
    assert (friday.rule, friday.anchor) == ("weekday", SATURDAY)
    assert (ago.rule, ago.anchor) == ("ago", SATURDAY)
    assert (full.rule, full.anchor) == ("month_day", None)


def test_what_is_counted_from_the_story_is_anchored_to_it():
    _, later = times_in("He was shot on May 3, 2019, and died two days later.", SATURDAY)
    assert (later.value, later.anchor) == ("2019-05-05", date(2019, 5, 3))


@pytest.mark.parametrize("language", ["de", None])
def test_a_text_of_another_or_unknown_language_gives_only_dates_that_read_alike_everywhere(language: str | None):
    text = "Am 2025-05-20 und am 23.05.2025 war die Marine dabei, im August 2019 nicht. Man sat on Friday."
    assert [one.value for one in times_in(text, SATURDAY, language)] == ["2025-05-20", "2025-05-23"]


def test_a_language_with_a_region_is_that_language():
    assert [one.value for one in times_in("He left on Friday.", SATURDAY, "en-GB")] == ["2025-05-23"]


@pytest.mark.parametrize("day", [date.min, date.max])
def test_the_ends_of_the_calendar_stop_nothing(day: date):
    text = "\n\n".join(case["text"] for case in CASES)
    assert times_in(text, day)


def test_mentions_stand_in_order_and_do_not_overlap():
    found = times_in("\n\n".join(case["text"] for case in CASES), SATURDAY)
    assert all(one.span.end <= other.span.start for one, other in pairwise(found))


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        '"',
        "1",
        "A",
        "the ",
        "two-",
        "May 3 - ",
        "Friday to ",
        '"today ',
        "'s",
        "a year ago ",
        "1990-",
        "third quarter, ",
    ],
)
def test_time_grows_with_the_text_and_not_faster(piece: str):
    """Ten times the text may take thirty times as long, on a machine that does other things; not a hundred."""

    def seconds(characters: int) -> float:
        text = piece * (characters // len(piece))
        prose = read_prose(text, (Span.of(text, 0, len(text)),))
        return min(timeit.repeat(lambda: find_times(prose, Opening(), SATURDAY), number=1, repeat=3))

    assert seconds(40_000) < 30 * max(seconds(4_000), 0.001)
