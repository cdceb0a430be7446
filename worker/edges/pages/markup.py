"""HTML from Python values. Text is escaped unless it is markup already: what strangers wrote cannot become a tag."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Of the characters that HTML cannot hold (https://html.spec.whatwg.org/#parse-errors), those that Python's text can.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_VOID = frozenset({"input", "link", "meta"})


class Html(str):
    """Text that is markup."""

    __slots__ = ()


Child = str | int | float | None


def text(value: Child) -> Html:
    """A value as markup."""
    if isinstance(value, Html):
        return value
    return Html("" if value is None else escape(_FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", str(value)), quote=True))


def tag(name: str, /, *children: Child, **attributes: Child | bool) -> Html:
    """An element. Attributes: `class_` is `class`, `data_id` is `data-id`; one that is None or False is left out."""
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{text(value)}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _VOID:
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{join(children)}</{name}>")


def join(parts: Iterable[Child], between: str = "") -> Html:
    """Several values as markup."""
    return Html(between.join(map(text, parts)))
