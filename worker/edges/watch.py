"""Noticing that files have changed, on any file system: Kubernetes swaps links, editors swap files."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

_LOOK_SECONDS = 2.0
# Kernels stamp files with a clock that ticks every few milliseconds, and a Kubernetes volume is written before its link
# is swapped.
_STAMP_SECONDS = 0.1


class _Look(NamedTuple):
    """What changes with a file. Its status changes with its name and mode too, and cannot be set back as times can."""

    changed_ns: int
    size_bytes: int
    inode: int


class FileWatch:
    """What some files looked like when they were last looked at. Their contents are not read.

    Args:
        read_at: when whoever read them began to. What was written since may have been missed: it counts as a change.
        look_seconds: how often to look.
    """

    def __init__(self, files: Iterable[Path], *, read_at: datetime, look_seconds: float = _LOOK_SECONDS) -> None:
        self.files = tuple(files)
        self._look_seconds = look_seconds
        known_ns = int((read_at.timestamp() - _STAMP_SECONDS) * 1e9)
        self._seen = {
            path: None if look is not None and look.changed_ns >= known_ns else look
            for path, look in _look(self.files).items()
        }

    async def changed(self) -> None:
        """Return when a file has changed, come or gone, and all have been still since: none is half written by then."""
        while True:
            await asyncio.sleep(self._look_seconds)
            now = await asyncio.to_thread(_look, self.files)
            if now != self._seen:
                break
        while True:
            await asyncio.sleep(self._look_seconds)
            then, now = now, await asyncio.to_thread(_look, self.files)
            if now == then:
                self._seen = now
                return


def _look(files: Iterable[Path]) -> dict[Path, _Look | None]:
    found: dict[Path, _Look | None] = {}
    for path in files:
        try:
            status = path.stat()
        except OSError:
            found[path] = None
        else:
            found[path] = _Look(status.st_ctime_ns, status.st_size, status.st_ino)
    return found
