from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings, strategies as st

from worker.steps.facts.paragraphs import find_paragraphs


def found(text: str, *, body_start: int = 0) -> list[tuple[int, int, str]]:
    return [(span.start, span.end, span.surface) for span in find_paragraphs(text, body_start=body_start)]


def test_blank_lines_part_paragraphs() -> None:
    assert found("One.\n\nTwo two.\n\nThree.") == [(0, 4, "One."), (6, 14, "Two two."), (16, 22, "Three.")]


def test_the_story_begins_where_the_dateline_ends() -> None:
    text = "KYIV, May 24 - They came.\n\nThey went."
    assert found(text, body_start=15) == [(15, 25, "They came."), (27, 37, "They went.")]


def test_what_stands_above_the_dateline_is_no_paragraph() -> None:
    assert found("A headline\n\nKYIV - They came.", body_start=19) == [(19, 29, "They came.")]


def test_white_space_at_the_ends_of_a_paragraph_does_not_belong_to_it() -> None:
    assert found("  One. \n\n\tTwo.\u00a0") == [(2, 6, "One."), (10, 14, "Two.")]


def test_more_than_one_blank_line_parts_once() -> None:
    assert found("One.\n\n\n\n\nTwo.") == [(0, 4, "One."), (9, 13, "Two.")]


def test_a_single_line_break_parts_nothing() -> None:
    assert found("One\nline.") == [(0, 9, "One\nline.")]


@pytest.mark.parametrize(("text", "body_start"), [("", 0), (" \n\n \n", 0), ("KYIV -", 6), ("KYIV -  ", 7)])
def test_a_text_without_a_story_has_no_paragraphs(text: str, body_start: int) -> None:
    assert found(text, body_start=body_start) == []


def test_offsets_count_code_points() -> None:
    assert found("🚒 née\n\nzwei") == [(0, 5, "🚒 née"), (7, 11, "zwei")]


@settings(deadline=None)
@given(st.text(st.sampled_from("a é\n\t🚒"), max_size=40), st.integers(0, 45))
def test_paragraphs_hold_every_word_of_the_story_once_and_in_order(text: str, body_start: int) -> None:
    spans = find_paragraphs(text, body_start=body_start)
    assert all(span.holds(text) and span.surface == span.surface.strip() != "" for span in spans)
    assert all(one.end < other.start for one, other in itertools.pairwise(spans))
    assert (
        "".join(span.surface for span in spans).split()
        == "".join(block.strip() for block in text[body_start:].split("\n\n")).split()
    )
