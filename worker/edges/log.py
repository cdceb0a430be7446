"""Logs: JSON lines, or coloured text on a terminal. Nothing secret reaches them: see `worker.steps.urls`."""

from __future__ import annotations

import logging
import sys
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, TextIO

import orjson
import structlog

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor

LogFormat = Literal["auto", "json", "console"]

_counts = dict.fromkeys(("debug", "info", "warning", "error", "critical"), 0)
# Threads log as well.
_counting = threading.Lock()


def messages_logged() -> dict[str, int]:
    """How many lines were logged since the process began, by level."""
    with _counting:
        return dict(_counts)


def configure_logging(level: str, form: LogFormat, *, stream: TextIO | None = None) -> None:
    """Send structlog and the standard library's logging to one stream (stderr), in one form."""
    stream = stream or sys.stderr
    threshold = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        _count,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    console = form == "console" or (form == "auto" and stream.isatty())
    # Plain: the usual console traceback shows local variables, and with them feed URLs and their credentials.
    rendering: list[Processor] = (
        [
            _for_people,
            structlog.dev.ConsoleRenderer(
                colors=stream.isatty(), sort_keys=False, exception_formatter=structlog.dev.plain_traceback
            ),
        ]
        if console
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(serializer=_json)]
    )
    structlog.configure(
        processors=[*shared, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processors=[_drop_meta, *rendering], foreign_pre_chain=shared)
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(threshold, logging.WARNING))
    # kafka-python reports each failed attempt to connect; the ledger says once what matters. Its own debug level
    # shows passwords: in the settings of a client, and in the bytes that log in.
    logging.getLogger("kafka").setLevel(logging.CRITICAL if threshold > logging.DEBUG else logging.INFO)


def _count(logger: object, name: str, event: EventDict) -> EventDict:
    del logger, name
    with _counting:
        _counts[event["level"]] = _counts.get(event["level"], 0) + 1
    return event


def _for_people(logger: object, name: str, event: EventDict) -> EventDict:
    """On a terminal nothing is said of what is nothing, and times are as they are written elsewhere."""
    del logger, name
    return {
        key: f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else value
        for key, value in event.items()
        if value is not None
    }


def _json(event: object, **_: object) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_UTC_Z).decode()


def _drop_meta(logger: object, name: str, event: EventDict) -> EventDict:
    return structlog.stdlib.ProcessorFormatter.remove_processors_meta(logger, name, event)
