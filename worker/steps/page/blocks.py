"""A page's text in blocks, in document order: what a browser shows between two breaks of its layout."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .marks import mark_of
from .words import fold

if TYPE_CHECKING:
    from .marks import Mark
    from .tree import Node

# What a browser does not show as text of the story.
_UNSEEN = frozenset({
    "script", "style", "noscript", "template", "head", "title", "svg", "math", "iframe", "object", "audio", "video",
    "canvas", "button", "select", "textarea", "input", "map", "dialog", "label", "amp-sidebar",
})  # fmt: skip

# Elements that begin and end a block (HTML Standard, 15.3), and <br>, which editors use for one.
_BREAKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "br", "center", "dd", "details", "dir", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html",
    "legend", "li", "main", "menu", "nav", "ol", "p", "picture", "pre", "section", "summary", "table", "tbody", "tfoot",
    "thead", "tr", "ul",
})  # fmt: skip
# Elements within a line. They never hold a story.
_INLINE = frozenset({
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "del", "em", "font", "i", "img", "ins", "kbd", "mark", "q",
    "s", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
})  # fmt: skip
_CELLS = frozenset({"td", "th"})
_BOLD = frozenset({"b", "strong", "em", "i"})

# Latin, Chinese and Japanese, Arabic, Hindi.
_SENTENCE = re.compile(r"[.!?\u2026:;,\u3002\uff01\uff1f\uff0c\u3001\u061f\u060c\u0964]")
_PROSE_CHARS = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A run of text.

    Attributes:
        tag: the element that it stands in.
        linked: how many of its characters are a link's.
        bold: how many are set off, in bold or italics.
        outward: whether one of its links leads to another site.
        inside: the lists and quotations that it stands in.
        prose: how many characters of running text it has; 0 when it reads like a label or a list of links.
    """

    text: str
    tag: str
    linked: int
    bold: int
    outward: bool
    inside: frozenset[str]
    prose: int


@dataclass(slots=True, kw_only=True)
class Region:
    """An element and what is in it: `blocks[start:end]`, and the regions up to `last`, which is its own number if none.

    `mark` names the kind of boilerplate that it seems to be.
    """

    node: Node
    parent: int
    start: int
    end: int = 0
    last: int = 0
    mark: Mark | None


@dataclass(frozen=True, slots=True)
class Layout:
    """The blocks of a page, and the elements that hold them, in document order."""

    blocks: list[Block]
    regions: list[Region]


def lay_out(root: Node, host: str) -> Layout:
    """The blocks of a page and the elements around them. `host` is the page's own; links to others lead away."""
    return _Reader(host).read(root)


def _host(url: str) -> str:
    if "//" not in url[:12]:
        return ""
    try:
        return (urlsplit(url.strip()).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _length(pieces: list[str]) -> int:
    return len(fold("".join(pieces))) if pieces else 0


class _Reader:
    """Reads a tree in one pass, with what is open at each place kept in stacks: pages nest deeper than Python calls."""

    def __init__(self, host: str) -> None:
        self._own_host = host.removeprefix("www.")
        self._blocks: list[Block] = []
        self._regions: list[Region] = []
        self._text: list[str] = []
        self._linked: list[str] = []
        self._bold: list[str] = []
        self._outward = False
        self._links = 0
        self._bolds = 0
        self._articles = 0
        self._tags: list[str] = []
        self._inside: list[frozenset[str]] = [frozenset()]

    def read(self, root: Node) -> Layout:
        # What is left to do: text to add, elements to open, and (element, region) pairs to close.
        todo: list[str | Node | tuple[Node, int]] = [root]
        enclosing = [-1]
        while todo:
            item = todo.pop()
            if isinstance(item, str):
                self._add(item)
            elif isinstance(item, tuple):
                self._close(*item)
                if item[1] >= 0:
                    enclosing.pop()
            elif item.tag not in _UNSEEN:
                mark = mark_of(item)
                if mark in {"hidden", "popup"} and item.tag in _INLINE:
                    continue
                number = self._open(item, mark, enclosing[-1])
                if number >= 0:
                    enclosing.append(number)
                todo.append((item, number))
                todo.extend(reversed(item.children))
        self._flush()
        return Layout(self._blocks, self._regions)

    def _add(self, text: str) -> None:
        self._text.append(text)
        if self._links:
            self._linked.append(text)
        if self._bolds:
            self._bold.append(text)

    def _open(self, node: Node, mark: Mark | None, parent: int) -> int:
        """Begin an element; the number of its region, -1 when it is none."""
        tag = node.tag
        if tag in _BREAKS:
            self._flush()
            self._tags.append(tag)
        if tag == "a":
            self._links += 1
            there = _host(node.get("href"))
            if there and not (there.endswith(self._own_host) or self._own_host.endswith(there)):
                self._outward = True
        elif tag in _BOLD:
            self._bolds += 1
        elif tag in {"li", "blockquote"}:
            self._inside.append(self._inside[-1] | {tag})
        elif tag == "article":
            self._articles += 1
            if self._articles > 1 and mark is None:
                # Articles in articles are comments (HTML Standard, 4.3.2) or, with most publishers, other stories.
                mark = "related"
        if tag in _INLINE:
            return -1
        self._regions.append(Region(node=node, parent=parent, start=len(self._blocks), mark=mark))
        return len(self._regions) - 1

    def _close(self, node: Node, number: int) -> None:
        tag = node.tag
        if tag in _BREAKS:
            self._flush()
            self._tags.pop()
        elif tag in _CELLS:
            self._text.append(" ")
        if tag == "a":
            self._links -= 1
        elif tag in _BOLD:
            self._bolds -= 1
        elif tag in {"li", "blockquote"}:
            self._inside.pop()
        elif tag == "article":
            self._articles -= 1
        if number >= 0:
            self._regions[number].end = len(self._blocks)
            self._regions[number].last = len(self._regions) - 1

    def _flush(self) -> None:
        """End the block that is being read."""
        if not self._text:
            return
        if text := fold("".join(self._text)):
            size = len(text)
            linked = min(_length(self._linked), size)
            reads = size >= _PROSE_CHARS and linked * 2 <= size and _SENTENCE.search(text) is not None
            self._blocks.append(
                Block(
                    text=text,
                    tag=self._tags[-1] if self._tags else "body",
                    linked=linked,
                    bold=min(_length(self._bold), size),
                    outward=self._outward,
                    inside=self._inside[-1],
                    prose=size if reads else 0,
                )
            )
        self._text.clear()
        self._linked.clear()
        self._bold.clear()
        self._outward = False
