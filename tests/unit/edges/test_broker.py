"""The local Kafka without Kafka: its files, its paths, and which processes it touches. The real one: integration."""

from __future__ import annotations

import gc
import hashlib
import json
import socket
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from worker.edges import broker, broker_files
from worker.edges.broker_files import Jar, Lock
from worker.model.errors import Retry, Stop

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_httpserver import HTTPServer

CONTENT = b"a jar, as far as anybody here can tell"


def a_jar(number: int = 1, content: bytes = CONTENT) -> Jar:
    return Jar(
        group_id="org.example.parts",
        artifact_id=f"part{number}",
        version="1.0",
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
    )


def a_lock(*jars: Jar) -> Lock:
    return Lock(kafka_version="0.0.1", jars=jars)


def fetch(lock: Lock) -> tuple[list[Path], list[str]]:
    told: list[str] = []
    return broker_files.fetch(lock, progress=told.append), told


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and no repository that answers."""
    monkeypatch.setenv("DATELINE_CACHE_DIR", str(tmp_path / "cache"))
    use_repository("http://127.0.0.1:9", tmp_path, monkeypatch)
    return tmp_path / "cache" / "kafka-0.0.1"


def use_repository(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "jgo.conf"
    config.write_text(f"[repositories]\ncentral = {url}\n")
    monkeypatch.setenv("JGO_CONFIG_FILE", str(config))


@pytest.fixture
def repository(httpserver: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HTTPServer:
    """A Maven repository on loopback, in place of the usual one; anything it does not know is a 404."""
    use_repository(httpserver.url_for("").rstrip("/"), tmp_path, monkeypatch)
    return httpserver


def offer(repository: HTTPServer, jars: Sequence[Jar], content: bytes = CONTENT) -> None:
    for jar in jars:
        path = f"/org/example/parts/{jar.artifact_id}/{jar.version}/{jar.file_name}"
        repository.expect_request(path).respond_with_data(content)


class TestTheCommittedLock:
    def test_it_is_of_the_version_that_the_code_names(self) -> None:
        lock = broker_files.read_lock()
        assert lock.kafka_version == broker_files.KAFKA_VERSION
        assert f"org.apache.kafka:kafka_2.13:{lock.kafka_version}" in map(str, lock.jars)

    def test_every_jar_has_a_checksum_a_size_and_a_file_name_of_its_own(self) -> None:
        jars = broker_files.read_lock().jars
        assert all(len(bytes.fromhex(jar.sha256)) == 32 and jar.size_bytes > 0 for jar in jars)
        assert len({jar.file_name for jar in jars}) == len(jars)

    def test_it_binds_slf4j_to_something_that_logs(self) -> None:
        assert "slf4j-simple" in {jar.artifact_id for jar in broker_files.read_lock().jars}


class TestFetching:
    def test_a_jar_with_the_locked_checksum_lands_in_the_cache(self, repository: HTTPServer, cache: Path) -> None:
        offer(repository, [a_jar()])
        paths, told = fetch(a_lock(a_jar()))
        assert paths == [cache / "part1-1.0.jar"]
        assert paths[0].read_bytes() == CONTENT
        assert told == ["fetching Apache Kafka 0.0.1: 1 files, 0 MB", "fetched Apache Kafka 0.0.1"]
        assert list(cache.iterdir()) == paths

    def test_a_complete_cache_needs_no_repository_and_says_nothing(self, cache: Path) -> None:
        cache.mkdir(parents=True)
        (cache / "part1-1.0.jar").write_bytes(CONTENT)
        assert fetch(a_lock(a_jar())) == ([cache / "part1-1.0.jar"], [])

    def test_a_file_of_another_size_is_fetched_again(self, repository: HTTPServer, cache: Path) -> None:
        cache.mkdir(parents=True)
        (cache / "part1-1.0.jar").write_bytes(CONTENT[:5])
        offer(repository, [a_jar()])
        paths, _ = fetch(a_lock(a_jar()))
        assert paths[0].read_bytes() == CONTENT

    def test_a_jar_with_another_checksum_is_an_error_and_is_not_kept(self, repository: HTTPServer, cache: Path) -> None:
        offer(repository, [a_jar()], content=CONTENT[::-1])
        with pytest.raises(Stop, match=r"org\.example\.parts:part1:1\.0 whose SHA-256 is not the locked one") as caught:
            fetch(a_lock(a_jar()))
        assert "\n" not in str(caught.value)
        assert list(cache.iterdir()) == []

    def test_a_jar_that_the_repository_lacks_is_named(self, repository: HTTPServer) -> None:
        with warnings.catch_warnings():
            # jgo forgets to close the answer when it is a 404; that must not show in a later test.
            warnings.simplefilter("ignore", ResourceWarning)
            with pytest.raises(Retry, match=r"cannot fetch org\.example\.parts:part1:1\.0 \(.*not found"):
                fetch(a_lock(a_jar()))
            gc.collect()

    def test_a_repository_out_of_reach_gives_one_line_with_jar_reason_and_cure(self) -> None:
        with pytest.raises(Retry, match=r"part1:1\.0 \(.*Connection refused.*check the network") as caught:
            fetch(a_lock(a_jar()))
        assert "\n" not in str(caught.value)

    def test_what_was_fetched_before_a_failure_is_kept(self, repository: HTTPServer, cache: Path) -> None:
        good = [a_jar(number) for number in range(4)]
        offer(repository, [*good, a_jar(4)])
        with pytest.raises(Stop, match="part4"):
            fetch(a_lock(*good, a_jar(4, content=b"what the lock is of")))
        assert {path.name for path in cache.iterdir()} == {jar.file_name for jar in good}

    def test_two_at_once_do_not_disturb_each_other(self, repository: HTTPServer, cache: Path) -> None:
        jars = [a_jar(number) for number in range(12)]
        offer(repository, jars)
        with ThreadPoolExecutor(2) as pool:
            outcomes = list(pool.map(fetch, [a_lock(*jars)] * 2))
        assert outcomes[0][0] == outcomes[1][0] == [cache / jar.file_name for jar in jars]
        assert sorted(cache.iterdir()) == sorted(outcomes[0][0])
        assert {path.read_bytes() for path in cache.iterdir()} == {CONTENT}

    def test_progress_is_told_at_most_at_every_tenth(self, repository: HTTPServer) -> None:
        jars = [a_jar(number) for number in range(30)]
        offer(repository, jars)
        _, told = fetch(a_lock(*jars))
        assert told[0] == "fetching Apache Kafka 0.0.1: 30 files, 0 MB"
        assert len(told) == 1 + 9 + 1

    def test_a_cache_that_cannot_be_made_is_named_with_the_setting_that_moves_it(self, cache: Path) -> None:
        cache.parent.write_text("a file where the directory should be")
        with pytest.raises(Stop, match=r"cannot make the directory .*kafka-0\.0\.1 .*\$DATELINE_CACHE_DIR"):
            fetch(a_lock(a_jar()))

    def test_without_the_extra_the_error_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "jgo.constants", None)
        with pytest.raises(Stop, match=r"pip install 'dateline\[kafka-local\]'"):
            fetch(a_lock(a_jar()))


class TestPlaces:
    @pytest.fixture(autouse=True)
    def home(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", "/home/someone")
        for variable in ("DATELINE_CACHE_DIR", "DATELINE_STATE_DIR", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
            monkeypatch.delenv(variable, raising=False)

    def test_they_follow_the_xdg_defaults(self) -> None:
        assert broker_files.cache_directory() == Path("/home/someone/.cache/dateline")
        assert broker_files.state_directory() == Path("/home/someone/.local/state/dateline")

    def test_xdg_variables_move_them(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", "/fast")
        monkeypatch.setenv("XDG_STATE_HOME", "/large")
        assert broker_files.cache_directory() == Path("/fast/dateline")
        assert broker_files.state_directory() == Path("/large/dateline")

    def test_a_relative_xdg_variable_is_ignored(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", "fast")
        assert broker_files.cache_directory() == Path("/home/someone/.cache/dateline")

    def test_our_own_variables_come_first_and_are_taken_as_they_are(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", "/fast")
        monkeypatch.setenv("DATELINE_CACHE_DIR", "/elsewhere")
        monkeypatch.setenv("DATELINE_STATE_DIR", "~/kept")
        assert broker_files.cache_directory() == Path("/elsewhere")
        assert broker_files.state_directory() == Path("/home/someone/kept")


@pytest.fixture
def port() -> int:
    return broker.free_port()


def answer_with(answer: bytes) -> Iterator[int]:
    """A server that gives everyone the same answer, whatever they say."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(100)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


class TestAForeignListener:
    @pytest.fixture(params=[b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"], ids=["hangs up", "speaks HTTP"])
    def foreign(self, request: pytest.FixtureRequest) -> Iterator[int]:
        yield from answer_with(request.param)

    def test_it_is_named_with_the_cure(self, foreign: int, tmp_path: Path) -> None:
        with pytest.raises(Stop, match=f"127.0.0.1:{foreign} is held by something that is not Kafka.*--port") as caught:
            broker.start(port=foreign, state_dir=tmp_path)
        assert "\n" not in str(caught.value)

    def test_it_is_no_kafka_to_status_and_stop_leaves_it(self, foreign: int, tmp_path: Path) -> None:
        assert broker.status(port=foreign, state_dir=tmp_path) is None
        assert broker.stop(port=foreign, state_dir=tmp_path) is False

    def test_one_that_says_nothing_is_not_kafka_either(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(broker, "_PROBE_TIMEOUT_SECONDS", 0.1)
        with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Stop, match="not Kafka"):
            broker.start(port=silent.getsockname()[1], state_dir=tmp_path)


def leave_a_record(state_dir: Path, port: int, pid: int) -> Path:
    """What a call of `start` leaves; returns the path of the configuration that its broker has on its command line."""
    home = state_dir / "kafka" / str(port)
    home.mkdir(parents=True)
    (home / "process.json").write_text(json.dumps({"pid": pid, "data": str(home / "data")}))
    return home / "server.properties"


class TestWhichProcessIsEnded:
    @pytest.fixture
    def bystander(self) -> Iterator[subprocess.Popen[bytes]]:
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
            yield process
            process.kill()

    def test_without_a_record_there_is_nothing_to_stop_and_nothing_is_made(self, port: int, tmp_path: Path) -> None:
        assert broker.stop(port=port, state_dir=tmp_path / "state") is False
        assert not (tmp_path / "state").exists()

    def test_a_process_that_was_given_a_dead_brokers_id_lives(
        self, bystander: subprocess.Popen[bytes], port: int, tmp_path: Path
    ) -> None:
        leave_a_record(tmp_path, port, bystander.pid)
        assert broker.stop(port=port, state_dir=tmp_path, timeout_seconds=0.1) is False
        assert bystander.poll() is None

    def test_the_record_of_a_dead_broker_is_cleared(
        self, bystander: subprocess.Popen[bytes], port: int, tmp_path: Path
    ) -> None:
        config = leave_a_record(tmp_path, port, bystander.pid)
        bystander.kill()
        bystander.wait()
        assert broker.stop(port=port, state_dir=tmp_path) is False
        assert not config.with_name("process.json").exists()

    def test_a_broker_that_does_not_end_in_time_is_killed(self, port: int, tmp_path: Path) -> None:
        stubborn = (
            "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); sys.stdin.read()"
        )
        config = tmp_path / "kafka" / str(port) / "server.properties"
        command = [sys.executable, "-c", stubborn, "kafka.Kafka", str(config)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            leave_a_record(tmp_path, port, process.pid)
            assert broker.stop(port=port, state_dir=tmp_path, timeout_seconds=0.1) is True
            assert process.wait() == -9


def test_nothing_at_the_port_has_no_status(port: int, tmp_path: Path) -> None:
    assert broker.status(port=port, state_dir=tmp_path) is None


def test_a_state_directory_that_cannot_be_made_is_named_with_the_setting_that_moves_it(
    port: int, tmp_path: Path
) -> None:
    (tmp_path / "kafka").write_text("a file where the directory should be")
    with pytest.raises(Stop, match=rf"cannot make the directory .*{port} .*\$DATELINE_STATE_DIR"):
        broker.start(port=port, state_dir=tmp_path)


def test_a_process_that_is_just_being_started_is_waited_for():
    """Between fork and exec a process has no command line; taking it for a stranger made starts fail now and then."""

    class Starting:
        asked = 0

        def cmdline(self) -> list[str]:
            self.asked += 1
            return ["java", "kafka.Kafka"] if self.asked > 2 else []

        def is_running(self) -> bool:
            return True

        def status(self) -> str:
            return "running"

    assert broker._command_line(Starting()) == ["java", "kafka.Kafka"]
