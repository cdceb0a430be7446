"""From an entry to an article, and to the event that says what is new about it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from worker.model.article import Article, Source
from worker.model.feed import SeenEntry
from worker.steps import encode, identify, instants, normalise, text, urls
from worker.steps.facts.dateline import read_opening
from worker.steps.facts.paragraphs import find_paragraphs

if TYPE_CHECKING:
    from collections.abc import Container
    from datetime import datetime

    from worker.model.article import Draft, Identity
    from worker.model.entry import Document, Entry
    from worker.model.event import Event
    from worker.model.feed import Feed, FeedState
    from worker.model.fetch import Response

# Moves with every change of the rules that can give other output for the same input.
RULES = "1"

# Entries that left the feed's window are remembered: some feeds bring old ones back.
_REMEMBERED_FOR = timedelta(days=30)
_REMEMBERED_AT_MOST = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keyed:
    entry: Entry
    key: str
    by_words: bool
    canonical_url: str | None


class EntryReader:
    """Reads the entries of one document and keeps what must be remembered of them."""

    def __init__(  # noqa: PLR0913 - the context that all entries of a document share
        self,
        feed: Feed,
        state: FeedState,
        document: Document,
        response: Response,
        *,
        now: datetime,
        taken: Container[str],
        max_event_bytes: int,
    ) -> None:
        self._feed = feed
        self._document = document
        self._response = response
        self._now = now
        self._taken = taken
        self._max_event_bytes = max_event_bytes
        self._raw_sha256 = sha256(response.body).hexdigest()
        self._known = {seen.key: seen for seen in state.entries}
        self._entries = _keyed(document, self._known)
        present = {keyed.key for keyed in self._entries}
        gone = [seen for seen in state.entries if seen.key not in present]
        self._gone_by_article = {seen.article_id: seen for seen in gone if seen.revision > 0}
        self._gone_by_key = {seen.key: seen for seen in gone}
        self._present_articles = {
            seen.article_id for seen in state.entries if seen.revision > 0 and seen.key in present
        }
        self._own_addresses = _own_addresses(self._entries)
        self._current: dict[str, SeenEntry] = {}
        self._moved: set[str] = set()

    def read_all(self) -> tuple[list[Event], list[tuple[Entry, str]]]:
        """The events of all entries, oldest first, and the entries of which no valid article can be made."""
        events: list[Event] = []
        unusable: list[tuple[Entry, str]] = []
        # Feeds list the newest entry first; readers of the topic expect the oldest first.
        for keyed in reversed(self._entries):
            try:
                event = self._read(keyed)
            except (ValueError, OverflowError) as error:
                # One bad entry never costs its neighbours.
                unusable.append((keyed.entry, str(error)[:200]))
                continue
            if event is not None:
                events.append(event)
        return events, unusable

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

    def _read(self, keyed: _Keyed) -> Event | None:
        received = identify.entry_hash(keyed.entry)
        seen = self._known.get(keyed.key)
        if seen is not None and seen.entry_hash == received:
            self._current[keyed.key] = replace(seen, left_at=None)
            return None

        # Kept first: an entry that is rejected is not tried again until it changes.
        new_id = self._new_id(keyed)
        self._remember(keyed, seen, received, new_id)
        draft = self._draft(keyed)
        fields = identify.field_hashes(draft)
        if (seen is None or not seen.fields) and (moved := self._moved_here(keyed, new_id, fields)) is not None:
            seen = moved
            self._moved.add(moved.key)
            self._present_articles.add(moved.article_id)
            self._remember(keyed, moved, received, new_id)
        identity = identify.identify(new_id, fields, seen, taken=new_id in self._taken)
        if identity is not None:
            event = self._event(self._article(draft, identity))
            self._current[keyed.key] = replace(
                self._current[keyed.key], article_id=identity.article_id, revision=identity.revision, fields=fields
            )
            return event
        if seen is None or not seen.fields:
            self._current[keyed.key] = replace(self._current[keyed.key], fields=fields)
        return None

    def _remember(self, keyed: _Keyed, seen: SeenEntry | None, received: str, new_id: str) -> None:
        """Keep what was published of an entry, and what it looks like now."""
        if seen is None:
            seen = SeenEntry(key=keyed.key, article_id=new_id, revision=0, entry_hash=received, fields=())
        self._current[keyed.key] = replace(seen, key=keyed.key, entry_hash=received, left_at=None)

    def _new_id(self, keyed: _Keyed) -> str:
        """The article's id, should the entry be new. An address that another entry has, or had, is not its own."""
        own_url = keyed.canonical_url if identify.address(keyed.canonical_url) in self._own_addresses else None
        new_id = identify.article_id(self._feed.id, keyed.key, own_url)
        return identify.article_id(self._feed.id, keyed.key, None) if new_id in self._present_articles else new_id

    def _moved_here(self, keyed: _Keyed, new_id: str, fields: tuple[tuple[str, str], ...]) -> SeenEntry | None:
        """What is known of an unknown entry under another key, which is no longer in the document.

        An entry whose guid changed is still the article at its address. One that began to share guid and address with
        others is still the article with its words.
        """
        found = [self._gone_by_article.get(new_id)]
        if keyed.by_words:
            keys = identify.entry_keys(keyed.entry, keyed.canonical_url, guid_is_own=True, url_is_own=True)
            found += [seen for key in keys if (seen := self._gone_by_key.get(key)) and seen.fields == fields]
        return next((seen for seen in found if seen is not None and seen.key not in self._moved), None)

    def _event(self, article: Article) -> Event:
        event = encode.encode_article(article)
        if len(event.value) > self._max_event_bytes:
            raise ValueError(f"the message has {len(event.value)} bytes, the limit is {self._max_event_bytes}")
        return event

    def _draft(self, keyed: _Keyed) -> Draft:
        entry = keyed.entry
        published_at, published_warnings = instants.read_instant(entry.published, "published", now=self._now)
        updated_at, updated_warnings = instants.read_instant(entry.updated, "updated", now=self._now)
        blocks = text.paragraphs(entry.content) if entry.content else ()
        if not blocks and entry.summary:
            blocks = text.paragraphs(entry.summary)
        return normalise.normalise(
            entry,
            self._document,
            headline=text.line(entry.title) if entry.title else None,
            blocks=blocks,
            url=urls.clean_url(entry.link),
            canonical_url=keyed.canonical_url,
            media=tuple(
                replace(media, url=url) for media in entry.media if (url := urls.clean_url(media.url)) is not None
            ),
            published_at=published_at,
            updated_at=updated_at,
            warnings=(*published_warnings, *updated_warnings),
        )

    def _article(self, draft: Draft, identity: Identity) -> Article:
        filed_at = draft.published_at or draft.updated_at
        # In the publisher's own zone.
        filed_on = None if filed_at is None else filed_at.at.date()
        opening = read_opening(draft.text, filed_on)
        return Article(
            identity=identity,
            source=Source(
                feed_id=self._feed.id,
                feed_title=self._feed.title or self._document.title,
                publisher=self._feed.publisher,
                guid=draft.guid,
                url=draft.url,
                canonical_url=draft.canonical_url,
                retrieved_at=self._response.retrieved_at,
                content_from="feed",
                raw_sha256=self._raw_sha256,
            ),
            date=opening.day(filed_on),
            published_at=draft.published_at,
            updated_at=draft.updated_at,
            language=draft.language,
            headline=draft.headline,
            byline=draft.byline,
            section=draft.section,
            tags=draft.tags,
            media=draft.media,
            text=draft.text,
            dateline=opening.dateline,
            paragraphs=find_paragraphs(draft.text, body_start=opening.body_start),
            warnings=draft.warnings,
            rules=RULES,
        )


def _keyed(document: Document, known: Container[str]) -> tuple[_Keyed, ...]:
    """The entries of a document, each once. Of two with one key, the upper one is newer."""
    addressed = [(entry, urls.canonical_url(entry.link)) for entry in dict.fromkeys(document.entries)]
    guids = Counter(entry.guid for entry, _ in addressed)
    links = Counter(identify.address(url) for _, url in addressed)
    found: dict[str, _Keyed] = {}
    for entry, url in addressed:
        keys = identify.entry_keys(
            entry,
            url,
            guid_is_own=guids[entry.guid] == 1,
            url_is_own=url is not None
            and not identify.is_front_page(url)
            and (entry.guid is not None or links[identify.address(url)] == 1),
        )
        # An entry that was known by less keeps its key: its guid or address was then that of others as well.
        key = next((key for key in keys if key in known), keys[-1])
        found.setdefault(key, _Keyed(entry=entry, key=key, by_words=key == keys[0], canonical_url=url))
    return tuple(found.values())


def _own_addresses(entries: tuple[_Keyed, ...]) -> frozenset[str | None]:
    """The addresses that name one entry of the document only, and more than a front page."""
    counted = Counter(
        identify.address(keyed.canonical_url)
        for keyed in entries
        if keyed.canonical_url is not None and not identify.is_front_page(keyed.canonical_url)
    )
    return frozenset(address for address, count in counted.items() if count == 1)
