"""Subscriptions at hubs: the worker as a process, hubs and feeds on loopback."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug import Request, Response

from tests.integration.harness import PATIENCE_SECONDS, Deployment, Process, rss, until
from tests.integration.http_servers import certificate, server_side
from tests.integration.websub_hub import Granted, Hub, free_port
from worker.edges.sqlite import SqliteReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_httpserver import HTTPServer

RARELY = {"interval": "1h", "min_interval": "100ms", "max_interval": "1h"}
OFTEN = {"interval": "200ms", "min_interval": "100ms", "max_interval": "1h"}


@dataclass(kw_only=True)
class News:
    """A feed that names hubs, and remembers how it was asked. The next `broken` answers are 500."""

    url: str
    hubs: list[Hub]
    items: list[tuple[str, str]] = field(default_factory=lambda: [("a", "A")])
    conditional: list[bool] = field(default_factory=list)
    asked_at: list[float] = field(default_factory=list)
    broken: int = 0

    def serve(self, request: Request) -> Response:
        self.conditional.append("If-None-Match" in request.headers)
        self.asked_at.append(time.monotonic())
        if self.broken:
            self.broken -= 1
            return Response(status=500)
        links = [f"<atom:link rel='self' href='{self.url}'/>"]
        links += [f"<atom:link rel='hub' href='{hub.url}'/>" for hub in self.hubs]
        document = rss(*self.items).replace("<rss ", "<rss xmlns:atom='http://www.w3.org/2005/Atom' ")
        document = document.replace("</title>", f"</title>{''.join(links)}", 1)
        etag = f'"{len(self.items)}-{len(self.hubs)}"'
        if request.headers.get("If-None-Match") == etag:
            return Response(status=304, headers={"ETag": etag})
        return Response(document, headers={"ETag": etag}, content_type="application/rss+xml")

    @property
    def polls(self) -> int:
        return len(self.conditional)


@dataclass(kw_only=True)
class Site:
    """All that a test has to do with."""

    deployment: Deployment
    start: Callable[..., Process]
    news: News
    callback_url: str
    ca_file: Path

    def run(self, schedule: dict[str, str], **more: Any) -> Process:
        """Start the worker."""
        return self.start(self.write(schedule, **more))

    def write(self, schedule: dict[str, str], **more: Any) -> Path:
        port = self.callback_url.rpartition(":")[2]
        settings: dict[str, Any] = {
            "listen": f"127.0.0.1:{port}",
            "fetch": {
                "allow_networks": ["127.0.0.0/8"],
                "timeout": 2,
                "connect_timeout": 1,
                "idle_timeout": 2,
                "host_gap": "1ms",
                "max_body_bytes": 100_000,
                "ca_file": str(self.ca_file),
            },
            "websub": {"callback_url": self.callback_url},
            "schedule": schedule,
        }
        return self.deployment.write([{"url": self.news.url, "id": "news"}], **{**settings, **more})

    @property
    def headlines(self) -> list[str]:
        """What was published."""
        reader = SqliteReader(self.deployment.sqlite_path, from_beginning=True)
        try:
            return [json.loads(record.value)["headline"] for record in reader.read(timeout_seconds=0)]
        finally:
            reader.close()


@pytest.fixture
def tls_file(tmp_path: Path) -> Path:
    return certificate(tmp_path, "IP:127.0.0.1")


@pytest.fixture
def make_hub(tls_file: Path) -> Iterator[Callable[..., Hub]]:
    hubs: list[Hub] = []

    def make(**more: Any) -> Hub:
        hubs.append(Hub(tls=server_side(tls_file), **more).start())
        return hubs[-1]

    yield make
    for hub in hubs:
        hub.stop()


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    return make_hub()


@pytest.fixture
def site(tmp_path: Path, httpserver: HTTPServer, hub: Hub, tls_file: Path, start: Callable[..., Process]) -> Site:
    news = News(url=httpserver.url_for("/news"), hubs=[hub])
    httpserver.expect_request("/news").respond_with_handler(news.serve)
    return Site(
        deployment=Deployment(tmp_path, None),
        start=start,
        news=news,
        callback_url=f"http://127.0.0.1:{free_port()}",
        ca_file=tls_file,
    )


def test_an_article_appears_within_seconds_of_a_push_although_the_interval_is_an_hour(site: Site, hub: Hub):
    """It comes from the publisher, by one conditional request: what is pushed is not read."""
    process = site.run(RARELY)
    line = process.wait_for("websub_subscribed")
    assert (line["feed"], line["hub"], line["topic"], line["lease_seconds"]) == ("news", hub.url, site.news.url, 3_600)
    site.news.items.append(("b", "B"))
    assert hub.distribute(rss(("forged", "Forged")).encode()) == 202
    process.wait_for("poll", published=1, entries=2)
    assert site.news.conditional == [False, True]
    process.wait_for("websub_push", result="accepted")
    served = metrics(process)
    assert 'dateline_websub_pushes_total{result="accepted"} 1.0' in served
    until(lambda: 'dateline_websub_subscriptions{state="verified"} 1.0' in metrics(process))
    assert process.end() == 0
    assert site.headlines == ["A", "B"]


def test_forged_pushes_cause_no_request(site: Site, hub: Hub):
    process = site.run(RARELY)
    process.wait_for("websub_subscribed")
    process.wait_for("poll")
    real = hub.subscription
    for signature in ("", "sha256=" + "0" * 64, "sha1=nonsense", "md5=" + "0" * 32):
        assert hub.distribute(b"<rss/>", signature=signature) == 202
    other_secret = Granted(callback=real.callback, topic=real.topic, secret="guessed")
    assert hub.distribute(b"<rss/>", to=other_secret) == 202
    unknown = Granted(callback=f"{real.callback}x", topic=real.topic, secret=real.secret)
    assert hub.distribute(b"<rss/>", to=unknown) == 410
    assert site.news.polls == 1
    # One that is real, after them, is the only one that is followed.
    assert hub.distribute(b"<rss/>") == 202
    until(lambda: len(process.lines("poll")) == 2)
    assert site.news.polls == 2
    served = metrics(process)
    for result, number in (("accepted", 1), ("ignored", 5), ("unknown", 1)):
        assert f'dateline_websub_pushes_total{{result="{result}"}} {number}.0' in served
    assert process.end() == 0


def test_pushes_in_a_row_are_one_poll_for_each_least_interval(site: Site, hub: Hub):
    process = site.run({**RARELY, "min_interval": "2s"})
    process.wait_for("websub_subscribed")
    process.wait_for("poll")
    for _ in range(20):
        assert hub.distribute(b"") == 202
    until(lambda: len(process.lines("poll")) == 2)
    first, second = site.news.asked_at
    assert second - first >= 2
    assert process.end() == 0


def test_polling_comes_back_when_a_lease_is_over_and_the_hub_is_taken_again_when_it_is_back(site: Site, hub: Hub):
    hub.lease_seconds = 4
    process = site.run(OFTEN)
    process.wait_for("websub_subscribed")
    # The push is followed, a poll may be under way, and then there is none.
    assert hub.distribute(b"") == 202
    process.wait_for("websub_push", result="accepted")
    polls = site.news.polls
    hub.stop()
    process.wait_for("websub_lapsed")
    assert site.news.polls <= polls + 2
    so_far = site.news.polls
    until(lambda: site.news.polls >= so_far + 5)
    renewals = process.lines("websub_failed")
    assert renewals
    assert "connect" in renewals[0]["detail"]
    hub.start()
    until(lambda: len(process.lines("websub_subscribed")) == 2)
    assert process.end() == 0


def test_a_subscription_is_renewed_before_its_lease_is_over(site: Site, hub: Hub):
    hub.lease_seconds = 4
    process = site.run(OFTEN)
    until(lambda: len(process.lines("websub_subscribed")) == 3)
    assert process.lines("websub_lapsed") == []
    assert len({form["hub.callback"] for form in hub.forms}) == 1
    assert process.end() == 0


def test_a_hub_that_fails_or_refuses_is_left_for_the_next_and_the_feed_polled_meanwhile(
    site: Site, hub: Hub, make_hub: Callable[..., Hub]
):
    hub.status = 500
    refusing, willing = make_hub(deny="not for you"), make_hub()
    site.news.hubs[:] = [hub, refusing, willing]
    process = site.run(OFTEN)
    line = process.wait_for("websub_subscribed")
    assert line["hub"] == willing.url
    assert process.lines("websub_failed")[0]["detail"] == "it answered 500"
    assert process.lines("websub_denied")[0]["reason"] == "not for you"
    assert refusing.answers == [("denied", 200)]
    assert process.end() == 0


def test_a_hub_that_lies_about_the_topic_is_not_believed(site: Site, hub: Hub):
    hub.verified_topic = "https://news.example/other"
    process = site.run(OFTEN)
    until(lambda: bool(hub.answers))
    assert hub.answers == [("subscribe", 404)]
    polls = site.news.polls
    until(lambda: site.news.polls >= polls + 3)
    assert process.lines("websub_subscribed") == []
    assert process.end() == 0


def test_a_worker_that_starts_again_subscribes_again_and_sends_old_pushes_away(site: Site, hub: Hub):
    """Nothing is unsubscribed when it ends: the hub may keep what it has until then."""
    process = site.run(RARELY)
    process.wait_for("websub_subscribed")
    old = hub.subscription
    assert process.end() == 0
    assert [form["hub.mode"] for form in hub.forms] == ["subscribe"]
    process = site.run(RARELY)
    process.wait_for("websub_subscribed")
    # The hub notes it when it has read our answer.
    until(lambda: hub.subscription.callback != old.callback)
    assert hub.distribute(b"", to=old) == 410
    assert site.news.polls == 1
    assert process.end() == 0


def test_a_feed_that_is_removed_is_unsubscribed(site: Site, hub: Hub, httpserver: HTTPServer):
    httpserver.expect_request("/other").respond_with_data(rss(("x", "X")))
    process = site.run(RARELY)
    process.wait_for("websub_subscribed")
    subscribed = hub.subscription
    site.news.url = httpserver.url_for("/other")
    config = site.write(RARELY)
    config.write_text(config.read_text().replace('"id": "news"', '"id": "other"'))
    process.wait_for("config_read", removed=1)
    until(lambda: hub.answers[-1] == ("unsubscribe", 200))
    assert hub.forms[-1] == {
        "hub.callback": subscribed.callback,
        "hub.mode": "unsubscribe",
        "hub.topic": subscribed.topic,
    }
    assert process.end() == 0


def test_a_push_that_finds_the_publisher_failing_is_followed_up_as_any_poll_that_failed(site: Site, hub: Hub):
    """Not only after `max_interval`: the hub says it once."""
    process = site.run({**RARELY, "interval": "300ms"})
    process.wait_for("websub_subscribed")
    polls = site.news.polls
    until(lambda: site.news.polls > polls)
    site.news.items.append(("b", "B"))
    site.news.broken = 2
    assert hub.distribute(b"") == 202
    process.wait_for("poll", published=1, entries=2)
    assert len(process.lines("poll", status=500)) == 2
    assert process.end() == 0


def test_without_a_callback_address_no_hub_hears_of_anything(site: Site, hub: Hub):
    process = site.run(OFTEN, websub={})
    until(lambda: site.news.polls >= 3)
    assert hub.forms == []
    assert asked(f"{process.base_url()}/websub/x") == 404
    assert process.end() == 0


def test_a_run_of_one_round_subscribes_to_nothing(site: Site, hub: Hub):
    process = site.start(site.write(RARELY), "--once")
    assert process.popen.wait(PATIENCE_SECONDS) == 0
    assert site.news.polls == 1
    assert hub.forms == []


# What strangers send to the callback address


def test_strangers_at_the_callback_address_get_short_answers_and_harm_nobody(site: Site, hub: Hub):
    process = site.run(RARELY)
    process.wait_for("websub_subscribed")
    url = hub.subscription.callback
    assert [asked(url, method=method) for method in ("HEAD", "PUT", "DELETE", "OPTIONS", "PATCH")] == [405] * 5
    assert asked(f"{url}/more") == 404
    assert asked(f"{url}?hub.mode=subscribe&hub.topic=%ff%ed%a0%80&hub.challenge=x") == 404
    assert asked(f"{site.callback_url}/websub/{'x' * 6_000}") == 410
    assert asked(f"{site.callback_url}/websub/..%2f..%2fmetrics") == 410
    assert asked(url, method="POST", body=b"x" * 100_001) == 413
    assert asked(url, method="POST", body=b"x" * 100_000) == 202
    token = url.removeprefix(site.callback_url)
    # A raw byte that is no UTF-8; a body that is not as long as it says, or cut into bad pieces; a gzip of nothing.
    query = b"?hub.mode=denied&hub.topic=" + site.news.url.encode() + b"&hub.reason=\xff\xfe"
    for sent, answer in (
        (b"GET " + token.encode() + query + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1."),
        (b"POST " + token.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nx", None),
        (b"POST " + token.encode() + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", None),
        (b"POST " + token.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\n\r\n", b"HTTP/1.1 202 "),
    ):
        received = exchange(site.callback_url, sent, half_close=answer is None)
        assert received.startswith(answer or b""), received
    assert 'dateline_websub_pushes_total{result="accepted"} 0.0' in metrics(process)
    assert site.news.polls == 1
    assert "Traceback" not in process.output
    assert process.end() == 0


def test_bodies_that_never_end_are_given_up_and_do_not_keep_others_out(site: Site, hub: Hub):
    process = site.run(RARELY)
    process.wait_for("websub_subscribed")
    token = hub.subscription.callback.removeprefix(site.callback_url)
    head = f"POST {token} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n".encode()
    answers: list[bytes] = []

    def send() -> None:
        answers.append(exchange(site.callback_url, head, half_close=False))

    slow = [threading.Thread(target=send) for _ in range(60)]
    for thread in slow:
        thread.start()
    # Ten find no room, and are told so at once; the others have theirs until the time is over.
    until(lambda: len(answers) == 10)
    assert asked(f"{site.callback_url}/healthz") == 200
    for thread in slow:
        thread.join(10)
    assert [answer.split(b" ")[1] for answer in answers] == [b"503"] * 10 + [b"408"] * 50
    assert hub.distribute(b"") == 202
    until(lambda: site.news.polls == 2)
    assert process.end() == 0


def exchange(url: str, sent: bytes, *, half_close: bool = True) -> bytes:
    """What is answered to these bytes."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(sent)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        received = b""
        while b"\r\n\r\n" not in received and (piece := connection.recv(65_536)):
            received += piece
        return received


def asked(url: str, *, method: str = "GET", body: bytes | None = None) -> int:
    """The status of an answer."""
    return answered(url, method=method, body=body)[0]


def metrics(process: Process) -> str:
    return answered(f"{process.base_url()}/metrics")[1]


def answered(url: str, *, method: str = "GET", body: bytes | None = None) -> tuple[int, str]:
    address, _, target = url.removeprefix("http://").partition("/")
    with contextlib.closing(HTTPConnection(address, timeout=PATIENCE_SECONDS)) as connection:
        connection.request(method, f"/{target}", body)
        response = connection.getresponse()
        return response.status, response.read().decode()
