"""The contract as a whole: the schemas, the AsyncAPI document, and what is made of them."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import jsonschema_rs
import pytest
import yaml

from tests import schema
from tools import contract_docs, contract_examples, contract_rules, contract_tables
from worker.config.kafka import Kafka
from worker.edges.kafka_topics import _policies
from worker.edges.schema_frame import HEADER
from worker.model.entry import Unreadable
from worker.model.errors import Invalid
from worker.model.event import Batch
from worker.model.feed import Feed
from worker.model.fetch import Response
from worker.pipeline import Limits, first_state, process
from worker.steps.encode import decode_state, encode_unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.edges.kafka_client import KafkaSettings
    from worker.model.event import Event

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "schemas"
API: dict[str, Any] = yaml.safe_load((SCHEMAS / "asyncapi.yaml").read_bytes())
ARTICLE = schema.document()
STATE: dict[str, Any] = json.loads((SCHEMAS / "feed-state.v3.schema.json").read_bytes())
EXAMPLES = contract_examples.examples()
# What has no sign of its own in JSON and so must be said: of a number what it counts, of a text which time it is.
TIMES = {"date", "date-time"}


def objects(part: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object schema, at any depth."""
    if isinstance(part, dict):
        if "properties" in part:
            yield path, part
        for name, inner in part.items():
            if name != "examples":
                yield from objects(inner, f"{path}/{name}")
    elif isinstance(part, list):
        for index, inner in enumerate(part):
            yield from objects(inner, f"{path}/{index}")


def fields(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, part in objects(document):
        for name, field in part["properties"].items():
            yield f"{path}/{name}", field


def resolved(field: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in field:
        return field
    return {**ARTICLE["$defs"][field["$ref"].rpartition("/")[2]], **field}


@pytest.mark.parametrize("document", [ARTICLE, STATE], ids=["article", "state"])
def test_every_object_is_closed(document: dict[str, Any]) -> None:
    assert [path for path, part in objects(document) if part.get("unevaluatedProperties") is not False] == []


@pytest.mark.parametrize("document", [ARTICLE, STATE], ids=["article", "state"])
def test_every_field_says_what_it_is_with_an_example(document: dict[str, Any]) -> None:
    for path, field in fields(document):
        assert field.get("description", "").endswith((".", "…")), path
        (example,) = field.get("examples", [])[:1] or [None]
        assert "examples" in field, path
        alone = {**field, "$defs": document.get("$defs", {})}
        jsonschema_rs.Draft202012Validator(alone, validate_formats=True).validate(example)


@pytest.mark.parametrize("document", [ARTICLE, STATE], ids=["article", "state"])
def test_every_number_and_time_has_a_unit(document: dict[str, Any]) -> None:
    for path, field in fields(document):
        meant = resolved(field)
        kinds = {meant["type"]} if isinstance(meant.get("type"), str) else set(meant.get("type", ()))
        # A number in a field that names what it identifies counts nothing.
        if (kinds & {"integer", "number"} or meant.get("format") in TIMES) and not path.endswith("_id"):
            assert "x-unit" in field, path


def test_every_field_names_its_counterparts() -> None:
    for path, field in fields(ARTICLE):
        known = field.get("x-counterparts")
        assert known is not None, path
        assert set(known) == {"ninjs", "gkg", "schema.org", "plover"}, path
        assert all(value is None or value for value in known.values()), path


def test_the_message_that_tests_hold_the_schema_to_has_an_example_for_every_field() -> None:
    seed = json.loads(EXAMPLES["seed"].value)
    assert list(seed) == list(ARTICLE["properties"])


# Examples


@pytest.mark.parametrize(
    ("path", "content"), list(contract_examples.files()), ids=lambda value: getattr(value, "name", "")
)
def test_the_examples_are_what_the_code_makes_today(path: Path, content: bytes) -> None:
    assert path.read_bytes() == content, "run: python -m tools.contract_examples"


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_every_example_meets_the_schema(name: str) -> None:
    schema.validate(json.loads(EXAMPLES[name].value))


def test_there_is_an_example_of_every_change() -> None:
    assert {event.change for event in EXAMPLES.values()} == {"published", "revised", "withdrawn"}


def test_no_two_examples_are_the_same_revision_of_an_article() -> None:
    assert len({(event.article_id, event.revision) for event in EXAMPLES.values()}) == len(EXAMPLES)


def test_there_are_no_other_examples() -> None:
    assert {path for path, _ in contract_examples.files()} == set((SCHEMAS / "examples").iterdir())


# The private state


def test_a_state_meets_its_schema() -> None:
    feed = Feed(
        id="world",
        url="https://wire.example/feed",
        shard_key="wire.example",
        interval_seconds=None,
        min_interval_seconds=60,
        max_interval_seconds=600,
    )
    body = (ROOT / "tests" / "data" / "feeds" / "rss_2_0_with_everything.xml").read_bytes()
    now = datetime(2025, 5, 25, tzinfo=UTC)
    answer = Response(url=feed.url, status=200, headers={"etag": '"1"'}, body=body, retrieved_at=now)
    batch = process(
        feed, first_state(feed), answer, now=now, limits=Limits(max_body_bytes=10**6, max_event_bytes=10**6)
    )
    assert isinstance(batch, Batch)
    value = batch.state_value
    jsonschema_rs.Draft202012Validator(STATE, validate_formats=True).validate(json.loads(value))
    assert list(json.loads(value)) == list(STATE["properties"])


def test_the_examples_of_the_state_are_a_state() -> None:
    example = {name: field["examples"][0] for name, field in STATE["properties"].items()}
    assert decode_state(json.dumps(example).encode()).feed_id == "world-wire"


# AsyncAPI


def headers_schema(message: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(API["components"]["messages"][message]["headers"], validate_formats=True)


def as_text(headers: tuple[tuple[str, bytes], ...]) -> dict[str, str]:
    return {name: value.decode() for name, value in headers}


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    assert API["asyncapi"] == "3.0.0"
    for reference in references(API):
        if reference.startswith("#/"):
            part = API
            for step in reference.removeprefix("#/").split("/"):
                part = part[step]
        else:
            assert (SCHEMAS / reference).is_file(), reference


def test_every_channel_is_used_and_says_how_kafka_keeps_it() -> None:
    used = {operation["channel"]["$ref"].rpartition("/")[2] for operation in API["operations"].values()}
    assert used == set(API["channels"])
    for channel in API["channels"].values():
        binding = channel["bindings"]["kafka"]
        assert binding["topic"] == channel["address"]
        assert binding["bindingVersion"] == "0.5.0"


def test_the_topics_are_those_that_the_worker_makes() -> None:
    kafka = Kafka(bootstrap_servers=("localhost:9092",))

    names = SimpleNamespace(
        all_articles_topics=(kafka.topics.articles,),
        feed_state_topic=kafka.topics.feed_state,
        dead_letters_topic=kafka.topics.dead_letters,
        latest_topic="news.articles.latest",
    )
    made = {
        channel["address"]: ",".join(channel["bindings"]["kafka"]["topicConfiguration"]["cleanup.policy"])
        for channel in API["channels"].values()
    }
    assert made == _policies(cast("KafkaSettings", names))
    for channel in API["channels"].values():
        assert channel["bindings"]["kafka"]["partitions"] == kafka.partitions
        assert channel["bindings"]["kafka"]["replicas"] == kafka.replication_factor


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_the_headers_of_articles_are_those_described(name: str) -> None:
    headers = as_text(EXAMPLES[name].headers)
    headers_schema("article").validate(headers)
    described = API["components"]["messages"]["article"]["headers"]["properties"]
    assert set(headers) <= set(described)
    assert set().union(*(as_text(event.headers) for event in EXAMPLES.values())) == set(described) - {
        HEADER,
        "traceparent",
    }


def test_the_headers_of_dead_letters_are_those_described() -> None:
    letter = encode_unreadable(
        "world-wire",
        "parse",
        Unreadable(raw=b"<rss", reason="broken", detail="it breaks off"),
        now=datetime(2025, 5, 25, tzinfo=UTC),
        max_bytes=100,
        invalid=Invalid("too long", field="headline", rule="max_event_bytes"),
        known={"content_type": "text/xml", "content_encoding": "gzip", "entry_hash": "0" * 16},
    )
    headers = as_text(letter.headers)
    headers_schema("deadLetter").validate(headers)
    described = set(API["components"]["messages"]["deadLetter"]["headers"]["properties"])
    assert described - set(headers) == {"traceparent"}
    assert set(headers) <= described


def test_the_page_about_dead_letters_names_every_header() -> None:
    page = (SCHEMAS / "dead-letter.md").read_text(encoding="utf-8")
    table = page.partition("| header |")[2].partition("\n\n")[0]
    named = re.findall(r"^\| `([a-z_.]+)` \|", table, re.MULTILINE)
    assert named == list(API["components"]["messages"]["deadLetter"]["headers"]["properties"])


# CloudEvents 1.0, Kafka protocol binding 1.0.2, binary mode


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_records_are_cloudevents_in_binary_mode(name: str) -> None:
    event: Event = EXAMPLES[name]
    headers = as_text(event.headers)
    attributes = {key.removeprefix("ce_"): value for key, value in headers.items() if key.startswith("ce_")}
    # Binding, 3.2.1: datacontenttype is `content-type`, which must not begin with application/cloudevents.
    assert headers["content-type"] == "application/json"
    assert "datacontenttype" not in attributes
    # Specification, 3.1: names are lower-case letters and digits; id, source, specversion, type are required.
    assert all(re.fullmatch("[a-z0-9]{1,20}", attribute) for attribute in attributes)
    assert attributes["specversion"] == "1.0"
    assert attributes["id"] == f"{event.article_id}:{event.revision}"
    assert attributes["type"] == f"dateline.news.article.{event.change}.v1"
    # A URI reference, and an absolute URI; an instant of RFC 3339.
    assert urlsplit(attributes["source"]).path == attributes["source"]
    assert urlsplit(attributes["dataschema"]).scheme == "https"
    assert datetime.fromisoformat(attributes["time"]).tzinfo is not None
    assert attributes["subject"] == event.key.decode()


# What is made of the contract


def test_the_page_about_the_contract_is_fresh() -> None:
    assert contract_docs.PAGE.read_text(encoding="utf-8") == contract_docs.page(), "run: python -m tools.contract_docs"


def test_the_worker_checks_by_the_schema_of_today() -> None:
    assert contract_rules.RULES.read_text(encoding="utf-8") == contract_rules.rules(), (
        "run: python -m tools.contract_rules"
    )


@pytest.mark.parametrize(
    ("path", "content"), list(contract_tables.files()), ids=lambda value: getattr(value, "name", "")
)
def test_the_tables_are_fresh(path: Path, content: str) -> None:
    assert path.read_text(encoding="utf-8") == content, "run: python -m tools.contract_tables"


def test_the_page_for_consumers_names_every_table() -> None:
    page = (ROOT / "docs" / "consuming.md").read_text(encoding="utf-8")
    for path, _ in contract_tables.files():
        assert f"schemas/tables/{path.name}" in page
