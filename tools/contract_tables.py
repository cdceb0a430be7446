# /// script
# requires-python = ">=3.11"
# ///
"""Make schemas/tables: the message as tables and columns of other systems, from the JSON Schema.

    python -m tools.contract_tables

SQLite and PostgreSQL get a column per field of the message, objects and lists as JSON; Flink and Spark the full nested
type; ClickHouse reads each value as text and takes the nested types out of it. A test checks that the files are what
this makes today.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROOT = Path(__file__).parents[1]
TABLES = ROOT / "schemas" / "tables"
_MADE = "-- Made by tools/contract_tables.py from schemas/article.v1.schema.json; change that, not this.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Type:
    """What a field holds: a scalar of this kind, an object with `fields`, or a list of `item`."""

    kind: str
    nullable: bool = False
    fields: tuple[tuple[str, Type], ...] = ()
    item: Type | None = None


def message_type() -> Type:
    """The type of the article message."""
    schema = json.loads((ROOT / "schemas" / "article.v1.schema.json").read_bytes())
    return _type(schema, schema["$defs"])


def _type(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> Type:
    if "$ref" in field:
        return _type(definitions[field["$ref"].rpartition("/")[2]], definitions)
    if "anyOf" in field:
        return _nullable(_type(field["anyOf"][0], definitions))
    if "enum" in field:
        return Type(kind="string", nullable=None in field["enum"])
    named = field["type"] if isinstance(field["type"], list) else [field["type"]]
    kind = next(name for name in named if name != "null")
    nullable = "null" in named
    if kind == "object":
        fields = tuple((name, _type(inner, definitions)) for name, inner in field["properties"].items())
        return Type(kind=kind, nullable=nullable, fields=fields)
    if kind == "array":
        return Type(kind=kind, nullable=nullable, item=_type(field["items"], definitions))
    if kind == "string" and field.get("format") == "date":
        kind = "date"
    return Type(kind=kind, nullable=nullable)


def _nullable(kind: Type) -> Type:
    return Type(kind=kind.kind, nullable=True, fields=kind.fields, item=kind.item)


_SQLITE = {"string": "TEXT", "date": "TEXT", "integer": "INTEGER", "number": "REAL", "boolean": "INTEGER"}
_POSTGRESQL = {
    "string": "text",
    "date": "date",
    "integer": "bigint",
    "number": "double precision",
    "boolean": "boolean",
}
_FLINK = {"string": "STRING", "date": "DATE", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN"}
_SPARK = {"string": "STRING", "date": "DATE", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN"}
_CLICKHOUSE = {"string": "String", "date": "Date32", "integer": "Int64", "number": "Float64", "boolean": "Bool"}


def _upsert(message: Type, scalars: Mapping[str, str], of_json: str, value: Callable[[str, Type], str]) -> str:
    """A table of the newest revision of each article, and the statement that puts a message into it."""
    columns = [
        f"    {name} {scalars.get(kind.kind, of_json)}"
        + (" PRIMARY KEY" if name == "id" else "" if kind.nullable else " NOT NULL")
        for name, kind in message.fields
    ]
    names = [name for name, _ in message.fields]
    changes = ",\n".join(f"    {name} = excluded.{name}" for name in names if name != "id")
    values = ", ".join(value(name, kind) for name, kind in message.fields)
    return (
        f"{_MADE}\nCREATE TABLE IF NOT EXISTS article (\n" + ",\n".join(columns) + "\n);\n\n"
        "-- One message. What is not newer than what is there changes nothing, so it may be given again.\n"
        f"INSERT INTO article ({', '.join(names)})\nVALUES ({values})\n"
        f"ON CONFLICT (id) DO UPDATE SET\n{changes}\nWHERE excluded.revision > article.revision;\n"
    )


def sqlite() -> str:
    """A table and its upsert with named parameters; objects and lists are JSON text."""
    return _upsert(message_type(), _SQLITE, "TEXT", lambda name, _: f":{name}")


def postgresql() -> str:
    """A table and its upsert with the parameters of psycopg; objects and lists are jsonb."""
    return _upsert(
        message_type(),
        _POSTGRESQL,
        "jsonb",
        lambda name, kind: f"%({name})s" + ("::jsonb" if kind.kind in {"object", "array"} else ""),
    )


def _nested(kind: Type, scalars: Mapping[str, str], row: Callable[[str], str], field: Callable[[str, str], str]) -> str:
    if kind.kind == "object":
        return row(", ".join(field(name, _nested(inner, scalars, row, field)) for name, inner in kind.fields))
    if kind.item is not None:
        return f"ARRAY<{_nested(kind.item, scalars, row, field)}>"
    return scalars[kind.kind]


def flink() -> str:
    """A table over the topic: one row per revision, headers and time of the record as metadata."""

    def column(name: str, kind: Type) -> str:
        nested = _nested(kind, _FLINK, lambda fields: f"ROW<{fields}>", lambda key, inner: f"`{key}` {inner}")
        return f"    `{name}` {nested}"

    columns = ",\n".join(column(name, kind) for name, kind in message_type().fields)
    return (
        f"{_MADE}\nCREATE TABLE news_articles (\n{columns},\n"
        "    `headers` MAP<STRING, BYTES> METADATA FROM 'headers' VIRTUAL,\n"
        "    `written_at` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,\n"
        "    WATERMARK FOR `written_at` AS `written_at` - INTERVAL '30' SECOND\n"
        ") WITH (\n"
        "    'connector' = 'kafka',\n"
        "    'topic' = 'news.articles',\n"
        "    'properties.bootstrap.servers' = 'localhost:9092',\n"
        "    'properties.group.id' = 'my-flink-job',\n"
        "    'properties.isolation.level' = 'read_committed',\n"
        "    'scan.startup.mode' = 'earliest-offset',\n"
        "    'format' = 'json',\n"
        "    'json.fail-on-missing-field' = 'false'\n"
        ");\n"
    )


def spark() -> str:
    """The type of the value as a DDL string, for `from_json`."""
    fields = (
        f"`{name}` " + _nested(kind, _SPARK, lambda inner: f"STRUCT<{inner}>", lambda key, inner: f"`{key}`: {inner}")
        for name, kind in message_type().fields
    )
    return ",\n".join(fields) + "\n"


def _clickhouse_type(kind: Type) -> str:
    if kind.kind == "object":
        return "Tuple(" + ", ".join(f"`{name}` {_clickhouse_type(inner)}" for name, inner in kind.fields) + ")"
    if kind.item is not None:
        return f"Array({_clickhouse_type(kind.item)})"
    name = _CLICKHOUSE[kind.kind]
    return f"Nullable({name})" if kind.nullable else name


def clickhouse() -> str:
    """A queue over the topic, a table of the newest revisions, and the view that moves rows from one to the other.

    ClickHouse has no null objects: what may be one is a tuple of defaults, and `has_<field>` tells.
    """
    fields = [(name, kind, _clickhouse_type(kind)) for name, kind in message_type().fields]
    columns, reads = [], []
    for name, kind, written in fields:
        columns.append(f"    `{name}` {written}")
        reads.append(f"    JSONExtract(value, '{name}', '{written}') AS `{name}`")
        if kind.kind == "object" and kind.nullable:
            columns.append(f"    `has_{name}` Bool")
            reads.append(f"    JSONType(value, '{name}') = 'Object' AS `has_{name}`")
    return (
        f"{_MADE}\nCREATE TABLE article_queue (value String)\nENGINE = Kafka\nSETTINGS\n"
        "    kafka_broker_list = 'localhost:9092',\n"
        "    kafka_topic_list = 'news.articles',\n"
        "    kafka_group_name = 'my-clickhouse',\n"
        "    kafka_format = 'JSONAsString';\n\n"
        "CREATE TABLE article (\n" + ",\n".join(columns) + "\n)\n"
        "ENGINE = ReplacingMergeTree(`revision`)\nORDER BY `id`;\n\n"
        "CREATE MATERIALIZED VIEW article_reader TO article AS\nSELECT\n"
        + ",\n".join(reads)
        + "\nFROM article_queue;\n"
    )


def files() -> Iterator[tuple[Path, str]]:
    """Every file of schemas/tables and what must be in it."""
    yield TABLES / "sqlite.sql", sqlite()
    yield TABLES / "postgresql.sql", postgresql()
    yield TABLES / "flink.sql", flink()
    yield TABLES / "spark.ddl", spark()
    yield TABLES / "clickhouse.sql", clickhouse()


def main() -> None:
    """Write the files."""
    for path, content in files():
        path.write_text(content, encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
