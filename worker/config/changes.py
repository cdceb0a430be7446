"""What a configuration that was read again asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .schema import Config

if TYPE_CHECKING:
    from worker.model.feed import Feed

# They say nothing but what is in the feeds.
_IN_FEEDS = frozenset({"feeds", "feed_lists", "schedule", "articles"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The feeds that are new, that are no longer there, and that differ (as they are now), told apart by their ids.

    `restart` names the keys of the file whose changes take a restart. A feed with the same id and another URL counts as
    changed.
    """

    added: tuple[Feed, ...]
    removed: tuple[Feed, ...]
    changed: tuple[Feed, ...]
    restart: tuple[str, ...]


def changes(before: Config, after: Config) -> Changes:
    """What has to be done to a worker that runs with `before`, so that it runs with `after`."""
    were = {feed.id: feed for feed in before.feeds}
    added, changed = [], []
    for feed in after.feeds:
        was = were.pop(feed.id, None)
        if was is None:
            added.append(feed)
        elif was != feed:
            changed.append(feed)
    return Changes(
        added=tuple(added),
        removed=tuple(were.values()),
        changed=tuple(changed),
        restart=tuple(
            field.alias or name
            for name, field in Config.model_fields.items()
            if name not in _IN_FEEDS and getattr(before, name) != getattr(after, name)
        ),
    )
