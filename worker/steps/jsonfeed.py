"""JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1), and what passes for it.

JSON that the standard forbids is read as far as it goes: control characters in strings, bytes that are not UTF-8, and a
document that breaks off, of which the whole items are taken.
"""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any
from urllib.parse import urljoin

import orjson

from worker.model.entry import Content, Document, Entry, Hints, LetterReason, Media, NotAFeed, Unreadable

_VERSION = "jsonfeed.org/version/1"
# No text has such characters, and some databases take none.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_ITEMS = re.compile(r'"items"\s*:\s*\[')
_TITLE = re.compile(r'"title"\s*:\s*("(?:[^"\\]|\\.)*+")')
_BETWEEN = re.compile(r"[\s,]*")
_MAX_RAW_CHARS = 20_000
_MAX_HUBS = 5
# As many as in the other formats: with more of them a document is an attack.
_MAX_ITEMS = 10_000
_DECODER = json.JSONDecoder(strict=False)


def parse_json(body: bytes, *, url: str) -> Document | NotAFeed:
    """A document from the bytes of a JSON Feed. `url` is what relative links are resolved against."""
    try:
        return _document(orjson.loads(body.removeprefix(b"\xef\xbb\xbf")), url, ())
    except orjson.JSONDecodeError as error:
        first = str(error)
    text, warnings = _text_of(body)
    warning = f"document: not JSON: {first}"
    try:
        feed = _DECODER.decode(text)
    except RecursionError:
        return NotAFeed(reason="broken", detail=f"the document is not JSON: {first}")
    except ValueError:
        return _broken_off(text, url, (*warnings, warning)) or NotAFeed(
            reason="broken", detail=f"the document is not JSON: {first}"
        )
    return _document(feed, url, warnings or (warning,))


def _text_of(body: bytes) -> tuple[str, tuple[str, ...]]:
    """The text of a body (RFC 8259, 8.1, wants UTF-8; a zero byte betrays UTF-16 or UTF-32)."""
    encoding = json.detect_encoding(body)
    try:
        return body.decode(encoding).lstrip("\ufeff"), ()
    except UnicodeDecodeError:
        return body.decode(encoding, "replace").lstrip("\ufeff"), (f"document: some bytes are not {encoding}",)


def _document(feed: object, url: str, warnings: tuple[str, ...]) -> Document | NotAFeed:
    if not isinstance(feed, dict) or not _is_feed(feed):
        return NotAFeed(reason="not_a_feed", detail=f'the JSON names no "version" of {_VERSION}')
    items = feed.get("items")
    if not isinstance(items, list):
        return NotAFeed(reason="broken", detail='the JSON Feed has no list "items"')
    if "version" not in feed:
        warnings = (*warnings, 'document: a JSON Feed without "version"')
    entries: list[Entry] = []
    unreadable: list[Unreadable] = []
    for item in items[:_MAX_ITEMS]:
        if not isinstance(item, dict):
            unreadable.append(_unreadable(item, "unreadable_entry", "an item is not an object"))
        elif (entry := _entry(item, feed, url)) is None:
            unreadable.append(_unreadable(item, "empty_entry", "there is nothing in the item"))
        else:
            entries.append(entry)
    excess = len(items) - _MAX_ITEMS
    if excess > 0:
        detail = f"the document has more than {_MAX_ITEMS} items"
        unreadable += [Unreadable(raw=b"", reason="too_many_entries", detail=detail)] * excess
    return Document(
        format="jsonfeed",
        title=_text(feed.get("title")),
        language=_text(feed.get("language")),
        entries=tuple(entries),
        unreadable=tuple(unreadable),
        warnings=warnings,
        hints=_hints(feed, url),
    )


def _hints(feed: dict[str, Any], url: str) -> Hints:
    """Where the feed can be subscribed to: of its hubs, those that speak WebSub."""
    hubs = [
        _link(hub.get("url"), url)
        for hub in _list(feed.get("hubs"))
        if isinstance(hub, dict) and str(hub.get("type")).lower() in {"websub", "pubsubhubbub"}
    ]
    return Hints(hubs=tuple(hub for hub in hubs if hub)[:_MAX_HUBS], topic=_link(feed.get("feed_url"), url))


def _is_feed(feed: dict[str, Any]) -> bool:
    """Whether the version says so; without one, whether the items are those of a feed."""
    if "version" in feed:
        return _VERSION in str(feed["version"])
    items = _list(feed.get("items"))
    return bool(items) and all(
        isinstance(item, dict) and "id" in item and ("content_html" in item or "content_text" in item) for item in items
    )


def _broken_off(text: str, url: str, warnings: tuple[str, ...]) -> Document | None:
    """The whole items of a document that breaks off in one; None when it never came to its items."""
    start = _ITEMS.search(text)
    head, _, _ = text.partition('"items"')
    if start is None or _VERSION not in head.replace("\\/", "/"):
        return None
    items: list[Any] = []
    at = start.end()
    rest = ""
    while True:
        at = _gap_end(text, at)
        if at == len(text):
            break
        try:
            item, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            rest = text[at : at + _MAX_RAW_CHARS]
            break
        items.append(item)
    feed = {"version": _VERSION, "items": items, "title": _title(head)}
    document = _document(feed, url, (*warnings, "document: breaks off"))
    if isinstance(document, NotAFeed) or (not items and not rest):
        return None
    # What follows a list that ended is no item.
    cut = (
        (
            Unreadable(
                raw=rest.encode("utf-8", "replace"),
                reason="truncated",
                detail="the document breaks off in this item",
            ),
        )
        if rest and not rest.startswith("]")
        else ()
    )
    return Document(
        format="jsonfeed",
        title=document.title,
        entries=document.entries,
        unreadable=(*document.unreadable, *cut),
        warnings=document.warnings,
        complete=False,
    )


def _title(head: str) -> str | None:
    written = _TITLE.search(head)
    try:
        return str(_DECODER.decode(written[1])) if written else None
    except ValueError:
        return None


def _gap_end(text: str, at: int) -> int:
    gap = _BETWEEN.match(text, at)
    return gap.end() if gap else at


def _unreadable(item: object, reason: LetterReason, detail: str) -> Unreadable:
    raw = json.dumps(item, ensure_ascii=True, separators=(",", ":"))[:_MAX_RAW_CHARS]
    return Unreadable(raw=raw.encode(), reason=reason, detail=detail)


def _entry(item: dict[str, Any], feed: dict[str, Any], base: str) -> Entry | None:
    """An entry, or None when the item says nothing."""
    html, plain = _text(item.get("content_html")), _text(item.get("content_text"))
    title, summary = _text(item.get("title")), _text(item.get("summary"))
    guid = item.get("id")
    authors = _authors(item)
    entry = Entry(
        # The specification asks for a string and tells readers to take a number as well.
        guid=str(guid) if isinstance(guid, int | float) and not isinstance(guid, bool) else _text(guid),
        link=_link(item.get("url"), base) or _link(item.get("external_url"), base),
        title=Content(value=title, html=False) if title else None,
        summary=Content(value=summary, html=False) if summary else None,
        content=Content(value=html, html=True) if html else Content(value=plain, html=False) if plain else None,
        authors=tuple(dict.fromkeys(authors)),
        tags=tuple(dict.fromkeys(tag for value in _list(item.get("tags")) if (tag := _text(value)))),
        published=_text(item.get("date_published")),
        updated=_text(item.get("date_modified")),
        language=_text(item.get("language")),
        media=tuple(_media(item, base)),
    )
    if entry == Entry(guid=None):
        return None
    if authors:
        return entry
    # The feed's authors are those of an item that names none.
    return dataclasses.replace(entry, authors=tuple(dict.fromkeys(_authors(feed))))


def _authors(owner: dict[str, Any]) -> list[str]:
    # 1.0 had one "author"; 1.1 has "authors". Some write the name alone.
    authors = [*_list(owner.get("authors")), owner.get("author")]
    names = [author.get("name") if isinstance(author, dict) else author for author in authors]
    return [name for value in names if (name := _text(value))]


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
    return list({media.url: media for media in reversed(found)}.values())[::-1]


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
