"""The configuration file as a JSON Schema, for editors: `worker.config.load` finds more than a schema can say."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from .feeds import FeedEntry
from .schema import Config

ID = "https://dateline.example/schemas/config.schema.json"


def json_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12. A key without a value counts as not given, so each may be null."""
    schema = Config.model_json_schema()
    feed = FeedEntry.model_json_schema()
    sections = {**schema.pop("$defs"), **feed.pop("$defs", {})}
    sections["FeedEntry"] = feed
    schema["properties"]["feeds"] = {
        "description": "A URL, or a mapping with a url and what differs for that feed.",
        "type": "array",
        "items": {"anyOf": [feed["properties"]["url"], {"$ref": "#/$defs/FeedEntry"}]},
    }
    for section in (schema, *sections.values()):
        section["properties"] = {name: _or_null(part) for name, part in section["properties"].items()}
    feed["properties"]["url"] = deepcopy(schema["properties"]["feeds"]["anyOf"][0]["items"]["anyOf"][0])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        **schema,
        "title": "Dateline's configuration",
        "description": "All keys, their units and defaults: deploy/config.example.yaml.",
        "$defs": sections,
    }


def _or_null(part: dict[str, Any]) -> dict[str, Any]:
    default = part.pop("default", None)
    part.pop("title", None)
    choices = part.get("anyOf", [part])
    # The default of a section is made of those of its keys.
    kept = {} if default is None or isinstance(default, dict) else {"default": default}
    return {"anyOf": [*(one for one in choices if one != {"type": "null"}), {"type": "null"}], **kept}
