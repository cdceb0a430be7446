"""Plain text to paragraphs: blank lines, indentation, and lines that are no wrapped text."""

from __future__ import annotations

import re

# One class of characters comes first, which lets the search skip what is none of them.
_NEWLINE = re.compile(r"[\r\x0b\x0c\x85\u2028\u2029](?:(?<=\r)\n)?")
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n\s*")
# Newspapers' wires begin a paragraph with three blanks or more, and leave no line between two.
_INDENT_BLANKS = 3
# Text that was wrapped by hand or by a mail program has lines of up to 80 or 100 characters. In a longer one nothing
# was wrapped: there each line is a paragraph.
_WRAPPED_CHARS = 120
_BULLET = re.compile(r"[^\S\n]*(?:[*•‣▪●·]|[-–—]{1,2})\s")  # noqa: RUF001 - dashes of all lengths


def split_at_blank_lines(text: str) -> list[str]:
    """The parts of a text between its blank lines."""
    return _BLANK_LINE.split(_NEWLINE.sub("\n", text))


def split_plain(text: str) -> list[str]:
    """The paragraphs of a plain text, with their line breaks and blanks."""
    text = _NEWLINE.sub("\n", text)
    if "\n" not in text.strip():
        return [text]
    return [paragraph for part in _BLANK_LINE.split(text) for paragraph in _split_lines(part.strip("\n"))]


def _split_lines(part: str) -> list[str]:
    lines = part.split("\n")
    if len(lines) == 1:
        return lines
    if any(len(line) > _WRAPPED_CHARS for line in lines):
        return lines
    indents = [len(line.expandtabs()) - len(line.expandtabs().lstrip()) for line in lines]
    begins = [indent - min(indents) >= _INDENT_BLANKS for indent in indents]
    if not begins[0] and all(begins[1:]):
        # The continuation of an item hangs.
        begins = [False] * len(lines)
    bullets = [_BULLET.match(line) is not None for line in lines]
    if bullets[0] and sum(bullets) > 1:
        begins = bullets
    paragraphs: list[list[str]] = []
    for line, begin in zip(lines, begins, strict=True):
        if begin or not paragraphs:
            paragraphs.append([])
        paragraphs[-1].append(line)
    return ["\n".join(paragraph) for paragraph in paragraphs]
