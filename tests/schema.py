"""The contract, as tests hold messages to it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH = Path(__file__).parents[1] / "schemas" / "article.v1.schema.json"


def document() -> dict[str, Any]:
    """The schema as it lies in the repository."""
    schema: dict[str, Any] = json.loads(PATH.read_bytes())
    return schema


def validate(message: object) -> None:
    """Hold an article message to the schema, formats included, and to what no schema can say: spans stand in the text.

    Raises:
        jsonschema_rs.ValidationError: if the schema is not met.
        AssertionError: if a span is not exact.
    """
    _validator().validate(message)
    assert isinstance(message, dict)
    text = message["text"]
    for span in _spans(message):
        assert text[span["start"] : span["end"]] == span["text"]
    assert message["lead"] == (message["paragraphs"][0] if message["paragraphs"] else None)


def _spans(value: object) -> Iterator[dict[str, Any]]:
    """Every object that has an offset, at any depth."""
    if isinstance(value, dict):
        if "start" in value:
            yield value
        for part in value.values():
            yield from _spans(part)
    elif isinstance(value, list):
        for part in value:
            yield from _spans(part)


@cache
def _validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(document(), validate_formats=True)
