"""How many: invented sentences in data/facts/figures.jsonl, one case a line, and the defining document."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.hang import must_end
from worker.model.facts import Figure, Opening, Span, TimeMention
from worker.steps.facts.dateline import read_opening
from worker.steps.facts.figures import find_figures, reconcile, unit_name
from worker.steps.facts.paragraphs import find_paragraphs
from worker.steps.facts.prose import read_prose

DATA = Path(__file__).parents[2] / "data"
SEED = (DATA / "seed" / "000_23b64bebdaa24c53.txt").read_bytes().decode()
GOLD = json.loads((DATA / "seed" / "gold.json").read_text())
CASES = [json.loads(line) for line in (DATA / "facts" / "figures.jsonl").read_text().splitlines()]


def figures_of(text: str, times: tuple[TimeMention, ...] = (), language: str | None = "en") -> tuple[Figure, ...]:
    prose = read_prose(text, [Span.of(text, 0, len(text))] if text else [])
    return find_figures(prose, Opening(), times, language=language)


def figures_of_the_seed() -> tuple[Figure, ...]:
    opening = read_opening(SEED, None)
    return find_figures(read_prose(SEED, find_paragraphs(SEED, body_start=opening.body_start)), opening, ())


def as_case(figure: Figure, case: dict[str, Any]) -> dict[str, Any]:
    """What the case says about the figure, as it was found."""
    found: dict[str, Any] = {
        "surface": figure.span.surface,
        "values": [pytest.approx(value) for value in figure.values],
        "kind": figure.kind,
        "noun": figure.noun.surface if figure.noun else None,
        "unit": figure.unit,
        "approximate": figure.approximate,
        "bound": figure.bound,
        "per": figure.per,
        "refers_to": figure.refers_to,
    }
    return {name: found[name] for name in case}


@pytest.mark.parametrize("case", CASES, ids=[case["why"] for case in CASES])
def test_the_figures_of_a_sentence_are_those_that_a_reader_finds(case):
    found = figures_of(case["text"])
    assert [figure.span.surface for figure in found] == [wanted["surface"] for wanted in case["figures"]]
    for figure, wanted in zip(found, case["figures"], strict=True):
        assert wanted == as_case(figure, wanted)
        assert figure.span.holds(case["text"])
        assert figure.noun is None or figure.noun.holds(case["text"])
        assert figure.rule


def test_the_document_has_the_figures_of_its_gold_and_no_others():
    found = {
        (figure.span.start, figure.span.end): (
            list(figure.values),
            figure.noun.surface if figure.noun else None,
            figure.kind,
            figure.approximate,
            figure.per,
        )
        for figure in figures_of_the_seed()
    }
    assert found == {
        (gold["start"], gold["end"]): (
            gold.get("values", [gold["value"]]),
            gold["noun"],
            gold["kind"],
            gold["approx"],
            gold.get("per"),
        )
        for gold in GOLD["figures"]
    }


def test_as_many_names_the_figure_that_it_repeats():
    found = figures_of_the_seed()
    repeating = next(figure for figure in found if figure.kind == "anaphoric")
    assert (repeating.values, repeating.refers_to) == ((307,), 1309)


def test_the_numbers_of_the_document_add_up():
    """270 servicemen, 120 civilians and 307 defenders are the 697 returnees: `check` of the gold."""
    found = figures_of_the_seed()
    (total,) = reconcile(found)
    assert found[total.total].values == (697,)
    assert [found[part].values for part in total.parts] == [(307,), (270,), (120,)]
    assert GOLD["events"][0]["check"] == "270+120+307=697"


@pytest.mark.parametrize(
    ("text", "sums"),
    [
        ("The fire killed 12 people: 7 women, 3 men and 2 children.", [(12, (7, 3, 2))]),
        ("Of 40 boats 25 boats sank and 15 boats fled.", [(40, (25, 15))]),
        ("They spent $30 million on roads and $20 million on rail, $50 million in all.", [(5e7, (3e7, 2e7))]),
        ("Some 40 boats left: 25 boats sank and 15 boats fled.", []),
        ("Of 40 boats 25 ships sank and 15 cars burned.", []),
        ("There were 5 people, 3 women and 2 men.", []),
        ("There were 60 people, 40 women, 30 men, 20 girls and 10 children.", []),
        ("It cost $50 million and €30 million, later $20 million.", []),
        ("Of 60 people, 47 women and 13 men, or 41 boys and 19 girls, came.", []),
        ("It led by 15 points, then by 5 points and 10 points.", []),
        ("It held 697 people." + " Nobody came." * 150 + " Then 390 people and 307 people left.", []),
        ("Of 150 seamen 93 seamen lived and 57 seamen died; 36 seamen, with 57 seamen, made 93 seamen.", []),
    ],
    ids=[
        "people are of many names",
        "one noun",
        "money of one currency",
        "an approximate total is none",
        "different things do not add up",
        "small numbers add up by chance",
        "round numbers add up by chance",
        "different currencies do not add up",
        "more than one way is none",
        "multiples of five add up by chance",
        "a total far from its parts is none",
        "what is within another is not beside it",
    ],
)
def test_a_total_is_one_that_other_figures_make_up_in_one_way(text, sums):
    found = figures_of(text)
    assert [
        (found[each.total].values[0], tuple(found[part].values[0] for part in each.parts)) for each in reconcile(found)
    ] == sums


def mention(text: str, surface: str, **kind: Any) -> TimeMention:
    start = text.index(surface)
    span = Span(surface, start, start + len(surface))
    return TimeMention(span=span, kind=kind["kind"], value=None, start_on=date(2025, 5, 24), rule="test")


def test_a_number_within_a_date_is_no_figure():
    text = "The class of 88 met 30 pupils."
    assert [figure.values for figure in figures_of(text)] == [(88,), (30,)]
    assert [figure.values for figure in figures_of(text, (mention(text, "class of 88", kind="year"),))] == [(30,)]


@pytest.mark.parametrize("kind", ["duration", "range"])
def test_a_duration_is_a_figure_though_it_is_a_mention_of_time(kind):
    text = "It rained for the past 18 months."
    (figure,) = figures_of(text, (mention(text, "the past 18 months", kind=kind),))
    assert (figure.values, figure.kind, figure.unit) == ((18,), "duration", "month")


def test_the_header_and_the_dateline_hold_no_figures():
    text = "date 2025-05-24 KYIV, May 24 (AP) - Police arrested 30 men."
    opening = read_opening(text, None)
    prose = read_prose(text, find_paragraphs(text, body_start=opening.body_start))
    assert [figure.span.surface for figure in find_figures(prose, opening, ())] == ["30"]


@pytest.mark.parametrize("language", [None, "de", "uk"])
def test_in_another_language_only_signs_make_figures(language):
    text = "Am 24. Mai stiegen 14 Preise um 3% auf €500, sagt one Mann."
    assert [(figure.span.surface, figure.unit) for figure in figures_of(text, language=language)] == [
        ("3%", "percent"),
        ("€500", "EUR"),
    ]


def test_a_number_whose_separator_may_mean_either_is_left_out_in_another_language():
    """In German 1.234 is more than a thousand; in English it is little more than one."""
    assert figures_of("Das kostet €1.234 oder €1,234.", language="de") == ()
    assert [figure.values for figure in figures_of("Das kostet €12, €12.50, nicht €12,50.", language="de")] == [
        (12,),
        (12.5,),
    ]


@pytest.mark.parametrize(
    "text",
    ["R$ 20 bilhões", "€300 Millionen", "₹200 करोड़", "$5\u00a0млн", "¥300億", "das €40-Millionen-Paket", "$5-6 Mrd"],
)
def test_money_that_the_word_behind_it_may_multiply_is_left_out_in_another_language(text):
    assert figures_of(f"{text}, €7.", language="pt") == figures_of(f"{'x' * len(text)}, €7.", language="pt") != ()


def test_a_text_without_words_has_no_figures():
    assert figures_of("") == ()


def test_a_unit_has_a_name():
    assert unit_name("HKD") == "Hong Kong dollar"
    assert unit_name("kilometre per hour") == "kilometre per hour"


@pytest.mark.parametrize(
    "piece",
    [
        "7",
        "1,",
        "1,11",
        '"',
        "A",
        "A ",
        "one-",
        "12-34",
        "hundred ",
        "1 of ",
        "$5 ",
        "half a ",
        "1 and ",
        "as many men ",
        "5 or more ",
        "more than ",
        "6-4, ",
        " ",
    ],
)
def test_hostile_text_comes_to_an_end(piece):
    """Work that grows with the square of the text would not."""
    text = piece * (500_000 // len(piece))
    prose = read_prose(text, [Span.of(text, 0, len(text))])
    with must_end():
        assert len(find_figures(prose, Opening(), ())) <= len(text)
