"""How a record names its schema: the wire format of Confluent's clients.

https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format

In front of the value stand a zero byte and the schema's id in four bytes, the most significant first. Or a header holds
a byte of 1 and the schema's GUID in sixteen; where a registry gives no GUID, a zero byte and the id. The clients look
at the header first, and read both forms of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from uuid import UUID

if TYPE_CHECKING:
    from worker.model.event import Headers

Mode = Literal["prefix", "header"]

HEADER = "__value_schema_id"
_BY_ID, _BY_GUID = b"\x00", b"\x01"
_ID_BYTES = 4
_GUID_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaId:
    """What a registry calls a schema. Only some give a GUID as well."""

    number: int
    guid: UUID | None = None


def framed(schema_id: SchemaId, headers: Headers, value: bytes, *, mode: Mode) -> tuple[Headers, bytes]:
    """The headers and the value of a record that names its schema."""
    by_id = _BY_ID + schema_id.number.to_bytes(_ID_BYTES, "big")
    if mode == "prefix":
        return headers, by_id + value
    return (*headers, (HEADER, by_id if schema_id.guid is None else _BY_GUID + schema_id.guid.bytes)), value


def without_frame(value: bytes) -> bytes:
    """A message as it was before an id was put in front of it. No JSON begins with a zero byte."""
    return value[1 + _ID_BYTES :] if value.startswith(_BY_ID) else value


def header_text(value: bytes) -> str:
    """The GUID or the id in the header, for people; what is neither is shown as hexadecimal digits."""
    if value[:1] == _BY_GUID and len(value) == 1 + _GUID_BYTES:
        return str(UUID(bytes=value[1:]))
    if value[:1] == _BY_ID and len(value) == 1 + _ID_BYTES:
        return str(int.from_bytes(value[1:], "big"))
    return value.hex()
