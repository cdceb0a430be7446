"""Pages of articles that are traps, each linked to by the one entry of an ordinary feed."""

from __future__ import annotations

import gzip
import json

from .cases import OK, Cases

CASES = Cases()
page = CASES.page
_PROSE = (
    "<p>The harbour of Tarn was closed on Sunday after a freighter ran aground in fog, the port authority said.</p>"
    "<p>Two tugs from Orlen tried through the night to pull the ship free, but the tide was too low until morning.</p>"
)


def _page(inside: str, *, head: str = "") -> bytes:
    return f"<!doctype html><html><head><title>T</title>{head}</head><body>{inside}</body></html>".encode()


@page(OK)
def divs_nested_200_000_deep() -> bytes:
    return _page("<div>" * 200_000 + _PROSE)


@page(OK)
def tables_nested_50_000_deep() -> bytes:
    return _page("<table><tr><td>" * 50_000 + _PROSE)


@page(OK)
def a_million_elements() -> bytes:
    return _page("<p>x" * 1_000_000 + _PROSE)


@page(OK)
def forty_thousand_attributes() -> bytes:
    return _page("<p " + " ".join(f"a{number}=x" for number in range(40_000)) + f">{_PROSE}")


@page(OK)
def of_50_mb() -> bytes:
    return _page("x" * 50_000_000)


@page(OK, headers={"Content-Encoding": "gzip"})
def of_50_mb_compressed() -> bytes:
    return gzip.compress(_page("x" * 50_000_000))


@page(OK)
def of_one_word() -> bytes:
    return _page(f"<p>{'x' * 4_000_000}</p>")


@page(OK)
def that_refreshes_itself() -> bytes:
    return _page("Redirecting", head="<meta http-equiv=refresh content='0; url=/page'>")


@page(OK)
def that_refreshes_to_a_private_address() -> bytes:
    refresh = "<meta http-equiv=refresh content='0; url=http://127.0.0.1:FORBIDDEN/'>"
    return _page(_PROSE, head=f"{refresh}<link rel=canonical href='http://127.0.0.1:FORBIDDEN/canonical'>")


@page(OK)
def that_would_load_things() -> bytes:
    hosts = "http://127.0.0.1:FORBIDDEN/"
    loads = f"<script src={hosts}></script><img src={hosts}><iframe src={hosts}></iframe><object data={hosts}></object>"
    return _page(_PROSE + loads, head=f"<base href={hosts}><link rel=stylesheet href={hosts}>")


@page(OK)
def of_data_nested_100_000_deep() -> bytes:
    return _page(_PROSE, head=f"<script type=application/ld+json>{'[' * 100_000}</script>")


@page(OK)
def of_a_hundred_thousand_pieces_of_data() -> bytes:
    piece = json.dumps({"@type": "NewsArticle", "headline": "x"})
    return _page(_PROSE, head=f"<script type=application/ld+json>{piece}</script>" * 60_000)


@page(OK)
def of_comments_that_never_end() -> bytes:
    return _page("<!--" * 300_000 + _PROSE)


@page(OK)
def of_scripts_that_never_end() -> bytes:
    return _page("<script>" * 200_000 + _PROSE)


@page(OK)
def of_metadata() -> bytes:
    return _page(_PROSE, head="<meta property=article:tag content=x>" * 100_000)


@page(OK)
def of_ends() -> bytes:
    return _page("</p>" * 500_000 + _PROSE)


@page(OK)
def of_links() -> bytes:
    return _page("<a href='/x'>word</a> " * 150_000 + _PROSE)


@page(OK)
def of_zero_bytes() -> bytes:
    return _page(_PROSE.replace(" ", "\0") * 1_000)


@page(OK)
def of_utf_7() -> bytes:
    return _page("+ADw-p+AD4-words", head="<meta charset=utf-7>")


@page(OK)
def that_is_a_picture() -> bytes:
    return b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4_000


@page(OK)
def that_is_a_feed() -> bytes:
    return b"<rss><channel><item><title>x</title></item></channel></rss>"
