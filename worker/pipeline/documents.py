"""From the bytes of an answer to the entries that have to be looked at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from worker.model.entry import Document, NotAFeed, SitemapIndex, Unreadable
from worker.steps import identify, inflate, jsonfeed, links, parse, sitemap, split, wire

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from worker.model.entry import Entry
    from worker.model.feed import SeenEntry
    from worker.model.fetch import Response

_LEADING = b"\xef\xbb\xbf \t\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An entry as it came. `raw` is its own bytes, where they are known."""

    entry: Entry
    hash: str
    raw: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a document brought: entries to look at, and `kept` ones that were known byte for byte.

    `skipped` counts the entries beyond the cap.
    """

    document: Document
    received: tuple[Received, ...]
    kept: tuple[SeenEntry, ...] = ()
    skipped: int = 0


def read_document(
    response: Response, *, max_body_bytes: int, max_entries: int, known: Mapping[str, SeenEntry]
) -> Reading | SitemapIndex | NotAFeed:
    """Whatever feed the body holds. What it is decides the body, not the Content-Type: many servers get that wrong.

    Args:
        response: the answer.
        max_body_bytes: cap on the decoded body.
        max_entries: cap on the entries that are read.
        known: settled entries by the hash of their bytes; those in the document are not parsed again.
    """
    reading = _read(response, max_body_bytes, max_entries, known)
    if not isinstance(reading, Reading):
        return reading
    return replace(reading, document=_described(reading.document, response))


def _described(document: Document, response: Response) -> Document:
    """The document with what the headers of the answer say about it."""
    language = response.headers.get("content-language")
    if language is not None and document.language is None:
        # The language of the intended audience (RFC 9110, 8.5): better than none.
        document = replace(document, language=language.partition(",")[0].strip())
    hubs, topics = links.linked(response.headers.get("link", ""), base=response.url)
    if hubs:
        # Links in headers come before those in the document (WebSub, 4).
        topic = next(iter(topics), document.hints.topic)
        document = replace(document, hints=replace(document.hints, hubs=hubs, topic=topic))
    return document


def _read(
    response: Response, max_body_bytes: int, max_entries: int, known: Mapping[str, SeenEntry]
) -> Reading | SitemapIndex | NotAFeed:
    body = inflate.inflate(response.body, response.content_encoding, max_bytes=max_body_bytes)
    if isinstance(body, NotAFeed):
        return body
    if body.lstrip(_LEADING)[:1] == b"{":
        return _whole(jsonfeed.parse_json(body, url=response.url), max_entries)
    if wire.is_wire(body):
        return _whole(wire.parse_wire(body, url=response.url), max_entries)
    if sitemap.is_sitemap(body):
        return _whole(sitemap.parse_sitemap(body, url=response.url), max_entries)
    content_type = response.headers.get("content-type")
    parts = split.split(body, content_type=content_type)
    if parts is None:
        return _whole(parse.parse(body, url=response.url, content_type=content_type), max_entries)
    return _Pieces(parts, response.url, content_type, max_entries).read(known)


def merged(documents: Sequence[Document], *, warnings: tuple[str, ...]) -> Document:
    """The sitemaps of an index as one document."""
    titles = {document.title for document in documents}
    return Document(
        format="sitemap",
        title=titles.pop() if len(titles) == 1 else None,
        entries=tuple(entry for document in documents for entry in document.entries),
        unreadable=tuple(unreadable for document in documents for unreadable in document.unreadable),
        warnings=tuple(dict.fromkeys((*warnings, *(line for document in documents for line in document.warnings)))),
        complete=all(document.complete for document in documents),
    )


def whole(document: Document, max_entries: int) -> Reading:
    """All entries of a document that cannot be taken apart."""
    # What the parser left out for their number alone is not read either, and nobody wants a dead letter for each.
    readable = tuple(one for one in document.unreadable if one.reason != "too_many_entries")[:max_entries]
    kept = replace(document, entries=document.entries[:max_entries], unreadable=readable)
    skipped = len(document.entries) - len(kept.entries) + len(document.unreadable) - len(readable)
    received = tuple(Received(entry=entry, hash=identify.entry_hash(entry)) for entry in kept.entries)
    return Reading(document=_capped(kept, skipped, max_entries), received=received, skipped=skipped)


def _whole(document: Document | SitemapIndex | NotAFeed, max_entries: int) -> Reading | SitemapIndex | NotAFeed:
    return whole(document, max_entries) if isinstance(document, Document) else document


def _capped(document: Document, skipped: int, max_entries: int) -> Document:
    if not skipped:
        return document
    warning = f"document: only the first {max_entries} entries are read; fetch.max_entries sets the limit"
    return replace(document, warnings=(*document.warnings, warning))


class _Pieces:
    """A document that was taken apart: only those of its items that are not known are parsed."""

    def __init__(self, parts: split.Split, url: str, content_type: str | None, max_entries: int) -> None:
        self._skipped = max(len(parts.items) - max_entries, 0)
        if self._skipped:
            # Items that stand before those that are cut out stay where they are.
            parts = split.Split(body=parts.only(range(max_entries)), items=parts.items[:max_entries])
        self._parts = parts
        self._url = url
        self._content_type = content_type
        self._max_entries = max_entries

    def read(self, known: Mapping[str, SeenEntry]) -> Reading | NotAFeed:
        fresh = [index for index, item in enumerate(self._parts.items) if item.hash not in known]
        document = self._parse(fresh)
        if isinstance(document, NotAFeed):
            return document
        received: list[Received] = []
        unreadable: list[Unreadable] = []
        self._sort(fresh, document, received, unreadable)
        return self._reading(replace(document, unreadable=tuple(unreadable)), tuple(received), known)

    def _sort(
        self,
        wanted: Sequence[int],
        document: Document | NotAFeed,
        received: list[Received],
        unreadable: list[Unreadable],
    ) -> None:
        """Tell the items that hold an entry from those that cannot be read, whose bytes are kept.

        Args:
            wanted: some items.
            document: what parsing them together gave. Where they do not match one by one, each half is parsed again.
            received: takes those that were read.
            unreadable: takes the others.
        """
        entries, refused = (document.entries, document.unreadable) if isinstance(document, Document) else ((), ())
        if len(entries) == len(wanted) and not refused:
            received += [
                Received(entry=entry, hash=self._parts.items[index].hash, raw=self._parts.raw(index))
                for index, entry in zip(wanted, entries, strict=True)
            ]
        elif not entries and len(refused) == len(wanted):
            unreadable += [replace(one, raw=self._parts.raw(index)) for index, one in zip(wanted, refused, strict=True)]
        elif len(wanted) == 1:
            detail = "the item holds no entry, or more than one"
            raw = self._parts.raw(wanted[0])
            unreadable.append(Unreadable(raw=raw, reason="unreadable_entry", detail=detail))
        else:
            half = len(wanted) // 2
            for some in (wanted[:half], wanted[half:]):
                self._sort(some, self._parse(some), received, unreadable)

    def _reading(self, document: Document, received: tuple[Received, ...], known: Mapping[str, SeenEntry]) -> Reading:
        return Reading(
            document=_capped(
                replace(document, entries=tuple(one.entry for one in received)), self._skipped, self._max_entries
            ),
            received=received,
            kept=tuple(known[item.hash] for item in self._parts.items if item.hash in known),
            skipped=self._skipped,
        )

    def _parse(self, wanted: Sequence[int]) -> Document | NotAFeed:
        body = self._parts.body if len(wanted) == len(self._parts.items) else self._parts.only(wanted)
        return parse.parse(body, url=self._url, content_type=self._content_type)
