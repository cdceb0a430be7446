"""Values to bytes: the article message (schemas/article.v1.schema.json), its headers, and the feed's state."""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import orjson

from worker.model.article import REVISED_BY
from worker.model.event import DeadLetter, Event
from worker.model.feed import FeedState, SeenEntry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from worker.model.article import Article, Instant
    from worker.model.entry import Location, Media, Unreadable
    from worker.model.facts import Dateline, Span

SCHEMA = "https://dateline.example/schemas/article.v1.schema.json"
_TYPE = "dateline.news.article.{change}.v1"
_STATE_FORMAT = 2


def encode_article(article: Article) -> Event:
    """One article revision as a record with CloudEvents 1.0 headers (Kafka protocol binding, binary mode)."""
    identity, source = article.identity, article.source
    headers = {
        "ce_specversion": "1.0",
        "ce_id": f"{identity.article_id}:{identity.revision}",
        "ce_source": f"/feeds/{source.feed_id}",
        "ce_type": _TYPE.format(change=identity.change),
        "ce_subject": identity.article_id,
        "ce_time": _rfc3339(source.retrieved_at),
        "ce_dataschema": SCHEMA,
        "content-type": "application/json",
    }
    return Event(
        article_id=identity.article_id,
        revision=identity.revision,
        change=identity.change,
        published_at=article.published_at.at if article.published_at else None,
        headers=tuple((name, value.encode()) for name, value in headers.items()),
        value=orjson.dumps(message(article)),
    )


def message(article: Article) -> dict[str, Any]:
    """The message as plain data, its fields in the order of the schema."""
    identity, source = article.identity, article.source
    return {
        "id": identity.article_id,
        "revision": identity.revision,
        "change": identity.change,
        "changed": list(identity.changed),
        "source": {
            "feed_id": source.feed_id,
            "feed_title": source.feed_title,
            "publisher": source.publisher,
            "guid": source.guid,
            "url": source.url,
            "canonical_url": source.canonical_url,
            "also_in": [],
            "retrieved_at": _rfc3339(source.retrieved_at),
            "content_from": source.content_from,
            "raw_sha256": source.raw_sha256,
        },
        "language": article.language,
        "date": _day(article.date),
        "published_at": _instant(article.published_at),
        "updated_at": _instant(article.updated_at),
        "headline": article.headline,
        "byline": article.byline,
        "section": article.section,
        "tags": list(article.tags),
        "media": [_media(media) for media in article.media],
        "location": _location(article.location),
        "dateline": encode_dateline(article.dateline),
        "lead": encode_span(article.lead),
        "paragraphs": [encode_span(paragraph) for paragraph in article.paragraphs],
        "text": article.text,
        "fingerprint": None if article.fingerprint is None else list(article.fingerprint),
        "extraction": {"rules": article.rules, "warnings": list(article.warnings), "truncated": False},
    }


def with_also_in(event: Event, feed_ids: Sequence[str]) -> Event:
    """The event with the other feeds that carry its article. They are known only when it is about to be committed."""
    message = orjson.loads(event.value)
    message["source"]["also_in"] = sorted(feed_ids)
    return replace(event, value=orjson.dumps(message))


def encode_unreadable(feed_id: str, stage: str, unreadable: Unreadable, *, now: datetime, max_bytes: int) -> DeadLetter:
    """Bytes that could not become an event. The header names are those that users of Kafka Connect filter on.

    What is longer than `max_bytes` is cut, and says so: a document may be larger than the broker takes.
    """
    headers = {
        "__connect.errors.topic": f"/feeds/{feed_id}",
        "__connect.errors.stage": stage,
        "__connect.errors.exception.class.name": unreadable.reason,
        "__connect.errors.exception.message": unreadable.detail,
        "dateline_feed_id": feed_id,
        "dateline_reason": unreadable.reason,
        "dateline_rejected_at": _rfc3339(now),
        "dateline_truncated": "true" if len(unreadable.raw) > max_bytes else "false",
    }
    return DeadLetter(
        feed_id=feed_id,
        reason=unreadable.reason,
        headers=tuple((name, value.encode("utf-8", "replace")) for name, value in headers.items()),
        value=unreadable.raw[:max_bytes],
    )


def encode_state(state: FeedState) -> bytes:
    """A feed's state as JSON. Hashes are packed: an entry takes about 105 bytes, and 9,000 of them fit in a record."""
    return orjson.dumps(
        {
            "format": _STATE_FORMAT,
            "feed_id": state.feed_id,
            "url": state.url,
            "version": state.version,
            "status": state.status,
            "reason": state.reason,
            "etag": state.etag,
            "last_modified": state.last_modified,
            "body_sha256": state.body_sha256,
            "broken_sha256": state.broken_sha256,
            "polled_at": state.polled_at,
            "succeeded_at": state.succeeded_at,
            "next_poll_at": state.next_poll_at,
            "failures": state.failures,
            "title": state.title,
            "entries": [_packed(entry) for entry in state.entries],
            "waiting": state.waiting,
        }
    )


def decode_state(value: bytes) -> FeedState:
    """The state that `encode_state` wrote.

    Raises:
        ValueError: if the bytes are not a state, or one of a newer format.
    """
    try:
        data = orjson.loads(value)
        if data.pop("format") != _STATE_FORMAT:
            raise ValueError("a feed state of another format; was it written by a newer version of Dateline?")
        for name in ("polled_at", "succeeded_at", "next_poll_at"):
            data[name] = _moment(data[name])
        data["entries"] = tuple(_unpacked(*row) for row in data["entries"])
        data["waiting"] = tuple((key, attempts) for key, attempts in data["waiting"])
        return FeedState(**data)
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"not a feed state: {error}") from error


def _packed(seen: SeenEntry) -> list[Any]:
    """An entry as a row: its hashes as one text, what can count, and at the end what is rarely there."""
    place = b"" if not seen.place else bytes.fromhex(seen.place)
    hashes = bytes.fromhex("".join((seen.key, seen.article_id, seen.entry_hash, *(value for _, value in seen.fields))))
    kind = "-" if seen.place is None else "+" if place else "0"
    row = [
        kind + b64encode(place + hashes).decode(),
        seen.revision,
        seen.left_at,
        seen.page_url,
        seen.checked_at,
    ]
    while row[-1] is None:
        row.pop()
    return row


def _unpacked(
    packed: str, revision: int, left_at: str | None = None, page_url: str | None = None, checked_at: str | None = None
) -> SeenEntry:
    hashes = b64decode(packed[1:], validate=True).hex()
    place = {"-": None, "+": hashes[:16], "0": ""}[packed[0]]
    own = hashes[len(place or "") :]
    fields = [own[at : at + 16] for at in range(64, len(own), 16)]
    if len(fields) not in {0, len(REVISED_BY)}:
        raise ValueError("not a feed state: an entry with too few hashes")
    return SeenEntry(
        key=own[:16],
        article_id=own[16:48],
        revision=revision,
        entry_hash=own[48:64],
        fields=tuple(zip(REVISED_BY, fields, strict=True)) if fields else (),
        place=place,
        left_at=_moment(left_at),
        page_url=page_url,
        checked_at=_moment(checked_at),
    )


def _moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def _rfc3339(at: datetime) -> str:
    """An instant as RFC 3339; UTC is written Z."""
    return at.isoformat().replace("+00:00", "Z")


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _instant(instant: Instant | None) -> Mapping[str, str] | None:
    if instant is None:
        return None
    return {
        "at": _rfc3339(instant.at),
        "origin": instant.origin,
        "precision": instant.precision,
        "surface": instant.surface,
    }


def _media(media: Media) -> dict[str, Any]:
    return {"url": media.url, "type": media.type, "length_bytes": media.length_bytes}


def _location(location: Location | None) -> dict[str, float] | None:
    return None if location is None else {"latitude": location.latitude, "longitude": location.longitude}


def encode_span(span: Span | None) -> dict[str, Any] | None:
    """A span as the message has it."""
    return None if span is None else {"text": span.surface, "start": span.start, "end": span.end}


def encode_dateline(dateline: Dateline | None) -> dict[str, Any] | None:
    """A dateline as the message has it."""
    if dateline is None:
        return None
    return {
        "text": dateline.span.surface,
        "start": dateline.span.start,
        "end": dateline.span.end,
        "city": dateline.city,
        "region": dateline.region,
        "country": dateline.country,
        "country_code": dateline.country_code,
        "date": _day(dateline.date),
        "agency": dateline.agency,
    }
