"""What tells the entries of one document apart, and from those that were there before."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.steps import identify, urls

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from worker.model.entry import Entry
    from worker.model.feed import SeenEntry
    from worker.pipeline.documents import Received


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """An entry with its key. `by_words`: only its words tell it from others. `place` is as in `SeenEntry`."""

    received: Received
    key: str
    by_words: bool
    canonical_url: str | None
    place: str | None


def keyed(received: Sequence[Received], known: Collection[str]) -> tuple[Keyed, ...]:
    """The entries of a document, each once. Of two with one key, the upper one is newer."""
    each: dict[Entry, Received] = {}
    for one in received:
        each.setdefault(one.entry, one)
    addressed = [(one, urls.canonical_url(one.entry.link)) for one in each.values()]
    guids = Counter(one.entry.guid for one, _ in addressed)
    links = Counter(identify.address(url) for _, url in addressed)
    found: dict[str, Keyed] = {}
    for one, url in addressed:
        entry = one.entry
        keys = identify.surer_keys(
            entry,
            url,
            guid_is_own=guids[entry.guid] == 1,
            url_is_own=url is not None
            and not identify.is_front_page(url)
            and (entry.guid is not None or links[identify.address(url)] == 1),
        )
        by_words = identify.words_key(entry, url) if known or not keys else None
        if by_words is not None:
            keys = (by_words, *keys)
        # An entry that was known by less keeps its key: its guid or address was then that of others as well.
        key = next((key for key in keys if key in known), keys[-1])
        surest = key == identify.surest_key(entry, url)
        found.setdefault(
            key,
            Keyed(
                received=one,
                key=key,
                by_words=key == by_words,
                canonical_url=url,
                place=identify.place(url) if surest else None,
            ),
        )
    return tuple(found.values())


def meets(entries: Sequence[Keyed], kept: Collection[SeenEntry]) -> bool:
    """Whether a new entry shares its guid or its address with one that was not parsed.

    Then neither tells them apart, and all entries have to be looked at together.
    """
    keys = {seen.key for seen in kept}
    places = {seen.place for seen in kept if seen.place}
    return any(
        identify.surest_key(one.received.entry, one.canonical_url) in keys
        or (one.canonical_url is not None and identify.place(one.canonical_url) in places)
        for one in entries
    )


def own_addresses(entries: Sequence[Keyed]) -> frozenset[str | None]:
    """The addresses that name one entry of the document only, and more than a front page."""
    counted = Counter(
        identify.address(one.canonical_url)
        for one in entries
        if one.canonical_url is not None and not identify.is_front_page(one.canonical_url)
    )
    return frozenset(address for address, count in counted.items() if count == 1)
