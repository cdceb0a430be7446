"""Where a poll stands that cannot be settled yet, and what it waits for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .entry import Document, NotAFeed
from .page import NoPage, Page

if TYPE_CHECKING:
    from .fetch import Request

# What a poll needs of an answer to one of its requests.
Digest = Document | NotAFeed | Page | NoPage


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What has to be had before a poll can be settled: sitemaps that an index names, or pages of articles.

    Whoever asks makes a digest of each answer, and begins the poll again with all digests that it has by then, None
    for what was not asked.
    """

    requests: tuple[Request, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """The ids of the articles that a poll would be the first to publish; other feeds may have done so already."""

    ids: frozenset[str]
