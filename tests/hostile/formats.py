"""Hostile JSON Feeds and sitemaps."""

from __future__ import annotations

import json

from .cases import BROKEN, NOT_A_FEED, OK, TOO_COSTLY, Cases

CASES = Cases()
case = CASES.document
# What an entity, or an address, must never bring.
SECRET = "file:///etc/passwd"
_MIB = 2**20


# JSON


def _json(items: str, *, more: str = "") -> bytes:
    return f'{{"version": "https://jsonfeed.org/version/1.1", "title": "T"{more}, "items": [{items}]}}'.encode()


@case(BROKEN)
def json_nested_a_million_deep() -> bytes:
    return b'{"version":' + b"[" * 1_000_000


@case(BROKEN, OK)
def json_items_nested_a_million_deep() -> bytes:
    return _json('{"id": "1", "content_text": ' + "[" * 1_000_000 + "]" * 1_000_000 + "}")


@case(OK, published=1)
def json_of_the_same_key_over_and_over() -> bytes:
    return _json("{" + '"id": "1",' * 200_000 + '"content_text": "words"}')


@case(OK, published=2)
def json_of_numbers_that_are_none() -> bytes:
    return _json(
        '{"id": NaN, "content_text": "one"}, {"id": -Infinity, "content_text": "two", "attachments": '
        '[{"url": "https://x.example/", "size_in_bytes": 1e999}]}'
    )


@case(BROKEN, OK)
def json_of_a_number_of_a_million_digits() -> bytes:
    return _json(f'{{"id": {"9" * 1_000_000}, "content_text": "words"}}')


@case(OK, published=1)
def json_of_half_characters() -> bytes:
    return _json(r'{"id": "\ud800", "content_text": "\ud800 \udfff \u0000 words", "title": "\udc00"}')


@case(BROKEN)
def json_of_items_that_are_no_list() -> bytes:
    return b'{"version": "https://jsonfeed.org/version/1.1", "items": {"length": 9007199254740993}}'


@case(OK, TOO_COSTLY, published=0, letter="unreadable_entry")
def json_of_a_million_times_nothing() -> bytes:
    return _json("null," * 999_999 + "null")


@case(OK, published=1)
def json_of_other_types_everywhere() -> bytes:
    parts = ("authors", "attachments", "tags", "hubs", "language", "image", "date_published", "title", "url", "summary")
    wrong = ", ".join(f'"{name}": [[{{}}], 1e308, true, null, "x"]' for name in parts)
    return _json(f'{{"id": "1", "content_html": "words", {wrong}}}', more=f", {wrong}")


@case(OK, published=1)
def json_of_100_000_authors() -> bytes:
    return _json(json.dumps({"id": "1", "content_text": "x", "authors": [{"name": f"A{n}"} for n in range(100_000)]}))


@case(OK, published=1)
def json_with_the_names_of_python() -> bytes:
    return _json(
        '{"id": "1", "content_text": "x", "__class__": "os.system", "__proto__": {"a": 1}, "%s": "{0.__init__}"}'
    )


@case(OK, published=1)
def json_that_stops() -> bytes:
    return _json('{"id": "1", "content_text": "one"}, {"id": "2", "content_text": "two')[:-2]


@case(BROKEN)
def json_braces() -> bytes:
    return b"{" * _MIB


# Sitemaps


def _index(*addresses: str) -> bytes:
    named = "".join(f"<sitemap><loc>{address}</loc></sitemap>" for address in addresses)
    return f"<sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{named}</sitemapindex>".encode()


@case(NOT_A_FEED)
def a_sitemap_index_of_itself() -> bytes:
    return _index("SELF")


@case(NOT_A_FEED)
def a_sitemap_index_of_private_addresses() -> bytes:
    return _index("http://127.0.0.1:FORBIDDEN/map", "http://[::1]:FORBIDDEN/map", "http://0x7f.1:FORBIDDEN/map", SECRET)


@case(OK, published=0)
def a_sitemap_of_words_without_addresses() -> bytes:
    return b"<urlset>" + b"<url><loc>nowhere:</loc></url>" * 20_000 + b"</urlset>"


@case(OK, TOO_COSTLY)
def a_sitemap_of_50_000_addresses() -> bytes:
    named = "".join(f"<url><loc>https://x.example/{number}</loc></url>" for number in range(50_000))
    return f"<urlset>{named}</urlset>".encode()


@case(OK, published=1)
def a_sitemap_with_entities() -> bytes:
    return b"<!DOCTYPE urlset [<!ENTITY x SYSTEM 'http://127.0.0.1:FORBIDDEN/map'>]><urlset><url><loc>https://x.example/&x;</loc></url></urlset>"
