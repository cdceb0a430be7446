"""Facts of a text, of a page or of a pair of texts that did not come from a feed."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from worker.model.page import Page
from worker.steps import fingerprint, language
from worker.steps.encode import encode_dateline, encode_span
from worker.steps.facts.dateline import read_opening
from worker.steps.facts.paragraphs import find_paragraphs
from worker.steps.page import read_page

if TYPE_CHECKING:
    from collections.abc import Mapping


def extract(document: Mapping[str, Any]) -> dict[str, Any]:
    """What the document says, as plain data with the fields of the message.

    Args:
        document: {"text", "date"}: a text, paragraphs apart by blank lines, and its day of publication (ISO, may be
            left out); or {"html", "meta": {"url"}}: an article's page; or {"a", "b"}: two texts, to be compared.

    Raises:
        KeyError, TypeError, ValueError: if the document has none of these forms.
    """
    if "html" in document:
        return _page(document["html"], str(document.get("meta", {}).get("url", "")))
    if "a" in document and "b" in document:
        return _pair(document["a"], document["b"])
    day = date.fromisoformat(document["date"][:10]) if document.get("date") else None
    return _text(document["text"], day)


def _text(text: str, day: date | None) -> dict[str, Any]:
    """The facts of a text; offsets are into the text as given."""
    opening = read_opening(text, day)
    paragraphs = find_paragraphs(text, body_start=opening.body_start)
    resolved = opening.day(day)
    return {
        "date": None if resolved is None else resolved.isoformat(),
        "language": language.detect(text),
        "fingerprint": fingerprint.fingerprint(text),
        "dateline": encode_dateline(opening.dateline),
        "lead": encode_span(paragraphs[0]) if paragraphs else None,
        "paragraphs": [encode_span(paragraph) for paragraph in paragraphs],
    }


def _page(html: str, url: str) -> dict[str, Any]:
    """The main text of a page, as `body`; offsets are into it."""
    page = read_page(html.encode("utf-8", "replace"), url=url, content_type="text/html; charset=utf-8")
    if not isinstance(page, Page):
        return {"body": None, "paragraphs": [], "reason": page.reason}
    body = "\n\n".join(page.paragraphs)
    return {
        "headline": page.headline,
        "byline": page.byline,
        "published": page.published,
        "canonical_url": page.canonical_url,
        "language": language.detect(body, declared=page.language),
        "body": body,
        "paragraphs": [encode_span(paragraph) for paragraph in find_paragraphs(body, body_start=0)],
    }


def _pair(a: str, b: str) -> dict[str, Any]:
    one, other = fingerprint.fingerprint(a), fingerprint.fingerprint(b)
    return {"near_duplicate": one is not None and other is not None and fingerprint.near_duplicate(one, other)}
