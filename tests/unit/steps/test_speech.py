"""Who says what: the cases are lines of data, invented for the purpose."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from worker.model.facts import Demonym, Names, Organisation, Person, Span, TimeMention
from worker.steps.facts.dateline import read_opening
from worker.steps.facts.paragraphs import find_paragraphs
from worker.steps.facts.prose import read_prose
from worker.steps.facts.speech import find_speech

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.model.facts import Attribution, Quote

DATA = Path(__file__).parents[2] / "data"


def cases(name: str) -> list[Any]:
    rows = [json.loads(line) for line in (DATA / "facts" / name).read_text(encoding="utf-8").splitlines()]
    return [pytest.param(row, id=row["why"]) for row in rows]


def speech(
    text: str, names: Names | None = None, language: str | None = "en"
) -> tuple[tuple[Quote, ...], tuple[Attribution, ...]]:
    opening = read_opening(text, date(2025, 5, 24))
    prose = read_prose(text, find_paragraphs(text, body_start=opening.body_start))
    return find_speech(prose, names or Names(), saturdays(text), language=language)


def saturdays(text: str) -> list[TimeMention]:
    start = text.find("Saturday")
    found = []
    while start >= 0:
        day = date(2025, 5, 24)
        span = Span(text[start : start + 8], start, start + 8)
        found.append(TimeMention(span=span, kind="day", value="2025-05-24", start_on=day, end_on=day, rule="weekday"))
        start = text.find("Saturday", start + 8)
    return found


def surfaces(spans: Sequence[Span]) -> list[str]:
    return [span.surface for span in spans]


@pytest.mark.parametrize("case", cases("quotes.jsonl"))
def test_quotations_have_their_speakers(case: dict[str, Any]) -> None:
    found, _ = speech(case["text"])
    assert [quote.span.surface for quote in found] == [wanted["text"] for wanted in case["quotes"]]
    for quote, wanted in zip(found, case["quotes"], strict=True):
        assert quote.span.holds(case["text"])
        assert quote.speaker == wanted["speaker"]
        assert (quote.verb.surface if quote.verb else None) == wanted["verb"]
        assert quote.medium == wanted.get("medium")
        assert quote.continues == wanted.get("continues")
        assert surfaces(quote.nested) == wanted.get("nested", [])
        assert (quote.day.value if quote.day else None) == wanted.get("day")
        if "mention" in wanted:
            assert quote.mention is not None
            assert quote.mention.surface == wanted["mention"]


@pytest.mark.parametrize("case", cases("attributions.jsonl"))
def test_what_is_said_has_its_source(case: dict[str, Any]) -> None:
    _, found = speech(case["text"])
    assert [one.content.surface for one in found] == [wanted["content"] for wanted in case["attributions"]]
    for one, wanted in zip(found, case["attributions"], strict=True):
        assert one.content.holds(case["text"])
        assert (one.source.surface if one.source else None) == wanted["source"]
        assert one.cue is not None
        assert one.cue.surface == wanted["cue"]
        assert (one.via.surface if one.via else None) == wanted.get("via")
        assert (one.day.value if one.day else None) == wanted.get("day")


def body(text: str, name: str, mention: str, kind: str = "government") -> Organisation:
    start = text.index(mention)
    return Organisation(name=name, type=kind, mentions=(Span(mention, start, start + len(mention)),))


def person(text: str, name: str, role: str | None = None) -> Person:
    start = text.index(name)
    return Person(name=name, role=role, mentions=(Span(name, start, start + len(name)),))


def test_the_and_a_noun_stand_for_the_body_that_has_it_in_its_name() -> None:
    text = 'Aides of the Sea Ministry met. "It was good," the ministry said. "We wait," the budget ministry said.'
    found, _ = speech(text, Names(organisations=(body(text, "Sea Ministry", "Sea Ministry"),)))
    assert [quote.speaker for quote in found] == ["Sea Ministry", None]


def test_the_lender_is_the_only_company_of_the_text() -> None:
    text = 'Brandt Bank has a new chief. "It was time," the lender said.'
    found, _ = speech(text, Names(organisations=(body(text, "Brandt Bank", "Brandt Bank", "company"),)))
    assert [quote.speaker for quote in found] == ["Brandt Bank"]
    two = text.replace("a new chief", "a new owner, Ulm Bank")
    banks = (body(two, "Brandt Bank", "Brandt Bank", "company"), body(two, "Ulm Bank", "Ulm Bank", "company"))
    found, _ = speech(two, Names(organisations=banks))
    assert [quote.speaker for quote in found] == [None]


def test_the_and_an_office_stand_for_the_only_one_who_has_it() -> None:
    text = 'Governor Eva Hahn met Karl Brandt. "It is over," the governor said.'
    found, _ = speech(text, Names(people=(person(text, "Eva Hahn", "Governor"), person(text, "Karl Brandt"))))
    assert [quote.speaker for quote in found] == ["Eva Hahn"]


def test_the_official_is_who_spoke_last_unless_one_without_a_name_is_there() -> None:
    text = 'Karl Brandt said no. "We left," the official added.'
    found, _ = speech(text, Names(people=(person(text, "Karl Brandt"),)))
    assert [quote.speaker for quote in found] == ["Karl Brandt"]
    other = "A senior official said yes. " + text
    found, _ = speech(other, Names(people=(person(other, "Karl Brandt"),)))
    assert [quote.speaker for quote in found] == [None]


def test_he_is_the_subject_of_the_sentence_before_whatever_introduces_it() -> None:
    text = 'Karl Brandt lost. Asked about the title, Emil Hahn laughed. "We win," he said.'
    found, _ = speech(text, Names(people=(person(text, "Karl Brandt"), person(text, "Emil Hahn"))))
    assert [quote.speaker for quote in found] == ["Emil Hahn"]


def test_he_is_who_a_subject_is_explained_by() -> None:
    text = '"It burned," said Karl Brandt. The home\'s director, Emil Hahn, bowed. "We are sorry," he said.'
    found, _ = speech(text, Names(people=(person(text, "Karl Brandt"), person(text, "Emil Hahn"))))
    assert [quote.speaker for quote in found] == ["Karl Brandt", "Emil Hahn"]


def test_a_body_with_what_it_is_speaks_itself() -> None:
    text = "The CGT union said it would strike. The CGT delegate said no. The CGT (C) delegate said no."
    _, found = speech(text, Names(organisations=(body(text, "CGT", "CGT", "ngo"),)))
    assert [one.source_name for one in found] == ["CGT", None, None]


def test_and_within_the_name_of_a_body_parts_no_source() -> None:
    name = "Ministry of Health, Welfare and Sport"
    text = f"Sources in the {name} said it was likely."
    _, found = speech(text, Names(organisations=(body(text, name, name),)))
    assert [one.source.surface for one in found if one.source] == [f"Sources in the {name}"]


def seed() -> tuple[str, dict[str, Any]]:
    text = (DATA / "seed" / "000_23b64bebdaa24c53.txt").read_text(encoding="utf-8")
    return text, json.loads((DATA / "seed" / "gold.json").read_text(encoding="utf-8"))


def seed_names(gold: dict[str, Any]) -> Names:
    def spans(one: dict[str, Any]) -> tuple[Span, ...]:
        return tuple(Span(mention["text"], mention["start"], mention["end"]) for mention in one["mentions"])

    return Names(
        people=tuple(Person(name=one["name"], mentions=spans(one)) for one in gold["actors"]),
        organisations=tuple(
            Organisation(name=one["name"], type=one["type"], mentions=spans(one)) for one in gold["organisations"]
        ),
    )


def test_the_seed_document_has_its_five_quotations() -> None:
    text, gold = seed()
    found, _ = speech(text, seed_names(gold))
    assert len(found) == len(gold["quotes"])
    for quote, wanted in zip(found, gold["quotes"], strict=True):
        assert (quote.span.start, quote.span.end) == (wanted["start"], wanted["end"])
        assert quote.speaker == wanted["speaker"]
        assert quote.mention is not None
        assert (quote.mention.start, quote.mention.end) == (
            wanted["speaker_mention"]["start"],
            wanted["speaker_mention"]["end"],
        )
        assert quote.verb is not None
        assert (quote.verb.start, quote.verb.end) == (wanted["verb"]["start"], wanted["verb"]["end"])
        assert quote.medium == wanted["medium"]
        medium_at = (quote.medium_span.start, quote.medium_span.end) if quote.medium_span else None
        wanted_at = wanted["medium_mention"]
        assert medium_at == ((wanted_at["start"], wanted_at["end"]) if wanted_at else None)
        assert (quote.day.value if quote.day else None) == (wanted["day"]["date"] if wanted["day"] else None)
        assert quote.continues == (int(wanted["continues"][1:]) - 1 if wanted["continues"] else None)
        assert surfaces(quote.nested) == [one["text"] for one in wanted["nested"]]


def test_the_seed_document_has_its_attributions() -> None:
    text, gold = seed()
    _, found = speech(text, seed_names(gold))
    indirect = [one for one in found if not one.rule.startswith("direct")]
    assert len(indirect) == len(gold["attributions"])
    for one, wanted in zip(indirect, gold["attributions"], strict=True):
        assert one.source is not None
        assert one.cue is not None
        assert (one.source.start, one.source.end) == (wanted["source"]["start"], wanted["source"]["end"])
        assert (one.cue.start, one.cue.end) == (wanted["cue"]["start"], wanted["cue"]["end"])
        assert (one.content.start, one.content.end) == (wanted["content"]["start"], wanted["content"]["end"])
        assert (one.via.surface if one.via else None) == (wanted["via"]["text"] if wanted["via"] else None)
        assert (one.day.value if one.day else None) == (wanted["day"]["date"] if wanted["day"] else None)


def test_a_surname_is_resolved_to_the_full_name() -> None:
    text = "Eva Hahn met the press. “It holds,” Hahn said. “It will last,” she added."
    mentions = tuple(Span(word, text.find(word), text.find(word) + len(word)) for word in ("Eva Hahn",))
    second = text.find("Hahn said")
    person = Person(name="Eva Hahn", mentions=(*mentions, Span("Hahn", second, second + 4)))
    found, _ = speech(text, Names(people=(person,)))
    assert [quote.speaker for quote in found] == ["Eva Hahn", "Eva Hahn"]


def people(text: str, *names: str) -> Names:
    """Persons with every mention of their full name."""
    found = []
    for name in names:
        starts = [start for start in range(len(text)) if text.startswith(name, start)]
        found.append(Person(name=name, mentions=tuple(Span(name, start, start + len(name)) for start in starts)))
    return Names(people=tuple(found))


@pytest.mark.parametrize(
    ("text", "speaker"),
    [
        ("“It leaks,” Eva Hahn said.\n\nKarl Brandt left early. He called it “a danger to the town.”", "Karl Brandt"),
        ("“It leaks,” Eva Hahn said.\n\nMr. Karl Brandt left. He called it “a danger to the town.”", "Karl Brandt"),
        ("“It leaks,” Karl Brandt told Mary Hahn. She called it “a danger to the town.”", "Mary Hahn"),
        ("“It leaks,” Karl Brandt told the mayor. She called it “a danger to the town.”", None),
        ("“Mary Hahn knows,” Karl Brandt said. He called it “a danger to the town.”", "Karl Brandt"),
        ("“It leaks,” Karl Brandt said. The report angered Eva Hahn. He called it “a trap for fools.”", "Karl Brandt"),
    ],
)
def test_a_pronoun_is_who_spoke_or_began_a_sentence_last(text: str, speaker: str | None) -> None:
    found, _ = speech(text, people(text, "Eva Hahn", "Karl Brandt", "Mary Hahn"))
    assert found[-1].speaker == speaker


@pytest.mark.parametrize(
    "text",
    [
        "OLD DAM TO BE TORN DOWN “The town will be safe by the end of May.” Karl Brandt lives there.",
        "Transcript as follows:\n\n“We have come to stay,” and more. Karl Brandt lives there.",
    ],
)
def test_a_headline_or_a_document_is_no_name(text: str) -> None:
    found, _ = speech(text, people(text, "Karl Brandt"))
    assert found[0].speaker is None


def test_a_campaign_is_not_the_person_it_is_named_after() -> None:
    text = "The Brandt campaign said it was “ready for the next round.”"
    found, _ = speech(text, people(text, "Brandt"))
    assert found[0].mention is not None
    assert found[0].mention.surface == "The Brandt campaign"
    assert found[0].speaker != "Brandt"


def bodies(text: str, *names: str) -> Names:
    """Media with every mention of their name."""
    return Names(
        organisations=tuple(
            Organisation(name=one.name, type="media", mentions=one.mentions) for one in people(text, *names).people
        )
    )


@pytest.mark.parametrize(
    ("text", "speaker"),
    [
        ("The mayor of Ulm, Eva Hahn, said it was “a matter of honour for us.”", "Eva Hahn"),
        ("“It holds,” said the mayor of Ulm, Eva Hahn.", "Eva Hahn"),
        ("The mayor of Ulm, Karl Brandt Street and all, said it was “a matter of honour for us.”", None),
        ("Eva Hahn and Karl Brandt said it was “a matter of honour for us.”", None),
        ("The author and climber Eva Hahn said it was “a matter of honour for us.”", "Eva Hahn"),
        ("Eva Hahn's claim that “nobody was hurt at all” is disputed.", "Eva Hahn"),
    ],
)
def test_a_speaker_is_who_the_phrase_names_and_nobody_else(text: str, speaker: str | None) -> None:
    found, _ = speech(text, people(text, "Eva Hahn", "Karl Brandt"))
    assert [quote.speaker for quote in found] == [speaker]


@pytest.mark.parametrize("source", ["Israelis", "some Republicans", "Friday"])
def test_a_word_with_a_capital_is_no_name_where_names_were_sought(source: str) -> None:
    text = f"Eva Hahn left. The dam holds, according to {source}."
    start = text.find("Israelis")
    demonyms = (Demonym(span=Span("Israelis", start, start + 8), country_code="IL"),) if start >= 0 else ()
    named = Names(people=people(text, "Eva Hahn").people, demonyms=demonyms)
    _, found = speech(text, named)
    assert [one.source_name for one in found] == [None]


def test_the_chief_of_a_body_is_not_the_body() -> None:
    text = "“Enough is enough,” the Herald chief said. “It holds,” the Herald said."
    found, _ = speech(text, bodies(text, "Herald"))
    assert [quote.speaker for quote in found] == [None, "Herald"]


@pytest.mark.parametrize(
    ("text", "medium"),
    [
        ("“It holds,” Eva Hahn told the Herald on Saturday.", "Herald"),
        ("“It holds,” Eva Hahn told Herald readers in an interview.", "interview"),
        ("“It holds,” Eva Hahn told the mayor.", None),
    ],
)
def test_the_medium_is_the_occasion_or_else_who_was_told(text: str, medium: str | None) -> None:
    found, _ = speech(text, bodies(text, "Herald"))
    assert [quote.medium for quote in found] == [medium]


def test_a_spokesman_is_not_the_one_he_speaks_for() -> None:
    text = "“It holds,” said a spokesman for Eva Hahn."
    start = text.find("Eva")
    person = Person(name="Eva Hahn", mentions=(Span("Eva Hahn", start, start + 8),))
    found, _ = speech(text, Names(people=(person,)))
    assert found[0].speaker is None
    assert found[0].mention is not None
    assert found[0].mention.surface.startswith("a spokesman")


def test_a_text_in_another_language_gets_what_its_marks_say() -> None:
    found, attributions = speech("„Wir sind bereit und warten“, sagte Eva Hahn. „Ja“, sagte er.", language="de")
    assert [(quote.span.surface, quote.speaker) for quote in found] == [("Wir sind bereit und warten", None)]
    assert attributions == ()


def test_an_empty_text_says_nothing() -> None:
    assert speech("") == ((), ())


@pytest.mark.parametrize(
    "piece",
    [
        '"',
        '"a ',
        "'a ",
        "“",
        "he said, ",
        "according to Ann, ",
        "a, ",
        '"a.\n',
        "Ann's claim that ",
        "(",
        '"a b c" per the a ',
        'led Ann to say "a b" ',
        '"x." came from ',
        "6'2\" ",
        "by ",
        "Ann quoted Bo as saying ",
        'Ann quoted Bo: "a" ',
        "Ann said, citing Bo, ",
        'the post added "a b c". ',
        '" a ',
    ],
)
def test_the_work_is_in_proportion_to_the_text(piece: str) -> None:
    """Sixty kilobytes of a sign that opens, joins or announces something are read without a search in each."""
    quotes, attributions = speech(piece * (60_000 // len(piece)))
    assert len(quotes) + len(attributions) < 60_000
