"""Messages that would be too large: worker.pipeline.fitting and the Composer that uses it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings, strategies as st

from tests import schema
from worker.model.article import Draft, Identity
from worker.model.entry import Media
from worker.model.errors import Invalid
from worker.model.feed import Feed
from worker.model.message import from_json
from worker.pipeline.compose import Composer
from worker.pipeline.fitting import shortened
from worker.steps.encode import with_also_in
from worker.steps.fingerprint import fingerprint

SEED = (Path(__file__).parents[1] / "data" / "seed" / "000_23b64bebdaa24c53.txt").read_text(encoding="utf-8")
FEED = Feed(
    id="world",
    url="https://wire.example/feed",
    shard_key="wire.example",
    interval_seconds=None,
    min_interval_seconds=60,
    max_interval_seconds=600,
)
IDENTITY = Identity(article_id="0" * 32, revision=1, change="published", changed=())
DRAFT = Draft(
    guid="1",
    url=None,
    canonical_url=None,
    headline="Defenders return home",
    byline=None,
    section=None,
    tags=(),
    media=(),
    language="en",
    text="",
    published_at=None,
    updated_at=None,
)


def composer(max_bytes: int) -> Composer:
    return Composer(
        feed=FEED,
        feed_title="World",
        retrieved_at=datetime(2025, 5, 25, tzinfo=UTC),
        raw_sha256="0" * 64,
        max_event_bytes=max_bytes,
    )


def value_of(text: str, max_bytes: int) -> bytes:
    return composer(max_bytes).event(replace(DRAFT, text=text), IDENTITY, "feed", kept=None).value


def said_of(text: str, max_bytes: int) -> dict[str, Any]:
    """The message, valid and small enough."""
    value = value_of(text, max_bytes)
    assert len(value) <= max_bytes
    message: dict[str, Any] = json.loads(value)
    schema.validate(message)
    check_references(message)
    assert text.startswith(message["text"])
    assert message["extraction"]["truncated"] is (message["text"] != text)
    return message


def check_references(message: dict[str, Any]) -> None:
    """Every index leads to a fact that is there, of its own kind."""
    figures, quotes = len(message["figures"]), len(message["quotes"])
    for total in message["sums"]:
        assert {total["total"], *total["parts"]} <= set(range(figures))
        value = message["figures"][total["total"]]["value"]
        assert value == sum(message["figures"][part]["value"] for part in total["parts"])
    for at, quote in enumerate(message["quotes"]):
        assert quote["continues"] is None or 0 <= quote["continues"] < at < quotes
        for inner in quote["nested"]:
            assert quote["start"] <= inner["start"] <= inner["end"] <= quote["end"]
    for figure in message["figures"]:
        assert figure["refers_to"] is None or figure["refers_to"] in range(figures)
    for event in message["events"]:
        assert set(event["figures"]) <= set(range(figures))


def test_a_message_that_fits_is_left_alone() -> None:
    message = said_of(SEED, 1_000_000)
    assert message["text"] == SEED
    assert message["extraction"] == {"rules": "3", "warnings": [], "truncated": False}
    size = len(value_of(SEED, 1_000_000))
    assert value_of(SEED, size) == value_of(SEED, 1_000_000)


def test_a_message_that_is_one_byte_too_large_loses_a_paragraph_and_says_so() -> None:
    message = said_of(SEED, len(value_of(SEED, 1_000_000)) - 1)
    whole = [paragraph["text"] for paragraph in said_of(SEED, 1_000_000)["paragraphs"]]
    kept = [paragraph["text"] for paragraph in message["paragraphs"]]
    assert kept == whole[: len(kept)]
    assert len(whole) // 2 < len(kept) < len(whole)
    [warning] = message["extraction"]["warnings"]
    assert warning.startswith(f"text: {len(message['text'])} of {len(SEED)} characters")


def test_what_is_left_is_what_a_shorter_article_would_have_given() -> None:
    cut = said_of(SEED, 18_000)
    alone = said_of(cut["text"], 1_000_000)
    for field in alone.keys() - {"fingerprint", "extraction"}:
        assert cut[field] == alone[field], field
    assert len(cut["paragraphs"]) == 7
    assert (len(cut["figures"]), len(said_of(SEED, 1_000_000)["figures"])) == (14, 16)
    # 307 come home on the second day, 270 and 120 on the first.
    assert cut["sums"] == [{"total": 1, "parts": [0, 11, 12]}]
    assert [quote["continues"] for quote in cut["quotes"]] == [None, 0]
    assert [event["type"] for event in cut["events"]] == ["prisoner_exchange"]


def test_the_fingerprint_is_that_of_the_whole_text() -> None:
    assert said_of(SEED, 15_000)["fingerprint"] == list(fingerprint(SEED) or ())


def test_a_message_with_much_to_say_fills_most_of_what_it_may() -> None:
    story = "\n\n".join([SEED] * 60)
    value = value_of(story, 300_000)
    assert len(value) >= 0.7 * 300_000
    assert value == value_of(story, 300_000)


@pytest.mark.parametrize("first", [True, False])
def test_facts_that_stand_in_one_half_only_are_no_obstacle(first: bool) -> None:  # noqa: FBT001 - a parameter
    plain = "\n\n".join(["The river runs and the wind blows over the fields as it has always done."] * 2_000)
    dense = "\n\n".join([SEED] * 30)
    message = said_of("\n\n".join((dense, plain) if first else (plain, dense)), 200_000)
    assert len(json.dumps(message)) > 100_000


def test_one_giant_paragraph_is_cut_behind_a_sentence() -> None:
    text = "The ferry sails at six. " * 20_000 + "The end."
    message = said_of(text, 100_000)
    [paragraph] = message["paragraphs"]
    assert message["lead"] == paragraph
    assert paragraph["text"].endswith("sails at six.")


def test_one_without_sentences_is_cut_behind_a_word_and_one_without_words_anywhere() -> None:
    assert said_of("word " * 20_000 + "end", 20_000)["text"].endswith("word")
    assert set(said_of("x" * 100_000, 20_000)["text"]) == {"x"}


@pytest.mark.parametrize("piece", ["\U0001f468\u200d\U0001f469", "\u6c49", "\u00e9", '"', "\\", "\x01"])
def test_text_of_many_bytes_to_a_character_is_cut_between_characters(piece: str) -> None:
    assert 500 < len(said_of(piece * 50_000, 20_000)["text"].encode()) < 20_000
    mixed = said_of(f"{piece * 40}\n\n" * 400, 20_000)
    assert len(mixed["paragraphs"]) > 5
    assert {paragraph["text"] for paragraph in mixed["paragraphs"]} <= {piece * 40}


def test_a_header_line_and_a_dateline_are_not_all_that_is_kept() -> None:
    text = "date 2025-05-24\n\nKyiv [Ukraine], May 24 : " + "The ferry sails at six. " * 5_000
    message = said_of(text, 20_000)
    assert message["dateline"]["city"] == "Kyiv"
    assert message["date"] == "2025-05-24"
    assert len(message["lead"]["text"]) > 1_000


def test_a_message_that_is_too_large_without_any_text_names_the_field() -> None:
    draft = replace(DRAFT, text=SEED, tags=tuple(f"tag {number}" for number in range(2_000)))
    with pytest.raises(Invalid, match=r"bytes without any text, the limit is 10000") as caught:
        composer(10_000).event(draft, IDENTITY, "feed", kept=None)
    assert (caught.value.field, caught.value.rule) == ("tags", "max_event_bytes")


PARAGRAPHS = SEED.split("\n\n")


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.sampled_from([*PARAGRAPHS, "x" * 700, "\u6c49\u5b57\u3002" * 300, "\U0001f600 " * 50]), max_size=40),
    st.integers(2_500, 60_000),
)
@example(PARAGRAPHS, 2_500)
@example([*PARAGRAPHS, *PARAGRAPHS], 30_000)
def test_whatever_the_limit_the_message_is_valid_and_within_it(paragraphs: list[str], max_bytes: int) -> None:
    text = "\n\n".join(paragraphs)
    message = said_of(text, max_bytes)
    assert said_of(text, max_bytes) == message
    kept = [paragraph["text"] for paragraph in message["paragraphs"]]
    whole = [paragraph["text"] for paragraph in said_of(text, 10_000_000)["paragraphs"]]
    if len(kept) > 1:
        assert kept == whole[: len(kept)]
    assert from_json(json.dumps(message)).extraction.truncated is message["extraction"]["truncated"]


@given(st.text(alphabet=st.sampled_from("ab .\n\u6c49\U0001f600"), max_size=60), st.integers(0, 80))
def test_what_is_kept_is_a_beginning_that_fits(text: str, max_bytes: int) -> None:
    kept = shortened(text, max_bytes, body_start=0)
    assert text.startswith(kept)
    assert kept == text or len(kept.encode()) <= max_bytes


def test_the_other_feeds_are_named_as_far_as_there_is_room() -> None:
    event = composer(1_000_000).event(replace(DRAFT, text="Short."), IDENTITY, "feed", kept=None)
    others = [f"feed-{number}" for number in range(10, 60)]
    assert json.loads(with_also_in(event, others, max_bytes=1_000_000).value)["source"]["also_in"] == others
    limit = len(event.value) + 35
    completed = with_also_in(event, others, max_bytes=limit)
    assert len(completed.value) <= limit
    assert json.loads(completed.value)["source"]["also_in"] == ["feed-10", "feed-11", "feed-12"]


def test_an_address_of_megabytes_is_refused_before_a_message_is_made_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What writes JSON takes eight times as much memory as a text has characters, and crashes when there is no more."""
    made: list[object] = []
    monkeypatch.setattr("worker.steps.encode.encode_article", lambda *_, **__: made.append(1))
    draft = replace(DRAFT, text=SEED, media=(Media(url="https://a.example/" + "a" * 2_000_000),))
    with pytest.raises(Invalid, match=r"more than 200\d{4} bytes without any text, the limit is 1000000") as caught:
        composer(1_000_000).event(draft, IDENTITY, "feed", kept=None)
    assert (caught.value.field, caught.value.rule, made) == ("media", "max_event_bytes", [])
