"""Entries through feedparser: the reference, and the road of documents that are not well-formed."""

from __future__ import annotations

import io
from html import escape
from typing import TYPE_CHECKING, Any

import feedparser

from worker.model.entry import Content, Entry, Location, Media, Unreadable

from .clean import Read, feed_title, label, length_bytes, visible
from .names import NAMESPACES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .canonical import Canonical, Item
    from .values import Text


def read(plain: Canonical) -> Read:
    """What feedparser reads of a document in which each thing is said once."""
    # Bytes in a BytesIO: a str would be opened as a path or fetched as a URL. Sanitising and resolving cost 2.5 times
    # the rest; the text that we keep is cleaned by steps.text.
    parsed = feedparser.parse(
        io.BytesIO(_written(plain).encode()),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    entries, unreadable = _entries(parsed.entries)
    return Read(
        title=feed_title(_content(parsed.feed.get("title_detail"))),
        language=visible(parsed.feed.get("language")),
        entries=entries,
        unreadable=unreadable,
    )


def _written(plain: Canonical) -> str:
    """The document as Atom, whatever it was: feedparser takes that at its word, and guesses at the text of RSS."""
    head = [] if plain.title is None else [_text_element("title", plain.title)]
    head.append(_element("language", plain.language))
    items = (f"<item>{''.join(_item(item))}</item>" for item in plain.items)
    return (
        f'<feed xmlns="{NAMESPACES["atom"]}" xmlns:content="{NAMESPACES["content"]}">'
        f"{''.join(head)}{''.join(items)}</feed>"
    )


def _item(item: Item) -> Iterator[str]:
    texts = {"title": item.title, "description": item.summary, "content:encoded": item.content}
    yield from (_text_element(name, text) for name, text in texts.items() if text is not None)
    if item.guid is not None:
        yield f'<guid isPermaLink="false">{escape(item.guid)}</guid>'
    if item.link is not None:
        yield _tag("link", href=item.link)
    yield _element("published", item.published)
    yield _element("updated", item.updated)
    yield from (_tag("category", term=term) for term in item.terms)
    for url, (kind, length) in item.attached.items():
        yield _tag("enclosure", url=url, type=kind, length=length)
    if item.point is not None:
        yield _element("dateline_point", f"{item.point[0]!r} {item.point[1]!r}")
    yield from (f"<author><name>{escape(name)}</name></author>" for name in item.authors)
    yield _element("dateline_language", item.language)


def _text_element(name: str, text: Text) -> str:
    language = f' xml:lang="{escape(text.language)}"' if text.language else ""
    kind = "text/html" if text.html else "text/plain"
    return f'<{name} type="{kind}"{language}>{escape(text.value, quote=False)}</{name}>'


def _element(name: str, value: str | None) -> str:
    return f"<{name}>{escape(value, quote=False)}</{name}>" if value else ""


def _tag(name: str, **attributes: str | None) -> str:
    written = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items() if value)
    return f"<{name}{written}/>"


def _entries(parsed: Iterable[Any]) -> tuple[tuple[Entry, ...], tuple[Unreadable, ...]]:
    """The entries, and those that could not be read. One bad entry never costs its neighbours."""
    good: list[Entry] = []
    bad: list[Unreadable] = []
    for item in parsed:
        try:
            good.append(_entry(item))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            bad.append(Unreadable(raw=repr(dict(item)).encode(), reason="unreadable_entry", detail=_line(error)))
    return tuple(good), tuple(bad)


def _entry(item: Any) -> Entry:
    # .get would map a missing `updated` to `published`.
    published, updated = (
        visible(item.get(name)) if name in item.keys() else None  # noqa: SIM118 - as above
        for name in ("published", "updated")
    )
    return Entry(
        guid=visible(item.get("id")),
        link=visible(item.get("link")),
        title=_content(item.get("title_detail")),
        summary=_content(item.get("summary_detail")),
        content=next((content for part in item.get("content", ()) if (content := _content(part))), None),
        authors=tuple(dict.fromkeys(name for person in item.get("authors", ()) if (name := label(person.get("name"))))),
        tags=tuple(dict.fromkeys(term for tag in item.get("tags", ()) if (term := label(tag.get("term"))))),
        published=published,
        updated=updated,
        language=visible(item.get("dateline_language")),
        media=tuple(_media(item)),
        location=_location(item.get("dateline_point")),
    )


def _content(detail: Any) -> Content | None:
    value = visible(detail.get("value")) if detail else None
    if value is None:
        return None
    return Content(value=value, html=detail.get("type") != "text/plain", language=visible(detail.get("language")))


def _media(item: Any) -> Iterable[Media]:
    for link in item.get("links", ()):
        if link.get("rel") == "enclosure" and (url := visible(link.get("href"))):
            yield Media(url=url, type=visible(link.get("type")), length_bytes=length_bytes(link.get("length")))


def _location(written: object) -> Location | None:
    if not isinstance(written, str):
        return None
    latitude, _, longitude = written.partition(" ")
    return Location(latitude=float(latitude), longitude=float(longitude))


def _line(error: BaseException) -> str:
    """An error on one line."""
    return " ".join(str(error).split())[:200] or type(error).__name__
