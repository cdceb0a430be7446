"""The commands on a ledger, as operators run them: before, between and after workers, on SQLite and on Kafka."""

from __future__ import annotations

import contextlib
import json
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from kafka import KafkaProducer
from pytest_httpserver import HTTPServer

from tests.contracts import batch, event
from tests.integration.harness import Deployment, Process, changing, rss, run_cli
from worker.edges.kafka_maintenance import KafkaStore
from worker.edges.kafka_reader import read_feed_states
from worker.edges.sqlite import SqliteReader
from worker.edges.sqlite_file import SqliteFile
from worker.model.errors import Stop
from worker.pipeline.notes import UNFINISHED, feed_states

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from worker.model.event import Batch, Published

    Start = Callable[..., Process]

pytestmark = [
    pytest.mark.kafka,
    # kafka-python leaves a socket whose connection failed to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <s:ResourceWarning"),
]


@pytest.fixture(params=["sqlite", pytest.param("kafka", marks=pytest.mark.long)])
def deployment(request: pytest.FixtureRequest, tmp_path: Path) -> Deployment:
    """A deployment on each kind of ledger."""
    bootstrap = request.getfixturevalue("kafka_bootstrap") if request.param == "kafka" else None
    return Deployment(tmp_path, bootstrap)


@pytest.fixture
def on_kafka(tmp_path: Path, kafka_bootstrap: str) -> Deployment:
    return Deployment(tmp_path, kafka_bootstrap)


def published(deployment: Deployment) -> list[Published]:
    """All article records."""
    if deployment.bootstrap is not None:
        return deployment.records()
    reader = SqliteReader(deployment.sqlite_path)
    try:
        return list(reader.read_to_end())
    finally:
        reader.close()


def ids(deployment: Deployment) -> Counter[str]:
    return Counter(dict(record.headers)["ce_id"].decode() for record in published(deployment))


def work(start: Start, config: Path, times: int = 1) -> None:
    """Poll every feed so often, each time as a worker of its own."""
    for _ in range(times):
        process = start(config, "--once")
        assert process.popen.wait(60) == 0, process.output


def cli(*arguments: str) -> subprocess.CompletedProcess[str]:
    done = run_cli(*arguments)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def good(*arguments: str) -> str:
    done = cli(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def fill(deployment: Deployment, *batches: Batch) -> None:
    """Make the SQLite file, as a worker that commits these."""
    file = SqliteFile(deployment.sqlite_path, name="test")
    file.open()
    file.commit(batches)
    file.close()


def limit_events(deployment: Deployment, size: str) -> None:
    """Set the largest message."""
    config = json.loads(deployment.path.read_text())
    config["kafka"]["max_event_bytes"] = size
    deployment.path.write_text(json.dumps(config))


def leave_letter(deployment: Deployment, feed: str, reason: str, value: bytes) -> None:
    """A dead letter as an older version of the worker would have left it."""
    headers = {
        "__connect.errors.stage": "parse",
        "__connect.errors.exception.message": "too clever for the old one",
        "dateline_feed_id": feed,
        "dateline_reason": reason,
        "dateline_rejected_at": "2025-05-24T18:20:30Z",
        "dateline_truncated": "false",
    }
    if deployment.bootstrap is None:
        with contextlib.closing(sqlite3.connect(deployment.sqlite_path)) as file:
            file.execute(
                "INSERT INTO dead_letters(feed_id, reason, headers, value) VALUES (?, ?, ?, ?)",
                (feed, reason, json.dumps(list(headers.items())), value),
            )
            file.commit()
        return
    producer = KafkaProducer(bootstrap_servers=deployment.bootstrap)
    sent = [(name, text.encode()) for name, text in headers.items()]
    producer.send(f"{deployment.name}.dead-letters", key=feed.encode(), value=value, headers=sent).get(timeout=120)
    producer.close()


def config_of(deployment: Deployment, httpserver: HTTPServer, *names: str, **more: Any) -> Path:
    return deployment.write([{"url": httpserver.url_for(f"/{name}"), "id": name} for name in names], **more)


# Dead letters


def test_dead_letters_are_listed_shown_and_chosen(deployment: Deployment, httpserver: HTTPServer, start: Start):
    broken = b"<rss><channel><title>\x1b[31mx</ti"
    httpserver.expect_request("/a").respond_with_data(broken)
    config = str(config_of(deployment, httpserver, "a"))
    work(start, deployment.path)
    leave_letter(deployment, "other", "unreadable_entry", b"<item/>")

    old, new = rows(good("dlq", "list", "-c", config))
    assert (old["feed"], old["reason"], old["stage"], old["size_bytes"]) == ("other", "unreadable_entry", "parse", 7)
    assert (new["feed"], new["reason"], new["size_bytes"], new["truncated"]) == ("a", "broken", len(broken), False)
    for options in (["--feed", "a"], ["--reason", "broken"], ["--since", "1h"], ["-n", "1"]):
        assert rows(good("dlq", "list", "-c", config, *options)) == [new]
    assert rows(good("dlq", "list", "-c", config, "--since", "2025-05-24", "--feed", "other")) == [old]

    shown = good("dlq", "show", new["id"], "-c", config)
    assert "reason:      broken" in shown
    assert "\x1b" not in shown
    assert subprocess.run(
        [sys.executable, "-m", "worker", "dlq", "show", new["id"], "-c", config, "--raw"],
        capture_output=True,
        check=True,
        timeout=120,
    ).stdout == (broken)


@pytest.mark.parametrize("letter_id", ["0", "nonsense", "{}.dead-letters:0:99", "{}.articles:0:0", "99"])
def test_an_id_that_is_none_is_one_line(deployment: Deployment, httpserver: HTTPServer, start: Start, letter_id: str):
    config = str(config_of(deployment, httpserver, "a"))
    httpserver.expect_request("/a").respond_with_data(rss(("1", "One")))
    work(start, deployment.path)

    done = cli("dlq", "show", letter_id.format(deployment.name), "-c", config)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("dateline: ")
    assert "`dateline dlq list`" in line or "are in the topic" in line


def test_a_replay_publishes_once_what_nobody_has_published(
    deployment: Deployment, httpserver: HTTPServer, start: Start
):
    """Of three articles in the letters, one is published by its feed, and one by another feed."""
    httpserver.expect_request("/a").respond_with_data(rss(("1", "One")))
    httpserver.expect_request("/b").respond_with_data(rss(("2", "Two")))
    config = str(config_of(deployment, httpserver, "a", "b"))
    work(start, deployment.path)
    document = rss(("3", "Three"), ("2", "Two"), ("1", "One"))
    leave_letter(deployment, "a", "broken", document.encode())
    leave_letter(deployment, "gone", "broken", document.encode())

    done = cli("dlq", "replay", "--feed", "a", "-c", config)
    assert (done.returncode, "1 article published" in done.stderr) == (0, True), done.stderr
    again = cli("dlq", "replay", "--all", "-c", config)
    assert (again.returncode, "0 articles published, 1 of no use still" in again.stderr) == (1, True), again.stderr
    assert "feed gone is not in the configuration" in again.stdout

    httpserver.clear()
    for name in "ab":
        httpserver.expect_request(f"/{name}").respond_with_data(document)
    work(start, deployment.path)
    assert [count for _, count in ids(deployment).most_common()] == [1, 1, 1]
    message = next(json.loads(record.value) for record in published(deployment) if b"Three" in record.value)
    assert (message["source"]["feed_id"], message["source"]["retrieved_at"]) == ("a", "2025-05-24T18:20:30Z")


def test_an_article_that_was_too_long_for_the_topic_is_published_when_it_is_not(
    on_kafka: Deployment, httpserver: HTTPServer, start: Start
):
    """And a revision of it, rejected before that, follows."""
    document = rss(("long", "Long" + "\\" * 3_000))
    httpserver.expect_request("/a").respond_with_data(document)
    config = config_of(on_kafka, httpserver, "a")
    limit_events(on_kafka, "5kB")
    work(start, config)
    [letter] = rows(good("dlq", "list", "-c", str(config)))
    assert letter["reason"] == "unusable_entry"
    assert cli("dlq", "replay", letter["id"], "-c", str(config)).returncode == 1

    limit_events(on_kafka, "1MB")
    good("dlq", "replay", letter["id"], "-c", str(config))
    good("dlq", "replay", letter["id"], "-c", str(config))
    work(start, config)
    assert list(ids(on_kafka).values()) == [1]


def test_nothing_is_replayed_while_a_worker_is_at_work(deployment: Deployment, httpserver: HTTPServer, start: Start):
    httpserver.expect_request("/a").respond_with_data(rss(("1", "One")))
    config = config_of(deployment, httpserver, "a")
    process = start(config)
    process.wait_for("poll", published=1)
    leave_letter(deployment, "a", "broken", rss(("2", "Two")).encode())

    done = cli("dlq", "replay", "--all", "-c", str(config))
    assert done.returncode == 1
    assert "at work" in done.stderr.splitlines()[-1] or "is in use by process" in done.stderr.splitlines()[-1]
    assert process.end() == 0
    assert len(published(deployment)) == 1


# Feed states


def test_a_state_is_shown_without_passwords(deployment: Deployment, httpserver: HTTPServer, start: Start):
    httpserver.expect_request("/a").respond_with_data(rss(("1", "One")), headers={"ETag": '"7"'})
    url = httpserver.url_for("/a").replace("http://", "http://bob:secret@")
    config = str(deployment.write([{"url": url, "id": "a"}]))
    # Without a worker there is no topic either.
    before = cli("state", "show", "a", "-c", config).stderr
    assert "is not there; a worker creates it" in before or "create it: dateline topics create" in before
    work(start, deployment.path)

    shown = good("state", "show", "a", "-c", config)
    assert 'etag:             "7"' in shown
    assert "revision 1" in shown
    whole = json.loads(good("state", "show", "a", "-c", config, "--json"))
    assert (whole["version"], whole["etag"], whole["entries"][0]["revision"]) == (1, '"7"', 1)
    assert "secret" not in shown + json.dumps(whole)
    unknown = cli("state", "show", "b", "-c", config)
    assert (unknown.returncode, "there is no such feed" in unknown.stderr) == (1, True)


def test_a_backup_of_a_file_that_is_not_there_is_refused(tmp_path: Path):
    """From another working directory, say: an empty backup would be found out when it is needed."""
    config = Deployment(tmp_path, None).write([{"url": "https://news.example/feed", "id": "a"}])
    done = cli("state", "export", "-c", str(config), "-o", str(tmp_path / "backup"))
    assert (done.returncode, (tmp_path / "backup").exists()) == (1, False)
    assert "is not there; a worker creates it when it starts" in done.stderr


def test_a_backup_brings_back_what_was_published(deployment: Deployment, httpserver: HTTPServer, start: Start):
    feeds = changing(httpserver, 3, 30)
    config = str(deployment.write(feeds))
    work(start, deployment.path)
    backup = deployment.path.with_name("backup.jsonl")
    good("state", "export", "-c", config, "-o", str(backup))
    assert sorted(row["feed"] for row in rows(backup.read_text())) == ["f0", "f1", "f2"]
    before = set(ids(deployment))

    empty = Deployment(backup.parent, deployment.bootstrap)
    empty.sqlite_path = backup.with_name("new.db")
    other = str(empty.write(feeds))
    done = cli("state", "import", str(backup), "-c", other)
    assert (done.returncode, "3 states written" in done.stderr) == (0, True), done.stderr
    assert "0 states written, 3 there already" in cli("state", "import", str(backup), "-c", other).stderr
    work(start, empty.path)
    assert before.isdisjoint(ids(empty))
    assert len(ids(empty)) == 15

    older = cli("state", "import", str(backup), "-c", other)
    assert older.returncode == 1
    assert f"{backup}:1: feed f0: version 1 is older than version 2" in older.stderr
    assert len(older.stderr.splitlines()) >= 3
    assert "3 states written" in cli("state", "import", str(backup), "-c", other, "--force").stderr


def test_a_copy_of_the_file_of_a_running_worker_publishes_nothing_again(
    tmp_path: Path, httpserver: HTTPServer, start: Start
):
    """Made by SQLite's own backup, as docs/operations.md says."""
    httpserver.expect_request("/a").respond_with_data(rss(("1", "One"), ("2", "Two")))
    feeds = [{"url": httpserver.url_for("/a"), "id": "a"}]
    process = start(Deployment(tmp_path, None).write(feeds))
    process.wait_for("poll", published=2)
    (tmp_path / "restored").mkdir()
    restored = Deployment(tmp_path / "restored", None)
    with (
        contextlib.closing(sqlite3.connect(tmp_path / "dateline.db")) as source,
        contextlib.closing(sqlite3.connect(restored.sqlite_path)) as copy,
    ):
        source.backup(copy)
    assert process.end() == 0

    restored.write(feeds)
    work(start, restored.path)
    assert len(ids(restored)) == 2


def test_each_bad_line_of_a_backup_is_named(deployment: Deployment, httpserver: HTTPServer):
    config = str(config_of(deployment, httpserver, "a"))
    bad = deployment.path.with_name("bad.jsonl")
    bad.write_text('{"feed": "a"}\n\nnonsense\n{"feed": "a", "shard_key": "x", "state": {"format": 99}}\n')

    done = cli("state", "import", str(bad), "-c", config)
    assert done.returncode == 1
    places = [line.split(": ")[0] for line in done.stderr.splitlines()]
    assert places == [f"{bad}:1", f"{bad}:3", f"{bad}:4"]


def test_more_shards_repeat_no_article(on_kafka: Deployment, publishers: HTTPServer, start: Start):
    config = on_kafka.write(on_hosts(publishers, changing(publishers, 12, 30)))
    work(start, config, 2)
    before = read_feed_states(on_kafka.settings)

    done = cli("state", "reshard", "--partitions", "7", "-c", str(config))
    assert done.returncode == 0, done.stderr
    after = read_feed_states(on_kafka.settings)
    assert after.values == before.values
    assert after.partitions != before.partitions
    work(start, config, 2)
    assert set(ids(on_kafka).values()) == {1}
    assert len(ids(on_kafka)) == 12 * 25
    assert "7 partitions, 0 states moved" in cli("state", "reshard", "--partitions", "7", "-c", str(config)).stderr
    fewer = cli("state", "reshard", "--partitions", "3", "-c", str(config))
    assert (fewer.returncode, "give --partitions 7 or more" in fewer.stderr) == (1, True)


@pytest.mark.long
def test_an_interrupted_reshard_keeps_workers_away_until_it_is_done(
    on_kafka: Deployment, publishers: HTTPServer, start: Start
):
    config = on_kafka.write(on_hosts(publishers, changing(publishers, 12, 30)))
    work(start, config)
    # As after a crash between the new partitions and the moving of states.
    store = KafkaStore(on_kafka.settings)
    store.open()
    store.write(store.everywhere(UNFINISHED, b"dateline state reshard"))
    store.add_shards(5)
    store.close()

    process = start(config, "--once")
    assert process.popen.wait(60) == 1
    assert "`dateline state reshard` was interrupted; run it again" in process.output
    leave_letter(on_kafka, "f0", "broken", b"<rss/>")
    fill(on_kafka)
    for command in (["dlq", "replay", "--all"], ["forward"]):
        refused = cli(*command, "-c", str(config))
        assert refused.returncode == 1
        assert "`dateline state reshard` was interrupted" in refused.stderr
    good("state", "reshard", "--partitions", "5", "-c", str(config))
    work(start, config)
    assert set(ids(on_kafka).values()) == {1}
    assert len(ids(on_kafka)) == 12 * 15


def on_hosts(server: HTTPServer, feeds: list[dict[str, str]]) -> list[dict[str, str]]:
    """The same feeds on addresses of their own, as publishers are: shards go by the address."""
    places = [f"http://127.0.0.{number}:{server.port}" for number in range(1, len(feeds) + 1)]
    return [{**feed, "url": place + urlsplit(feed["url"]).path} for place, feed in zip(places, feeds, strict=True)]


@pytest.fixture
def publishers() -> Iterator[HTTPServer]:
    """A server on all of 127.0.0.0/8."""
    with HTTPServer(host="0.0.0.0", port=0) as server:
        yield server


@pytest.mark.long
def test_a_worker_waits_while_a_command_has_the_topics(on_kafka: Deployment, httpserver: HTTPServer, start: Start):
    httpserver.expect_request("/a").respond_with_data(rss(("1", "One")))
    config = config_of(on_kafka, httpserver, "a")
    store = KafkaStore(replace(on_kafka.settings, create_topics=True))
    store.open()
    process = start(config, "--once")
    process.wait_for("group_unavailable")
    assert ids(on_kafka) == {}
    store.close()
    assert process.popen.wait(60) == 0, process.output
    assert list(ids(on_kafka).values()) == [1]


def test_of_two_commands_the_second_is_refused(on_kafka: Deployment):
    settings = replace(on_kafka.settings, create_topics=True)
    store, other = KafkaStore(settings), KafkaStore(settings)
    store.open()
    with pytest.raises(Stop, match="at work, or another command is"):
        other.open()
    store.write(store.everywhere("a", b"still ours"))
    store.close()
    other.open()
    assert other.restore() == {"a": b"still ours"}
    other.close()


# From SQLite to Kafka


@pytest.fixture
def moving(tmp_path: Path, kafka_bootstrap: str) -> tuple[Deployment, Deployment]:
    """A deployment on SQLite, and the same on Kafka."""
    (tmp_path / "before").mkdir()
    before, after = Deployment(tmp_path / "before", None), Deployment(tmp_path, kafka_bootstrap)
    after.sqlite_path = before.sqlite_path
    return before, after


@pytest.mark.long
def test_a_worker_goes_on_on_kafka_where_it_was_on_sqlite(
    moving: tuple[Deployment, Deployment], httpserver: HTTPServer, start: Start
):
    before, after = moving
    feeds = changing(httpserver, 4, 40)
    httpserver.expect_request("/broken").respond_with_data("<rss><channel><title>x</ti")
    feeds.append({"url": httpserver.url_for("/broken"), "id": "broken"})
    work(start, before.write(feeds), 2)
    config = after.write(feeds)

    done = cli("forward", "-c", str(config))
    assert (done.returncode, "60 articles, 1 dead letter and 5 feed states" in done.stderr) == (0, True), done.stderr
    for article_id in {record.key for record in published(before)}:
        mine = [(record.headers, record.value) for record in published(before) if record.key == article_id]
        assert [(record.headers, record.value) for record in after.records() if record.key == article_id] == mine
    assert [record.value for record in after.records("dead-letters")] == [b"<rss><channel><title>x</ti"]
    assert "nothing to do" in cli("forward", "-c", str(config)).stderr

    work(start, config, 2)
    assert set(ids(after).values()) == {1}
    assert len(ids(after)) == 4 * 25
    assert "nothing to do" in cli("forward", "-c", str(config)).stderr
    assert [row["feed"] for row in rows(good("state", "export", "-c", str(config)))] == [
        "broken", "f0", "f1", "f2", "f3",
    ]  # fmt: skip

    # The file goes on as well: now some articles are in both.
    work(start, before.path)
    both = cli("forward", "-c", str(config))
    assert (both.returncode, "workers used both" in both.stderr) == (1, True)


@pytest.mark.long
def test_a_file_that_went_on_is_forwarded_again_as_long_as_no_worker_used_kafka(
    moving: tuple[Deployment, Deployment], httpserver: HTTPServer, start: Start
):
    before, after = moving
    feeds = changing(httpserver, 2, 40)
    config = after.write(feeds)
    for count in (20, 10):
        work(start, before.write(feeds))
        assert f"{count} articles" in cli("forward", "-c", str(config)).stderr
    assert set(ids(after).values()) == {1}
    assert len(ids(after)) == 30


def test_a_forward_that_is_killed_repeats_nothing_when_it_is_run_again(moving: tuple[Deployment, Deployment]):
    """Twice killed, at a moment that its own words name; 6,000 revisions of 600 articles in order."""
    before, after = moving
    fill(
        before,
        *(
            batch(*(event(f"a{number}", revision, value=b"%d" % revision) for number in range(600)), version=revision)
            for revision in range(1, 11)
        ),
    )
    config = after.write([{"url": "https://news.example/feed", "id": "world"}])
    for moment in ("articles: 1000 ", "articles: 4000 "):
        with subprocess.Popen(
            [sys.executable, "-m", "worker", "forward", "-c", str(config)], stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr is not None
            assert any(line.startswith(moment) for line in process.stderr)
            process.send_signal(signal.SIGKILL)

    done = cli("forward", "-c", str(config))
    assert done.returncode == 0, done.stderr
    values: dict[bytes, list[bytes]] = {}
    for record in after.records():
        values.setdefault(record.key, []).append(record.value)
    assert len(values) == 600
    assert {tuple(each) for each in values.values()} == {tuple(b"%d" % revision for revision in range(1, 11))}
    assert feed_states(read_feed_states(after.settings).values) == {"world": b"world 10"}


def test_ctrl_c_stops_a_forward_and_says_what_follows(moving: tuple[Deployment, Deployment]):
    before, after = moving
    fill(before, batch(*(event(f"a{number}") for number in range(20_000))))
    config = after.write([{"url": "https://news.example/feed", "id": "world"}])
    with subprocess.Popen(
        [sys.executable, "-m", "worker", "forward", "-c", str(config)], stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert any(line.startswith("articles: 1000 ") for line in process.stderr)
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert process.returncode == 1
    assert rest.splitlines()[-1] == "dateline: interrupted; run it again, to its end, before a worker starts"
    assert cli("forward", "-c", str(config)).returncode == 0
    assert len({record.key for record in after.records()}) == len(after.records()) == 20_000


@pytest.mark.long
def test_a_forward_names_what_is_in_its_way(
    moving: tuple[Deployment, Deployment], httpserver: HTTPServer, start: Start
):
    before, after = moving
    httpserver.expect_request("/a").respond_with_data(rss(("1", "One")))
    feeds = [{"url": httpserver.url_for("/a"), "id": "a"}]
    config = str(after.write(feeds))
    missing = cli("forward", "-c", config)
    assert (missing.returncode, "is not there" in missing.stderr) == (1, True)
    no_kafka = cli("forward", "-c", str(before.write(feeds)))
    assert (no_kafka.returncode, "no broker is configured" in no_kafka.stderr) == (1, True)

    process = start(before.path)
    process.wait_for("poll", published=1)
    used = cli("forward", "-c", config)
    assert (used.returncode, "is in use by process" in used.stderr) == (1, True)
    assert process.end() == 0

    work(start, after.path)
    known = cli("forward", "-c", config)
    assert known.returncode == 1
    assert "Kafka knows 1 of the feeds" in known.stderr
    assert list(ids(after).values()) == [1]
