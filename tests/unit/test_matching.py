"""What `dateline tap` shows when it is told what to look for."""

from __future__ import annotations

import orjson
import pytest

from worker.model.event import Published
from worker.pipeline.matching import Where, matches

MESSAGE = {
    "language": "en",
    "revision": 2,
    "byline": None,
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
        ("extraction={}", False),
        ("tags=War", True),
        ("places.country_code=LV", True),
        ("places.country_code=DE", False),
        ("places.name.first=Kyiv", False),
        ("nothing=null", False),
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


@pytest.mark.parametrize("text", ["", "language", "=en", "a..b=c", ".a=c"])
def test_what_is_no_field_with_a_value_is_refused(text: str):
    with pytest.raises(ValueError, match="FIELD=VALUE"):
        Where.parse(text)
