"""What may change in the schema: tools/schema_compat.py."""

from __future__ import annotations

import copy
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
import yaml

from tools.schema_compat import SCHEMAS, disagreeing, incompatible, incompatible_records, newest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
CURRENT: dict[str, Any] = json.loads(newest(SCHEMAS).read_bytes())
RELEASED: dict[str, Any] = json.loads(newest(SCHEMAS / "released").read_bytes())
API: dict[str, Any] = yaml.safe_load((SCHEMAS / "asyncapi.yaml").read_bytes())
RELEASED_API: dict[str, Any] = yaml.safe_load((SCHEMAS / "released" / "asyncapi.yaml").read_bytes())


def changed(change: Callable[[dict[str, Any]], Any]) -> list[str]:
    """What is incompatible when the released schema is changed like this."""
    schema = copy.deepcopy(RELEASED)
    change(schema)
    return incompatible(RELEASED, schema)


def test_the_schema_is_compatible_with_the_released_one() -> None:
    assert incompatible(RELEASED, CURRENT) == []


def test_topic_type_and_dataschema_are_of_the_same_major_version() -> None:
    assert disagreeing(CURRENT, API) == []


def test_the_command_says_what_is_incompatible(tmp_path: Path) -> None:
    schema = copy.deepcopy(RELEASED)
    del schema["properties"]["headline"]
    path = tmp_path / "article.v1.schema.json"
    path.write_text(json.dumps(schema))
    command = [sys.executable, str(ROOT / "tools" / "schema_compat.py"), str(path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "headline: was removed or renamed" in result.stdout


def rename(schema: dict[str, Any]) -> None:
    fields = schema["properties"]
    fields["title"] = fields.pop("headline")
    schema["required"][schema["required"].index("headline")] = "title"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda schema: schema["properties"].pop("byline"), "byline: was removed or renamed"),
        (rename, "headline: was removed or renamed"),
        (rename, "title: is new and must be there, and old messages lack it"),
        (lambda schema: schema["required"].remove("text"), "text: need not be there any more"),
        (
            lambda schema: schema["properties"]["headline"].update(type="string"),
            "headline: is never null any more",
        ),
        (
            lambda schema: schema["properties"]["text"].update(type=["string", "null"]),
            "text: may be null now",
        ),
        (
            lambda schema: schema["properties"]["revision"].update(type="string"),
            "revision: is never integer any more",
        ),
        (
            lambda schema: schema["properties"]["change"]["enum"].append("restored"),
            'change: got the value "restored", and does not say x-may-grow',
        ),
        (
            lambda schema: schema["properties"]["figures"]["items"]["properties"]["kind"]["enum"].remove("age"),
            'figures[].kind: lost the value "age"',
        ),
        (
            lambda schema: schema["properties"]["figures"]["items"]["properties"]["kind"].pop("x-may-grow"),
            "figures[].kind: does not say x-may-grow any more",
        ),
        (
            lambda schema: schema["properties"]["id"].update(pattern="^[0-9a-f]{64}$"),
            "id: pattern changed from '^[0-9a-f]{32}$' to '^[0-9a-f]{64}$'",
        ),
        (
            lambda schema: schema["properties"]["source"]["properties"].pop("guid"),
            "source.guid: was removed or renamed",
        ),
        (
            lambda schema: schema["$defs"]["span"]["properties"].pop("end"),
            "quotes[].verb.end: was removed or renamed",
        ),
        (
            lambda schema: schema["properties"]["dates"]["items"]["properties"]["from"].update(
                {"$ref": "#/$defs/span"}
            ),
            "dates[].from: is never null, string any more",
        ),
        (
            lambda schema: schema["properties"]["media"]["items"]["properties"]["length_bytes"].update(
                {"x-unit": "kB"}
            ),
            "media[].length_bytes: is in kB now, and was in bytes",
        ),
        (
            lambda schema: schema.pop("unevaluatedProperties"),
            "message: unevaluatedProperties changed from False to None",
        ),
        (
            lambda schema: schema.update({"$id": "https://dateline.example/schemas/article.v0.schema.json"}),
            "$id: the major version went back from 1 to 0",
        ),
    ],
)
def test_a_change_that_breaks_a_consumer_is_refused(change: Callable[[dict[str, Any]], Any], said: str) -> None:
    assert said in changed(change)


def test_the_records_are_compatible_with_the_released_ones() -> None:
    if newest(SCHEMAS).name == newest(SCHEMAS / "released").name:
        assert incompatible_records(RELEASED_API, API) == []


def headers(api: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = api["components"]["messages"]["article"]["headers"]
    return found


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda api: headers(api)["properties"].pop("ce_subject"), "headers.ce_subject: was removed or renamed"),
        (lambda api: headers(api)["required"].remove("ce_time"), "headers.ce_time: need not be there any more"),
        (
            lambda api: headers(api)["properties"]["ce_type"]["enum"].append("dateline.news.article.moved.v1"),
            'headers.ce_type: got the value "dateline.news.article.moved.v1", and does not say x-may-grow',
        ),
        (
            lambda api: api["components"]["messages"]["article"]["bindings"]["kafka"]["key"].update(pattern="^[a-z]+$"),
            "key: pattern changed from '^[0-9a-f]{32}$' to '^[a-z]+$'",
        ),
        (
            lambda api: api["channels"]["articles"].update(address="articles"),
            "topic: is articles now, and was news.articles",
        ),
    ],
)
def test_a_change_of_topic_key_or_headers_that_breaks_a_consumer_is_refused(
    change: Callable[[dict[str, Any]], Any], said: str
) -> None:
    api = copy.deepcopy(RELEASED_API)
    change(api)
    assert said in incompatible_records(RELEASED_API, api)


def test_a_new_header_breaks_nobody() -> None:
    api = copy.deepcopy(RELEASED_API)
    headers(api)["properties"]["dateline_mood"] = {"type": "string"}
    assert incompatible_records(RELEASED_API, api) == []


def add_optional(schema: dict[str, Any]) -> None:
    schema["properties"]["mood"] = {"type": "string"}
    schema["properties"]["source"]["properties"]["mood"] = {"type": "object", "properties": {}, "required": []}


@pytest.mark.parametrize(
    "change",
    [
        add_optional,
        lambda schema: schema["properties"]["figures"]["items"]["properties"]["kind"]["enum"].append("temperature"),
        lambda schema: schema["properties"]["headline"].update(description="Other words.", examples=["Other"]),
        lambda schema: schema["properties"]["headline"].update(deprecated=True),
        lambda schema: schema["required"].reverse(),
    ],
)
def test_a_change_that_breaks_nobody_is_allowed(change: Callable[[dict[str, Any]], Any]) -> None:
    assert changed(change) == []


def test_a_consumer_that_opens_the_schema_as_the_policy_says_takes_new_fields() -> None:
    """The command of docs/schema-policy.md."""
    if shutil.which("jq") is None:
        pytest.skip("needs jq: apt-get install jq")
    page = (ROOT / "docs" / "schema-policy.md").read_text(encoding="utf-8")
    found = re.search(r"^jq '(.*)' article\.v1\.schema\.json", page, re.MULTILINE)
    assert found is not None
    command = ["jq", found[1], str(newest(SCHEMAS))]
    opened = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    message = json.loads((SCHEMAS / "examples" / "seed.json").read_bytes())
    message["mood"] = message["source"]["mood"] = "calm"
    jsonschema_rs.Draft202012Validator(opened, validate_formats=True).validate(message)
    assert not jsonschema_rs.Draft202012Validator(CURRENT).is_valid(message)


def of_version_2(schema: dict[str, Any]) -> None:
    schema["$id"] = "https://dateline.example/schemas/article.v2.schema.json"
    del schema["properties"]["headline"]


def test_a_new_major_version_may_change_everything() -> None:
    assert changed(of_version_2) == []


def test_a_new_major_version_moves_topic_type_and_dataschema_too() -> None:
    schema = copy.deepcopy(RELEASED)
    of_version_2(schema)
    problems = disagreeing(schema, API)
    assert "topic: news.articles is not that of version 2" in problems
    assert "ce_type: dateline.news.article.revised.v1 does not end with .v2" in problems
    assert any(problem.startswith("ce_dataschema: ") for problem in problems)

    api = json.loads(json.dumps(API).replace(".v1", ".v2").replace('"news.articles"', '"news.articles.v2"'))
    assert disagreeing(schema, api) == []
