from __future__ import annotations

import os
import pickle
from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest

from worker.edges.child import explained
from worker.edges.child_reply import read_reply
from worker.edges.children import MODEL
from worker.model.event import Event
from worker.model.fetch import Request

EVENT = Event(
    article_id="a",
    revision=1,
    change="published",
    published_at=datetime(2025, 3, 3, tzinfo=timezone(timedelta(hours=2))),
    headers=(("ce_id", b"a:1"),),
    value=b"{}",
)


class Called:
    """A value whose pickle says: call this with that."""

    def __init__(self, call: object, *args: object) -> None:
        self.call = call
        self.args = args

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.call, self.args


def read(value: object) -> object:
    return read_reply(pickle.dumps(value, 5), allowed=MODEL)


def named(module: str, name: str) -> bytes:
    """A pickle of nothing but a global name (protocol 4: STACK_GLOBAL)."""
    names = b"".join(b"\x8c" + bytes([len(text)]) + text.encode() for text in (module, name))
    return b"\x80\x04" + names + b"\x93."


@pytest.mark.parametrize(
    "value",
    [
        None,
        [1, 2.5, True, "é", b"\xff", (), {"a": [None]}],
        {1, 2},
        frozenset({"a"}),
        bytearray(b"a"),
        datetime(2025, 3, 3, 12, tzinfo=UTC),
        date(2025, 3, 3),
        time(12, 30),
        timedelta(seconds=1),
        Request(url="https://a.example/", etag='"1"'),
        [EVENT, EVENT],
    ],
)
def test_values_and_types_of_the_model_come_out_as_they_were(value):
    assert read(value) == value


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("builtins", "eval"),
        ("builtins", "getattr"),
        ("worker.model", "fetch"),
        ("worker.modelling.x", "Y"),
        # What a module of the model has imported, and what can be reached through that.
        ("worker.model.fetch", "dataclass"),
        ("worker.model.fetch", "dataclass.__globals__"),
        ("worker.model.facts", "datetime"),
        ("datetime", "sys"),
        ("datetime", "datetime.now"),
        # Types that could be changed for everybody.
        ("worker.model.errors", "Stop"),
        ("worker.model.fetch", "Missing"),
    ],
)
def test_nothing_else_can_be_named(module, name):
    with pytest.raises(pickle.UnpicklingError, match=f"{module}.{name} is not"):
        read_reply(named(module, name), allowed=MODEL)


def test_what_is_allowed_is_for_the_caller_to_say():
    with pytest.raises(pickle.UnpicklingError, match="Request is not accepted"):
        read_reply(pickle.dumps(Request(url="https://a.example/")), allowed=frozenset({"worker.model.event"}))


def test_a_call_to_the_system_is_refused():
    with pytest.raises(pickle.UnpicklingError, match="system is not accepted"):
        read(Called(os.system, "true"))


def test_a_type_cannot_be_given_other_attributes():
    """BUILD with a pair as state sets attributes of whatever is on the stack, if that has no `__setstate__`."""
    hostile = named("worker.model.fetch", "Request")[:-1] + b"N}\x8c\x04kind\x8c\x04evil\x73\x86b."
    with pytest.raises(TypeError):
        read_reply(hostile, allowed=MODEL)
    assert Request(url="https://a.example/").kind == "feed"


@pytest.mark.parametrize("payload", [b"", b"\x80", b"\x80\x05", b"no pickle", b"\x80\x05\x8e" + b"\xff" * 8 + b"."])
def test_what_is_no_pickle_is_an_error(payload):
    with pytest.raises((EOFError, pickle.UnpicklingError, OverflowError)):
        read_reply(payload, allowed=MODEL)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        # As wait(2) has it: the exit status in the second byte, the signal in the first.
        (0x0000, ("crashed", "ended with 0")),
        (0x0300, ("crashed", "ended with 3")),
        (0x5600, ("memory", "no more memory to be had")),
        (9, ("memory", "killed by the system, for want of memory")),
        (24, ("deadline", "no more processor time")),
        (11, ("crashed", "ended by signal 11 (Segmentation fault)")),
        (0x80 | 6, ("crashed", "ended by signal 6 (Aborted)")),
    ],
)
def test_a_wait_status_says_how_a_child_ended(status, expected):
    assert explained(status) == expected
