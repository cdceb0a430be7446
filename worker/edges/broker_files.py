"""The files of the local Apache Kafka: its jars, each checked against the committed lock, and where they lie.

`broker.lock.toml` names every jar that the broker needs by its Maven coordinates, size and SHA-256. jgo fetches exactly
these from a Maven repository; nothing is resolved at that time. To move to another version of Kafka, change
`KAFKA_VERSION` and write the lock anew::

    python -m worker.edges.broker_files
"""

from __future__ import annotations

import hashlib
import importlib
import os
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from worker.model.errors import Retry, Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

KAFKA_VERSION = "4.1.0"
"""The version that the lock is written for."""

# Without a binding for SLF4J the broker logs nothing, and a failed start would not say why.
_LOG_BINDING = "org.slf4j:slf4j-simple:1.7.36"
_LOCK_PATH = Path(__file__).with_name("broker.lock.toml")
_PARALLEL_FETCHES = 4
_FETCH_TIMEOUT_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Jar:
    """One file of the broker, by its Maven coordinates."""

    group_id: str
    artifact_id: str
    version: str
    sha256: str
    size_bytes: int

    @property
    def file_name(self) -> str:
        """Its name in the cache, the same as in a Maven repository."""
        return f"{self.artifact_id}-{self.version}.jar"

    def __str__(self) -> str:
        return f"{self.group_id}:{self.artifact_id}:{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """Everything that one version of the broker consists of."""

    kafka_version: str
    jars: tuple[Jar, ...]


def cache_directory() -> Path:
    """Where fetched files are kept: `$DATELINE_CACHE_DIR`, `$XDG_CACHE_HOME/dateline` or `~/.cache/dateline`."""
    return _directory("DATELINE_CACHE_DIR", "XDG_CACHE_HOME", ".cache")


def state_directory() -> Path:
    """Where data is kept: `$DATELINE_STATE_DIR`, `$XDG_STATE_HOME/dateline` or `~/.local/state/dateline`."""
    return _directory("DATELINE_STATE_DIR", "XDG_STATE_HOME", ".local/state")


def read_lock(path: Path = _LOCK_PATH) -> Lock:
    """The committed lock."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    return Lock(
        kafka_version=document["kafka"],
        jars=tuple(
            Jar(
                group_id=entry["groupId"],
                artifact_id=entry["artifactId"],
                version=entry["version"],
                sha256=entry["sha256"],
                size_bytes=entry["size"],
            )
            for entry in document["jar"]
        ),
    )


def extra(module: str) -> Any:
    """A module of the packages that `dateline[kafka-local]` adds. None has type information.

    Raises:
        Stop: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise Stop("the packages for a local Kafka are not installed: pip install 'dateline[kafka-local]'") from error


def make_directory(path: Path, *, variable: str) -> None:
    """Make a directory and those above it; `variable` is the setting that moves it elsewhere.

    Raises:
        Stop: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Stop(f"cannot make the directory {path} ({error.strerror}): set ${variable} to another place") from error


def fetch(lock: Lock, *, progress: Callable[[str], None]) -> list[Path]:
    """The jars of the lock, in its order, in the cache; what is not there is fetched and checked.

    A jar gets its name in the cache once its SHA-256 is known to be right. So a later call looks at the sizes alone
    and needs no network, and two processes that fetch at once only replace a file by an equal one.

    Args:
        lock: What to fetch.
        progress: Is told in one line when fetching begins, at every tenth of the bytes, and at the end.

    Raises:
        Retry: a jar cannot be fetched now.
        Stop: jgo is not installed, the cache cannot be written, or a repository gave a jar with another content.
    """
    directory = cache_directory() / f"kafka-{lock.kafka_version}"
    missing = [jar for jar in lock.jars if not _is_cached(directory / jar.file_name, jar.size_bytes)]
    if missing:
        make_directory(directory, variable="DATELINE_CACHE_DIR")
        total_bytes = sum(jar.size_bytes for jar in missing)
        progress(f"fetching Apache Kafka {lock.kafka_version}: {len(missing)} files, {_megabytes(total_bytes)} MB")
        with tempfile.TemporaryDirectory(dir=directory, prefix=".fetching-") as scratch:
            context = _maven(Path(scratch))
            done_bytes, told_tenths = 0, 0
            for jar in _each_fetched(context, missing, directory):
                done_bytes += jar.size_bytes
                tenths = done_bytes * 10 // total_bytes
                if told_tenths < tenths < 10:
                    progress(f"fetched {_megabytes(done_bytes)} of {_megabytes(total_bytes)} MB")
                    told_tenths = tenths
        progress(f"fetched Apache Kafka {lock.kafka_version}")
    return [directory / jar.file_name for jar in lock.jars]


def write_lock(path: Path = _LOCK_PATH) -> Lock:
    """Resolve `KAFKA_VERSION`, fetch every jar, and write the lock with what came.

    Raises:
        Stop: jgo is not installed.
    """
    with tempfile.TemporaryDirectory() as scratch:
        context = _maven(Path(scratch))
        broker = context.create_dependency(f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}")
        binding = context.create_dependency(_LOG_BINDING)
        inputs, transitive = context.resolver.resolve([broker])
        needed = [*inputs, *(one for one in transitive if one.scope in {"compile", "runtime"}), binding]
        with ThreadPoolExecutor(_PARALLEL_FETCHES) as pool:
            jars = sorted(pool.map(_describe, (one.artifact for one in needed)), key=str)
    lines = ["# Written by `python -m worker.edges.broker_files`.", f'kafka = "{KAFKA_VERSION}"']
    for jar in jars:
        lines += [
            "",
            "[[jar]]",
            f'groupId = "{jar.group_id}"',
            f'artifactId = "{jar.artifact_id}"',
            f'version = "{jar.version}"',
            f'sha256 = "{jar.sha256}"',
            f"size = {jar.size_bytes}",
        ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Lock(kafka_version=KAFKA_VERSION, jars=tuple(jars))


def _directory(own_variable: str, xdg_variable: str, below_home: str) -> Path:
    if own := os.environ.get(own_variable):
        return Path(own).expanduser().absolute()
    # The XDG Base Directory Specification has a relative path ignored.
    xdg = Path(os.environ.get(xdg_variable, ""))
    return (xdg if xdg.is_absolute() else Path.home() / below_home) / "dateline"


def _is_cached(path: Path, size_bytes: int) -> bool:
    try:
        return path.stat().st_size == size_bytes
    except OSError:
        return False


def _maven(repo_cache: Path) -> Any:
    """A jgo context that writes to `repo_cache` only; jgo's own configuration file may name a mirror."""
    central = extra("jgo.constants").MAVEN_CENTRAL_URL
    repositories = {"central": central, **extra("jgo.config").GlobalSettings.load().repositories}
    return extra("jgo.maven").MavenContext(
        repo_cache=repo_cache, remote_repos=repositories, timeout=_FETCH_TIMEOUT_SECONDS
    )


def _each_fetched(context: Any, jars: Iterable[Jar], directory: Path) -> Iterator[Jar]:
    """Fetch several at a time; yields each jar when it is in the cache. The first failure ends it."""
    pool = ThreadPoolExecutor(_PARALLEL_FETCHES)
    try:
        futures = [pool.submit(_fetch_one, context, jar, directory) for jar in jars]
        for future in as_completed(futures):
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _fetch_one(context: Any, jar: Jar, directory: Path) -> Jar:
    artifact = context.project(jar.group_id, jar.artifact_id).at_version(jar.version).artifact()
    try:
        fetched = Path(artifact.resolve())
    except (OSError, RuntimeError) as error:  # what requests and jgo raise
        raise Retry(
            f"cannot fetch {jar} ({_reason(error)}): check the network and try again, or name a mirror as `central` "
            "in the [repositories] of ~/.config/jgo.conf"
        ) from error
    if _sha256(fetched) != jar.sha256:
        fetched.unlink()
        raise Stop(f"the repository gave a {jar} whose SHA-256 is not the locked one: check the proxy or the mirror")
    fetched.replace(directory / jar.file_name)
    return jar


def _reason(error: BaseException) -> str:
    """The innermost cause, which is the one that says something (`Connection refused`)."""
    while error.__context__ is not None:
        error = error.__context__
    return " ".join(str(error).split())[:160] or type(error).__name__


def _describe(artifact: Any) -> Jar:
    path = Path(artifact.resolve())
    return Jar(
        group_id=artifact.groupId,
        artifact_id=artifact.artifactId,
        version=artifact.version,
        sha256=_sha256(path),
        size_bytes=path.stat().st_size,
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _megabytes(size_bytes: int) -> int:
    return round(size_bytes / 1_000_000)


if __name__ == "__main__":
    write_lock()
