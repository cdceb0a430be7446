"""What `dateline tap` shows when it is told what to look for."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest

from worker.model.event import Published
from worker.pipeline.matching import Where, matches

if TYPE_CHECKING:
    from collections.abc import Iterator

MESSAGE = {
    "language": "en",
    "revision": 2,
    "byline": None,
    "dateline": None,
    "extraction": {"truncated": False},
    "tags": ["World", "War"],
    "places": [{"name": "Kyiv", "country_code": "UA"}, {"name": "Riga", "country_code": "LV"}],
}


def record(value: bytes = orjson.dumps(MESSAGE), *, header: str = "ce_source", feed: str = "a") -> Published:
    headers = ((header, f"/feeds/{feed}".encode()),)
    return Published(topic="t", partition=0, position=0, key=b"k", headers=headers, value=value)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("language=en", True),
        ("language = EN", True),
        ("language=e", False),
        ("revision=2", True),
        ("byline=null", True),
        ("extraction.truncated=false", True),
        ("dateline=null", True),
        ("tags=War", True),
        ("places.country_code=LV", True),
        ("places.country_code=DE", False),
        ("language=", False),
    ],
)
def test_a_field_is_found_by_the_names_that_lead_to_it(text: str, found: bool):  # noqa: FBT001 - pytest gives it
    assert matches(record(), feeds=frozenset(), where=(Where.parse(text),)) is found


def test_all_that_is_asked_for_must_hold():
    both = (Where.parse("language=en"), Where.parse("tags=Sport"))
    assert not matches(record(), feeds=frozenset(), where=both)
    assert matches(record(), feeds=frozenset({"a", "b"}), where=both[:1])
    assert not matches(record(), feeds=frozenset({"b"}), where=both[:1])


def test_dead_letters_have_a_feed_and_no_fields():
    letter = record(b"<rss", header="__connect.errors.topic")
    assert matches(letter, feeds=frozenset({"a"}), where=())
    assert not matches(letter, feeds=frozenset(), where=(Where.parse("language=en"),))


@pytest.mark.parametrize("text", ["", "language", "=en"])
def test_what_is_no_field_with_a_value_is_refused(text: str):
    with pytest.raises(ValueError, match="FIELD=VALUE"):
        Where.parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("place.country_code=UA", "no message has a value at place.country_code; did you mean places.country_code?"),
        ("extraction={}", "no message has a value at extraction; "),
        ("places.name.first=Kyiv", "no message has a value at places.name.first; did you mean "),
        ("places=UA", "no message has a value at places; "),
        ("no.such=1", "no message has a value at no.such; docs/contract.md lists the fields"),
    ],
)
def test_a_field_that_no_message_has_is_a_mistake(text: str, message: str):
    with pytest.raises(ValueError, match=re.escape(message)):
        Where.parse(text)


def test_each_value_of_a_real_message_can_be_asked_for():
    message = json.loads((Path(__file__).parents[2] / "schemas/examples/published.json").read_text())

    def names(part: object) -> Iterator[str]:
        if isinstance(part, dict):
            for key, value in part.items():
                yield from (f"{key}.{rest}".rstrip(".") for rest in names(value))
        elif isinstance(part, list) and part and isinstance(part[0], dict):
            for item in part:
                yield from names(item)
        elif part not in (None, []):
            yield ""

    asked = sorted(set(names(message)))
    assert len(asked) > 50
    assert [".".join(Where.parse(f"{name}=x").path) for name in asked] == asked
