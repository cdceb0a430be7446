from __future__ import annotations

import gzip
import zlib

import pytest

from tests.hang import must_end
from worker.model.entry import NotAFeed
from worker.steps.inflate import inflate

TEXT = b"<rss>" + b"All is quiet on the river. " * 40 + b"</rss>"
GZIP = gzip.compress(TEXT, mtime=0)


def raw_deflate(data: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflater.compress(data) + deflater.flush()


def undecodable(body: bytes, coding: str, *, max_bytes: int = 10_000) -> str:
    """The reason why the body cannot be decoded; fails when it can."""
    refusal = inflate(body, coding, max_bytes=max_bytes)
    assert isinstance(refusal, NotAFeed)
    assert refusal.reason == "undecodable"
    return refusal.detail


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (TEXT, "identity"),
        (GZIP, "gzip"),
        (GZIP, "x-gzip"),
        (zlib.compress(TEXT), "deflate"),
        (raw_deflate(TEXT), "deflate"),
    ],
)
def test_every_coding_that_is_asked_for_is_undone(body: bytes, coding: str) -> None:
    assert inflate(body, coding, max_bytes=len(TEXT)) == TEXT


def test_a_gzip_file_that_is_served_without_saying_so_is_inflated() -> None:
    assert inflate(GZIP, "identity", max_bytes=10_000) == TEXT


def test_the_members_of_a_gzip_body_are_joined() -> None:
    body = gzip.compress(TEXT[:100]) + gzip.compress(b"") + gzip.compress(TEXT[100:])
    assert inflate(body, "gzip", max_bytes=len(TEXT)) == TEXT


@pytest.mark.parametrize("rest", [b"\0" * 512, b"\r\n", b"garbage"])
def test_what_follows_the_last_gzip_member_is_ignored(rest: bytes) -> None:
    assert inflate(GZIP + rest, "gzip", max_bytes=10_000) == TEXT


@pytest.mark.parametrize("coding", ["identity", "gzip", "deflate"])
def test_an_empty_body_is_empty_in_every_coding(coding: str) -> None:
    assert inflate(b"", coding, max_bytes=1) == b""


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (GZIP[:-1], "gzip"),
        (GZIP[:-9], "gzip"),
        (GZIP[:7], "gzip"),
        (GZIP + GZIP[:20], "gzip"),
        (zlib.compress(TEXT)[:-3], "deflate"),
        (raw_deflate(TEXT)[:-1], "deflate"),
    ],
)
def test_a_truncated_body_is_undecodable(body: bytes, coding: str) -> None:
    assert undecodable(body, coding) == "compressed body stops in the middle"


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (TEXT, "gzip"),
        (GZIP[:-8] + bytes(4) + GZIP[-4:], "gzip"),
        (GZIP[:15] + b"\xff\xff\xff" + GZIP[18:], "gzip"),
        (b"\xff" * 50, "deflate"),
    ],
)
def test_a_damaged_body_is_undecodable(body: bytes, coding: str) -> None:
    assert "damaged" in undecodable(body, coding)


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "x" * 500])
def test_a_coding_that_was_not_asked_for_is_named_and_cut(coding: str) -> None:
    detail = undecodable(TEXT, coding)
    assert f'"{coding[:40]}"' in detail
    assert len(detail) < 100


def test_the_cap_is_on_decoded_bytes_and_to_the_byte() -> None:
    assert inflate(GZIP, "gzip", max_bytes=len(TEXT)) == TEXT
    assert str(len(TEXT) - 1) in undecodable(GZIP, "gzip", max_bytes=len(TEXT) - 1)


def test_the_cap_counts_all_members_together() -> None:
    body = gzip.compress(TEXT[:500]) + gzip.compress(TEXT[500:])
    assert inflate(body, "gzip", max_bytes=len(TEXT)) == TEXT
    assert "more than" in undecodable(body, "gzip", max_bytes=len(TEXT) - 1)


@pytest.mark.parametrize("coding", ["gzip", "identity", "deflate"])
def test_a_bomb_is_refused_before_it_is_inflated(coding: str) -> None:
    zeros = bytes(50_000_000)
    bomb = zlib.compress(zeros) if coding == "deflate" else gzip.compress(zeros)
    del zeros
    with must_end():
        assert "more than 10000 bytes" in undecodable(bomb, coding)


def test_many_empty_members_cost_time_in_proportion_to_their_number() -> None:
    """A copy of the rest for each of 250,000 members would take 20 seconds and more."""
    body = gzip.compress(b"") * 250_000
    with must_end():
        assert inflate(body, "gzip", max_bytes=1) == b""
