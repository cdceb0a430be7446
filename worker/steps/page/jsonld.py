"""What a page says of its article in JSON-LD (schema.org), as publishers write it: graphs, lists, references."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .tree import Node

_LONGEST_CHARS = 2_000_000
_MOST_OBJECTS = 5_000
_OTHER_TYPES = frozenset({"BlogPosting", "LiveBlogPosting", "Report", "Review", "SocialMediaPosting"})


class LinkedData:
    """The article that a page's JSON-LD describes. Every value is text that is not empty, or absent."""

    def __init__(self, root: Node, url: str) -> None:
        self._by_id: dict[str, dict[str, Any]] = {}
        articles: list[dict[str, Any]] = []
        for thing in _objects(root):
            if isinstance(name := thing.get("@id"), str) and len(thing) > 1:
                self._by_id.setdefault(name, thing)
            if _is_article(thing):
                articles.append(thing)
        # Lists of other stories name them without their text; the page's own has its address, or the most to say.
        path = url.partition("?")[0].partition("://")[2].rstrip("/")
        self._article = max(articles, key=lambda article: (_names(article, path), len(article)), default={})

    def text(self, *names: str) -> str | None:
        """The first of these properties that has a value."""
        for name in names:
            for value in self.texts(name):
                return value
        return None

    def texts(self, name: str) -> list[str]:
        """The values of a property: text as it stands, things by their name."""
        return [text for value in self._values(name) if (text := _text(value, "name"))]

    def links(self, name: str) -> list[str]:
        """The addresses in a property's values."""
        found = (_text(value, "url", "contentUrl", "@id") for value in self._values(name))
        return [text for text in found if text]

    @property
    def body(self) -> str | None:
        """The story as plain text, perhaps cut."""
        return self.text("articleBody", "reviewBody")

    @property
    def is_partial(self) -> bool:
        """Whether the publisher says that readers have to pay for the whole."""
        return str(self._article.get("isAccessibleForFree")).lower() == "false"

    def _values(self, name: str) -> list[Any]:
        value = self._article.get(name)
        values = value if isinstance(value, list) else [value]
        return [
            self._by_id.get(str(item.get("@id")), item) if isinstance(item, dict) and len(item) == 1 else item
            for item in values
        ]


def _objects(root: Node) -> list[dict[str, Any]]:
    """All objects in the page's JSON-LD, in document order."""
    found: list[dict[str, Any]] = []
    for node in root.walk():
        if node.tag != "script" or "ld+json" not in node.get("type").lower():
            continue
        source = "".join(child for child in node.children if isinstance(child, str)).strip()
        try:
            # Not strict: many have line breaks within strings.
            stack = [json.loads(source.strip("; \t\r\n"), strict=False)] if len(source) <= _LONGEST_CHARS else []
        except (ValueError, RecursionError):
            continue
        while stack and len(found) < _MOST_OBJECTS:
            value = stack.pop()
            if isinstance(value, dict):
                found.append(value)
                stack.extend(reversed(value.values()))
            elif isinstance(value, list):
                stack.extend(reversed(value))
    return found


def _is_article(thing: dict[str, Any]) -> bool:
    kinds = thing.get("@type")
    return any(
        isinstance(kind, str) and (kind.endswith("Article") or kind in _OTHER_TYPES)
        for kind in (kinds if isinstance(kinds, list) else [kinds])
    )


def _names(article: dict[str, Any], path: str) -> bool:
    """Whether an article says that it is at an address."""
    places = (_text(article.get(name), "@id", "url") for name in ("url", "mainEntityOfPage", "@id"))
    return bool(path) and any(path in place for place in places if place)


def _text(value: Any, *names: str) -> str | None:
    if isinstance(value, dict):
        value = next((value[name] for name in names if isinstance(value.get(name), str)), None)
    return value.strip() or None if isinstance(value, str) else None
