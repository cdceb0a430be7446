"""Entries straight from what a document says: the road of well-formed documents.

feedparser takes most of a document's time, and has nothing left to decide about values that `canonical` has settled.
What it does to every text is done here as well; tests hold both roads to the same entries.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from worker.model.entry import Content, Entry, Location, Media

from .clean import Read, feed_title, label, length_bytes, visible

if TYPE_CHECKING:
    from .canonical import Canonical, Item
    from .values import Text

# Control characters of Latin-1 that were characters of windows-1252; five bytes mean nothing in it.
_CONTROLS = re.compile("[\x80-\x9f]")
_MEANT = {code: found for code in range(0x80, 0xA0) if (found := bytes([code]).decode("cp1252", "ignore"))}
# In attributes, a parser of XML reads all of these as blanks (XML 1.0, 3.3.3).
_BLANKS = str.maketrans("\t\n\r", "   ")


def read(plain: Canonical) -> Read:
    """The entries of a document whose values are settled."""
    return Read(
        title=feed_title(_content(plain.title)),
        language=_text(plain.language),
        entries=tuple(_entry(item) for item in plain.items),
    )


def _entry(item: Item) -> Entry:
    return Entry(
        guid=_text(item.guid),
        link=_attribute(item.link),
        title=_content(item.title),
        summary=_content(item.summary),
        content=_content(item.content),
        authors=tuple(dict.fromkeys(name for said in item.authors if (name := label(said)))),
        tags=tuple(dict.fromkeys(term for said in item.terms if (term := label(said)))),
        published=_text(item.published),
        updated=_text(item.updated),
        language=_text(item.language),
        media=tuple(
            Media(url=url, type=_attribute(kind and kind.lower()), length_bytes=length_bytes(length))
            for address, (kind, length) in item.attached.items()
            if (url := _attribute(address))
        ),
        location=None if item.point is None else Location(latitude=item.point[0], longitude=item.point[1]),
    )


def _content(text: Text | None) -> Content | None:
    value = None if text is None else _text(text.value)
    if text is None or value is None:
        return None
    return Content(value=value, html=bool(text.html), language=_attribute(text.language))


def _text(value: str | None) -> str | None:
    """A text as feedparser has it: UTF-8 that was taken for Latin-1 and encoded once more is mended."""
    if value is None:
        return None
    if not value.isascii():
        with suppress(UnicodeError):
            value = value.strip().encode("iso-8859-1").decode("utf-8")
        # The first byte of theirs is found faster than they are.
        if b"\xc2" in value.encode("utf-8", "surrogatepass") and _CONTROLS.search(value):
            value = value.translate(_MEANT)
    if "\r" in value:
        value = value.replace("\r\n", "\n").replace("\r", "\n")
    return visible(value)


def _attribute(value: str | None) -> str | None:
    return visible(value.replace("\r\n", "\n").translate(_BLANKS)) if value else None
