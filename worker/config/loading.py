"""From a file and an environment to a `Config`, or to every mistake in them."""

from __future__ import annotations

import pathlib
from codecs import BOM_UTF8
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from worker.model.feed import Feed

from .explain import Finding, findings
from .feeds import FeedEntry, build
from .overrides import from_environment, variable, variables
from .problems import ConfigError, Path, Problem, dotted
from .schema import Config, Schedule
from .source import WHAT_TO_WRITE, Source, read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .overrides import Overrides


def load(path: pathlib.Path | str, environ: Mapping[str, str]) -> Config:
    """Read the configuration file, with the environment's settings over it.

    Raises:
        ConfigError: with every mistake that was found.
    """
    file = str(path)
    try:
        content = pathlib.Path(path).read_bytes().removeprefix(BOM_UTF8)
    except IsADirectoryError:
        raise ConfigError([Problem(file=file, message="is a directory; name the file in it")]) from None
    except FileNotFoundError:
        raise ConfigError([Problem(file=file, message="there is no such file; check the path")]) from None
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise ConfigError([Problem(file=file, message=f"cannot be read: {reason}")]) from None
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start].decode()
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        message = "is not UTF-8 from here on; save the file as UTF-8"
        raise ConfigError([Problem(file=file, line=line, column=column, message=message)]) from None
    return loads(text, file, environ)


def loads(text: str, filename: str, environ: Mapping[str, str]) -> Config:
    """The configuration in `text`, with the environment's settings over it; `filename` is for messages.

    Raises:
        ConfigError: with every mistake that was found.
    """
    source = read(text, filename)
    report = _Report(source=source, overrides=from_environment(environ))
    config = None if source.root is None else _config(source.root.value, report)
    if report.problems or config is None:
        raise ConfigError(report.problems)
    return config


@dataclass(slots=True, kw_only=True)
class _Report:
    """Gathers mistakes and finds out where each one stands."""

    source: Source
    overrides: Overrides
    problems: list[Problem] = field(init=False)

    def __post_init__(self) -> None:
        self.problems = [*self.source.problems, *self.overrides.problems]

    def add(self, finding: Finding, *, under: Path = ()) -> None:
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

    def where(self, index: int) -> str:
        """Where the feed with this index stands, in words."""
        path: Path = ("feeds", index)
        return f"{dotted(path)} on line {self.source.find(path)[0].line}"


def _config(data: Mapping[str, Any], report: _Report) -> Config | None:
    """The configuration, or None when `report` has mistakes to show for it."""
    settings = report.overrides.applied(data)
    items = settings.pop("feeds", None)
    try:
        config = Config.model_validate(settings)
    except ValidationError as error:
        config = None
        for finding in findings(error, Config):
            report.add(finding)
    if not isinstance(items, list) or not items:
        wrong = "must be a list of feeds" if items else "at least one feed is needed"
        report.add(Finding(path=("feeds",), message=f"{wrong}; {WHAT_TO_WRITE}"))
        return None
    schedule = config.schedule if config else _schedule(settings.get("schedule"))
    feeds = []
    for result in build(items, schedule, config.articles if config else None, report.where):
        if isinstance(result, Feed):
            feeds.append(result)
            continue
        index, wrong_entry = result
        for finding in findings(wrong_entry, FeedEntry):
            report.add(finding, under=("feeds", index))
    return config.model_copy(update={"feeds": tuple(feeds)}) if config else None


def _schedule(data: object) -> Schedule | None:
    """The schedule of a configuration that has mistakes elsewhere; None if it has some itself."""
    try:
        return Schedule.model_validate({} if data is None else data)
    except ValidationError:
        return None
