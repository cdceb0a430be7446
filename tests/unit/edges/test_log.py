from __future__ import annotations

import logging
from datetime import UTC, datetime
from io import StringIO
from typing import TYPE_CHECKING, Literal

import orjson
import pytest
import structlog

from worker.edges.log import configure_logging

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Logging = Callable[[Literal["json", "console"]], StringIO]

AT = datetime(2026, 3, 1, 12, 30, 5, 123456, tzinfo=UTC)


@pytest.fixture
def logging_to() -> Iterator[Logging]:
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level, kafka = root.handlers[:], root.level, logging.getLogger("kafka").level

    def configure(form: Literal["json", "console"]) -> StringIO:
        stream = StringIO()
        configure_logging("info", form, stream=stream)
        return stream

    yield configure
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("kafka").setLevel(kafka)


def test_a_line_for_people_keeps_its_order_and_leaves_out_what_is_nothing(logging_to: Logging):
    said = logging_to("console")
    structlog.get_logger().info("poll", outcome="ok", detail=None, next_poll_at=AT, entries=0)
    assert said.getvalue().split("poll", 1)[1].split() == [
        "outcome=ok",
        "next_poll_at=2026-03-01T12:30:05Z",
        "entries=0",
    ]


def test_a_line_for_programs_has_every_key_and_times_in_utc(logging_to: Logging):
    said = logging_to("json")
    structlog.get_logger().info("poll", outcome="ok", detail=None, next_poll_at=AT)
    line = orjson.loads(said.getvalue())
    assert line["timestamp"].endswith("Z")
    del line["timestamp"]
    assert line == {
        "event": "poll",
        "level": "info",
        "outcome": "ok",
        "detail": None,
        "next_poll_at": "2026-03-01T12:30:05.123456Z",
    }
