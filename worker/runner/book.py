"""What the worker knows in memory: the feeds, their last committed states, and which feed published which article."""

from __future__ import annotations

import gc
from collections import Counter
from dataclasses import replace
from itertools import repeat
from typing import TYPE_CHECKING

from worker.model.entries import number_of
from worker.model.errors import Stop
from worker.model.shards import NOTHING
from worker.pipeline import first_state, known_articles
from worker.pipeline.notes import is_note, unfinished
from worker.steps.encode import decode_state, decode_with_articles, with_also_in

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, MutableMapping

    from worker.model.entries import Articles
    from worker.model.event import Batch, Event
    from worker.model.feed import Feed, FeedState
    from worker.model.shards import Restored


class FeedBook:
    """Feeds by id with their states. Only what is committed counts as known, articles claimed meanwhile apart.

    `max_event_bytes` is the cap on a message.
    """

    def __init__(self, feeds: Iterable[Feed], *, max_event_bytes: int) -> None:
        self._max_event_bytes = max_event_bytes
        self.feeds = {feed.id: feed for feed in feeds}
        self.holding = NOTHING
        self._states: dict[str, FeedState] = {}
        # Both by the article's number.
        self._owners: dict[int, str] = {}
        self._carriers: dict[int, set[str]] = {}
        # Of the feeds held: how many are in each state, and how many of those are silent. None: to be counted anew.
        self._counts: Counter[str] | None = None
        self._silent = 0

    def replace(self, feeds: Iterable[Feed]) -> None:
        """Take another list of feeds; what is known of those that stay, or come back, is kept."""
        self.feeds = {feed.id: feed for feed in feeds}
        self._counts = None

    def held(self) -> Iterator[Feed]:
        """The feeds that are this worker's to poll."""
        return (feed for feed in self.feeds.values() if self.holding.has(feed.shard_key))

    def restore(self, restored: Restored) -> None:
        """Take over what the ledger holds.

        Raises:
            Stop: if a state cannot be read, or a command that changes states was interrupted.
        """
        if (command := unfinished(restored.states)) is not None:
            raise Stop(f"`{command}` was interrupted; run it again, to its end, before a worker may go on")
        self.holding = restored.holding
        self._states.clear()
        self._owners.clear()
        self._carriers.clear()
        self._counts = None
        # What is made here stays: the collector would look through more and more of it, again and again.
        collecting = gc.isenabled()
        gc.disable()
        try:
            self._take_states(restored.states)
        finally:
            if collecting:
                gc.enable()

    def _take_states(self, states: MutableMapping[str, bytes]) -> None:
        # Each is let go of once it is read: of many feeds, both forms together would be the most that is ever held.
        for feed_id in list(states):
            value = states.pop(feed_id)
            if is_note(feed_id):
                continue
            try:
                state, articles = decode_with_articles(value)
            except ValueError as error:
                raise Stop(f"the state of feed {feed_id} cannot be read: {error}") from error
            self._states[feed_id] = state
            self._owners.update(zip(articles.published, repeat(feed_id)))
            self._note_carried(feed_id, articles)

    def state_of(self, feed: Feed) -> FeedState:
        """The feed's last committed state, or that of a feed never polled."""
        return self._states.get(feed.id) or first_state(feed)

    def known(self, feed_id: str) -> FeedState | None:
        """The feed's last committed state; None when it was never polled."""
        return self._states.get(feed_id)

    def version_of(self, feed_id: str) -> int:
        """How many times the feed's state was committed."""
        state = self._states.get(feed_id)
        return 0 if state is None else state.version

    def holds(self, batch: Batch) -> bool:
        """Whether the last committed state of a feed is the one that this batch writes, to the letter."""
        return self._states.get(batch.feed_id) == decode_state(batch.state_value)

    def taken_for(self, feed_id: str) -> Container[str]:
        """The articles that feeds other than this one have published or are about to."""
        return _Others(self._owners, feed_id)

    def claim(self, batch: Batch) -> bool:
        """Reserve the batch's articles for its feed; False, and nothing reserved, if another feed was faster."""
        numbers = [number_of(event.article_id) for event in batch.events if event.revision == 1]
        if any(self._owners.get(number, batch.feed_id) != batch.feed_id for number in numbers):
            return False
        self._owners.update(dict.fromkeys(numbers, batch.feed_id))
        self._note_carried(batch.feed_id, known_articles(batch.state))
        return True

    def disclaim(self, batch: Batch) -> None:
        """The batch will not be committed: what it would have published first is free again, if nobody else did."""
        state = self._states.get(batch.feed_id)
        published = frozenset(() if state is None else known_articles(state).published)
        for event in batch.events:
            number = number_of(event.article_id)
            if event.revision == 1 and number not in published:
                self._owners.pop(number, None)

    def completed(self, batch: Batch) -> Batch:
        """The batch as it is to be committed: each event names the other feeds that carry its article by now."""
        if not batch.events:
            return batch
        return replace(batch, events=tuple(self._completed(event, batch.feed_id) for event in batch.events))

    def settle(self, batch: Batch) -> None:
        """The batch was committed."""
        feed = self.feeds.get(batch.feed_id)
        counted = self._counts is not None and feed is not None and self.holding.has(feed.shard_key)
        if counted:
            self._count(batch.feed_id, -1)
        self._states[batch.feed_id] = batch.state
        if counted:
            self._count(batch.feed_id, 1)

    def counts(self) -> Counter[str]:
        """How many of the feeds held are in each state; `new` ones were never polled."""
        return +self._counted()

    def silent(self) -> int:
        """How many of the feeds held have been still for much longer than is usual for them."""
        self._counted()
        return self._silent

    def _counted(self) -> Counter[str]:
        """The counts, which are asked for every few seconds: they are not made anew from all feeds each time."""
        if self._counts is None:
            self._counts, self._silent = Counter(), 0
            for feed in self.held():
                self._count(feed.id, 1)
        return self._counts

    def _count(self, feed_id: str, by: int) -> None:
        state = self._states.get(feed_id)
        if self._counts is not None:
            self._counts["new" if state is None else state.status] += by
            self._silent += by * (state is not None and state.rhythm.silent)

    def _completed(self, event: Event, feed_id: str) -> Event:
        others = self._carriers.get(number_of(event.article_id), set()) - {feed_id}
        return with_also_in(event, others, max_bytes=self._max_event_bytes) if others else event

    def _note_carried(self, feed_id: str, articles: Articles) -> None:
        for number in articles.carried:
            self._carriers.setdefault(number, set()).add(feed_id)


class _Others:
    def __init__(self, owners: Mapping[int, str], feed_id: str) -> None:
        self._owners = owners
        self._feed_id = feed_id

    def __contains__(self, article_id: object) -> bool:
        return isinstance(article_id, str) and self._owners.get(number_of(article_id), self._feed_id) != self._feed_id
