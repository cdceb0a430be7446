"""From the bytes of an answer to a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.model.entry import Document, NotAFeed
from worker.steps import inflate, jsonfeed, parse, wire

if TYPE_CHECKING:
    from worker.model.fetch import Response

_LEADING = b"\xef\xbb\xbf \t\r\n"


def read_document(response: Response, *, max_body_bytes: int) -> Document | NotAFeed:
    """Whatever feed the body holds. What it is decides the body, not the Content-Type: many servers get that wrong."""
    body = inflate.inflate(response.body, response.content_encoding, max_bytes=max_body_bytes)
    if isinstance(body, NotAFeed):
        return body
    if body.lstrip(_LEADING)[:1] == b"{":
        return jsonfeed.parse_json(body, url=response.url)
    if wire.is_wire(body):
        return wire.parse_wire(body, url=response.url)
    return parse.parse(body, url=response.url, content_type=response.headers.get("content-type"))
