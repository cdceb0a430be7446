"""Settings from the environment: `DATELINE_KAFKA__BOOTSTRAP_SERVERS` is `kafka.bootstrap_servers`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any

from .problems import Path, Problem
from .schema import Config
from .section import Section, subsection
from .source import scalar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic.fields import FieldInfo

PREFIX = "DATELINE_"
# Read by the command line; nothing for the configuration.
_OTHERS = frozenset({"DATELINE_CONFIG", "DATELINE_CACHE_DIR", "DATELINE_STATE_DIR"})
# What Kubernetes puts into every container of a namespace that has a Service called dateline or dateline-something.
_SERVICE_LINK = re.compile(
    r"DATELINE(?:_[A-Z0-9_]+)?_(?:SERVICE_(?:HOST|PORT)|PORT(?:_[0-9]+_[A-Z]+)?)(?:_[A-Z0-9_]+)?"
)


# Of keys that only the file has.
_FILE_ONLY = frozenset({("feeds",), ("articles", "routes"), ("tracing", "headers")})


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """What the environment says, by path, and what is wrong with its names."""

    values: Mapping[Path, Any]
    problems: tuple[Problem, ...]

    def applied(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The data of the file with these values in their places. `data` is left as it is."""
        changed = dict(data)
        for path, value in self.values.items():
            section: dict[Any, Any] = changed
            for part in path[:-1]:
                below = section.get(part)
                if below is not None and not isinstance(below, dict):
                    break  # the file has no section here, which is a problem of its own
                section[part] = section = dict(below or {})
            else:
                section[path[-1]] = value
        return changed


def variable(path: Path) -> str:
    """The variable that sets the key at this path."""
    return PREFIX + "__".join(part.upper() for part in path if isinstance(part, str))


@cache
def variables() -> dict[str, tuple[Path, bool]]:
    """Every variable with its path, and whether its value is text as it stands or a YAML scalar."""
    return dict(_variables(Config, ()))


def _variables(section: type[Section], path: Path) -> Iterator[tuple[str, tuple[Path, bool]]]:
    for here, field in leaves(section, path):
        if here not in _FILE_ONLY:
            yield variable(here), (here, field.annotation not in (bool, int, float))


def leaves(section: type[Section], path: Path = ()) -> Iterator[tuple[Path, FieldInfo]]:
    """Every key that holds a value and no section, with the keys that lead to it."""
    for name, field in section.model_fields.items():
        here = (*path, field.alias or name)
        if here not in _FILE_ONLY and (below := subsection(field)) is not None:
            yield from leaves(below, here)
        else:
            yield here, field


def from_environment(environ: Mapping[str, str]) -> Overrides:
    """Collect the overrides. A variable that is set to nothing counts as not set."""
    values: dict[Path, Any] = {}
    problems = []
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in _OTHERS:
            continue
        if name not in variables():
            problems.append(Problem(file="environment", path=name, message=_unknown(name)))
        elif text := environ[name].strip():
            path, is_text = variables()[name]
            values[path] = environ[name] if is_text else scalar(text)
    return Overrides(values=values, problems=tuple(problems))


def _unknown(name: str) -> str:
    if name == "DATELINE_FEEDS" or name.startswith("DATELINE_FEEDS__"):
        return "feeds cannot be set from the environment; write them in the file"
    if any(known.startswith(f"{name}__") for known in variables()):
        return f"is a section; set its keys one by one, as {name}__KEY"
    if _SERVICE_LINK.fullmatch(name):
        return "unknown variable, made by Kubernetes for a Service; set enableServiceLinks: false in the pod"
    close = get_close_matches(name.upper(), [*variables(), *sorted(_OTHERS)], n=1, cutoff=0.8)
    return f'unknown variable; did you mean "{close[0]}"?' if close else "unknown variable; remove it"
