"""What a robots.txt allows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from worker.model.fetch import Response
from worker.steps.robots import Robots, read_robots

STORY = "https://news.example/world/story"


def robots(text: bytes | None, status: int = 200) -> Robots | None:
    response = Response(
        url="https://news.example/robots.txt", status=status, retrieved_at=datetime(2026, 3, 1, tzinfo=UTC)
    )
    return read_robots(response, text, agent="Dateline")


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        (b"", True),
        (b"User-agent: *\nDisallow: /admin/\n", True),
        (b"User-agent: *\nDisallow: /world/\n", False),
        (b"User-agent: *\nDisallow: /\n\nUser-agent: dateline\nDisallow:\n", True),
        (b"User-agent: *\nDisallow:\n\nUser-agent: Dateline\nDisallow: /\n", False),
        # The longest rule wins (RFC 9309, 2.2.2).
        (b"User-agent: *\nDisallow: /\nAllow: /world/\n", True),
        (b"User-agent: *\nDisallow: /*story$\n", False),
        (b"\xef\xbb\xbfUser-agent: *\nDisallow: /world\n", False),
        (b"\x00\xff<html>not found</html>", True),
    ],
)
def test_the_most_specific_rule_for_our_name_decides(text: bytes, allowed: bool) -> None:  # noqa: FBT001 - a table
    rules = robots(text)
    assert rules is not None
    assert rules.allows(STORY) is allowed


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 301])
def test_a_site_without_the_file_allows_everything(status: int) -> None:
    rules = robots(b"User-agent: *\nDisallow: /\n", status)
    assert rules is not None
    assert rules.allows(STORY)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_site_that_fails_allows_nothing_for_now(status: int) -> None:
    assert robots(b"", status) is None


def test_a_file_that_cannot_be_decoded_forbids_nothing() -> None:
    rules = robots(None)
    assert rules is not None
    assert rules.allows(STORY)


def test_what_stands_beyond_500_kib_is_not_read() -> None:
    rules = robots(b"# \n" * 200_000 + b"User-agent: *\nDisallow: /\n")
    assert rules is not None
    assert rules.allows(STORY)


@pytest.mark.parametrize(
    ("delay", "pause_seconds"), [(b"3", 3), (b"1.5", 1.5), (b"86400", 30), (b"-1", 0), (b"soon", 0)]
)
def test_a_crawl_delay_is_a_pause_of_half_a_minute_at_most(delay: bytes, pause_seconds: float) -> None:
    rules = robots(b"User-agent: *\nCrawl-delay: " + delay + b"\n")
    assert rules is not None
    assert rules.pause_seconds == pause_seconds


def test_no_file_asks_for_no_pause() -> None:
    assert Robots(agent="Dateline").pause_seconds == 0
