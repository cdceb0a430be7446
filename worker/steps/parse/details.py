"""Who wrote an item, what it is filed under, what is attached to it, and where on earth it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from .fields import Fields
from .names import attribute, local
from .values import absolute, plain, point

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .fields import Place

_MAX_NAMES = 200
# No name is longer; feedparser takes time that grows with the square of an author's length.
_MAX_NAME_CHARS = 500
_MAX_ATTACHED = 200

# The ways of naming authors, the best first: what the formats have themselves, then what others added.
_AUTHORS = (
    ("author", "atom:author"),
    ("dc:creator", "dcterms:creator"),
    ("dc:author",),
    ("itunes:author",),
    ("googleplay:author",),
)
# RSS 2.0 wants an e-mail address with the name in brackets; others write it the other way round.
_MAIL = r"[^\s@<>()]++@[^\s@<>()]++"
_MAIL_AND_NAME = re.compile(rf"<?{_MAIL}>? ?\(([^()]+)\)")
_NAME_AND_MAIL = re.compile(rf"([^()<>@]+?) ?[<(]{_MAIL}[>)]")

_CATEGORIES = (
    "category",
    "atom:category",
    "dc:subject",
    "dcterms:subject",
    "media:category",
    "media:group/media:category",
)
_KEYWORDS = ("keywords", "tags", "media:keywords", "media:group/media:keywords", "itunes:keywords")
_MEDIA = (
    "media:content",
    "media:group/media:content",
    "media:content/media:thumbnail",
    "media:thumbnail",
    "media:group/media:thumbnail",
    "media:group/media:content/media:thumbnail",
    "media:peerlink",
    "media:group/media:peerlink",
    "itunes:image",
    "image",
)
# GeoRSS Simple, GeoRSS GML, and GML without its wrapper: latitude first in all of them.
_POINTS = (
    "georss:point",
    "georss:where/gml:point/gml:pos",
    "where/gml:point/gml:pos",
    "gml:point/gml:pos",
)
_PLACED = frozenset(
    {"georss:point", "georss:where", "where", "gml:point", "geo:lat", "geo:long", "geo:lon", "geo:point"}
)


def authors(fields: Fields, *, atom: bool, of_channel: bool = False) -> list[str]:
    """The authors by the first way of naming them that gives a name; else the first that gives an address.

    RSS knows no author of a channel, and whoever manages one is no author of its items.
    """
    ways = _AUTHORS[1:] if of_channel and not atom else _AUTHORS
    found = [
        list(dict.fromkeys(name for element in fields.all(*way) if (name := _person(element, fields, atom=atom))))
        for way in ways
    ]
    named = (names for names in found if any("@" not in name or " " in name for name in names))
    return (next(named, None) or next((names for names in found if names), []))[:_MAX_NAMES]


def source_authors(fields: Fields) -> list[str]:
    """An Atom entry copied from another feed is by that feed's authors (RFC 4287, 4.2.11)."""
    source = next(iter(fields.all("source")), None)
    return [] if source is None else authors(Fields(source, fields.names), atom=True)


def _person(element: etree._Element, fields: Fields, *, atom: bool) -> str | None:
    """A person's name, or address if there is no name. RSS has them as text, Atom as elements."""
    said = Fields(element, fields.names).text("name", "atom:name", "email", "atom:email", "itunes:name", "itunes:email")
    if said is not None:
        return said[:_MAX_NAME_CHARS]
    # A person with an address on the web and nothing else has no name.
    text = " ".join((element.text or "").split()) if atom and len(element) else plain(element) or ""
    text = text[:_MAX_NAME_CHARS]
    match = _MAIL_AND_NAME.fullmatch(text) or _NAME_AND_MAIL.fullmatch(text)
    return (match[1] if match else text).strip() or None


def terms(fields: Fields) -> list[str]:
    """Categories, then keywords, each once. Of an Atom category, the term: it is the one that is always there."""
    found: dict[str, None] = {}
    for element in fields.all(*_CATEGORIES):
        _add(found, attribute(element, "term") or plain(element) or attribute(element, "label"))
    for element in fields.all("itunes:category", "googleplay:category"):
        _add(found, attribute(element, "text"))
    for element in fields.all(*_KEYWORDS):
        for keyword in (plain(element) or "").split(",", _MAX_NAMES)[:_MAX_NAMES]:
            _add(found, keyword)
    return list(found)[:_MAX_NAMES]


def _add(found: dict[str, None], said: str | None) -> None:
    if said and (stripped := said.strip()[:_MAX_NAME_CHARS]):
        found.setdefault(stripped)


def attached(fields: Fields, place: Place) -> dict[str, tuple[str | None, str | None]]:
    """Attached files by their addresses, each with its type and length as written. Enclosures come first."""
    found: dict[str, tuple[str | None, str | None]] = {}
    original = fields.text("feedburner:origenclosurelink")
    for element in _attachments(fields):
        address = _address(element)
        if original is not None and local(element) == "enclosure":
            address, original = original, None
        url = absolute(address, place.within(element).base)
        if url is not None and len(found) < _MAX_ATTACHED:
            length = attribute(element, "length") or attribute(element, "fileSize")
            found.setdefault(url, (attribute(element, "type"), length))
    return found


def _attachments(fields: Fields) -> Iterator[etree._Element]:
    yield from fields.all("enclosure")
    for element in fields.all("link", "atom:link"):
        if (attribute(element, "rel") or "").strip().lower() == "enclosure":
            yield element
    yield from fields.all(*_MEDIA)


def _address(element: etree._Element) -> str | None:
    address = attribute(element, "url") or attribute(element, "href")
    if address or local(element) not in {"image", "thumbnail", "enclosure"}:
        return address
    child = next((part for part in element.iterchildren(etree.Element) if local(part) == "url"), None)
    return plain(element if child is None and not len(element) else child)


def location(fields: Fields) -> tuple[float, float] | None:
    """The point that an item names: latitude and longitude (GeoRSS, GML, W3C Geo). Lines and areas are no points."""
    if not fields.has_any(_PLACED):
        return None
    for path in _POINTS:
        words = (fields.text(path) or "").replace(",", " ").split()
        if len(words) >= 2 and (found := point(words[0], words[1])) is not None:
            return found
    for prefix in ("", "geo:point/"):
        longitude = fields.text(f"{prefix}geo:long", f"{prefix}geo:lon")
        if (found := point(fields.text(f"{prefix}geo:lat"), longitude)) is not None:
            return found
    return None
