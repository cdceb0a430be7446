"""Whole invented stories: what happened, when, where and how many, all facts together; and more, their events only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from worker.pipeline.extract import extract

DATA = Path(__file__).parents[1] / "data" / "facts" / "stories.jsonl"
STORIES = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]
# Of all families; and of sport, the arts, science and opinion, where nothing happens.
EVENTS = [json.loads(line) for line in DATA.with_name("event_stories.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(params=STORIES, ids=[story["why"] for story in STORIES])
def story(request: pytest.FixtureRequest) -> dict[str, Any]:
    return dict(request.param, found=extract({"text": request.param["text"], "date": request.param["day"]}))


def test_the_dateline_is_the_place_the_day_and_the_agency(story: dict[str, Any]) -> None:
    dateline = story["found"]["dateline"]
    assert [dateline[name] for name in ("city", "country_code", "date", "agency")] == story["dateline"]


def test_the_days_are_those_of_a_calendar(story: dict[str, Any]) -> None:
    found = [[time["text"], time["date"]] for time in story["found"]["dates"] if time["kind"] != "duration"]
    assert found == story["dates"]


def test_the_figures_count_what_a_reader_would_say(story: dict[str, Any]) -> None:
    found = [
        [figure["text"], pytest.approx(figure["value"], abs=0.001), figure["noun"]]
        for figure in story["found"]["figures"]
    ]
    assert story["figures"] == found


def test_the_places_are_those_that_are_named(story: dict[str, Any]) -> None:
    found = [[place["name"], place["kind"], place["country_code"]] for place in story["found"]["places"]]
    assert found == story["places"]


def test_the_events_have_their_status_day_parties_and_places(story: dict[str, Any]) -> None:
    names = ("type", "status", "date", "parties", "places")
    found = [[event[name] for name in names] for event in story["found"]["events"]]
    assert found[0] == story["events"][0]
    assert sorted(found, key=str) == sorted(story["events"], key=str)


@pytest.mark.parametrize("told", EVENTS, ids=[told["why"] for told in EVENTS])
def test_a_story_tells_of_these_events_and_no_others(told: dict[str, Any]) -> None:
    names = ("type", "status", "date", "until", "parties", "places")
    events = extract({"text": told["text"], "date": told["day"]})["events"]
    assert [[event[name] for name in names] for event in events] == told["events"]
