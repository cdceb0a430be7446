"""What a hostile case is: what is served, and what the worker is to make of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from asyncio import StreamWriter
    from collections.abc import Awaitable, Callable, Mapping

    Document = Callable[[], bytes]
    Talk = Callable[[StreamWriter], Awaitable[None]]

# The outcome of the poll's report, and behind a slash its reason, where it has one.
TOO_COSTLY = "not_a_feed/too_costly"
BROKEN = "not_a_feed/broken"
UNDECODABLE = "not_a_feed/undecodable"
NOT_A_FEED = "not_a_feed/not_a_feed"
HTML = "not_a_feed/html"
EMPTY = "not_a_feed/empty"
OK = "ok"
# A dead letter: the message would be longer than the ledger takes.
TOO_LONG = "unusable_entry"
# Reasons with which the bytes of the document are kept as a dead letter.
KEPT = frozenset({TOO_COSTLY, BROKEN, UNDECODABLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One hostile feed.

    Attributes:
        name: the feed's id.
        expected: what its first poll may come to, as `outcome` or `outcome/reason`. Several only where it depends on
            the speed of the machine whether a document is read within the deadline.
        body: makes the document.
        headers: of the answer that brings it.
        page: makes the page that the one entry of an ordinary feed links to; then `body` is None.
        talk: answers a request as it likes.
        robots: answers requests for the robots.txt of the page.
        url: the feed's address; `{port}` and `{forbidden}` are those of the servers. None for one of the case's own.
        listener: which of the ports is meant by an address of the case's own.
        published: how many articles the first poll brings; None where that does not matter.
        letter: the reason of its dead letters, where its document is read and an entry is not.
        waiting: how many entries wait for their page after the first poll.
    """

    name: str
    expected: frozenset[str]
    body: Document | None = None
    headers: Mapping[str, str] | None = None
    page: Document | None = None
    talk: Talk | None = None
    robots: Talk | None = None
    url: str | None = None
    listener: Literal["plain", "self_signed", "expired", "wrong_host", "stalled"] = "plain"
    published: int | None = None
    letter: str | None = None
    waiting: int = 0


class Cases:
    """Collects cases; a function that makes a document names its case."""

    def __init__(self) -> None:
        self.all: list[Case] = []

    def document(
        self,
        *expected: str,
        headers: Mapping[str, str] | None = None,
        published: int | None = None,
        letter: str | None = None,
    ) -> Callable[[Document], Document]:
        """A document that is served as a feed."""

        def add(make: Document) -> Document:
            self.add(_name(make), *expected, body=make, headers=headers, published=published, letter=letter)
            return make

        return add

    def page(self, *expected: str, headers: Mapping[str, str] | None = None) -> Callable[[Document], Document]:
        """A document that is served as the page of an article."""

        def add(make: Document) -> Document:
            self.add(f"page-{_name(make)}", *expected, page=make, headers=headers, published=1)
            return make

        return add

    def server(self, *expected: str) -> Callable[[Talk], Talk]:
        """A server that answers as it likes."""

        def add(talk: Talk) -> Talk:
            self.add(f"server-{_name(talk)}", *expected, talk=talk)
            return talk

        return add

    def add(self, name: str, *expected: str, **more: object) -> None:
        """Any case."""
        assert all(case.name != name for case in self.all), name
        self.all.append(Case(name=name, expected=frozenset(expected), **more))  # type: ignore[arg-type]  # as Case has them


def _name(made_by: Callable[..., object]) -> str:
    return made_by.__name__.strip("_").replace("_", "-")


def rss(*items: str, channel: str = "") -> bytes:
    """A feed of these items."""
    return f"<rss version='2.0'><channel><title>T</title>{channel}{''.join(items)}</channel></rss>".encode()


def item(inside: str = "", *, guid: str = "g1", title: str = "A headline") -> str:
    """An item that is an article, with something in it."""
    return (
        f"<item><guid isPermaLink='false'>{guid}</guid><title>{title}</title>"
        f"<pubDate>Mon, 03 Mar 2025 10:00:00 GMT</pubDate>{inside}</item>"
    )


def story(text: str) -> bytes:
    """A feed with one item that has this text, which needs no escaping."""
    return rss(item(f"<description><![CDATA[{text}]]></description>"))


def filled(piece: str, size_bytes: int) -> str:
    """So much of a piece."""
    return piece * (size_bytes // len(piece.encode()))
