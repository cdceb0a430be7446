"""Mistakes, and where in a document or in the environment each of them stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .overrides import Overrides, leaves, variable, variables
from .problems import Path, Problem, dotted
from .schema import Config

if TYPE_CHECKING:
    from .explain import Finding
    from .source import Source

NONE = Overrides(values={}, problems=())


@dataclass(slots=True, kw_only=True)
class Report:
    """Gathers mistakes and finds out where each one stands."""

    source: Source
    overrides: Overrides = NONE
    problems: list[Problem] = field(init=False)

    def __post_init__(self) -> None:
        self.problems = [*self.source.problems, *self.overrides.problems]

    def add(self, finding: Finding, *, under: Path = ()) -> None:
        """Note a mistake; its path starts at the section or entry `under`."""
        path = (*under, *finding.path)
        if (name := self._variable(path)) is not None:
            self.problems.append(Problem(file="environment", path=name, message=finding.message))
            return
        node, depth = self.source.find(path)
        line, column = (node.key_line, node.key_column) if finding.key else (node.line, node.column)
        if finding.key:
            path = path[:-1]
        elif not isinstance(node.items, dict):
            path = path[:depth]  # a part of a scalar: an entry between commas, the URL of a feed that is just that
        self.problems.append(
            Problem(file=self.source.file, line=line, column=column, path=dotted(path), message=finding.message)
        )

    def _variable(self, path: Path) -> str | None:
        """The variable that sets the value at `path`, or that could set it in a section that the file lacks."""
        for given in self.overrides.values:
            if path[: len(given)] == given:
                return variable(given)
        node, depth = self.source.find(path)
        in_file = depth == len(path) or (node.value is not None and (node.items is None or depth == len(path) - 1))
        return None if in_file or variable(path) not in variables() else variable(path)

    def given(self) -> dict[Path, str]:
        """Where each value outside of `feeds` comes from that is no default: FILE:LINE, or the name of a variable."""
        found: dict[Path, str] = {}
        for path, _ in leaves(Config):
            node, depth = self.source.find(path)
            if path in self.overrides.values:
                found[path] = f"environment: {variable(path)}"
            elif depth == len(path) and node.value is not None:
                found[path] = f"{self.source.file}:{node.key_line}"
        return found

    def line(self, index: int) -> int:
        """The line of the feed with this index."""
        return self.source.find(("feeds", index))[0].line

    def where(self, index: int) -> str:
        """Where the feed with this index stands, in words."""
        return f"{dotted(('feeds', index))} on line {self.line(index)}"
