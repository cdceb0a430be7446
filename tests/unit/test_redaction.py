"""No secret of a configuration is ever told: not in logs, metrics, pages, events or dead letters.

The fetcher is the real one and asks real servers on loopback that misbehave in every way there is a word for.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import StringIO
from ipaddress import ip_network
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import aiohttp
import pytest
import structlog
import yaml
from aiohttp import web
from hypothesis import HealthCheck, given, settings, strategies as st
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests import newsroom
from tests.fakes import FakeLedger, FakeStore, ThreadReaders, any_metrics, settled
from tests.loopback import listening
from tests.unit.runner.helpers import until
from worker import pipeline
from worker.config import loads
from worker.config.opml import write_opml
from worker.config.show import show
from worker.config.subscriptions import feed_row, listed_feeds
from worker.edges.broker import free_port
from worker.edges.clock import SystemClock
from worker.edges.log import configure_logging
from worker.edges.pages import Pages
from worker.edges.status import HubCallbacks, StatusServer
from worker.model.feed import FeedState, Move
from worker.model.fetch import Hop, Response
from worker.model.secrets import without_credentials, without_secrets, without_tokens
from worker.pipeline import session
from worker.pipeline.overview import feed_status
from worker.runner import CommitSettings, HubSettings, Runner, RunnerSettings
from worker.wiring.fetching import fetcher_of, limits_of
from worker.wiring.names import ledger_name
from worker.wiring.traces import tracing_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from worker.config import Config

MARK = "xyzzy"
ITEM = "<item><guid isPermaLink='false'>{0}</guid><title>Kyiv {0}</title><link>https://news.example/{0}</link></item>"
PASSWORDS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x17F, exclude_categories=["Cc"]), max_size=12)
WAYS = (
    *("ok", "hub", "gone", "missing", "login", "broken", "page", "busy", "circle", "moved", "large", "slow", "private"),
    *("crash", "garbage", "closed", "tls", "blocked", "nowhere"),
)


@dataclass(kw_only=True)
class Secrets:
    """Makes secrets that can be told from everything else, and remembers them."""

    drawn: list[str]
    made: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)

    def new(self) -> str:
        number = next(self.numbers)
        self.made.append(f"{MARK}{number}{self.drawn[number % len(self.drawn)]}{MARK}")
        return self.made[-1]

    def login(self) -> str:
        """`user:password@` for a URL."""
        user, password = self.new(), self.new()
        self.logins.append(f"{user}:{password}")
        return f"{quote(user, safe='')}:{quote(password, safe='')}@"

    def found_in(self, text: str) -> list[str]:
        """The secrets in a text, as they are, encoded for a URL, or for Basic authorization."""
        encoded = {base64.b64encode(login.encode()).decode(): login for login in self.logins}
        found = [secret for secret in self.made if secret in text or quote(secret, safe="") in text]
        found += [login for form, login in encoded.items() if form in text]
        return found or ([MARK] if MARK in text.lower() else [])


def address(way: str) -> str:
    """A loopback address of its own for each way to fail: a server that wants to be left alone holds up no other."""
    return f"127.0.0.{10 + WAYS.index(way)}"


def feed_urls(server: int, garbage: int, secrets: Secrets) -> dict[str, str]:
    """The URL for each way to fail, each with a login and a token of its own."""
    schemes = {"tls": "https"}
    places = {
        "garbage": f"127.0.0.1:{garbage}",
        "closed": f"{address('closed')}:{free_port()}",
        "blocked": "10.1.2.3",
        "nowhere": "nowhere.invalid",
    }
    return {
        way: f"{schemes.get(way, 'http')}://{secrets.login()}{places.get(way, f'{address(way)}:{server}')}/{way}"
        f"?api_key={quote(secrets.new(), safe='')}"
        for way in WAYS
    }


def configuration(folder: Path, urls: dict[str, str], proxy: str | None, secrets: Secrets) -> Config:
    """A configuration with a secret wherever one can stand."""
    token_file, password_file = folder / "header.txt", folder / "password.txt"
    token_file.write_text(f"Bearer {quote(secrets.new(), safe='')}")
    password_file.write_text(secrets.new().strip())
    feeds: list[dict[str, Any]] = [
        {"id": way, "url": url, "headers": {"X-Api-Key": quote(secrets.new(), safe="")}} for way, url in urls.items()
    ]
    bare = urls["login"].partition("//")[2].rpartition("@")[2].partition("?")[0]
    feeds += [
        {"id": "header-file", "url": f"http://{bare}?a", "headers": {"Authorization": {"file": str(token_file)}}},
        {"id": "auth-file", "url": f"http://{bare}?b", "auth": {"username": "me", "password_file": str(password_file)}},
        {"id": "auth", "url": f"http://{bare}?c", "auth": {"username": "me", "password": secrets.new()}},
    ]
    fetch = {
        "allow_networks": ["127.0.0.0/8"],
        "timeout": "2s",
        "connect_timeout": "2s",
        "idle_timeout": "2s",
        "max_body_bytes": 20_000,
        "proxy_from_environment": False,
        "proxy": proxy,
    }
    kafka = {
        "bootstrap_servers": ["kafka-1:9092"],
        "security": {
            "protocol": "SASL_SSL",
            "mechanism": "SCRAM-SHA-512",
            "username": "worker",
            "password": secrets.new(),
        },
    }
    told = {
        "kafka": kafka,
        "fetch": {key: value for key, value in fetch.items() if value is not None},
        # Nobody is there: what cannot be sent is complained about.
        "tracing": {
            "endpoint": f"http://127.0.0.1:{free_port()}",
            "headers": {"X-Key": quote(secrets.new(), safe=""), "Authorization": {"file": str(token_file)}},
        },
        "feeds": feeds,
    }
    return loads(yaml.safe_dump(told, allow_unicode=True), str(folder / "dateline.yaml"), {})


class Site:
    """A server that answers each path in its own bad way, and repeats to whoever asks what it was asked."""

    def __init__(self) -> None:
        self.base = ""
        self.over = asyncio.Event()

    async def answer(self, request: web.Request) -> web.StreamResponse:  # noqa: C901, PLR0911, PLR0912 - one answer for each way
        match request.path.strip("/"):
            case "robots.txt":
                return web.Response(text="User-agent: *\nDisallow: /private\n")
            case "gone":
                return web.Response(status=410)
            case "missing":
                return web.Response(status=404)
            case "login":
                return web.Response(status=401, headers={"WWW-Authenticate": "Basic realm=x"})
            case "broken":
                return _rss("<item></item>", "\x00<item><title>", "&nothing;")
            case "page":
                return web.Response(text="<!doctype html><title>No feed</title>", content_type="text/html")
            case "busy":
                return web.Response(status=429, headers={"Retry-After": "3600"})
            case "circle":
                return web.Response(status=302, headers={"Location": request.path_qs})
            case "moved":
                return web.Response(status=301, headers={"Location": f"/ok?{request.query_string}"})
            case "large":
                return web.Response(text="x" * 30_000)
            case "slow":
                await self.over.wait()
                return web.Response()
            case "hub" if request.method == "POST":
                return web.Response(status=500)
            case "hub":
                link = f'<{self.base}/hub>; rel="hub", <{self.base}{request.path}>; rel="self"'
                return _rss(ITEM.format("hub"), link=link)
        return _rss(ITEM.format(request.path.strip("/")))

    @asynccontextmanager
    async def open(self) -> AsyncIterator[tuple[int, int]]:
        """Serve; the ports of this server, and of one that does not speak HTTP."""
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self.answer)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.0)
        await runner.setup()
        port = free_port()
        for way in WAYS:
            await web.TCPSite(runner, address(way), port).start()
        self.base = f"http://{address('hub')}:{port}"
        try:
            async with listening(_say_garbage) as other:
                yield port, other
        finally:
            self.over.set()
            await runner.cleanup()


def _rss(*items: str, link: str | None = None) -> web.Response:
    return web.Response(
        text=f"<rss version='2.0'><channel><title>T</title>{''.join(items)}</channel></rss>",
        content_type="application/rss+xml",
        headers={} if link is None else {"Link": link},
    )


async def _say_garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"SSH-2.0-nothing\r\n\r\n")
    writer.close()


@contextmanager
def logged() -> Iterator[StringIO]:
    """What is logged, at the level that says most."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level, kafka = root.handlers[:], root.level, logging.getLogger("kafka").level
    said = StringIO()
    configure_logging("debug", "json", stream=said)
    try:
        yield said
    finally:
        structlog.configure(**before)
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.getLogger("kafka").setLevel(kafka)


async def told(config: Config, secrets: Secrets) -> dict[str, str]:
    """All that a worker tells of one round of polls, by where it tells it."""
    metrics = any_metrics()
    store, numbers = FakeStore(), count()
    tracing, spans = tracing_of(config), InMemorySpanExporter()
    assert tracing is not None
    tracing._provider.add_span_processor(SimpleSpanProcessor(spans))
    runner = Runner(
        config.feeds,
        ledger=tracing.ledger(FakeLedger(store)),
        fetcher=tracing.fetcher(fetcher_of(config, [ip_network("127.0.0.0/8")])),
        readers=tracing.readers(ThreadReaders()),
        tracing=tracing,
        metrics=metrics,
        clock=SystemClock(),
        settings=RunnerSettings(
            agent="Dateline",
            host_gap_seconds=0.0,
            concurrency=50,
            drain_timeout_seconds=5.0,
            commit=CommitSettings(max_events=100, max_bytes=1_000_000, max_delay_seconds=0.01, pending_bytes=10**8),
            limits=limits_of(config),
            hubs=HubSettings(
                callback_url="https://me.example/dateline",
                lease_seconds=86_400.0,
                make_token=lambda: f"{secrets.new()}-{next(numbers)}",
            ),
        ),
    )
    assert runner.hubs is not None
    server = StatusServer(
        host="127.0.0.1",
        port=0,
        metrics=metrics,
        alive=runner.not_alive,
        ready=runner.not_ready,
        pages=Pages(
            overview=runner.overview,
            about={"name": config.name, "version": "1", "ledger": ledger_name(config)},
            config=config.redacted,
        ),
        hubs=HubCallbacks(callbacks=runner.hubs, max_body_bytes=1_000, timeout_seconds=1.0),
    )
    running = asyncio.create_task(runner.run())
    base = await server.start()
    try:
        await until(lambda: len(store.states) == len(config.feeds), timeout_seconds=20.0)
        paths = ["/", "/feeds?limit=500", "/articles", "/config", "/metrics", "/healthz", "/readyz"]
        paths += ["/api/status", "/api/feeds?limit=500", "/api/articles", "/api/config"]
        paths += [f"/{kind}feeds/{feed.id}" for feed in config.feeds for kind in ("", "api/")]
        async with aiohttp.ClientSession(base) as session_:
            found = {path: await _text(session_, path) for path in paths}
    finally:
        runner.stop()
        await running
        await server.stop()
        await asyncio.to_thread(tracing.close)
    assert store.dead_letters or config.fetch.proxy is not None
    assert {span.name for span in spans.get_finished_spans()} >= {"poll", "fetch", "read", "commit"} or (
        config.fetch.proxy is not None
    )
    records = [*store.articles, *store.dead_letters]
    return found | {
        "records": "\n".join(repr((record.key, record.headers, record.value)) for record in records),
        "configuration": repr(config) + repr(config.redacted()) + repr(config.feeds),
        "spans": "\n".join(span.to_json() for span in spans.get_finished_spans()),
        "shown": "\n".join(show(config, feeds=True)),
        "listed": repr([feed_row(feed) for feed in config.feeds]),
        "exported": write_opml(listed_feeds(config.feeds, with_secrets=False)[0], "me").decode(),
        "reports": "\n".join(repr((batch.report, batch.state)) for commit in store.commits for batch in commit),
    }


async def _text(session_: aiohttp.ClientSession, path: str) -> str:
    async with session_.get(path) as answer:
        assert answer.status == 200, path
        return await answer.text()


def _crash(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug that shows all it has."""
    real = pipeline.begin

    def begin(feed: Any, state: Any, fetched: Any, **more: Any) -> Any:
        if feed.id == "crash":
            raise RuntimeError(f"{feed!r} {state!r}")
        return real(feed, state, fetched, **more)

    monkeypatch.setattr(session, "begin", begin)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(
    passwords=st.lists(PASSWORDS, min_size=1, max_size=4), proxied=st.sampled_from(["no", "no", "closed", "garbage"])
)
def test_no_secret_is_ever_told(passwords: list[str], proxied: str):
    secrets = Secrets(drawn=passwords)

    async def drive() -> tuple[dict[str, str], str]:
        async with Site().open() as (server, garbage):
            port = {"closed": free_port(), "garbage": garbage}.get(proxied)
            proxy = None if port is None else f"http://{secrets.login()}127.0.0.1:{port}"
            with TemporaryDirectory() as folder, logged() as log, pytest.MonkeyPatch.context() as patched:
                _crash(patched)
                urls = feed_urls(server, garbage, secrets)
                config = await asyncio.to_thread(configuration, Path(folder), urls, proxy, secrets)
                return await told(config, secrets), log.getvalue()

    found, log = asyncio.run(drive())
    assert {place: leaked for place, text in found.items() if (leaked := secrets.found_in(text))} == {}
    assert secrets.found_in(log) == []
    assert log.count('"event":"poll"') == len(WAYS) + 3
    if proxied == "no":
        outcomes = {way for way in ("gone", "http_error", "network_error", "not_a_feed", "ok") if f'"{way}"' in log}
        assert outcomes == {"gone", "http_error", "network_error", "not_a_feed", "ok"}


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/feed?token=abc", "https://a.example/feed?token=***"),
        ("https://a.example/feed?x=1&access_token=abc&y=2#z", "https://a.example/feed?x=1&access_token=***&y=2#z"),
        ("https://a.example/feed?X-Amz-Signature=abc", "https://a.example/feed?X-Amz-Signature=***"),
        ("https://a.example/feed?apiKey=abc;api_key=d", "https://a.example/feed?apiKey=***;api_key=***"),
        ("https://a.example/feed?key=abc", "https://a.example/feed?key=***"),
        ("https://a.example/feed?keyword=war&author=me&tokens", "https://a.example/feed?keyword=war&author=me&tokens"),
        ("https://a.example/token=1/feed", "https://a.example/token=1/feed"),
    ],
)
def test_a_token_in_a_query_is_not_shown(url: str, shown: str):
    assert without_tokens(url) == shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:secret@news.example/a", "https://news.example/a"),
        ("https://news.example/a", "https://news.example/a"),
        ("https://news.example/@a", "https://news.example/@a"),
        ("https://news.example?to=@a", "https://news.example?to=@a"),
        ("https://user:secret@news.example:99999/a", "https://news.example:99999/a"),
        ("https://user:secret@news.example/a?token=b&c", "https://news.example/a?token=***&c"),
        ("http://me:s3@cret@a.example/x", "http://a.example/x"),
        ("http://me@[::1]:80/x", "http://[::1]:80/x"),
        ("http://me:s3\n/cret@a.example/x", "http://a.example/x"),
        ("http://me:s3/cret@a.example/x", "http://a.example/x"),
        ("me:secret@a.example/x", "a.example/x"),
        ("//me:secret@a.example/x", "//a.example/x"),
        ("no address", "no address"),
    ],
)
def test_an_address_is_shown_without_its_secrets(url: str, shown: str):
    assert without_secrets(url) == shown


def test_something_can_stand_in_the_place_of_a_login():
    assert without_credentials("https://me:secret@a.example/@b", "***@") == "https://***@a.example/@b"


def test_an_address_that_was_adopted_is_told_without_its_token():
    """A permanent redirect is followed for good when it was met five times."""
    target, now = "https://b.example/feed?token=abc", datetime(2026, 3, 1, tzinfo=UTC)
    moving = newsroom.feed("a")
    state = FeedState(feed_id="a", url=moving.url, version=4, move=Move(url=target, sightings=4))
    answer = Response(
        url=target,
        status=200,
        body=b"<rss version='2.0'><channel><title>T</title></channel></rss>",
        hops=(Hop(status=301, url=target),),
        retrieved_at=now,
    )
    batch = settled(pipeline.process(moving, state, answer, now=now, limits=newsroom.LIMITS))
    assert batch.state.adopted_url == target
    assert batch.report.moved_to == "https://b.example/feed?token=***"
    assert feed_status(moving, batch.state, now=now)["moved_to"] == "https://b.example/feed?token=***"
