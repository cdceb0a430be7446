"""The contract itself: schemas/article.v1.schema.json."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest

from tests import schema
from worker.steps.encode import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator

MESSAGE: dict[str, Any] = {
    "id": "0123456789abcdef0123456789abcdef",
    "revision": 2,
    "change": "revised",
    "changed": ["headline", "text"],
    "source": {
        "feed_id": "world-wire",
        "feed_title": "World Wire",
        "publisher": None,
        "guid": "urn:story:1",
        "url": "https://wire.example/1?utm_source=rss",
        "canonical_url": "https://wire.example/1",
        "also_in": ["world-wire-europe"],
        "retrieved_at": "2025-05-24T18:20:00Z",
        "content_from": "feed",
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
        "at": "2025-05-24T18:15:00Z",
        "origin": "updated",
        "precision": "second",
        "surface": "2025-05-24T18:15:00Z",
    },
    "headline": "Defenders return home",
    "byline": "Jane Doe",
    "section": "World",
    "tags": ["World"],
    "media": [{"url": "https://wire.example/1.jpg", "type": "image/jpeg", "length_bytes": 12}],
    "location": {"lat": 50.45, "lon": 30.52},
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
    "paragraphs": [{"text": "They came.", "start": 15, "end": 25}],
    "text": "KYIV, May 24 - They came.",
    "fingerprint": [48713204, -201334],
    "quotes": [
        {
            "text": "They came",
            "start": 15,
            "end": 24,
            "kind": "direct",
            "speaker": "They",
            "speaker_mention": {"text": "They", "start": 15, "end": 19},
            "verb": {"text": "came", "start": 20, "end": 24},
            "medium": "X",
            "medium_mention": {"text": "They", "start": 15, "end": 19},
            "day": {"text": "May 24", "start": 6, "end": 12, "date": "2025-05-24"},
            "continued": True,
            "continues": 0,
            "nested": [{"text": "They", "start": 15, "end": 19}],
            "rule": "before",
        }
    ],
    "attributions": [
        {
            "source": {"text": "They", "start": 15, "end": 19},
            "source_resolved": "They",
            "cue": {"text": "came", "start": 20, "end": 24},
            "content": {"text": "They came", "start": 15, "end": 24},
            "via": {"text": "They", "start": 15, "end": 19},
            "day": {"text": "May 24", "start": 6, "end": 12, "date": "2025-05-24"},
            "rule": "said",
        }
    ],
    "figures": [
        {
            "text": "24",
            "start": 10,
            "end": 12,
            "kind": "count",
            "value": 24,
            "values": [24],
            "noun": "They",
            "noun_mention": {"text": "They", "start": 15, "end": 19},
            "unit": "EUR",
            "approx": True,
            "bound": "at_least",
            "per": "each",
            "refers_to": 0,
            "rule": "digits",
        }
    ],
    "sums": [{"total": 0, "parts": [0, 0]}],
    "actors": [
        {
            "name": "They",
            "role": "guests",
            "role_mention": {"text": "They", "start": 15, "end": 19},
            "organisation": "Club",
            "country": "Ukraine",
            "country_code": "UA",
            "mentions": [{"text": "They", "start": 15, "end": 19}],
        }
    ],
    "organisations": [
        {"name": "They", "type": "media", "country_code": "UA", "mentions": [{"text": "They", "start": 15, "end": 19}]}
    ],
    "places": [
        {
            "name": "Kyiv",
            "kind": "city",
            "country_code": "UA",
            "lat": 50.45,
            "lon": 30.52,
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
            "until": "2025-05-24",
            "figures": [0],
            "evidence": [{"text": "They came", "start": 15, "end": 24}],
            "rule": "came",
        }
    ],
    "extraction": {"rules": "1", "warnings": [], "truncated": False},
}

OBJECTS = (
    "",
    "source",
    "published_at",
    "updated_at",
    "media.0",
    "location",
    "dateline",
    "lead",
    "paragraphs.0",
    "extraction",
)


def changed(path: str, value: object) -> dict[str, Any]:
    """The message with one value replaced, or added."""
    message = copy.deepcopy(MESSAGE)
    *way, last = path.split(".")
    part: Any = message
    for step in way:
        part = part[int(step) if isinstance(part, list) else step]
    part[int(last) if isinstance(part, list) else last] = value
    return message


def required_fields() -> Iterator[str]:
    """The path of every field of every object of the message."""
    for path in OBJECTS:
        part: Any = MESSAGE
        for step in filter(None, path.split(".")):
            part = part[int(step) if isinstance(part, list) else step]
        for name in part:
            yield f"{path}.{name}".lstrip(".")


def test_the_schema_is_valid_under_draft_2020_12() -> None:
    document = schema.document()
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert jsonschema_rs.meta.is_valid(document)


def test_messages_name_the_schema_by_its_own_id() -> None:
    assert schema.document()["$id"] == SCHEMA


def test_a_full_message_is_valid() -> None:
    schema.validate(MESSAGE)


def test_every_field_is_described() -> None:
    def undescribed(part: dict[str, Any], path: str) -> Iterator[str]:
        for name, field in part.get("properties", {}).items():
            if not field.get("description"):
                yield f"{path}.{name}"
            yield from undescribed(field, f"{path}.{name}")
            yield from undescribed(field.get("items", {}), f"{path}.{name}[]")

    assert list(undescribed(schema.document(), "")) == []


@pytest.mark.parametrize("path", OBJECTS)
def test_an_unknown_property_is_refused_at_each_level(path: str) -> None:
    with pytest.raises(jsonschema_rs.ValidationError, match=r"(?i)unevaluated"):
        schema.validate(changed(f"{path}.surprise".lstrip("."), 1))


@pytest.mark.parametrize("path", list(required_fields()))
def test_every_field_is_required(path: str) -> None:
    message = copy.deepcopy(MESSAGE)
    *way, last = path.split(".")
    part: Any = message
    for step in way:
        part = part[int(step) if isinstance(part, list) else step]
    del part[last]
    with pytest.raises(jsonschema_rs.ValidationError, match="required"):
        schema.validate(message)


@pytest.mark.parametrize("path", ["source.url", "source.canonical_url", "media.0.url"])
@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "ftp://wire.example/1",
        "/relative",
        "https://user:secret@wire.example/1",
        "https://token@wire.example",
        "https:///nowhere",
        "https://wire.example/a b",
        "https://wire example/",
        "",
    ],
)
def test_an_address_that_is_not_plain_http_is_refused(path: str, address: str) -> None:
    with pytest.raises(jsonschema_rs.ValidationError):
        schema.validate(changed(path, address))


@pytest.mark.parametrize(
    "address", ["https://wire.example", "http://wire.example/a@b?c=@d", "https://[2001:db8::1]:8443/x"]
)
def test_an_at_sign_behind_the_host_is_no_credential(address: str) -> None:
    schema.validate(changed("source.url", address))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("id", "0123"),
        ("id", "G" * 32),
        ("revision", 0),
        ("revision", "1"),
        ("change", "deleted"),
        ("changed", ["updated"]),
        ("changed", ["text", "text"]),
        ("source.feed_id", "World Wire"),
        ("source.retrieved_at", "2025-05-24T21:20:00+03:00"),
        ("source.raw_sha256", "abc"),
        ("source.content_from", "guess"),
        ("language", "en_GB"),
        ("date", "2025-02-30"),
        ("published_at", "2025-05-24T21:14:00+03:00"),
        ("published_at.at", "2025-05-24T21:14:00"),
        ("published_at.at", "2025-05-24T21:14:00+03:00:15"),
        ("published_at.origin", "guessed"),
        ("headline", ""),
        ("byline", ""),
        ("section", ""),
        ("tags", [""]),
        ("tags", ["a", "a"]),
        ("media.0.length_bytes", -1),
        ("dateline.country_code", "Ukraine"),
        ("dateline.date", "May 24"),
        ("lead.start", -1),
        ("text", None),
        ("extraction.truncated", "no"),
    ],
)
def test_a_value_outside_its_range_is_refused(path: str, value: object) -> None:
    with pytest.raises(jsonschema_rs.ValidationError):
        schema.validate(changed(path, value))


@pytest.mark.parametrize(
    "path",
    [
        "source.feed_title",
        "source.publisher",
        "source.guid",
        "source.url",
        "source.canonical_url",
        "language",
        "date",
        "published_at",
        "updated_at",
        "headline",
        "byline",
        "section",
        "media.0.type",
        "media.0.length_bytes",
        "dateline",
        "dateline.city",
        "dateline.region",
        "dateline.country",
        "dateline.country_code",
        "dateline.date",
        "dateline.agency",
        "quotes.0.speaker",
        "quotes.0.speaker_mention",
        "quotes.0.day",
        "attributions.0.source",
        "attributions.0.via",
        "figures.0.value",
        "figures.0.noun",
        "actors.0.role",
        "places.0.lat",
        "dates.0.date",
        "dates.0.anchor",
        "events.0.date",
    ],
)
def test_what_a_publisher_may_leave_out_may_be_null(path: str) -> None:
    schema.validate(changed(path, None))


@pytest.mark.parametrize("path", ["lead.start", "paragraphs.0.end", "dateline.end"])
def test_the_test_helper_notices_a_span_that_is_off_by_one(path: str) -> None:
    value = {"lead.start": 14, "paragraphs.0.end": 24, "dateline.end": 15}[path]
    with pytest.raises(AssertionError):
        schema.validate(changed(path, value))
