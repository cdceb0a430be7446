from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from io import StringIO

from worker.edges.terminal import RecordPrinter, status_lines
from worker.model.event import Published


def test_the_state_of_feeds_is_a_table_for_people():
    at = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    row = {"id": "a", "state": "failing", "reason": "http_404", "polled_at": at, "next_poll_at": at, "failures": 2}
    # As the publisher wrote it, two hours east.
    newest_at = datetime(2026, 3, 1, 14, 30, tzinfo=timezone(timedelta(hours=2)))
    rest = {"newest_entry_at": newest_at, "entries": 0, "url": "https://a.example/\x1b[2J"}
    header, line = status_lines([row | rest], as_json=False)
    assert header.split() == ["ID", "STATE", "REASON", "POLLED", "NEXT", "NEWEST", "FAILURES", "ENTRIES", "URL"]
    day = ["2026-03-01", "12:30:00"]
    assert line.split() == ["a", "failing", "http_404", *day, *day, *day, "2", "0", "https://a.example/\ufffd[2J"]


def test_a_dead_letter_says_whose_it_is_and_why_and_steers_no_terminal():
    stream = StringIO()
    headers = (("dateline_reason", b"broken"), ("__connect.errors.exception.message", b"no\x1b[31m XML"))
    letter = Published(topic="t", partition=0, position=7, key=b"a", headers=headers, value=b"<rss")
    RecordPrinter(stream, as_json=False).show(letter)
    assert stream.getvalue() == "rejected  a  broken  4 bytes  t[0]@7\n          no\ufffd[31m XML\n"


def test_a_headline_steers_no_terminal():
    stream = StringIO()
    value = b'{"change":"published","changed":[],"source":{"feed_id":"a"},"headline":"One\\u001b[2J"}'
    RecordPrinter(stream, as_json=False).show(
        Published(topic="t", partition=0, position=7, key=b"a", headers=(), value=value)
    )
    assert stream.getvalue().splitlines()[1] == "          One\ufffd[2J"
