"""Sitemaps and sitemap indexes (sitemaps.org, protocol 0.9) with the news and image extensions of Google.

Elements are told by their local names and by where they stand, because publishers write the namespaces in many ways.
"""

from __future__ import annotations

import codecs
import re
from datetime import UTC, datetime
from html.entities import html5
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from lxml import etree

from worker.model.caching import cached_if_short
from worker.model.entry import Content, Document, Entry, Media, NotAFeed, SitemapIndex, Unreadable

_ROOTS = {"urlset": "url", "sitemapindex": "sitemap"}
_SNIFFED_BYTES = 8_192
_RAW_CHARS = 20_000
_FRAME_CHARS = 4_000
_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
# What may stand before the root (XML 1.0, 2.8).
_PROLOG = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[[^\]]*\])?\s*>", re.DOTALL)
_ROOT = re.compile(r"<((?:[\w.-]+:)?([A-Za-z]+))(?=[\s>/])[^>]*>?")
_ENCODING = re.compile(rb"<\?xml[^>]{0,200}?\bencoding\s*=\s*[\"']([\w.-]{1,40})")
# A comment or section that is not closed takes the rest: so no character is looked at twice.
_REFERENCE = re.compile(
    r"(<!\[CDATA\[.*?(?:\]\]>|\Z))|(<!--.*?(?:-->|\Z))|&(?:#[0-9]+;|#x[0-9A-Fa-f]+;|([A-Za-z][A-Za-z0-9]{1,30});)?",
    re.DOTALL,
)
_XML_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos"})
# What a byte that is not UTF-8 becomes under "surrogateescape".
_STRAY = re.compile("[\udc80-\udcff]")
# No text has such characters, and some databases take none.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_YEAR_OR_MONTH = re.compile(r"(\d{4})(?:-(\d{2}))?")


class _Part(NamedTuple):
    """One <url> or <sitemap>; of one that nothing can be made of, only the text."""

    element: etree._Element | None
    text: str | None = None

    def raw(self) -> bytes:
        if self.text is not None or self.element is None:
            return (self.text or "")[:_RAW_CHARS].encode("utf-8", "replace")
        return etree.tostring(self.element, encoding="unicode", with_tail=False)[:_RAW_CHARS].encode()


class _Sitemap(NamedTuple):
    kind: str
    parts: list[_Part]
    warnings: tuple[str, ...] = ()
    complete: bool = True
    # The part that the document breaks off in.
    cut: _Part | None = None


def is_sitemap(body: bytes) -> bool:
    """Whether the root of a document is that of a sitemap or of an index of sitemaps. Looks at its beginning only."""
    root = _root(body[:_SNIFFED_BYTES].decode(_UTF_16.get(body[:2], "utf-8"), "ignore"))
    return root is not None and root[2].lower() in _ROOTS


def parse_sitemap(body: bytes, *, url: str) -> Document | SitemapIndex | NotAFeed:
    """The entries of a sitemap, or the addresses in an index.

    `updated` is the <lastmod>, `published` only what the news extension says; a sitemap without it gives links and
    `updated` alone. The guid is the address of the page.

    Args:
        body: decoded bytes of the document.
        url: where it came from; relative addresses, which the protocol forbids, are resolved against it.
    """
    if not body.strip():
        return NotAFeed(reason="empty", detail="the body is empty")
    if not is_sitemap(body):
        return NotAFeed(reason="not_a_feed", detail="the root is neither <urlset> nor <sitemapindex>")
    sitemap = _read(body)
    if sitemap is None:
        return NotAFeed(reason="broken", detail="nothing of the sitemap can be read as XML")
    return _index(sitemap, url) if sitemap.kind == "sitemapindex" else _document(sitemap, url)


def _document(sitemap: _Sitemap, url: str) -> Document:
    entries: list[Entry] = []
    unreadable: list[Unreadable] = []
    publications: set[str | None] = set()
    for part in sitemap.parts:
        entry, publication = _entry(part, url)
        if isinstance(entry, Entry):
            entries.append(entry)
            publications.add(publication)
        else:
            unreadable.append(entry)
    if sitemap.cut is not None:
        detail = "the document breaks off in this <url>"
        unreadable.append(Unreadable(raw=sitemap.cut.raw(), reason="truncated", detail=detail))
    return Document(
        format="sitemap",
        title=publications.pop() if len(publications) == 1 else None,
        entries=tuple(entries),
        unreadable=tuple(unreadable),
        warnings=sitemap.warnings,
        complete=sitemap.complete,
    )


def _entry(part: _Part, url: str) -> tuple[Entry | Unreadable, str | None]:
    """An entry and the name of its publication."""
    own, others = _children(part.element)
    location = _text(own.get("loc"))
    link = _address(location, url)
    if link is None:
        detail = "a <url> without <loc>" if location is None else f"no http(s) address: {location[:200]}"
        return Unreadable(raw=part.raw(), reason="no_link", detail=detail), None
    news = _children(next((child for name, child in others if name == "news"), None))[0]
    publication = _children(news.get("publication"))[0]
    title = _text(news.get("title"))
    images = (_address(_text(_children(child)[0].get("loc")), url) for name, child in others if name == "image")
    entry = Entry(
        guid=link,
        link=link,
        title=Content(value=title, html=False) if title else None,
        tags=_terms(_text(news.get("keywords"))),
        published=_text(news.get("publication_date")),
        updated=_text(own.get("lastmod")),
        # Older sitemaps have it beside the publication.
        language=_text(publication.get("language")) or _text(news.get("language")),
        media=tuple(Media(url=image) for image in dict.fromkeys(images) if image),
    )
    return entry, _text(publication.get("name"))


def _terms(text: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(term for word in text.split(",") if (term := word.strip()))) if text else ()


def _index(sitemap: _Sitemap, url: str) -> SitemapIndex:
    dated: list[tuple[datetime, str]] = []
    for part in sitemap.parts:
        own, _ = _children(part.element)
        address = _address(_text(own.get("loc")), url)
        if address is not None:
            dated.append((_moment(_text(own.get("lastmod"))), address))
    dated.sort(key=lambda pair: pair[0], reverse=True)
    warnings = sitemap.warnings
    if len(dated) < len(sitemap.parts):
        left_out = len(sitemap.parts) - len(dated)
        warnings = (*warnings, f"document: {left_out} of {len(sitemap.parts)} sitemaps have no http(s) address")
    return SitemapIndex(addresses=tuple(dict.fromkeys(address for _, address in dated)), warnings=warnings)


def _moment(text: str | None) -> datetime:
    """A date of the W3C's format as a moment, for sorting. What is no date comes before all others."""
    never = datetime.min.replace(tzinfo=UTC)
    if text is None:
        return never
    try:
        if (short := _YEAR_OR_MONTH.fullmatch(text)) is not None:
            return datetime(int(short[1]), int(short[2] or 1), 1, tzinfo=UTC)
        moment = datetime.fromisoformat(text)
    except ValueError:
        return never
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _root(text: str) -> re.Match[str] | None:
    """The start tag of the root."""
    position = 1 if text.startswith("\ufeff") else 0
    while (match := _PROLOG.match(text, position)) is not None:
        position = match.end()
    return _ROOT.match(text, position)


def _read(body: bytes) -> _Sitemap | None:
    parser = _parser(recover=False)
    try:
        root = etree.fromstring(body.lstrip(), parser)
    except etree.XMLSyntaxError as error:
        return _recovered(body, f"document: not well-formed: {' '.join((error.msg or '').split())[:200]}")
    kind = _name(root.tag)[1]
    # Those of some publishers stand in a further element.
    parts = [_Part(child) for child in root.iter(etree.Element) if _name(child.tag)[1] == _ROOTS[kind]]
    return _Sitemap(kind, parts)


def _recovered(body: bytes, warning: str) -> _Sitemap | None:
    """What can be read of a document that is not well-formed: its parts one by one, so that none costs another."""
    text = _REFERENCE.sub(_sound, _CONTROL.sub("", _decoded(body)))
    root = _root(text)
    if root is None:
        return None
    kind = root[2].lower()
    opening = re.compile(rf"<(?:[\w.-]+:)?{_ROOTS[kind]}(?=[\s>/]|\Z)", re.IGNORECASE)
    closing = re.compile(rf"</(?:[\w.-]+:)?{_ROOTS[kind]}\s*>", re.IGNORECASE)
    end = re.compile(rf"</(?:[\w.-]+:)?{kind}\s*>", re.IGNORECASE).search(text, root.end())
    limit = end.start() if end else len(text)
    starts = [match.start() for match in opening.finditer(text, root.end(), limit)]
    parser = _parser(recover=True)
    # Inside the root's own start tag, the prefixes mean what they meant.
    frame = (root[0] if len(root[0]) <= _FRAME_CHARS else f"<{root[1]}>", f"</{root[1]}>")
    parts = [_part(text[start:stop], frame, parser) for start, stop in pairwise([*starts, limit])]
    cut = None
    if end is None and starts and closing.search(text, starts[-1]) is None:
        cut = parts.pop()
    return _Sitemap(kind, parts, (warning,), end is not None, cut)


def _part(text: str, frame: tuple[str, str], parser: etree.XMLParser) -> _Part:
    tree = etree.fromstring(text.join(frame).encode("utf-8", "replace"), parser)
    return _Part(next(tree.iterchildren(etree.Element), None) if tree is not None else None, text.rstrip())


def _decoded(body: bytes) -> str:
    """The text of a document. What is not valid in its encoding is read as UTF-8, and else as windows-1252."""
    declared = _ENCODING.match(body.lstrip())
    codec = _UTF_16.get(body[:2]) or (declared[1].decode("ascii", "replace") if declared else "utf-8")
    try:
        return body.decode(codec)
    except (LookupError, ValueError):
        text = body.decode("utf-8", "surrogateescape")
    return _STRAY.sub(lambda match: bytes([ord(match[0]) - 0xDC00]).decode("cp1252", "replace"), text)


def _parser(*, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(
        recover=recover,
        encoding="utf-8" if recover else None,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )


def _sound(match: re.Match[str]) -> str:
    """A reference that XML knows, as it is; one that HTML knows, as its characters; any other "&" as such.

    An address with a bare "&" is the commonest mistake; libxml2 would drop what follows it.
    """
    section, comment, name = match.groups()
    if comment is not None:
        return ""
    if match[0].startswith("&#"):
        # libxml2 reads past a reference to half a surrogate pair, and lxml fails on what it made of it.
        return match[0] if _is_character(match[0][2:-1]) else ""
    if section is not None or name in _XML_ENTITIES:
        return match[0]
    return html5.get(f"{name};") or f"&amp;{match[0][1:]}"


def _is_character(number: str) -> bool:
    """Whether the number of a reference is that of a character that XML knows (XML 1.0, 2.2)."""
    code = int(number[1:], 16) if number[0] == "x" else int(number[:20])
    return code in {9, 10, 13} or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code <= 0x10FFFF


def _children(element: etree._Element | None) -> tuple[dict[str, etree._Element], list[tuple[str, etree._Element]]]:
    """The first children of each local name in the element's own namespace; and all children with their local names."""
    own: dict[str, etree._Element] = {}
    every: list[tuple[str, etree._Element]] = []
    if element is not None:
        family = _name(element.tag)[0]
        for child in element.iterchildren(etree.Element):
            space, name = _name(child.tag)
            every.append((name, child))
            if space == family:
                own.setdefault(name, child)
    return own, every


@cached_if_short(1_024)
def _name(tag: str) -> tuple[str, str]:
    """Namespace and local name. A prefix that is not declared is part of the tag, and stands for a namespace."""
    name = re.split(r"[}:]", tag)[-1]
    return tag[: len(tag) - len(name)], name.lower()


def _text(element: etree._Element | None) -> str | None:
    if element is None:
        return None
    text = "".join(map(str, element.itertext())) if len(element) else element.text or ""
    return " ".join(_CONTROL.sub("", text).split()) or None


def _address(text: str | None, url: str) -> str | None:
    """An absolute http(s) address, or None."""
    if text is None:
        return None
    try:
        # urljoin would take "https://" alone for the sitemap's own address.
        address = text if _SCHEME.match(text) else urljoin(url, text)
        parts = urlsplit(address)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return None
    return address if usable else None
