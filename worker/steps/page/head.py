"""What a page's elements say about it, gathered in one pass: meta, link, title, microdata, times, bylines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .tree import Node

_BYLINE_CLASS = re.compile(r"(?:^|[\s_-])(?:byline|author)(?:[\s_-]?(?:name|link))?(?:$|\s)", re.IGNORECASE)
_LONGEST_CLASS_CHARS = 200
# What is longer is no headline and no name, and is left out.
_LONGEST_CHARS = 1_001
# Microdata (schema.org) whose value is the text that readers see, where no attribute has it.
_SHOWN_PROPS = frozenset({"headline", "author", "datePublished", "dateModified", "articleSection"})
_FIELDS = frozenset({"label", "input", "li", "cite"})
# Further ones are of other stories.
_MOST = 10


class Head:
    """Values as they stand, in document order."""

    def __init__(self, root: Node) -> None:
        self.language = root.get("lang") or root.get("xml:lang")
        self.base: str | None = None
        self.canonical: list[str] = []
        self.titles: list[str] = []
        self.headings: list[str] = []
        self.times: list[str] = []
        self.bylines: list[str] = []
        self._metas: dict[str, list[str]] = {}
        self._props: dict[str, list[str]] = {}
        for node in root.walk():
            self._read_element(node)
            if node.attributes:
                self._read_attributes(node)

    def metas(self, *names: str) -> list[str]:
        """The contents of the <meta> elements of these names, in the order of the names."""
        return [value for name in names for value in self._metas.get(name, ())]

    def props(self, name: str) -> list[str]:
        """The values of a microdata property."""
        return self._props.get(name, [])

    def _read_element(self, node: Node) -> None:
        match node.tag:
            case "meta":
                name = node.get("property") or node.get("name") or node.get("http-equiv")
                if name and (content := node.get("content")):
                    self._metas.setdefault(name.strip().lower(), []).append(content)
            case "link" if "canonical" in node.get("rel").lower().split():
                self.canonical.append(node.get("href"))
            case "base":
                self.base = self.base or node.get("href")
            case "title" if len(self.titles) < 1:
                self.titles.append(node.text(_LONGEST_CHARS))
            case "h1" if len(self.headings) < _MOST:
                self.headings.append(node.text(_LONGEST_CHARS))
            case "time" if node.get("datetime"):
                self.times.append(node.get("datetime"))

    def _read_attributes(self, node: Node) -> None:
        prop = node.get("itemprop")
        values = self._props.setdefault(prop, []) if prop in _SHOWN_PROPS else None
        if values is not None and len(values) < _MOST:
            values.append(node.get("content") or node.get("datetime") or node.text(_LONGEST_CHARS))
        if (
            len(self.bylines) < _MOST
            and node.tag not in _FIELDS
            and (
                "author" in node.get("rel").lower().split()
                or _BYLINE_CLASS.search(node.get("class")[:_LONGEST_CLASS_CHARS])
            )
        ):
            self.bylines.append(node.text(_LONGEST_CHARS))
