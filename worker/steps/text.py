"""Markup to paragraphs, as a reader sees them."""

from __future__ import annotations

import html
import re
import sys
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worker.model.entry import Content

# What a browser does not show as text of the story.
_UNSEEN = frozenset({
    "script", "style", "noscript", "template", "head", "title", "svg", "math", "iframe", "object", "audio",
    "video", "canvas", "form", "button", "select", "textarea", "figcaption",
})  # fmt: skip

# Elements that begin and end a paragraph (HTML Standard, rendering 15.3), and <br>, which editors use for one.
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "br", "center", "dd", "details", "dir", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html",
    "li", "main", "menu", "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul",
})  # fmt: skip

_TAG = re.compile(r"<(?:/?[a-zA-Z]|!--)")
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
_SPACE = re.compile(r"\s+")
# Control characters, zero-width marks, soft hyphens: invisible, and they break every match downstream.
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u2060\ufeff\ud800-\udfff\ufffe\uffff]")

# Normalising takes time quadratic in the length of a run of combining marks, which counts in long texts. Words have a
# few in a row; 30 is the limit of Unicode's Stream-Safe Text Format (UAX #15, 13).
_SAFE_CHARS = 1_000


def paragraphs(content: Content) -> tuple[str, ...]:
    """The paragraphs of a piece of text: no markup, white space folded, Unicode composed (NFC)."""
    if content.html and _TAG.search(content.value):
        blocks = _blocks(content.value)
    else:
        text = html.unescape(content.value) if content.html else content.value
        blocks = _BLANK_LINE.split(text.replace("\r\n", "\n").replace("\r", "\n"))
    return tuple(clean for block in blocks if (clean := fold(block)))


def line(content: Content) -> str | None:
    """A title as one line; None when nothing is left."""
    return " ".join(paragraphs(content)) or None


def fold(text: str) -> str:
    """One line: invisible characters gone, white space folded to single spaces, Unicode composed."""
    folded = _SPACE.sub(" ", _INVISIBLE.sub("", text)).strip()
    if len(folded) > _SAFE_CHARS and not folded.isascii():
        folded = _long_marks().sub(r"\1", folded)
    return unicodedata.normalize("NFC", folded)


@cache
def _long_marks() -> re.Pattern[str]:
    """Thirty combining marks in a row, and those after them."""
    marks = "".join(re.escape(mark) for mark in map(chr, range(sys.maxunicode)) if unicodedata.combining(mark))
    return re.compile(f"([{marks}]{{30}})[{marks}]+")


def _blocks(markup: str) -> list[str]:
    reader = _BlockReader()
    # No tree is built: libxml2 cuts one off that is deep, and takes quadratic time for a tag with many attributes.
    parser = etree.HTMLParser(
        target=reader,  # type: ignore[arg-type]  # the stubs also ask for what HTML does not need
        encoding="utf-8",
        no_network=True,
        huge_tree=True,
    )
    # A wrapper keeps leading text that the parser would otherwise move.
    source = f"<div>{_INVISIBLE.sub('', markup)}</div>"
    etree.fromstring(source.encode("utf-8", "replace"), parser)
    return reader.blocks


class _BlockReader:
    """Gathers the text between the beginnings and ends of blocks, as the parser comes by them."""

    def __init__(self) -> None:
        self.blocks: list[str] = []
        self._gathered: list[str] = []
        self._unseen = 0

    def start(self, tag: str, _attributes: Mapping[str, str]) -> None:
        if tag in _BLOCKS:
            self._break()
        self._unseen += tag in _UNSEEN

    def end(self, tag: str) -> None:
        if tag in _UNSEEN and self._unseen:
            self._unseen -= 1
        elif tag in _BLOCKS:
            self._break()
        elif tag in {"td", "th"}:
            self.data(" ")

    def data(self, text: str) -> None:
        if not self._unseen:
            self._gathered.append(text)

    def close(self) -> None:
        self._break()

    def _break(self) -> None:
        if self._gathered:
            self.blocks.append("".join(self._gathered))
            self._gathered.clear()
