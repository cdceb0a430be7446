"""Facts of a text, of a page or of a pair of texts that did not come from a feed."""

from __future__ import annotations

from datetime import date
from typing import Any

from worker.model.page import Page
from worker.pipeline.facts import read_facts
from worker.steps import fingerprint, language
from worker.steps.encode import encode_attribution, encode_dateline, encode_facts, encode_span
from worker.steps.facts.dateline import read_opening
from worker.steps.facts.figures import unit_name
from worker.steps.facts.paragraphs import find_paragraphs
from worker.steps.page import read_page

# The language that there are rules for.
_RULES = "en"


class FormError(ValueError):
    """What was given is none of the forms that `extract` reads."""


def extract(document: object) -> dict[str, Any]:
    """What the document says, as plain data with the fields of the message.

    Args:
        document: {"text", "date"}: a text, paragraphs apart by blank lines, and its day of publication (ISO, may be
            left out); or {"html", "meta": {"url"}}: an article's page; or {"a", "b"}: two texts, to be compared.

    Raises:
        FormError: if the document has none of these forms.
    """
    match document:
        case {"html": str(html), "meta": {"url": str(url)}}:
            return _page(html, url)
        case {"html": str(html)}:
            return _page(html, "")
        case {"a": str(a), "b": str(b)}:
            return _pair(a, b)
        case {"text": str(text), **rest}:
            return _text(text, _day(rest.get("date")))
        case _:
            raise FormError('want {"text", "date"}, {"html", "meta": {"url"}} or {"a", "b"}, each of them text')


def _day(written: object) -> date | None:
    if not written:
        return None
    try:
        return date.fromisoformat(str(written)[:10])
    except ValueError as error:
        raise FormError(f'"date" is {written!r}; want an ISO day such as 2025-05-24') from error


def _text(text: str, day: date | None) -> dict[str, Any]:
    """The facts of a text; offsets are into the text as given."""
    opening = read_opening(text, day)
    paragraphs = find_paragraphs(text, body_start=opening.body_start)
    resolved = opening.day(day)
    tongue = language.detect(text)
    # One sentence may pass for several languages; the rules are tried where English is one of them.
    rules = tongue if tongue == _RULES else language.detect(text, declared=_RULES)
    facts = read_facts(text, opening, paragraphs, day=resolved, headline=None, language=rules)
    return {
        "date": None if resolved is None else resolved.isoformat(),
        "language": tongue,
        "fingerprint": fingerprint.fingerprint(text),
        "dateline": encode_dateline(opening.dateline),
        "lead": encode_span(paragraphs[0]) if paragraphs else None,
        "paragraphs": [encode_span(paragraph) for paragraph in paragraphs],
        **_numbered(encode_facts(facts)),
        "attributions": [encode_attribution(attribution) for attribution in facts.attributions],
    }


def _numbered(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts with one `value` for each figure, a list where it has several, and units by their names."""
    for figure in facts["figures"]:
        if figure["value"] is None:
            figure["value"] = figure["values"]
        if figure["unit"] is not None:
            figure["unit"] = unit_name(figure["unit"])
    return facts


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
