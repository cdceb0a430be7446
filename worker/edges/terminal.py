"""Published records for people and for pipes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
from rich.console import Console
from rich.text import Text

from worker.edges.schema_frame import HEADER, header_text, without_frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import TextIO

    from worker.model.event import Headers, Published

_COLOURS = {"published": "green", "revised": "yellow", "withdrawn": "red"}


class RecordPrinter:
    """Prints records: a line or two each on a terminal, one JSON object per line when piped."""

    def __init__(self, stream: TextIO, *, as_json: bool | None = None) -> None:
        self._stream = stream
        self._as_json = not stream.isatty() if as_json is None else as_json
        self._console = Console(file=stream, highlight=False, soft_wrap=True)

    def show(self, record: Published) -> None:
        """Print one record as soon as it is visible."""
        if self._as_json:
            where = {"topic": record.topic, "partition": record.partition, "position": record.position}
            self._stream.write(json_line(record.key, record.headers, record.value, **where) + "\n")
        else:
            self._console.print(_lines(record))
        self._stream.flush()


def json_line(key: bytes, headers: Headers, value: bytes, **more: object) -> str:
    """A record as one JSON object `{"key", "headers", "value"}`; a value that is not JSON becomes text."""
    return orjson.dumps(
        {
            **more,
            "key": key.decode("utf-8", "replace"),
            "headers": {name: _header(name, text) for name, text in headers},
            "value": _value(value),
        }
    ).decode()


def _header(name: str, value: bytes) -> str:
    return header_text(value) if name == HEADER else value.decode("utf-8", "replace")


def _value(value: bytes) -> Any:
    try:
        return orjson.loads(without_frame(value))
    except orjson.JSONDecodeError:
        return value.decode("utf-8", "replace")


def _lines(record: Published) -> Text:
    """Two lines: what happened and where, then the headline or the lead."""
    message = _value(record.value)
    if not isinstance(message, dict) or "change" not in message:
        return _letter(record)
    change = message["change"]
    dateline = message.get("dateline") or {}
    place = ", ".join(filter(None, (dateline.get("city"), dateline.get("country")))) or "no dateline"
    first = Text()
    first.append(f"{change:9}", style=_COLOURS.get(change, ""))
    first.append(f" {message['source']['feed_id']}", style="cyan")
    first.append(f"  {message.get('date') or 'no date'}  {place}  {len(message.get('paragraphs', ()))} paragraphs")
    if message["changed"]:
        first.append(f"  revision {message['revision']}: {', '.join(message['changed'])}", style="yellow")
    first.append(f"  {record.topic}[{record.partition}]@{record.position}", style="dim")
    lead = (message.get("lead") or {}).get("text", "")
    words = message.get("headline") or lead
    first.append(f"\n          {_plain(words[:160])}", style="bold")
    return first


def _letter(record: Published) -> Text:
    """Two lines about bytes that became no event: whose they are, and why."""
    headers = {name: _plain(text.decode("utf-8", "replace")) for name, text in record.headers}
    first = Text()
    first.append("rejected ", style="red")
    first.append(f" {_plain(record.key.decode('utf-8', 'replace'))}", style="cyan")
    first.append(f"  {headers.get('dateline_reason', 'no reason given')}  {len(record.value)} bytes")
    first.append(f"  {record.topic}[{record.partition}]@{record.position}", style="dim")
    first.append(f"\n          {headers.get('__connect.errors.exception.message', '')[:160]}", style="bold")
    return first


_COLUMNS = {
    "ID": "id",
    "STATE": "state",
    "REASON": "reason",
    "POLLED": "polled_at",
    "NEXT": "next_poll_at",
    "NEWEST": "newest_entry_at",
    "FAILURES": "failures",
    "ENTRIES": "entries",
    "URL": "url",
}


def status_lines(rows: Sequence[Mapping[str, Any]], *, as_json: bool) -> Iterator[str]:
    """How feeds are doing: a table with times in UTC, or one JSON object per line with all that is known."""
    if as_json:
        for row in rows:
            yield orjson.dumps(row, option=orjson.OPT_UTC_Z).decode()
        return
    table = [tuple(_COLUMNS), *(tuple(_cell(row[name]) for name in _COLUMNS.values()) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    return _plain("-" if value is None else str(value))


def _plain(text: str) -> str:
    """Bytes of strangers must not steer the terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
