"""A wire story as plain text: one document, one entry."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from worker.model.entry import Content, Document, Entry, NotAFeed

# The form of the story that defines our fields: a header line with the word "date" and an ISO day.
_HEADER = re.compile(rb"(?:\xef\xbb\xbf)?\s*date\s+\d{4}-\d{2}-\d{2}\s")


def is_wire(body: bytes) -> bool:
    """Whether a body opens as a wire story does."""
    return _HEADER.match(body) is not None


def parse_wire(body: bytes, *, url: str) -> Document | NotAFeed:
    """The one entry of a wire story. Its identity is the address it came from."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return NotAFeed(reason="undecodable", detail=f"the text is not UTF-8: {error.reason} at byte {error.start}")
    parts = urlsplit(url)
    entry = Entry(
        guid=PurePosixPath(parts.path).name or url,
        link=url if parts.scheme in {"http", "https"} else None,
        content=Content(value=text, html=False),
    )
    return Document(format="wire", entries=(entry,))
