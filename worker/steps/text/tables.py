"""The data files of this package."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def table(file_name: str) -> Iterator[list[str]]:
    """The rows of a tab-separated file, without its comments."""
    content = (files("worker.steps.text") / file_name).read_text(encoding="utf-8")
    return (line.split("\t") for line in content.splitlines() if line and not line.startswith("#"))
