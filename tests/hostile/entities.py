"""Documents by which an XML parser might fetch things, or multiply them."""

from __future__ import annotations

from .cases import BROKEN, OK, TOO_COSTLY, Cases, filled, item, rss, story

CASES = Cases()
case = CASES.document
# What an entity, or an address, must never bring.
SECRET = "file:///etc/passwd"
_MIB = 2**20


def _laughs(use: str) -> bytes:
    levels = "".join(f"<!ENTITY l{level + 1} '{f'&l{level};' * 10}'>" for level in range(9))
    return f"<!DOCTYPE rss [<!ENTITY l0 'lol'>{levels}]>".encode() + rss(item(use))


@case(OK, published=1)
def billion_laughs() -> bytes:
    return _laughs("<description>&l9;</description>")


@case(OK, published=1)
def billion_laughs_in_an_attribute() -> bytes:
    return _laughs("<enclosure url='&l9;' type='&l9;'/>")


@case(OK, TOO_COSTLY, published=1)
def quadratic_blowup() -> bytes:
    return f"<!DOCTYPE rss [<!ENTITY a '{'a' * 100_000}'>]>".encode() + story(filled("&a;", 600_000))


@case(OK, TOO_COSTLY, published=1)
def many_uses_of_a_short_entity() -> bytes:
    used = item(f"<description>{filled('&a;', 3 * _MIB)}</description>")
    return f"<!DOCTYPE rss [<!ENTITY a '{'a' * 1_900}'>]>".encode() + rss(used)


@case(OK, published=1)
def entities_that_name_each_other() -> bytes:
    return b"<!DOCTYPE rss [<!ENTITY a '&b;'><!ENTITY b '&a;'>]>" + rss(item("<description>&a;</description>"))


@case(OK, published=1)
def an_entity_in_a_file() -> bytes:
    return f"<!DOCTYPE rss [<!ENTITY x SYSTEM '{SECRET}'>]>".encode() + rss(item("<description>&x;</description>"))


@case(OK, published=1)
def an_entity_on_a_server() -> bytes:
    used = rss(item("<description>&x;</description><link>&x;</link>"))
    return b"<!DOCTYPE rss [<!ENTITY x SYSTEM 'http://127.0.0.1:FORBIDDEN/entity'>]>" + used


@case(OK, published=1)
def a_dtd_on_a_server() -> bytes:
    return b"<!DOCTYPE rss SYSTEM 'http://127.0.0.1:FORBIDDEN/dtd'>" + rss(item("<description>&x;</description>"))


@case(OK, published=1)
def parameter_entities() -> bytes:
    doctype = "<!DOCTYPE rss [<!ENTITY % d SYSTEM 'http://127.0.0.1:FORBIDDEN/parameter'> %d; ]>"
    return doctype.encode() + rss(item("<description>words</description>"))


@case(OK, published=1)
def an_xinclude() -> bytes:
    included = (
        "<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='http://127.0.0.1:FORBIDDEN/x' parse='text'/>"
    )
    return rss(item(f"<description>words {included}</description>"))


@case(OK, published=1)
def a_stylesheet_on_a_server() -> bytes:
    return b"<?xml-stylesheet type='text/xsl' href='http://127.0.0.1:FORBIDDEN/x.xsl'?>" + rss(item())


@case(OK, published=1)
def a_schema_on_a_server() -> bytes:
    where = (
        "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:schemaLocation='urn:x http://127.0.0.1:FORBIDDEN/s'"
    )
    return rss(item()).replace(b"<channel>", f"<channel {where}>".encode())


@case(OK, published=1)
def a_hundred_thousand_declarations() -> bytes:
    declared = "".join(f"<!ENTITY e{number} 'x'>" for number in range(100_000))
    return f"<!DOCTYPE rss [{declared}]>".encode() + rss(item("<description>&e99999;</description>"))


@case(OK, published=1)
def billion_laughs_in_utf_16() -> bytes:
    return _laughs("<description>&l9;</description>").decode().encode("utf-16")


@case(BROKEN)
def a_doctype_that_never_ends() -> bytes:
    return ("<!DOCTYPE rss [" + filled("<!ENTITY a 'b'", 2 * _MIB)).encode()
