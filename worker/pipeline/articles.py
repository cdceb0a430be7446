"""What is new in a document: the events of its entries, and what must be remembered of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from worker.model.article import Identity
from worker.model.errors import Invalid
from worker.model.feed import SeenEntry
from worker.model.page import Page
from worker.pipeline.drafts import draft_of, filed_at, page_address
from worker.pipeline.keys import Keyed, keyed, own_addresses
from worker.steps import identify, urls

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Mapping
    from datetime import datetime

    from worker.model.entry import Unreadable
    from worker.model.event import Event
    from worker.model.feed import Feed, FeedState
    from worker.model.page import PageAnswer
    from worker.pipeline.compose import Composer
    from worker.pipeline.documents import Reading, Received

# Entries that left the feed's window are remembered: some feeds bring old ones back.
_REMEMBERED_FOR = timedelta(days=30)
_REMEMBERED_AT_MOST = 1_000
# A page that could not be had so many times is given up, and the feed's own text is published.
_PAGE_ATTEMPTS = 3


@dataclass(slots=True, kw_only=True)
class Findings:
    """What the entries of a document came to. Events are in the order of publication, the oldest first.

    `withdrawn_outside` counts withdrawals of articles whose entry is not in the document.
    """

    events: list[Event]
    unusable: list[tuple[Received, Invalid]]
    waiting: int = 0
    skipped: int = 0
    withdrawn_outside: int = 0


class EntryReader:
    """Reads the entries of one document and keeps what must be remembered of them.

    Args:
        feed: as configured.
        state: as last committed.
        reading: the document.
        composer: makes its events.
        now: when it is.
        due: entries whose page is to be looked at again.
    """

    def __init__(  # noqa: PLR0913 - the context that all entries of a document share
        self,
        feed: Feed,
        state: FeedState,
        reading: Reading,
        composer: Composer,
        *,
        now: datetime,
        due: Collection[SeenEntry],
    ) -> None:
        self._feed = feed
        self._document = reading.document
        self._composer = composer
        self._now = now
        self._due = {seen.key: seen for seen in due}
        self._first = state.succeeded_at is None and not state.entries
        self._known = {seen.key: seen for seen in state.entries}
        self._attempts = dict(state.waiting)
        self.entries = keyed(reading.received, self._known)
        self._newest = {one.key for one in self.entries[: feed.backfill.newest]}
        self._kept = {seen.key: seen for seen in reading.kept}
        present = {one.key for one in self.entries} | self._kept.keys()
        gone = [seen for seen in state.entries if seen.key not in present]
        self._gone_by_article = {seen.article_id: seen for seen in gone if seen.revision > 0}
        self._gone_by_key = {seen.key: seen for seen in gone}
        self._published_here = frozenset(
            seen.article_id for seen in state.entries if seen.revision > 0 and seen.key in present
        )
        self._own_addresses = own_addresses(self.entries)
        self._start(())

    def _start(self, taken: Container[str]) -> None:
        """Forget what an earlier reading of the entries came to."""
        self._taken = taken
        self._present_articles = set(self._published_here)
        self._current: dict[str, SeenEntry] = {}
        self._moved: set[str] = set()
        self._waiting: dict[str, int] = {}

    def pages(self, at_most: int) -> dict[str, str]:
        """The addresses of the pages that are needed, by the key of the entry; new entries first, oldest first."""
        if self._feed.content != "page":
            return {}
        wanted = {
            one.key: url
            for one in reversed(self.entries)
            if not self._untouched(one) and not self._passed_over(one) and (url := _page_url(one)) is not None
        }
        again = {key: seen.page_url for key, seen in self._due.items() if seen.page_url is not None}
        return dict([*wanted.items(), *(pair for pair in again.items() if pair[0] not in wanted)][:at_most])

    def candidates(self, pages: Mapping[str, PageAnswer]) -> frozenset[str]:
        """The ids of all articles that might be published here for the first time, unless another feed has done so."""
        return frozenset(
            identify.article_id(self._feed.id, one.key, url)
            for one in self.entries
            if not self._as_known(one)
            for url in (_address_of(one, pages.get(one.key)), one.canonical_url, None)
        )

    def read_all(self, pages: Mapping[str, PageAnswer], *, taken: Container[str]) -> Findings:
        """The events of all entries, and those of which no valid article can be made. May be asked again.

        Args:
            pages: what came of the pages that `pages` asked for, by key.
            taken: articles that other feeds have published.
        """
        self._start(taken)
        found = Findings(events=[], unusable=[])
        self._current |= {
            key: seen if seen.left_at is None else replace(seen, left_at=None) for key, seen in self._kept.items()
        }
        # Feeds list the newest entry first; readers of the topic expect the oldest first.
        for one in reversed(self.entries):
            answer = pages.get(one.key)
            if self._as_known(one) and answer is None:
                self._current[one.key] = replace(self._known[one.key], left_at=None, place=one.place)
            elif self._passed_over(one):
                self._pass_over(one)
                found.skipped += 1
            elif self._waits(one, answer):
                found.waiting += 1
            else:
                try:
                    event = self._read(one, answer)
                except Invalid as error:
                    found.unusable.append((one.received, error))
                    continue
                except (ValueError, OverflowError) as error:
                    # One bad entry never costs its neighbours.
                    found.unusable.append((one.received, Invalid(str(error)[:200], field="message", rule="value")))
                    continue
                if event is not None:
                    found.events.append(event)
        inside = {one.key for one in self.entries}
        for key in self._due:
            if key not in inside and key in pages and (event := self._look_again(key, pages[key])) is not None:
                found.events.append(event)
                found.withdrawn_outside += 1
        return found

    def unread(self, unreadable: tuple[Unreadable, ...]) -> tuple[Unreadable, ...]:
        """Those of the unreadable entries that nobody was told of yet. They are remembered by their bytes."""
        new: list[Unreadable] = []
        for one in unreadable:
            key = identify.unreadable_key(one.raw)
            if key not in self._known and key not in self._current:
                new.append(one)
            self._current[key] = SeenEntry(key=key, article_id=key * 2, revision=0, entry_hash=key, fields=())
        return tuple(new)

    def overlaps(self) -> bool:
        """Whether anything in the document was there before; if nothing was, entries may have passed by unseen."""
        return bool(self._kept) or any(one.key in self._known for one in self.entries)

    def remembered(self) -> tuple[SeenEntry, ...]:
        """What to keep: the entries of the document, and for a while those that have left it."""
        gone = [
            replace(seen, left_at=seen.left_at or self._now)
            for seen in self._known.values()
            if seen.key not in self._current
            and seen.key not in self._moved
            and (seen.left_at is None or self._now - seen.left_at < _REMEMBERED_FOR)
        ]
        gone.sort(key=lambda seen: seen.left_at or self._now, reverse=True)
        return (*self._current.values(), *gone[:_REMEMBERED_AT_MOST])

    def waiting(self) -> tuple[tuple[str, int], ...]:
        """The entries that are not settled, and how often their page was asked for."""
        return tuple(self._waiting.items())

    def _untouched(self, one: Keyed) -> bool:
        return self._as_known(one) and one.key not in self._due

    def _as_known(self, one: Keyed) -> bool:
        seen = self._known.get(one.key)
        return seen is not None and seen.entry_hash == one.received.hash

    def _passed_over(self, one: Keyed) -> bool:
        """Whether the entry was there before the feed was followed, and is not wanted."""
        if not self._first:
            return False
        since_at = self._feed.backfill.since_at
        if since_at is None:
            return one.key not in self._newest
        at = filed_at(one.received.entry, now=self._now)
        return at is None or at < since_at

    def _pass_over(self, one: Keyed) -> None:
        draft = draft_of(one.received.entry, self._document, page=None, now=self._now)
        self._remember(one, None, self._new_id(one, one.canonical_url))
        self._current[one.key] = replace(self._current[one.key], fields=identify.field_hashes(draft))

    def _waits(self, one: Keyed, answer: PageAnswer | None) -> bool:
        """Whether the entry has to wait for its page. It stays as it is known, and keeps the document unsettled."""
        if self._feed.content != "page" or _page_url(one) is None:
            return False
        if isinstance(answer, Page) or (answer is not None and answer.when != "later"):
            return False
        if self._as_known(one):
            # It was only to be looked at again, and will be.
            return False
        # Not asked at all, for want of time: that does not count against the page.
        attempts = self._attempts.get(one.key, 0) + (answer is not None)
        if attempts >= _PAGE_ATTEMPTS:
            return False
        self._waiting[one.key] = attempts
        if (seen := self._known.get(one.key)) is not None:
            self._current[one.key] = replace(seen, left_at=None)
        return True

    def _read(self, one: Keyed, answer: PageAnswer | None) -> Event | None:
        seen = self._known.get(one.key)
        if answer is not None and seen is not None and seen.page_url is not None and not isinstance(answer, Page):
            # The text of the page was published: the shorter one of the feed is no news.
            self._remember(one, seen, seen.article_id, page_url=seen.page_url)
            return self._look_again(one.key, answer)
        page = answer if isinstance(answer, Page) else None
        new_id = self._new_id(one, _address_of(one, answer))
        # Kept first: an entry that is rejected is not tried again until it changes.
        page_url = None if page is None else _page_url(one)
        self._remember(one, seen, new_id, page_url=page_url)
        draft = draft_of(one.received.entry, self._document, page=page, now=self._now)
        if answer is not None and not isinstance(answer, Page):
            draft = replace(draft, warnings=(*draft.warnings, f"page: {answer.detail}; the text is that of the feed"))
        fields = identify.field_hashes(draft)
        if (seen is None or not seen.fields) and (moved := self._moved_here(one, new_id, fields)) is not None:
            seen = moved
            self._moved.add(moved.key)
            self._remember(one, moved, new_id, page_url=page_url)
        identity = identify.identify(new_id, fields, seen, taken=new_id in self._taken)
        if identity is not None:
            kept = None if seen is None else seen.topic
            event = self._composer.event(draft, identity, "feed" if page is None else "page", kept=kept)
            self._current[one.key] = replace(
                self._current[one.key],
                article_id=identity.article_id,
                revision=identity.revision,
                fields=fields,
                topic=event.topic,
                withdrawn_at=None,
            )
            self._present_articles.add(identity.article_id)
            return event
        if seen is None or not seen.fields:
            self._current[one.key] = replace(self._current[one.key], fields=fields)
        return None

    def _look_again(self, key: str, answer: PageAnswer) -> Event | None:
        """A page that was published is asked again: a withdrawal if it is gone, once."""
        seen = self._current.get(key) or replace(self._known[key], left_at=self._known[key].left_at or self._now)
        if isinstance(answer, Page) or answer.when != "gone":
            self._current[key] = replace(seen, checked_at=self._now)
            return None
        withdrawn = replace(seen, page_url=None, checked_at=None)
        if seen.revision == 0:
            self._current[key] = withdrawn
            return None
        identity = Identity(article_id=seen.article_id, revision=seen.revision + 1, change="withdrawn", changed=())
        event = self._composer.withdrawal(identity, guid=None, url=seen.page_url, kept=seen.topic)
        self._current[key] = replace(withdrawn, revision=identity.revision, topic=event.topic, withdrawn_at=self._now)
        return event

    def _remember(self, one: Keyed, seen: SeenEntry | None, new_id: str, *, page_url: str | None = None) -> None:
        """Keep what was published of an entry, and what it looks like now."""
        if seen is None:
            seen = SeenEntry(key=one.key, article_id=new_id, revision=0, entry_hash="", fields=())
        self._current[one.key] = replace(
            seen,
            key=one.key,
            entry_hash=one.received.hash,
            place=one.place,
            left_at=None,
            page_url=page_url,
            checked_at=None if page_url is None else self._now,
        )

    def _new_id(self, one: Keyed, canonical_url: str | None) -> str:
        """The article's id, should the entry be new. An address that another entry has, or had, is not its own."""
        if identify.address(one.canonical_url) in self._own_addresses:
            for url in (canonical_url, one.canonical_url):
                new_id = identify.article_id(self._feed.id, one.key, url)
                if new_id not in self._present_articles:
                    return new_id
        return identify.article_id(self._feed.id, one.key, None)

    def _moved_here(self, one: Keyed, new_id: str, fields: tuple[tuple[str, str], ...]) -> SeenEntry | None:
        """What is known of an unknown entry under another key, which is no longer in the document.

        An entry whose guid changed is still the article at its address. One that began to share guid and address with
        others is still the article with its words.
        """
        found = [self._gone_by_article.get(new_id)]
        if one.by_words:
            keys = identify.entry_keys(one.received.entry, one.canonical_url, guid_is_own=True, url_is_own=True)
            found += [seen for key in keys if (seen := self._gone_by_key.get(key)) and seen.fields == fields]
        return next((seen for seen in found if seen is not None and seen.key not in self._moved), None)


def _address_of(one: Keyed, answer: PageAnswer | None) -> str | None:
    return page_address(answer, one.canonical_url) if isinstance(answer, Page) else one.canonical_url


def _page_url(one: Keyed) -> str | None:
    return urls.clean_url(one.received.entry.link)
