"""The contract as others' tools see it: a second validator of JSON Schema, and the SDK of CloudEvents.

Needs jsonschema 4.26 and cloudevents 2.2 among the development dependencies.
"""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import jsonschema
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event

from tests import schema
from tools import contract_examples

if TYPE_CHECKING:
    from worker.model.event import Event

EXAMPLES = contract_examples.examples()
VALIDATOR = jsonschema.Draft202012Validator(
    schema.document(), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)


def test_a_second_validator_finds_the_schema_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(schema.document())


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_a_second_validator_accepts_every_example(name: str) -> None:
    VALIDATOR.validate(json.loads(EXAMPLES[name].value))


def test_a_second_validator_refuses_unknown_fields_at_any_depth() -> None:
    message = json.loads(EXAMPLES["seed"].value)
    for part in (message, message["source"], message["quotes"][0]["verb"]):
        part["surprise"] = 1
        assert not VALIDATOR.is_valid(copy.deepcopy(message))
        del part["surprise"]
    VALIDATOR.validate(message)


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_the_sdk_of_cloudevents_reads_our_records(name: str) -> None:
    event: Event = EXAMPLES[name]
    read = from_binary_event(KafkaMessage(headers=dict(event.headers), key=event.key, value=event.value))
    assert read.get_id() == f"{event.article_id}:{event.revision}"
    assert read.get_type() == f"dateline.news.article.{event.change}.v1"
    assert read.get_source() == "/feeds/world-wire"
    assert read.get_subject() == event.article_id
    assert read.get_time() == datetime(2025, 5, 25, 9, tzinfo=UTC)
    assert read.get_data() == json.loads(event.value)
