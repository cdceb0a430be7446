"""Parts of pages: polls, articles, entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from worker.edges.pages.layout import address, badge, moment
from worker.edges.pages.marks import marked_text
from worker.edges.pages.markup import Html, join, tag

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

_COUNTED = (
    ("published", "new"),
    ("revised", "revised"),
    ("withdrawn", "withdrawn"),
    ("unchanged", "unchanged"),
    ("skipped", "skipped"),
    ("rejected", "rejected"),
    ("waiting", "waiting for their page"),
)


def head(name: str) -> Html:
    """The head of a column."""
    return tag("th", name, scope="col")


def result(poll: Mapping[str, Any] | None) -> Html:
    """What came of a poll, in a few words."""
    if poll is None:
        return Html("-")
    return join((badge(poll["outcome"]), " ", tag("span", ", ".join(_counted(poll)[:2]), class_="quiet")))


def polls_table(polls: Sequence[Mapping[str, Any]], *, now: datetime) -> Html:
    """The last polls of a feed, and what was decided."""
    if not polls:
        return tag("p", "None since this worker started.", class_="quiet")
    rows = (
        tag(
            "tr",
            tag("td", moment(poll["polled_at"], now=now)),
            tag("td", badge(poll["outcome"])),
            tag("td", poll["status"], class_="number"),
            tag("td", _decisions(poll)),
            tag("td", f"{poll['received_bytes']:,} B", class_="number"),
            tag("td", f"{poll['fetch_seconds']:.2f} s", class_="number"),
        )
        for poll in polls
    )
    heads = ("when", "outcome", "status", "decisions", "received", "took")
    return tag("table", tag("thead", tag("tr", *map(head, heads))), tag("tbody", *rows), class_="polls")


def _decisions(poll: Mapping[str, Any]) -> Html:
    said = _counted(poll)
    if poll["reason"]:
        said.insert(0, poll["reason"])
    if poll["gap"]:
        said.append("entries may have been missed")
    if poll["moved_to"]:
        said.append(f"moved to {poll['moved_to']}")
    lines = (", ".join(said) or "nothing new", *poll["warnings"])
    return join(tag("div", line, class_="quiet" if number else None) for number, line in enumerate(lines))


def _counted(poll: Mapping[str, Any]) -> list[str]:
    return [f"{poll[key]} {name}" for key, name in _COUNTED if poll[key]]


def ticker(articles: Sequence[Mapping[str, Any]], *, now: datetime) -> Html:
    """Articles with their facts marked."""
    return tag("ol", *(_article(article, now=now) for article in articles), class_="ticker")


def _article(article: Mapping[str, Any], *, now: datetime) -> Html:
    message, feed_id = article["message"], article["feed_id"]
    source = message.get("source") or {}
    return tag(
        "li",
        tag("h3", tag("bdi", message.get("headline") or "(no headline)")),
        tag(
            "p",
            badge(article["change"]),
            " ",
            tag("a", source.get("feed_title") or feed_id, href=f"/feeds/{quote(feed_id, safe='')}", data_row=feed_id),
            " ",
            moment(article["committed_at"], now=now),
            " ",
            address(source.get("url")),
            class_="quiet",
        ),
        tag("div", marked_text(message), class_="story", lang=message.get("language"), dir="auto"),
        data_id=f"{article['article_id']}:{article['revision']}",
    )


def entries_table(entries: Sequence[Mapping[str, Any]], *, now: datetime) -> Html:
    """What is remembered of each entry."""
    rows = (
        tag(
            "tr",
            tag("td", entry["key"], class_="code"),
            tag("td", entry["article_id"], class_="code"),
            tag("td", entry["revision"], class_="number"),
            tag("td", moment(entry["left_at"], now=now)),
        )
        for entry in entries
    )
    heads = ("entry", "article", "revision", "left the feed")
    return tag("table", tag("thead", tag("tr", *map(head, heads))), tag("tbody", *rows))
