# /// script
# requires-python = ">=3.11"
# ///
"""Compare schemas/article.v*.schema.json with the last released one: what would break a consumer fails.

    python tools/schema_compat.py [CURRENT] [RELEASED]

A topic holds old and new messages side by side, and old and new consumers read it. So within a major version a reader
of either schema must be able to read the messages of both, if it passes over fields that it does not know. Allowed
are: new fields that need not be there, new values where the schema says `x-may-grow`, other descriptions and examples.
Anything else is a new major version, with its own file, `$id`, `ce_type` and topic (docs/schema-policy.md).
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SCHEMAS = Path(__file__).parents[1] / "schemas"
# They say something to people, and nothing about what is valid.
_ANNOTATIONS = frozenset({"title", "description", "examples", "default", "deprecated", "$comment", "$schema", "$id"})
_STRUCTURE = frozenset({"properties", "required", "items", "anyOf", "enum", "type", "$ref", "$defs"})


def incompatible(released: Mapping[str, Any], current: Mapping[str, Any]) -> list[str]:
    """What a consumer of the released schema could not live with, or a consumer of the current one with old messages.

    Empty when there is nothing, or when the major version in `$id` has moved.
    """
    if major(current) > major(released):
        return []
    if major(current) < major(released):
        return [f"$id: the major version went back from {major(released)} to {major(current)}"]
    return list(_compare(released, current, released, current, ""))


def major(schema: Mapping[str, Any]) -> int:
    """The major version in a schema's `$id`.

    Raises:
        ValueError: if there is none.
    """
    found = re.search(r"\.v(\d+)\.schema\.json$", schema.get("$id", ""))
    if found is None:
        raise ValueError(f"$id: {schema.get('$id')!r} does not end with .v<major>.schema.json")
    return int(found[1])


def newest(folder: Path) -> Path:
    """The schema of the highest major version in a folder."""
    return max(folder.glob("article.v*.schema.json"), key=lambda path: major(json.loads(path.read_bytes())))


def disagreeing(schema: Mapping[str, Any], api: Mapping[str, Any]) -> list[str]:
    """Where the AsyncAPI document has another major version than the schema: topic, `ce_type`, `ce_dataschema`."""
    version = major(schema)
    headers = api["components"]["messages"]["article"]["headers"]["properties"]
    topic = api["channels"]["articles"]["address"]
    problems = [
        f"ce_type: {name} does not end with .v{version}"
        for name in headers["ce_type"]["enum"]
        if not name.endswith(f".v{version}")
    ]
    if headers["ce_dataschema"]["const"] != schema["$id"]:
        problems.append(f"ce_dataschema: {headers['ce_dataschema']['const']} is not {schema['$id']}")
    # The first topic has no version in its name.
    found = re.search(r"\.v(\d+)$", topic)
    if int(found[1] if found else 1) != version:
        problems.append(f"topic: {topic} is not that of version {version}")
    return problems


def incompatible_records(released: Mapping[str, Any], current: Mapping[str, Any]) -> list[str]:
    """What a consumer could not live with in topic, key and headers: of two AsyncAPI documents of one major version."""
    old, new = (document["components"]["messages"]["article"] for document in (released, current))
    topics = [document["channels"]["articles"]["address"] for document in (released, current)]
    problems = [] if topics[0] == topics[1] else [f"topic: is {topics[1]} now, and was {topics[0]}"]
    for what, before, after in (
        ("headers", old["headers"], new["headers"]),
        ("key", old["bindings"]["kafka"]["key"], new["bindings"]["kafka"]["key"]),
    ):
        problems += _compare(before, after, before, after, what)
    return problems


def _compare(
    old: Mapping[str, Any], new: Mapping[str, Any], old_root: Mapping[str, Any], new_root: Mapping[str, Any], path: str
) -> Iterator[str]:
    old, new = _resolved(old, old_root), _resolved(new, new_root)
    where = path or "message"
    yield from _values(old, new, where)
    old_fields, new_fields = old.get("properties", {}), new.get("properties", {})
    old_needs, new_needs = set(old.get("required", ())), set(new.get("required", ()))
    for name, field in old_fields.items():
        inner = f"{path}.{name}".lstrip(".")
        if name not in new_fields:
            yield f"{inner}: was removed or renamed"
            continue
        if name in old_needs - new_needs:
            yield f"{inner}: need not be there any more"
        if name in new_needs - old_needs:
            yield f"{inner}: must be there now, and old messages may lack it"
        yield from _compare(field, new_fields[name], old_root, new_root, inner)
    for name in sorted(new_needs - old_fields.keys()):
        yield f"{path}.{name}".lstrip(".") + ": is new and must be there, and old messages lack it"
    if "items" in old and "items" in new and isinstance(old["items"], dict) and isinstance(new["items"], dict):
        yield from _compare(old["items"], new["items"], old_root, new_root, f"{path}[]")
    elif old.get("items") != new.get("items"):
        yield f"{where}: items changed"
    before, after = old.get("anyOf", ()), new.get("anyOf", ())
    if len(before) != len(after):
        yield f"{where}: has {len(after)} alternatives instead of {len(before)}"
    for one, other in zip(before, after, strict=False):
        yield from _compare(one, other, old_root, new_root, path)


def _values(old: Mapping[str, Any], new: Mapping[str, Any], where: str) -> Iterator[str]:
    lost, gained = _types(old) - _types(new), _types(new) - _types(old)
    if lost:
        yield f"{where}: is never {_listed(lost)} any more"
    if gained:
        yield f"{where}: may be {_listed(gained)} now"
    before, after = _written(old.get("enum", ())), _written(new.get("enum", ()))
    if before - after:
        yield f"{where}: lost the value {_listed(before - after)}"
    if after - before and not (before and old.get("x-may-grow")):
        yield f"{where}: got the value {_listed(after - before)}, and does not say x-may-grow"
    if old.get("x-may-grow") and not new.get("x-may-grow"):
        yield f"{where}: does not say x-may-grow any more"
    if old.get("x-unit") != new.get("x-unit"):
        yield f"{where}: is in {new.get('x-unit')} now, and was in {old.get('x-unit')}"
    for keyword in sorted(old.keys() | new.keys()):
        free = keyword in _ANNOTATIONS | _STRUCTURE or keyword.startswith("x-")
        if not free and old.get(keyword) != new.get(keyword):
            yield f"{where}: {keyword} changed from {old.get(keyword)!r} to {new.get(keyword)!r}"


def _types(schema: Mapping[str, Any]) -> set[str]:
    named = schema.get("type", ())
    return {named} if isinstance(named, str) else set(named)


def _written(values: Any) -> set[str]:
    return {json.dumps(value) for value in values}


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names))


def _resolved(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in schema:
        return schema
    target = root
    for step in schema["$ref"].removeprefix("#/").split("/"):
        target = target[step]
    return {**target, **{name: value for name, value in schema.items() if name != "$ref"}}


def main(arguments: list[str]) -> int:
    """Print what is incompatible; 1 when there is something."""
    paths = [Path(argument) for argument in arguments]
    current = paths[0] if paths else newest(SCHEMAS)
    released = paths[1] if len(paths) > 1 else newest(SCHEMAS / "released")
    problems = incompatible(json.loads(released.read_bytes()), json.loads(current.read_bytes()))
    for problem in problems:
        sys.stdout.write(f"{current.name}: {problem}\n")
    if problems:
        sys.stdout.write("make a new major version of it, see docs/schema-policy.md\n")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
