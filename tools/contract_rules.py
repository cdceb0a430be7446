# /// script
# requires-python = ">=3.11"
# ///
"""Make worker/steps/encode/article.v1.schema.json: the schema as the worker checks by it, without what people read.

    python -m tools.contract_rules

A test checks that the file is what this makes today.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RULES = ROOT / "worker" / "steps" / "encode" / "article.v1.schema.json"
_TO_PEOPLE = frozenset({"title", "description", "examples", "$comment", "deprecated"})


def rules() -> str:
    """The file's content."""
    schema = json.loads((ROOT / "schemas" / "article.v1.schema.json").read_bytes())
    return json.dumps(_bare(schema), separators=(",", ":")) + "\n"


def _bare(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_bare(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    # Of these the keys are names, which may be those of keywords.
    named = {"properties", "$defs"}
    return {
        key: {name: _bare(part) for name, part in value.items()} if key in named else _bare(value)
        for key, value in schema.items()
        if key not in _TO_PEOPLE and not key.startswith("x-")
    }


def main() -> None:
    """Write the file."""
    RULES.write_text(rules(), encoding="utf-8")
    sys.stdout.write(f"{RULES.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
