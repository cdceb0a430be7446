"""The alerts, as Prometheus' own promtool reads and runs them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.tools import output_of, tool

_ROOT = Path(__file__).parents[2]
_FOLDER = _ROOT / "deploy/prometheus"
_RULES: list[dict[str, Any]] = yaml.safe_load((_FOLDER / "alerts.yaml").read_text())["groups"][0]["rules"]
_CASES: list[dict[str, Any]] = [
    case
    for test in yaml.safe_load((_FOLDER / "alerts.test.yaml").read_text())["tests"]
    for case in test["alert_rule_test"]
]


@pytest.fixture
def promtool() -> str:
    return tool("promtool", get="it is part of Debian's package prometheus")


def test_promtool_finds_nothing_to_say_about_the_rules(promtool: str):
    said = output_of(promtool, "check", "rules", "--lint=all", "--lint-fatal", _FOLDER / "alerts.yaml")

    assert f"SUCCESS: {len(_RULES)} rules found" in said


def test_promtool_takes_the_configuration_of_the_scrape(promtool: str):
    assert "is valid prometheus config file" in output_of(
        promtool, "check", "config", "--lint=all", _FOLDER / "prometheus.yaml"
    )


def test_the_alerts_fire_when_they_should_and_only_then(promtool: str):
    assert "SUCCESS" in output_of(promtool, "test", "rules", _FOLDER / "alerts.test.yaml")


def test_promtool_understands_each_question_of_the_dashboard(promtool: str, tmp_path: Path):
    dashboard = json.loads((_ROOT / "deploy/grafana/dashboards/dateline.json").read_text())
    questions = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    rules = [
        {
            "record": f"panel:{number}",
            "expr": question.replace("$__rate_interval", "1m").replace("$job", ".+").replace("$instance", ".+"),
        }
        for number, question in enumerate(questions)
    ]
    file = tmp_path / "rules.yaml"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))

    assert f"SUCCESS: {len(questions)} rules found" in output_of(promtool, "check", "rules", "--lint=none", file)


def test_each_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not():
    for rule in _RULES:
        fires = {bool(case.get("exp_alerts")) for case in _CASES if case["alertname"] == rule["alert"]}
        assert fires == {True, False}, rule["alert"]


def test_each_alert_says_how_bad_it_is_what_it_means_and_where_the_cure_is():
    runbook = (_ROOT / "docs/operations.md").read_text()
    headings = {re.sub(r"[^\w-]", "", heading.lower()) for heading in re.findall(r"(?m)^#+ (.+)$", runbook)}

    for rule in _RULES:
        assert rule["labels"]["severity"] in {"critical", "warning"}, rule["alert"]
        assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}, rule["alert"]
        address, _, heading = rule["annotations"]["runbook_url"].partition("#")
        assert address.endswith("/docs/operations.md")
        assert heading == rule["alert"].lower()
        assert heading in headings, f"docs/operations.md has no section {rule['alert']}"


def test_the_alerts_become_a_prometheus_rule_as_the_overlay_says():
    text = (_ROOT / "deploy/kubernetes/prometheus-operator/kustomization.yaml").read_text()
    script = re.search(r"(?m)^# +(\{ printf .*\n)# +(.*?; \}) \| kubectl", text)
    assert script is not None

    rule = yaml.safe_load(output_of("sh", "-c", script[1] + script[2], cwd=_ROOT))

    assert rule["kind"] == "PrometheusRule"
    assert rule["spec"] == yaml.safe_load((_FOLDER / "alerts.yaml").read_text())
