"""Real workers scraped by a real Prometheus."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

from tests.integration.harness import Deployment, Process, eventually, rss, until
from tests.integration.prometheus import Prometheus, scraping
from tests.integration.tools import output_of, tool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_httpserver import HTTPServer

_ROOT = Path(__file__).parents[2]
_BOARD: dict[str, Any] = json.loads((_ROOT / "deploy/grafana/dashboards/dateline.json").read_text())
_QUESTIONS = [target["expr"] for panel in _BOARD["panels"] for target in panel.get("targets", ())]
_KINDS = ("good", "page", "gone", "missing", "broken")


@pytest.fixture
def feeds(httpserver: HTTPServer) -> Callable[[int], list[dict[str, str]]]:
    """So many feeds, of which one in five is good and the others each have a trouble of their own."""
    httpserver.expect_request("/good").respond_with_data(rss(("g1", "One"), ("g2", "Two")))
    httpserver.expect_request("/page").respond_with_data("<!doctype html><html><body>Hi</body></html>")
    httpserver.expect_request("/gone").respond_with_data("", status=410)
    httpserver.expect_request("/missing").respond_with_data("", status=404)
    httpserver.expect_request("/broken").respond_with_data("<rss><channel><title>x</ti")

    def make(count: int) -> list[dict[str, str]]:
        kinds = [_KINDS[number % 5] for number in range(count)]
        return [
            {"url": f"{httpserver.url_for(f'/{kind}')}?n={number}", "id": f"{kind}-{number}"}
            for number, kind in enumerate(kinds)
        ]

    return make


@pytest.fixture
def few(tmp_path: Path, feeds: Callable[[int], list[dict[str, str]]], start: Callable[..., Process]) -> Process:
    """A worker with five feeds, four of which may have series of their own."""
    (tmp_path / "few").mkdir()
    return start(Deployment(tmp_path / "few", None).write(feeds(5), metrics={"per_feed": 4}))


@pytest.fixture
def many(tmp_path: Path, feeds: Callable[[int], list[dict[str, str]]], start: Callable[..., Process]) -> Process:
    (tmp_path / "many").mkdir()
    return start(Deployment(tmp_path / "many", None).write(feeds(25)))


@pytest.fixture
def prometheus(tmp_path: Path, few: Process, many: Process) -> Iterator[Prometheus]:
    """It scrapes both workers, which have polled each of their feeds."""
    for process, count in ((few, 5), (many, 25)):
        until(lambda process=process, count=count: len({line["feed"] for line in process.lines("poll")}) == count)  # type: ignore[misc]  # lambda with defaults
    with scraping(tmp_path, address(few), address(many)) as prometheus:
        yield prometheus


def address(process: Process) -> str:
    return urlsplit(process.base_url()).netloc


def scraped(process: Process, accept: str) -> tuple[str, str]:
    """The Content-Type and the metrics that a scraper gets which takes this."""
    asking = Request(f"{process.base_url()}/metrics", headers={"Accept": accept})  # noqa: S310 - loopback
    with urlopen(asking, timeout=120) as answer:  # noqa: S310 - loopback
        return answer.headers["Content-Type"], answer.read().decode()


def test_a_real_prometheus_understands_all_that_workers_tell(prometheus: Prometheus, few: Process, many: Process):
    """It knows what its last scrapes told, and forgets it while one fails: on a busy machine some do."""

    def scrapes() -> None:
        assert prometheus.query("up") == {(address(few),): 1, (address(many),): 1}
        assert {target["lastError"] for target in prometheus.ask("targets")["activeTargets"]} == {""}

    def feeds_with_series() -> None:
        # The first is good, and published two articles. The others of the first four had their trouble at each poll.
        failures = prometheus.query(f'dateline_feed_consecutive_failures{{instance="{address(few)}"}}')
        assert {feed for feed, _ in failures} == {"good-0", "page-1", "gone-2", "missing-3"}
        assert failures["good-0", address(few)] == 0
        assert all(count >= 1 for (feed, _), count in failures.items() if feed != "good-0")
        assert set(prometheus.query("dateline_feed_last_success_timestamp_seconds")) == {("good-0", address(few))}

    def number(name: str, **labels: str) -> float:
        chosen = ", ".join(f'{label}="{value}"' for label, value in {**labels, "instance": address(few)}.items())
        found = [*prometheus.query(f"dateline_{name}{{{chosen}}}").values()]
        assert len(found) == 1, (name, found)
        return found[0]

    def numbers() -> None:
        assert number("articles_total", change="published") == 2
        # What happens in the processes that read documents is told by the one that Prometheus asks.
        assert number("facts_total", kind="dateline") == 2
        assert number("extract_duration_seconds_count") >= 1
        # The good document, the page and the broken one.
        assert number("parse_duration_seconds_count") >= 3
        assert number("parse_failures_total", reason="html") >= 1
        assert number("restore_duration_seconds_count") == 1
        # The first comes after a second.
        assert number("event_loop_lag_seconds_count") >= 1
        # One for each feed that has trouble, at least.
        assert number("log_messages_total", level="warning") >= 4

    def series() -> None:
        """As many for 5 feeds as for 25. An alert has some as well, as soon as it is pending."""
        ours = '__name__=~"(dateline|process|python)_.*", __name__!~"dateline_feed_.*(failures|seconds)"'
        found = prometheus.query(f'count by (instance) ({{job="dateline", {ours}}})')
        assert found.keys() == {(address(few),), (address(many),)}
        assert len(set(found.values())) == 1

    for check in (scrapes, feeds_with_series, numbers, series):
        eventually(check)

    # Whoever looks up a metric in the documentation finds it, and of the type that it has.
    documented = dict(
        re.findall(r"(?m)^\| `(\w+)[^`]*` \| (\w+) \|", (_ROOT / "docs/operations.md").read_text()),
    )

    def types() -> None:
        told = {name: entry[0]["type"] for name, entry in prometheus.ask("metadata").items()}
        # An OpenMetrics family is named without the `_total` of its counter.
        names = {f"{name}_total" if kind == "counter" else name: kind for name, kind in told.items()}
        assert {
            name.removeprefix("dateline_"): kind for name, kind in names.items() if name.startswith("dateline_")
        } == documented

    eventually(types)

    for question in _QUESTIONS:
        expression = question.replace("$__rate_interval", "1m").replace("$job", ".+").replace("$instance", ".+")
        prometheus.ask("query", query=expression)

    def rules() -> None:
        [group] = prometheus.ask("rules")["groups"]
        assert [rule["health"] for rule in group["rules"]] == ["ok"] * 12

    eventually(rules)


def test_a_live_exposition_is_right_in_both_formats_and_without_feeds_that_are_gone(few: Process, tmp_path: Path):
    few.wait_for("poll", feed="missing-3")
    promtool = tool("promtool", get="it is part of Debian's package prometheus")
    kind, body = scraped(few, "")

    assert kind.startswith("text/plain")
    assert output_of(promtool, "check", "metrics", given=body.encode()) == ""
    assert "_created" not in body
    assert 'dateline_feed_consecutive_failures{feed="good-0"} 0\n' in body
    assert 'dateline_feed_consecutive_failures{feed="missing-3"} ' in body
    assert "broken-4" not in body

    kind, body = scraped(few, "application/openmetrics-text;version=1.0.0")
    assert kind.startswith("application/openmetrics-text; version=1.0.0")
    assert body.endswith("\n# EOF\n")
    assert body.count("# EOF") == 1
    assert "_created" not in body

    file = tmp_path / "few/dateline.yaml"
    written = json.loads(file.read_text())
    written["feeds"] = [feed for feed in written["feeds"] if feed["id"] != "missing-3"]
    file.write_text(json.dumps(written))
    few.wait_for("feeds_replaced")
    body = scraped(few, "")[1]
    assert "missing-3" not in body
    # There is room for the fifth now.
    assert 'dateline_feed_consecutive_failures{feed="broken-4"} ' in body
