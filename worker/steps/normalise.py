"""An entry as received becomes a draft: clean values, the same whatever the feed's format was."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from worker.model.article import Draft

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.model.article import Instant
    from worker.model.entry import Document, Entry, Media

# RFC 5646: letters and digits in parts of up to eight, joined by "-"; many feeds write "_". No language has a subtag of
# more than three letters: "English" is none.
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*")
# RSS 2.0 wants an e-mail address with the name in brackets as author; others write it the other way round.
_MAIL = r"[^\s@<>()]+@[^\s@<>()]+"
_MAIL_AND_NAME = re.compile(rf"{_MAIL} \((.+)\)")
_NAME_AND_MAIL = re.compile(rf"(.+?) ?[<(]{_MAIL}[>)]")
_BY = re.compile(r"^by\s+", re.IGNORECASE)


def normalise(  # noqa: PLR0913 - the parts of an entry, each made by its own step
    entry: Entry,
    document: Document,
    *,
    headline: str | None,
    blocks: Sequence[str],
    url: str | None,
    canonical_url: str | None,
    media: Sequence[Media],
    published_at: Instant | None,
    updated_at: Instant | None,
    warnings: Sequence[str],
) -> Draft:
    """Put the cleaned parts of an entry together."""
    tags = tuple(dict.fromkeys(" ".join(tag.split()) for tag in entry.tags))
    return Draft(
        guid=entry.guid,
        url=url,
        canonical_url=canonical_url,
        headline=headline,
        byline=_byline(entry.authors),
        section=tags[0] if len(tags) == 1 else None,
        tags=tags,
        media=tuple(media),
        language=_language(entry.language) or _language(document.language),
        text="\n\n".join(blocks),
        published_at=published_at,
        updated_at=updated_at,
        warnings=(*document.warnings, *warnings),
    )


def _byline(authors: Sequence[str]) -> str | None:
    names = []
    for author in authors:
        line = " ".join(author.split())
        match = _MAIL_AND_NAME.fullmatch(line) or _NAME_AND_MAIL.fullmatch(line)
        names.append(_BY.sub("", match[1] if match else line))
    return ", ".join(dict.fromkeys(name for name in names if name)) or None


def _language(declared: str | None) -> str | None:
    """A declared language as a BCP 47 tag with its usual case (RFC 5646, 2.1.1), or None."""
    if declared is None or not _LANGUAGE.fullmatch(declared):
        return None
    first, *rest = declared.replace("_", "-").split("-")
    parts = [first.lower()]
    for part in rest:
        if len(part) == 2 and part.isalpha():
            parts.append(part.upper())
        elif len(part) == 4 and part.isalpha():
            parts.append(part.title())
        else:
            parts.append(part.lower())
    return "-".join(parts)
