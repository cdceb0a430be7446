"""The typed consumer side: worker.model.message."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from tests import schema
from worker.model import message as model
from worker.model.message import ArticleMessage, Dateline, Span, from_json

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(path for path in (ROOT / "schemas" / "examples").glob("*.json"))
SEED = (ROOT / "schemas" / "examples" / "seed.json").read_bytes()
SCHEMA = schema.document()


def as_data(value: Any) -> Any:
    """What a message was read from, made again of what it became."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name.rstrip("_"): as_data(getattr(value, field.name)) for field in dataclasses.fields(type(value))
        }
    if isinstance(value, tuple):
        return [as_data(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


def instants() -> st.SearchStrategy[str]:
    zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
    moments = st.datetimes(min_value=datetime(1000, 1, 1), max_value=datetime(9000, 1, 1), timezones=zones)  # noqa: DTZ001 - naive bounds are asked for
    return moments.map(lambda at: at.isoformat().replace("+00:00", "Z"))


def strings(field: dict[str, Any]) -> st.SearchStrategy[Any]:
    if field.get("format") == "date-time":
        utc = field.get("pattern") == "Z$"
        return (
            st.datetimes(timezones=st.just(UTC)).map(lambda at: f"{at:%Y-%m-%dT%H:%M:%SZ}".zfill(20))
            if utc
            else instants()
        )
    if field.get("format") == "date":
        return st.dates().map(lambda day: day.isoformat())
    if field.get("format") == "uri":
        return st.just("https://wire.example/1")
    return st.from_regex(field["pattern"], fullmatch=True) if "pattern" in field else st.text(min_size=1, max_size=5)


def values_of(field: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that the schema allows, as far as types and nulls go."""
    if "$ref" in field:
        return values_of(SCHEMA["$defs"][field["$ref"].rpartition("/")[2]])
    if "anyOf" in field:
        return st.one_of(*(values_of(one) for one in field["anyOf"]))
    if "enum" in field:
        return st.sampled_from(field["enum"])
    kinds = [field["type"]] if isinstance(field["type"], str) else field["type"]
    return st.one_of(*(values_of_kind(kind, field) for kind in kinds))


def values_of_kind(kind: str, field: dict[str, Any]) -> st.SearchStrategy[Any]:
    if kind == "object":
        return st.fixed_dictionaries({name: values_of(inner) for name, inner in field["properties"].items()})
    if kind == "array":
        return st.lists(values_of(field["items"]), max_size=2)
    return {
        "null": st.none(),
        "boolean": st.booleans(),
        "integer": st.integers(0, 2**53),
        "number": st.floats(-90, 90, allow_nan=False),
        "string": strings(field) if kind == "string" else st.nothing(),
    }[kind]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_nothing_of_a_published_message_is_lost(path: Path) -> None:
    assert as_data(from_json(path.read_bytes())) == json.loads(path.read_bytes())


@settings(max_examples=60, deadline=None)
@given(st.fixed_dictionaries({name: values_of(field) for name, field in SCHEMA["properties"].items()}))
def test_nothing_of_what_the_schema_allows_is_lost(message: dict[str, Any]) -> None:
    assert as_data(from_json(json.dumps(message))) == message


def test_spans_come_with_their_text() -> None:
    message = from_json(SEED)
    assert message.dateline == Dateline(
        text="Kyiv [Ukraine], May 24 :",
        start=16,
        end=40,
        city="Kyiv",
        region="Ukraine",
        country="Ukraine",
        country_code="UA",
        date=date(2025, 5, 24),
        agency=None,
    )
    for span in (*message.paragraphs, *message.quotes, *message.figures, *message.dates):
        assert message.surface(span.start, span.end) == span.text


def test_values_have_their_types() -> None:
    message = from_json(SEED)
    assert message.date == date(2025, 5, 24)
    assert message.source.retrieved_at == datetime(2025, 5, 25, 9, tzinfo=UTC)
    assert message.dates[3].from_ == date(2025, 5, 23)
    assert message.figures[0].value == 307
    assert message.actors[0].mentions[0] == Span(text="Volodymyr Zelenskyy", start=61, end=80)


def test_an_instant_keeps_its_offset() -> None:
    message = from_json((ROOT / "schemas" / "examples" / "published.json").read_bytes())
    assert message.published_at is not None
    assert message.published_at.at.isoformat() == "2025-05-24T21:14:00+03:00"


def test_unknown_fields_are_passed_over_at_any_depth() -> None:
    data = json.loads(SEED)
    data["mood"] = "calm"
    data["source"]["mood"] = {"is": "calm"}
    data["quotes"][0]["verb"]["mood"] = 1
    assert from_json(json.dumps(data)) == from_json(SEED)


def test_a_value_that_is_new_where_the_schema_may_grow_is_kept() -> None:
    data = json.loads(SEED)
    data["figures"][0]["kind"] = "temperature"
    assert from_json(json.dumps(data)).figures[0].kind == "temperature"


def test_a_message_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        from_json(SEED).headline = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("revision", "1", r"message\.revision: must be of type int"),
        ("revision", True, r"message\.revision: must be of type int"),
        ("change", "deleted", r"message\.change: must be one of published, revised, withdrawn"),
        ("date", "24 May", r"message\.date: must be a date of ISO 8601"),
        ("source", None, r"message\.source: must be an object"),
        ("tags", "World", r"message\.tags: must be a list"),
        ("quotes.0.verb.start", None, r"message\.quotes\[0\]\.verb\.start: must be of type int"),
    ],
)
def test_a_value_of_another_type_is_an_error_that_names_the_field(path: str, value: object, said: str) -> None:
    data = json.loads(SEED)
    *way, last = path.split(".")
    part = data
    for step in way:
        part = part[int(step)] if isinstance(part, list) else part[step]
    part[last] = value
    with pytest.raises(ValueError, match=said):
        from_json(json.dumps(data))


def test_a_missing_field_is_an_error_that_names_it() -> None:
    data = json.loads(SEED)
    del data["places"][1]["lat"]
    with pytest.raises(ValueError, match=r"message\.places\[1\]\.lat: is missing"):
        from_json(json.dumps(data))


def test_a_field_that_the_schema_got_later_may_be_missing() -> None:
    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class LaterMessage(ArticleMessage):
        mood: str | None = None

    data = json.loads(SEED)
    old = model._read(LaterMessage, data, "message")
    assert (old.mood, old.id) == (None, data["id"])
    assert model._read(LaterMessage, {**data, "mood": "calm"}, "message").mood == "calm"


def test_every_field_without_a_default_must_be_there_by_the_schema_and_no_other() -> None:
    """So a message of any age of this major version can be read."""
    needed = {field.name for field in dataclasses.fields(ArticleMessage) if field.default is dataclasses.MISSING}
    assert needed == set(SCHEMA["required"])
    released = json.loads((ROOT / "schemas" / "released" / "article.v1.schema.json").read_bytes())
    assert needed <= set(released["required"])


def test_what_is_no_json_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="Expecting"):
        from_json(b"<rss>")


def test_the_class_has_the_fields_of_the_schema() -> None:
    assert [field.name for field in dataclasses.fields(ArticleMessage)] == list(SCHEMA["properties"])


def test_the_typed_example_of_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "consuming.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- tests/unit/test_message\.py runs this -->\n```python\n(.*?)```", page, re.DOTALL)
    assert found is not None
    exec(found[1], {"value": SEED})  # noqa: S102 - our own page
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("Volodymyr Zelenskyy said Another 307 Ukrainian defenders are home.")
    assert printed[5] == "2025-05-23 prisoner_exchange occurred ['307', '697', '270', '120', '1,000']"
