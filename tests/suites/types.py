"""What a document is expected to say, and what a reader says of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# What http:// tests of feedparser are written against.
URL = "http://127.0.0.1:8097/feed.xml"


@dataclass
class Row:
    """What a reader says of one entry."""

    title: str = ""
    link: str = ""
    guid: str = ""
    published: str = ""
    updated: str = ""
    authors: list[str] = field(default_factory=list)
    media: list[str] = field(default_factory=list)
    enclosures: list[str] = field(default_factory=list)
    summary: str = ""
    content: str = ""
    tags: list[str] = field(default_factory=list)
    language: str = ""
    languages: list[str] = field(default_factory=list)
    point: tuple[float, float] | None = None


@dataclass
class Reading:
    """What a reader says of a document. `empty` counts the items without anything, which we set aside."""

    title: str = ""
    language: str = ""
    rows: list[Row] = field(default_factory=list)
    empty: int = 0
    refused: str = ""


@dataclass
class Check:
    """One expectation: a field of the feed, or of the entry at `index`."""

    field: str
    expected: Any
    index: int | None = None


@dataclass
class Case:
    """A document and what is expected of it."""

    name: str
    body: bytes
    checks: list[Check]
    url: str = URL
    content_type: str | None = "application/xml"
    headers: dict[str, str] = field(default_factory=dict)
    skipped: int = 0
    # Whether items without anything are left out of the count, on both sides.
    dense: bool = False
