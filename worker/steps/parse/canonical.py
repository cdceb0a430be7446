"""Every dialect reduced to one: what each item says, each thing once.

Feeds say one thing in many ways: a date as pubDate, dc:date or issued; an author as a person, as text or as dc:creator;
an address as text, as an attribute, relative, or as a guid. Where an item says it twice, feedparser takes the last, or
the wrong one. Here each item has a single value for each thing it says, with absolute addresses. docs/feeds.md gives
the rules and their reasons.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lxml import etree

from worker.model.entry import Hints

from . import details
from .fields import Fields, Place, language_tag
from .hints import read_hints
from .names import NAMESPACES, Names, attribute, local
from .values import absolute, looks_like_html, read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from worker.model.entry import FeedFormat

    from .values import Text

# feedparser takes about 0.2 ms for the smallest of items: with more of them a document is an attack.
MAX_ITEMS = 10_000
_MAX_RAW_CHARS = 20_000
# Where items are looked for: further down there is content.
_ITEM_DEPTH = 4
_ITEMS = frozenset({"item", "entry"})
_CONTAINERS = frozenset({"channel", "items", "feed", "rss", "rdf", "rdf:rdf", "body"})

_TITLES = ("title", "atom:title", "dc:title", "dcterms:title")
_MEDIA_TITLES = ("media:title", "media:group/media:title", "itunes:title")
_SUMMARIES = (
    "description", "summary", "atom:summary", "abstract", "itunes:summary", "dc:description", "dcterms:abstract",
    "googleplay:description", "itunes:subtitle", "media:description", "media:group/media:description",
)  # fmt: skip
_CONTENTS = ("content:encoded", "content", "atom:content", "xhtml:body", "body", "fullitem", "xhtml:div")
_PUBLISHED = (
    "pubdate", "published", "atom:published", "issued", "dcterms:issued", "dc:date", "dcterms:date",
    "dcterms:created", "created",
)  # fmt: skip
_UPDATED = ("updated", "atom:updated", "modified", "dcterms:modified", "lastbuilddate")
_LANGUAGES = ("language", "dc:language", "dcterms:language")
_ABOUT = f"{{{NAMESPACES['rdf']}}}about"
_PAGES = frozenset({"text/html", "application/xhtml+xml", "html"})
_ALTERNATE = frozenset({"alternate", "http://www.iana.org/assignments/relation/alternate"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What one item says. `attached` has the type and the length of each file by its address, as written."""

    title: Text | None
    summary: Text | None
    content: Text | None
    guid: str | None
    link: str | None
    published: str | None
    updated: str | None
    terms: Sequence[str]
    attached: Mapping[str, tuple[str | None, str | None]]
    point: tuple[float, float] | None
    authors: Sequence[str]
    language: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Canonical:
    """What a document says; the raw text of items that say nothing or are too many; and the channel's hints."""

    format: FeedFormat
    title: Text | None
    language: str | None
    items: tuple[Item, ...]
    empty: tuple[str, ...]
    excess: tuple[str, ...]
    hints: Hints


def canonical(root: etree._Element, *, url: str) -> Canonical | None:
    """The canonical form of a tree; None when its root is not that of a feed."""
    if local(root) not in {"rss", "rdf", "feed", "channel", "entry"}:
        return None
    return _Reader(root, url=url).read()


class _Reader:
    def __init__(self, root: etree._Element, *, url: str) -> None:
        self._root = root
        self._names = Names(root)
        self._atom = local(root) in {"feed", "entry"}
        self._place = Place(base=url, language=None)
        self._title: Text | None = None
        self._language: str | None = None
        self._authors: list[str] = []
        self._hints = Hints()

    def read(self) -> Canonical:
        self._feed(*self._channel())
        items = list(self._items(self._root, self._place, _ITEM_DEPTH))
        read = [(element, self._item(element, place)) for element, place in items[:MAX_ITEMS]]
        return Canonical(
            format="atom" if self._atom else "rdf" if local(self._root) == "rdf" else "rss",
            title=self._title,
            language=self._language,
            items=tuple(item for _, item in read if item is not None),
            empty=tuple(_raw(element) for element, item in read if item is None),
            excess=tuple(_raw(element) for element, _ in items[MAX_ITEMS:]),
            hints=self._hints,
        )

    def _channel(self) -> tuple[etree._Element, Place]:
        """The element that speaks of the feed as a whole."""
        place = self._place.within(self._root)
        for child in self._root.iterchildren(etree.Element):
            if not self._atom and self._names.of(child) == "channel":
                return child, place.within(child)
        return self._root, place

    def _items(self, parent: etree._Element, place: Place, depth: int) -> Iterator[tuple[etree._Element, Place]]:
        """The items with their places, in the order of the document. Those that stand in an item are items as well."""
        place = place.within(parent)
        if parent is self._root and self._names.of(parent) == "entry":
            yield parent, place
            return
        for child in parent.iterchildren(etree.Element):
            name = self._names.of(child)
            if name in _ITEMS:
                yield child, place.within(child)
            if depth and (name in _CONTAINERS or name in _ITEMS):
                yield from self._items(child, place, depth - 1)

    def _feed(self, channel: etree._Element, place: Place) -> None:
        """What the feed says of itself. Its authors are those of items that name none."""
        if local(channel) == "entry":
            return
        fields = Fields(channel, self._names)
        self._hints = read_hints(fields, base=place.base)
        self._title = self._text(fields.all(*_TITLES), place, html=None)
        self._language = language_tag(fields.text(*_LANGUAGES)) or place.language
        # RSS has no rule for relative addresses; whatever program writes them is that of the channel's own link.
        link = None if self._atom else absolute(fields.text("link"), place.base)
        if link is not None and link.lower().startswith(("http://", "https://")):
            self._place = Place(base=link, language=None)
        self._authors = details.authors(fields, atom=self._atom, of_channel=True)

    def _item(self, element: etree._Element, place: Place) -> Item | None:
        """What an item says; None when that is nothing."""
        fields = Fields(element, self._names)
        title = self._text(fields.all(*_TITLES, *_MEDIA_TITLES), place, html=None)
        summary = self._text(fields.all(*_SUMMARIES), place, html=True)
        content = self._text(_longest_first(fields.all(*_CONTENTS)), place, html=True)
        said = next((text for text in (content, summary, title) if text is not None), None)
        guid, link = self._identity(element, fields, place)
        published, updated = self._dates(element, fields)
        authors = details.authors(fields, atom=self._atom) or (details.source_authors(fields) if self._atom else [])
        item = Item(
            title=title,
            summary=summary,
            content=content,
            guid=guid,
            link=link,
            published=published,
            updated=updated,
            terms=details.terms(fields),
            attached=details.attached(fields, place),
            point=details.location(fields),
            authors=authors or self._authors,
            language=language_tag(fields.text(*_LANGUAGES)) or (said.language if said else place.language),
        )
        anything = said or guid or link or published or updated or item.terms or item.attached or item.point or authors
        return item if anything else None

    def _text(self, elements: Iterable[etree._Element], place: Place, *, html: bool | None) -> Text | None:
        """The first of the elements that says something."""
        for element in elements:
            short = self._names.of(element)
            within = place.within(element)
            atom = (
                attribute(element, "type") is not None
                if short.startswith("media:")
                else short.startswith("atom:") or (self._atom and ":" not in short)
            )
            text = read_text(element, atom=atom, html=html, base=within.base, language=within.language)
            if text is not None:
                return text if text.html is not None else replace(text, html=looks_like_html(text.value))
        return None

    def _identity(self, item: etree._Element, fields: Fields, place: Place) -> tuple[str | None, str | None]:
        """The guid and the address. A guid that is a permalink is the address of an item that has no other."""
        element = fields.first("guid", "id", "atom:id")
        guid = fields.text("guid", "id", "atom:id") or (item.get(_ABOUT) or "").strip() or None
        permanent = element is None or (attribute(element, "isPermaLink") or "true").strip().lower() != "false"
        link = self._link(item, fields, place)
        if guid is not None:
            if permanent and link is None and guid.lower().startswith(("http://", "https://")):
                link = absolute(guid, place.base)
            # An id is a name, not an address: it is not made absolute unless the document says from what.
            if permanent and element is not None and (within := place.within(element)).based:
                guid = absolute(guid, within.base) or guid
        return guid, link

    def _link(self, item: etree._Element, fields: Fields, place: Place) -> str | None:
        # Services that count clicks put their own address in <link>.
        original = fields.text("feedburner:origlink", "pheedo:origlink")
        if original is not None and original.lower().startswith(("http://", "https://")):
            return absolute(original, place.base)
        for element in self._alternates(fields):
            address = (attribute(element, "href") or element.text or "").replace("&amp;", "&")
            if (found := absolute(address, place.within(element).base)) is not None:
                return found
        # CDF has the address on the item itself.
        return absolute(attribute(item, "href"), place.base)

    def _alternates(self, fields: Fields) -> list[etree._Element]:
        """The links of an item to its page, the best first (RFC 4287, 4.2.7)."""
        own = [element for element in fields.all("link") if _is_alternate(element)]
        if self._atom:
            # Of several forms of the page, the one for people.
            return sorted(own, key=lambda link: (attribute(link, "type") or "text/html").strip().lower() not in _PAGES)
        # Of several links in RSS the last one counts, as in feedparser and gofeed.
        return [*reversed(own), *(element for element in fields.all("atom:link") if _is_alternate(element))]

    @staticmethod
    def _dates(item: etree._Element, fields: Fields) -> tuple[str | None, str | None]:
        """When the item was published, and updated, as written."""
        published = fields.last_text(*_PUBLISHED)
        updated = fields.last_text(*_UPDATED) or (attribute(item, "lastmod") or "").strip() or None
        if updated is None and fields.text("pubdate") is not None:
            # feedparser and gofeed both take the second date of an item for that of its update.
            second = fields.last_text("dc:date")
            updated = second if second != published else None
        return published, updated


def _is_alternate(link: etree._Element) -> bool:
    if not attribute(link, "href"):
        return bool((link.text or "").strip())
    return (attribute(link, "rel") or "alternate").strip().lower() in _ALTERNATE


def _longest_first(elements: Iterable[etree._Element]) -> list[etree._Element]:
    """Of several forms of one text the longest says most; what lies elsewhere says nothing."""
    here = [element for element in elements if not attribute(element, "src")]
    return here if len(here) < 2 else sorted(here, key=lambda element: -sum(len(text) for text in element.itertext()))


def _raw(item: etree._Element) -> str:
    return etree.tostring(item, encoding="unicode", with_tail=False)[:_MAX_RAW_CHARS]
