"""What both roads do to the values of an entry, whoever read them."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .values import without_markup

if TYPE_CHECKING:
    from worker.model.entry import Content, Entry, Unreadable

# feedparser decodes "&#8;" and the like to characters that no text has, and some databases do not take.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_CONTROL_BYTES = bytes([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F])


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """The feed's title and language, its entries, and those that could not be read."""

    title: str | None
    language: str | None
    entries: tuple[Entry, ...]
    unreadable: tuple[Unreadable, ...] = ()


def visible(value: object) -> str | None:
    """A text without characters that nobody sees; None when nothing is left."""
    if not isinstance(value, str):
        return None
    return (_CONTROL.sub("", value) if _has_control(value) else value).strip() or None


def _has_control(value: str) -> bool:
    # Bytes are looked through several times as fast as characters.
    try:
        encoded = value.encode()
    except UnicodeEncodeError:
        return True
    return len(encoded.translate(None, _CONTROL_BYTES)) < len(encoded)


def label(value: object) -> str | None:
    """A name of something: one line. Many feeds escape names twice."""
    return " ".join(html.unescape(text).split()) or None if (text := visible(value)) else None


def feed_title(title: Content | None) -> str | None:
    """The title of the feed, on one line."""
    if title is None:
        return None
    return label(without_markup(title.value) if title.html else title.value)


def length_bytes(value: object) -> int | None:
    """The length of a file as its feed has it."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16 else None
