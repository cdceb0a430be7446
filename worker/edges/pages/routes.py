"""The pages and their JSON twins over HTTP. They only tell; nothing can be changed here."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any, get_args

import orjson
import yaml
from aiohttp import web

from worker.edges.pages import views
from worker.model.feed import FeedStatus
from worker.model.overview import MAX_FEEDS_PER_PAGE, FeedOrder, FeedQuery

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from worker.edges.pages.markup import Html
    from worker.model.overview import FeedPage
    from worker.ports import Overview

_STATES = ("new", *get_args(FeedStatus))
_ORDERS = get_args(FeedOrder)
_STATIC = {"style.css": "text/css", "page.js": "text/javascript", "icon.svg": "image/svg+xml"}
_MAX_TEXT_CHARS = 200
# Nothing but what this server has; and nobody may frame it.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """Where the pages take what they show: all of it without secrets.

    `about` names the worker's name, version and ledger; `config` gives the effective configuration.
    """

    overview: Overview
    about: Mapping[str, str]
    config: Callable[[], Mapping[str, Any]]


def add_pages(app: web.Application, pages: Pages) -> None:
    """Serve the pages. aiohttp answers HEAD as GET, and other methods with 405."""
    served = _Served(pages)
    for path, handler in (
        ("/", served.index),
        ("/feeds", served.feeds),
        ("/feeds/{id}", served.feed),
        ("/articles", served.articles),
        ("/config", served.config),
        ("/static/{name}", served.static),
        ("/api/status", served.api_status),
        ("/api/feeds", served.api_feeds),
        ("/api/feeds/{id}", served.api_feed),
        ("/api/articles", served.api_articles),
        ("/api/config", served.api_config),
    ):
        app.router.add_get(path, handler)


class _Served:
    def __init__(self, pages: Pages) -> None:
        self._overview = pages.overview
        self._about = pages.about
        self._config = pages.config
        self._looking = asyncio.Lock()
        folder = files(__package__) / "static"
        self._static = {name: (folder / name).read_bytes() for name in _STATIC}

    async def index(self, _: web.Request) -> web.Response:
        return _html(views.index_page(self._about, self._overview.summary(), now=_now()))

    async def feeds(self, request: web.Request) -> web.Response:
        try:
            query = _query(request.query)
        except ValueError as error:
            return _html(views.missing_page(str(error)), status=400)
        return _html(views.feeds_page(query, await self._feeds(query), now=_now()))

    async def feed(self, request: web.Request) -> web.Response:
        feed = self._overview.feed(request.match_info["id"])
        if feed is None:
            return _html(views.missing_page("No feed with this id is configured."), status=404)
        return _html(views.feed_page(feed, now=_now()))

    async def articles(self, _: web.Request) -> web.Response:
        return _html(views.articles_page(self._overview.articles(), now=_now()))

    async def config(self, _: web.Request) -> web.Response:
        text = yaml.safe_dump(self._shown_config(), sort_keys=False, allow_unicode=True)
        return _html(views.config_page(text))

    async def static(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in self._static:
            return _html(views.missing_page("There is no such file."), status=404)
        headers = {**_HEADERS, "Cache-Control": "no-cache"}
        return web.Response(body=self._static[name], content_type=_STATIC[name], charset="utf-8", headers=headers)

    async def api_status(self, _: web.Request) -> web.Response:
        return _json({**self._about, **self._overview.summary()})

    async def api_feeds(self, request: web.Request) -> web.Response:
        try:
            query = _query(request.query)
        except ValueError as error:
            return _json({"error": str(error)}, status=400)
        found = await self._feeds(query)
        return _json(
            {
                "page": query.page,
                "pages": max(-(-found.matched // query.limit), 1),
                "limit": query.limit,
                "matched": found.matched,
                "counts": found.counts,
                "feeds": found.rows,
            }
        )

    async def api_feed(self, request: web.Request) -> web.Response:
        feed = self._overview.feed(request.match_info["id"])
        return _json({"error": "no feed with this id is configured"}, status=404) if feed is None else _json(feed)

    async def api_articles(self, _: web.Request) -> web.Response:
        return _json({"articles": self._overview.articles()})

    async def api_config(self, _: web.Request) -> web.Response:
        return _json(self._shown_config())

    async def _feeds(self, query: FeedQuery) -> FeedPage:
        """Looking through 100,000 feeds takes a while: beside the loop, and for one person at a time."""
        async with self._looking:
            return await asyncio.to_thread(self._overview.feeds, query)

    def _shown_config(self) -> dict[str, Any]:
        """The configuration without its feeds: each has a page of its own."""
        return {key: value for key, value in self._config().items() if key != "feeds"}


def _query(given: Mapping[str, str]) -> FeedQuery:
    """What the parameters of an address ask for.

    Raises:
        ValueError: in words for the person who asked.
    """
    sort, state = given.get("sort") or "id", given.get("state") or None
    if sort.removeprefix("-") not in _ORDERS:
        raise ValueError(f"sort must be one of {', '.join(_ORDERS)}; - before it turns it around")
    if state is not None and state not in _STATES:
        raise ValueError(f"state must be one of {', '.join(_STATES)}")
    return FeedQuery(
        page=_number(given, "page", usual=1, most=1_000_000),
        limit=_number(given, "limit", usual=100, most=MAX_FEEDS_PER_PAGE),
        state=state,
        text=given.get("q", "").strip()[:_MAX_TEXT_CHARS],
        order=sort.removeprefix("-"),  # type: ignore[arg-type] # checked above
        descending=sort.startswith("-"),
    )


def _number(given: Mapping[str, str], name: str, *, usual: int, most: int) -> int:
    written = given.get(name) or str(usual)
    value = int(written) if written.isascii() and written.isdigit() and len(written) < 10 else 0
    if not 1 <= value <= most:
        raise ValueError(f"{name} must be a number from 1 to {most}")
    return value


def _html(page: Html, *, status: int = 200) -> web.Response:
    return web.Response(body=page.encode(), status=status, content_type="text/html", charset="utf-8", headers=_HEADERS)


def _json(value: object, *, status: int = 200) -> web.Response:
    body = orjson.dumps(value, default=str, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE)
    return web.Response(body=body, status=status, content_type="application/json", headers=_HEADERS)


def _now() -> datetime:
    return datetime.now(UTC)
