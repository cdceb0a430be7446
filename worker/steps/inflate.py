"""Undo the content coding of a body, with a cap on what comes out (a gzip bomb is 1,000 times its size)."""

from __future__ import annotations

import zlib

import zstandard

from worker.model.entry import NotAFeed

_GZIP = 16 + zlib.MAX_WBITS
_ZLIB = zlib.MAX_WBITS
_RAW = -zlib.MAX_WBITS
_PIECE_BYTES = 16_384
# zstandard has no cap on what one call gives out. Four bytes of a frame make at most one block of 128 KiB
# (RFC 8878, 3.1.1.2), so a piece of this size makes at most 8 MiB.
_ZSTD_PIECE_BYTES = 256
_ZSTD_MAX_WINDOW_BYTES = 2**23  # RFC 9659, 3: what a receiver must be ready for, and need not exceed


def inflate(body: bytes, coding: str, *, max_bytes: int) -> bytes | NotAFeed:
    """The decoded bytes, or why there are none.

    Args:
        body: as it travelled.
        coding: the value of Content-Encoding (RFC 9110, 8.4).
        max_bytes: cap on the decoded size.
    """
    match coding:
        case "identity":
            # Some servers send gzip files as they lie on disk, without saying so.
            return _gunzip(body, max_bytes) if body[:3] == b"\x1f\x8b\x08" else body
        case "gzip" | "x-gzip":
            return _gunzip(body, max_bytes)
        case "deflate":
            # "deflate" means zlib (RFC 9110, 8.4.1.2), but some servers send the raw stream.
            wbits = _ZLIB if body[:1] and body[0] & 0x0F == zlib.DEFLATED and _zlib_header(body) else _RAW
            return _members(body, wbits, max_bytes)
        case "zstd":
            return _frames(body, max_bytes)
        case _:
            return NotAFeed(reason="undecodable", detail=f'content coding "{coding[:40]}" was not asked for')


def _gunzip(body: bytes, max_bytes: int) -> bytes | NotAFeed:
    return _members(body, _GZIP, max_bytes)


def _zlib_header(body: bytes) -> bool:
    return len(body) > 1 and (body[0] << 8 | body[1]) % 31 == 0


def _members(body: bytes, wbits: int, max_bytes: int) -> bytes | NotAFeed:
    # A gzip body may be several members in a row (RFC 1952, 2.2). zlib copies what it has not used, so it is given
    # small pieces: a body of nothing but empty members would cost the square of its size.
    if not body:
        return b""
    out = bytearray()
    inflater = zlib.decompressobj(wbits)
    position = 0
    while position < len(body):
        piece = body[position : position + _PIECE_BYTES]
        try:
            out += inflater.decompress(piece, max_bytes + 1 - len(out))
        except zlib.error as error:
            return NotAFeed(reason="undecodable", detail=f"compressed body is damaged: {error}")
        if len(out) > max_bytes:
            return _too_much(max_bytes)
        position += len(piece) - len(inflater.unused_data)
        if inflater.eof:
            if wbits != _GZIP or body[position : position + 2] != b"\x1f\x8b":
                return bytes(out)
            inflater = zlib.decompressobj(wbits)
    return _stopped()


def _frames(body: bytes, max_bytes: int) -> bytes | NotAFeed:
    # A zstd body may be several frames in a row (RFC 8878, 3).
    out = bytearray()
    decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_MAX_WINDOW_BYTES)
    inflater = decompressor.decompressobj()
    position = 0
    while position < len(body):
        piece = body[position : position + _ZSTD_PIECE_BYTES]
        try:
            out += inflater.decompress(piece)
        except zstandard.ZstdError as error:
            return NotAFeed(reason="undecodable", detail=f"compressed body is damaged: {error}")
        if len(out) > max_bytes:
            return _too_much(max_bytes)
        position += len(piece) - len(inflater.unused_data)
        if not inflater.eof:
            continue
        if position == len(body):
            return bytes(out)
        inflater = decompressor.decompressobj()
    return _stopped() if body else b""


def _too_much(max_bytes: int) -> NotAFeed:
    return NotAFeed(reason="undecodable", detail=f"body inflates to more than {max_bytes} bytes")


def _stopped() -> NotAFeed:
    return NotAFeed(reason="undecodable", detail="compressed body stops in the middle")
