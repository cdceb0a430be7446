"""All facts of a text together: the document that defines our fields against its gold answer, and any text at all."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from worker.pipeline.explain import explain
from worker.pipeline.extract import FormError, extract

SEED = Path(__file__).parents[1] / "data" / "seed"
TEXT = (SEED / "000_23b64bebdaa24c53.txt").read_text(encoding="utf-8")
GOLD = json.loads((SEED / "gold.json").read_bytes())


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return extract({"text": TEXT})


def spans(value: object) -> list[tuple[str, int, int]]:
    """Every span in plain data, at any depth."""
    if isinstance(value, dict):
        own = [(value["text"], value["start"], value["end"])] if "start" in value else []
        return own + [span for part in value.values() for span in spans(part)]
    return [span for part in value for span in spans(part)] if isinstance(value, list) else []


def at(items: list[dict[str, Any]], gold: dict[str, Any]) -> dict[str, Any]:
    """The item that stands where the gold has one."""
    return next(item for item in items if (item["start"], item["end"]) == (gold["start"], gold["end"]))


def test_the_seed_is_dated_and_its_language_is_known(found: dict[str, Any]) -> None:
    assert (found["date"], found["language"]) == ("2025-05-24", "en")


def test_the_quotations_of_the_seed_are_those_of_the_gold(found: dict[str, Any]) -> None:
    assert len(found["quotes"]) == len(GOLD["quotes"]) == 5
    ids = {gold["id"]: index for index, gold in enumerate(GOLD["quotes"])}
    for quote, gold in zip(found["quotes"], GOLD["quotes"], strict=True):
        for name in ("text", "start", "end", "kind", "speaker", "medium", "continued", "speaker_mention", "verb"):
            assert quote[name] == gold[name], (gold["id"], name)
        assert quote["continues"] == (None if gold["continues"] is None else ids[gold["continues"]])
        assert (quote["day"] and quote["day"]["date"]) == (gold["day"] and gold["day"]["date"])


def test_the_figures_of_the_seed_have_the_values_and_nouns_of_the_gold(found: dict[str, Any]) -> None:
    for gold in GOLD["figures"]:
        figure = at(found["figures"], gold) if gold["core"] else None
        if figure is None:
            continue
        assert figure["value"] == gold.get("values", gold["value"])
        assert figure["noun"].split()[-1] == gold["noun"].split()[-1]
        assert figure["per"] == gold.get("per")
    forbidden = next(trap for trap in GOLD["must_not"] if "forbidden_spans" in trap)["forbidden_spans"]
    assert not [f for f in found["figures"] if [f["start"], f["end"]] in forbidden]


def test_as_many_is_the_number_that_it_stands_for(found: dict[str, Any]) -> None:
    (figure,) = [figure for figure in found["figures"] if figure["text"] == "as many"]
    assert figure["value"] == 307
    assert found["figures"][figure["refers_to"]]["start"] == 1309


def test_the_numbers_of_the_seed_add_up(found: dict[str, Any]) -> None:
    sums = [
        (found["figures"][each["total"]]["value"], sorted(found["figures"][part]["value"] for part in each["parts"]))
        for each in found["sums"]
    ]
    assert (697, [120, 270, 307]) in sums


def test_the_dates_of_the_seed_are_those_of_the_gold(found: dict[str, Any]) -> None:
    for gold in GOLD["dates"]:
        assert at(found["dates"], gold)["date"] == gold["date"], gold["text"]


def test_the_person_of_the_seed_has_role_country_and_all_mentions(found: dict[str, Any]) -> None:
    (person,), (gold,) = found["actors"], GOLD["actors"]
    assert (person["name"], person["role"], person["country_code"]) == (gold["name"], gold["role"], "UA")
    assert person["mentions"] == gold["mentions"]


def test_the_organisations_of_the_seed_are_those_of_the_gold(found: dict[str, Any]) -> None:
    said = {(each["name"], each["type"], each["country_code"]) for each in found["organisations"]}
    assert said == {(each["name"], each["type"], each["country_code"]) for each in GOLD["organisations"]}


def test_the_places_of_the_seed_are_those_of_the_gold(found: dict[str, Any]) -> None:
    said = {(each["name"], each["kind"], each["country_code"]): each for each in found["places"]}
    assert set(said) == {(each["name"], each["kind"], each["country_code"]) for each in GOLD["places"]}
    for gold in GOLD["places"]:
        place = said[gold["name"], gold["kind"], gold["country_code"]]
        assert place["mentions"] == gold["mentions"]
        if gold["kind"] == "city":
            assert abs(place["lat"] - gold["lat"]) + abs(place["lon"] - gold["lon"]) < 0.2


def test_a_ministry_is_quoted_through_the_broadcaster_that_reports_it(found: dict[str, Any]) -> None:
    (said,) = [each for each in found["attributions"] if each["via"] is not None]
    assert said["via"]["text"] == "Al Jazeera"
    assert "Ministry of Defence" in said["source_resolved"]
    assert said["day"]["date"] == "2025-05-24"


def test_the_events_of_the_seed_are_those_of_the_gold(found: dict[str, Any]) -> None:
    said = {event["type"]: event for event in found["events"]}
    assert found["events"][0]["type"] == "prisoner_exchange"
    for gold in GOLD["events"]:
        if gold.get("optional"):
            continue
        event = said[gold["type"]]
        assert set(event["plover"]) & set(gold["plover"])
        assert event["date"] in {gold["date"], *gold.get("dates", ())}
        assert set(gold["parties"]) <= {party.partition(" (")[0] for party in event["parties"]}


def test_the_same_text_gives_the_same_facts(found: dict[str, Any]) -> None:
    assert extract({"text": TEXT}) == found


WORDS = st.sampled_from(
    [
        *TEXT.split()[:300],
        "“Well,” she said.",
        "‘No’",  # noqa: RUF001 - as typeset
        "«Oui»",
        "$1.5 billion",
        "3-2",
        "U.S.",
        "Dr. J. Doe",
        "\n\n",
        "next Friday",
        "50%",
        "and",
        "(AP) —",
        "北京",
        "—",
        '"',
        "'",
        ".",
        ",",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(WORDS | st.text(max_size=8), max_size=80).map(" ".join))
def test_facts_of_any_text_stand_where_they_say(text: str) -> None:
    found = extract({"text": text, "date": "2025-05-24"})
    for surface, start, end in spans(found):
        assert text[start:end] == surface
    for quote in found["quotes"]:
        assert quote["continues"] is None or 0 <= quote["continues"] < len(found["quotes"])
    for event in found["events"]:
        assert all(0 <= index < len(found["figures"]) for index in event["figures"])


@pytest.mark.parametrize(
    "text",
    [
        "Der Minister sagte am Samstag, dass 300 Menschen aus Kiew zurück seien. „Wir danken allen“, erklärte er.",
        "Le président a déclaré samedi que trois cents personnes étaient rentrées de Kiev, après deux jours de voyage.",
        "总统星期六表示，三百零七人已经从土耳其返回家园，这是谈判的结果，也是第二天的交换。",  # noqa: RUF001 - Chinese commas
    ],
)
def test_a_text_in_a_language_without_rules_gives_no_nonsense(text: str) -> None:
    found = extract({"text": text, "date": "2025-05-24"})
    assert found["paragraphs"]
    assert [found[name] for name in ("attributions", "actors", "events")] == [[], [], []]


def test_a_text_is_explained_with_its_facts_marked_and_their_rules() -> None:
    shown = explain("KYIV, May 24 (AP) - Mayor Ann Lee said on Saturday that 12 people were hurt.", date(2025, 5, 24))
    assert "language en, day 2025-05-24" in shown
    assert "count: 12 people" in shown
    assert "day: 2025-05-24, from 2025-05-24" in shown
    assert "said by Ann Lee" in shown


@pytest.mark.parametrize("wrong", [None, [], {}, {"text": 7}, {"a": "x"}, {"html": None}])
def test_what_is_none_of_the_forms_is_refused_with_the_forms(wrong: object) -> None:
    with pytest.raises(FormError, match="want "):
        extract(wrong)


def test_a_day_that_is_none_is_refused_by_its_name() -> None:
    with pytest.raises(FormError, match="\"date\" is 'yesterday'"):
        extract({"text": "x", "date": "yesterday"})
