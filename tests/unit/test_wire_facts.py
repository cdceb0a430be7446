"""Invented paragraphs of data/facts/wire.jsonl, as agencies of many countries write: who, where, and who says what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from worker.pipeline.extract import extract

DATA = Path(__file__).parents[1] / "data" / "facts" / "wire.jsonl"
PARAGRAPHS = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]


def facts_of(text: str) -> dict[str, Any]:
    found = extract({"text": text, "date": "2025-05-24"})
    return {
        "people": [[person["name"], person["role"], person["country_code"]] for person in found["actors"]],
        "organisations": [[body["name"], body["type"], body["country_code"]] for body in found["organisations"]],
        "places": [[place["name"], place["kind"], place["country_code"]] for place in found["places"]],
        "quotes": [
            [quote["text"], quote["speaker"], quote["medium"], [nested["text"] for nested in quote["nested"]]]
            for quote in found["quotes"]
        ],
        "attributions": [
            [one["content"]["text"], surface(one["source"]), surface(one["via"])] for one in found["attributions"]
        ],
    }


def surface(span: dict[str, Any] | None) -> str | None:
    return None if span is None else str(span["text"])


@pytest.mark.parametrize("paragraph", PARAGRAPHS, ids=[one["why"] for one in PARAGRAPHS])
def test_a_paragraph_of_a_wire_is_read_as_a_reader_would(paragraph: dict[str, Any]) -> None:
    found = facts_of(paragraph["text"])
    wanted = {field: facts for field, facts in paragraph.items() if field not in {"why", "text"}}
    assert {field: found[field] for field in wanted} == wanted
