"""The wire format of Confluent's clients. The bytes are those of their own tests: guid 89791762-…, and id 1."""

from __future__ import annotations

from uuid import UUID

import orjson
import pytest

from worker.edges.schema_frame import SchemaId, framed, header_text, without_frame
from worker.edges.terminal import json_line

GUID = UUID("89791762-2336-4186-9674-299b90a802e2")
GUID_BYTES = bytes.fromhex("01 89791762 2336 4186 9674 299b90a802e2")
ID_BYTES = bytes.fromhex("00 00000001")
HEADERS = (("ce_id", b"a:1"),)
VALUE = b'{"id":"a"}'


def test_a_prefix_is_a_zero_byte_and_the_id():
    assert framed(SchemaId(number=1, guid=GUID), HEADERS, VALUE, mode="prefix") == (HEADERS, ID_BYTES + VALUE)


def test_a_large_id_has_its_most_significant_byte_first():
    _, value = framed(SchemaId(number=0x01020304), (), b"", mode="prefix")
    assert value == bytes([0, 1, 2, 3, 4])


@pytest.mark.parametrize(("guid", "said"), [(GUID, GUID_BYTES), (None, ID_BYTES)])
def test_a_header_is_the_guid_or_where_there_is_none_the_id(guid: UUID | None, said: bytes):
    headers, value = framed(SchemaId(number=1, guid=guid), HEADERS, VALUE, mode="header")
    assert headers == (*HEADERS, ("__value_schema_id", said))
    assert value == VALUE


@pytest.mark.parametrize(
    ("value", "text"), [(GUID_BYTES, str(GUID)), (ID_BYTES, "1"), (b"\x02ab", "026162"), (b"", "")]
)
def test_the_header_can_be_shown(value: bytes, text: str):
    assert header_text(value) == text


@pytest.mark.parametrize("mode", ["prefix", "header"])
def test_tap_shows_the_message_of_both_modes(mode: str):
    headers, value = framed(
        SchemaId(number=1, guid=GUID), HEADERS, VALUE, mode="prefix" if mode == "prefix" else "header"
    )
    line = orjson.loads(json_line(b"a", headers, value))
    assert line["value"] == {"id": "a"}
    assert line["headers"].get("__value_schema_id") == (None if mode == "prefix" else str(GUID))


def test_a_message_without_a_frame_stays_as_it_is():
    assert without_frame(VALUE) == VALUE
