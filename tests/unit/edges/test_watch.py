"""Files are followed from the moment when they were read."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from worker.edges.watch import FileWatch

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "feeds.txt"
    file.write_text("one")
    return file


async def changed(watch: FileWatch) -> None:
    await asyncio.wait_for(watch.changed(), timeout=30)


def watching(file: Path, *, read_before: timedelta) -> FileWatch:
    return FileWatch([file], read_at=datetime.now(UTC) - read_before, look_seconds=0.01)


async def test_what_is_written_after_it_was_read_and_before_it_is_watched_is_a_change(file: Path):
    watch = watching(file, read_before=timedelta(seconds=20))
    await changed(watch)
    # It is told once.
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(watch.changed(), timeout=0.2)


async def test_what_was_written_long_before_it_was_read_is_known(file: Path):
    watch = watching(file, read_before=timedelta(seconds=-20))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(watch.changed(), timeout=0.2)


async def test_another_file_of_the_same_size_with_an_older_time_in_the_same_place_is_a_change(file: Path):
    watch = watching(file, read_before=timedelta(seconds=-20))
    other = file.with_name("other")
    other.write_text("two")
    other.replace(file)
    await changed(watch)


def test_a_file_that_goes_and_one_that_comes_are_changes(file: Path):
    watch = watching(file, read_before=timedelta(seconds=-20))
    file.unlink()
    asyncio.run(changed(watch))
    file.write_text("one")
    asyncio.run(changed(watch))
