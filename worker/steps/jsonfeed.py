"""JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin

import orjson

from worker.model.entry import Content, Document, Entry, Media, NotAFeed, Unreadable

_VERSION = "jsonfeed.org/version/1"
# No text has such characters, and some databases take none.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def parse_json(body: bytes, *, url: str) -> Document | NotAFeed:
    """A document from the bytes of a JSON Feed. `url` is what relative links are resolved against."""
    try:
        feed = orjson.loads(body.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        return NotAFeed(reason="broken", detail=f"the document is not JSON: {error}")
    if not isinstance(feed, dict) or _VERSION not in str(feed.get("version", "")):
        return NotAFeed(reason="not_a_feed", detail=f'the JSON names no "version" of {_VERSION}')
    items = feed.get("items")
    if not isinstance(items, list):
        return NotAFeed(reason="broken", detail='the JSON Feed has no list "items"')

    entries: list[Entry] = []
    unreadable: list[Unreadable] = []
    for item in items:
        if isinstance(item, dict):
            entries.append(_entry(item, feed, url))
        else:
            unreadable.append(
                Unreadable(raw=orjson.dumps(item), reason="unreadable_entry", detail="an item is not an object")
            )
    return Document(
        format="jsonfeed",
        title=_text(feed.get("title")),
        language=_text(feed.get("language")),
        entries=tuple(entries),
        unreadable=tuple(unreadable),
    )


def _entry(item: dict[str, Any], feed: dict[str, Any], base: str) -> Entry:
    html, plain = _text(item.get("content_html")), _text(item.get("content_text"))
    title, summary = _text(item.get("title")), _text(item.get("summary"))
    guid = item.get("id")
    return Entry(
        # The specification asks for a string and tells readers to take a number as well.
        guid=str(guid) if isinstance(guid, int | float) and not isinstance(guid, bool) else _text(guid),
        link=_link(item.get("url"), base) or _link(item.get("external_url"), base),
        title=Content(value=title, html=False) if title else None,
        summary=Content(value=summary, html=False) if summary else None,
        content=Content(value=html, html=True) if html else Content(value=plain, html=False) if plain else None,
        # The feed's authors are those of an item that names none.
        authors=tuple(dict.fromkeys(_authors(item) or _authors(feed))),
        tags=tuple(dict.fromkeys(tag for value in _list(item.get("tags")) if (tag := _text(value)))),
        published=_text(item.get("date_published")),
        updated=_text(item.get("date_modified")),
        language=_text(item.get("language")),
        media=tuple(_media(item, base)),
    )


def _authors(owner: dict[str, Any]) -> list[str]:
    # 1.0 had one "author"; 1.1 has "authors".
    authors = [*_list(owner.get("authors")), owner.get("author")]
    return [name for author in authors if isinstance(author, dict) and (name := _text(author.get("name")))]


def _media(item: dict[str, Any], base: str) -> list[Media]:
    found = [Media(url=link) for key in ("image", "banner_image") if (link := _link(item.get(key), base))]
    for part in _list(item.get("attachments")):
        if isinstance(part, dict) and (link := _link(part.get("url"), base)):
            size = part.get("size_in_bytes")
            found.append(
                Media(
                    url=link,
                    type=_text(part.get("mime_type")),
                    length_bytes=size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else None,
                )
            )
    return list({media.url: media for media in found}.values())


def _link(value: object, base: str) -> str | None:
    text = _text(value)
    if text is None:
        return None
    try:
        return urljoin(base, text)
    except ValueError:
        return None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str | None:
    return _CONTROL.sub("", value).strip() or None if isinstance(value, str) else None
