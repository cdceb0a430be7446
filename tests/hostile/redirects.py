"""Servers that lead elsewhere: by redirects, by their addresses, by robots.txt; and those whose TLS is at fault."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .cases import OK, Cases
from .servers import GOOD, TIMEOUT, head, pour, send

if TYPE_CHECKING:
    from asyncio import StreamWriter

CASES = Cases()
server = CASES.server
REDIRECT = "network_error/redirect"
BLOCKED = "network_error/blocked"
TLS = "network_error/tls"


# Robots


async def _endless_robots(writer: StreamWriter) -> None:
    await pour(writer, head(), b"Disallow: /*a*a*a*a*a\n" * 1_000)


async def _costly_robots(writer: StreamWriter) -> None:
    rules = b"User-agent: *\n" + b"Disallow: /" + b"*a" * 50 + b"b$\n" + b"Crawl-delay: 1e308\nAllow: /*\n" * 50_000
    await send(writer, head(Content_Length=len(rules)) + rules)


async def _circling_robots(writer: StreamWriter) -> None:
    await send(writer, head("302 Found", Location="/robots.txt", Content_Length=0))


for _name, _robots in {"endless": _endless_robots, "circling": _circling_robots}.items():
    CASES.add(f"robots-that-are-{_name}", OK, page=lambda: GOOD, robots=_robots, published=0, waiting=1)
CASES.add("robots-that-are-costly", OK, page=lambda: GOOD, robots=_costly_robots)

# Redirects


@server(REDIRECT)
async def that_leads_to_itself(writer: StreamWriter) -> None:
    await send(writer, head("302 Found", Location="", Content_Length=0))


@server(REDIRECT)
async def that_leads_on_for_ever(writer: StreamWriter) -> None:
    await send(writer, head("302 Found", Location=f"?{time.monotonic_ns()}", Content_Length=0))


@server(REDIRECT)
async def that_leads_to_a_longer_address_each_time(writer: StreamWriter) -> None:
    there = f"/server-that-leads-to-a-longer-address-each-time/{time.monotonic_ns()}"
    await send(writer, head("301 Moved", Location=there + "x" * 6_000, Content_Length=0))


def _redirecting(name: str, location: str, expected: str) -> None:
    async def talk(writer: StreamWriter) -> None:
        await send(writer, head("302 Found", Location=location, Content_Length=0))

    CASES.add(f"redirect-to-{name}", expected, talk=talk)


for _name, _location in {
    "a-file": "file:///etc/passwd",
    "gopher": "gopher://127.0.0.1:FORBIDDEN/_GET",
    "data": "data:application/rss+xml,<rss/>",
    "ftp": "ftp://127.0.0.1:FORBIDDEN/",
    "javascript": "javascript:alert(1)",
    "no-host": "http://",
    "a-port-that-is-none": "http://127.0.0.1:99999/",
    "a-broken-bracket": "http://[::1",
    "encoded-letters": "http://%31%32%37.0.0.1:FORBIDDEN/",
}.items():
    _redirecting(_name, _location, REDIRECT)

# Only 127.77.0.0/16 is allowed where these are used.
PRIVATE = {
    "loopback": "127.0.0.1",
    "loopback-in-hexadecimal": "0x7f000001",
    "loopback-in-parts-of-hexadecimal": "0x7f.0x0.0x0.0x1",
    "loopback-in-octal": "0177.0.0.1",
    "loopback-cut-short": "127.1",
    "loopback-as-a-number": "2130706433",
    "loopback-with-a-dot": "127.0.0.1.",
    "loopback-in-full-width-digits": "\uff11\uff12\uff17.\uff10.\uff10.\uff11",
    "loopback-in-circled-digits": "\u2460\u2461\u2466.0.0.\u2460",
    "loopback-with-ideographic-stops": "127\u30020\u30020\u30021",
    "loopback-by-name": "localhost",
    "nowhere": "0.0.0.0",
    "nowhere-cut-short": "0",
    "loopback-of-ipv6": "[::1]",
    "loopback-mapped": "[::ffff:127.0.0.1]",
    "loopback-mapped-in-hexadecimal": "[::ffff:7f00:1]",
    "loopback-compatible": "[::127.0.0.1]",
    "loopback-of-nat64": "[64:ff9b::7f00:1]",
    "loopback-of-6to4": "[2002:7f00:1::]",
    "loopback-of-teredo": "[2001:0:7f00:1::1]",
    "nowhere-of-ipv6": "[::]",
    "link-local": "169.254.169.254",
    "link-local-as-a-number": "2852039166",
    "link-local-mapped": "[::ffff:169.254.169.254]",
    "link-local-of-ipv6": "[fe80::1%25lo]",
    "private-10": "10.0.0.1",
    "private-172": "172.16.0.1",
    "private-192": "192.168.0.1",
    "carrier": "100.64.0.1",
    "unique-local": "[fd00::1]",
    "multicast": "224.0.0.1",
    "broadcast": "255.255.255.255",
}
for _name, _host in PRIVATE.items():
    _written = _host.encode("utf-8").decode("latin-1")  # as a header carries it
    _redirecting(_name, f"http://{_written}:FORBIDDEN/", BLOCKED)
for _name in ("loopback", "loopback-mapped", "link-local", "nowhere"):
    CASES.add(f"at-{_name}", BLOCKED, url=f"http://{PRIVATE[_name]}:{{forbidden}}/")

CASES.add("at-a-name-that-is-none", "network_error/dns", url="http://nosuch.invalid:{port}/")
CASES.add("tls-of-nobody", TLS, listener="self_signed", body=lambda: GOOD)
CASES.add("tls-that-has-expired", TLS, listener="expired", body=lambda: GOOD)
CASES.add("tls-of-another-host", TLS, listener="wrong_host", body=lambda: GOOD)
CASES.add("tls-without-tls", TLS, url="https://127.77.9.1:{port}/")
CASES.add("tls-that-stalls", TIMEOUT, listener="stalled", url="https://127.77.9.2:{stalled}/")
