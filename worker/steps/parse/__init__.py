"""RSS, RDF and Atom: bytes to text, text to well-formed XML, every dialect to one, and that to entries.

From there on, documents that were well-formed take a road of our own, all others go through feedparser. Values stay as
written; nothing is believed yet. What each field is taken from, and why, is in docs/feeds.md.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from worker.model.entry import Document, NotAFeed, Unreadable

from . import direct, reading
from .canonical import MAX_ITEMS, canonical
from .decoding import decode
from .repair import read_tree
from .values import absolute

if TYPE_CHECKING:
    from .canonical import Canonical
    from .repair import Repaired

# A page names its feeds in its head (HTML Standard, 4.6.7.1).
_LINK = re.compile(r"<link\s[^>]{1,2000}>", re.IGNORECASE)
_FEED_TYPE = re.compile(r"\btype\s*=\s*[\"']?application/(?:rss\+xml|atom\+xml|feed\+json)\b", re.IGNORECASE)
_HREF = re.compile(r"\bhref\s*=\s*(?:\"([^\"]+)\"|'([^']+)'|([^\s>\"']+))", re.IGNORECASE)
_HEAD_CHARS = 100_000
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body)[\s>]", re.IGNORECASE)


def parse(body: bytes, *, url: str, content_type: str | None) -> Document | NotAFeed:
    """A document from bytes.

    Args:
        body: decoded bytes of the document.
        url: where it came from; relative links are resolved against it.
        content_type: the header, whose charset is weighed against the XML declaration (RFC 7303).
    """
    text, warnings = decode(body, content_type)
    if not text.strip("\ufeff\0 \t\r\n"):
        return NotAFeed(reason="empty", detail="the body is empty")
    repaired = read_tree(text)
    plain = canonical(repaired.root, url=url) if repaired.root is not None else None
    if plain is None:
        return _refusal(text, repaired, url)
    # The one place that decides who goes round feedparser.
    read = direct.read(plain) if repaired.sound else reading.read(plain)
    unreadable = (*read.unreadable, *_left_out(plain, repaired))
    if not read.entries and not unreadable and not repaired.balanced and not (read.title and repaired.complete):
        return NotAFeed(reason="broken", detail=_last(repaired))
    return Document(
        format=plain.format,
        title=read.title,
        language=read.language,
        entries=read.entries,
        unreadable=unreadable,
        warnings=(*warnings, *repaired.warnings),
        complete=repaired.complete,
        hints=plain.hints,
    )


def _left_out(plain: Canonical, repaired: Repaired) -> tuple[Unreadable, ...]:
    """The items that are none, those beyond the limit, and the one that the document breaks off in."""
    empty = [
        Unreadable(
            raw=raw.encode("utf-8", "replace"),
            reason="empty_entry",
            detail="there is nothing in the item",
        )
        for raw in plain.empty
    ]
    excess = [
        Unreadable(
            raw=raw.encode("utf-8", "replace"),
            reason="too_many_entries",
            detail=f"the document has more than {MAX_ITEMS} items",
        )
        for raw in plain.excess
    ]
    cut = (
        []
        if repaired.truncated is None
        else [
            Unreadable(
                raw=repaired.truncated.encode("utf-8", "replace"),
                reason="truncated",
                detail="the document breaks off in this item",
            )
        ]
    )
    return (*empty, *excess, *cut)


def _refusal(text: str, repaired: Repaired, url: str) -> NotAFeed:
    if _HTML.search(text[:2_048]):
        named = _named_feed(text, url)
        hint = "" if named is None else f"; the feed that it names is {named}"
        return NotAFeed(reason="html", detail=f"the body is an HTML page{hint}")
    if text.lstrip()[:1] == "<" and not repaired.balanced:
        return NotAFeed(reason="broken", detail=_last(repaired))
    return NotAFeed(reason="not_a_feed", detail="the body is neither RSS, Atom nor JSON Feed")


def _named_feed(text: str, url: str) -> str | None:
    for link in _LINK.finditer(text, 0, _HEAD_CHARS):
        href = _HREF.search(link[0]) if _FEED_TYPE.search(link[0]) else None
        if href is not None:
            return absolute(html.unescape(href[1] or href[2] or href[3]).strip()[:500], url)
    return None


def _last(repaired: Repaired) -> str:
    return (repaired.warnings or ("document: cannot be parsed",))[-1].removeprefix("document: ")
