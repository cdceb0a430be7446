"""The headers of requests and answers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from worker.model.fetch import fits_header

if TYPE_CHECKING:
    import aiohttp

    from worker.model.fetch import Request

_ACCEPT_BY_KIND = {
    "feed": (
        "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, "
        "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.9, */*;q=0.5"
    ),
    "page": "text/html, application/xhtml+xml;q=0.9, */*;q=0.5",
    "robots": "text/plain, */*;q=0.5",
    "hub": "*/*",
}
# Those that worker.steps.inflate undoes within a bound on memory.
ACCEPT_ENCODING = "gzip, deflate, zstd"
_NOT_UTF8 = re.compile(r"[\udc80-\udcff]")  # a byte that is not, as aiohttp decodes headers


def sent_headers(  # noqa: PLR0913 - all that has a say
    request: Request, url: str, *, home: str, user_agent: str, credentials: str | None, at_home: bool
) -> list[tuple[str, str]]:
    """What is said to one address on the way.

    Args:
        request: what is wanted.
        url: where this request goes.
        home: the URL of `request`, without credentials.
        user_agent: who we say we are.
        credentials: those of the URL of `request`, as a value of Authorization.
        at_home: no redirect has left the origin of `home` yet, for which credentials and own headers are meant.
    """
    headers = [
        ("User-Agent", user_agent),
        ("Accept", _ACCEPT_BY_KIND[request.kind]),
        ("Accept-Encoding", ACCEPT_ENCODING),
    ]
    if request.form is not None:
        headers.append(("Content-Type", "application/x-www-form-urlencoded"))
    elif url == (request.validators_url or home):
        validators = (("If-None-Match", request.etag), ("If-Modified-Since", request.last_modified))
        headers += [(name, value) for name, value in validators if value is not None and fits_header(value)]
    if not at_home:
        return headers
    if credentials is not None:
        headers.append(("Authorization", credentials))
    if not request.headers:
        return headers
    replaced = {name.lower() for name, _ in request.headers}
    return [(name, value) for name, value in headers if name.lower() not in replaced] + list(request.headers)


def received_headers(response: aiohttp.ClientResponse) -> dict[str, str]:
    """Headers by lower-case name, repeated ones joined (RFC 9110, 5.3).

    Bytes that are not UTF-8 become U+FFFD; a validator that has some could not be sent back as it was, and is left out.
    """
    headers: dict[str, str] = {}
    for name, value in response.headers.items():
        key = name.lower()
        if key in {"etag", "last-modified"} and not fits_header(value):
            continue
        clean = value if value.isascii() else _NOT_UTF8.sub("\N{REPLACEMENT CHARACTER}", value)
        headers[key] = f"{headers[key]}, {clean}" if key in headers else clean
    return headers
