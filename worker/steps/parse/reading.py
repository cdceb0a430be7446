"""What feedparser reads of a canonical document, as entries."""

from __future__ import annotations

import html
import io
import re
from typing import TYPE_CHECKING, Any

import feedparser

from worker.model.entry import Content, Entry, Location, Media, Unreadable

from .values import without_markup

if TYPE_CHECKING:
    from collections.abc import Iterable

# feedparser decodes "&#8;" and the like to characters that no text has, and some databases do not take.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def read(document: bytes) -> Any:
    """Give a canonical document to feedparser."""
    # Bytes in a BytesIO: a str would be opened as a path or fetched as a URL. Sanitising and resolving cost 2.5 times
    # the rest; the text that we keep is cleaned by steps.text.
    return feedparser.parse(
        io.BytesIO(document),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )


def title(parsed: Any) -> str | None:
    """The title of the feed, on one line."""
    detail = parsed.feed.get("title_detail")
    value = _text(detail.get("value")) if detail else None
    if value is None:
        return None
    return label(without_markup(value) if detail.get("type") != "text/plain" else value)


def language(parsed: Any) -> str | None:
    """The language of the feed as declared."""
    return _text(parsed.feed.get("language"))


def entries(parsed: Iterable[Any]) -> tuple[tuple[Entry, ...], tuple[Unreadable, ...]]:
    """The entries, and those that could not be read. One bad entry never costs its neighbours."""
    good: list[Entry] = []
    bad: list[Unreadable] = []
    for item in parsed:
        try:
            good.append(_entry(item))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            bad.append(Unreadable(raw=repr(dict(item)).encode(), reason="unreadable_entry", detail=line(error)))
    return tuple(good), tuple(bad)


def _entry(item: Any) -> Entry:
    # .get would map a missing `updated` to `published`.
    published, updated = (_text(item.get(name)) if name in item.keys() else None for name in ("published", "updated"))  # noqa: SIM118
    return Entry(
        guid=_text(item.get("id")),
        link=_text(item.get("link")),
        title=_content(item.get("title_detail")),
        summary=_content(item.get("summary_detail")),
        content=next((content for part in item.get("content", ()) if (content := _content(part))), None),
        authors=tuple(dict.fromkeys(name for person in item.get("authors", ()) if (name := label(person.get("name"))))),
        tags=tuple(dict.fromkeys(term for tag in item.get("tags", ()) if (term := label(tag.get("term"))))),
        published=published,
        updated=updated,
        language=_text(item.get("dateline_language")),
        media=tuple(_media(item)),
        location=_location(item.get("dateline_point")),
    )


def _content(detail: Any) -> Content | None:
    value = _text(detail.get("value")) if detail else None
    if value is None:
        return None
    return Content(value=value, html=detail.get("type") != "text/plain", language=detail.get("language"))


def _media(item: Any) -> Iterable[Media]:
    for link in item.get("links", ()):
        if link.get("rel") == "enclosure" and (url := _text(link.get("href"))):
            yield Media(url=url, type=_text(link.get("type")), length_bytes=_count(link.get("length")))


def _location(written: object) -> Location | None:
    if not isinstance(written, str):
        return None
    latitude, _, longitude = written.partition(" ")
    return Location(latitude=float(latitude), longitude=float(longitude))


def label(value: object) -> str | None:
    """A name of something: one line. Many feeds escape names twice."""
    return " ".join(html.unescape(text).split()) or None if (text := _text(value)) else None


def _text(value: object) -> str | None:
    return _CONTROL.sub("", value).strip() or None if isinstance(value, str) else None


def _count(value: object) -> int | None:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16 else None


def line(error: BaseException) -> str:
    """An error on one line."""
    return " ".join(str(error).split())[:200] or type(error).__name__
