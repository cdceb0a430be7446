"""RSS, RDF and Atom through feedparser. Values stay as written; nothing is believed yet."""

from __future__ import annotations

import html
import io
import re
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import feedparser

from worker.model.entry import Content, Document, Entry, FeedFormat, Media, NotAFeed, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable

# feedparser raises when it comes by a character that there is none: a half of a surrogate pair, or beyond Unicode.
_REFERENCE = re.compile(rb"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));?")
# XML has no such characters, but a broken document may, and some databases take none.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body)[\s>]", re.IGNORECASE)


def parse(body: bytes, *, url: str, content_type: str | None) -> Document | NotAFeed:
    """A document from bytes.

    Args:
        body: decoded bytes of the document.
        url: where it came from; relative links are resolved against it.
        content_type: the header, whose charset feedparser weighs against the XML declaration (RFC 7303).
    """
    if not body.strip():
        return NotAFeed(reason="empty", detail="the body is empty")
    # feedparser is not told the address: it would also resolve guids, which then change when the feed moves.
    headers = {"content-type": content_type} if content_type else {}
    try:
        parsed = _feedparser(body, headers)
    except (ValueError, OverflowError):
        try:
            parsed = _feedparser(_REFERENCE.sub(_sound_reference, body), headers)
        except (ValueError, OverflowError, RecursionError) as error:
            return NotAFeed(reason="broken", detail=f"the document cannot be parsed: {_line(error)}")
    except RecursionError as error:
        return NotAFeed(reason="broken", detail=f"the document cannot be parsed: {_line(error)}")

    broken = parsed.get("bozo_exception") if parsed.get("bozo") else None
    if isinstance(broken, feedparser.NonXMLContentType):
        # What the body is decides the body.
        broken = None
    if not parsed.entries and (refusal := _refusal(body, str(parsed.get("version") or ""), broken)) is not None:
        return refusal
    form = _format(str(parsed.get("version") or ""))
    # RFC 4287, 4.2.1: the feed's authors are those of an entry that names none. RSS has no such rule.
    authors = tuple(_authors(parsed.feed, atom=True)) if form == "atom" else ()
    entries, unreadable = _entries(parsed.entries, url, atom=form == "atom", feed_authors=authors)
    return Document(
        format=form,
        title=_label(parsed.feed.get("title")),
        language=_text(parsed.feed.get("language")),
        entries=entries,
        unreadable=unreadable,
        warnings=() if broken is None else (f"document: {_line(broken)}",),
    )


def _feedparser(body: bytes, headers: dict[str, str]) -> Any:
    # Bytes in a BytesIO: a str would be opened as a path or fetched as a URL. Sanitising and resolving cost 2.5 times
    # the rest; the text that we keep is cleaned by steps.text.
    return feedparser.parse(
        io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
    )


def _sound_reference(match: re.Match[bytes]) -> bytes:
    digits, base = (match[1], 16) if match[1] else (match[2], 10)
    number = int(digits, base) if len(digits) < 20 else sys.maxunicode + 1
    return b"&#xFFFD;" if number > sys.maxunicode or 0xD800 <= number < 0xE000 else match[0]


def _refusal(body: bytes, version: str, broken: Exception | None) -> NotAFeed | None:
    """Why a document without entries is no feed; None when it is an empty one."""
    if not version and _HTML.search(body[:2048]):
        return NotAFeed(reason="html", detail="the body is an HTML page")
    # A wrong charset in a header alone breaks nothing.
    if broken is not None and not isinstance(broken, feedparser.CharacterEncodingOverride) and _looks_like_xml(body):
        return NotAFeed(reason="broken", detail=f"the document is not well-formed XML: {_line(broken)}")
    if not version:
        return NotAFeed(reason="not_a_feed", detail="the body is neither RSS, Atom nor JSON Feed")
    return None


def _looks_like_xml(body: bytes) -> bool:
    return body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"


def _format(version: str) -> FeedFormat:
    if version.startswith("atom"):
        return "atom"
    return "rdf" if version in {"rss10", "rss090"} else "rss"


def _entries(
    parsed: Iterable[Any], url: str, *, atom: bool, feed_authors: tuple[str, ...]
) -> tuple[tuple[Entry, ...], tuple[Unreadable, ...]]:
    good: list[Entry] = []
    bad: list[Unreadable] = []
    for item in parsed:
        try:
            good.append(_entry(item, url, atom=atom, feed_authors=feed_authors))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            # One bad entry never costs its neighbours.
            bad.append(Unreadable(raw=repr(dict(item)).encode(), reason="unreadable_entry", detail=_line(error)))
    return tuple(good), tuple(bad)


def _entry(item: Any, url: str, *, atom: bool, feed_authors: tuple[str, ...]) -> Entry:
    # .get would map a missing `updated` to `published`.
    published, updated = (_text(item.get(name)) if name in item.keys() else None for name in ("published", "updated"))  # noqa: SIM118
    if published is None and not atom:
        # feedparser files dc:date under `updated`; RSS has no other date of its own, and means the publication.
        published, updated = updated, None
    contents = [content for part in item.get("content", ()) if (content := _content(part)) is not None]
    title = _content(item.get("title_detail"))
    return Entry(
        guid=_text(item.get("id")),
        link=_link(item, url),
        title=title,
        summary=_content(item.get("summary_detail")),
        # Atom may offer several forms of one text; the longest says most.
        content=max(contents, key=lambda content: len(content.value), default=None),
        authors=tuple(_authors(item, atom=atom) or _authors(item.get("source", {}), atom=atom)) or feed_authors,
        tags=tuple(dict.fromkeys(term for tag in item.get("tags", ()) if (term := _label(tag.get("term"))))),
        published=published,
        updated=updated,
        language=_text(item.get("language"))
        or next((c.language for c in (*contents, title) if c and c.language), None),
        media=tuple(_media(item, url)),
    )


def _link(item: Any, url: str) -> str | None:
    link = _text(item.get("link"))
    # feedparser takes the guid for the link of an item that has none (RSS 2.0, guid), but "12345" is no address.
    given = any("href" in other and other.get("rel") != "enclosure" for other in item.get("links", ()))
    return _absolute(link, url) if link and (given or "://" in link) else None


def _absolute(link: str | None, url: str) -> str | None:
    try:
        return urljoin(url, link) if link else None
    except ValueError:
        return None


def _content(detail: Any) -> Content | None:
    if not detail or not detail.get("value"):
        return None
    return Content(
        value=detail["value"],
        html=detail.get("type", "text/plain") != "text/plain",
        language=detail.get("language"),
    )


def _authors(item: Any, *, atom: bool) -> Iterable[str]:
    if not atom and len(item.get("authors", ())) == 1 and (written := _label(item.get("author"))):
        # feedparser cuts "desk@news.example (Jane Doe)" in the middle of a top-level domain of more than four letters.
        return (written,)
    names = [_label(author.get("name")) or _text(author.get("email")) for author in item.get("authors", ())]
    return dict.fromkeys(name for name in names if name)


def _media(item: Any, url: str) -> Iterable[Media]:
    found: dict[str, Media] = {}
    for link in item.get("links", ()):
        if link.get("rel") == "enclosure" and (href := _absolute(_text(link.get("href")), url)):
            found.setdefault(
                href, Media(url=href, type=_text(link.get("type")), length_bytes=_count(link.get("length")))
            )
    for part in item.get("media_content", ()):
        if href := _absolute(_text(part.get("url")), url):
            found.setdefault(
                href, Media(url=href, type=_text(part.get("type")), length_bytes=_count(part.get("filesize")))
            )
    return found.values()


def _label(value: object) -> str | None:
    """A name of something: one line. Many feeds escape names twice."""
    return " ".join(html.unescape(text).split()) or None if (text := _text(value)) else None


def _text(value: object) -> str | None:
    return _CONTROL.sub("", value).strip() or None if isinstance(value, str) else None


def _count(value: object) -> int | None:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16 else None


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
