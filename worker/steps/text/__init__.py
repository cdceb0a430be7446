"""Markup to paragraphs, as a reader sees them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from worker.steps.text.characters import fold, unescape, unescape_again
from worker.steps.text.plain import split_at_blank_lines, split_plain
from worker.steps.text.reader import CELL, Block, blocks
from worker.steps.text.tags import ELEMENTS, VOID, has_markup
from worker.steps.text.tails import without_tails

if TYPE_CHECKING:
    from collections.abc import Iterable

    from worker.model.entry import Content

__all__ = ["fold", "line", "paragraphs"]

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)(?=[\s/>])[^<>]*>")
_BLOCK = re.compile(r"\s*<(?:p|div|table|[uod]l|blockquote|h[1-6]|img|section|article|figure)[\s>]", re.IGNORECASE)
# Control characters; one of them means something between the markup and its paragraphs.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_CONTROL_BYTES = bytes([*range(0x09), *range(0x0E, 0x20)])


def paragraphs(content: Content) -> tuple[str, ...]:
    """The paragraphs of a piece of text: no markup, white space folded, Unicode composed (NFC).

    What belongs to the publisher's page and not to the story is left out: buttons to share, "Continue reading",
    "The post ... appeared first on ...".
    """
    return without_tails(_folded(_blocks(content, title=False)))


def line(content: Content) -> str | None:
    """A title as one line; None when nothing is left."""
    return " ".join(block.text for block in _folded(_blocks(content, title=True))) or None


def _blocks(content: Content, *, title: bool) -> list[tuple[str, int]]:
    value = _without_controls(content.value)
    if content.html:
        if not has_markup(value, known_only=title):
            value = unescape(value)
            if not (_BLOCK.match(value) or _is_markup(value)):
                return [(part, 0) for part in split_at_blank_lines(value)]
    elif title or not (_BLOCK.match(value) and _is_markup(value)):
        # Plain text is taken at its word, unless it is markup from its first character on: then it was only called so.
        return [(part, 0) for part in split_plain(value)]
    return blocks(value, language=content.language, known_only=title)


def _without_controls(value: str) -> str:
    # Bytes are looked through ten times as fast as characters.
    encoded = value.encode("utf-8", "surrogatepass")
    return _CONTROL.sub("", value) if len(encoded.translate(None, _CONTROL_BYTES)) < len(encoded) else value


def _is_markup(value: str) -> bool:
    """Whether a text that should have none is markup beyond doubt: an element with its end, or a line break."""
    found = {(name.lower(), bool(slash)) for slash, name in _TAG.findall(value)}
    return ("br", False) in found or any(
        (name, not end) in found for name, end in found if name in ELEMENTS and name not in VOID
    )


def _folded(found: Iterable[tuple[str, int]]) -> list[Block]:
    folded = []
    for text, linked_chars in found:
        if CELL in text:
            line = " | ".join(cell for part in text.split(CELL) if (cell := fold(unescape_again(part))))
        else:
            line = fold(unescape_again(text))
        if line:
            folded.append(Block(text=line, linked_chars=linked_chars))
    return folded
