"""A list of feeds that changes under a running worker, and what is told of its feeds."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.integration.harness import Deployment, Process, rss, run_cli, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_httpserver import HTTPServer


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    return Deployment(tmp_path, None)


def serve(httpserver: HTTPServer, *names: str) -> list[dict[str, str]]:
    """Feeds of one article each, with validators."""
    for name in names:
        httpserver.expect_request(f"/{name}").respond_with_data(rss((name, name)), headers={"ETag": f'"{name}"'})
    return [{"url": httpserver.url_for(f"/{name}"), "id": name} for name in names]


def asked(httpserver: HTTPServer, name: str) -> list[bool]:
    """For each request for a feed so far, whether it was conditional."""
    return ["If-None-Match" in request.headers for request, _ in httpserver.log if request.path == f"/{name}"]


def told(url: str, *, method: str) -> tuple[int, str]:
    """What the worker's own server answers."""
    try:
        with urlopen(Request(url, method=method), timeout=60) as answer:  # noqa: S310 - the worker's own
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_feeds_are_added_removed_and_changed_without_a_restart(
    deployment: Deployment, httpserver: HTTPServer, start: Callable[..., Process]
):
    """The feeds that stay are not disturbed: they are never asked without their validators again."""
    stays, goes, comes = serve(httpserver, "stays", "goes", "comes")
    process = start(deployment.write([stays, goes]))
    process.wait_for("poll", feed="stays")
    process.wait_for("poll", feed="goes")
    deployment.write([{**stays, "title": "Another title"}, comes])
    line = process.wait_for("config_read")
    assert (line["added"], line["removed"], line["changed"]) == (1, 1, 1)
    process.wait_for("poll", feed="comes", outcome="ok")
    before = len(asked(httpserver, "goes"))
    so_far = len(asked(httpserver, "stays"))
    until(lambda: len(asked(httpserver, "stays")) > so_far + 2)
    assert len(asked(httpserver, "goes")) <= before + 1
    assert asked(httpserver, "stays").count(False) == 1
    assert process.end() == 0


def test_a_feed_list_in_a_file_of_its_own_is_followed_as_well(
    deployment: Deployment, httpserver: HTTPServer, start: Callable[..., Process]
):
    first, second = serve(httpserver, "first", "second")
    feeds = deployment.path.with_name("feeds.txt")
    feeds.write_text(f"# news\n{first['url']}\n")
    process = start(deployment.write([], feed_lists=["feeds.txt"]))
    process.wait_for("poll", outcome="ok")
    feeds.write_text(f"{first['url']}\n{second['url']}\n")
    process.wait_for("config_read", added=1)
    until(lambda: bool(asked(httpserver, "second")))
    assert process.end() == 0


def test_sighup_reads_the_configuration_at_once_and_a_mistake_changes_nothing(
    deployment: Deployment, httpserver: HTTPServer, start: Callable[..., Process]
):
    feeds = serve(httpserver, "first", "second")
    process = start(deployment.write(feeds[:1]))
    process.wait_for("poll")
    deployment.path.write_text('{"feeds": [{"url": "ftp://x.example/"}]}')
    process.popen.send_signal(signal.SIGHUP)
    refused = process.wait_for("config_refused")
    assert "feeds[0].url: must begin with http:// or https://" in refused["mistakes"][0]
    so_far = len(asked(httpserver, "first"))
    until(lambda: len(asked(httpserver, "first")) > so_far)
    deployment.write(feeds, commit={"max_delay": "60ms"})
    process.popen.send_signal(signal.SIGHUP)
    assert process.wait_for("config_read")["needs_restart"] == ["commit"]
    process.wait_for("poll", feed="second")
    assert process.end() == 0


def test_a_post_reads_the_configuration_again_where_that_is_enabled(
    deployment: Deployment, httpserver: HTTPServer, start: Callable[..., Process]
):
    feeds = serve(httpserver, "first", "second")
    process = start(deployment.write(feeds[:1]), "--enable-reload")
    url = process.base_url()
    good = deployment.path.read_text()
    deployment.path.write_text('{"feeds": [{"url": "ftp://x.example/"}]}')
    refused = told(f"{url}/-/reload", method="POST")
    assert refused[0] == 500
    assert refused[1].startswith(f"{deployment.path}:1:20: feeds[0].url: must begin with http:// or https://")
    assert "dateline_config_last_reload_successful 0" in told(f"{url}/metrics", method="GET")[1]
    deployment.write(feeds)
    taken = told(f"{url}/-/reload", method="POST")
    assert taken == (200, "ok\n")
    assert "dateline_config_last_reload_successful 1" in told(f"{url}/metrics", method="GET")[1]
    process.wait_for("poll", feed="second")
    # The files that the new configuration names are followed from then on.
    third, more = serve(httpserver, "third")[0], deployment.path.with_name("more.txt")
    more.write_text(f"{feeds[0]['url']}\n")
    deployment.write(feeds, feed_lists=["more.txt"])
    assert told(f"{url}/-/reload", method="POST") == (200, "ok\n")
    more.write_text(f"{third['url']}\n")
    process.wait_for("config_read", added=1, timeout_seconds=60)
    until(lambda: bool(asked(httpserver, "third")), timeout_seconds=60)
    assert told(f"{url}/-/reload", method="GET")[0] == 405
    assert process.end() == 0
    process = start(deployment.path)
    deployment.path.write_text(good)
    assert told(f"{process.base_url()}/-/reload", method="POST")[0] == 404
    assert process.end() == 0


def test_the_state_of_each_feed_is_told_while_the_worker_runs_and_after(
    deployment: Deployment, httpserver: HTTPServer, start: Callable[..., Process]
):
    feeds = serve(httpserver, "good")
    for name, status in (("missing", 404), ("gone", 410)):
        httpserver.expect_request(f"/{name}").respond_with_data("", status)
        feeds.append({"url": httpserver.url_for(f"/{name}"), "id": name})
    config = deployment.write(feeds)
    assert {row["state"] for row in statuses(config)} == {"new"}
    process = start(config)
    for feed in feeds:
        process.wait_for("poll", feed=feed["id"])
    while_running = {row["id"]: (row["state"], row["reason"]) for row in statuses(config)}
    assert while_running == {
        "good": ("active", None),
        "missing": ("failing", "http_404"),
        "gone": ("gone", "http_410"),
    }
    assert process.end() == 0
    [row] = statuses(config, "--state", "active")
    assert (row["entries"], row["published"], row["failures"]) == (1, 1, 0)
    assert row["polled_at"] <= row["next_poll_at"]
    piped = run_cli("feeds", "status", "-c", str(config)).stdout.splitlines()
    assert {json.loads(line)["id"] for line in piped} == {"good", "missing", "gone"}


def statuses(config: Path, *options: str) -> list[dict[str, Any]]:
    told = run_cli("feeds", "status", "-c", str(config), "--json", *options)
    assert told.returncode == 0, told.stderr
    return [json.loads(line) for line in told.stdout.splitlines()]
