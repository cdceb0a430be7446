"""Documents that are not what they say: of other types, in other encodings, and compressed to nothing."""

from __future__ import annotations

import gzip
import zlib

import zstandard

from .cases import BROKEN, EMPTY, HTML, NOT_A_FEED, OK, UNDECODABLE, Cases, filled, item, rss, story

CASES = Cases()
case = CASES.document
_MIB = 2**20


# Lies about type and encoding


@case(OK, published=1, headers={"Content-Type": "application/rss+xml; charset=utf-7"})
def utf_7() -> bytes:
    return b"<?xml version='1.0' encoding='utf-7'?>" + rss(item("<description>+ADw-script+AD4-</description>"))


@case(OK, published=1)
def utf_16_without_a_mark() -> bytes:
    return rss(item("<description>words</description>")).decode().encode("utf-16-le")


@case(OK, published=1)
def utf_32_without_a_mark() -> bytes:
    return rss(item("<description>words</description>")).decode().encode("utf-32-be")


@case(OK, published=1, headers={"Content-Type": "text/xml; charset=utf-16"})
def declared_as_utf_16() -> bytes:
    return b"<?xml version='1.0' encoding='utf-16'?>" + rss(item("<description>words</description>"))


@case(OK, published=1)
def declared_in_a_charset_that_is_none() -> bytes:
    return b"<?xml version='1.0' encoding='../../etc/passwd'?>" + rss(item("<description>\xc3\xa9</description>"))


@case(OK, published=1, headers={"Content-Type": "text/xml; charset=zip"})
def declared_in_a_codec_that_is_no_charset() -> bytes:
    return b"<?xml version='1.0' encoding='hex'?>" + rss(item("<description>\xe9</description>"))


@case(OK, published=1)
def declared_as_punycode() -> bytes:
    return b"<?xml version='1.0' encoding='punycode'?>" + story("-\xe9a" * 100_000)


@case(OK, published=1)
def ebcdic() -> bytes:
    return ("<?xml version='1.0' encoding='cp037'?>" + rss(item("<description>words</description>")).decode()).encode(
        "cp037"
    )


@case(BROKEN, NOT_A_FEED)
def half_of_utf_16() -> bytes:
    return rss(item()).decode().encode("utf-16")[:101]


@case(NOT_A_FEED)
def a_picture() -> bytes:
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 4_000


@case(NOT_A_FEED)
def a_pdf() -> bytes:
    return b"%PDF-1.7\n" + bytes(range(256)) * 4_000


@case(NOT_A_FEED)
def a_program() -> bytes:
    return b"\x7fELF\x02\x01\x01" + bytes(100) + bytes(range(256)) * 4_000


@case(NOT_A_FEED)
def an_archive() -> bytes:
    return b"PK\x03\x04" + zlib.compress(bytes(1_000_000))


@case(NOT_A_FEED)
def noise() -> bytes:
    value, out = 1, bytearray()
    for _ in range(200_000):
        value = value * 1_103_515_245 + 12_345 & 0x7FFFFFFF
        out.append(value >> 16 & 0xFF)
    return b"\xaa" + bytes(out)


@case(EMPTY)
def nothing() -> bytes:
    return b""


@case(EMPTY)
def blanks() -> bytes:
    return b" \r\n\t" * 1_000_000


@case(EMPTY)
def zero_bytes_alone() -> bytes:
    return bytes(_MIB)


@case(HTML, headers={"Content-Type": "application/rss+xml"})
def a_page_that_says_it_is_a_feed() -> bytes:
    return b"<!doctype html><html><head><title>Just a moment...</title></head><body>Wait</body></html>"


@case(HTML)
def a_page_of_links() -> bytes:
    link = "<link rel=alternate type=application/rss+xml href="
    return ("<html><head>" + link * 60_000).encode()


@case(BROKEN)
def a_feed_that_stops_in_its_first_tag() -> bytes:
    return b"<?xml version='1.0'?><rss version='2.0' " + b"x" * 1_000_000


@case(NOT_A_FEED)
def markup_that_is_no_feed() -> bytes:
    return ("<data>" + filled("<row><cell>1</cell></row>", 3 * _MIB) + "</data>").encode()


# Codings


@case(UNDECODABLE, headers={"Content-Encoding": "gzip"})
def a_gzip_bomb() -> bytes:
    return gzip.compress(bytes(300 * _MIB), 9)


@case(UNDECODABLE)
def a_gzip_bomb_that_is_not_announced() -> bytes:
    return gzip.compress(bytes(30 * _MIB), 9)


@case(NOT_A_FEED, headers={"Content-Encoding": "gzip"})
def gzip_in_gzip() -> bytes:
    return gzip.compress(gzip.compress(gzip.compress(bytes(50 * _MIB), 9)))


@case(UNDECODABLE, headers={"Content-Encoding": "gzip, gzip"})
def gzip_announced_twice() -> bytes:
    return gzip.compress(gzip.compress(rss(item())))


@case(UNDECODABLE, headers={"Content-Encoding": "deflate"})
def a_zlib_bomb() -> bytes:
    return zlib.compress(bytes(300 * _MIB), 9)


@case(UNDECODABLE, headers={"Content-Encoding": "zstd"})
def a_zstd_bomb() -> bytes:
    return zstandard.compress(bytes(300 * _MIB))


@case(UNDECODABLE, headers={"Content-Encoding": "zstd"})
def a_zstd_window_of_1_gib() -> bytes:
    return b"\x28\xb5\x2f\xfd\x00\xa0" + zstandard.compress(rss(item()))[6:]


@case(UNDECODABLE, EMPTY, headers={"Content-Encoding": "zstd"})
def zstd_frames_to_be_skipped() -> bytes:
    return b"\x50\x2a\x4d\x18\0\0\0\0" * 400_000


@case(UNDECODABLE, headers={"Content-Encoding": "gzip"})
def gzip_that_stops() -> bytes:
    return gzip.compress(rss(item("<description>" + "words " * 10_000 + "</description>")))[:-30]


@case(UNDECODABLE, headers={"Content-Encoding": "gzip"})
def gzip_of_a_wrong_checksum() -> bytes:
    return gzip.compress(rss(item()))[:-8] + bytes(8)


@case(UNDECODABLE, headers={"Content-Encoding": "gzip"})
def gzip_that_is_none() -> bytes:
    return rss(item())


@case(EMPTY, headers={"Content-Encoding": "gzip"})
def gzip_of_200_000_empty_members() -> bytes:
    return gzip.compress(b"") * 200_000


@case(UNDECODABLE, headers={"Content-Encoding": "br"})
def a_coding_that_nobody_asked_for() -> bytes:
    return b"\x8b\x00\x80" * 1_000


@case(UNDECODABLE, headers={"Content-Encoding": "x" * 8_000})
def a_coding_with_a_long_name() -> bytes:
    return rss(item())
