from __future__ import annotations

import gzip
import tracemalloc
import zlib
from typing import TYPE_CHECKING

import pytest
import zstandard

from tests.hang import must_end
from worker.model.entry import NotAFeed
from worker.steps.inflate import inflate

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = b"<rss>" + b"All is quiet on the river. " * 40 + b"</rss>"
GZIP = gzip.compress(TEXT, mtime=0)
ZSTD = zstandard.compress(TEXT)
COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "identity": gzip.compress,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstandard.compress,
}


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
        (ZSTD, "zstd"),
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


def test_the_frames_of_a_zstd_body_are_joined() -> None:
    skippable = b"\x50\x2a\x4d\x18" + (400).to_bytes(4, "little") + bytes(400)  # RFC 8878, 3.1.2
    body = zstandard.compress(TEXT[:100]) + skippable + zstandard.compress(b"") + zstandard.compress(TEXT[100:])
    assert inflate(body, "zstd", max_bytes=len(TEXT)) == TEXT


def test_a_zstd_frame_that_wants_a_window_of_more_than_8_mib_is_refused() -> None:
    """RFC 9659, 3. The decoder would take that much memory, up to 128 MiB, before it gave out a byte."""

    def frame(window_log: int) -> bytes:
        parameters = zstandard.ZstdCompressionParameters(window_log=window_log)
        compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
        return compressor.compress(TEXT) + compressor.flush()

    assert inflate(frame(23), "zstd", max_bytes=len(TEXT)) == TEXT
    assert "too much memory" in undecodable(frame(24), "zstd")


@pytest.mark.parametrize("coding", ["identity", "gzip", "deflate", "zstd"])
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
        (ZSTD[:-1], "zstd"),
        (ZSTD[:5], "zstd"),
        (ZSTD + ZSTD[:20], "zstd"),
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
        (TEXT, "zstd"),
        (ZSTD + b"garbage", "zstd"),
    ],
)
def test_a_damaged_body_is_undecodable(body: bytes, coding: str) -> None:
    assert "damaged" in undecodable(body, coding)


@pytest.mark.parametrize("coding", ["br", "gzip, gzip", "x" * 500])
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


@pytest.mark.parametrize("coding", ["gzip", "identity", "deflate", "zstd"])
def test_a_bomb_is_refused_before_it_is_inflated(coding: str) -> None:
    zeros = bytes(50_000_000)
    bomb = COMPRESS[coding](zeros)
    del zeros
    with must_end():
        assert "more than 10000 bytes" in undecodable(bomb, coding)


def test_a_zstd_bomb_takes_little_more_memory_than_the_cap() -> None:
    """40 MB of the smallest blocks there are: four bytes that stand for 128 KiB (RFC 8878, 3.1.1.2.2)."""
    block = ((128 * 1024) << 3 | 1 << 1).to_bytes(3, "little") + b"x"
    bomb = b"\x28\xb5\x2f\xfd\x00\x38" + block * 320  # a frame with a window of 128 KiB
    tracemalloc.start()
    try:
        assert "more than 10000 bytes" in undecodable(bomb, "zstd")
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert 2**20 < peak_bytes < 20 * 2**20


def test_many_empty_frames_cost_time_in_proportion_to_their_number() -> None:
    body = zstandard.compress(b"") * 400_000
    with must_end():
        assert inflate(body, "zstd", max_bytes=1) == b""


def test_many_empty_members_cost_time_in_proportion_to_their_number() -> None:
    """A copy of the rest for each of 250,000 members would take 20 seconds and more."""
    body = gzip.compress(b"") * 250_000
    with must_end():
        assert inflate(body, "gzip", max_bytes=1) == b""
