"""The entries of a feed's state, packed: of most feeds nobody looks into them from one poll to the next."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from binascii import a2b_base64, b2a_base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from struct import Struct
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from .article import REVISED_BY
from .feed import SeenEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# A letter for the place, then 32 bytes or, with those of the fields, 64; after "+" 8 more.
_HASHES = re.compile(
    r"[-0](?:[A-Za-z0-9+/]{43}=|[A-Za-z0-9+/]{86}==)|[+](?:[A-Za-z0-9+/]{54}==|[A-Za-z0-9+/]{96})", re.ASCII
)
# Nearly all rows are alike: "+", all hashes, a revision, and nothing more.
_USUAL_CHARS = 97
_USUAL = Struct(">16xQQ40x")
# Of a row, behind its revision.
_NOTHING_MORE = (None,) * 5


class Articles(NamedTuple):
    """The articles of a feed's entries, by number: those that it publishes, and those that another feed does."""

    published: Sequence[int]
    carried: Sequence[int]


def number_of(article_id: str) -> int:
    """An article's id as a number, which takes half the memory: there are thirty of them for a feed."""
    return int(article_id, 16)


@dataclass(frozen=True, slots=True, eq=False)
class SeenEntries(Sequence[SeenEntry]):
    """Entries as rows of JSON, hashes packed: about 105 bytes for one, where an object takes over a kilobyte.

    `rows` is a JSON array with a row for each of `size` entries, and is unpacked anew each time.
    """

    rows: bytes
    size: int

    @classmethod
    def of(cls, entries: Iterable[SeenEntry]) -> SeenEntries:
        """Pack entries."""
        if isinstance(entries, SeenEntries):
            return entries
        rows = [_packed(entry) for entry in entries]
        return cls(json.dumps(rows, separators=(",", ":"), ensure_ascii=False).encode(), len(rows))

    def articles(self) -> Articles:
        """The articles of all entries that were not rejected."""
        return articles_of(json.loads(self.rows))

    def __iter__(self) -> Iterator[SeenEntry]:
        return (_unpacked(*row) for row in json.loads(self.rows))

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, index: int) -> SeenEntry: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[SeenEntry]: ...
    def __getitem__(self, index: int | slice) -> SeenEntry | Sequence[SeenEntry]:
        return tuple(self)[index]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, SeenEntries):
            return self.rows == other.rows or tuple(self) == tuple(other)
        return tuple(self) == other

    def __hash__(self) -> int:
        return hash(tuple(self))


def articles_of(rows: list[list[Any]]) -> Articles:
    """The articles of entries that were read back as rows.

    Raises:
        ValueError: they are not such rows.
    """
    usual = _usual_articles(rows)
    if usual is not None:
        return usual
    published: list[int] = []
    carried: list[int] = []
    for packed, revision, *more in rows:
        if not isinstance(revision, int) or _HASHES.fullmatch(packed) is None:
            raise ValueError("not a feed state: an entry without its hashes")
        if more:
            _unpacked(packed, revision, *more)
        own = a2b_base64(packed[1:])[8 if packed[0] == "+" else 0 :]
        if revision > 0:
            published.append(int.from_bytes(own[8:24], "big"))
        elif len(own) > 32:
            carried.append(int.from_bytes(own[8:24], "big"))
    return Articles(published, carried)


def _usual_articles(rows: list[list[Any]]) -> Articles | None:
    """The same for rows that are all as they usually are, several times as fast; None where one is not.

    A worker that starts does this for each of its feeds.
    """
    if set(map(len, rows)) != {2}:
        return None
    packed, revisions = zip(*rows, strict=True)
    if set(map(len, packed)) != {_USUAL_CHARS} or set(map(type, revisions)) != {int}:
        return None
    text = "".join(packed)
    hashes = bytearray(text, "utf-8")
    del hashes[::_USUAL_CHARS]
    try:
        # Strict: what is no base64 is not passed over.
        unpacked = a2b_base64(hashes, strict_mode=True)
    except ValueError:
        return None
    if len(unpacked) != _USUAL.size * len(rows) or text[::_USUAL_CHARS].strip("+"):
        return None
    numbers = [high << 64 | low for high, low in _USUAL.iter_unpack(unpacked)]
    if min(revisions) > 0:
        return Articles(numbers, ())
    both = tuple(zip(numbers, revisions, strict=True))
    return Articles(
        [number for number, revision in both if revision > 0], [number for number, revision in both if revision <= 0]
    )


def _packed(seen: SeenEntry) -> list[Any]:
    """An entry as a row: its hashes as one text, what can count, and at the end what is rarely there."""
    place = seen.place
    hashes = (place or "") + seen.key + seen.article_id + seen.entry_hash + "".join([value for _, value in seen.fields])
    kind = "-" if place is None else "+" if place else "0"
    packed = kind + b2a_base64(bytes.fromhex(hashes), newline=False).decode()
    # Nearly all entries have no more to say.
    rest = (seen.left_at, seen.page_url, seen.checked_at, seen.topic, seen.withdrawn_at)
    if rest == _NOTHING_MORE:
        return [packed, seen.revision]
    row = [packed, seen.revision, *(said.isoformat() if isinstance(said, datetime) else said for said in rest)]
    while row[-1] is None:
        row.pop()
    return row


def _unpacked(  # noqa: PLR0913, PLR0917 - a row
    packed: str,
    revision: int,
    left_at: str | None = None,
    page_url: str | None = None,
    checked_at: str | None = None,
    topic: str | None = None,
    withdrawn_at: str | None = None,
) -> SeenEntry:
    hashes = b64decode(packed[1:], validate=True).hex()
    place = {"-": None, "+": hashes[:16], "0": ""}[packed[0]]
    own = hashes[len(place or "") :]
    fields = [own[at : at + 16] for at in range(64, len(own), 16)]
    return SeenEntry(
        key=own[:16],
        article_id=own[16:48],
        revision=revision,
        entry_hash=own[48:64],
        fields=tuple(zip(REVISED_BY, fields, strict=True)) if fields else (),
        place=place,
        left_at=_moment(left_at),
        page_url=page_url,
        checked_at=_moment(checked_at),
        topic=topic,
        withdrawn_at=_moment(withdrawn_at),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
