from __future__ import annotations

from base64 import b64encode
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import orjson
import pytest
from hypothesis import given, settings, strategies as st

from tests import schema
from worker.model.article import REVISED_BY, Article, Identity, Instant, Source
from worker.model.entry import Location, Media, Unreadable
from worker.model.facts import (
    Attribution,
    Dateline,
    Facts,
    Figure,
    Names,
    NewsEvent,
    Organisation,
    Person,
    Place,
    Quote,
    Span,
    Sum,
    TimeMention,
)
from worker.model.feed import FeedState, SeenEntry
from worker.steps.encode import SCHEMA, decode_state, encode_article, encode_state, encode_unreadable

if TYPE_CHECKING:
    from worker.model.event import DeadLetter

NOW = datetime(2025, 5, 24, 18, 20, 30, 250_000, tzinfo=UTC)
EEST = timezone(timedelta(hours=3))
TEXT = "KYIV, May 24 - They came.\n\nThey went."
ID = "0123456789abcdef" * 2
DAY = TimeMention(
    span=Span.of(TEXT, 6, 12),
    kind="day",
    value="2025-05-24",
    start_on=date(2025, 5, 24),
    end_on=date(2025, 5, 24),
    rule="dateline",
    anchor=date(2025, 5, 24),
)
THEY = Span.of(TEXT, 15, 19)
FACTS = Facts(
    names=Names(
        people=(
            Person(
                name="They",
                role="guests",
                role_span=THEY,
                organisation="Club",
                country="Ukraine",
                country_code="UA",
                mentions=(THEY, Span.of(TEXT, 27, 31)),
            ),
        ),
        organisations=(Organisation(name="AP", type="media", country_code="US", mentions=(THEY,)),),
        places=(
            Place(
                name="Kyiv",
                kind="city",
                country_code="UA",
                latitude=50.45,
                longitude=30.5,
                geonames_id=703448,
                aliases=("KYIV",),
                mentions=(Span.of(TEXT, 0, 4),),
            ),
        ),
    ),
    times=(DAY,),
    figures=(
        Figure(span=THEY, values=(2.0,), kind="count", noun=THEY, per="each", rule="digits"),
        Figure(
            span=Span.of(TEXT, 27, 31),
            values=(1.5, 3.0),
            kind="anaphoric",
            unit="EUR",
            approximate=True,
            bound="more_than",
            refers_to=15,
            rule="same",
        ),
    ),
    sums=(Sum(total=1, parts=(0, 0)),),
    quotes=(
        Quote(
            span=Span.of(TEXT, 27, 36),
            kind="direct",
            speaker="They",
            mention=THEY,
            verb=Span.of(TEXT, 20, 24),
            medium="X",
            medium_span=THEY,
            day=DAY,
            continues=0,
            nested=(Span.of(TEXT, 27, 31),),
            rule="before",
        ),
    ),
    attributions=(
        Attribution(
            source=THEY,
            source_name="They",
            cue=Span.of(TEXT, 20, 24),
            content=Span.of(TEXT, 27, 36),
            via=THEY,
            rule="said",
        ),
    ),
    events=(
        NewsEvent(
            type="visit",
            family="diplomacy",
            categories=("CONSULT",),
            trigger=Span.of(TEXT, 20, 24),
            status="occurred",
            parties=("They",),
            places=("Kyiv",),
            start_on=date(2025, 5, 24),
            figures=(0,),
            evidence=(Span.of(TEXT, 15, 25),),
            rule="came",
        ),
    ),
)
ARTICLE = Article(
    identity=Identity(article_id=ID, revision=2, change="revised", changed=("text",)),
    source=Source(
        feed_id="world-wire",
        feed_title="World Wire",
        publisher="Wire Ltd",
        guid="urn:story:1",
        url="https://wire.example/1?utm_source=rss",
        canonical_url="https://wire.example/1",
        retrieved_at=NOW,
        content_from="feed",
        raw_sha256="a" * 64,
    ),
    date=date(2025, 5, 24),
    published_at=Instant(
        at=datetime(2025, 5, 24, 21, 14, tzinfo=EEST), origin="published", surface="Sat, 24 May 2025 21:14:00 +0300"
    ),
    updated_at=Instant(at=NOW, origin="updated", surface="2025-05-24T18:20:30.25Z", precision="minute"),
    language="en-GB",
    headline="Théy came 🚒",
    byline="Jane Doe",
    section="World",
    tags=("World",),
    media=(Media(url="https://wire.example/1.jpg", type="image/jpeg", length_bytes=12),),
    location=Location(latitude=50.45, longitude=30.5),
    text=TEXT,
    fingerprint=(7, 12, -3),
    dateline=Dateline(
        span=Span.of(TEXT, 0, 14),
        city="KYIV",
        country="Ukraine",
        country_code="UA",
        date=date(2025, 5, 24),
    ),
    paragraphs=(Span.of(TEXT, 15, 25), Span.of(TEXT, 27, 37)),
    facts=FACTS,
    warnings=("document: odd",),
    rules="1",
)


def test_a_message_says_all_that_is_known_of_the_article() -> None:
    message = orjson.loads(encode_article(ARTICLE).value)
    schema.validate(message)
    assert message == {
        "id": ID,
        "revision": 2,
        "change": "revised",
        "changed": ["text"],
        "source": {
            "feed_id": "world-wire",
            "feed_title": "World Wire",
            "publisher": "Wire Ltd",
            "guid": "urn:story:1",
            "url": "https://wire.example/1?utm_source=rss",
            "canonical_url": "https://wire.example/1",
            "retrieved_at": "2025-05-24T18:20:30.250000Z",
            "content_from": "feed",
            "also_in": [],
            "raw_sha256": "a" * 64,
        },
        "language": "en-GB",
        "date": "2025-05-24",
        "published_at": {
            "at": "2025-05-24T21:14:00+03:00",
            "origin": "published",
            "precision": "second",
            "surface": "Sat, 24 May 2025 21:14:00 +0300",
        },
        "updated_at": {
            "at": "2025-05-24T18:20:30.250000Z",
            "origin": "updated",
            "precision": "minute",
            "surface": "2025-05-24T18:20:30.25Z",
        },
        "headline": "Théy came 🚒",
        "byline": "Jane Doe",
        "section": "World",
        "tags": ["World"],
        "media": [{"url": "https://wire.example/1.jpg", "type": "image/jpeg", "length_bytes": 12}],
        "location": {"lat": 50.45, "lon": 30.5},
        "dateline": {
            "text": "KYIV, May 24 -",
            "start": 0,
            "end": 14,
            "city": "KYIV",
            "region": None,
            "country": "Ukraine",
            "country_code": "UA",
            "date": "2025-05-24",
            "agency": None,
        },
        "lead": {"text": "They came.", "start": 15, "end": 25},
        "paragraphs": [
            {"text": "They came.", "start": 15, "end": 25},
            {"text": "They went.", "start": 27, "end": 37},
        ],
        "text": TEXT,
        "fingerprint": [7, 12, -3],
        "quotes": [
            {
                "text": "They went",
                "start": 27,
                "end": 36,
                "kind": "direct",
                "speaker": "They",
                "speaker_mention": {"text": "They", "start": 15, "end": 19},
                "verb": {"text": "came", "start": 20, "end": 24},
                "medium": "X",
                "medium_mention": {"text": "They", "start": 15, "end": 19},
                "day": {"text": "May 24", "start": 6, "end": 12, "date": "2025-05-24"},
                "continued": True,
                "continues": 0,
                "nested": [{"text": "They", "start": 27, "end": 31}],
                "rule": "before",
            }
        ],
        "attributions": [
            {
                "source": {"text": "They", "start": 15, "end": 19},
                "source_resolved": "They",
                "cue": {"text": "came", "start": 20, "end": 24},
                "content": {"text": "They went", "start": 27, "end": 36},
                "via": {"text": "They", "start": 15, "end": 19},
                "day": None,
                "rule": "said",
            }
        ],
        "figures": [
            {
                "text": "They",
                "start": 15,
                "end": 19,
                "kind": "count",
                "value": 2,
                "values": [2],
                "noun": "They",
                "noun_mention": {"text": "They", "start": 15, "end": 19},
                "unit": None,
                "approx": False,
                "bound": None,
                "per": "each",
                "refers_to": None,
                "rule": "digits",
            },
            {
                "text": "They",
                "start": 27,
                "end": 31,
                "kind": "anaphoric",
                "value": None,
                "values": [1.5, 3],
                "noun": None,
                "noun_mention": None,
                "unit": "EUR",
                "approx": True,
                "bound": "more_than",
                "per": None,
                "refers_to": 0,
                "rule": "same",
            },
        ],
        "sums": [{"total": 1, "parts": [0, 0]}],
        "actors": [
            {
                "name": "They",
                "role": "guests",
                "role_mention": {"text": "They", "start": 15, "end": 19},
                "organisation": "Club",
                "country": "Ukraine",
                "country_code": "UA",
                "mentions": [{"text": "They", "start": 15, "end": 19}, {"text": "They", "start": 27, "end": 31}],
            }
        ],
        "organisations": [
            {
                "name": "AP",
                "type": "media",
                "country_code": "US",
                "mentions": [{"text": "They", "start": 15, "end": 19}],
            }
        ],
        "places": [
            {
                "name": "Kyiv",
                "kind": "city",
                "country_code": "UA",
                "lat": 50.45,
                "lon": 30.5,
                "geonames_id": 703448,
                "aliases": ["KYIV"],
                "mentions": [{"text": "KYIV", "start": 0, "end": 4}],
            }
        ],
        "dates": [
            {
                "text": "May 24",
                "start": 6,
                "end": 12,
                "kind": "day",
                "date": "2025-05-24",
                "from": "2025-05-24",
                "to": "2025-05-24",
                "rule": "dateline",
                "anchor": "2025-05-24",
            }
        ],
        "events": [
            {
                "type": "visit",
                "family": "diplomacy",
                "plover": ["CONSULT"],
                "status": "occurred",
                "trigger": {"text": "came", "start": 20, "end": 24},
                "parties": ["They"],
                "places": ["Kyiv"],
                "date": "2025-05-24",
                "until": None,
                "figures": [0],
                "evidence": [{"text": "They came.", "start": 15, "end": 25}],
                "rule": "came",
            }
        ],
        "extraction": {"rules": "1", "warnings": ["document: odd"], "truncated": False},
    }


def test_the_fields_stand_in_the_order_of_the_schema() -> None:
    message = orjson.loads(encode_article(ARTICLE).value)
    properties = schema.document()["properties"]
    assert list(message) == list(properties)
    assert list(message["source"]) == list(properties["source"]["properties"])
    assert list(message["dateline"]) == list(properties["dateline"]["properties"])


def test_what_an_article_does_not_have_is_null_or_empty() -> None:
    bare = replace(
        ARTICLE,
        identity=Identity(article_id=ID, revision=1, change="published", changed=()),
        source=replace(ARTICLE.source, feed_title=None, publisher=None, guid=None, url=None, canonical_url=None),
        date=None,
        published_at=None,
        updated_at=None,
        language=None,
        headline=None,
        byline=None,
        section=None,
        dateline=None,
        tags=(),
        media=(),
        paragraphs=(),
        warnings=(),
        text="",
        facts=Facts(),
    )
    event = encode_article(bare)
    message = orjson.loads(event.value)
    schema.validate(message)
    assert event.published_at is None
    assert [name for name, _ in event.headers][-2:] == ["content-type", "ce_feedid"]
    assert message["lead"] is message["dateline"] is message["date"] is None
    assert message["paragraphs"] == []


def test_headers_are_those_of_cloudevents_1_0_in_binary_mode() -> None:
    assert dict(encode_article(ARTICLE).headers) == {
        "ce_specversion": b"1.0",
        "ce_id": f"{ID}:2".encode(),
        "ce_source": b"/feeds/world-wire",
        "ce_type": b"dateline.news.article.revised.v1",
        "ce_subject": ID.encode(),
        "ce_time": b"2025-05-24T18:20:30.250000Z",
        "ce_dataschema": SCHEMA.encode(),
        "content-type": b"application/json",
        "ce_feedid": b"world-wire",
        "ce_publisher": b"Wire Ltd",
        "ce_language": b"en-GB",
        "ce_countries": b"UA",
        "ce_eventtypes": b"visit",
    }


def test_a_header_holds_no_control_characters() -> None:
    odd = replace(ARTICLE, source=replace(ARTICLE.source, publisher="Wire\x00\nLtd"))
    assert dict(encode_article(odd).headers)["ce_publisher"] == b"WireLtd"


def test_the_key_is_the_articles_id() -> None:
    event = encode_article(ARTICLE)
    assert event.key == ID.encode()
    assert (event.article_id, event.revision, event.change) == (ID, 2, "revised")
    assert event.published_at == datetime(2025, 5, 24, 18, 14, tzinfo=UTC)


def test_the_same_article_gives_the_same_bytes() -> None:
    assert encode_article(ARTICLE) == encode_article(replace(ARTICLE))


def letter(raw: bytes = b"<rss>", detail: str = "not well-formed", *, max_bytes: int = 100) -> DeadLetter:
    unreadable = Unreadable(raw=raw, reason="broken", detail=detail)
    return encode_unreadable("world-wire", "parse", unreadable, now=NOW, max_bytes=max_bytes)


def test_a_dead_letter_holds_the_bytes_and_says_why() -> None:
    made = letter()
    assert (made.feed_id, made.key, made.reason, made.value) == ("world-wire", b"world-wire", "broken", b"<rss>")
    assert dict(made.headers) == {
        "__connect.errors.topic": b"/feeds/world-wire",
        "__connect.errors.stage": b"parse",
        "__connect.errors.exception.class.name": b"broken",
        "__connect.errors.exception.message": b"not well-formed",
        "dateline_feed_id": b"world-wire",
        "dateline_reason": b"broken",
        "dateline_rejected_at": b"2025-05-24T18:20:30.250000Z",
        "dateline_truncated": b"false",
    }


@pytest.mark.parametrize(("size", "kept", "truncated"), [(0, 0, b"false"), (100, 100, b"false"), (101, 100, b"true")])
def test_a_dead_letter_is_cut_to_what_the_broker_takes_and_says_so(size: int, kept: int, truncated: bytes) -> None:
    made = letter(b"x" * size)
    assert made.value == b"x" * kept
    assert dict(made.headers)["dateline_truncated"] == truncated


def test_a_reason_that_is_no_unicode_does_not_stop_a_dead_letter() -> None:
    assert dict(letter(detail="half a pair: \ud800").headers)["__connect.errors.exception.message"] == b"half a pair: ?"


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
MOMENTS = st.none() | st.datetimes(timezones=st.just(UTC))
HASHES = st.integers(0, 2**64 - 1).map("{:016x}".format)
SEEN = st.builds(
    SeenEntry,
    key=HASHES,
    article_id=st.integers(0, 2**128 - 1).map("{:032x}".format),
    revision=st.integers(0, 25),
    entry_hash=HASHES,
    fields=st.just(())
    | st.tuples(HASHES, HASHES, HASHES, HASHES).map(lambda found: tuple(zip(REVISED_BY, found, strict=True))),
    place=st.none() | st.just("") | HASHES,
    left_at=MOMENTS,
    page_url=st.none() | TEXTS,
    checked_at=MOMENTS,
)
STATES = st.builds(
    FeedState,
    feed_id=TEXTS,
    url=TEXTS,
    version=st.integers(0, 2**53),
    status=st.sampled_from(["active", "failing", "gone"]),
    failures=st.integers(0, 2**53),
    entries=st.lists(SEEN, max_size=4).map(tuple),
    waiting=st.lists(st.tuples(HASHES, st.integers(0, 3)), max_size=3).map(tuple),
    **dict.fromkeys(("reason", "etag", "last_modified", "body_sha256", "broken_sha256", "title"), st.none() | TEXTS),
    **dict.fromkeys(("polled_at", "succeeded_at", "next_poll_at"), MOMENTS),
)


@settings(deadline=None)
@given(STATES)
def test_a_state_comes_back_as_it_went(state: FeedState) -> None:
    assert decode_state(encode_state(state)) == state


def test_every_part_of_a_state_is_written() -> None:
    written = orjson.loads(encode_state(FeedState(feed_id="f", url="https://wire.example/")))
    assert set(written) == {"format"} | {part.name for part in fields(FeedState)}


def test_fifty_entries_take_less_than_seven_kilobytes() -> None:
    entries = tuple(
        SeenEntry(
            key=f"{number:016x}",
            article_id=f"{number:032x}",
            revision=1,
            entry_hash=f"{number:016x}",
            fields=tuple((name, f"{number:016x}") for name in REVISED_BY),
            place=f"{number:016x}",
        )
        for number in range(50)
    )
    assert len(encode_state(FeedState(feed_id="f", url="https://wire.example/", entries=entries))) < 7_000


def test_a_state_of_a_newer_version_is_refused() -> None:
    newer = encode_state(FeedState(feed_id="f", url="https://wire.example/")).replace(b'"format":3', b'"format":4')
    with pytest.raises(ValueError, match="newer version of Dateline"):
        decode_state(newer)


GOOD = encode_state(FeedState(feed_id="f", url="https://wire.example/"))


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"x"',
        b"7",
        b"{}",
        b'{"format":2}',
        GOOD.replace(b'"entries":[]', b'"entries":[[1]]'),
        GOOD.replace(b'"entries":[]', b'"entries":null'),
        GOOD.replace(b'"entries":[]', b'"entries":[["0!!!!",1]]'),
        GOOD.replace(b'"entries":[]', b'"entries":[["?AAAA",1]]'),
        GOOD.replace(b'"entries":[]', b'"entries":[["",1]]'),
        GOOD.replace(b'"entries":[]', b'"entries":[["0' + b64encode(bytes(40)) + b'",1]]'),
        GOOD.replace(b'"waiting":[]', b'"waiting":[1]'),
        GOOD.replace(b'"polled_at":null', b'"polled_at":"yesterday"'),
        GOOD.replace(b'"polled_at":null', b'"polled_at":7'),
        GOOD.replace(b'"title":null', b'"surprise":null'),
        GOOD.replace(b'"version":0', b'"version":-1'),
    ],
)
def test_what_is_no_state_is_a_value_error(value: bytes) -> None:
    assert value != GOOD
    with pytest.raises(ValueError, match=r"."):
        decode_state(value)
