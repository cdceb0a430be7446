"""`dateline run` against a real broker and real HTTP."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from werkzeug import Request, Response

from tests.integration.harness import PATIENCE_SECONDS, Deployment, Process, changing, rss, run_cli, until
from tests.schema import validate
from worker.edges import broker

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_httpserver import HTTPServer

pytestmark = pytest.mark.kafka

SEED = Path(__file__).parent.parent / "data" / "seed"


@pytest.fixture
def deployment(tmp_path: Path, kafka_bootstrap: str) -> Deployment:
    return Deployment(tmp_path, kafka_bootstrap)


def get(url: str) -> tuple[int, str]:
    try:
        with urlopen(url, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310 - loopback
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def test_the_seed_document_goes_from_a_feed_to_the_topic(
    deployment: Deployment, httpserver: HTTPServer, start: Callable[..., Process]
):
    """The message says about the document what its gold answer says."""
    text = (SEED / "000_23b64bebdaa24c53.txt").read_text()
    gold = json.loads((SEED / "gold.json").read_text())
    paragraphs = "".join(f"<p>{paragraph}</p>" for paragraph in text.split("\n\n"))
    item = (
        "<item><guid>seed</guid><title>T</title><link>https://wire.example/seed</link>"
        "<pubDate>Sat, 24 May 2025 21:14:00 +0300</pubDate>"
        f"<description><![CDATA[{paragraphs}]]></description></item>"
    )
    httpserver.expect_request("/feed").respond_with_data(f"<rss version='2.0'><channel>{item}</channel></rss>")
    process = start(deployment.write([{"url": httpserver.url_for("/feed"), "id": "wire"}]), "--once")
    assert process.popen.wait(60) == 0, process.output

    [record] = deployment.records()
    message = json.loads(record.value)
    validate(message)
    assert record.key.decode() == message["id"]
    assert message["date"] == "2025-05-24"
    for field in ("city", "country", "country_code", "date", "region", "agency", "text"):
        assert message["dateline"][field] == gold["dateline"][field]
    assert message["lead"]["text"] == gold["lead"]["text"]
    assert [part["text"] for part in message["paragraphs"]] == [part["text"] for part in gold["paragraphs"]]
    for span in (message["dateline"], message["lead"], *message["paragraphs"]):
        assert message["text"][span["start"] : span["end"]] == span["text"]
    headers = dict(record.headers)
    assert headers["ce_id"].decode() == f"{message['id']}:1"
    assert headers["ce_type"] == b"dateline.news.article.published.v1"
    assert headers["ce_source"] == b"/feeds/wire"
    assert headers["content-type"] == b"application/json"


def test_kcat_reads_the_same_message(deployment: Deployment, httpserver: HTTPServer, start: Callable[..., Process]):
    if shutil.which("kcat") is None:
        pytest.skip("kcat is not installed")
    httpserver.expect_request("/feed").respond_with_data(rss(("g1", "Äpfel & more")).replace("&", "&amp;"))
    process = start(deployment.write([{"url": httpserver.url_for("/feed"), "id": "wire"}]), "--once")
    assert process.popen.wait(60) == 0, process.output
    read = subprocess.run(
        ["kcat", "-C", "-e", "-q", "-b", str(deployment.bootstrap), "-t", f"{deployment.name}.articles", "-J"],
        capture_output=True,
        check=True,
        timeout=PATIENCE_SECONDS,
    )
    record = json.loads(read.stdout)
    message = json.loads(record["payload"])
    assert record["key"] == message["id"]
    assert message["headline"] == "Äpfel & more"
    assert dict(zip(record["headers"][::2], record["headers"][1::2], strict=True))["ce_specversion"] == "1.0"


def test_each_bad_feed_is_one_clear_line_and_the_others_go_on(
    deployment: Deployment, httpserver: HTTPServer, start: Callable[..., Process]
):
    httpserver.expect_request("/good").respond_with_data(rss(("g1", "One"), ("g2", "Two")))
    httpserver.expect_request("/page").respond_with_data("<!doctype html><html><body>Hi</body></html>")
    httpserver.expect_request("/empty").respond_with_data("")
    httpserver.expect_request("/broken").respond_with_data("<rss><channel><title>x</ti")
    httpserver.expect_request("/gone").respond_with_data("", status=410)
    feeds = [
        {"url": httpserver.url_for(f"/{name}"), "id": name} for name in ("good", "page", "empty", "broken", "gone")
    ]
    feeds += [
        {"url": httpserver.url_for("/none"), "id": "none"},
        {"url": f"http://127.0.0.1:{broker.free_port()}/feed", "id": "unreachable"},
        {"url": "http://nosuch.invalid/feed", "id": "nameless"},
    ]
    httpserver.expect_request("/none").respond_with_data("", status=404)
    process = start(deployment.write(feeds), "--once")
    assert process.popen.wait(60) == 0, process.output

    polls = {line["feed"]: line for line in process.lines("poll")}
    assert len(process.lines("poll")) == len(feeds)
    assert (polls["good"]["outcome"], polls["good"]["published"]) == ("ok", 2)
    assert {name: (line["outcome"], line["reason"]) for name, line in polls.items() if name != "good"} == {
        "page": ("not_a_feed", "html"),
        "empty": ("not_a_feed", "empty"),
        "broken": ("not_a_feed", "broken"),
        "gone": ("gone", "http_410"),
        "none": ("http_error", "http_404"),
        "unreachable": ("network_error", "connect"),
        "nameless": ("network_error", "dns"),
    }
    assert len(deployment.messages()) == 2
    [letter] = deployment.records("dead-letters")
    assert letter.value == b"<rss><channel><title>x</ti"
    assert dict(letter.headers)["dateline_reason"] == b"broken"
    assert "Traceback" not in process.output


def test_metrics_and_health_are_served(deployment: Deployment, httpserver: HTTPServer, start: Callable[..., Process]):
    httpserver.expect_request("/feed").respond_with_data(rss(("g1", "One")))
    process = start(deployment.write([{"url": httpserver.url_for("/feed"), "id": "a"}]))
    base = process.base_url()
    process.wait_for("poll", feed="a", published=1)
    assert get(f"{base}/healthz") == (200, "ok\n")
    assert get(f"{base}/readyz") == (200, "ok\n")
    status, text = get(f"{base}/metrics")
    assert status == 200
    assert 'dateline_articles_total{change="published"} 1.0' in text
    assert "dateline_ledger_up 1.0" in text
    assert "_created" not in text
    assert run_cli("healthcheck", "--url", base).returncode == 0
    assert run_cli("healthcheck", "--url", base, "--ready").stdout == "ok\n"
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed")
    checked = subprocess.run(
        ["promtool", "check", "metrics"],
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_sigterm_drains_and_exits_with_0(deployment: Deployment, httpserver: HTTPServer, start: Callable[..., Process]):
    """A document that is on its way when the signal comes is still published."""
    served: list[float] = []

    def slowly(_: Request) -> Response:
        served.append(time.monotonic())
        time.sleep(1.0)
        return Response(rss(("g1", "One")))

    httpserver.expect_request("/feed").respond_with_handler(slowly)
    process = start(deployment.write([{"url": httpserver.url_for("/feed"), "id": "a"}]))
    until(lambda: bool(served))
    assert process.end() == 0, process.output
    assert [message["source"]["guid"] for message in deployment.messages()] == ["g1"]


def test_a_second_signal_ends_it_at_once(deployment: Deployment, httpserver: HTTPServer, start: Callable[..., Process]):
    served: list[float] = []

    def never(_: Request) -> Response:
        served.append(time.monotonic())
        time.sleep(4.0)
        return Response("")

    httpserver.expect_request("/feed").respond_with_handler(never)
    process = start(deployment.write([{"url": httpserver.url_for("/feed"), "id": "a"}]))
    until(lambda: bool(served))
    process.popen.send_signal(signal.SIGTERM)
    process.wait_for("draining")
    began = time.monotonic()
    process.popen.send_signal(signal.SIGTERM)
    assert process.popen.wait(PATIENCE_SECONDS) == 128 + signal.SIGTERM
    assert time.monotonic() - began < 2.0


@pytest.mark.parametrize("number", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.long)])
def test_ended_under_load_nothing_is_lost_and_nothing_comes_twice(
    number: signal.Signals, deployment: Deployment, httpserver: HTTPServer, start: Callable[..., Process]
):
    """Each worker is ended in the middle of its work; the next one goes on from what was committed."""
    config = deployment.write(changing(httpserver, feeds=8, articles=60))
    expected = {f"f{feed}-{article}" for feed in range(8) for article in range(60)}
    for _ in range(3):
        process = start(config)
        until(partial(process.has_polled, 12))
        process.popen.send_signal(number)
        code = process.popen.wait(PATIENCE_SECONDS)
        assert code == (0 if number == signal.SIGTERM else -signal.SIGKILL), process.output
    start(config)
    until(
        lambda: {message["source"]["guid"] for message in deployment.messages()} >= expected,
        timeout_seconds=PATIENCE_SECONDS,
        what=lambda: f"only {len(deployment.messages())} of {len(expected)}",
    )
    counted = Counter((message["id"], message["revision"]) for message in deployment.messages())
    assert set(counted.values()) == {1}
    assert len(counted) == len(expected)


def test_a_second_worker_of_the_same_name_takes_over(
    deployment: Deployment, httpserver: HTTPServer, start: Callable[..., Process]
):
    config = deployment.write(changing(httpserver, feeds=2, articles=1_000))
    first = start(config)
    first.wait_for("poll", outcome="ok")
    second = start(config)
    second.wait_for("poll", outcome="ok")
    assert first.popen.wait(PATIENCE_SECONDS) == 1
    assert deployment.name in first.output.splitlines()[-1]
    assert second.end() == 0
    counted = Counter((message["id"], message["revision"]) for message in deployment.messages())
    assert set(counted.values()) == {1}


def test_a_port_in_use_is_one_clear_line(deployment: Deployment, httpserver: HTTPServer, start: Callable[..., Process]):
    taken = f"127.0.0.1:{httpserver.port}"
    process = start(deployment.write([{"url": "https://news.example/feed"}], listen=taken))
    assert process.popen.wait(PATIENCE_SECONDS) == 1
    assert process.output.splitlines() == [
        f"dateline: cannot listen on {taken}: address already in use; set `listen` to another address"
    ]


def test_a_host_to_listen_on_that_has_no_address_is_one_clear_line(
    deployment: Deployment, start: Callable[..., Process]
):
    process = start(deployment.write([{"url": "https://news.example/feed"}], listen="no.such.invalid:9108"))
    assert process.popen.wait(60) == 1
    [line] = process.output.splitlines()
    assert line.startswith("dateline: cannot listen on no.such.invalid:9108: ")
    assert line.endswith("; set `listen` to another address")
    assert "Errno" not in line


def test_a_broker_that_is_away_at_start_is_waited_for(
    tmp_path: Path, httpserver: HTTPServer, start: Callable[..., Process]
):
    httpserver.expect_request("/feed").respond_with_data(rss(("g1", "One")))
    port = broker.free_port()
    deployment = Deployment(tmp_path, f"127.0.0.1:{port}")
    config = deployment.write([{"url": httpserver.url_for("/feed"), "id": "a"}])

    once = start(config, "--once")
    assert once.popen.wait(40) == 1
    assert once.output.splitlines()[-1].startswith(f"dateline: no Kafka broker answers at 127.0.0.1:{port}")

    process = start(config)
    base = process.base_url()
    process.wait_for("ledger_unavailable")
    assert get(f"{base}/healthz")[0] == 200
    assert get(f"{base}/readyz") == (503, "waiting for the ledger\n")
    state_dir = tmp_path / "state"
    broker.start(port=port, state_dir=state_dir)
    try:
        process.wait_for("poll", feed="a", published=1, timeout_seconds=PATIENCE_SECONDS)
        assert get(f"{base}/readyz")[0] == 200
        assert process.end() == 0
        assert len(deployment.messages()) == 1
    finally:
        broker.stop(port=port, state_dir=state_dir)


def test_a_broker_that_goes_away_and_returns_loses_nothing(
    tmp_path: Path, httpserver: HTTPServer, start: Callable[..., Process]
):
    """While it is away the worker is alive and not ready; it goes on by itself."""
    port, state_dir = broker.free_port(), tmp_path / "state"
    broker.start(port=port, state_dir=state_dir)
    try:
        deployment = Deployment(tmp_path, f"127.0.0.1:{port}")
        process = start(deployment.write(changing(httpserver, feeds=4, articles=200)))
        base = process.base_url()
        until(partial(process.has_polled, 8))
        broker.stop(port=port, state_dir=state_dir)
        until(lambda: get(f"{base}/readyz")[0] == 503, timeout_seconds=60)
        assert get(f"{base}/healthz")[0] == 200
        broker.start(port=port, state_dir=state_dir)
        expected = {f"f{feed}-{article}" for feed in range(4) for article in range(200)}
        until(
            lambda: {message["source"]["guid"] for message in deployment.messages()} >= expected,
            timeout_seconds=120,
            what=lambda: process.output[-3_000:],
        )
        until(lambda: get(f"{base}/readyz")[0] == 200, timeout_seconds=60)
        assert process.end() == 0
        counted = Counter((message["id"], message["revision"]) for message in deployment.messages())
        assert set(counted.values()) == {1}
        assert "Traceback" not in process.output
    finally:
        broker.stop(port=port, state_dir=state_dir)
