"""A consumer group that does what docs/consuming.md shows, while its members are killed as well."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.chaos.tally import Seen

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROOT = Path(__file__).parents[2]
_PAGE = _ROOT / "docs" / "consuming.md"
_TABLE = _ROOT / "schemas" / "tables" / "sqlite.sql"
_MEMBERS = 2
# 45 s by default: so long the others wait for the partitions of one that was killed.
_SESSION = "session_timeout_ms=6_000"
_PAUSE_SECONDS = 1.0
_BUSY_SECONDS = 60.0
# Whatever the table takes over is noted, in the order in which it does.
_NOTE = """
CREATE TABLE noted (id TEXT, revision INTEGER, headline TEXT);
CREATE TRIGGER inserted AFTER INSERT ON article
    BEGIN INSERT INTO noted VALUES (new.id, new.revision, new.headline); END;
CREATE TRIGGER updated AFTER UPDATE ON article
    BEGIN INSERT INTO noted VALUES (new.id, new.revision, new.headline); END;
"""


class Group:
    """Two processes of the page's consumer, each started again when it ends, and the table they share.

    Args:
        bootstrap: The broker.
        topic: Of the articles.
        folder: For the table, the script and the logs.
    """

    def __init__(self, bootstrap: str, topic: str, folder: Path) -> None:
        self._database = folder / "group.db"
        self._script = folder / "group.py"
        self._log = folder / "group.log"
        self._command = [sys.executable, *map(str, (self._script, bootstrap, topic, self._database, _TABLE))]
        self._members: list[subprocess.Popen[bytes]] = []
        self._started_seconds = 0.0

    def __enter__(self) -> Self:
        self._script.write_text(recipe())
        database = sqlite3.connect(self._database)
        database.executescript(_TABLE.read_text(encoding="utf-8").split(";\n", 1)[0] + ";" + _NOTE)
        database.close()
        for _ in range(_MEMBERS):
            self._start()
        return self

    def __exit__(self, *_: object) -> None:
        for member in self._members:
            member.kill()
            member.wait()

    def kill(self) -> None:
        """SIGKILL for the member that is there longest; another takes its place."""
        member = self._members[0]
        member.kill()
        member.wait()
        self._members.remove(member)
        self._start()

    def look(self) -> None:
        """Start anew those that ended, as a supervisor does: without a broker, or without their partitions, they do."""
        if time.monotonic() < self._started_seconds + _PAUSE_SECONDS:
            return
        for member in [member for member in self._members if member.poll() is not None]:
            self._members.remove(member)
            self._start()

    def seen(self) -> Sequence[Seen]:
        """What the table has taken over, in order. Partitions are not known: each article is in its own."""
        database = sqlite3.connect(self._database, timeout=_BUSY_SECONDS)
        rows = database.execute("SELECT headline, revision FROM noted ORDER BY rowid").fetchall()
        database.close()
        return [_seen(headline, revision) for headline, revision in rows]

    def _start(self) -> None:
        with self._log.open("ab") as log:
            # Ctrl-C in the terminal is meant for the gate.
            self._members.append(subprocess.Popen(self._command, stdout=log, stderr=log, start_new_session=True))
        self._started_seconds = time.monotonic()


def recipe() -> str:
    """The consumer of the page, with a session so short that the gate can wait for its end."""
    found = re.search(
        r"<!-- tests/integration/test_consuming\.py runs this -->\n```python\n(.*?)```",
        _PAGE.read_text(encoding="utf-8"),
        re.DOTALL,
    )
    assert found is not None
    script, count = re.subn(r"enable_auto_commit=False,", rf"\g<0> {_SESSION},", found[1])
    assert count == 1
    return script


def _seen(headline: str, revision: int) -> Seen:
    feed, article, edition = map(int, headline.split("-"))
    return Seen(article, feed, article, edition, revision)
