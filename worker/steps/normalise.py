"""An entry as received becomes a draft: clean values, the same whatever the feed's format was."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from worker.model.article import Draft

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from worker.model.article import Instant
    from worker.model.entry import Document, Entry, Media

# No one signs with more.
_MAX_CHARACTERS = 5000
_MARKUP = re.compile(r"</?[a-z][a-z0-9]*(?:\s[^<>]*)?/?>", re.IGNORECASE)
_MAIL = r"(?:mailto:)?[^\s@<>()\[\],;:\"]++@[^\s@<>()\[\],;:\"]++"
_CONTACT = rf"(?:{_MAIL}|https?://[^\s<>()\[\]]++|@\w++)"
# RSS 2.0 wants an e-mail address with the name in brackets as author; others write it the other way round.
_CONTACT_AND_NAME = re.compile(rf"{_CONTACT}\s?\(((?:[^()]++|\([^()]*+\))++)\)")
_CONTACT_IN_BRACKETS = re.compile(rf"\s?[<(\[]\s?{_CONTACT}\s?[>)\]]")
_CONTACT_ALONE = re.compile(rf"(?<!\S){_CONTACT}")
_ADDRESS = re.compile(rf"{_MAIL}|@\w+")
# Mailboxes that no person writes from.
_MACHINE = re.compile(
    r"(?:no|do-?not|donot)[-_.]?reply|admin(?:istrator)?|(?:web|post|host)master|mailer-daemon|root|nobody|info|feeds?|rss",
    re.IGNORECASE,
)
# What programs write when they have no author.
_NOBODY = frozenset(
    {"admin", "administrator", "author", "nobody", "no-reply", "noreply", "root", "user", "webmaster"}
    | {"n/a", "nil", "none", "null", "undefined", "unknown", "unknown author", "[object object]"}
)
_BY = re.compile(r"(?:(?:written|posted|published|reported) )?by[: ]\s*(?=\S)|author: ?(?=\S)", re.IGNORECASE)
# These open surnames as well ("Von Neumann", "Di Maria"): a byline's has a first name and a surname behind it.
_BY_ELSEWHERE = re.compile(r"(?:von|par|por|di|door|av|af|\u043e\u0442) (?=([^\s,])[^\s,]* [^\s,])", re.IGNORECASE)

# RFC 5646: letters and digits in parts of up to eight, joined by "-"; many feeds write "_". What follows a dot or an at
# sign is a POSIX locale's encoding.
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})((?:[-_ ][A-Za-z0-9]{1,8})*)(?:[.@].{0,20})?", re.DOTALL)
_REMARK = re.compile(r"\s*\([^()]*\)$")
# Codes of countries for the language that nearly all of their papers are in; none of them is a language's own code.
_COUNTRIES = {
    "jp": "ja", "cn": "zh", "cz": "cs", "dk": "da", "gr": "el", "ua": "uk", "vn": "vi", "us": "en", "gb": "en",
    "il": "he", "ir": "fa", "rs": "sr",
}  # fmt: skip
# ISO 639-2: undetermined, several, none, without a code.
_NO_LANGUAGE = frozenset({"und", "mul", "zxx", "mis"})


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
    tags = _once(map(_plain, entry.tags))
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


def _plain(text: str) -> str:
    """One line of text: no markup, entities, control characters or runs of blanks."""
    if "&" in text:
        # Twice: feeds escape what is escaped already.
        text = html.unescape(html.unescape(text))
    text = _MARKUP.sub("", text) if "<" in text else text
    if not text.isprintable():
        # Marks of direction and joiners are part of how a name is written.
        text = "".join(c if c.isprintable() or unicodedata.category(c) == "Cf" else " " for c in text)
    return " ".join(text.split())


def _once(values: Iterable[str]) -> tuple[str, ...]:
    """The values that are not empty, the first of those that differ in case only."""
    found: dict[str, str] = {}
    for value in values:
        if value:
            found.setdefault(value.casefold(), value)
    return tuple(found.values())


def _byline(authors: Sequence[str]) -> str | None:
    """The authors as a paper would print them: names, each once; without any, addresses that a person may answer."""
    lines = [_plain(author) for author in authors if len(author) <= _MAX_CHARACTERS]
    names = _once(map(_name, lines))
    # One field may name all authors, and others each of them.
    parts = {part.casefold() for name in names if ", " in name for part in name.split(", ")}
    names = tuple(name for name in names if name.casefold() not in parts)
    return ", ".join(names or _once(map(_address, lines))) or None


def _name(line: str) -> str:
    """The name in an author's line, or nothing."""
    text = _CONTACT_AND_NAME.sub(r"\1", line)
    text = _CONTACT_IN_BRACKETS.sub("", text)
    text = _CONTACT_ALONE.sub("", text).strip(" ,;|<>")
    by = _BY.match(text) or _BY_ELSEWHERE.match(text)
    if by and (not by.re.groups or not by[1].islower()):
        text = text[by.end() :]
    for opening, closing in ('""', "()", "[]", "\u201c\u201d"):
        if text.startswith(opening) and text.find(closing, 1) == len(text) - 1:
            text = text[1:-1].strip()
    return "" if text.casefold() in _NOBODY or not any(map(str.isalnum, text)) else text


def _address(line: str) -> str:
    """The e-mail address or handle that stands for an author, or nothing."""
    match = _ADDRESS.search(line)
    if match is None:
        return ""
    address = match[0].removeprefix("mailto:").partition("?")[0]
    return "" if _MACHINE.fullmatch(address.partition("@")[0]) else address


def _language(declared: str | None) -> str | None:
    """A declared language as a BCP 47 tag with its usual case (RFC 5646, 2.1.1), or None.

    Codes of ISO 639-2, withdrawn codes and names of languages become the code of ISO 639-1.
    """
    written = _REMARK.sub("", declared.strip()) if declared and len(declared) < _MAX_CHARACTERS else ""
    known = _known_languages()
    named = known.get(written.casefold()) or _COUNTRIES.get(written.casefold())
    match = _LANGUAGE.fullmatch(written)
    if named or match is None:
        return named
    first = match[1].lower()
    # Every code of two letters is known; those of three are too many.
    tag = known.get(first) or (first if len(first) > len("en") and first not in _NO_LANGUAGE else None)
    return None if tag is None else "-".join([tag, *map(_subtag, re.findall("[A-Za-z0-9]+", match[2]))])


def _subtag(part: str) -> str:
    if len(part) == len("GB") and part.isalpha():
        return "GB" if part.upper() == "UK" else part.upper()
    return part.title() if len(part) == len("Latn") and part.isalpha() else part.lower()


@cache
def _known_languages() -> dict[str, str]:
    text = (files(__package__) / "language_codes.tsv").read_text(encoding="utf-8")
    return dict(line.split("\t") for line in text.splitlines() if not line.startswith("#"))
