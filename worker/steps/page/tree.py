"""A page's markup as a tree of plain nodes, built in time linear in its size."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Browsers close what is nested deeper. Deeper still, libxml2 takes quadratic time over end tags that fit nothing.
_MAX_DEPTH = 512
# News pages have a few thousand, with all their comments ten times that.
_MAX_ELEMENTS = 100_000
_VOID = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
})  # fmt: skip
# What a head may hold (HTML Standard, 13.2.6.4.4).
_HEAD = frozenset({
    "base", "basefont", "bgsound", "link", "meta", "noframes", "noscript", "script", "style", "template", "title",
})  # fmt: skip
# Characters that XML, and so libxml2, has no use for: a zero byte ends the document.
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_NO_ATTRIBUTES: Mapping[str, str] = {}


class Node:
    """An element: its name, attributes, and what is in it, text and elements in document order."""

    __slots__ = ("attributes", "children", "tag")

    def __init__(self, tag: str, attributes: Mapping[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.children: list[Node | str] = []

    def get(self, name: str) -> str:
        """The value of an attribute; empty when there is none."""
        return self.attributes.get(name, "")

    def walk(self) -> Iterator[Node]:
        """This element and those in it, in document order."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(child for child in reversed(node.children) if not isinstance(child, str))

    def text(self, limit_chars: int) -> str:
        """The text in the element as it stands, cut when it is long; scripts and styles are none."""
        pieces: list[str] = []
        size = 0
        stack: list[Node | str] = list(reversed(self.children))
        while stack and size < limit_chars:
            item = stack.pop()
            if isinstance(item, str):
                pieces.append(item)
                size += len(item)
            elif item.tag not in {"script", "style"}:
                stack.extend(reversed(item.children))
        return "".join(pieces)[:limit_chars]


def read_tree(markup: str) -> tuple[Node, bool]:
    """The tree of a page, and whether it is all of it: what is nested too deep ends it, as does too much of it.

    Broken markup is mended as browsers do.
    """
    builder = _Builder()
    # A tree of libxml2's own takes quadratic time for a tag with many attributes; events do not.
    parser = etree.HTMLParser(
        target=builder,  # type: ignore[arg-type]  # the stubs also ask for what HTML does not need
        encoding="utf-8",
        no_network=True,
        huge_tree=True,
    )
    try:
        etree.fromstring(_CONTROL.sub(" ", markup).encode(), parser)
    except (_TooMuchError, etree.XMLSyntaxError):
        # What has been read until then is a page all the same.
        return builder.root, False
    return builder.root, True


class _TooMuchError(Exception):
    """The parser's way out of a document that nobody wrote."""


class _Builder:
    """Builds the tree from the parser's events."""

    def __init__(self) -> None:
        self.root = Node("html", _NO_ATTRIBUTES)
        self._open = [self.root]
        self._elements = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._elements += 1
        if len(self._open) > _MAX_DEPTH or self._elements > _MAX_ELEMENTS:
            raise _TooMuchError
        if self._open[-1].tag == "head" and tag not in _HEAD:
            # Anything else ends the head and begins the body; libxml2 knows that of old elements only.
            self._open.pop()
        kept = dict(attributes) if attributes else _NO_ATTRIBUTES
        if tag == "html" and len(self._open) == 1:
            self.root.attributes = kept
            return
        node = Node(tag, kept)
        self._open[-1].children.append(node)
        if tag not in _VOID:
            self._open.append(node)

    def end(self, tag: str) -> None:
        if len(self._open) > 1 and self._open[-1].tag == tag:
            self._open.pop()

    def data(self, text: str) -> None:
        self._open[-1].children.append(text)

    def close(self) -> Node:
        return self.root
