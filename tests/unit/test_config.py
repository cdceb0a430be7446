"""The configuration: what is read from it, and what is said about every mistake in it."""

import json
import subprocess
import sys
import traceback
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any, get_origin

import pytest
import yaml
from hypothesis import given, settings as limits, strategies as st
from pydantic import BaseModel, ValidationError

from worker import __version__
from worker.config import Config, ConfigError, Problem, load, loads
from worker.config.feeds import FeedEntry
from worker.config.section import keys, subsection
from worker.model.errors import Stop
from worker.model.feed import Backfill, Feed, Route

DATA = Path(__file__).parent.parent / "data" / "config"
EXAMPLE = Path(__file__).parent.parent.parent / "deploy" / "config.example.yaml"
FEEDS = "feeds: [https://example.org/feed.xml]\n"
BROKER = {"DATELINE_KAFKA__BOOTSTRAP_SERVERS": "localhost:9092"}
WHAT_TO_WRITE = (
    'write at least "feeds: [https://example.org/feed.xml]" or "feed_lists: [feeds.txt]", with your own feeds'
)
DURATION = "must be a duration: 500ms, 20s, 15m, 1h30m, 2d or a number of seconds"
SIZE = "must be a size: 5MiB, 64KiB, 500kB or a number of bytes"
HOST = "the host is neither a name nor an address; an IPv6 address stands in [brackets]"
NEEDED = "is needed with protocol SASL_SSL; write PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER"
LISTEN = "must be host:port, such as 127.0.0.1:9108; an IPv6 host stands in [brackets]"
BROKER_ADDRESS = "must be host:port, such as localhost:9092; an IPv6 host stands in [brackets]"
SET_MIN = "this feed's interval (30s); set this feed's min_interval too"
BACKFILL = "must be all, none, a number of entries, or a date such as 2026-01-31 or 2026-01-31T12:00:00Z"
PORT = "the port must be between 1 and 65535"


def settings(text: str, environ: Mapping[str, str] | None = None) -> Config:
    return loads(FEEDS + text, "c.yaml", environ or {})


def feeds(text: str, **options: str) -> tuple[Feed, ...]:
    return loads(text, "c.yaml", options).feeds


def mistakes(text: str, environ: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loads(text, "c.yaml", environ or {})
    lines = str(caught.value).split("\n")
    assert lines == [str(problem) for problem in caught.value.problems]
    return lines


def test_a_path_may_begin_with_the_home_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "more.txt").write_text("https://b.example/feed\n")
    (tmp_path / "ca.pem").write_text("")
    written = "feed_lists: [~/more.txt]\nsqlite: {path: ~/dateline.db}\nfetch: {ca_file: ~/ca.pem}\n"
    config = settings(written)
    assert config.sqlite.path == tmp_path / "dateline.db"
    assert config.fetch.ca_file == tmp_path / "ca.pem"
    assert [feed.url for feed in config.feeds][1:] == ["https://b.example/feed"]
    assert settings("", {"DATELINE_SQLITE__PATH": "~/other.db"}).sqlite.path == tmp_path / "other.db"
    assert settings("sqlite: {path: ./~/a~b.db}").sqlite.path == Path("~/a~b.db")


def test_a_file_with_only_a_feed_gets_every_default() -> None:
    config = settings("")
    assert (config.name, config.listen, config.listen_host, config.listen_port) == (
        "dateline",
        "127.0.0.1:9108",
        "127.0.0.1",
        9108,
    )
    assert config.kafka is None
    assert config.sqlite.path == Path("dateline.db")
    assert config.fetch.user_agent == f"Dateline/{__version__}"
    assert (config.fetch.timeout_seconds, config.fetch.connect_timeout_seconds) == (30.0, 10.0)
    assert (config.fetch.max_body_bytes, config.fetch.concurrency) == (5_242_880, 100)
    assert config.fetch.allow_networks == ()
    assert (config.fetch.max_entries, config.fetch.max_pages, config.fetch.host_gap_seconds) == (5000, 100, 1.0)
    assert (config.fetch.proxy, config.fetch.proxy_from_environment, config.fetch.idle_timeout_seconds) == (
        None,
        True,
        15.0,
    )
    assert (config.fetch.ca_file, config.fetch.client_cert, config.fetch.client_key) == (None, None, None)
    assert (config.fetch.children, config.fetch.parse_deadline_seconds, config.fetch.parse_memory_bytes) == (
        0,
        10.0,
        536_870_912,
    )
    assert (config.websub.callback_url, config.websub.lease_seconds) == (None, 432_000.0)
    assert (config.articles.content, config.articles.backfill, config.articles.recheck_seconds) == (
        "feed",
        Backfill(),
        86_400.0,
    )
    assert (config.schedule.interval_seconds, config.schedule.give_up_after) == ("auto", 20)
    assert (config.schedule.min_interval_seconds, config.schedule.max_interval_seconds) == (3600.0, 86_400.0)
    assert config.feed_lists == ()
    assert (config.commit.max_events, config.commit.max_bytes) == (500, 8_388_608)
    assert (config.commit.max_delay_seconds, config.commit.pending_bytes) == (0.5, 67_108_864)
    assert config.drain_timeout_seconds == 20.0
    assert (config.log.level, config.log.format) == ("info", "auto")


def test_kafka_gets_every_default_once_a_broker_is_named() -> None:
    kafka = settings("kafka: {bootstrap_servers: [localhost:9092]}").kafka
    assert kafka is not None
    assert kafka.bootstrap_servers == ("localhost:9092",)
    assert kafka.topics.articles == "news.articles"
    assert kafka.topics.feed_state == "news.feed-state"
    assert kafka.topics.dead_letters == "news.dead-letters"
    assert (kafka.create_topics, kafka.partitions, kafka.replication_factor) == (True, 12, 1)
    assert (kafka.transaction_timeout_seconds, kafka.delivery_timeout_seconds) == (10.0, 8.0)
    assert (kafka.instance, kafka.leave_on_stop) == (None, True)
    assert (kafka.session_timeout_seconds, kafka.shard_grace_seconds) == (10.0, 8.0)
    assert (kafka.max_event_bytes, kafka.compression) == (1_000_000, "lz4")
    assert (kafka.security.protocol, kafka.security.mechanism, kafka.security.password) == ("PLAINTEXT", None, None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "kafka:",
        "kafka: {}",
        "kafka: {partitions: 3}",
        "kafka: {bootstrap_servers: []}",
        "kafka: {bootstrap_servers: ''}",
    ],
)
def test_without_a_broker_there_is_no_kafka(text: str) -> None:
    assert settings(text).kafka is None


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("15m", 900.0),
        ("1h30m", 5400.0),
        ("500ms", 0.5),
        ("20s", 20.0),
        ("2d", 172_800.0),
        ("1d2h3m4s5ms", 93_784.005),
        ("1.5h", 5400.0),
        ("20", 20.0),
        ("0.25", 0.25),
        ("'20'", 20.0),
        ("1_000", 1000.0),
        ("366d", 31_622_400.0),
    ],
)
def test_durations_are_read_as_seconds(written: str, seconds: float) -> None:
    assert settings(f"drain_timeout: {written}").drain_timeout_seconds == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("written", "size_bytes"),
    [
        ("5MiB", 5_242_880),
        ("500kB", 500_000),
        ("64KiB", 65_536),
        ("1GiB", 1_073_741_824),
        ("2MB", 2_000_000),
        ("1GB", 1_000_000_000),
        ("1.5kib", 1536),
        ("100B", 100),
        ("100", 100),
        ("'100'", 100),
    ],
)
def test_sizes_are_read_as_bytes(written: str, size_bytes: int) -> None:
    assert settings(f"fetch: {{max_body_bytes: {written}}}").fetch.max_body_bytes == size_bytes


@pytest.mark.parametrize(
    ("written", "host", "port"),
    [
        ("0.0.0.0:0", "0.0.0.0", 0),
        ("'[::1]:9108'", "::1", 9108),
        ("'[2001:DB8:0::1]:80'", "2001:db8::1", 80),
        ("LocalHost:65535", "localhost", 65535),
    ],
)
def test_the_listen_address_is_taken_apart(written: str, host: str, port: int) -> None:
    config = settings(f"listen: {written}")
    assert (config.listen_host, config.listen_port) == (host, port)


@pytest.mark.parametrize("written", ["[a:1, 'B.example.org:2', '[::1]:3']", "'a:1, b.example.org:2,[::1]:3'"])
def test_brokers_are_a_list_or_text_with_commas(written: str) -> None:
    kafka = settings(f"kafka: {{bootstrap_servers: {written}}}").kafka
    assert kafka is not None
    assert kafka.bootstrap_servers == ("a:1", "b.example.org:2", "[::1]:3")


def test_networks_are_read_from_a_list() -> None:
    config = settings("fetch: {allow_networks: [10.1.0.0/16, 'fd00::/8', 192.0.2.1]}")
    assert config.fetch.allow_networks == (
        ip_network("10.1.0.0/16"),
        ip_network("fd00::/8"),
        ip_network("192.0.2.1/32"),
    )


def test_anchors_aliases_and_merge_keys_work() -> None:
    found = feeds("""\
schedule: &slow {interval: 2h, min_interval: &least 1h}
feeds:
  - &first {<<: *slow, url: https://example.org/1, title: One}
  - {<<: [{title: Two}, *first], url: https://example.org/2, min_interval: *least, interval: 3h}
""")
    assert [(feed.url, feed.title, feed.interval_seconds, feed.min_interval_seconds) for feed in found] == [
        ("https://example.org/1", "One", 7200.0, 3600.0),
        ("https://example.org/2", "Two", 10_800.0, 3600.0),
    ]


def test_a_key_without_a_value_counts_as_not_given() -> None:
    assert settings("name:\nfetch:\nschedule: {interval: null}\nlog: {level: ~}") == settings("")


def test_the_configuration_is_frozen() -> None:
    config = settings("")
    with pytest.raises(ValidationError, match="frozen"):
        config.name = "other"  # type: ignore[misc] # the point of the test
    with pytest.raises(ValidationError, match="frozen"):
        config.fetch.concurrency = 1  # type: ignore[misc] # as above


# One mistake each; FEEDS is line 1, so these begin on line 2.
SETTINGS_MISTAKES = [
    ("name: Bad_Name", "2:7: name: must be 1 to 100 of a-z, 0-9, dot and dash, no dot or dash first"),
    ("name: 5", "2:7: name: must be text; put it in quotes"),
    ("name: [a]", "2:7: name: must be text"),
    ("lissten: x", '2:1: unknown key "lissten"; did you mean "listen"?'),
    (
        "log: {colour: x}",
        '2:7: log: unknown key "colour"; the keys here are level, format',
    ),
    ("log: {leve}", '2:7: log: unknown key; did you mean "level"?'),
    ("log: {level:debug}", "2:7: log: a blank is missing after the colon"),
    ("schedule: {interval_seconds: 5}", '2:12: schedule: unknown key "interval_seconds"; did you mean "interval"?'),
    ("listen: 9108", f"2:9: listen: {LISTEN}"),
    ("listen: localhost", f"2:9: listen: {LISTEN}"),
    ("listen: ':9108'", f"2:9: listen: {LISTEN}"),
    ("listen: localhost:65536", f"2:9: listen: {PORT}"),
    ("listen: ::1:9108", f"2:9: listen: {LISTEN}"),
    ("listen: '[::g]:9108'", f"2:9: listen: {HOST}"),
    ("listen: 256.0.0.1:9108", f"2:9: listen: {HOST}"),
    ("listen: a b:9108", f"2:9: listen: {HOST}"),
    ("kafka: [a]", "2:8: kafka: must be a section of keys and values"),
    ("kafka: {bootstrap_servers: 5}", "2:28: kafka.bootstrap_servers: must be a list, or text with commas between"),
    (
        "kafka: {bootstrap_servers: [a:1, b]}",
        f"2:34: kafka.bootstrap_servers[1]: {BROKER_ADDRESS}",
    ),
    (
        "kafka: {bootstrap_servers: 'a:1,b:x'}",
        f"2:28: kafka.bootstrap_servers: {BROKER_ADDRESS}",
    ),
    (
        "kafka: {bootstrap_servers: ['a:0']}",
        f"2:29: kafka.bootstrap_servers[0]: {PORT}",
    ),
    (
        "kafka: {topics: {articles: news_articles}}",
        "2:28: kafka.topics.articles: must be 1 to 249 letters, digits, dots or dashes; no underscores",
    ),
    (
        "kafka: {topics: {articles: '..'}}",
        "2:28: kafka.topics.articles: must be 1 to 249 letters, digits, dots or dashes; no underscores",
    ),
    (
        f"kafka: {{topics: {{articles: {'a' * 250}}}}}",
        "2:28: kafka.topics.articles: must be 1 to 249 letters, digits, dots or dashes; no underscores",
    ),
    (
        "kafka: {topics: {articles: news.feed-state}}",
        "2:17: kafka.topics.feed_state: is the name of the topic for articles as well; give each its own",
    ),
    ("kafka: {create_topics: 1}", "2:24: kafka.create_topics: must be true or false"),
    ("kafka: {partitions: 1.5}", "2:21: kafka.partitions: must be a whole number"),
    ("kafka: {partitions: '12'}", "2:21: kafka.partitions: must be a whole number"),
    ("kafka: {partitions: true}", "2:21: kafka.partitions: must be a whole number"),
    ("kafka: {replication_factor: 0}", "2:29: kafka.replication_factor: must be at least 1"),
    (
        "kafka: {delivery_timeout: 11s}",
        "2:27: kafka.delivery_timeout: 11s is above transaction_timeout (10s)",
    ),
    ("kafka: {transaction_timeout: 7s}", "2:8: kafka.delivery_timeout: 8s is above transaction_timeout (7s)"),
    ("kafka: {transaction_timeout: 30s}", "2:30: kafka.transaction_timeout: 30s is above session_timeout (10s)"),
    ("kafka: {session_timeout: 9s}", "2:8: kafka.transaction_timeout: 10s is above session_timeout (9s)"),
    (
        "kafka: {instance: a b}",
        "2:19: kafka.instance: must be 1 to 100 letters, digits, dots, dashes or underscores",
    ),
    ("kafka: {compression: snappy}", "2:22: kafka.compression: must be none, lz4, zstd or gzip"),
    ("sqlite: {path: 5}", "2:16: sqlite.path: must be the path of a file"),
    ("sqlite: {path: ''}", "2:16: sqlite.path: must be the path of a file"),
    (
        "sqlite: {path: ~no-such-user/a.db}",
        "2:16: sqlite.path: ~no-such-user has no home directory here; write the whole path",
    ),
    ('fetch: {user_agent: "a\\r\\nb"}', "2:21: fetch.user_agent: must be visible ASCII characters, blanks only within"),
    ("fetch: {user_agent: Dätelinë}", "2:21: fetch.user_agent: must be visible ASCII characters, blanks only within"),
    ("fetch: {timeout: 15x}", f"2:18: fetch.timeout: {DURATION}"),
    ("fetch: {timeout: 15:00}", f"2:18: fetch.timeout: {DURATION}"),
    ("fetch: {timeout: 30m1h}", f"2:18: fetch.timeout: {DURATION}"),
    ("fetch: {timeout: -5}", f"2:18: fetch.timeout: {DURATION}"),
    ("fetch: {timeout: yes}", f"2:18: fetch.timeout: {DURATION}"),
    ("fetch: {timeout: .inf}", f"2:18: fetch.timeout: {DURATION}"),
    ("fetch: {timeout: ''}", f"2:18: fetch.timeout: {DURATION}"),
    ("drain_timeout: 0", "2:16: drain_timeout: must be more than 0 and at most 366 days"),
    ("drain_timeout: 367d", "2:16: drain_timeout: must be more than 0 and at most 366 days"),
    ("fetch: {connect_timeout: 1m}", "2:26: fetch.connect_timeout: 1m is above timeout (30s)"),
    ("fetch: {max_body_bytes: 5 MiB}", f"2:25: fetch.max_body_bytes: {SIZE}"),
    ("fetch: {max_body_bytes: 5XB}", f"2:25: fetch.max_body_bytes: {SIZE}"),
    ("fetch: {max_body_bytes: [5]}", f"2:25: fetch.max_body_bytes: {SIZE}"),
    ("fetch: {max_body_bytes: 0}", "2:25: fetch.max_body_bytes: must be at least 1 byte and less than 8 EiB"),
    ("fetch: {max_entries: 0}", "2:22: fetch.max_entries: must be at least 1"),
    ("fetch: {max_pages: all}", "2:20: fetch.max_pages: must be a whole number"),
    ("fetch: {host_gap: 0}", "2:19: fetch.host_gap: must be more than 0 and at most 366 days"),
    ("articles: {content: html}", "2:21: articles.content: must be feed or page"),
    ("articles: {content: 5}", "2:21: articles.content: must be feed or page"),
    ("articles: {backfill: 0}", f"2:22: articles.backfill: {BACKFILL}"),
    ("articles: {backfill: -5}", f"2:22: articles.backfill: {BACKFILL}"),
    ("articles: {backfill: 2.5}", f"2:22: articles.backfill: {BACKFILL}"),
    ("articles: {backfill: yes}", f"2:22: articles.backfill: {BACKFILL}"),
    ("articles: {backfill: [all]}", f"2:22: articles.backfill: {BACKFILL}"),
    ("articles: {backfill: 20260131}", f"2:22: articles.backfill: {BACKFILL}"),
    ("articles: {backfill: 2026-02-30}", f"2:22: articles.backfill: {BACKFILL}"),
    ("articles: {backfill: 2026-W05-1}", f"2:22: articles.backfill: {BACKFILL}"),
    ("articles: {backfill: '0001-01-01T00:00:00+01:00'}", f"2:22: articles.backfill: {BACKFILL}"),
    ("articles: {recheck: 0}", "2:21: articles.recheck: must be more than 0 and at most 366 days; or off"),
    ("articles: {recheck: on}", f"2:21: articles.recheck: {DURATION}; or off"),
    ("articles: {rechek: 1h}", '2:12: articles: unknown key "rechek"; did you mean "recheck"?'),
    ("fetch: {concurrency: many}", "2:22: fetch.concurrency: must be a whole number"),
    (
        "fetch: {allow_networks: [10.0.0.1/8]}",
        "2:26: fetch.allow_networks[0]: must be a network without host bits, such as 10.0.0.0/8 or fd00::/8",
    ),
    (
        "fetch: {allow_networks: [7]}",
        "2:26: fetch.allow_networks[0]: must be a network without host bits, such as 10.0.0.0/8 or fd00::/8",
    ),
    ("schedule: {interval: often}", f"2:22: schedule.interval: {DURATION}; or auto"),
    ("schedule: {interval: 10s, min_interval: 20s}", "2:41: schedule.min_interval: 20s is above interval (10s)"),
    ("schedule: {interval: 2d}", "2:11: schedule.max_interval: 1d is below interval (2d)"),
    ("schedule: {interval: 2h, max_interval: 1h}", "2:40: schedule.max_interval: 1h is below interval (2h)"),
    ("schedule: {min_interval: 2d}", "2:26: schedule.min_interval: 2d is above max_interval (1d)"),
    (
        "schedule: {unvalidated_interval: 30m}",
        "2:34: schedule.unvalidated_interval: 30m is below min_interval (1h)",
    ),
    ("schedule: {unvalidated_interval: 2d}", "2:34: schedule.unvalidated_interval: 2d is above max_interval (1d)"),
    ("schedule: {give_up_after: 0}", "2:27: schedule.give_up_after: must be at least 1"),
    ("commit: {max_events: 0}", "2:22: commit.max_events: must be at least 1"),
    ("metrics: {per_feed: -1}", "2:21: metrics.per_feed: must be at least 0"),
    ("metrics: {per_feed: 10001}", "2:21: metrics.per_feed: must be at most 10000"),
    (
        "commit: {max_bytes: 2kB, pending_bytes: 1kB}",
        "2:41: commit.pending_bytes: 1000 bytes are below max_bytes (2000); one commit must fit",
    ),
    ("log: {level: INFO}", "2:14: log.level: must be debug, info, warning or error"),
    ("log: {format: xml}", "2:15: log.format: must be auto, json or console"),
]


@pytest.mark.parametrize(("text", "line"), SETTINGS_MISTAKES)
def test_a_mistake_in_the_settings_is_one_line_with_its_place(text: str, line: str) -> None:
    assert mistakes(FEEDS + text) == [f"c.yaml:{line}"]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [f"c.yaml: is empty; {WHAT_TO_WRITE}"]),
        ("# nothing\n", [f"c.yaml: is empty; {WHAT_TO_WRITE}"]),
        ("---\n...\n", [f"c.yaml: is empty; {WHAT_TO_WRITE}"]),
        (
            "\n- https://example.org/\n",
            [f"c.yaml:2:1: must hold keys and values, not a list or a single value; {WHAT_TO_WRITE}"],
        ),
        ("text", [f"c.yaml:1:1: must hold keys and values, not a list or a single value; {WHAT_TO_WRITE}"]),
        (f"{FEEDS}---\nc: d", ["c.yaml:2:1: a second document begins here; a configuration is one document"]),
        ("ab: \x01", ["c.yaml:1:5: not valid YAML: a control character; remove it"]),
        ("a: 1\nbc: *d", ["c.yaml:2:5: bc: no such anchor comes before; a value that begins with * needs quotes"]),
        ("a: &b [*b]", ["c.yaml:1:8: a[0]: no such anchor comes before; a value that begins with * needs quotes"]),
        ("a: !x y", ["c.yaml:1:4: a: tags are not used here; a value that begins with ! needs quotes"]),
        ("'a b': !x y", ["c.yaml:1:8: ?: tags are not used here; a value that begins with ! needs quotes"]),
        ("a: " + "[" * 100_000, ["c.yaml:1:24: nested too deeply; four levels are enough"]),
        (f"{FEEDS}5: x", ["c.yaml:2:1: a key must be text"]),
        (f"{FEEDS}[a]: x", ["c.yaml:2:1: a key must be text"]),
        (f"{FEEDS}log: {{yes: x}}", ["c.yaml:2:7: log: a key must be text"]),
        (f"{FEEDS}log: {{<<: 5}}", ["c.yaml:2:11: log: << takes an alias of a mapping, or a list of them"]),
        (f"{FEEDS}name: a\nname: b", ['c.yaml:3:1: duplicate key "name", first on line 2; keep one']),
        (
            f"{FEEDS}log: {{level: info,\n  level: info, level: debug}}",
            [
                'c.yaml:3:3: log: duplicate key "level", first on line 2; keep one',
                'c.yaml:3:16: log: duplicate key "level", first on line 2; keep one',
            ],
        ),
    ],
)
def test_yaml_of_the_wrong_shape_is_named(text: str, lines: list[str]) -> None:
    assert mistakes(text) == lines


BROKEN_YAML = [
    ("a: [1, 2\nb: 3", "2:2", "did not find expected ',' or ']' while parsing a flow sequence that begins on line 1"),
    ("ä: [ö, @x]", "1:8", "found character that cannot start any token"),
    ("feeds:\n\t- a", "2:1", "a tab; indent with blanks"),
    ("a: b: c", "1:5", "mapping values are not allowed in this context"),
]


@pytest.mark.parametrize(("text", "place", "message"), BROKEN_YAML)
def test_broken_yaml_is_named_in_the_words_of_libyaml(text: str, place: str, message: str) -> None:
    [line] = mistakes(text)
    assert line.startswith(f"c.yaml:{place}: not valid YAML: {message}")


def test_the_parser_without_libyaml_finds_the_same_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML comes without its C part on some platforms."""
    monkeypatch.delattr(yaml, "CSafeLoader")
    for text, line in SETTINGS_MISTAKES:
        assert mistakes(FEEDS + text) == [f"c.yaml:{line}"]
    for text, place, _ in BROKEN_YAML:
        [line] = mistakes(text)
        assert line.startswith(f"c.yaml:{place}: not valid YAML: ")


def test_every_mistake_is_reported_at_once_in_the_order_of_the_file() -> None:
    environ = {"DATELINE_LISTEN": "9108", "DATELINE_FETCH__CONCURENCY": "5", "DATELINE_LOG__FORMAT": "json"}
    text = (DATA / "every-mistake.yaml").read_text(encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        loads(text, "every-mistake.yaml", environ)
    assert str(caught.value).split("\n") == (DATA / "every-mistake.txt").read_text(encoding="utf-8").splitlines()
    assert isinstance(caught.value, Stop)
    assert caught.value.problems[1] == Problem(
        file="every-mistake.yaml", line=3, column=1, message='unknown key "lissten"; did you mean "listen"?'
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("name: x", f"c.yaml:1:1: feeds: at least one feed is needed; {WHAT_TO_WRITE}"),
        ("feeds:", f"c.yaml:1:7: feeds: at least one feed is needed; {WHAT_TO_WRITE}"),
        ("feeds: []", f"c.yaml:1:8: feeds: at least one feed is needed; {WHAT_TO_WRITE}"),
        ("feeds: https://example.org/", f"c.yaml:1:8: feeds: must be a list of feeds; {WHAT_TO_WRITE}"),
        ("feeds: {url: https://example.org/}", f"c.yaml:1:8: feeds: must be a list of feeds; {WHAT_TO_WRITE}"),
    ],
)
def test_without_feeds_the_error_says_what_to_write(text: str, line: str) -> None:
    assert mistakes(text) == [line]


def test_a_plain_url_is_a_feed_with_everything_from_the_schedule() -> None:
    [feed] = feeds("feeds: [https://example.org/feed.xml]\nschedule: {interval: 20m, max_interval: 2h}")
    assert feed == Feed(
        id="example-org-feed-xml-d74f9ca5",
        url="https://example.org/feed.xml",
        shard_key="example.org",
        interval_seconds=1200.0,
        min_interval_seconds=1200.0,
        max_interval_seconds=7200.0,
        unvalidated_interval_seconds=1200.0,
        give_up_after=20,
    )


@pytest.mark.parametrize(
    ("written", "backfill"),
    [
        ("all", Backfill()),
        ("none", Backfill(newest=0)),
        ("1", Backfill(newest=1)),
        ("'20'", Backfill(newest=20)),
        ("1_000_000", Backfill(newest=1_000_000)),
        ("2026-01-31", Backfill(since_at=datetime(2026, 1, 31, tzinfo=UTC))),
        ("2026-01-31 12:30:00", Backfill(since_at=datetime(2026, 1, 31, 12, 30, tzinfo=UTC))),
        ("2026-01-31T12:30Z", Backfill(since_at=datetime(2026, 1, 31, 12, 30, tzinfo=UTC))),
        ("2026-01-31T23:30:00-05:00", Backfill(since_at=datetime(2026, 2, 1, 4, 30, tzinfo=UTC))),
    ],
)
def test_a_backfill_is_a_word_a_number_or_a_moment(written: str, backfill: Backfill) -> None:
    assert settings(f"articles: {{backfill: {written}}}").articles.backfill == backfill
    [feed] = feeds(f"feeds: [{{url: 'https://example.org/', backfill: {written}}}]\narticles: {{backfill: 7}}")
    assert feed.backfill == backfill


@pytest.mark.parametrize(
    ("articles", "own", "seconds"),
    [
        ("content: page", "", 86_400.0),
        ("content: page, recheck: 1h", "", 3600.0),
        ("content: page, recheck: off", "", None),
        ("content: page, recheck: 'off'", ", recheck: 90m", 5400.0),
        ("content: page, recheck: 1h", ", recheck: off", None),
        ("content: page", ", content: feed, recheck: 1h", None),
        ("", "", None),
        ("", ", content: page", 86_400.0),
    ],
)
def test_pages_are_rechecked_where_they_are_fetched_at_all(articles: str, own: str, seconds: float | None) -> None:
    [feed] = feeds(f"feeds: [{{url: 'https://example.org/'{own}}}]\narticles: {{{articles}}}")
    assert feed.recheck_seconds == seconds


@pytest.mark.parametrize(
    ("articles", "own", "facts"),
    [
        ("", "", True),
        ("facts: false", "", False),
        ("facts: false", ", facts: true", True),
        ("", ", facts: false", False),
    ],
)
def test_a_feed_says_whether_facts_are_wanted_or_all_feeds_do(articles: str, own: str, facts: object) -> None:
    [feed] = feeds(f"feeds: [{{url: 'https://example.org/'{own}}}]\narticles: {{{articles}}}")
    assert feed.facts is facts


def test_feeds_take_the_place_of_their_text_from_the_articles_section() -> None:
    found = feeds("""\
articles: {content: page, backfill: none}
feeds:
  - https://example.org/1
  - {url: https://example.org/2, content: feed, backfill: all}
""")
    assert [(feed.content, feed.backfill) for feed in found] == [("page", Backfill(newest=0)), ("feed", Backfill())]


def test_a_feed_can_say_everything_itself() -> None:
    [feed] = feeds("""\
feeds:
  - url: https://example.org/x
    id: my.feed_1
    title: T
    publisher: P
    interval: 30s
    min_interval: 10s
    max_interval: 2d
""")
    assert (feed.id, feed.title, feed.publisher) == ("my.feed_1", "T", "P")
    assert (feed.interval_seconds, feed.min_interval_seconds, feed.max_interval_seconds) == (30.0, 10.0, 172_800.0)


@pytest.mark.parametrize(
    ("written", "url", "feed_id", "shard_key"),
    [
        (
            "HTTPS://News.Example.co.UK:443/World/UK.rss?page=2#top",
            "https://news.example.co.uk/World/UK.rss?page=2",
            "news-example-co-uk-world-uk-rss-52665c16",
            "example.co.uk",
        ),
        (
            "http://[2001:DB8::1]:8080/a?b=1",
            "http://[2001:db8::1]:8080/a?b=1",
            "2001-db8-1-a-118a16d2",
            "2001:db8::1",
        ),
        ("https://München.de", "https://xn--mnchen-3ya.de/", "xn-mnchen-3ya-de-c55eb0e2", "xn--mnchen-3ya.de"),
        (
            "https://user:pa%40ss@example.org/feed.xml",
            "https://user:pa%40ss@example.org/feed.xml",
            "example-org-feed-xml-d74f9ca5",
            "example.org",
        ),
        *(
            (written, "https://example.org/%C3%BC%25?q=%7C%2F", "example-org-c3-bc-25-5eed8050", "example.org")
            for written in ("https://example.org/ü%?q=|%2F", "https://example.org/%C3%BC%25?q=%7C%2F")
        ),
    ],
)
def test_a_feeds_url_takes_one_form_and_gives_its_id_and_shard(
    written: str, url: str, feed_id: str, shard_key: str
) -> None:
    """The ids' digits are those of sha256sum over the URL without credentials."""
    [feed] = feeds(f"feeds: ['{written}']")
    assert (feed.url, feed.id, feed.shard_key) == (url, feed_id, shard_key)


@pytest.mark.parametrize(
    ("host", "shard_key"),
    [
        ("feeds.bbc.co.uk", "bbc.co.uk"),
        ("someone.github.io", "github.io"),  # the private section of the list is left out
        ("co.uk", "co.uk"),
        ("www.example.org.", "example.org"),
        ("localhost", "localhost"),
        ("news_1", "news_1"),
        ("192.0.2.7", "192.0.2.7"),
        ("news.example.internal", "example.internal"),  # an ending that the list does not know
        ("a.b.c.internal", "c.internal"),
    ],
)
def test_feeds_of_one_registrable_domain_share_a_shard(host: str, shard_key: str) -> None:
    [feed] = feeds(f"feeds: ['http://{host}/']")
    assert feed.shard_key == shard_key


def test_an_id_stays_within_100_characters() -> None:
    [feed] = feeds(f"feeds: ['https://example.org/{'a/b' * 200}']")
    assert len(feed.id) <= 100
    assert feed.id.startswith("example-org-a-ba-b")


FEED_MISTAKES = [
    ("- 5", "2:3: feeds[0]: must be a URL"),
    ("- [https://example.org/]", "2:3: feeds[0]: must be a URL"),
    ("-", "2:2: feeds[0]: is missing; write the feed's URL"),
    ("- {id: x}", "2:3: feeds[0].url: is missing; write the feed's URL"),
    ("- {url: }", "2:9: feeds[0].url: is missing; write the feed's URL"),
    ("- example.org/feed", "2:3: feeds[0]: must begin with http:// or https://"),
    ("- ftp://example.org/", "2:3: feeds[0]: must begin with http:// or https://"),
    ("- {url: 'file:///etc/passwd'}", "2:9: feeds[0].url: must begin with http:// or https://"),
    ("- https:///feed", "2:3: feeds[0]: the host is missing"),
    ("- https://user@/feed", "2:3: feeds[0]: the host is missing"),
    ("- https://exa_mple..org/", f"2:3: feeds[0]: {HOST}"),
    ("- https://-example.org/", f"2:3: feeds[0]: {HOST}"),
    ("- http://127.1/", f"2:3: feeds[0]: {HOST}"),
    ("- 'http://[fe80::1%25eth0]/'", f"2:3: feeds[0]: {HOST}"),
    ("- http://ex%61mple.org/", f"2:3: feeds[0]: {HOST}"),
    (f"- https://{'a' * 64}.org/", f"2:3: feeds[0]: {HOST}"),
    ("- https://ä..org/", f"2:3: feeds[0]: {HOST}"),
    ("- https://example.org:0/", f"2:3: feeds[0]: {PORT}"),
    ("- https://example.org:65536/", f"2:3: feeds[0]: {PORT}"),
    ("- https://example.org:http/", "2:3: feeds[0]: must be host:port; an IPv6 host stands in [brackets]"),
    (
        "- https://example.org/a b",
        "2:3: feeds[0]: must be a URL without blanks, control characters and backslashes; write a blank as %20",
    ),
    (
        "- {id: 'a b', url: 'https://example.org/'}",
        "2:8: feeds[0].id: must be 1 to 100 of a-z, 0-9, dot, dash and underscore, a letter or digit first",
    ),
    ("- {url: 'https://example.org/', id: 7}", "2:37: feeds[0].id: must be text; put it in quotes"),
    ("- {url: 'https://example.org/', title: ''}", "2:40: feeds[0].title: must not be empty"),
    ("- {url: 'https://example.org/', titel: x}", '2:33: feeds[0]: unknown key "titel"; did you mean "title"?'),
    ("- {url: 'https://example.org/', content: pages}", "2:42: feeds[0].content: must be feed or page"),
    ("- {url: 'https://example.org/', backfill: some}", f"2:43: feeds[0].backfill: {BACKFILL}"),
    ("- {url: 'https://example.org/', recheck: daily}", f"2:42: feeds[0].recheck: {DURATION}; or off"),
    ("- {url: 'https://example.org/', interval: fast}", f"2:43: feeds[0].interval: {DURATION}; or auto"),
    (
        "- {url: 'https://example.org/', interval: 2d}",
        "2:43: feeds[0].interval: 2d is above schedule.max_interval (1d); set this feed's max_interval too",
    ),
    (
        "- {url: 'https://example.org/', interval: 10s, min_interval: 20s}",
        "2:62: feeds[0].min_interval: 20s is above interval (10s)",
    ),
    (
        "- {url: 'https://example.org/', interval: 2h, max_interval: 1h}",
        "2:43: feeds[0].interval: 2h is above max_interval (1h)",
    ),
    (
        "- {url: 'https://example.org/', min_interval: 2d}",
        "2:47: feeds[0].min_interval: 2d is above schedule.max_interval (1d); set this feed's max_interval too",
    ),
    (
        "- {url: 'https://example.org/', min_interval: 2h, max_interval: 1h}",
        "2:47: feeds[0].min_interval: 2h is above max_interval (1h)",
    ),
    (
        "- https://example.org\n- HTTPS://EXAMPLE.ORG:443/#x",
        "3:3: feeds[1]: is the same URL as feeds[0] on line 2; keep one",
    ),
    (
        "- &f {url: 'https://example.org/'}\n- *f",
        "2:12: feeds[1].url: is the same URL as feeds[0] on line 2; keep one",
    ),
    (
        "- {url: 'https://example.org/1', id: x}\n-\n  url: https://example.org/2\n  id: x",
        "5:7: feeds[1].id: is the same id as that of feeds[0] on line 2; give this feed an id of its own",
    ),
    (
        "- https://example.org/1\n- https://bob:pass@example.org/1",
        "3:3: feeds[1]: is the same id as that of feeds[0] on line 2; give this feed an id of its own",
    ),
]


@pytest.mark.parametrize(("text", "line"), FEED_MISTAKES)
def test_a_mistake_in_a_feed_is_one_line_with_its_place(text: str, line: str) -> None:
    assert mistakes(f"feeds:\n{text}\n") == [f"c.yaml:{line}"]


def test_a_feed_that_leaves_no_room_for_the_schedule_hears_all_it_must_set() -> None:
    lines = mistakes("""\
schedule: {interval: 15m, min_interval: 1m}
feeds:
- {url: 'https://example.org/1', max_interval: 30s}
- {url: 'https://example.org/2', min_interval: 30m}
- {url: 'https://example.org/3', interval: 30s}
""")
    room = "is above this feed's max_interval (30s); set this feed's"
    assert lines == [
        f"c.yaml:3:3: feeds[0].interval: schedule.interval (15m) {room} interval too",
        f"c.yaml:3:3: feeds[0].min_interval: schedule.min_interval (1m) {room} min_interval too",
        "c.yaml:4:48: feeds[1].min_interval: 30m is above schedule.interval (15m); set this feed's interval too",
        f"c.yaml:5:3: feeds[2].min_interval: schedule.min_interval (1m) is above {SET_MIN}",
    ]


def test_feeds_are_checked_even_where_the_schedule_is_wrong() -> None:
    assert mistakes("feeds: [{url: 'https://example.org/', interval: 10s, id: Ä}]\nschedule: {interval: soon}") == [
        "c.yaml:1:58: feeds[0].id: must be 1 to 100 of a-z, 0-9, dot, dash and underscore, a letter or digit first",
        f"c.yaml:2:22: schedule.interval: {DURATION}; or auto",
    ]


def test_mistakes_elsewhere_do_not_hide_a_feed_that_breaks_the_schedule() -> None:
    assert mistakes("feeds: [{url: 'https://example.org/', interval: 30s}]\nname: Ä\nschedule: {min_interval: 1m}") == [
        f"c.yaml:1:9: feeds[0].min_interval: schedule.min_interval (1m) is above {SET_MIN}",
        "c.yaml:2:7: name: must be 1 to 100 of a-z, 0-9, dot and dash, no dot or dash first",
    ]


def test_text_with_surrogates_is_refused_by_either_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    """No encoder takes them. libyaml refuses them itself, PyYAML's own parser lets them pass."""
    text = (
        'feeds: [{url: "https://example.org/", title: "a\\ud800", publisher: "\\udfff"}, "https://example.org/\\ud800"]'
    )
    [line] = mistakes(text)
    assert line.startswith("c.yaml:1:50: not valid YAML: found invalid Unicode character escape code")
    monkeypatch.delattr(yaml, "CSafeLoader")
    surrogates = "must be text without surrogates (U+D800 to U+DFFF); write the character itself"
    assert mistakes(text) == [
        f"c.yaml:1:46: feeds[0].title: {surrogates}",
        f"c.yaml:1:68: feeds[0].publisher: {surrogates}",
        "c.yaml:1:79: feeds[1]: must be a URL without blanks, control characters and backslashes; write a blank as %20",
    ]


def test_many_feeds_are_all_kept() -> None:
    text = "feeds:\n" + "".join(f"- https://news{n}.example.org/feed/{n}\n" for n in range(5000))
    found = feeds(text)
    assert len({feed.id for feed in found}) == 5000
    assert {feed.shard_key for feed in found} == {"example.org"}


def test_the_environment_goes_over_the_file() -> None:
    config = settings(
        "listen: 127.0.0.1:1\nfetch: {timeout: 40s}\nlog: {level: error, format: json}",
        {
            "DATELINE_LISTEN": "[::]:9108",
            "DATELINE_LOG__LEVEL": "debug",
            "DATELINE_KAFKA__BOOTSTRAP_SERVERS": "a:9092, b:9092",
            "DATELINE_KAFKA__TOPICS__ARTICLES": "my.articles",
            "DATELINE_KAFKA__CREATE_TOPICS": "false",
            "DATELINE_KAFKA__PARTITIONS": "3",
            "DATELINE_FETCH__CONNECT_TIMEOUT": "35s",
            "DATELINE_FETCH__MAX_BODY_BYTES": "1MiB",
            "DATELINE_FETCH__ALLOW_NETWORKS": "10.0.0.0/8,fd00::/8",
            "DATELINE_SQLITE__PATH": "007",
            "DATELINE_FETCH__MAX_PAGES": "7",
            "DATELINE_ARTICLES__CONTENT": "page",
            "DATELINE_ARTICLES__BACKFILL": "25",
            "DATELINE_ARTICLES__RECHECK": "off",
            "DATELINE_DRAIN_TIMEOUT": "5",
        },
    )
    assert (config.listen_host, config.listen_port) == ("::", 9108)
    assert (config.log.level, config.log.format) == ("debug", "json")
    assert config.kafka is not None
    assert config.kafka.bootstrap_servers == ("a:9092", "b:9092")
    assert (config.kafka.topics.articles, config.kafka.topics.feed_state) == ("my.articles", "news.feed-state")
    assert (config.kafka.create_topics, config.kafka.partitions) == (False, 3)
    assert (config.fetch.timeout_seconds, config.fetch.connect_timeout_seconds) == (40.0, 35.0)
    assert config.fetch.max_body_bytes == 1_048_576
    assert config.fetch.allow_networks == (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
    assert config.fetch.max_pages == 7
    assert (config.articles.content, config.articles.backfill) == ("page", Backfill(newest=25))
    assert config.articles.recheck_seconds == "off"
    assert [(feed.content, feed.backfill, feed.recheck_seconds) for feed in config.feeds] == [
        ("page", Backfill(newest=25), None)
    ]
    assert config.sqlite.path == Path("007")
    assert config.drain_timeout_seconds == 5.0


def test_text_in_the_environment_is_taken_as_it_is() -> None:
    login = {"USERNAME": "yes", "PASSWORD": "012345", "PROTOCOL": "SASL_SSL", "MECHANISM": "SCRAM-SHA-512"}
    kafka = settings("", BROKER | {f"DATELINE_KAFKA__SECURITY__{key}": text for key, text in login.items()}).kafka
    assert kafka is not None
    assert kafka.security.username == "yes"
    assert kafka.security.password is not None
    assert kafka.security.password.get_secret_value() == "012345"


def test_variables_of_others_and_empty_ones_count_as_not_set() -> None:
    others = {
        "DATELINE_CONFIG": "c",
        "DATELINE_CACHE_DIR": "d",
        "DATELINE_STATE_DIR": "e",
        "PATH": "/",
        "dateline_x": "y",
    }
    assert settings("", others | {"DATELINE_LOG__LEVEL": "", "DATELINE_KAFKA__PARTITIONS": " "}) == settings("")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("DATELINE_LOG_LEVEL", "debug", 'unknown variable; did you mean "DATELINE_LOG__LEVEL"?'),
        ("DATELINE_CONFIGG", "x", 'unknown variable; did you mean "DATELINE_CONFIG"?'),
        ("DATELINE_listen", "x", 'unknown variable; did you mean "DATELINE_LISTEN"?'),
        ("DATELINE_SOMETHING", "", "unknown variable; remove it"),
        ("DATELINE_KAFKA", "a:1", "is a section; set its keys one by one, as DATELINE_KAFKA__KEY"),
        ("DATELINE_FEEDS", "x", "feeds cannot be set from the environment; write them in the file"),
        ("DATELINE_FEEDS__0__URL", "x", "feeds cannot be set from the environment; write them in the file"),
        (
            "DATELINE_PORT_9108_TCP_ADDR",
            "10.0.0.1",
            "unknown variable, made by Kubernetes for a Service; set enableServiceLinks: false in the pod",
        ),
        (
            "DATELINE_WORKER_SERVICE_HOST",
            "10.0.0.1",
            "unknown variable, made by Kubernetes for a Service; set enableServiceLinks: false in the pod",
        ),
        ("DATELINE_LOG__LEVEL", "loud", "must be debug, info, warning or error"),
        ("DATELINE_KAFKA__PARTITIONS", "many", "must be a whole number"),
        ("DATELINE_KAFKA__CREATE_TOPICS", "1", "must be true or false"),
        ("DATELINE_KAFKA__BOOTSTRAP_SERVERS", "a:1,b", BROKER_ADDRESS),
        ("DATELINE_DRAIN_TIMEOUT", "soon", DURATION),
        ("DATELINE_ARTICLES", "page", "is a section; set its keys one by one, as DATELINE_ARTICLES__KEY"),
        ("DATELINE_ARTICLES__BACKFILL", "some", BACKFILL),
        ("DATELINE_FETCH__HOST_GAP", "soon", DURATION),
    ],
)
def test_a_mistake_in_the_environment_names_its_variable(name: str, value: str, message: str) -> None:
    assert mistakes(FEEDS, {name: value}) == [f"environment: {name}: {message}"]


def test_what_the_environment_leaves_open_is_asked_of_the_environment_unless_the_file_has_the_section() -> None:
    environ = BROKER | {
        "DATELINE_KAFKA__SECURITY__PROTOCOL": "SASL_SSL",
        "DATELINE_KAFKA__SECURITY__USERNAME": "bob",
        "DATELINE_KAFKA__SECURITY__PASSWORD": "secret",
    }
    assert mistakes(f"{FEEDS}kafka:\n", environ) == [f"environment: DATELINE_KAFKA__SECURITY__MECHANISM: {NEEDED}"]
    assert mistakes(f"{FEEDS}kafka:\n  security: {{protocol: SSL}}", environ) == [
        f"c.yaml:3:13: kafka.security.mechanism: {NEEDED}"
    ]


def test_a_list_in_the_place_of_a_section_is_reported_even_when_the_environment_writes_there() -> None:
    assert mistakes(f"{FEEDS}kafka: [a]", BROKER) == ["c.yaml:2:8: kafka: must be a section of keys and values"]


SASL = "protocol: SASL_SSL, mechanism: PLAIN, username: bob"
OAUTH = "protocol: SASL_SSL, mechanism: OAUTHBEARER"
SECRET_NEEDED = "is needed with token_url; write client_secret_file, or client_secret"
ENDPOINT = "token_url: 'https://id.example/token'"


@pytest.mark.parametrize(
    ("security", "lines"),
    [
        (
            "protocol: SASL_PLAINTEXT, mechanism: PLAIN, username: bob, password: x",
            ["2:30: kafka.security.protocol: SASL_PLAINTEXT would expose the password on the network; use SASL_SSL"],
        ),
        (
            "protocol: SASL_PLAIN",
            ["2:30: kafka.security.protocol: must be PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"],
        ),
        (
            "protocol: SASL_SSL",
            [
                "2:19: kafka.security.mechanism: " + NEEDED,
                "2:19: kafka.security.password: is needed with protocol SASL_SSL; write password_file, or password",
                "2:19: kafka.security.username: is needed with protocol SASL_SSL; write the name to log in with",
            ],
        ),
        (
            "mechanism: PLAIN, username: bob, password: x",
            [
                "2:31: kafka.security.mechanism: is not used with protocol PLAINTEXT; set protocol: SASL_SSL",
                "2:48: kafka.security.username: is not used with protocol PLAINTEXT; set protocol: SASL_SSL",
                "2:63: kafka.security.password: is not used with protocol PLAINTEXT; set protocol: SASL_SSL",
            ],
        ),
        (
            "protocol: SASL_SSL, mechanism: SCRAM-SHA-1, username: '', password: ''",
            [
                "2:51: kafka.security.mechanism: must be PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER",
                "2:74: kafka.security.username: must not be empty",
                "2:88: kafka.security.password: must not be empty",
            ],
        ),
        (f"{SASL}, password: 12345", ["2:83: kafka.security.password: must be text; put it in quotes"]),
        (f"{SASL}, password: [a]", ["2:83: kafka.security.password: must be text"]),
        (
            "ca_file: ca.pem",
            ["2:29: kafka.security.ca_file: the file cannot be read: no such file or directory"],
        ),
        (
            f"{SASL}, password_file: nowhere",
            ["2:88: kafka.security.password_file: the file cannot be read: no such file or directory"],
        ),
        (
            OAUTH,
            ["2:19: kafka.security.token_url: is needed with mechanism OAUTHBEARER; write token_url, or token_file"],
        ),
        (
            f"{OAUTH}, username: bob, {ENDPOINT}",
            [
                "2:19: kafka.security.client_id: is needed with token_url; write the name that the endpoint knows",
                f"2:19: kafka.security.client_secret: {SECRET_NEEDED}",
                "2:74: kafka.security.username: is not used with mechanism OAUTHBEARER; write token_file, or token_url",
            ],
        ),
        (
            f"{OAUTH}, token_file: /dev/null, client_id: us, scope: all",
            [
                "2:98: kafka.security.client_id: is used with token_url alone",
                "2:109: kafka.security.scope: is used with token_url alone",
            ],
        ),
        (
            f"{OAUTH}, token_file: /dev/null, {ENDPOINT}",
            ["2:98: kafka.security.token_url: token_url and token_file are both given; keep one"],
        ),
        (
            f"{OAUTH}, token_url: 'http://id.example/token', client_id: us, client_secret: x",
            ["2:75: kafka.security.token_url: must be an https:// URL: it is sent the client secret"],
        ),
        (
            f"{OAUTH}, {ENDPOINT}, client_id: '', client_secret: ''",
            [
                "2:114: kafka.security.client_id: must not be empty",
                "2:133: kafka.security.client_secret: must not be empty",
            ],
        ),
        (
            f"{SASL}, password: x, {ENDPOINT}",
            ["2:97: kafka.security.token_url: tokens are used with mechanism OAUTHBEARER alone"],
        ),
    ],
)
def test_what_does_not_fit_together_in_kafkas_security_is_refused(security: str, lines: list[str]) -> None:
    assert mistakes(f"{FEEDS}kafka: {{security: {{{security}}}}}") == [f"c.yaml:{line}" for line in lines]


@pytest.mark.parametrize(("content", "secret"), [(b"hunter2\n", "hunter2"), (b"a b \r\n", "a b "), (b"x\n\n", "x\n")])
def test_a_password_is_read_from_its_file_without_the_trailing_newline(
    tmp_path: Path, content: bytes, secret: str
) -> None:
    file = tmp_path / "password"
    file.write_bytes(content)
    kafka = settings(f"kafka: {{security: {{{SASL}, password_file: {file}}}}}", BROKER).kafka
    assert kafka is not None
    assert kafka.security.password is not None
    assert kafka.security.password.get_secret_value() == secret
    assert secret not in repr(kafka)


def test_a_client_secret_is_read_from_its_file_and_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("hunter2\n", encoding="utf-8")
    config = settings(
        f"kafka: {{security: {{{OAUTH}, {ENDPOINT}, client_id: us, client_secret_file: {file}}}}}", BROKER
    )
    assert config.kafka is not None
    assert config.kafka.security.client_secret is not None
    assert config.kafka.security.client_secret.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(config) + str(config.redacted())


def test_a_password_file_that_gives_no_password_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n", encoding="utf-8")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "good").write_text("secret", encoding="utf-8")

    def said(name: str, more: str = "") -> str:
        [line] = mistakes(f"{FEEDS}kafka:\n  security: {{{SASL}{more},\n   password_file: {tmp_path / name}}}")
        return line

    assert said("empty") == "c.yaml:4:19: kafka.security.password_file: the file is empty"
    assert said("binary") == "c.yaml:4:19: kafka.security.password_file: the file is not UTF-8"
    assert said(".") == "c.yaml:4:19: kafka.security.password_file: the file cannot be read: is a directory"
    both = "password and password_file are both given; keep one"
    assert said("good", ", password: x") == f"c.yaml:3:77: kafka.security.password: {both}"


def test_certificates_go_with_tls_and_a_key_with_its_certificate(tmp_path: Path) -> None:
    pem = tmp_path / "a.pem"
    pem.write_text("-----BEGIN", encoding="utf-8")
    kafka = settings(
        f"kafka: {{security: {{protocol: SSL, ca_file: {pem}, cert_file: {pem}, key_file: {pem}}}}}", BROKER
    ).kafka
    assert kafka is not None
    assert (kafka.security.ca_file, kafka.security.cert_file, kafka.security.key_file) == (pem, pem, pem)
    assert mistakes(f"{FEEDS}kafka: {{security: {{protocol: SSL, key_file: {pem}}}}}") == [
        "c.yaml:2:45: kafka.security.key_file: needs cert_file as well"
    ]
    assert mistakes(f"{FEEDS}kafka: {{security: {{ca_file: {pem}}}}}") == [
        "c.yaml:2:29: kafka.security.ca_file: is not used with protocol PLAINTEXT; set protocol: SSL or SASL_SSL"
    ]


def test_a_file_is_loaded_by_its_path(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_bytes("\ufefffeeds: [https://example.org/ä]\r\nname: x\r\n".encode())
    assert load(file, {}).name == "x"
    assert load(str(file), {"DATELINE_NAME": "y"}).name == "y"
    file.write_text("feeds: 5", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(file, {})
    assert str(caught.value) == f"{file}:1:8: feeds: must be a list of feeds; {WHAT_TO_WRITE}"


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("\ufeffname: a\n# ä: ".encode() + b"\xfc\n")

    def said(path: Path) -> str:
        with pytest.raises(ConfigError) as caught:
            load(path, {})
        return str(caught.value)

    assert said(tmp_path / "none.yaml") == f"{tmp_path}/none.yaml: there is no such file; check the path"
    assert said(tmp_path) == f"{tmp_path}: is a directory; name the file in it"
    assert said(latin / "x") == f"{latin}/x: cannot be read: not a directory; check the path and the file's mode"
    assert said(latin) == f"{latin}:2:6: is not UTF-8 from here on; save the file as UTF-8"


ROUTES = """
kafka: {{bootstrap_servers: [localhost:9092]}}
articles: {{routes: {routes}}}
feeds: [{{url: https://example.org/a, topic: {topic}}}, https://example.org/b]
"""


def test_routes_are_those_of_every_feed_and_a_topic_is_the_feeds_own() -> None:
    text = ROUTES.format(
        routes="[{topic: t.ukraine, country: UA, language: [en, pt-BR]}, {topic: t.rest}]", topic="t.a"
    )
    config = loads(text, "c.yaml", {})

    assert config.feeds[1].routes == (
        Route(topic="t.ukraine", countries=("UA",), languages=("en", "pt-br")),
        Route(topic="t.rest"),
    )
    assert [feed.topic for feed in config.feeds] == ["t.a", None]
    assert config.routed_topics == ("t.ukraine", "t.rest", "t.a")
    assert config.redacted()["articles"]["routes"][1]["topic"] == "t.rest"


@pytest.mark.parametrize(
    ("routes", "topic", "mistake"),
    [
        ("[{country: UA}]", "t", "c.yaml:3:21: articles.routes[0].topic: is missing"),
        (
            "[{topic: t, country: ukraine}]",
            "t",
            "articles.routes[0].country: must be two capitals, as in ISO 3166-1: UA",
        ),
        ("[{topic: t, language: English}]", "t", "articles.routes[0].language: must be a language tag"),
        ("[{topic: t, langauge: en}]", "t", 'articles.routes[0]: unknown key "langauge"; did you mean "language"?'),
        ("[{topic: t_}]", "t", "articles.routes[0].topic: must be 1 to 249 letters, digits, dots or dashes"),
        ("{topic: t}", "t", "articles.routes: must be a list"),
        ("[{topic: a}, {topic: b, country: UA}]", "t", "articles.routes: number 1 has no condition"),
        (
            "[{topic: news.feed-state}]",
            "t",
            "articles: routes: news.feed-state is the name of the topic for feed_state",
        ),
        ("[]", "news.dead-letters", "feeds: feed example-org-a-"),
        ("[]", "a_b", "feeds[0].topic: must be 1 to 249 letters"),
    ],
)
def test_a_route_that_cannot_be_is_named(routes: str, topic: str, mistake: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loads(ROUTES.format(routes=routes, topic=topic), "c.yaml", {})
    assert mistake in str(caught.value)
    assert len(caught.value.problems) == 1


def test_the_latest_articles_have_a_topic_of_their_own() -> None:
    text = "kafka: {{bootstrap_servers: [localhost:9092], topics: {{latest: {}}}}}\nfeeds: [https://example.org/a]\n"
    kafka = loads(text.format("t.latest"), "c.yaml", {}).kafka
    assert kafka is not None
    assert (kafka.topics.latest, kafka.tombstone_delay_seconds) == ("t.latest", 604_800.0)
    with pytest.raises(ConfigError, match=r"topics\.latest: is the name of the topic for articles as well"):
        loads(text.format("news.articles"), "c.yaml", {})


REGISTRY = """
kafka: {{bootstrap_servers: [localhost:9092], schema_registry: {registry}}}
feeds: [https://example.org/a]
"""


@pytest.mark.parametrize(
    ("registry", "mistake"),
    [
        ("{url: registry.example}", "schema_registry.url: must be an http:// or https:// URL"),
        ("{url: 'https://a:b@registry.example'}", "schema_registry.url: must have neither credentials nor a query"),
        ("{url: 'https://r.example', mode: body}", "schema_registry.mode: must be prefix or header"),
        (
            "{url: 'https://r.example', subject: '{feed}'}",
            "schema_registry.subject: must be text; {topic} in it stands",
        ),
        ("{url: 'http://r.example', username: bob, password: p}", "schema_registry.username: is used with an https://"),
        ("{url: 'https://r.example', username: bob}", "schema_registry.password: username and password_file (or"),
        ("{url: 'https://r.example', password: p}", "schema_registry.password: username and password_file (or"),
    ],
)
def test_a_registry_that_cannot_be_is_named(registry: str, mistake: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loads(REGISTRY.format(registry=registry), "c.yaml", {})
    assert mistake in str(caught.value)
    assert len(caught.value.problems) == 1


def test_the_password_of_a_registry_is_read_and_never_shown(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("s3cret\n")
    registry = f"{{url: 'https://r.example', username: bob, password_file: {tmp_path}/password}}"
    config = loads(REGISTRY.format(registry=registry), "c.yaml", {})
    assert config.kafka is not None
    password = config.kafka.schema_registry.password
    assert password is not None
    assert password.get_secret_value() == "s3cret"
    assert tmp_path / "password" in config.files
    assert "s3cret" not in repr(config) + str(config.redacted())


def test_redacted_is_the_effective_configuration_in_the_form_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("hunter2", encoding="utf-8")
    config = loads(
        f"""\
listen: localhost:0
kafka: {{bootstrap_servers: 'a:1', security: {{{SASL}, password: hunter2}}}}
fetch: {{allow_networks: [10.0.0.0/8], user_agent: X, proxy: 'http://bob:hunter2@proxy.example:3128'}}
articles: {{backfill: 2026-01-31, recheck: off}}
feeds:
- https://bob:hunter2@example.org/@x
- {{url: 'https://example.org//a@y', id: y, title: T, interval: 1h, content: page, backfill: none}}
- {{url: 'https://example.org/z', id: z, content: page, backfill: 5, recheck: 1m, headers: {{X-Key: hunter2}}}}
""",
        "c.yaml",
        {},
    )
    plain = config.redacted()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["listen"] == "localhost:0"
    assert plain["kafka"]["bootstrap_servers"] == ["a:1"]
    assert plain["kafka"]["delivery_timeout"] == 8.0
    assert plain["kafka"]["security"] == {
        "protocol": "SASL_SSL",
        "mechanism": "PLAIN",
        "username": "bob",
        "password": "***",
    }
    assert plain["fetch"] == {
        "user_agent": "X",
        "timeout": 30.0,
        "connect_timeout": 10.0,
        "max_body_bytes": 5_242_880,
        "max_fetching_bytes": 67_108_864,
        "max_entries": 5000,
        "max_pages": 100,
        "concurrency": 100,
        "host_gap": 1.0,
        "allow_networks": ["10.0.0.0/8"],
        "idle_timeout": 15.0,
        "proxy": "http://***@proxy.example:3128",
        "proxy_from_environment": True,
        "children": 0,
        "parse_deadline": 10.0,
        "parse_memory": 536_870_912,
    }
    assert plain["articles"] == {
        "content": "feed",
        "backfill": "2026-01-31T00:00:00Z",
        "recheck": "off",
        "routes": [],
        "facts": True,
    }
    limits = {"facts": True, "min_interval": 3600.0, "max_interval": 86_400.0}
    first = {
        "content": "feed",
        "backfill": "2026-01-31T00:00:00Z",
        "interval": "auto",
        "unvalidated_interval": 86_400.0,
    }
    second = {
        "content": "page",
        "backfill": "none",
        "recheck": "off",
        "interval": 3600.0,
        "unvalidated_interval": 3600.0,
    }
    third = {"content": "page", "backfill": 5, "recheck": 60.0, "interval": "auto", "unvalidated_interval": 86_400.0}
    assert plain["feeds"] == [
        {"url": "https://***@example.org/@x", "id": plain["feeds"][0]["id"]} | first | limits,
        {"url": "https://example.org//a@y", "id": "y", "title": "T"} | second | limits,
        {"url": "https://example.org/z", "id": "z", "headers": {"X-Key": "***"}} | third | limits,
    ]
    # Without its secrets it says the same once more.
    for text in ("", "articles: {content: page, backfill: 2026-01-31, recheck: off}", "articles: {backfill: 5}"):
        assert loads(json.dumps(settings(text).redacted()), "c.yaml", {}) == settings(text)


MARK = "Zq7"
# Ways to get a secret into the wrong place. Doubled braces are YAML's own.
BROKEN_PLACES = [
    "kafka: {{security: {{protocol: SASL_SSL, password: [{yaml}]}}}}",
    "kafka: {{security: {{protocol: SASL_SSL, password: {{{yaml}: 1}}}}}}",
    "kafka: {{security: {{protocol: SASL_PLAINTEXT, password: {yaml}}}}}",
    "kafka: {{security: {{pasword: {yaml}, password: {yaml}, password: {yaml}}}}}",
    "kafka: {{security: {{password_file: {yaml}, ca_file: {yaml}, protocol: {yaml}, mechanism: {yaml}}}}}",
    "kafka: {{security: {yaml}, bootstrap_servers: {yaml}, partitions: {yaml}, topics: {{articles: {yaml}}}}}",
    "kafka: {{security: {{password:{raw}}}}}",
    "kafka: {{security: {{password:{raw}: !x y}}}}",
    "kafka: {{security: {{{raw}}}}}",
    "kafka:\n  security:\n    password: {raw}\n    password: {raw}\n",
    "kafka:\n  security:\n    password: *{raw}\n",
    "kafka:\n  security:\n    password: !{raw}\n",
    "kafka:\n  security:\n    password: !{raw}!{raw}\n",
    "kafka:\n  security:\n    password: &{raw}\n",
    "kafka:\n  security:\n    password: %{raw}\n",
    "kafka:\n  security:\n    password: '{raw}\n",
    'kafka:\n  security:\n    password: "\\{raw}"\n',
    "listen: {yaml}\nname: {yaml}\nfetch: {{timeout: {yaml}, max_body_bytes: {yaml}, allow_networks: [{yaml}]}}",
    "fetch: {{proxy: {yaml}}}",
    "fetch: {{proxy: 'http://{url}@proxy.example/x'}}\nwebsub: {{callback_url: 'http://{url}@news.example'}}",
    "feeds: [{{url: 'https://a.example', headers: {{X: [{yaml}], Y: {{file: {yaml}}}, {yaml}: a, Host: {yaml}}}}}]",
    "feeds: [{{url: 'https://a.example', headers: {yaml}, auth: {yaml}}}]",
    "feeds: [{{url: 'https://a.example', headers: {{{raw}}}, auth: {{{raw}}}}}]",
    "feeds: [{{url: 'https://a.example', headers: {{X:{raw}}}, auth: {{password:{raw}}}}}]",
    "feeds: [{{url: 'https://a.example', auth: {{username: {yaml}, pasword: {yaml}, password: [{yaml}]}}}}]",
    "feeds: [{{url: 'https://{url}@a.example', headers: {{Authorization: {yaml}}}, auth: {{username: {yaml}}}}}]",
    "feeds: ['https://user:{url}@example.org:99999/', 'ftp://user:{url}@example.org/', 'https://{url}@/']",
    "feeds: ['https://{url}@exa mple.org/', '{url}:{url}@example.org', 'https://{url}:{url}@-/', 'https://[{url}@']",
    "feeds: [{{url: 'https://{url}@example.org/', id: '{url}@', intervall: 1, interval: '{url}', title: ['{url}']}}]",
    "feeds: ['https://{url}@example.org/', 'https://{url}@example.org/', 'https://x{url}@example.org/']",
    "feeds: ['https://{url}@example.org/': 5, {{'https://{url}@example.org/': 5}}, {{url:https://{url}@example.org/}}]",
]
GOOD_PLACE = """\
kafka:
  bootstrap_servers: localhost:9092
  security: {{protocol: SASL_SSL, mechanism: PLAIN, username: bob, password: {yaml}}}
fetch: {{proxy: 'http://bob:{url}@proxy.example:3128'}}
feeds:
- https://{url}@example.org/
- {{url: 'https://bob:{url}@example.org/2'}}
- {{url: 'https://example.org/3', headers: {{X-Key: '{url}'}}, auth: {{username: bob, password: {yaml}}}}}
"""
secrets = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=("Cs", "Cc")), max_size=20)
in_urls = st.text(st.sampled_from("abcXYZ019-._~!$&()*+,;=:%"), max_size=20)


@limits(deadline=None)  # the suffix list is loaded once
@given(place=st.sampled_from(BROKEN_PLACES), tail=secrets, url_tail=in_urls)
def test_no_error_ever_shows_a_password_or_the_credentials_of_a_url(place: str, tail: str, url_tail: str) -> None:
    secret = MARK + tail
    text = place.format(yaml=json.dumps(secret), raw=secret, url=MARK + url_tail)
    variables = ("KAFKA__SECURITY__PASSWORD", "KAFKA__SECURITY__MECHANISM", "KAFKA__PARTITIONS", "LISTEN")
    for environ in ({}, {f"DATELINE_{variable}": secret for variable in variables}):
        for without_libyaml in (False, True):
            with pytest.MonkeyPatch.context() as patch:
                if without_libyaml:
                    patch.delattr(yaml, "CSafeLoader")
                with pytest.raises(ConfigError) as caught:
                    loads(text, "c.yaml", environ)
            error = caught.value
            assert MARK not in str(error) + repr(error.problems) + "".join(traceback.format_exception_only(error))


@limits(deadline=None)  # as above
@given(tail=secrets, url_tail=in_urls)
def test_no_configuration_ever_shows_a_password_or_the_credentials_of_a_url(tail: str, url_tail: str) -> None:
    config = loads(GOOD_PLACE.format(yaml=json.dumps(MARK + tail), url=MARK + url_tail), "c.yaml", {})
    assert config.kafka is not None
    assert config.kafka.security.password is not None
    assert config.kafka.security.password.get_secret_value() == MARK + tail
    assert config.feeds[0].url == f"https://{MARK}{url_tail}@example.org/"
    shown = repr(config) + str(config) + repr(config.redacted()) + repr([feed.id for feed in config.feeds])
    assert MARK not in shown


def _all_keys(section: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for key, field in zip(keys(section), section.model_fields.values(), strict=True):
        # Of a list of sections, the example has them in comments.
        below = None if get_origin(field.annotation) is tuple else subsection(field)
        yield from _all_keys(below, f"{prefix}{key}.") if below else [f"{prefix}{key}"]


def _written_keys(data: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in data.items():
        yield from _written_keys(value, f"{prefix}{key}.") if isinstance(value, dict) else [f"{prefix}{key}"]


def test_the_example_is_valid_has_every_key_and_states_the_defaults() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    written = yaml.safe_load(text)
    assert sorted(_written_keys(written)) == sorted(_all_keys(Config))
    assert set(written["feeds"][1]) == set(keys(FeedEntry))
    for environ in ({}, BROKER):
        example = load(EXAMPLE, environ)
        assert example.model_copy(update={"feeds": ()}) == settings("", environ).model_copy(update={"feeds": ()})
    assert load(EXAMPLE, {}).kafka is None


def test_importing_the_configuration_leaves_slow_packages_alone() -> None:
    """The suffix list (which brings requests) and yarl are loaded when a feed needs them."""
    code = "import sys, worker.config; print(*{'tldextract', 'requests', 'yarl'} & sys.modules.keys())"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []
