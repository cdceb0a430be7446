"""The two readers: ours, and feedparser with its defaults. Both are asked for the same few fields."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import feedparser

from tests.suites.types import Case, Reading, Row
from worker.model.entry import Content, Document, Entry, NotAFeed, SitemapIndex
from worker.model.fetch import Response
from worker.pipeline.documents import read_document
from worker.steps import text

# No document of a suite comes near.
_MOST = 100_000_000
_AT = datetime(2030, 1, 1, tzinfo=UTC)


def shown(content: Content | None) -> str:
    return " ".join(text.paragraphs(content)) if content else ""


def as_text(value: object, *, html: bool = True) -> str:
    return shown(Content(value=str(value), html=html)) if value not in (None, "") else ""


def ours(case: Case) -> Reading:
    content_type = {"content-type": case.content_type} if case.content_type else {}
    response = Response(
        url=case.url, status=200, headers={**case.headers, **content_type}, body=case.body, retrieved_at=_AT
    )
    read = read_document(response, max_body_bytes=_MOST, max_entries=_MOST, known={})
    if isinstance(read, NotAFeed):
        return Reading(refused=read.reason)
    if isinstance(read, SitemapIndex):
        return Reading(refused="sitemap index")
    document = read.document
    return Reading(
        title=document.title or "",
        language=document.language or "",
        rows=[_our_row(entry, document) for entry in document.entries],
        empty=len(document.unreadable),
    )


def _our_row(entry: Entry, document: Document) -> Row:
    texts = [part for part in (entry.title, entry.summary, entry.content) if part]
    media = [part.url for part in entry.media]
    return Row(
        title=shown(entry.title),
        link=entry.link or "",
        guid=entry.guid or "",
        published=entry.published or "",
        updated=entry.updated or "",
        authors=list(entry.authors),
        media=media,
        enclosures=media,
        summary=shown(entry.summary),
        content=shown(entry.content),
        tags=list(entry.tags),
        language=entry.language or document.language or "",
        languages=[entry.language or document.language or "", *(part.language or "" for part in texts)],
        point=(entry.location.latitude, entry.location.longitude) if entry.location else None,
    )


def theirs(case: Case) -> Reading:
    headers = {"content-location": case.url, **case.headers}
    if case.content_type:
        headers["content-type"] = case.content_type
    try:
        parsed = feedparser.parse(io.BytesIO(case.body), response_headers=headers)
    except (ValueError, OverflowError, RecursionError) as error:
        return Reading(refused=repr(error))
    return Reading(
        title=_their_text(parsed.feed, "title"),
        language=parsed.feed.get("language") or "",
        rows=[_their_row(item, parsed.feed.get("language") or "") for item in parsed.entries],
        refused="" if parsed.version or parsed.entries else "no version",
    )


def _their_text(owner: Any, name: str) -> str:
    detail = owner.get(f"{name}_detail") or {}
    value = detail.get("value", owner.get(name))
    return as_text(value, html=detail.get("type", "text/html") != "text/plain") if value else ""


def _their_row(item: Any, language: str) -> Row:
    contents = [part for part in item.get("content", ()) if part.get("value")]
    enclosures = [link["href"] for link in item.get("links", ()) if link.get("rel") == "enclosure" and link.get("href")]
    where = item.get("where") or {}
    coordinates = where.get("coordinates") if where.get("type") == "Point" else None
    details = [item.get("title_detail"), item.get("summary_detail"), *contents]
    return Row(
        title=_their_text(item, "title"),
        link=item.get("link") or "",
        guid=item.get("id") or "",
        published=item.get("published") or "",
        updated=(item.get("updated") or "") if "updated" in item.keys() else "",  # noqa: SIM118 - .get maps the key
        authors=[name for who in item.get("authors", ()) if (name := who.get("name") or who.get("email"))],
        enclosures=enclosures,
        media=[
            *enclosures,
            *(part.get("url") for part in item.get("media_content", ())),
            *(part.get("url") for part in item.get("media_thumbnail", ())),
            *([item.image.get("href")] if item.get("image") else ()),
        ],
        summary=_their_text(item, "summary"),
        content=" ".join(
            as_text(part["value"], html=part.get("type", "text/html") != "text/plain") for part in contents[:1]
        ),
        tags=[tag.get("term") or "" for tag in item.get("tags", ())],
        language=item.get("language") or language,
        languages=[language, *(str(part.get("language") or "") for part in details if part)],
        point=(coordinates[1], coordinates[0]) if coordinates else None,
    )
