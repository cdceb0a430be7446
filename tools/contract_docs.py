# /// script
# requires-python = ">=3.11"
# dependencies = ["PyYAML>=6.0.3"]
# ///
"""Make docs/contract.md of schemas/asyncapi.yaml and the JSON Schema that it names.

    python -m tools.contract_docs

A test checks that the page is what this makes today.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "contract.md"
_TARGETS = ("ninjs", "gkg", "schema.org", "plover")


def page() -> str:
    """The whole page."""
    api = yaml.safe_load((ROOT / "schemas" / "asyncapi.yaml").read_bytes())
    schema = json.loads((ROOT / "schemas" / "article.v1.schema.json").read_bytes())
    return "\n".join([*_head(api), *_channels(api), *_fields(schema), *_counterparts(schema)]) + "\n"


def _head(api: Mapping[str, Any]) -> Iterator[str]:
    yield "<!-- Made by tools/contract_docs.py from schemas/asyncapi.yaml; change that, not this. -->"
    yield "# The contract"
    yield ""
    yield api["info"]["description"].strip()
    yield ""
    yield "For machines: [AsyncAPI](../schemas/asyncapi.yaml), [JSON Schema](../schemas/article.v1.schema.json),"
    yield "[examples](../schemas/examples). How to read it: [consuming.md](consuming.md). What may change:"
    yield "[schema-policy.md](schema-policy.md)."


def _channels(api: Mapping[str, Any]) -> Iterator[str]:
    yield "\n## Topics\n"
    yield "| topic | key | partitions | cleanup policy | value |"
    yield "|---|---|---|---|---|"
    for channel in api["channels"].values():
        binding = channel["bindings"]["kafka"]
        message = _message(api, channel)
        key = message["bindings"]["kafka"]["key"]["description"]
        policy = ", ".join(binding["topicConfiguration"]["cleanup.policy"])
        value = message["contentType"]
        yield f"| `{binding['topic']}` | {key} | {binding['partitions']} | {policy} | {value} |"
    for channel in api["channels"].values():
        message = _message(api, channel)
        yield f"\n### {channel['title']}: `{channel['address']}`\n"
        yield channel["description"].strip()
        if "summary" in message:
            yield f"\n{message['summary']}"
        if "headers" in message:
            yield "\n| header | always | what it says | for example |"
            yield "|---|---|---|---|"
            for name, header in message["headers"]["properties"].items():
                always = "yes" if name in message["headers"]["required"] else "no"
                values = [header["const"]] if "const" in header else header.get("enum", header.get("examples", ()))
                shown = ", ".join(f"`{value}`" for value in values)
                yield f"| `{name}` | {always} | {header['description'].strip()} | {shown} |"


def _message(api: Mapping[str, Any], channel: Mapping[str, Any]) -> Mapping[str, Any]:
    (reference,) = channel["messages"].values()
    message: Mapping[str, Any] = api["components"]["messages"][reference["$ref"].rpartition("/")[2]]
    return message


def _fields(schema: Mapping[str, Any]) -> Iterator[str]:
    yield "\n## The article message\n"
    yield schema["description"]
    yield "\nEvery field is always there; one that may be null says so. `[]` is an item of a list.\n"
    yield "| field | type | unit | what it says | for example |"
    yield "|---|---|---|---|---|"
    for path, field in walk(schema):
        shown = json.dumps(field["examples"][0], ensure_ascii=False)
        shown = "" if len(shown) > 80 else f"`{shown}`"
        cells = (f"`{path}`", _type(field), field.get("x-unit", ""), field["description"], shown)
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    yield "\nA *span* is `{text, start, end}`: `text` of the message from code point `start` to `end`, end exclusive."


def _counterparts(schema: Mapping[str, Any]) -> Iterator[str]:
    yield "\n## Counterparts in other formats\n"
    yield "Where `dateline export` puts a field; empty where the format has no place for it.\n"
    yield "| field | ninjs 3.1 | GDELT GKG 2.1 | schema.org | PLOVER |"
    yield "|---|---|---|---|---|"
    for path, field in walk(schema):
        known = [field["x-counterparts"][target] or "" for target in _TARGETS]
        if any(known):
            yield f"| `{path}` | " + " | ".join(known) + " |"


def walk(schema: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every field of the message with its path, in the order of the schema. Spans are not looked into."""
    for name, field in schema.get("properties", {}).items():
        inner = f"{path}.{name}".lstrip(".")
        yield inner, field
        yield from walk(field, inner)
        yield from walk(field.get("items", {}), f"{inner}[]")


def _type(field: Mapping[str, Any]) -> str:
    if "$ref" in field:
        return {
            "span": "span",
            "optionalSpan": "span or null",
            "spans": "list of spans",
            "countryCode": "string or null",
            "day": "string or null",
            "rule": "string",
            "saidOn": "span and `date`, or null",
        }[field["$ref"].rpartition("/")[2]]
    if "enum" in field:
        values = ", ".join("null" if value is None else f"`{value}`" for value in field["enum"])
        return f"one of {values}" + (", may grow" if field.get("x-may-grow") else "")
    kind = field["type"]
    names = [kind] if isinstance(kind, str) else kind
    if "array" in names and "$ref" not in field.get("items", {}):
        inner = field["items"]
        names = [f"list of {_type(inner)}" if name == "array" else name for name in names]
    return " or ".join(names)


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
