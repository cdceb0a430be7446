"""Caches for what strangers wrote."""

from __future__ import annotations

from functools import lru_cache, wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_P = ParamSpec("_P")
_T = TypeVar("_T")

# Longer than any honest address, word or tag. Five megabytes of one would stay in memory until the process ends.
LONGEST_CHARS = 2_000


def cached_if_short(size: int) -> Callable[[Callable[_P, _T]], Callable[_P, _T]]:
    """Keep the last `size` results of a pure function of texts, but none of a text of more than 2,000 characters."""

    def decorate(function: Callable[_P, _T]) -> Callable[_P, _T]:
        kept = lru_cache(size)(function)

        @wraps(function)
        def call(*args: _P.args, **kwargs: _P.kwargs) -> _T:
            for text in args:
                if text is not None and len(text) > LONGEST_CHARS:  # type: ignore[arg-type]  # they are texts
                    return function(*args, **kwargs)
            return kept(*args, **kwargs)  # type: ignore[arg-type]  # texts can be hashed

        return call

    return decorate


class _Kept(dict[str, _T]):
    """Results by their argument: the last ones, and as many of those before them."""

    __slots__ = ("_before", "_function", "_most")

    def __init__(self, function: Callable[[str], _T], most: int) -> None:
        super().__init__()
        self._function = function
        self._most = most
        self._before: dict[str, _T] = {}

    def __missing__(self, text: str) -> _T:
        if len(text) > LONGEST_CHARS:
            return self._function(text)
        before = self._before
        value = before[text] if text in before else self._function(text)
        if len(self) >= self._most:
            self._before = dict(self)
            self.clear()
        self[text] = value
        return value


def kept(most: int) -> Callable[[Callable[[str], _T]], Callable[[str], _T]]:
    """Keep results of a pure function of a text: at most twice `most`, and none of a text of over 2,000 characters.

    For what is asked of each word: found in one step, where `lru_cache` makes a key and moves the result to the front
    of a list, which touches memory in five places.
    """

    def decorate(function: Callable[[str], _T]) -> Callable[[str], _T]:
        return _Kept(function, most).__getitem__

    return decorate
