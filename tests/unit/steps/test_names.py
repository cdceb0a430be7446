from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from tests.hang import must_end
from worker.model.facts import Names, Opening, Organisation, Person, Place
from worker.steps.facts.dateline import read_opening
from worker.steps.facts.gazetteer import lexicon_lines
from worker.steps.facts.names import find_names
from worker.steps.facts.paragraphs import find_paragraphs
from worker.steps.facts.prose import Prose, read_prose

DATA = Path(__file__).parents[2] / "data"
CASES = [json.loads(line) for line in (DATA / "facts" / "names.jsonl").read_text(encoding="utf-8").splitlines()]
SEED = (DATA / "seed" / "000_23b64bebdaa24c53.txt").read_bytes().decode()
GOLD = json.loads((DATA / "seed" / "gold.json").read_text(encoding="utf-8"))


def names_of(text: str, *, language: str | None = "en") -> Names:
    opening = read_opening(text, None)
    prose = read_prose(text, find_paragraphs(text, body_start=opening.body_start))
    return find_names(prose, opening, language=language)


def surfaces(named: Person | Organisation | Place) -> list[str]:
    return [mention.surface for mention in named.mentions]


def person_facts(person: Person) -> dict[str, Any]:
    return {
        "mentions": surfaces(person),
        "role": person.role,
        "role_surface": person.role_span.surface if person.role_span else None,
        "organisation": person.organisation,
        "country": person.country_code,
    }


def organisation_facts(organisation: Organisation) -> dict[str, Any]:
    return {"mentions": surfaces(organisation), "type": organisation.type, "country": organisation.country_code}


def place_facts(place: Place) -> dict[str, Any]:
    return {"mentions": surfaces(place), "kind": place.kind, "code": place.country_code, "id": place.geonames_id}


def asked(facts: dict[str, Any], expected: dict[str, Any] | None) -> dict[str, Any]:
    """The facts that a case speaks of; all of them where it does not expect the name at all."""
    return facts if expected is None else {key: facts[key] for key in expected}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_names_are_found_as_the_cases_say(case: dict[str, Any]) -> None:
    names = names_of(case["text"])
    found: dict[str, dict[str, Any]] = {
        "people": {person.name: person_facts(person) for person in names.people},
        "organisations": {body.name: organisation_facts(body) for body in names.organisations},
        "places": {},
    }
    for place in names.places:
        # A city and a region of one name are told apart by their kind.
        key = place.name if place.name not in found["places"] else f"{place.name}|{place.kind}"
        key = f"{place.name}|{place.kind}" if f"{place.name}|{place.kind}" in case.get("places", {}) else key
        found["places"][key] = place_facts(place)
    for field, facts in found.items():
        if field in case:
            assert {name: asked(fact, case[field].get(name)) for name, fact in facts.items()} == case[field]
    if "demonyms" in case:
        assert [demonym.span.surface for demonym in names.demonyms] == case["demonyms"]


def mentions(items: list[dict[str, Any]]) -> list[tuple[int, int]]:
    return [(item["start"], item["end"]) for item in items]


def spans(named: Person | Organisation | Place) -> list[tuple[int, int]]:
    return [(mention.start, mention.end) for mention in named.mentions]


def test_the_seed_names_one_person_with_an_office_and_a_country() -> None:
    (gold,) = GOLD["actors"]
    (person,) = names_of(SEED).people
    assert (person.name, person.role, person.organisation, person.country, person.country_code) == (
        gold["name"],
        gold["role"],
        gold["organisation"],
        gold["country"],
        gold["country_code"],
    )
    assert person.role_span is not None
    assert [(person.role_span.start, person.role_span.end)] == mentions([gold["role_mention"]])
    assert spans(person) == mentions(gold["mentions"])


def test_the_seed_names_the_organisations_of_its_gold_and_no_others() -> None:
    found = [(body.name, body.type, body.country_code, spans(body)) for body in names_of(SEED).organisations]
    gold = [
        (gold["name"], gold["type"], gold["country_code"], mentions(gold["mentions"])) for gold in GOLD["organisations"]
    ]
    assert found == sorted(gold, key=lambda body: body[3])


# What is meant by these alone is a larger place of the same name, a part of another country, or no town of the atlas.
OF_ANOTHER = {
    *("AN", "AG", "BM", "CC", "CR", "CS", "CX", "EH", "FK", "GD", "GG", "GS", "KY", "MS", "NF", "NU", "PN"),
    *("SC", "SH", "SX", "TF"),
}


def test_every_country_is_found_by_its_name():
    rows = [line.split("\t")[:2] for line in lexicon_lines("countries.tsv")]
    missed = {
        name
        for code, name in rows
        if code != "--"
        and [place.country_code for place in names_of(f"Officials in the {name} met on Monday.").places] != [code]
    }
    assert missed == {"Georgia"}  # without context the larger one, of the United States


def test_every_capital_is_found_by_its_name_however_small_it_is():
    rows = [line.split("\t") for line in lexicon_lines("country_facts.tsv")]
    missed = {
        code
        for code, _, _, capital, *_ in rows
        if capital and code not in [place.country_code for place in names_of(f"He flew to {capital}.").places]
    }
    assert missed == OF_ANOTHER


def test_every_state_of_the_large_federations_is_found_by_its_name():
    rows = [line.split("\t") for line in lexicon_lines("divisions.tsv")]
    missed = {
        name
        for country, _, order, name, *_ in rows
        if order == "1"
        and country in {"US", "IN", "CA", "DE"}
        and country not in [place.country_code for place in names_of(f"Police in {name} closed a road.").places]
    }
    assert missed == {"Kashmir", "Punjab"}  # parts of two countries each


def test_every_organisation_of_the_lexicon_is_found_by_its_names():
    missed = set()
    for line in lexicon_lines("organisations.tsv"):
        _, _, name, aliases = line.split("\t")
        for surface in (one.removeprefix("=") for one in (name, *aliases.split("|")) if one):
            found = names_of(f"A report by the {surface} was published on Monday.").organisations
            if not any(surface in each.name or each.name in (surface, name.removeprefix("=")) for each in found):
                missed.add(surface)
    # What is mostly something else, and what needs words beside it that say which one it is.
    assert missed == {"Amazon", "Nikkei", "RBI", "SEC", "X"}


def test_the_seed_names_the_places_of_its_gold_and_no_others() -> None:
    found = {(place.name, place.kind): place for place in names_of(SEED).places}
    assert set(found) == {(gold["name"], gold["kind"]) for gold in GOLD["places"]}
    for gold in GOLD["places"]:
        place = found[gold["name"], gold["kind"]]
        assert place.country_code == gold["country_code"]
        assert spans(place) == mentions(gold["mentions"])
        assert place.latitude == pytest.approx(gold["lat"], abs=1.0)
        assert place.longitude == pytest.approx(gold["lon"], abs=1.0)
        assert set(gold.get("aliases", ())) - {"Turkiye"} <= set(place.aliases)


def test_the_seed_names_the_peoples_of_its_gold() -> None:
    found = {(found.span.start, found.span.end, found.country_code) for found in names_of(SEED).demonyms}
    assert found == {(gold["start"], gold["end"], gold["country_code"]) for gold in GOLD["demonyms"]}


def test_a_text_in_another_language_names_nobody() -> None:
    text = "Der Minister Hans Maier sprach in Berlin."
    assert names_of(text, language="de") == Names()


@pytest.mark.parametrize("language", ["en", "en-GB", None])
def test_english_and_a_language_that_is_not_known_are_read(language: str | None) -> None:
    assert [place.name for place in names_of("It rained in Berlin.", language=language).places] == ["Berlin"]


def test_the_place_of_a_dateline_is_a_place_of_the_text() -> None:
    (place, country) = names_of("WAPAKONETA, Ohio (AP) — The mill burned down on Monday.").places
    assert (place.name, surfaces(place), country.name) == ("Wapakoneta", ["WAPAKONETA"], "Ohio")


def test_the_agency_of_a_dateline_is_no_place() -> None:
    assert [place.name for place in names_of("MUNICH, Feb. 14 (UPI) -- The mill burned down.").places] == ["Munich"]


def test_a_street_or_a_hall_that_is_named_after_a_town_is_not_the_town() -> None:
    (square, city) = names_of("They met near Manchester Square in London.").places
    assert (square.name, square.kind, city.name) == ("Manchester Square", "facility", "London")


def test_a_people_behind_an_opening_number_is_no_town_of_that_name() -> None:
    found = names_of("Six Thai jets took off.")
    assert (found.places, [each.country_code for each in found.demonyms]) == ((), ["TH"])


def test_a_province_is_in_the_country_of_the_story() -> None:
    (province, _) = names_of("Cases were reported in Kasai province in the Democratic Republic of Congo.").places
    assert (province.name, province.kind, province.country_code) == ("Kasai", "region", "CD")


def test_an_empty_text_names_nobody() -> None:
    prose = read_prose("", ())
    assert find_names(prose, Opening()) == Names()


NAMES = (
    "John",
    "Smith",
    "Paris",
    "Ukraine",
    "US",
    "WHO",
    "New York",
    "St. ",
    "al-",
    "X",
    "BBC ",
    "President ",
    "Ministry",
)
WORDS = (
    "'s",
    " of ",
    " and ",
    "the ",
    "regions",
    "3-1",
    "é",
    "\U0001f692",
    "\u201c",
    ",",
    ".",
    "(",
    ")",
    " ",
    "\n",
    "\n\n",
)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.sampled_from(NAMES + WORDS), max_size=40).map("".join))
def test_every_mention_is_a_piece_of_the_text_in_order(text: str) -> None:
    names = names_of(text)
    everything: list[Person | Organisation | Place] = [*names.people, *names.organisations, *names.places]
    for named in everything:
        assert named.mentions
        assert all(mention.holds(text) and mention.surface.strip() == mention.surface for mention in named.mentions)
        assert spans(named) == sorted(spans(named))
    assert all(demonym.span.holds(text) for demonym in names.demonyms)
    assert names == names_of(text)


@pytest.mark.parametrize(
    "piece",
    [
        "A",
        "a",
        "A ",
        "Ab. ",
        "1",
        "-1",
        '"',
        "(",
        "AB 1\n",
        "President ",
        "John Smith. ",
        "Paris, ",
        "Bank of ",
        "Ab's ",
    ],
)
def test_a_hostile_text_comes_to_an_end(piece: str) -> None:
    """Work that grows with the square of the text would not."""
    text = piece * (300_000 // len(piece))
    with must_end():
        names = find_names(Prose(text=text, paragraphs=(), sentences=(), words=()), Opening())
    assert all(mention.holds(text) for person in names.people for mention in person.mentions)
