"""Caches of what strangers wrote."""

from __future__ import annotations

import sys

from worker.model.caching import LONGEST_CHARS, Kept, cached_if_short, kept
from worker.steps.language import clues, ngrams


def test_a_result_is_kept_and_that_of_a_long_text_is_not() -> None:
    asked: list[str | None] = []

    @cached_if_short(10)
    def length(text: str | None) -> int:
        asked.append(text)
        return len(text or "")

    longest, longer = "a" * LONGEST_CHARS, "a" * (LONGEST_CHARS + 1)
    assert [length(text) for text in (longest, longest, longer, longer, None, None)] == [2000, 2000, 2001, 2001, 0, 0]
    assert asked == [longest, longer, longer, None]


def test_what_was_asked_for_last_is_kept_whatever_else_is_asked() -> None:
    asked: list[str] = []

    @kept(4)
    def length(text: str) -> int:
        asked.append(text)
        return len(text)

    for text in ("a", "bb", "ccc", "a", "ccc", "dddd", "a", "eeeee", "a"):
        assert length(text) == len(text)
    assert asked == ["a", "bb", "ccc", "dddd", "eeeee"]
    longest, longer = "a" * LONGEST_CHARS, "a" * (LONGEST_CHARS + 1)
    assert [length(text) for text in (longest, longest, longer, longer)] == [2000, 2000, 2001, 2001]
    assert asked[5:] == [longest, longer, longer]


def test_of_a_hostile_word_nothing_stays_in_memory() -> None:
    word = "".join(["qzx"] * LONGEST_CHARS)
    before = sys.getrefcount(word)
    ngrams.scores("latin", (word,))
    clues._by_words("latin", {word})
    assert sys.getrefcount(word) == before


def test_of_what_is_looked_up_the_last_answers_are_kept() -> None:
    asked: list[str] = []

    def length(text: str) -> int:
        asked.append(text)
        return len(text)

    lengths = Kept(length, 4, longest_chars=3)
    assert [lengths[text] for text in ("a", "bb", "a", "ccc", "a")] == [1, 2, 1, 3, 1]
    assert asked == ["a", "bb", "ccc"]
    # "a" was asked for again, "bb" was not when two others came.
    assert [lengths[text] for text in ("d", "a", "bb")] == [1, 1, 2]
    assert asked == ["a", "bb", "ccc", "d", "bb"]


def test_what_is_looked_up_of_a_long_text_is_not_kept() -> None:
    lengths = Kept(len, 4, longest_chars=3)
    assert lengths["dddd"] == 4
    assert not lengths
