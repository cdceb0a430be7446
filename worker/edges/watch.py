"""Noticing that files have changed, on any file system: Kubernetes swaps links, editors swap files."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_LOOK_SECONDS = 2.0

_Look = dict[str, tuple[int, int, int] | None]


class FileWatch:
    """What some files looked like when they were last looked at. Their contents are not read.

    Args:
        look_seconds: how often to look.
    """

    def __init__(self, files: Iterable[Path], *, look_seconds: float = _LOOK_SECONDS) -> None:
        self.files = tuple(files)
        self._look_seconds = look_seconds
        self._seen = _look(self.files)

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


def _look(files: Iterable[Path]) -> _Look:
    found: _Look = {}
    for path in files:
        try:
            status = path.stat()
        except OSError:
            found[str(path)] = None
        else:
            found[str(path)] = (status.st_mtime_ns, status.st_size, status.st_ino)
    return found
