"""A mistake in the configuration, and the error that carries all of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.model.errors import Stop

if TYPE_CHECKING:
    from collections.abc import Iterable

Path = tuple[str | int, ...]

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")


class Mistake(ValueError):
    """A value that cannot be used. The text is ours, one line, and never repeats a value that may be secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake and its place; `str()` is the line for people. `line` and `column` count from 1.

    `file` is "environment" and `path` the variable's name when the value came from there.
    """

    file: str
    line: int | None = None
    column: int | None = None
    path: str | None = None
    message: str

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        return ": ".join(part for part in (place, self.path, self.message) if part)


class ConfigError(Stop):
    """The configuration cannot be used. `problems` holds every mistake: by file and place, then the environment's."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        given = tuple(problems)
        order = {file: number for number, file in enumerate(dict.fromkeys(problem.file for problem in given))}
        self.problems = tuple(
            sorted(
                given,
                key=lambda problem: (
                    problem.file == "environment",
                    order[problem.file],
                    problem.line or 0,
                    problem.column or 0,
                    problem.path or "",
                ),
            )
        )
        super().__init__("\n".join(map(str, self.problems)))


def dotted(path: Path) -> str | None:
    """The path as it is shown, `feeds[3].url`; None for the whole document. What is no name of a key shows as `?`."""
    shown = "".join(
        f"[{part}]" if isinstance(part, int) else f".{part if _NAME.fullmatch(part) else '?'}" for part in path
    )
    return shown.removeprefix(".") or None


def quoted(key: str, value: object) -> str:
    """A key as an error may show it: in quotes, with a blank before; nothing when it may be a misplaced secret.

    `{password:secret}` is one key without a value, because a blank is missing after the colon.
    """
    return f' "{key}"' if value is not None and _NAME.fullmatch(key) else ""
