"""Which article an entry is, and whether it says something new."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from worker.model.article import REVISED_BY, Identity

if TYPE_CHECKING:
    from worker.model.article import Draft
    from worker.model.entry import Entry
    from worker.model.feed import SeenEntry

# An entry that differs on every poll (a clock in its text) must not publish for ever.
MAX_REVISIONS = 25


def entry_hash(entry: Entry) -> str:
    """Covers an entry as received, `updated` included: an equal hash means that nothing at all changed."""
    return _short(repr(entry))


def unreadable_key(raw: bytes) -> str:
    """The key of an entry that cannot be read: all that is known of it are its bytes."""
    return sha256(b"raw\n" + raw).hexdigest()[:16]


def entry_keys(entry: Entry, canonical_url: str | None, *, guid_is_own: bool, url_is_own: bool) -> tuple[str, ...]:
    """What identifies an entry within its feed, the surest last: its words, its address, its guid.

    `guid_is_own` and `url_is_own` are false for what does not tell the entries of the document apart.
    """
    surer = surer_keys(entry, canonical_url, guid_is_own=guid_is_own, url_is_own=url_is_own)
    return (words_key(entry, canonical_url), *surer)


def surer_keys(entry: Entry, canonical_url: str | None, *, guid_is_own: bool, url_is_own: bool) -> tuple[str, ...]:
    """Those of `entry_keys` besides its words, which take longest to hash."""
    at = address(canonical_url)
    keys = []
    if at is not None and url_is_own:
        keys.append(_url_key(entry.guid, at))
    if entry.guid is not None and guid_is_own:
        keys.append(_guid_key(entry.guid))
    return tuple(keys)


def words_key(entry: Entry, canonical_url: str | None) -> str:
    """The first of `entry_keys`."""
    return _short(f"words\n{(entry.guid, address(canonical_url), entry.title, entry.summary, entry.content)!r}")


def surest_key(entry: Entry, canonical_url: str | None) -> str | None:
    """The key that an entry has when nothing else shares its guid or, where it has none, its address."""
    if entry.guid is not None:
        return _guid_key(entry.guid)
    at = address(canonical_url)
    return None if at is None else _url_key(None, at)


def place(canonical_url: str | None) -> str:
    """A hash of an address that is an entry's own; empty when there is none, or only that of the whole site."""
    if canonical_url is None or is_front_page(canonical_url):
        return ""
    return _short(f"place\n{address(canonical_url)}")


def article_id(feed_id: str, key: str, canonical_url: str | None) -> str:
    """A stable id: a hash of the canonical address, or of the feed and the entry's key when there is none."""
    place = address(canonical_url)
    return sha256((f"entry\n{feed_id}\n{key}" if place is None else f"url\n{place}").encode()).hexdigest()[:32]


def is_front_page(canonical_url: str) -> bool:
    """Whether an address names a whole site: some feeds give it to entries that have none of their own."""
    parts = urlsplit(canonical_url)
    return not parts.path.strip("/") and not parts.query


def field_hashes(draft: Draft) -> tuple[tuple[str, str], ...]:
    """A hash for each field that makes a revision."""
    return tuple((name, _short(str(getattr(draft, name)))) for name in REVISED_BY)


def identify(
    new_id: str, fields: tuple[tuple[str, str], ...], seen: SeenEntry | None, *, taken: bool
) -> Identity | None:
    """The identity of what is to be published; None when there is nothing to say.

    An entry that was seen keeps its id, also when its link has changed since. `taken` says that another feed
    publishes the article.
    """
    if seen is None or not seen.fields:
        return None if taken else Identity(article_id=new_id, revision=1, change="published", changed=())
    before = dict(seen.fields)
    changed = tuple(name for name, value in fields if before.get(name) != value)
    if not changed or not 0 < seen.revision < MAX_REVISIONS:
        return None
    return Identity(article_id=seen.article_id, revision=seen.revision + 1, change="revised", changed=changed)


def address(canonical_url: str | None) -> str | None:
    """An address without its scheme: http and https name the same article."""
    return None if canonical_url is None else canonical_url.partition("://")[2]


def _guid_key(guid: str) -> str:
    return _short(f"guid\n{guid}")


def _url_key(guid: str | None, at: str) -> str:
    return _short(f"url\n{guid}\n{at}")


def _short(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
