"""A cache for what strangers wrote."""

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
