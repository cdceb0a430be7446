"""Which element is meant: namespaces as publishers write them, reduced to short names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml import etree

XHTML = "http://www.w3.org/1999/xhtml"
XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

_MAX_ATTRIBUTES = 100

# Namespaces by their prefix, as their specifications have them.
NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    "geo": "http://www.w3.org/2003/01/geo/wgs84_pos#",
    "georss": "http://www.georss.org/georss",
    "gml": "http://www.opengis.net/gml",
    "googleplay": "http://www.google.com/schemas/play-podcasts/1.0",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "pheedo": "http://www.pheedo.com/namespace/pheedo",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "xhtml": XHTML,
}
# The namespaces of the feed formats themselves: RSS 0.90, 1.0, 1.1, 2.0 as some write it, Atom 0.3 and 1.0.
_FORMATS = (
    "http://my.netscape.com/rdf/simple/0.9/",
    "http://channel.netscape.com/rdf/simple/0.9/",
    "http://my.netscape.com/publish/formats/rss-0.91.dtd",
    "http://purl.org/rss/1.0/",
    "http://purl.org/rss/1.0/modules/rss091",
    "http://purl.org/net/rss1.1",
    "http://backend.userland.com/rss",
    "http://backend.userland.com/rss2",
    "http://blogs.law.harvard.edu/tech/rss",
    "http://cyber.law.harvard.edu/rss/rss.html",
    "http://purl.org/atom/ns",
    "http://purl.org/echo/",
    "http://purl.org/pie/",
    "http://example.com/newformat",
    "http://example.com/necho",
    "uri/of/echo/namespace",
)
_ALIASES = {
    "www.opengis.net/gml/3.2": "gml",
    "search.yahoo.com/mrss/rss": "media",
    "video.search.yahoo.com/mrss": "media",
    "www.georss.org/georss/10": "georss",
    "purl.org/dc/elements/1.0": "dc",
    "www.pheedo.com/namespace": "pheedo",
}
_DECORATION = re.compile(r"^https?://|[/#\s]+$")


def _bare(uri: str) -> str:
    return _DECORATION.sub("", uri.strip().lower())


_KNOWN = {_bare(uri): prefix for prefix, uri in NAMESPACES.items()} | _ALIASES | {_bare(uri): "" for uri in _FORMATS}


class Names:
    """Short names for the elements of one document: "title" for its format's own, "dc:title" for others."""

    def __init__(self, root: etree._Element) -> None:
        own, _ = _split(root.tag)
        self._short: dict[tuple[str, str | None], str] = {}
        self._own = own
        # In an Atom document its own elements carry no prefix, in others they are told from those of RSS.
        self._is_atom = _split(root.tag)[1].lower() in {"feed", "entry"}

    def of(self, element: etree._Element) -> str:
        """The short name, in lower case: feeds disagree about capitals."""
        key = (element.tag, element.prefix)
        name = self._short.get(key)
        if name is None:
            name = self._short[key] = self._name(element.tag, element.prefix)
        return name

    def _name(self, tag: str, written: str | None) -> str:
        uri, name = _split(tag)
        if not uri and written is None:
            return name.lower()
        prefix = self._prefix(uri, written)
        return f"{prefix}:{name.lower()}" if prefix else name.lower()

    def _prefix(self, uri: str, written: str | None) -> str:
        known = _KNOWN.get(_bare(uri))
        if known is None and uri == self._own:
            return ""
        if known is None:
            # A namespace that is mistyped, or none that we know: the prefix says what was meant.
            return written or "unknown"
        return "" if known == "atom" and self._is_atom else known


def _split(tag: object) -> tuple[str, str]:
    """Namespace and local name of a tag as lxml writes it. Comments and such have no name."""
    if not isinstance(tag, str):
        return "", ""
    uri, _, name = tag.rpartition("}")
    return uri[1:], name


def local(element: etree._Element) -> str:
    """The name without any namespace, in lower case."""
    return _split(element.tag)[1].lower()


def attribute(element: etree._Element, name: str) -> str | None:
    """An attribute, whatever its capitals."""
    value = element.get(name)
    # Looking for one of very many takes time that grows with the square of their number.
    if value is None and 0 < len(element.attrib) < _MAX_ATTRIBUTES:
        lower = name.lower()
        spelled = next((key for key in element.attrib if str(key).lower() == lower), None)
        value = element.get(spelled) if spelled is not None else None
    return value
