"""The effective configuration as a file would say it, and where each value comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from .schema import Config
from .section import subsection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .problems import Path
    from .section import Section

_LINE_CHARACTERS = 10_000


def show(config: Config, *, feeds: bool) -> Iterator[str]:
    """Lines of YAML without secrets: durations in seconds, sizes in bytes, behind each key its origin.

    Args:
        config: as it was loaded.
        feeds: whether the feeds are shown, with all that holds for each of them; there may be 100,000.
    """
    plain = (config if feeds else config.model_copy(update={"feeds": ()})).redacted()
    lines = list(_section(Config, plain, config.given, ()))
    width = min(max((len(line) for line, origin in lines if origin), default=0), 60)
    for line, origin in lines:
        yield f"{line:{width}}  # {origin}" if origin else line
    if feeds:
        yield _yaml({"feeds": plain["feeds"]}, flow=False)
    else:
        yield f"# feeds: {len(config.feeds)}; --feeds shows them"


def _section(
    section: type[Section], plain: Mapping[str, Any], given: Mapping[Path, str], path: Path
) -> Iterator[tuple[str, str]]:
    """Each line, and the origin of its value; none for the name of a section."""
    indent = "  " * len(path)
    for name, field in section.model_fields.items():
        key = field.alias or name
        here = (*path, key)
        if key not in plain or here == ("feeds",):
            continue
        if (below := subsection(field)) is not None and isinstance(plain[key], dict):
            yield f"{indent}{key}:", ""
            yield from _section(below, plain[key], given, here)
        else:
            # Lists and what is in them stay in their line.
            flow = isinstance(plain[key], list | dict)
            said = f"{key}: {_yaml(plain[key], flow=True)}" if flow else _yaml({key: plain[key]}, flow=False)
            yield indent + said, given.get(here, "default")


def _yaml(data: Mapping[str, Any] | list[Any], *, flow: bool) -> str:
    return yaml.safe_dump(
        data, default_flow_style=flow, sort_keys=False, allow_unicode=True, width=_LINE_CHARACTERS
    ).rstrip("\n")
