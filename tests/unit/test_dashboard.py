"""The alerts and the dashboard against the metrics that there are."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.fakes import any_metrics
from worker.model.overview import FeedVitals

if TYPE_CHECKING:
    from collections.abc import Iterator

_NOW = datetime(2026, 3, 1, tzinfo=UTC)
_DEPLOY = Path(__file__).parents[2] / "deploy"
_DASHBOARD: dict[str, Any] = json.loads((_DEPLOY / "grafana/dashboards/dateline.json").read_text())
_ALERTS: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((_DEPLOY / "prometheus/alerts.yaml").read_text())["groups"]
    for rule in group["rules"]
]
_PANELS = [panel for panel in _DASHBOARD["panels"] if panel["type"] != "row"]
_EXPRESSIONS = {
    **{f"alert {rule['alert']}": rule["expr"] for rule in _ALERTS},
    **{f"panel {panel['title']} {target['refId']}": target["expr"] for panel in _PANELS for target in panel["targets"]},
}
# What Prometheus adds to each series of a scrape.
_TARGET_LABELS = {"job", "instance"}
_SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "info": ("_info",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A metric as it can be asked for: the values of its labels that are there from the start."""

    values: dict[str, set[str]]


@pytest.fixture(scope="module")
def series() -> dict[str, Series]:
    metrics = any_metrics()
    metrics.show_feeds(lambda: [FeedVitals(feed_id="a", succeeded_at=_NOW, new_entry_at=_NOW, failures=1)])
    found = {"up": Series(values={})}
    for family in text_string_to_metric_families(metrics.exposition("")[0].decode()):
        for suffix in _SUFFIXES.get(family.type, ("",)):
            found[family.name + suffix] = Series(values={})
        for sample in family.samples:
            for label, value in sample.labels.items():
                found[sample.name].values.setdefault(label, set()).add(value)
    return found


def test_each_alert_and_panel_asks_for_metrics_that_exist(series: dict[str, Series]):
    unknown = {(where, name) for where, name in _names() if name not in series}

    assert not unknown
    # The search finds them: all alerts and all panels but for those on rows have at least one.
    assert {where for where, _ in _names()} == set(_EXPRESSIONS)


def test_each_label_and_value_that_is_asked_for_exists(series: dict[str, Series]):
    unknown = []
    for where, expression in _EXPRESSIONS.items():
        for name, matchers in re.findall(r"(\w+)\{([^}]*)\}", expression):
            for label, wanted in re.findall(r'(\w+)(?:=~|!~|!=|=)"([^"]*)"', matchers):
                missing = set(wanted.split("|")) - series[name].values.get(label, set())
                if label not in _TARGET_LABELS and missing:
                    unknown.append((where, name, label, missing))

    assert not unknown


def test_each_panel_has_a_title_a_description_a_unit_and_the_chosen_data_source():
    for panel in _PANELS:
        assert panel["title"]
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}, panel["title"]
        assert len({panel["title"] for panel in _PANELS}) == len(_PANELS)


def test_job_and_instance_can_be_chosen_and_each_question_keeps_to_them():
    variables = {variable["name"]: variable for variable in _DASHBOARD["templating"]["list"]}

    assert list(variables) == ["datasource", "job", "instance"]
    assert variables["datasource"]["type"] == "datasource"
    for panel in _PANELS:
        for target in panel["targets"]:
            metrics = re.findall(r"\b(?:dateline_|process_)\w+|\bup\b", target["expr"])
            assert target["expr"].count('job=~"$job", instance=~"$instance"') == len(metrics), target["expr"]


def test_rates_are_taken_over_the_interval_that_grafana_works_out():
    for panel in _PANELS:
        for target in panel["targets"]:
            assert re.findall(r"rate\([^)]*\[(.*?)\]", target["expr"]) == ["$__rate_interval"] * target["expr"].count(
                "rate("
            )


def test_the_panels_stand_side_by_side_and_nowhere_over_one_another():
    taken: set[tuple[int, int]] = set()
    for panel in _DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells


def _names() -> Iterator[tuple[str, str]]:
    for where, expression in _EXPRESSIONS.items():
        for name in re.findall(r"\b(?:dateline_|process_)\w+|\bup\b", expression):
            yield where, name
