"""A cache for what strangers wrote."""

from __future__ import annotations

from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Generic, ParamSpec, TypeVar

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


class Kept(dict[str, _T], Generic[_T]):
    """What a pure function says of a text, by the text: where many are looked up, a call for each takes longest.

    Args:
        function: what to ask of a text that is not there.
        size: how many answers are kept at most, and at least half of them; those of the texts asked for last.
        longest_chars: no answer about a longer text is kept.
    """

    __slots__ = ("_before", "_function", "_half", "_longest_chars")

    def __init__(self, function: Callable[[str], _T], size: int, *, longest_chars: int = LONGEST_CHARS) -> None:
        super().__init__()
        self._function = function
        self._half = size // 2
        self._longest_chars = longest_chars
        self._before: dict[str, _T] = {}

    def __missing__(self, text: str) -> _T:
        found = self._before[text] if text in self._before else self._function(text)
        if len(text) <= self._longest_chars:
            if len(self) >= self._half:
                # What is still asked for comes back from there.
                self._before = dict(self)
                self.clear()
            self[text] = found
        return found


def kept(size: int) -> Callable[[Callable[[str], _T]], Callable[[str], _T]]:
    """Keep what a pure function of a text says, as `Kept` does: in one step, where `lru_cache` makes a key first."""

    def decorate(function: Callable[[str], _T]) -> Callable[[str], _T]:
        return Kept(function, size).__getitem__

    return decorate
