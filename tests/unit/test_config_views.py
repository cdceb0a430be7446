"""The configuration as it is shown to people, and as it is described to editors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from worker.config import ConfigError, loads
from worker.config.json_schema import json_schema
from worker.config.overrides import leaves
from worker.config.schema import Config
from worker.config.show import show

ROOT = Path(__file__).parents[2]
VALIDATOR = jsonschema_rs.Draft202012Validator(json_schema())
WITH_FEEDS = """\
fetch: {timeout: 1m, connect_timeout: 5s,
        allow_networks: "10.0.0.0/8, fd00::/8"}
articles:
  content: page
  recheck: off
  routes: [{topic: news.ukraine, country: [UA, RU]}, {topic: news.rest}]
feeds:
- https://a.example/feed?edition=1
- {url: 'https://b.example/feed', title: "# Yes: 'off'", interval: 10m, backfill: 7}
"""


@pytest.mark.parametrize(
    "path",
    [
        "deploy/config.example.yaml",
        "deploy/compose/dateline.yaml",
        "deploy/examples/dateline.yaml",
        "deploy/kubernetes/base/dateline.yaml",
        "deploy/kubernetes/example/dateline.yaml",
        "worker/config/starter.yaml",
    ],
)
def test_each_example_fits_the_schema_for_editors(path: str):
    VALIDATOR.validate(yaml.safe_load((ROOT / path).read_text()))


@pytest.mark.parametrize(
    "text",
    [
        "fetsh: {timeout: 1s}",
        "fetch: {timeout: soon}",
        "fetch: {timeout: [1s]}",
        "fetch: {max_body_bytes: 5 parsecs}",
        "fetch: {concurrency: 0}",
        "fetch: {concurrency: many}",
        "log: {level: loud}",
        "log: debug",
        "kafka: {create_topics: perhaps}",
        "tracing: {sample_ratio: 2}",
        "articles: {backfill: some}",
        "schedule: {interval: often}",
        "feeds: https://a.example/",
        "feeds: ['ftp://a.example/']",
        "feeds: [{id: a}]",
        "feeds: [{url: 'https://a.example/', colour: red}]",
        "feeds: [{url: 'https://a.example/', headers: {X-Key: {path: x}}}]",
    ],
)
def test_what_is_wrong_does_not_fit_the_schema_either(text: str):
    with pytest.raises(ConfigError):
        loads(text if text.startswith("feeds") else f"{text}\nfeeds: ['https://a.example/']", "c.yaml", {})
    with pytest.raises(jsonschema_rs.ValidationError):
        VALIDATOR.validate(yaml.safe_load(text))


def test_the_schema_describes_every_key_and_no_other():
    def described(part: dict[str, Any], path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
        found: set[tuple[str, ...]] = set()
        for name, value in part["properties"].items():
            below = [one["$ref"].rpartition("/")[2] for one in value["anyOf"] if "$ref" in one]
            found |= described(json_schema()["$defs"][below[0]], (*path, name)) if below else {(*path, name)}
        return found

    assert described(json_schema()) == {path for path, _ in leaves(Config)}


def test_what_is_shown_is_a_configuration_that_says_the_same():
    config = loads(WITH_FEEDS, "c.yaml", {})
    assert loads("\n".join(show(config, feeds=True)), "shown.yaml", {}) == config


def test_each_value_that_is_shown_says_where_it_comes_from():
    environ = {"DATELINE_FETCH__TIMEOUT": "90s", "DATELINE_KAFKA__BOOTSTRAP_SERVERS": "a:1,b:2"}
    lines = list(show(loads(WITH_FEEDS, "c.yaml", environ), feeds=False))
    told = {line.split("#")[0].strip(): line.rpartition("# ")[2] for line in lines if "#" in line}
    assert told["timeout: 90.0"] == "environment: DATELINE_FETCH__TIMEOUT"
    assert told["bootstrap_servers: ['a:1', 'b:2']"] == "environment: DATELINE_KAFKA__BOOTSTRAP_SERVERS"
    assert told["connect_timeout: 5.0"] == "c.yaml:1"
    assert told["allow_networks: [10.0.0.0/8, 'fd00::/8']"] == "c.yaml:2"
    assert told["idle_timeout: 15.0"] == "default"
    assert lines[-1] == "# feeds: 2; --feeds shows them"
    assert not any("a.example" in line for line in lines)
