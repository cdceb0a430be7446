"""Articles in topics of their own: `dateline run`, `tap`, `topics` and `forward` with routes."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest

from tests.integration.harness import Deployment, Process, run_cli

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_httpserver import HTTPServer

pytestmark = pytest.mark.kafka


def story(guid: str, text: str) -> str:
    return (
        f"<item><guid isPermaLink='false'>{guid}</guid><title>Story {guid}</title>"
        f"<link>https://news.example/{guid}</link><description>{text}</description></item>"
    )


def feed(*stories: str) -> str:
    return f"<rss version='2.0'><channel><title>News</title>{''.join(stories)}</channel></rss>"


@pytest.fixture
def feeds(httpserver: HTTPServer) -> list[dict[str, Any]]:
    """Two feeds. Of the first, an article moves from Ukraine to France."""
    kyiv = story("1", "KYIV, May 24 (AP) - The president visited a school on Friday and said it was the best of days.")
    paris = story("1", "PARIS, May 24 (AP) - The president visited a school on Friday and said it was the best.")
    tokyo = story("2", "TOKYO, May 24 (AP) - The emperor visited a school on Friday and said it was the best of days.")
    httpserver.expect_ordered_request("/world").respond_with_data(feed(kyiv, tokyo))
    httpserver.expect_request("/world").respond_with_data(feed(paris, tokyo))
    httpserver.expect_request("/harbour").respond_with_data(feed(story("3", "The harbour is open again.")))
    return [
        {"url": httpserver.url_for("/world"), "id": "world", "publisher": "World Ltd"},
        {"url": httpserver.url_for("/harbour"), "id": "harbour"},
    ]


def routed(deployment: Deployment, feeds: list[dict[str, Any]]) -> Path:
    name = deployment.name
    routes = [{"topic": f"{name}.france", "country": "FR"}, {"topic": f"{name}.ukraine", "country": ["UA", "MD"]}]
    return deployment.write(
        [feeds[0], {**feeds[1], "topic": f"{name}.harbour"}],
        articles={"routes": routes},
    )


def kcat(bootstrap: str, topic: str) -> list[dict[str, Any]]:
    read = subprocess.run(
        ["kcat", "-C", "-e", "-q", "-b", bootstrap, "-t", topic, "-J"], capture_output=True, check=True, timeout=120
    )
    return [json.loads(line) for line in read.stdout.splitlines()]


def test_each_article_is_in_its_topic_with_all_revisions_and_can_be_chosen_by_headers(
    tmp_path: Path, kafka_bootstrap: str, feeds: list[dict[str, Any]], start: Callable[..., Process]
):
    deployment = Deployment(tmp_path, kafka_bootstrap)
    config = routed(deployment, feeds)
    name = deployment.name
    made = run_cli("topics", "create", "-c", str(config))
    assert set(made.stdout.removeprefix("created ").strip().split(", ")) == {
        f"{name}.{one}" for one in ("articles", "ukraine", "france", "harbour", "feed-state", "dead-letters")
    }
    process = start(config)
    process.wait_for("poll", feed="world", revised=1)
    process.wait_for("poll", feed="harbour", published=1)
    with urlopen(f"{process.base_url()}/metrics", timeout=120) as answer:  # noqa: S310 - loopback
        metrics = answer.read().decode()
    assert process.end() == 0

    found = {one: kcat(kafka_bootstrap, f"{name}.{one}") for one in ("articles", "ukraine", "france", "harbour")}
    headlines = {one: [json.loads(each["payload"])["headline"] for each in records] for one, records in found.items()}
    assert headlines == {"articles": ["Story 2"], "ukraine": ["Story 1"] * 2, "france": [], "harbour": ["Story 3"]}
    first, second = (dict(zip(one["headers"][::2], one["headers"][1::2], strict=True)) for one in found["ukraine"])
    assert {name: text for name, text in first.items() if name in {"ce_feedid", "ce_publisher", "ce_language"}} == {
        "ce_feedid": "world",
        "ce_publisher": "World Ltd",
        "ce_language": "en",
    }
    assert (first["ce_countries"], second["ce_countries"]) == ("UA", "FR")
    assert f'dateline_events_published_total{{topic="{name}.ukraine"}} 2.0' in metrics
    assert f'dateline_events_published_total{{topic="{name}.france"}} 0.0' in metrics
    tapped = run_cli("tap", "-c", str(config), "--from-beginning", "-n", "4")
    assert {json.loads(line)["topic"] for line in tapped.stdout.splitlines()} == {
        f"{name}.{one}" for one in ("articles", "ukraine", "harbour")
    }


def test_what_was_routed_in_a_file_goes_to_its_topic_when_it_is_forwarded(
    tmp_path: Path, kafka_bootstrap: str, feeds: list[dict[str, Any]], start: Callable[..., Process]
):
    file = Deployment(tmp_path, None)
    process = start(routed(file, feeds), "--once")
    assert process.popen.wait(60) == 0, process.output
    tapped = run_cli("tap", "-c", str(file.path), "--from-beginning", "-n", "3")
    assert sorted(json.loads(line)["topic"] for line in tapped.stdout.splitlines()) == [
        "news.articles",
        f"{file.name}.harbour",
        f"{file.name}.ukraine",
    ]

    (tmp_path / "kafka").mkdir()
    kafka = Deployment(tmp_path / "kafka", kafka_bootstrap)
    kafka.sqlite_path = file.sqlite_path
    # Without the routes: what is published already stays where it was to be.
    latest = f"{kafka.name}.latest"
    topics = {name: f"{kafka.name}.{name}" for name in ("articles", "latest")}
    topics |= {"feed_state": f"{kafka.name}.feed-state", "dead_letters": f"{kafka.name}.dead-letters"}
    done = run_cli("forward", "-c", str(kafka.write(feeds, kafka={"topics": topics})))
    assert done.returncode == 0, done.stderr
    assert [len(kcat(kafka_bootstrap, topic)) for topic in (f"{kafka.name}.articles", f"{file.name}.ukraine")] == [1, 1]
    assert sorted(json.loads(one["payload"])["headline"] for one in kcat(kafka_bootstrap, latest)) == [
        f"Story {number}" for number in (1, 2, 3)
    ]
