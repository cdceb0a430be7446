"""Reading what a child process replies, without believing it.

A child that was taken over by what it read can reply with any bytes, and an ordinary unpickling calls whatever they
name. Here only values can come out: plain containers, times, and the frozen types of the model.
"""

from __future__ import annotations

import pickle
import sys
from importlib import import_module
from io import BytesIO

_PLAIN = frozenset(
    {
        ("builtins", "bytearray"),
        ("builtins", "frozenset"),
        ("builtins", "set"),
        ("datetime", "date"),
        ("datetime", "datetime"),
        ("datetime", "time"),
        ("datetime", "timedelta"),
        ("datetime", "timezone"),
    }
)


def read_reply(payload: bytes | bytearray, *, allowed: frozenset[str]) -> object:
    """The value that was pickled.

    Args:
        payload: a pickle from a child.
        allowed: beginnings of the names of modules whose frozen slotted dataclasses may be made, as `worker.model.`.

    Raises:
        Exception: of any type, if this is no pickle or names anything else. The text says what.
    """
    return _Reader(payload, allowed).load()


class _Reader(pickle.Unpickler):
    def __init__(self, payload: bytes | bytearray, allowed: frozenset[str]) -> None:
        super().__init__(BytesIO(payload))
        self._allowed = tuple(allowed)

    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in _PLAIN and not module.startswith(self._allowed):
            raise pickle.UnpicklingError(f"{module}.{name} is not accepted")
        # No dots: `worker.model.fetch` and `datetime.sys.modules` are ways out of the module.
        found = vars(sys.modules.get(module) or import_module(module)).get(name)
        if not isinstance(found, type) or found.__module__ != module:
            raise pickle.UnpicklingError(f"{module}.{name} is not a type of that module")
        # A pickle may set attributes, of a type as well, unless that has a `__setstate__` of its own.
        if (module, name) not in _PLAIN and "__setstate__" not in vars(found):
            raise pickle.UnpicklingError(f"{module}.{name} is not a frozen slotted dataclass")
        return found
