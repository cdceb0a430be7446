"""The pages, from plain data."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from worker.edges.pages.layout import address, badge, duration, moment, page, pairs, pairs_of
from worker.edges.pages.marks import legend
from worker.edges.pages.markup import Html, join, tag
from worker.edges.pages.parts import entries_table, head, polls_table, result, ticker
from worker.model.overview import FeedQuery

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from worker.model.overview import FeedOrder, FeedPage

_COLUMNS: tuple[tuple[FeedOrder | None, str], ...] = (
    ("id", "feed"),
    ("state", "state"),
    ("polled", "last poll"),
    (None, "last result"),
    ("next", "next poll"),
    ("failures", "failures"),
    (None, "every"),
    (None, "entries"),
)
_LINKS = ("/feeds", "/articles", "/config", "/metrics", "/healthz", "/readyz")
_TWINS = ("/api/status", "/api/feeds", "/api/articles", "/api/config")


def index_page(about: Mapping[str, str], summary: Mapping[str, Any], *, now: datetime) -> Html:
    """`/`: the worker as a whole."""
    trouble = summary["not_ready"]
    counts = summary["feeds"]
    return page(
        f"Dateline {about['name']}" if about["name"] != "dateline" else "Dateline",
        pairs(
            (
                ("version", about["version"]),
                ("up since", moment(summary["started_at"], now=now)),
                ("ready", join((badge("no"), " ", trouble)) if trouble else badge("yes")),
                ("ledger", join((about["ledger"], " ", badge("answers" if summary["ledger_up"] else "away")))),
                ("shards", f"{len(summary['shards_held'])} of {summary['shards']}"),
                ("feeds", f"{sum(counts.values()):,} polled here, {summary['feeds_configured']:,} configured"),
                ("states", _counts(counts)),
            )
        ),
        tag("h2", "More"),
        tag("ul", *(tag("li", tag("a", path, href=path)) for path in (*_LINKS, *_TWINS)), class_="links"),
        here="/",
        live_seconds=5,
    )


def feeds_page(query: FeedQuery, found: FeedPage, *, now: datetime) -> Html:
    """`/feeds`: one line for each feed."""
    pages = max(-(-found.matched // query.limit), 1)
    form = tag(
        "form",
        tag(
            "input",
            type="search",
            name="q",
            value=query.text,
            placeholder="id, title or address",
            aria_label="Search feeds",
            autocomplete="off",
            data_search=True,
        ),
        *(
            tag("input", type="hidden", name=key, value=value)
            for key, value in _kept(query)
            if key not in {"q", "page"}
        ),
        tag("button", "Search"),
        method="get",
        action="/feeds",
        role="search",
    )
    heads = tag("tr", *(head(name) if order is None else _head(query, order, name) for order, name in _COLUMNS))
    table = tag(
        "table",
        tag("thead", heads),
        tag("tbody", *(_row(row, now=now) for row in found.rows)),
    )
    return page(
        "Feeds",
        _counts(found.counts, chosen=query),
        form,
        tag("p", _range(query, found.matched), class_="quiet", role="status"),
        table if found.rows else tag("p", "No feed is like that."),
        _pager(query, pages),
        here="/feeds",
        live_seconds=5,
    )


def feed_page(feed: Mapping[str, Any], *, now: datetime) -> Html:
    """`/feeds/{id}`: all that is known of a feed."""
    known = dict(feed["known"] or {})
    entries = known.pop("entries", ())
    here = "here" if feed["polled_here"] else "by another worker; what is shown may be out of date"
    return page(
        feed["title"] or feed["id"],
        pairs(
            (
                ("id", feed["id"]),
                ("state", join((badge(feed["state"]), " ", feed["reason"]))),
                ("address", address(feed["url"])),
                ("moved to", address(feed["moved_to"])),
                ("polled", f"{here}, in shard {feed['shard']}"),
                ("last poll", moment(feed["polled_at"], now=now)),
                ("last good poll", moment(feed["succeeded_at"], now=now)),
                ("next poll", moment(feed["next_poll_at"], now=now)),
                ("newest entry", moment(feed["newest_entry_at"], now=now)),
                ("polled every", duration(feed["interval_seconds"])),
                ("failures in a row", feed["failures"]),
                ("entries", f"{feed['entries']} in the feed, {feed['published']} of those known published"),
            )
        ),
        tag("h2", "Last polls"),
        polls_table(feed["polls"], now=now),
        tag("h2", "Latest articles"),
        ticker(feed["articles"], now=now) if feed["articles"] else tag("p", "None of the last 50.", class_="quiet"),
        tag("h2", "Settings"),
        pairs_of(feed["settings"], now=now),
        tag("h2", "What the worker remembers"),
        pairs_of(known, now=now) if known else tag("p", "It was never polled.", class_="quiet"),
        tag("details", tag("summary", f"{len(entries)} entries"), entries_table(entries, now=now)) if entries else None,
        here="/feeds",
        live_seconds=5,
    )


def articles_page(articles: Sequence[Mapping[str, Any]], *, now: datetime) -> Html:
    """`/articles`: what was published last, the facts marked."""
    return page(
        "Articles",
        legend(),
        ticker(articles, now=now) if articles else tag("p", "Nothing was published since this worker started."),
        here="/articles",
        live_seconds=3,
    )


def config_page(text: str) -> Html:
    """`/config`: the effective configuration."""
    return page("Configuration", tag("pre", text), here="/config")


def missing_page(what: str) -> Html:
    """For what is not there."""
    return page("Not found", tag("p", what), here="")


def _counts(counts: Mapping[str, int], *, chosen: FeedQuery | None = None) -> Html:
    """How many feeds are in each state, each a link to those."""
    state = chosen.state if chosen else ""
    every = [("all", sum(counts.values()), None)] if chosen else []
    chips = (
        tag(
            "a",
            f"{name} ",
            tag("b", f"{count:,}"),
            href=_link(replace(chosen or FeedQuery(), state=value, page=1)),
            class_=f"chip {name}",
            aria_current="true" if value == state else None,
        )
        for name, count, value in (*every, *((name, count, name) for name, count in sorted(counts.items())))
    )
    return tag("p", *chips, class_="chips")


def _row(row: Mapping[str, Any], *, now: datetime) -> Html:
    title = tag("bdi", row["title"] or row["id"])
    said = join((badge(row["state"]), " ", tag("span", row["reason"], class_="reason") if row["reason"] else ""))
    return tag(
        "tr",
        tag(
            "td",
            tag("a", title, href=f"/feeds/{quote(row['id'], safe='')}", data_row=row["id"]),
            tag("div", tag("bdi", row["url"]), class_="quiet"),
        ),
        tag("td", said),
        tag("td", moment(row["polled_at"], now=now)),
        tag("td", result(row["last_poll"])),
        tag("td", moment(row["next_poll_at"], now=now)),
        tag("td", row["failures"], class_="number"),
        tag("td", duration(row["interval_seconds"])),
        tag("td", row["entries"], class_="number"),
    )


def _head(query: FeedQuery, order: FeedOrder, name: str) -> Html:
    chosen = query.order == order
    turned = chosen and not query.descending
    return tag(
        "th",
        tag("a", name, href=_link(replace(query, order=order, descending=turned, page=1))),
        scope="col",
        aria_sort=("descending" if query.descending else "ascending") if chosen else None,
    )


def _range(query: FeedQuery, matched: int) -> str:
    first = (query.page - 1) * query.limit + 1
    last = min(first + query.limit - 1, matched)
    return f"{first:,} to {last:,} of {matched:,}" if first <= matched else f"0 of {matched:,}"


def _pager(query: FeedQuery, pages: int) -> Html:
    def link(name: str, number: int) -> Html:
        there = 1 <= number <= pages and number != query.page
        return tag("a", name, href=_link(replace(query, page=number))) if there else tag("span", name, class_="quiet")

    return tag(
        "nav",
        link("first", 1),
        link("previous", min(query.page - 1, pages)),
        tag("span", f"page {query.page:,} of {pages:,}"),
        link("next", query.page + 1),
        link("last", pages),
        class_="pager",
        aria_label="More feeds",
    )


def _kept(query: FeedQuery) -> Iterator[tuple[str, str]]:
    """The query as parameters, without those that are as they are anyway."""
    if query.text:
        yield "q", query.text
    if query.state:
        yield "state", query.state
    if query.order != "id" or query.descending:
        yield "sort", f"{'-' if query.descending else ''}{query.order}"
    if query.limit != 100:
        yield "limit", str(query.limit)
    if query.page != 1:
        yield "page", str(query.page)


def _link(query: FeedQuery) -> str:
    written = urlencode(list(_kept(query)))
    return f"/feeds?{written}" if written else "/feeds"
