"""Servers that are slow, send too much, or send what is wrong. The name of a function is that of its case."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING

from .cases import EMPTY, OK, Cases, item, rss

if TYPE_CHECKING:
    from asyncio import StreamWriter


CASES = Cases()
server = CASES.server
TIMEOUT = "network_error/timeout"
PROTOCOL = "network_error/protocol"
TOO_LARGE = "network_error/too_large"
GOOD = rss(item("<description>words</description>"))
_DROP_SECONDS = 0.05


def head(status: str = "200 OK", /, **headers: object) -> bytes:
    """The head of an answer; `Content_Length=3` is a header."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode("latin-1")


async def drip(writer: StreamWriter, first: bytes, drop: bytes) -> None:
    writer.write(first)
    while not writer.is_closing():
        writer.write(drop)
        await writer.drain()
        await asyncio.sleep(_DROP_SECONDS)


async def pour(writer: StreamWriter, first: bytes, piece: bytes) -> None:
    """As fast as anyone takes it, for as long as anyone does."""
    writer.write(first)
    while not writer.is_closing():
        writer.write(piece)
        await writer.drain()


async def send(writer: StreamWriter, data: bytes, *, close: bool = True) -> None:
    writer.write(data)
    await writer.drain()
    if close:
        writer.close()


def reset(writer: StreamWriter) -> None:
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def silence(writer: StreamWriter) -> None:
    while not writer.is_closing():  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(_DROP_SECONDS)


# Slowness


@server(TIMEOUT)
async def that_says_nothing(writer: StreamWriter) -> None:
    await silence(writer)


@server(TIMEOUT)
async def that_drips_its_headers(writer: StreamWriter) -> None:
    await drip(writer, b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x")


@server(TIMEOUT)
async def that_drips_header_after_header(writer: StreamWriter) -> None:
    await drip(writer, b"HTTP/1.1 200 OK\r\n", b"X: y\r\n")


@server(TIMEOUT)
async def that_drips_its_body(writer: StreamWriter) -> None:
    await drip(writer, head(Content_Length=1_000_000), b"x")


@server(TIMEOUT)
async def that_drips_chunks(writer: StreamWriter) -> None:
    await drip(writer, head(Transfer_Encoding="chunked"), b"1\r\nx\r\n")


@server(TIMEOUT)
async def that_drips_the_size_of_a_chunk(writer: StreamWriter) -> None:
    await drip(writer, head(Transfer_Encoding="chunked"), b"0")


@server(TIMEOUT)
async def that_stops_in_its_head(writer: StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Le")
    await silence(writer)


@server(TIMEOUT)
async def that_stops_in_its_body(writer: StreamWriter) -> None:
    writer.write(head(Content_Length=1_000) + b"<rss>")
    await silence(writer)


@server(TIMEOUT)
async def that_promises_more_than_it_has(writer: StreamWriter) -> None:
    writer.write(head(Content_Length=len(GOOD) + 1) + GOOD)
    await silence(writer)


@server(TIMEOUT)
async def that_announces_hints_and_stops(writer: StreamWriter) -> None:
    writer.write(head("103 Early Hints"))
    await silence(writer)


# Too much


@server(TOO_LARGE)
async def that_never_ends_its_chunks(writer: StreamWriter) -> None:
    await pour(writer, head(Transfer_Encoding="chunked"), b"10000\r\n" + b"x" * 65_536 + b"\r\n")


@server(TOO_LARGE)
async def that_never_ends_its_body(writer: StreamWriter) -> None:
    await pour(writer, head(), b"x" * 65_536)


@server(TOO_LARGE)
async def that_announces_an_exabyte(writer: StreamWriter) -> None:
    await pour(writer, head(Content_Length=10**18), b"x" * 65_536)


@server(PROTOCOL)
async def that_never_ends_its_headers(writer: StreamWriter) -> None:
    await pour(writer, b"HTTP/1.1 200 OK\r\n", b"X-More: and more\r\n" * 100)


@server(PROTOCOL)
async def that_never_ends_one_header(writer: StreamWriter) -> None:
    await pour(writer, b"HTTP/1.1 200 OK\r\nX-Long: ", b"x" * 65_536)


@server(PROTOCOL)
async def that_never_ends_its_status(writer: StreamWriter) -> None:
    await pour(writer, b"HTTP/1.1 200 ", b"O" * 65_536)


@server(PROTOCOL)
async def that_floods_with_interim_answers(writer: StreamWriter) -> None:
    await pour(writer, b"", head("102 Processing") * 100)


@server(PROTOCOL, TIMEOUT, TOO_LARGE)
async def that_never_ends_its_trailers(writer: StreamWriter) -> None:
    await pour(writer, head(Transfer_Encoding="chunked") + b"0\r\n", b"X-More: and more\r\n" * 100)


@server(PROTOCOL, TOO_LARGE, TIMEOUT)
async def of_endless_chunk_extensions(writer: StreamWriter) -> None:
    await pour(writer, head(Transfer_Encoding="chunked") + b"5", b";x=" + b"y" * 65_536)


@server(PROTOCOL)
async def of_a_million_tiny_chunks(writer: StreamWriter) -> None:
    await pour(writer, head(Transfer_Encoding="chunked"), b"1\r\n \r\n" * 10_000)


@server(PROTOCOL)
async def of_an_endless_chunk_extension(writer: StreamWriter) -> None:
    await pour(writer, head(Transfer_Encoding="chunked") + b"1;", b"x" * 10_000)


# Wrong


@server(PROTOCOL)
async def that_closes_too_early(writer: StreamWriter) -> None:
    await send(writer, head(Content_Length=len(GOOD) + 100) + GOOD)


@server("not_a_feed/broken", OK)
async def that_sends_more_than_it_says(writer: StreamWriter) -> None:
    await send(writer, head(Content_Length=len(GOOD) - 10) + GOOD)


@server(PROTOCOL)
async def of_two_lengths(writer: StreamWriter) -> None:
    await send(writer, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 9\r\n\r\n<rss></rss>")


@server(PROTOCOL)
async def of_a_negative_length(writer: StreamWriter) -> None:
    await send(writer, head(Content_Length=-1) + GOOD)


@server(PROTOCOL)
async def of_chunks_that_are_none(writer: StreamWriter) -> None:
    await send(writer, head(Transfer_Encoding="chunked") + b"zz\r\n" + GOOD)


@server(PROTOCOL)
async def of_a_chunk_of_negative_size(writer: StreamWriter) -> None:
    await send(writer, head(Transfer_Encoding="chunked") + b"-5\r\n" + GOOD)


@server(PROTOCOL)
async def of_chunks_that_stop(writer: StreamWriter) -> None:
    await send(writer, head(Transfer_Encoding="chunked") + b"%x\r\n" % (len(GOOD) + 5) + GOOD)


@server(PROTOCOL, OK)
async def of_both_length_and_chunks(writer: StreamWriter) -> None:
    both = head(Content_Length=5, Transfer_Encoding="chunked")
    await send(writer, both + b"%x\r\n%b\r\n0\r\n\r\n" % (len(GOOD), GOOD))


@server("network_error/connect", PROTOCOL)
async def that_hangs_up(writer: StreamWriter) -> None:
    writer.close()


@server("network_error/connect", PROTOCOL)
async def that_resets(writer: StreamWriter) -> None:
    reset(writer)


@server(PROTOCOL)
async def that_resets_in_the_middle(writer: StreamWriter) -> None:
    await send(writer, head(Content_Length=100_000) + GOOD, close=False)
    await asyncio.sleep(_DROP_SECONDS)
    reset(writer)


@server(PROTOCOL)
async def that_is_no_web_server(writer: StreamWriter) -> None:
    await send(writer, b"SSH-2.0-OpenSSH_9.6\r\n")


@server(PROTOCOL)
async def of_noise(writer: StreamWriter) -> None:
    await send(writer, bytes(range(256)) * 100)


@server(PROTOCOL)
async def of_http_0_9(writer: StreamWriter) -> None:
    await send(writer, GOOD)


@server(PROTOCOL)
async def of_http_2(writer: StreamWriter) -> None:
    await send(writer, b"\0\0\x12\x04\0\0\0\0\0" + bytes(18))


@server(PROTOCOL)
async def of_zero_bytes_in_headers(writer: StreamWriter) -> None:
    await send(writer, b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n")


@server("http_error/http_999")
async def of_a_status_that_is_none(writer: StreamWriter) -> None:
    await send(writer, head("999 Request denied", Content_Length=0))


@server("http_error/http_304")
async def of_304_to_those_who_did_not_ask(writer: StreamWriter) -> None:
    await send(writer, head("304 Not Modified", ETag='"x"') + GOOD)


@server(EMPTY)
async def of_a_200_without_a_body(writer: StreamWriter) -> None:
    await send(writer, head(Content_Length=0))


@server("http_error/http_206")
async def of_a_part(writer: StreamWriter) -> None:
    await send(writer, head("206 Partial Content", Content_Length=5) + b"<rss>")


@server("http_error/http_503")
async def that_asks_for_peace_for_ten_years(writer: StreamWriter) -> None:
    await send(writer, head("503 Service Unavailable", Retry_After=315_360_000, Content_Length=0))


@server("http_error/http_429")
async def of_a_pause_that_is_none(writer: StreamWriter) -> None:
    await send(writer, head("429 Too Many Requests", Retry_After="9" * 5_000, Content_Length=0))


@server(OK)
async def of_headers_that_are_others(writer: StreamWriter) -> None:
    """What looks like the end of a header, and what no header of ours may carry on."""
    odd = {
        "ETag": '"a\tb"; \xff\xfe', "Last_Modified": "yesterday\x85evil: 1", "Cache_Control": "max-age=" + "9" * 4_000,
        "Expires": "Mon, 03 Mar 1000000000 10:00:00 GMT", "Link": "<" * 5_000, "Content_Language": "e\xf1",
    }  # fmt: skip
    await send(writer, head(Content_Length=len(GOOD), **odd) + GOOD)


@server(OK)
async def of_cookies(writer: StreamWriter) -> None:
    cookies = b"".join(b"Set-Cookie: c%d=%b; Path=/\r\n" % (number, b"x" * 300) for number in range(100))
    await send(writer, b"HTTP/1.1 200 OK\r\n" + cookies + b"Content-Length: %d\r\n\r\n" % len(GOOD) + GOOD)
