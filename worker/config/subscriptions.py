"""Lists of feeds from and for other programs: what of a list is new here, and what a configuration gives to a list."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.model.secrets import without_credentials, without_secrets

from .location import default_id, location
from .opml import Listed, Skipped, printable
from .values import duration_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from worker.model.feed import Feed

# A URL that YAML takes as it stands, in a list and as a value (https://yaml.org/spec/1.1/#plain-style).
_PLAIN_URL = re.compile(r"https?://[!-~]*[!-9;-~]")
# What JSON writes as it is, and YAML does not take so, or folds.
_NOT_IN_QUOTES = re.compile(r"[\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """A feed to be added. `id` is None when the one made of its URL is still free."""

    feed: Listed
    id: str | None


def new_feeds(listed: Iterable[Listed], known: Sequence[Feed], where: str) -> tuple[list[New], list[Skipped]]:
    """The feeds of a list that a configuration does not have yet, and those that it has.

    Credentials make no difference there: a list often comes without them. `where` names the configuration.
    """
    known_ids = {without_credentials(feed.url): feed.id for feed in known}
    taken_ids = {feed.id for feed in known}
    new, skipped = [], []
    for feed in listed:
        place = location(feed.url)
        if place.public in known_ids:
            reason = f"it is in {where} already, with the id {known_ids[place.public]}"
            skipped.append(Skipped(line=feed.line, title=feed.title, reason=reason))
            continue
        # Two users of one URL have the same default; so have, once in a long while, two of very many URLs of a host.
        usual = default_id(place)
        feed_id, number = usual, 1
        while feed_id in taken_ids:
            number += 1
            feed_id = f"{usual}-{number}"
        taken_ids.add(feed_id)
        new.append(New(feed=feed, id=None if number == 1 else feed_id))
    return new, skipped


def feeds_yaml(new: Iterable[New]) -> bytes:
    """A configuration that has these feeds and nothing else. Folders become comments: feeds have none."""
    return "".join(_lines(new)).encode()


def _lines(new: Iterable[New]) -> Iterator[str]:
    yield "feeds:\n"
    folders: tuple[str, ...] = ()
    for one in new:
        feed = one.feed
        if feed.folders != folders:
            folders = feed.folders
            yield f"  # {printable(' / '.join(folders)) or 'in no folder'}\n"
        url = feed.url if _PLAIN_URL.fullmatch(feed.url) else _quoted(feed.url)
        if feed.title is None and one.id is None:
            yield f"  - {url}\n"
            continue
        yield f"  - url: {url}\n"
        if one.id is not None:
            yield f"    id: {one.id}\n"
        if feed.title is not None:
            yield f"    title: {_quoted(feed.title)}\n"


def _quoted(text: str) -> str:
    written = json.dumps(text, ensure_ascii=False)
    return _NOT_IN_QUOTES.sub(lambda match: f"\\u{ord(match[0]):04x}", written)


def feed_row(feed: Feed) -> dict[str, str | float | None]:
    """What a list for people says of a feed: no secrets, the interval in seconds, None when it is learned."""
    return {
        "id": feed.id,
        "url": without_secrets(feed.url),
        "title": feed.title,
        "interval": feed.interval_seconds,
        "content": feed.content,
    }


def feed_table(rows: Sequence[Mapping[str, str | float | None]]) -> Iterator[str]:
    """The rows as lines with columns, the names of the columns first."""
    order = ("id", "interval", "content", "url", "title")
    table = [tuple(name.upper() for name in order)]
    for row in rows:
        interval = row["interval"]
        cells = {**row, "interval": "auto" if interval is None else duration_text(float(interval))}
        table.append(tuple(printable(str(cells[name] or "-")) for name in order))
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def listed_feeds(feeds: Iterable[Feed], *, with_secrets: bool) -> tuple[list[Listed], int]:
    """The feeds as a list names them, and how many of them lost a user name, a password or a token."""
    listed: dict[str, Listed] = {}
    stripped = 0
    for feed in feeds:
        url = feed.url if with_secrets else without_secrets(feed.url)
        stripped += url != feed.url
        listed.setdefault(url, Listed(url=url, title=feed.title))
    return list(listed.values()), stripped
