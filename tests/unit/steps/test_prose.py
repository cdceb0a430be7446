"""A text taken apart into sentences and words."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from tests.hang import must_end
from worker.model.facts import Span
from worker.steps.facts.paragraphs import find_paragraphs
from worker.steps.facts.prose import Prose, read_prose


def prose_of(text: str) -> Prose:
    return read_prose(text, find_paragraphs(text, body_start=0))


def words_of(text: str) -> list[str]:
    return [text[start:end] for start, end in prose_of(text).words]


def sentences_of(text: str) -> list[str]:
    return [text[start:end] for start, end in prose_of(text).sentences]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("He said, on May 3.", ["He", "said", ",", "on", "May", "3", "."]),
        ("Kim's U.S. trip to Saint-Denis", ["Kim's", "U.S.", "trip", "to", "Saint-Denis"]),
        ("1,250.5 km at 10:30", ["1,250.5", "km", "at", "10:30"]),
        ("the end.\nNext  line", ["the", "end", ".", "Next", "line"]),
        ("\u201cZ\u00fcrich\u2019s\u201d\u00a0Caf\u00e9", ["\u201c", "Z\u00fcrich\u2019s", "\u201d", "Caf\u00e9"]),
        ("AT&T 20th 5G", ["AT&T", "20", "th", "5", "G"]),
    ],
)
def test_words_are_letters_with_what_joins_them_numbers_and_single_signs(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@given(st.text(alphabet="aB9.,'-\u2019&\u00e9\u4e2d \n\t\u00a0\u2028", max_size=60))
def test_the_words_of_a_text_are_all_of_it_but_white_space(text: str) -> None:
    words = words_of(text)
    assert "".join(words) == "".join(text.split())
    assert not any(word == "" or word != "".join(word.split()) for word in words)


@given(st.text(alphabet="aB9.,'-\u2019&\u00e9\u0130\u03a3 \n\t", max_size=60))
def test_words_come_as_written_and_in_lower_case_as_well(text: str) -> None:
    prose = prose_of(text)
    assert list(prose.written) == words_of(text)
    assert list(prose.lowered) == [word.lower() for word in prose.written]


@given(
    st.lists(st.sampled_from(["He ", "U.S. ", "5 ", "said. ", "\u201cGo!\u201d ", "  ", "\n\n", "No. "]), max_size=12)
)
def test_each_sentence_begins_with_its_first_word(parts: list[str]) -> None:
    prose = prose_of("".join(parts))
    assert len(prose.firsts) == len(prose.sentences)
    for (start, end), first, following in zip(
        prose.sentences, prose.firsts, (*prose.firsts[1:], len(prose.words)), strict=False
    ):
        own = [word for word in prose.words if start <= word[0] < end]
        assert own == list(prose.words[first:following])


@pytest.mark.parametrize("hostile", [".", ")", ".)", "('", "a'", "a.b"])
def test_a_run_of_signs_costs_no_more_than_words_do(hostile: str) -> None:
    text = f"x {hostile * 200_000}a. B"
    with must_end():
        prose = prose_of(text)
    assert (prose.sentences[0][0], prose.sentences[-1][1]) == (0, len(text))


def test_a_paragraph_that_begins_with_white_space_has_its_words_where_they_stand() -> None:
    text = "  a bc"
    assert read_prose(text, [Span.of(text, 0, 6)]).words == ((2, 3), (4, 6))


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One came. Two left.", ["One came.", "Two left."]),
        ("It was made by J. Doe and Gen. Roe. They left.", ["It was made by J. Doe and Gen. Roe.", "They left."]),
        ("He lives in the U.S. He works.", ["He lives in the U.S.", "He works."]),
        ("The U.S. President came.", ["The U.S. President came."]),
        ("\u201cGo!\u201d she said. \u201cNow.\u201d", ["\u201cGo!\u201d she said.", "\u201cNow.\u201d"]),
        ("No. 5 was late. No. Nobody came.", ["No. 5 was late.", "No.", "Nobody came."]),
        (
            "Each got Rs. 500 or Tk. 40. All had Rs. They left.",
            ["Each got Rs. 500 or Tk. 40.", "All had Rs.", "They left."],
        ),
        ("It is flat no. 12. He said no. They left.", ["It is flat no. 12.", "He said no.", "They left."]),
    ],
)
def test_a_sentence_ends_at_its_stop_and_at_no_abbreviation(text: str, sentences: list[str]) -> None:
    assert sentences_of(text) == sentences
