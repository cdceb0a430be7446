"""An article's page: its main text and what it says about itself."""

from __future__ import annotations

from urllib.parse import urlsplit

from worker.model.page import NotAPage, Page

from .blocks import lay_out
from .clean import clean
from .decode import decode
from .jsonld import LinkedData
from .metadata import read_metadata
from .refusals import refuse_markup, refuse_story
from .story import declared_story, find_story
from .tree import read_tree

# Many publishers say of every story that it is not free; those that show it whole show more than this.
_PARTIAL_CHARS = 1_500

__all__ = ["read_page"]


def read_page(body: bytes, *, url: str, content_type: str | None) -> Page | NotAPage:
    """The article of a page. Takes time linear in the size of the page, and raises for none.

    Args:
        body: the page's bytes, without content coding.
        url: where it came from; relative links are resolved against it.
        content_type: the header, for its charset.
    """
    markup = decode(body, content_type)
    if (refusal := refuse_markup(body, markup)) is not None:
        return refusal
    root, whole = read_tree(markup)
    data = LinkedData(root, url)
    metadata = read_metadata(root, data, url)
    warnings = [] if whole else ["page: only its beginning was read, it is too large or nested too deep"]

    found = find_story(lay_out(root, _host(url)), data.body)
    story = clean(found, metadata.headline)
    paragraphs = [block.text for block in story]
    if (refusal := refuse_story(found, story, metadata.title)) is not None:
        paragraphs = declared_story(data.body or "")
        if not paragraphs:
            return refusal
        warnings.append("page: the text is that of its metadata, the page itself shows none")
    if data.is_partial and sum(map(len, paragraphs)) < _PARTIAL_CHARS:
        warnings.append("page: the publisher shows a part of the story to those who do not pay")
    return Page(
        canonical_url=metadata.canonical_url,
        headline=metadata.headline,
        byline=metadata.byline,
        publisher=metadata.publisher,
        published=metadata.published,
        updated=metadata.updated,
        language=metadata.language,
        section=metadata.section,
        tags=metadata.tags,
        media=metadata.media,
        paragraphs=tuple(paragraphs),
        warnings=tuple(warnings),
    )


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
