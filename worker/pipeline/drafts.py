"""An entry, and its page where that was asked for, become one draft."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from worker.model.entry import Content
from worker.steps import identify, instants, normalise, text, urls

if TYPE_CHECKING:
    from datetime import datetime

    from worker.model.article import Draft, Instant
    from worker.model.entry import Document, Entry, Media
    from worker.model.page import Page


def draft_of(entry: Entry, document: Document, *, page: Page | None, now: datetime) -> Draft:
    """The clean values of an entry.

    What the page says comes first, and the feed fills what it leaves out; only of dates is the feed's the better
    one: it is a statement about this entry, where pages carry the dates of many things.
    """
    warnings: list[str] = []

    def instant(surface: str | None, origin: str) -> Instant | None:
        found, said = instants.read_instant(surface, origin, now=now)
        warnings.extend(said)
        return found

    published_at, updated_at = instant(entry.published, "published"), instant(entry.updated, "updated")
    canonical_url = urls.canonical_url(entry.link)
    blocks = _blocks(entry)
    headline = text.line(entry.title) if entry.title else None
    if page is not None:
        published_at = published_at or instant(page.published, "page.published")
        updated_at = updated_at or instant(page.updated, "page.updated")
        canonical_url = page_address(page, canonical_url)
        blocks = page.paragraphs or blocks
        headline = page.headline or headline
        warnings += page.warnings
        entry = replace(
            entry,
            authors=(page.byline,) if page.byline else entry.authors,
            tags=tuple(dict.fromkeys((*entry.tags, *page.tags))),
            media=_joined(entry.media, page.media),
            language=page.language or entry.language,
        )
    draft = normalise.normalise(
        entry,
        document,
        headline=headline,
        blocks=blocks,
        url=urls.clean_url(entry.link),
        canonical_url=canonical_url,
        media=tuple(replace(media, url=url) for media in entry.media if (url := urls.clean_url(media.url)) is not None),
        published_at=published_at,
        updated_at=updated_at,
        warnings=warnings,
    )
    section = draft.section if page is None or page.section is None else page.section
    return replace(draft, section=section, location=entry.location)


def filed_at(entry: Entry, *, now: datetime) -> datetime | None:
    """When the feed says that an entry was published, or else updated."""
    published_at, _ = instants.read_instant(entry.published, "published", now=now)
    filed = published_at or instants.read_instant(entry.updated, "updated", now=now)[0]
    return None if filed is None else filed.at


def page_address(page: Page, canonical_url: str | None) -> str | None:
    """The address that a page names as its own, if it can be: on the same site, and not the site's front.

    Templates that name the front page for every article are common.
    """
    named = urls.canonical_url(page.canonical_url)
    if named is None or canonical_url is None or identify.is_front_page(named):
        return canonical_url
    return named if _site(named) == _site(canonical_url) else canonical_url


def _site(url: str) -> str:
    host = urlsplit(url).hostname or ""
    for prefix in ("www.", "m.", "amp.", "mobile."):
        host = host.removeprefix(prefix)
    return host


def _blocks(entry: Entry) -> tuple[str, ...]:
    """The text of an entry: its content, or where that holds no words its summary."""
    for content in (entry.content, entry.summary):
        if isinstance(content, Content) and (blocks := text.paragraphs(content)):
            return blocks
    return ()


def _joined(media: tuple[Media, ...], more: tuple[Media, ...]) -> tuple[Media, ...]:
    """The media of both, each address once."""
    found: dict[str, Media] = {}
    for one in (*media, *more):
        found.setdefault(one.url, one)
    return tuple(found.values())
