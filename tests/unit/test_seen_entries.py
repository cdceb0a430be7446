"""Entries of a state, packed."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from worker.model.article import REVISED_BY
from worker.model.entries import SeenEntries, articles_of, number_of
from worker.model.feed import SeenEntry

FIELDS = tuple((name, f"{number:016x}") for number, name in enumerate(REVISED_BY))
PUBLISHED = SeenEntry(key="a" * 16, article_id="b" * 32, revision=3, entry_hash="c" * 16, fields=FIELDS, place="d" * 16)
CARRIED = SeenEntry(key="1" * 16, article_id="2" * 32, revision=0, entry_hash="3" * 16, fields=FIELDS, place="")
REJECTED = SeenEntry(key="4" * 16, article_id="5" * 32, revision=0, entry_hash="6" * 16, fields=())
WITHDRAWN = SeenEntry(
    key="7" * 16,
    article_id="8" * 32,
    revision=2,
    entry_hash="9" * 16,
    fields=(),
    place="0" * 16,
    left_at=datetime(2026, 3, 1, tzinfo=UTC),
    page_url="https://wire.example/é",
    checked_at=datetime(2026, 3, 1, 0, 0, 0, 7, tzinfo=UTC),
)
ALL = (PUBLISHED, CARRIED, REJECTED, WITHDRAWN)


def test_packed_entries_come_out_as_they_went_in() -> None:
    packed = SeenEntries.of(ALL)
    assert tuple(packed) == ALL
    assert packed == ALL
    assert (len(packed), packed[1], packed[2:]) == (4, CARRIED, (REJECTED, WITHDRAWN))
    assert SeenEntries.of(packed) is packed


def test_a_rejected_entry_has_no_article_and_a_carried_one_was_published_elsewhere() -> None:
    assert SeenEntries.of(ALL).articles() == ([number_of("b" * 32), number_of("8" * 32)], [number_of("2" * 32)])


def test_articles_of_entries_that_are_all_alike_are_the_same_as_one_by_one() -> None:
    alike = [
        replace(PUBLISHED, article_id=f"{number:032x}", revision=revision)
        for number, revision in ((2**127 + 5, 1), (7, 0), (2**64, 12), (0, 1))
    ]
    assert SeenEntries.of(alike).articles() == ([2**127 + 5, 2**64, 0], [7])
    assert SeenEntries.of(alike[:1]).articles() == ([2**127 + 5], ())
    assert SeenEntries.of((*alike, REJECTED)).articles() == ([2**127 + 5, 2**64, 0], [7])


@pytest.mark.parametrize("wrong", ["+" + "A" * 95 + "!", "0" + "A" * 96, "+é" + "A" * 95, "+" + "A" * 95 + "=", 97])
def test_one_row_that_is_none_among_rows_that_are_alike_is_an_error(wrong: object) -> None:
    good = ["+" + "A" * 96, 1]
    assert articles_of([good, good]) == ([0, 0], ())
    with pytest.raises((ValueError, TypeError)):
        articles_of([good, [wrong, 1], good])


def test_an_ordinary_entry_takes_about_a_hundred_bytes_on_its_way_and_in_memory() -> None:
    packed = SeenEntries.of((PUBLISHED,) * 100)
    assert len(packed.rows) < 105 * 100
    assert len(pickle.dumps(packed)) < 105 * 100 + 200
