"""Which records a follower wants to see, by what their messages say."""

from __future__ import annotations

from dataclasses import dataclass, is_dataclass
from difflib import get_close_matches
from functools import cache
from types import NoneType
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import orjson

from worker.model.message import ArticleMessage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.model.event import Published


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A field of the message, by the names that lead to it, has this value.

    A field of a list's items holds where it does for one of them. Capitals make no difference. What is no text is
    compared as JSON.
    """

    path: tuple[str, ...]
    value: str

    @classmethod
    def parse(cls, text: str) -> Where:
        """Read `language=en` or `places.country_code=UA`.

        Raises:
            ValueError: for anything else, and for a field that no message has: it would be waited for in vain.
        """
        path, equals, value = text.partition("=")
        path = path.strip()
        if not equals or not path:
            raise ValueError("must be FIELD=VALUE, such as language=en or places.country_code=UA")
        if path not in _known():
            meant = get_close_matches(path, _known(), n=1)
            hint = f"did you mean {meant[0]}?" if meant else "docs/contract.md lists the fields"
            raise ValueError(f"no message has a value at {path}; {hint}")
        return cls(path=tuple(path.split(".")), value=value.strip())


def matches(record: Published, *, feeds: frozenset[str], where: tuple[Where, ...]) -> bool:
    """Whether a record is of one of these feeds (of any, if there are none) and has all of these values."""
    if feeds and _feed_of(record) not in feeds:
        return False
    if not where:
        return True
    try:
        message = orjson.loads(record.value)
    except orjson.JSONDecodeError:
        return False
    return all(one.value.casefold() in map(str.casefold, _values(message, one.path)) for one in where)


@cache
def _known() -> frozenset[str]:
    """The names that lead to values, with dots between."""
    return frozenset(_leaves(ArticleMessage))


def _leaves(kind: Any) -> Iterator[str]:
    if is_dataclass(kind):
        for name, inner in get_type_hints(kind).items():
            # `from` is a word of Python's own.
            key = name.removesuffix("_")
            yield from (f"{key}.{rest}" if rest else key for rest in _leaves(inner))
    elif inner := [part for part in get_args(kind) if is_dataclass(part)]:
        # An object that may be missing can be asked for as null.
        if NoneType in get_args(kind):
            yield ""
        yield from _leaves(inner[0])
    else:
        yield ""


def _feed_of(record: Published) -> str:
    headers = dict(record.headers)
    source = headers.get("ce_source") or headers.get("__connect.errors.topic") or b""
    return source.decode("utf-8", "replace").removeprefix("/feeds/")


def _values(part: Any, path: tuple[str, ...]) -> Iterator[str]:
    if isinstance(part, list):
        for item in part:
            yield from _values(item, path)
    elif path:
        if isinstance(part, dict) and path[0] in part:
            yield from _values(part[path[0]], path[1:])
    elif isinstance(part, str):
        yield part
    elif not isinstance(part, dict):
        yield orjson.dumps(part).decode()
