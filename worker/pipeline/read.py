"""What is read for a poll: its document, what that names, and the events that come of it.

Only the processes that read need this module, and all that it brings.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from worker.model.entry import Document, NotAFeed, SitemapIndex
from worker.model.fetch import FetchFailure, Request
from worker.model.page import NoPage, Page
from worker.model.step import Ask, Claims
from worker.pipeline import standing
from worker.pipeline.articles import EntryReader
from worker.pipeline.compose import Composer
from worker.pipeline.documents import Reading, merged, read_document, whole
from worker.pipeline.keys import keyed, meets
from worker.pipeline.pages import page_of
from worker.pipeline.poll import Open

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from worker.model.event import Batch
    from worker.model.feed import SeenEntry
    from worker.model.fetch import Fetched, Response
    from worker.model.step import Digest
    from worker.pipeline.articles import Findings
    from worker.pipeline.poll import Limits, Poll

# More sitemaps of one index are not read in one poll; those that changed last come first.
_SITEMAPS_AT_MOST = 20


def digest(request: Request, fetched: Fetched, *, limits: Limits) -> Digest:
    """What a poll needs of the answer to one of the requests that it asked for."""
    if request.kind == "page":
        return page_of(fetched, max_body_bytes=limits.max_body_bytes)
    if isinstance(fetched, FetchFailure):
        return NotAFeed(reason="not_a_feed", detail=fetched.detail)
    if fetched.status != 200:
        return NotAFeed(reason="not_a_feed", detail=f"HTTP {fetched.status}")
    reading = _read_document(fetched, limits, {})
    if isinstance(reading, SitemapIndex):
        return NotAFeed(reason="not_a_feed", detail="an index names an index")
    return reading.document if isinstance(reading, Reading) else reading


@dataclass(frozen=True, slots=True)
class PollReader:
    """Reads the answer to a poll; `entries` are those of its state, unpacked once for all that look into them."""

    poll: Poll
    response: Response
    entries: tuple[SeenEntry, ...]

    def read(self) -> Batch | Ask | Open:
        """What comes of it."""
        known = self.poll.is_known(self.response)
        return self._look_again(self.response) if known else self._answered(self.response)

    def _answered(self, response: Response) -> Batch | Ask | Open:
        due = {seen.key for seen in self.poll.due}
        # An entry that left and is back is looked at: meanwhile another may have taken its place.
        known = {
            seen.entry_hash: seen
            for seen in self.entries
            if seen.place is not None and seen.left_at is None and seen.key not in due
        }
        reading = self._document(response, known)
        match reading:
            case NotAFeed():
                return self.poll.not_a_feed(response, reading)
            case SitemapIndex():
                return self._index(response, reading)
            case Reading():
                return self._read(response, reading, self.poll.raw_sha256)

    def _document(self, response: Response, known: Mapping[str, SeenEntry]) -> Reading | SitemapIndex | NotAFeed:
        reading = _read_document(response, self.poll.limits, known)
        if isinstance(reading, Reading) and reading.kept:
            keys = {seen.key for seen in self.entries}
            if meets(keyed(reading.received, keys), reading.kept):
                return _read_document(response, self.poll.limits, {})
        return reading

    def _look_again(self, response: Response) -> Batch | Ask | Open:
        """A document with nothing new, whose articles may have changed or gone all the same: pages are read."""
        present = tuple(seen for seen in self.entries if seen.left_at is None)
        document = Document(format="rss", title=self.poll.state.title, hints=self.poll.state.hints)
        reading = Reading(document=document, received=(), kept=present)
        return self._read(response, reading, self.poll.state.body_sha256, outcome="not_modified")

    def _index(self, response: Response, index: SitemapIndex) -> Batch | Ask | Open:
        """An index of sitemaps: its sitemaps together are the document."""
        wanted = index.addresses[:_SITEMAPS_AT_MOST]
        if (ask := self._ask(Request(url=url) for url in wanted)) is not None:
            return ask
        warnings = index.warnings
        if len(wanted) < len(index.addresses):
            warnings = (*warnings, f"document: {len(index.addresses)} sitemaps, only the latest {len(wanted)} are read")
        found = {url: self.poll.digests[url] for url in wanted}
        documents = [digest for digest in found.values() if isinstance(digest, Document)]
        missing = [
            f"sitemap {url}: {digest.detail if isinstance(digest, NotAFeed) else 'not asked'}"
            for url, digest in found.items()
            if not isinstance(digest, Document)
        ]
        if missing and not documents:
            return self.poll.not_a_feed(response, NotAFeed(reason="not_a_feed", detail="; ".join(missing)))
        document = merged(documents, warnings=(*warnings, *missing))
        # Without times of change the same index may name sitemaps that changed.
        settled = index.dated and not missing
        reading = whole(document, self.poll.limits.max_entries)
        return self._read(response, reading, self.poll.raw_sha256 if settled else None, settled=settled)

    def _read(
        self,
        response: Response,
        reading: Reading,
        body_sha256: str | None,
        *,
        outcome: Literal["ok", "not_modified"] = "ok",
        settled: bool = True,
    ) -> Batch | Ask | Open:
        """Settle a document whose bytes were `body_sha256`; None when the same bytes are to be read again."""
        reader = self._reader(reading, response)
        pages = reader.pages(self.poll.limits.max_pages)
        if (ask := self._ask(Request(url=url, kind="page") for url in dict.fromkeys(pages.values()))) is not None:
            return ask
        answers = {key: page for key, url in pages.items() if isinstance(page := self.poll.digests[url], Page | NoPage)}

        def settle(taken: Container[str]) -> Batch:
            found = reader.read_all(answers, taken=taken)
            settling = _Settling(response=response, reading=reading, reader=reader, found=found)
            return self._settled(settling, body_sha256, result=outcome, settled=settled)

        ids = reader.candidates(answers)
        return Open(claims=Claims(ids=ids), settle=settle) if ids else settle(())

    def _ask(self, requests: Iterable[Request]) -> Ask | None:
        """Those of the requests that were not made for this poll yet; None when all were."""
        missing = tuple(request for request in requests if request.url not in self.poll.digests)
        return Ask(requests=missing) if missing else None

    def _reader(self, reading: Reading, response: Response) -> EntryReader:
        composer = Composer(
            feed=self.poll.feed,
            feed_title=self.poll.feed.title or reading.document.title,
            retrieved_at=response.retrieved_at,
            raw_sha256=self.poll.raw_sha256,
            max_event_bytes=self.poll.limits.max_event_bytes,
        )
        state = replace(self.poll.state, entries=self.entries)
        return EntryReader(self.poll.feed, state, reading, composer, now=self.poll.now, due=self.poll.due)

    def _settled(
        self,
        what: _Settling,
        body_sha256: str | None,
        *,
        result: Literal["ok", "not_modified"],
        settled: bool,
    ) -> Batch:
        document, found, reading = what.reading.document, what.found, what.reading
        rejected = [
            self.poll.dead_letter("parse", unreadable.raw, unreadable.reason, unreadable.detail)
            for unreadable in what.reader.unread(document.unreadable)
        ] + [
            self.poll.dead_letter(
                "extract",
                one.raw or repr(one.entry).encode("utf-8", "replace"),
                "unusable_entry",
                str(why),
                entry_hash=one.hash,
                invalid=why,
            )
            for one, why in found.unusable
        ]
        seen = len(reading.received) + len(reading.kept) + len(document.unreadable) + reading.skipped
        entries = (seen - found.waiting if result == "ok" else 0) + found.withdrawn_outside
        changes = Counter(event.change for event in found.events)
        skipped = found.skipped + reading.skipped
        waiting = what.reader.waiting()
        learned = standing.Learned(
            settled=settled and not waiting and document.complete,
            body_sha256=None if waiting else body_sha256,
            title=document.title,
            hints=document.hints,
            news=[event.published_at or self.poll.now for event in found.events if event.change == "published"],
            entries=what.reader.remembered(),
            waiting=waiting,
        )
        state = standing.read(self.poll.feed, self.poll.state, what.response, learned, now=self.poll.now)
        return self.poll.batch(
            state,
            result,
            events=found.events,
            letters=rejected,
            entries=entries,
            published=changes["published"],
            revised=changes["revised"],
            withdrawn=changes["withdrawn"],
            unchanged=entries - len(found.events) - len(rejected) - skipped,
            skipped=skipped,
            rejected=len(rejected),
            waiting=found.waiting,
            gap=bool(self.poll.state.entries and what.reader.entries) and not what.reader.overlaps(),
            warnings=document.warnings,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settling:
    """A document that was read to its end."""

    response: Response
    reading: Reading
    reader: EntryReader
    found: Findings


def _read_document(
    response: Response, limits: Limits, known: Mapping[str, SeenEntry]
) -> Reading | SitemapIndex | NotAFeed:
    return read_document(response, max_body_bytes=limits.max_body_bytes, max_entries=limits.max_entries, known=known)
