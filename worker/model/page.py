"""An article's page, read: its main text and what it says about itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from .entry import Media


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What an article's page says. Values are clean text of one line; dates are as written; links are absolute.

    `paragraphs` is the main text as a reader sees it, without headline, captions, navigation and boilerplate.
    """

    canonical_url: str | None = None
    headline: str | None = None
    byline: str | None = None
    publisher: str | None = None
    published: str | None = None
    updated: str | None = None
    language: str | None = None
    section: str | None = None
    tags: tuple[str, ...] = ()
    media: tuple[Media, ...] = ()
    paragraphs: tuple[str, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAPage:
    """An answer that holds no article. `reason` is a label of few values; `detail` is for people."""

    reason: Literal["empty", "not_html", "undecodable", "no_text"]
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoPage:
    """A page that was not had: `later` it may come, `never` it will, `gone` it was there and is no more."""

    when: Literal["later", "never", "gone"]
    detail: str


PageAnswer = Page | NoPage
