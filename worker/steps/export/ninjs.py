"""IPTC ninjs 3.1 (News in JSON): one object per message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from worker.steps.export.plain import geonames_uri, given, located, rfc3339, urn

if TYPE_CHECKING:
    from worker.model.message import ArticleMessage, Media, Place

_STANDARD = {"name": "ninjs", "version": "3.1", "schema": "http://www.iptc.org/std/ninjs/ninjs-schema_3.1.json#"}


def ninjs(message: ArticleMessage) -> dict[str, Any]:
    """The message as a ninjs 3.1 object.

    `uri` is the same for all revisions, `version` is the revision. A withdrawn article has the status "canceled".
    """
    return given(
        uri=urn(message),
        type="text",
        representationType="partial" if message.extraction.truncated else "full",
        version=str(message.revision),
        firstCreated=rfc3339(message.source.retrieved_at) if message.revision == 1 else None,
        versionCreated=rfc3339(message.source.retrieved_at),
        contentCreated=None if message.published_at is None else rfc3339(message.published_at.at),
        pubStatus="canceled" if message.change == "withdrawn" else "usable",
        language=message.language,
        headlines=[] if message.headline is None else [{"role": "main", "value": message.headline}],
        by=message.byline,
        located=None if message.dateline is None else located(message.dateline),
        descriptions=[] if message.lead is None else [{"role": "lead", "value": message.lead.text}],
        bodies=_bodies(message.text),
        people=[{"name": actor.name, "rel": "mentions"} for actor in message.actors],
        organisations=[{"name": body.name, "rel": "mentions"} for body in message.organisations],
        places=[*_location(message), *(_place(place) for place in message.places)],
        subjects=_subjects(message),
        events=[given(name=event.type, rel=event.status, literal=",".join(event.plover)) for event in message.events],
        infoSources=_sources(message),
        renditions=[_rendition(number, media) for number, media in enumerate(message.media, 1)],
        altIds=_other_ids(message),
        standard=_STANDARD,
    )


def _bodies(text: str) -> list[dict[str, Any]]:
    if not text:
        return []
    return [
        {
            "role": "main",
            "contentType": "text/plain",
            "charCount": len(text),
            "wordCount": len(text.split()),
            "value": text,
        }
    ]


def _subjects(message: ArticleMessage) -> list[dict[str, str]]:
    section = [] if message.section is None else [{"name": message.section, "rel": "section"}]
    return [*section, *({"name": tag, "rel": "tag"} for tag in message.tags)]


def _place(place: Place) -> dict[str, Any]:
    point = None if place.lat is None or place.lon is None else _point(place.lat, place.lon)
    return given(name=place.name, rel="mentions", uri=geonames_uri(place.geonames_id), geoJSON=point)


def _location(message: ArticleMessage) -> list[dict[str, Any]]:
    place = message.location
    return [] if place is None else [{"rel": "location", "geoJSON": _point(place.lat, place.lon)}]


def _point(latitude: float, longitude: float) -> dict[str, Any]:
    # RFC 7946, 3.1.1: longitude comes first.
    return {"type": "Point", "coordinates": [longitude, latitude]}


def _sources(message: ArticleMessage) -> list[dict[str, str]]:
    source = message.source
    sources = [given(role="feed", name=source.feed_title, literal=source.feed_id)]
    if source.publisher is not None:
        sources.append({"role": "publisher", "name": source.publisher})
    if message.dateline is not None and message.dateline.agency is not None:
        sources.append({"role": "agency", "name": message.dateline.agency})
    return sources


def _rendition(number: int, media: Media) -> dict[str, Any]:
    return given(name=f"media {number}", href=media.url, contentType=media.type, sizeInBytes=media.length_bytes)


def _other_ids(message: ArticleMessage) -> list[dict[str, str]]:
    source = message.source
    ids = {"guid": source.guid, "url": source.url, "canonical_url": source.canonical_url}
    return [{"role": role, "value": value} for role, value in ids.items() if value is not None]
