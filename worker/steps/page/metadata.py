"""What a page says about its article: JSON-LD first, then meta elements, then what readers see."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit, urlunsplit

from worker.model.entry import Media

from .head import Head
from .words import fold, label

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .jsonld import LinkedData
    from .tree import Node

_LONGEST_CHARS = 1_000
_LONGEST_URL_CHARS = 4_000
_MOST_TAGS = 50
_MOST_MEDIA = 10
# <meta> names, lower case, by what they say: Open Graph (ogp.me) and its article:, Dublin Core, and what parse.ly,
# Sailthru and Google News ask for.
_HEADLINE = ("og:title", "parsely-title", "sailthru.title", "dc.title", "twitter:title")
_BYLINE = ("author", "article:author", "article:author_name", "parsely-author", "sailthru.author", "dc.creator", "byl")
_PUBLISHER = ("og:site_name", "dc.publisher", "publisher")
_PUBLISHED = (
    "article:published_time", "article:published", "og:published_time", "parsely-pub-date", "sailthru.date",
    "dc.date.issued", "dcterms.created", "dc.date", "date", "pubdate", "publishdate", "publish-date", "publish_date",
)  # fmt: skip
_UPDATED = (
    "article:modified_time", "article:modified", "og:updated_time", "dcterms.modified", "last-modified", "lastmod",
)  # fmt: skip
_SECTION = ("article:section", "parsely-section", "sailthru.section", "og:section")
_TAGS = ("article:tag", "parsely-tags", "sailthru.tags", "news_keywords", "keywords")
_IMAGES = ("og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src")
_BY = re.compile(r"(?:written\s+)?(?:by|von|por|par|di|door|av|af)\s+(?=[^\W\d_])", re.IGNORECASE)
_LONGEST_BYLINE_CHARS = 120
# What readers see as a byline may be a box about its writer.
_LONGEST_SEEN_BYLINE_CHARS = 60
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_SITE = re.compile(r"\s+[|\u2013\u2014:\u00b7»-]+\s+")
_HOST = re.compile(r"[\w.:-]+")
_COMMAS = re.compile(r"[,;]")
# What .NET writes for a date that nobody has given.
_NO_DATE = "0001-01-01"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """The fields of `Page` that are not its text. `title` is the whole page's, which may be no article's."""

    title: str
    canonical_url: str | None
    headline: str | None
    byline: str | None
    publisher: str | None
    published: str | None
    updated: str | None
    language: str | None
    section: str | None
    tags: tuple[str, ...]
    media: tuple[Media, ...]


def read_metadata(root: Node, data: LinkedData, url: str) -> Metadata:
    """What the page says about its article. Dates are as written; links are absolute and of http(s)."""
    head = Head(root)
    base = _address(head.base, url) or url
    publisher = _first(name for name in (*data.texts("publisher"), *head.metas(*_PUBLISHER)) if "://" not in name)
    published = (*data.texts("datePublished"), *head.metas(*_PUBLISHED), *head.props("datePublished"), *head.times)
    updated = (*data.texts("dateModified"), *head.metas(*_UPDATED), *head.props("dateModified"))
    return Metadata(
        title=_first(head.titles) or "",
        canonical_url=_canonical(head, data, base, url),
        headline=_headline(head, data, publisher),
        byline=_byline(head, data),
        publisher=publisher,
        published=_first(date for date in published if not date.startswith(_NO_DATE)),
        updated=_first(date for date in updated if not date.startswith(_NO_DATE)),
        language=_language(head, data),
        section=_first((*data.texts("articleSection"), *head.metas(*_SECTION), *head.props("articleSection"))),
        tags=_tags(head, data),
        media=_media(head, data, base),
    )


def _headline(head: Head, data: LinkedData, publisher: str | None) -> str | None:
    titles = (*head.metas(*_HEADLINE), *head.titles)
    titled = label(" ".join(titles)[:_LONGEST_CHARS])
    # Microdata of a page are those of other stories as well.
    shown = (name for name in head.props("headline") if label(name[:_LONGEST_CHARS]) in titled)
    declared = _first((*data.texts("headline"), *shown))
    known = f"{label(declared or '')} {titled}"
    site = label(publisher or "")
    for heading in head.headings:
        # The heading that readers see, when the page says the same elsewhere: others are the name of the site.
        words = label(heading[:_LONGEST_CHARS])
        if words and words != site and (words in known or (declared and words.startswith(label(declared)))):
            return _first([heading])
    if declared:
        return declared
    title = _first(titles) or _first(head.headings)
    return _without_site(title, site) if title else None


def _without_site(title: str, site: str) -> str:
    """A page's title without the name of the site that many append."""
    last = _SITE.split(title)[-1]
    if last != title and site and label(last) and label(last) in site:
        return title[: title.rindex(last)].rstrip(" |\u2013\u2014:\u00b7»-")
    return title


def _byline(head: Head, data: LinkedData) -> str | None:
    declared = (head.metas(name) for name in _BYLINE)
    seen = [name for name in head.bylines if label(name[:_LONGEST_CHARS])][:1]
    shown = (
        [name for name in names if len(fold(name)) <= _LONGEST_SEEN_BYLINE_CHARS and not any(map(str.isdigit, name))]
        for names in (head.props("author"), seen)
    )
    for found in (data.texts("author"), data.texts("creator"), *declared, *shown):
        names = dict.fromkeys(name for text in found if (name := _name(text)))
        if names:
            return ", ".join(names)
    return None


def _name(text: str) -> str | None:
    """Who it is; None for an address and for what is too long to be a name."""
    name = _BY.sub("", fold(text[:_LONGEST_CHARS]), count=1).strip(" ,|")
    return name if label(name) and len(name) <= _LONGEST_BYLINE_CHARS and "://" not in name else None


def _canonical(head: Head, data: LinkedData, base: str, url: str) -> str | None:
    front = not _path(url)
    for text in (*head.canonical, *head.metas("og:url"), *data.links("mainEntityOfPage"), *data.links("url")):
        address = _address(text, base)
        # Some sites give their front page as the canonical address of every page.
        if address and (_path(address) or front):
            return address
    return None


def _path(url: str) -> str:
    """Path and query, which a front page has none of."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.path}{parts.query}".strip("/")


def _language(head: Head, data: LinkedData) -> str | None:
    declared = (*data.texts("inLanguage"), *head.metas("og:locale", "content-language", "dc.language"))
    for text in (head.language, *declared):
        if (match := _LANGUAGE.match(text.strip().replace("_", "-"))) and match[0].lower() != "und":
            return match[0]
    return None


def _tags(head: Head, data: LinkedData) -> tuple[str, ...]:
    for found in (data.texts("keywords"), *(head.metas(name) for name in _TAGS)):
        # Several values are a tag each; a single one is a list with commas.
        names = found if len(found) > 1 else [name for text in found for name in _COMMAS.split(text)]
        tags = {label(name): fold(name) for name in names[:_MOST_TAGS] if len(name) <= _LONGEST_BYLINE_CHARS}
        if kept := tuple(tag for words, tag in tags.items() if words):
            return kept
    return ()


def _media(head: Head, data: LinkedData, base: str) -> tuple[Media, ...]:
    links = (*data.links("image"), *head.metas(*_IMAGES))
    addresses = dict.fromkeys(address for link in links[: 2 * _MOST_MEDIA] if (address := _address(link, base)))
    return tuple(Media(url=address) for address in addresses)[:_MOST_MEDIA]


def _first(values: Iterable[str]) -> str | None:
    """The first value that is not blank, as one line."""
    for value in values:
        if len(value) <= _LONGEST_CHARS and (line := fold(value)):
            return line
    return None


def _address(text: str | None, base: str) -> str | None:
    """An absolute address of http(s) without credentials; None when there is none."""
    if not text or len(text) > _LONGEST_URL_CHARS:
        return None
    try:
        parts = urlsplit(urljoin(base, text.strip()))
        host, number = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host or not _HOST.fullmatch(host):
        return None
    place = f"[{host}]" if ":" in host else host
    port = "" if number is None else f":{number}"
    return urlunsplit((parts.scheme, f"{place}{port}", parts.path, parts.query, parts.fragment))
