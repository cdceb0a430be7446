"""How a story opens. `tests/data/datelines.jsonl` holds hand-made openings, one form of dateline each, published on
24 May 2025: `opening` is the dateline (null: there is none), `story` what follows it.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from tests.hang import must_end
from worker.model.facts import Dateline
from worker.steps.facts.dateline import read_opening
from worker.steps.facts.dateline_cities import city, country_of
from worker.steps.facts.dateline_day import WrittenDay, match_day, resolve_day
from worker.steps.facts.gazetteer import country_code, country_name

DATA = Path(__file__).parents[2] / "data"
PUBLISHED = date(2025, 5, 24)
STORY = "Officials said on Saturday that talks would go on for two more days in the old town hall."
CASES: list[dict[str, Any]] = [
    json.loads(line) for line in (DATA / "datelines.jsonl").read_text(encoding="utf-8").splitlines()
]
DATELINES = [case for case in CASES if case["opening"] is not None]
OTHERS = [case["story"] for case in CASES if case["opening"] is None]


def dateline_of(text: str, published: date | None = PUBLISHED) -> Dateline:
    dateline = read_opening(text, published).dateline
    assert dateline is not None, text
    return dateline


@pytest.mark.parametrize("case", DATELINES, ids=lambda case: case["opening"])
def test_every_form_of_dateline_is_read_in_all_its_parts(case: dict[str, Any]) -> None:
    text = f"{case['opening']} {case['story']}"
    opening = read_opening(text, PUBLISHED)
    dateline = opening.dateline
    assert dateline is not None
    assert {
        "city": dateline.city,
        "region": dateline.region,
        "country_code": dateline.country_code,
        "date": dateline.date.isoformat() if dateline.date else None,
        "agency": dateline.agency,
    } == {name: case[name] for name in ("city", "region", "country_code", "date", "agency")}
    assert dateline.span.surface == case["opening"]
    assert text[opening.body_start :] == case["story"]


@pytest.mark.parametrize("text", OTHERS, ids=lambda text: text[:40])
def test_labels_sentences_and_other_scripts_are_no_dateline(text: str) -> None:
    opening = read_opening(text, PUBLISHED)
    assert opening.dateline is None
    assert opening.body_start == 0


def test_the_seed_document_opens_as_its_gold_says() -> None:
    text = (DATA / "seed" / "000_23b64bebdaa24c53.txt").read_text(encoding="utf-8")
    opening = read_opening(text, None)
    dateline = opening.dateline
    assert opening.header_date == date(2025, 5, 24)
    assert dateline is not None
    assert (dateline.span.start, dateline.span.end, dateline.span.surface) == (17, 41, "Kyiv [Ukraine], May 24 :")
    assert (dateline.city, dateline.region, dateline.country) == ("Kyiv", "Ukraine", "Ukraine")
    assert (dateline.country_code, dateline.date, dateline.agency) == ("UA", date(2025, 5, 24), None)
    assert opening.body_start == 42


def test_without_header_and_dateline_the_story_starts_at_its_first_word() -> None:
    assert read_opening("\n\n  The assembly met on Monday.", None).body_start == 4


def test_a_header_alone_is_skipped() -> None:
    opening = read_opening(" date 2025-05-24 \n\nThe assembly met.", None)
    assert opening.header_date == date(2025, 5, 24)
    assert opening.body_start == len(" date 2025-05-24 \n\n")


def test_a_header_with_an_impossible_day_is_text() -> None:
    opening = read_opening("date 2025-13-40 The assembly met.", None)
    assert opening.header_date is None
    assert opening.body_start == 0


@pytest.mark.parametrize(
    "before",
    [
        "Talks go on in the old town hall\n\n",
        "Talks go on in the old town hall.\n\nBy Ana Novak\n\n",
        "TALKS GO ON.\nABSTRACT.\n\n",
        "By Ana Novak. ",
        "By ANA NOVAK and IVO HORVAT, Associated Press ",
        "Talks go on in the old town hall. ",
        "(Adds details in paragraph three) ",
        "• ",
    ],
)
def test_a_dateline_is_found_behind_headline_byline_and_remark(before: str) -> None:
    text = f"{before}BERLIN (AP) — {STORY}"
    opening = read_opening(text, PUBLISHED)
    assert opening.dateline is not None
    assert (opening.dateline.city, opening.dateline.agency) == ("BERLIN", "AP")
    assert opening.dateline.span.start == len(before)
    assert text[opening.body_start :] == STORY


def test_a_dateline_with_its_day_may_follow_a_headline_that_ends_without_a_stop() -> None:
    dateline = dateline_of(f"Soldiers killed by mines: army Bamako, March 12, 2019 (AFP) - {STORY}")
    assert (dateline.city, dateline.date) == ("Bamako", date(2019, 3, 12))


def test_a_dateline_may_have_a_line_of_its_own() -> None:
    text = f"Talks go on.\nAna Novak\nBOGOTA, Colombia 2025-05-23\n{STORY}"
    opening = read_opening(text, None)
    assert opening.dateline is not None
    assert opening.dateline.span.surface == "BOGOTA, Colombia 2025-05-23"
    assert (opening.dateline.country_code, opening.dateline.date) == ("CO", date(2025, 5, 23))
    assert text[opening.body_start :] == STORY


def test_a_dateline_deep_in_the_story_belongs_to_another_item() -> None:
    text = "The assembly met on Monday, and went home.\n\n" * 8 + f"BERLIN (AP) — {STORY}"
    assert read_opening(text, PUBLISHED).dateline is None


def test_a_village_that_no_gazetteer_has_is_a_place_when_the_story_names_it_again() -> None:
    assert read_opening(f"BANTAMVILLE — {STORY}", PUBLISHED).dateline is None
    dateline = dateline_of(f"BANTAMVILLE — {STORY} It stands in Bantamville.")
    assert (dateline.city, dateline.country_code) == ("BANTAMVILLE", None)


def test_the_header_day_gives_the_year_when_no_day_of_publication_is_known() -> None:
    assert dateline_of(f"date 2025-01-01 Kyiv [Ukraine], December 31 : {STORY}", None).date == date(2024, 12, 31)


def test_without_any_reference_the_day_of_a_dateline_stays_unknown() -> None:
    assert dateline_of(f"Kyiv [Ukraine], December 31 : {STORY}", None).date is None
    assert dateline_of(f"Kyiv [Ukraine], December 31, 2024 : {STORY}", None).date == date(2024, 12, 31)


@pytest.mark.parametrize(
    ("written", "near", "day"),
    [
        ("December 31", date(2025, 1, 1), date(2024, 12, 31)),
        ("Jan. 1", date(2024, 12, 31), date(2025, 1, 1)),
        ("24th May, 2025", date(1999, 1, 1), date(2025, 5, 24)),
        ("Saturday, 24 May", date(2025, 5, 25), date(2025, 5, 24)),
        ("Feb 29", date(2025, 2, 28), date(2024, 2, 29)),
        ("Feb 29", date(2026, 7, 1), None),
        ("June 31", date(2025, 6, 30), None),
        # 24 May 2025 is a Saturday: Friday was yesterday, Sunday has begun farther east, Monday was five days ago.
        ("Friday", date(2025, 5, 24), date(2025, 5, 23)),
        ("Sunday", date(2025, 5, 24), date(2025, 5, 25)),
        ("Mon.", date(2025, 5, 24), date(2025, 5, 19)),
    ],
)
def test_the_year_and_the_weekday_are_those_nearest_to_publication(written: str, near: date, day: date | None) -> None:
    found = match_day(written, 0, len(written))
    assert found is not None
    assert found[1] == len(written)
    assert resolve_day(found[0], near) == day


@pytest.mark.parametrize("near", [date.min, date.max])
def test_days_at_the_ends_of_the_calendar_resolve_without_error(near: date) -> None:
    for weekday in range(7):
        day = resolve_day(WrittenDay(weekday=weekday), near)
        assert day is None or day.weekday() == weekday
    assert resolve_day(WrittenDay(month=2, day=29), near) is None


@pytest.mark.parametrize("text", ["24:15", "May we come in", "24 percent", "5.5 May", "Mayor 5"])
def test_numbers_and_words_that_are_no_day_are_not_read_as_one(text: str) -> None:
    assert match_day(text, 0, len(text)) is None


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Türkiye", "TR"),
        ("Turkey", "TR"),
        ("U.K.", "GB"),
        ("England", "GB"),
        ("USA", "US"),
        ("UAE", "AE"),
        ("Ivory Coast", "CI"),
        ("Cote d'Ivoire", "CI"),
        ("Burma", "MM"),
        ("Soviet Union", None),
        ("Narnia", None),
    ],
)
def test_countries_are_known_by_their_usual_names(name: str, code: str | None) -> None:
    assert country_code(name) == code


def test_countries_are_shown_by_their_common_english_name() -> None:
    assert [country_name(code) for code in ("UA", "US", "TR", "CI", "??")] == [
        "Ukraine",
        "United States",
        "Turkey",
        "Ivory Coast",
        None,
    ]


@pytest.mark.parametrize(
    ("name", "region", "code"),
    [
        ("Paris", None, "FR"),
        ("Kiev", None, "UA"),
        ("Peking", None, "CN"),
        ("SAINT LOUIS", None, "US"),
        ("Perth", "WA", "AU"),
        ("Seattle", "WA", "US"),
        ("Nowhereville", "Georgia", None),
        ("Leningrad", "Soviet Union", "RU"),
        ("Singapore", None, "SG"),
        ("Nowhereville", None, None),
        # An unknown region says nothing where several countries have a city of the name.
        ("Paris", "Westmark", None),
    ],
)
def test_the_region_decides_the_country_and_then_the_largest_city(
    name: str, region: str | None, code: str | None
) -> None:
    assert country_of(name, region) == code


def test_a_city_is_known_by_its_names_in_english_news_and_not_in_other_languages() -> None:
    """Names in other languages are too often words: they never open a story by themselves."""
    gdansk = city("Gdansk")
    assert gdansk is not None
    assert gdansk.country_codes == ("PL",)
    assert city("Danzig") == gdansk
    assert city("Bruselas") is None


@pytest.mark.parametrize("name", ["Valletta", "Vaduz", "San Marino", "Nuuk", "Las Palmas", "Zaporizhzhia"])
def test_a_capital_too_small_for_a_city_and_a_name_that_the_atlas_lacks_open_datelines(name: str) -> None:
    assert city(name) is not None


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "A",
            "A ",
            "A. ",
            "A'",
            "LONDON, ",
            "Kyiv [Ukraine] ",
            "(AP) - ",
            "May 24 ",
            "A/",
            "-",
            "(",
            " ",
            "\n",
            " \n",
        ),
        *("Ab Cd. ", "PARIS: ", "date 2025-05-24 ", "N.C.-"),
    ],
    ids=repr,
)
def test_a_megabyte_of_hostile_text_is_read_in_a_moment(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    city("Paris")  # the atlas is loaded once, not here
    with must_end():
        opening = read_opening(text, PUBLISHED)
        # Measured: at most 25 ms. Quadratic work on a megabyte would take hours.
    assert 0 <= opening.body_start <= len(text)


PIECES = st.sampled_from(
    [
        "Kyiv",
        "LONDON",
        "NEW YORK",
        "Ukraine",
        "Ga.",
        "May 24",
        "2025",
        "Tuesday",
        "(AP)",
        "[India]",
        "/TASS/",
        "CNN",
        "—",
        "-",
        "--",
        ":",
        ",",
        ".",
        "/",
        "(",
        ")",
        "[",
        "]",
        " ",
        " ",
        "\n",
        "\n\n",
        "date 2025-05-24",
        "By Ana",
        "The",
        "\xa0",
    ]
)


@settings(max_examples=300, deadline=None)
@given(
    text=st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=30).map("".join)),
    published=st.one_of(st.none(), st.dates()),
)
def test_any_text_has_an_opening_whose_offsets_hold(text: str, published: date | None) -> None:
    opening = read_opening(text, published)
    assert 0 <= opening.body_start <= len(text)
    assert opening.body_start == len(text) or not text[opening.body_start].isspace()
    if opening.dateline:
        assert opening.dateline.span.holds(text)
        assert opening.dateline.span.end <= opening.body_start
        assert opening.dateline.city or opening.dateline.agency
