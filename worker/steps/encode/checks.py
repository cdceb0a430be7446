"""Whether a message meets its schema: looked at before anyone can see it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from worker.model.errors import Invalid

if TYPE_CHECKING:
    import jsonschema_rs


def check(message: dict[str, Any]) -> None:
    """Hold a message to schemas/article.v1.schema.json, formats included.

    Raises:
        Invalid: it does not meet it. The text repeats nothing of the message: an address may hold a secret.
    """
    validator = _validator()
    if validator.is_valid(message):
        return
    error = next(validator.iter_errors(message))
    field = "".join("[]" if isinstance(step, int) else f".{step}" for step in error.instance_path).lstrip(".")
    rule = str(error.schema_path[-1])
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path)
    raise Invalid(f"message{place}: does not meet {rule} of the schema", field=field or "message", rule=rule)


@cache
def _validator() -> jsonschema_rs.Draft202012Validator:
    import jsonschema_rs  # noqa: PLC0415 - 7 MB and 40 ms, which only the processes that read need

    # Made by tools/contract_rules.py.
    schema = (files(__package__) / "article.v1.schema.json").read_text(encoding="utf-8")
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
