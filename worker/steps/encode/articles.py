"""One article revision as a record."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from worker.model.event import FACTS, Event
from worker.steps.encode.checks import check
from worker.steps.encode.facts import encode_dateline, encode_facts
from worker.steps.encode.plain import encode_span, iso_day, rfc3339

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from worker.model.article import Article, Instant
    from worker.model.entry import Location, Media

SCHEMA = "https://dateline.example/schemas/article.v1.schema.json"
_TYPE = "dateline.news.article.{change}.v1"


def encode_article(article: Article, *, topic: str | None = None) -> Event:
    """One article revision as a record for `topic`, with CloudEvents 1.0 headers (Kafka protocol binding, binary mode).

    The extension attributes at the end let a consumer choose without reading the value; one that would be empty is
    left out. Names of attributes have letters and digits only (CloudEvents 1.0.2, Naming Conventions).

    Raises:
        Invalid: the message would not meet the schema.
    """
    identity, source = article.identity, article.source
    value = message(article)
    check(value)
    headers = {
        "ce_specversion": "1.0",
        "ce_id": f"{identity.article_id}:{identity.revision}",
        "ce_source": f"/feeds/{source.feed_id}",
        "ce_type": _TYPE.format(change=identity.change),
        "ce_subject": identity.article_id,
        "ce_time": rfc3339(source.retrieved_at),
        "ce_dataschema": SCHEMA,
        "content-type": "application/json",
        "ce_feedid": source.feed_id,
        # No control characters: CloudEvents 1.0.2, Type System.
        "ce_publisher": "".join(char for char in source.publisher or "" if char.isprintable()),
        "ce_language": article.language or "",
        "ce_countries": ",".join(article.countries),
        "ce_eventtypes": ",".join(article.event_types),
    }
    return Event(
        article_id=identity.article_id,
        revision=identity.revision,
        change=identity.change,
        published_at=article.published_at.at if article.published_at else None,
        headers=tuple((name, text.encode()) for name, text in headers.items() if text),
        topic=topic,
        value=orjson.dumps(value),
        facts=tuple(_count(value[kind]) for kind in FACTS),
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
            "retrieved_at": rfc3339(source.retrieved_at),
            "content_from": source.content_from,
            "raw_sha256": source.raw_sha256,
        },
        "language": article.language,
        "date": iso_day(article.date),
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
        **encode_facts(article.facts),
        "extraction": {"rules": article.rules, "warnings": list(article.warnings), "truncated": article.truncated},
    }


def with_also_in(event: Event, feed_ids: Collection[str], *, max_bytes: int) -> Event:
    """The event with the other feeds that carry its article. They are known only when it is about to be committed.

    Of a message that is nearly as large as it may be, those are named that fit.
    """
    message = orjson.loads(event.value)
    # Quotation marks and a comma; an id needs no escape.
    room = max_bytes - len(event.value)
    named = []
    for feed_id in sorted(feed_ids):
        room -= len(feed_id) + len('"",')
        if room < 0:
            break
        named.append(feed_id)
    message["source"]["also_in"] = named
    return replace(event, value=orjson.dumps(message))


def _count(facts: Any) -> int:
    return len(facts) if isinstance(facts, list) else int(facts is not None)


def _instant(instant: Instant | None) -> Mapping[str, str] | None:
    if instant is None:
        return None
    return {
        "at": rfc3339(instant.at),
        "origin": instant.origin,
        "precision": instant.precision,
        "surface": instant.surface,
    }


def _media(media: Media) -> dict[str, Any]:
    return {"url": media.url, "type": media.type, "length_bytes": media.length_bytes}


def _location(location: Location | None) -> dict[str, float] | None:
    return None if location is None else {"lat": location.latitude, "lon": location.longitude}
