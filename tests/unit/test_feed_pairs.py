"""Every document in tests/data/feeds, and beside it in JSON what its messages must say.

A behaviour or a bug arrives as a pair `what_it_shows.xml` and `what_it_shows.json`, and needs no code. The JSON lists
the entries in the order of the document, each with the fields that matter; paragraphs and lead stand as their text.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests import schema
from tests.fakes import settled
from worker.model.feed import Feed
from worker.model.fetch import Response
from worker.pipeline import Limits, first_state, process

FOLDER = Path(__file__).parents[1] / "data" / "feeds"
DOCUMENTS = sorted(path for path in FOLDER.iterdir() if path.suffix != ".json")
NOW = datetime(2025, 5, 25, 9, tzinfo=UTC)
FEED = Feed(
    id="pairs",
    url="https://news.example/feeds/world",
    shard_key="news.example",
    interval_seconds=600,
    min_interval_seconds=60,
    max_interval_seconds=86_400,
)


def shown(message: dict[str, Any]) -> dict[str, Any]:
    """The message with spans as their text alone; the schema helper has checked where they stand."""
    return message | {
        "lead": message["lead"] and message["lead"]["text"],
        "paragraphs": [paragraph["text"] for paragraph in message["paragraphs"]],
    }


def part_of(actual: object, expected: object) -> object:
    """As much of `actual` as `expected` speaks of."""
    if isinstance(actual, dict) and isinstance(expected, dict):
        return {name: part_of(actual.get(name, "no such field"), value) for name, value in expected.items()}
    return actual


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_the_messages_of_a_document_say_what_is_expected_of_them(document: Path) -> None:
    expected = json.loads(document.with_suffix(".json").read_bytes())
    response = Response(
        url=FEED.url,
        status=200,
        headers={"content-type": "application/xml"},
        body=document.read_bytes(),
        retrieved_at=NOW,
    )
    limits = Limits(max_body_bytes=100_000, max_event_bytes=100_000)
    batch = settled(process(FEED, first_state(FEED), response, now=NOW, limits=limits))
    messages = [orjson.loads(event.value) for event in reversed(batch.events)]
    for message in messages:
        schema.validate(message)
    assert batch.report.rejected == 0
    assert len(messages) == len(expected)
    assert [part_of(shown(message), fields) for message, fields in zip(messages, expected, strict=True)] == expected


def test_documents_and_expectations_come_in_pairs() -> None:
    assert DOCUMENTS
    assert {path.stem for path in FOLDER.glob("*.json")} == {path.stem for path in DOCUMENTS}
