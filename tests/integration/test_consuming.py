"""The examples of docs/consuming.md, run as they stand there."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import NewTopic

from tests.integration.harness import run_cli

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.kafka

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "consuming.md").read_text(encoding="utf-8")
RECORDS = [
    json.loads(line)
    for line in (ROOT / "schemas" / "examples" / "records.jsonl").read_text(encoding="utf-8").splitlines()
]
# Six articles, one of them in three revisions.
NEWEST = {record["key"]: record["value"]["revision"] for record in RECORDS}


@pytest.fixture
def topic(kafka_bootstrap: str) -> str:
    """A topic with the examples, once in a transaction that was aborted and once in one that was committed."""
    name = f"articles.{uuid4().hex[:8]}"
    admin = KafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    admin.create_topics([NewTopic(name, num_partitions=3, replication_factor=1)])
    admin.close()
    producer = KafkaProducer(bootstrap_servers=kafka_bootstrap, transactional_id=name)
    producer.init_transactions()
    for commits in (False, True):
        producer.begin_transaction()
        for record in RECORDS:
            # What was undone must show, should anyone read it.
            value = record["value"] if commits else {**record["value"], "revision": 99}
            headers = [(key, text.encode()) for key, text in record["headers"].items()]
            producer.send(name, key=record["key"].encode(), value=json.dumps(value).encode(), headers=headers)
        producer.flush()
        if commits:
            producer.commit_transaction()
        else:
            producer.abort_transaction()
    producer.close()
    return name


@pytest.fixture
def consumer(tmp_path: Path) -> Path:
    """The consumer group of the page."""
    found = re.search(r"<!-- tests/integration/test_consuming\.py runs this -->\n```python\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    script = tmp_path / "consumer.py"
    script.write_text(found[1])
    return script


def rows(database: Path) -> dict[str, tuple[int, str]]:
    db = sqlite3.connect(database)
    found = {
        key: (revision, change) for key, revision, change in db.execute("SELECT id, revision, change FROM article")
    }
    db.close()
    return found


def expected() -> Iterator[tuple[str, tuple[int, str]]]:
    for record in RECORDS:
        if record["value"]["revision"] == NEWEST[record["key"]]:
            yield record["key"], (record["value"]["revision"], record["value"]["change"])


def test_the_consumer_group_keeps_the_newest_revision_of_each_article_once(
    topic: str, consumer: Path, kafka_bootstrap: str, tmp_path: Path
) -> None:
    """Two of them share the partitions; a third run, of another group, reads all of it again and changes nothing."""
    database = tmp_path / "articles.db"
    table = ROOT / "schemas" / "tables" / "sqlite.sql"

    def consume(script: Path) -> subprocess.Popen[str]:
        command = [sys.executable, str(script), kafka_bootstrap, topic, str(database), str(table)]
        return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    for process in (consume(consumer), consume(consumer)):
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    assert rows(database) == dict(expected())

    again = tmp_path / "again.py"
    again.write_text(consumer.read_text().replace("articles-to-sqlite", "again"))
    process = consume(again)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert rows(database) == dict(expected())

    db = sqlite3.connect(database)
    (headline, text, tags) = db.execute(
        "SELECT headline, text, tags FROM article WHERE headline = 'Ferry returns to service'"
    ).fetchone()
    db.close()
    assert (headline, json.loads(tags)) == ("Ferry returns to service", ["Transport"])
    assert text == "The ferry is back.\n\nIt sails at six."


def test_kcat_shows_keys_and_headers_of_what_was_committed(topic: str, kafka_bootstrap: str) -> None:
    """The command of the page, with the test's broker and topic."""
    found = re.search(r"^kcat .* -f '%k %h\\n'$", PAGE, re.MULTILINE)
    assert found is not None
    command = found[0].replace("localhost:9092", kafka_bootstrap).replace("news.articles", topic)
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=120, check=True)
    lines = sorted(result.stdout.splitlines())
    wanted = sorted(
        f"{record['key']} " + ",".join(f"{key}={text}" for key, text in record["headers"].items()) for record in RECORDS
    )
    assert lines == wanted


def test_kcat_and_jq_show_the_last_articles_as_a_table(topic: str, kafka_bootstrap: str) -> None:
    if shutil.which("jq") is None:
        pytest.skip("needs jq: apt-get install jq")
    found = re.search(r"^kcat .* \| jq .*$", PAGE, re.MULTILINE)
    assert found is not None
    command = found[0].replace("localhost:9092", kafka_bootstrap).replace("news.articles", topic)
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=120, check=True)
    lines = result.stdout.splitlines()
    assert len(lines) == len(RECORDS)
    assert {"2025-05-24\trevised\tPrisoners return home", "\twithdrawn\t"} <= set(lines)


def test_what_tap_prints_can_be_exported(topic: str, kafka_bootstrap: str, tmp_path: Path) -> None:
    config = tmp_path / "dateline.yaml"
    settings = {
        "name": "t",
        "kafka": {"bootstrap_servers": [kafka_bootstrap], "topics": {"articles": topic}},
        "feeds": [{"url": "https://wire.example/feed", "id": "world-wire"}],
    }
    config.write_text(json.dumps(settings))
    tapped = run_cli("tap", "-c", str(config), "--from-beginning", "--json", "-n", str(len(RECORDS)))
    assert tapped.returncode == 0, tapped.stderr
    exported = subprocess.run(
        [sys.executable, "-m", "worker", "export", "--to", "ninjs"],
        input=tapped.stdout,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    uris = {json.loads(line)["uri"] for line in exported.stdout.splitlines()}
    assert uris == {f"urn:dateline:article:{key}" for key in NEWEST}
