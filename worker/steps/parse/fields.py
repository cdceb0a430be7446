"""The parts of one element of a feed, found by their short names, and the place they stand in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from lxml import etree

from .names import XML_BASE, XML_LANG
from .values import absolute, plain

if TYPE_CHECKING:
    from .names import Names

# Of parts with one name, so many are read. No article has more.
_MAX_SAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in the document something stands: what relative addresses and languages are taken from.

    `based` says whether the document itself names the base (xml:base), rather than where it was found.
    """

    base: str
    language: str | None
    based: bool = False

    def within(self, element: etree._Element) -> Place:
        """The place inside an element."""
        base = element.get(XML_BASE)
        language = element.get(XML_LANG)
        if base is None and language is None:
            return self
        return Place(
            base=(absolute(base, self.base) or self.base) if base else self.base,
            # An empty xml:lang says that there is no language (XML 1.0, 2.12).
            language=self.language if language is None else language_tag(language),
            based=self.based or bool(base),
        )


@cache
def _steps(paths: tuple[str, ...]) -> tuple[frozenset[str], tuple[tuple[str, str], ...]]:
    """The names that paths begin with; and each path as its first name and the rest."""
    steps = tuple((name, rest) for name, _, rest in (path.partition("/") for path in paths))
    return frozenset(name for name, _ in steps), steps


class Fields:
    """The children of an element by their short names, grandchildren by paths of them."""

    def __init__(self, element: etree._Element, names: Names) -> None:
        self.names = names
        self._by_name: dict[str, list[etree._Element]] = {}
        for child in element.iterchildren(etree.Element):
            name = names.of(child)
            if (same := self._by_name.get(name)) is None:
                self._by_name[name] = [child]
            elif len(same) < _MAX_SAME:
                same.append(child)

    def has_any(self, names: frozenset[str]) -> bool:
        """Whether there is a child of one of these names."""
        return not names.isdisjoint(self._by_name)

    def all(self, *paths: str) -> list[etree._Element]:
        """All elements of these names, in the order of the names; of one name, in that of the document."""
        heads, steps = _steps(paths)
        found: list[etree._Element] = []
        # Of most things there is nothing: some twenty kinds are asked for, and an item has ten elements.
        if heads.isdisjoint(self._by_name):
            return found
        for name, rest in steps:
            for element in self._by_name.get(name, ()):
                if rest:
                    found += Fields(element, self.names).all(rest)
                else:
                    found.append(element)
        return found

    def first(self, *paths: str) -> etree._Element | None:
        """The first of these that has any text in it."""
        return next((element for element in self.all(*paths) if plain(element)), None)

    def text(self, *paths: str) -> str | None:
        """The text of the first of these that has any."""
        return plain(self.first(*paths))

    def last_text(self, *names: str) -> str | None:
        """The text by the first of the names that is there; said twice, the later replaces the earlier."""
        for name in names:
            if name not in self._by_name:
                continue
            if found := [said for element in self.all(name) if (said := plain(element))]:
                return found[-1]
        return None


def language_tag(language: str | None) -> str | None:
    """A language tag as BCP 47 joins it: many feeds write "en_GB"."""
    return language.strip().replace("_", "-") or None if language else None
