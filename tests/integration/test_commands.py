"""The `dateline` commands, as a person types them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integration.harness import PATIENCE_SECONDS, Deployment, Process, rss, run_cli, until
from tests.schema import validate
from worker import __version__
from worker.edges import broker

if TYPE_CHECKING:
    from pytest_httpserver import HTTPServer

SEED = Path(__file__).parent.parent / "data" / "seed" / "000_23b64bebdaa24c53.txt"


@pytest.fixture
def sqlite(tmp_path: Path) -> Deployment:
    return Deployment(tmp_path, None)


def test_the_version_is_printed():
    assert run_cli("--version").stdout == f"dateline, version {__version__}\n"


def test_shells_complete_commands():
    asked = {"_DATELINE_COMPLETE": "bash_complete", "COMP_WORDS": "dateline feeds st", "COMP_CWORD": "2"}
    done = subprocess.run(
        [Path(sys.executable).with_name("dateline")], env=os.environ | asked, capture_output=True, text=True, check=True
    )
    assert done.stdout == "plain,status\n"


COMMANDS = (
    "extract",
    "run",
    "probe",
    "tap",
    "check",
    "config init",
    "config show",
    "config schema",
    "feeds list",
    "feeds status",
    "feeds import",
    "feeds export",
    "dlq list",
    "dlq show",
    "dlq replay",
    "state show",
    "state export",
    "state import",
    "state reshard",
    "forward",
    "export",
    "topics create",
    "kafka start",
    "kafka stop",
    "kafka status",
    "healthcheck",
    "demo",
)


@pytest.mark.parametrize("command", ["", "config", "feeds", "dlq", "state", "topics", "kafka", *COMMANDS])
def test_every_command_explains_itself(command: str):
    shown = run_cli(*command.split(), "--help")
    assert shown.returncode == 0
    assert shown.stdout.startswith("Usage: ")
    assert len(shown.stdout.splitlines()) > 5
    # click cuts sentences off.
    assert "..." not in shown.stdout.partition("\nCommands:\n")[2].partition("\n\n")[0]


def test_probe_of_a_file_prints_the_event_and_writes_nothing(tmp_path: Path):
    before = set(tmp_path.iterdir())
    done = subprocess.run(
        [sys.executable, "-m", "worker", "probe", str(SEED)],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_SECONDS,
        cwd=tmp_path,
    )
    [line] = done.stdout.splitlines()
    record = json.loads(line)
    assert set(record) == {"key", "headers", "value"}
    assert record["key"] == record["value"]["id"]
    assert record["value"]["dateline"]["city"] == "Kyiv"
    assert len(record["value"]["paragraphs"]) == 11
    validate(record["value"])
    assert "outcome: ok" in done.stderr
    assert set(tmp_path.iterdir()) == before


def test_probe_of_a_url_prints_one_line_per_event(httpserver: HTTPServer):
    httpserver.expect_request("/feed").respond_with_data(rss(("g1", "One"), ("g2", "Two")))
    done = run_cli("probe", httpserver.url_for("/feed"))
    assert done.returncode == 0
    assert [json.loads(line)["value"]["source"]["guid"] for line in done.stdout.splitlines()] == ["g2", "g1"]
    assert "2 would be published" in done.stderr


@pytest.mark.parametrize(("headers", "hours"), [({"ETag": '"1"'}, 1), ({}, 24)], ids=["validated", "unvalidated"])
def test_probe_says_when_a_worker_would_ask_again(httpserver: HTTPServer, headers: dict[str, str], hours: int):
    httpserver.expect_request("/feed").respond_with_data(rss(("g1", "One")), headers=headers)
    done = run_cli("probe", httpserver.url_for("/feed"))
    polled_at = datetime.fromisoformat(json.loads(done.stdout)["headers"]["ce_time"])
    assert f"next poll: not before {polled_at + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}" in done.stderr


@pytest.mark.parametrize(
    ("body", "reason"), [("<html><body>Hi</body></html>", "html"), ("", "empty"), ("<rss><channel><x", "broken")]
)
def test_probe_of_what_is_no_feed_says_why_and_fails(httpserver: HTTPServer, body: str, reason: str):
    httpserver.expect_request("/feed").respond_with_data(body)
    done = run_cli("probe", httpserver.url_for("/feed"))
    assert (done.returncode, done.stdout) == (1, "")
    assert f"outcome: not_a_feed {reason}" in done.stderr


def test_probe_of_a_missing_file_is_one_clear_line():
    done = run_cli("probe", "no/such.xml")
    assert done.returncode == 1
    assert done.stderr == (
        "dateline: no/such.xml: cannot be read: No such file or directory; give the address of a feed or a file\n"
    )


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (
            "http://me:hunter2@[::/feed?token=hunter3",
            "[::/feed?token=***: must be host:port; an IPv6 host stands in [brackets]",
        ),
        ("ftp://me:hunter2@a.example/", "ftp://a.example/: must begin with http:// or https://"),
    ],
)
def test_probe_of_what_is_no_address_is_one_line_without_secrets(source: str, told: str):
    done = run_cli("probe", source)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert told in line
    assert "hunter" not in line


def test_extract_answers_line_by_line_with_offsets_into_the_text_as_given():
    text = SEED.read_text()
    gold = json.loads(SEED.with_name("gold.json").read_text())
    done = subprocess.run(
        [sys.executable, "-m", "worker", "extract"],
        input="\n".join([json.dumps({"id": "a", "text": text}), json.dumps({"id": "b", "text": "No facts."})]),
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_SECONDS,
    )
    seed, plain = (json.loads(line) for line in done.stdout.splitlines())
    assert (seed["id"], seed["date"]) == ("a", "2025-05-24")
    for name in ("text", "start", "end", "city", "region", "country", "country_code", "date", "agency"):
        assert seed["dateline"][name] == gold["dateline"][name]
    spans = [{name: part[name] for name in ("text", "start", "end")} for part in gold["paragraphs"]]
    assert seed["paragraphs"] == spans
    assert seed["lead"] == spans[0]
    assert (plain["id"], plain["dateline"], len(plain["paragraphs"])) == ("b", None, 1)


def test_extract_names_the_line_that_it_cannot_read():
    done = subprocess.run(
        [sys.executable, "-m", "worker", "extract"],
        input='{"text": "x"}\nnonsense\n',
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("dateline: stdin:2: ")


def test_check_tells_what_a_good_configuration_does(sqlite: Deployment):
    path = sqlite.write([{"url": "https://news.example/feed"}])
    done = run_cli("check", "-c", str(path))
    assert done.returncode == 0
    assert done.stdout == f"{path}: good: 1 feed, publishing to the SQLite file {sqlite.sqlite_path}\n"


def test_check_counts_the_feeds_of_each_list_and_says_what_was_left_out(tmp_path: Path):
    path = tmp_path / "c.yaml"
    path.write_text("feeds: [https://a.example/]\nfeed_lists: [more.txt]\n")
    (tmp_path / "more.txt").write_text("https://b.example/\nhttps://a.example/\n")
    done = run_cli("check", "-c", str(path))
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        f"{path}: good: 2 feeds, publishing to the SQLite file dateline.db",
        f"  {path}: 1 feed",
        f"  {tmp_path}/more.txt: 1 feed",
    ]
    assert done.stderr == f"{tmp_path}/more.txt:2: is the same feed as that at {path}:1, which counts\n"
    assert run_cli("check", "--strict", "-c", str(path)).returncode == 3
    (tmp_path / "more.txt").write_text("https://b.example/\n")
    assert run_cli("check", "--strict", "-c", str(path)).returncode == 0


def test_check_warns_of_feeds_that_may_not_be_visited(tmp_path: Path):
    path = tmp_path / "c.yaml"
    path.write_text("feeds: [{url: 'http://127.0.0.1:8000/feed', id: near}, 'https://news.example/feed']\n")
    done = run_cli("check", "--strict", "-c", str(path))
    assert done.returncode == 3
    assert done.stderr == (
        f"{path}: feed near is not visited: address 127.0.0.1 is private; add 127.0.0.0/8 to fetch.allow_networks to "
        "visit it\n"
    )
    assert run_cli("check", "-c", str(path)).returncode == 0
    allowed = {"DATELINE_FETCH__ALLOW_NETWORKS": "127.0.0.0/8"}
    assert run_cli("check", "--strict", "-c", str(path), environ=allowed).returncode == 0


def test_check_lists_every_mistake_with_its_place(tmp_path: Path):
    path = tmp_path / "bad.yaml"
    path.write_text("lissten: x\nfetch:\n  timeout: soon\nfeeds: [ftp://x/]\n")
    done = run_cli("check", "-c", str(path))
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert [line.removeprefix(f"{path}:").split(": ")[0] for line in lines] == ["1:1", "3:12", "4:9"]
    assert 'did you mean "listen"?' in lines[0]


def test_a_configuration_is_begun_checked_and_shown(tmp_path: Path):
    path = tmp_path / "dateline.yaml"
    begun = run_cli("config", "init", str(path))
    assert begun.returncode == 0
    assert run_cli("check", "--strict", "-c", str(path)).returncode == 0
    shown = run_cli("config", "show", "-c", str(path), environ={"DATELINE_LOG__LEVEL": "debug"})
    assert shown.returncode == 0
    told = {line.split("#")[0].strip(): line.partition("# ")[2] for line in shown.stdout.splitlines()}
    assert told["level: debug"] == "environment: DATELINE_LOG__LEVEL"
    assert told["max_entries: 5000"] == "default"
    line = path.read_text().splitlines().index("listen: 127.0.0.1:9108") + 1
    assert told["listen: 127.0.0.1:9108"] == f"{path}:{line}"
    path.write_text("mine")
    again = run_cli("config", "init", str(path))
    assert again.returncode == 1
    assert again.stderr == f"dateline: {path}: is there already; choose another name, or overwrite it with --force\n"
    assert path.read_text() == "mine"


def test_a_single_mistake_begins_with_its_place_as_many_do(tmp_path: Path):
    path = tmp_path / "bad.yaml"
    path.write_text("feeds: [ftp://x/]\n")
    done = run_cli("check", "-c", str(path))
    assert (done.returncode, done.stderr) == (1, f"{path}:1:9: feeds[0]: must begin with http:// or https://\n")


def test_who_names_no_configuration_is_told_how_to():
    done = run_cli("run")
    assert done.returncode == 2
    *_, line = done.stderr.splitlines()
    assert line == (
        "Error: Missing option '-c' / '--config'. "
        "Name a file, or set DATELINE_CONFIG; `dateline config init` writes one to begin with."
    )


@pytest.mark.parametrize("command", ["run", "check", "tap"])
def test_a_missing_configuration_is_one_clear_line(command: str, tmp_path: Path):
    done = run_cli(command, "-c", str(tmp_path / "none.yaml"))
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert str(tmp_path / "none.yaml") in line


def test_healthcheck_of_nobody_fails_with_one_line():
    done = run_cli("healthcheck", "--url", f"http://127.0.0.1:{broker.free_port()}")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "no answer" in done.stderr


def test_topics_create_against_nobody_fails_with_one_line(tmp_path: Path):
    port = broker.free_port()
    path = Deployment(tmp_path, f"127.0.0.1:{port}").write([{"url": "https://news.example/feed"}])
    done = run_cli("topics", "create", "-c", str(path))
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith(f"dateline: no Kafka broker answers at 127.0.0.1:{port}")


def test_the_sqlite_ledger_publishes_once_and_tap_shows_it(sqlite: Deployment, httpserver: HTTPServer):
    httpserver.expect_request("/feed").respond_with_data(rss(("g1", "One"), ("g2", "Two")))
    path = sqlite.write([{"url": httpserver.url_for("/feed"), "id": "a"}])
    for _ in range(2):
        assert run_cli("run", "-c", str(path), "--once").returncode == 0
    done = run_cli("tap", "-c", str(path), "--from-beginning", "-n", "2")
    assert done.returncode == 0
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [record["value"]["source"]["guid"] for record in records] == ["g2", "g1"]
    assert [record["position"] for record in records] == sorted(record["position"] for record in records)
    wanted = run_cli("tap", "-c", str(path), "--from-beginning", "-n", "1", "--feed", "a", "--where", "source.guid=g1")
    assert json.loads(wanted.stdout)["value"]["headline"] == "One"
    odd = run_cli("tap", "-c", str(path), "--where", "headline")
    assert odd.returncode == 2
    assert "must be FIELD=VALUE, such as language=en" in odd.stderr


def test_tap_follows_the_sqlite_ledger_of_a_running_worker(sqlite: Deployment, httpserver: HTTPServer):
    httpserver.expect_request("/feed").respond_with_data(rss(("g1", "One")))
    process = Process(sqlite.write([{"url": httpserver.url_for("/feed"), "id": "a"}]))
    try:
        process.wait_for("poll", published=1)
        done = run_cli("tap", "-c", str(sqlite.path), "--from-beginning", "-n", "1")
        assert json.loads(done.stdout)["value"]["headline"] == "One"
        assert process.end() == 0
    finally:
        process.kill()


@pytest.mark.kafka
def test_topics_are_created_once_and_tap_reads_them(tmp_path: Path, kafka_bootstrap: str, httpserver: HTTPServer):
    deployment = Deployment(tmp_path, kafka_bootstrap)
    httpserver.expect_request("/feed").respond_with_data(rss(("g1", "One")))
    path = str(deployment.write([{"url": httpserver.url_for("/feed"), "id": "a"}]))
    created = run_cli("topics", "create", "-c", path)
    assert created.returncode == 0
    assert f"{deployment.name}.articles" in created.stdout
    assert run_cli("topics", "create", "-c", path).stdout == "nothing to do: all topics exist\n"
    assert run_cli("run", "-c", path, "--once").returncode == 0
    tapped = run_cli("tap", "-c", path, "--from-beginning", "-n", "1")
    validate(json.loads(tapped.stdout)["value"])


@pytest.mark.kafka
def test_the_demo_shows_the_samples_on_a_given_broker(kafka_bootstrap: str):
    """One round, then a second one that finds nothing new."""
    environ = {"KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap}
    first = run_cli("demo", "--once", environ=environ)
    assert first.returncode == 0, first.stderr
    assert "Kyiv, Ukraine  11 paragraphs" in first.stdout
    assert "21 events became visible in Kafka" in first.stdout
    second = run_cli("demo", "--once", environ=environ)
    assert second.returncode == 0, second.stderr
    assert "0 events became visible in Kafka" in second.stdout


@pytest.mark.kafka
def test_the_demo_ends_with_0_on_ctrl_c(kafka_bootstrap: str, tmp_path: Path):
    output = tmp_path / "output"
    with output.open("wb") as file:
        demo = subprocess.Popen(
            [sys.executable, "-m", "worker", "demo", "--step", "0.5"],
            stdout=file,
            stderr=file,
            env={**os.environ, "KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap},
        )
    try:
        until(lambda: "revision 2" in output.read_text(), what=output.read_text)
        demo.send_signal(signal.SIGINT)
        assert demo.wait(PATIENCE_SECONDS) == 0
    finally:
        demo.kill()
        demo.wait()
    assert "events became visible in Kafka" in output.read_text()


def test_the_demo_goes_on_without_kafka_when_its_files_cannot_be_fetched(tmp_path: Path):
    """An empty cache and a repository that nobody serves."""
    (tmp_path / "jgo.conf").write_text("[repositories]\ncentral = http://127.0.0.1:9/none\n")
    environ = {
        "DATELINE_CACHE_DIR": str(tmp_path / "cache"),
        "DATELINE_STATE_DIR": str(tmp_path / "state"),
        "JGO_CONFIG_FILE": str(tmp_path / "jgo.conf"),
        "KAFKA_BOOTSTRAP_SERVERS": "",
    }
    done = run_cli("demo", "--once", environ=environ)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("going on without Kafka, with an SQLite file instead: ") == 1
    assert "21 events became visible in the SQLite file" in done.stdout


OPML = """<opml version="2.0"><body>
<outline text="News"><outline text="One" xmlUrl="https://bob:hunter2@one.example/feed"/></outline>
<outline text="Two" xmlUrl="feed://two.example/"/>
<outline text="Mail" xmlUrl="imap://bob:hunter2@mail.example/"/>
</body></opml>
"""
FEEDS = """feeds:
  # News
  - url: https://bob:hunter2@one.example/feed
    title: "One"
  # in no folder
  - url: http://two.example/
    title: "Two"
"""
NOT_HTTP = "xmlUrl: must begin with http:// or https://"


def test_feeds_import_writes_a_configuration_that_check_accepts(tmp_path: Path):
    source, output = tmp_path / "reader.opml", tmp_path / "feeds.yaml"
    source.write_text(OPML)
    done = run_cli("feeds", "import", str(source), "-o", str(output))
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines() == [
        f'{source}:4: skipped "Mail": {NOT_HTTP}',
        f"2 of 3 feeds taken, 1 skipped; next: dateline check -c {output}",
    ]
    assert output.read_text() == FEEDS
    assert run_cli("check", "-c", str(output)).returncode == 0


def test_feeds_import_overwrites_nothing_unless_forced(tmp_path: Path):
    source, output = tmp_path / "reader.opml", tmp_path / "feeds.yaml"
    source.write_text(OPML)
    output.write_text("mine")
    done = run_cli("feeds", "import", str(source), "-o", str(output))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"dateline: {output}: is there already; choose another name, or overwrite it with --force"
    )
    assert output.read_text() == "mine"
    assert run_cli("feeds", "import", str(source), "-o", str(output), "--force").returncode == 0
    assert output.read_text() == FEEDS


def test_feeds_import_reads_stdin_and_leaves_out_what_the_configuration_has(sqlite: Deployment):
    path = sqlite.write([{"url": "https://one.example/feed", "id": "one"}])
    done = subprocess.run(
        [sys.executable, "-m", "worker", "feeds", "import", "-", "-c", str(path)],
        input=OPML,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_SECONDS,
    )
    assert done.stdout == 'feeds:\n  - url: http://two.example/\n    title: "Two"\n'
    assert done.stderr.splitlines() == [
        f'stdin:2: skipped "One": it is in {path} already, with the id one',
        f'stdin:4: skipped "Mail": {NOT_HTTP}',
        "1 of 3 feeds taken, 2 skipped",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<rss/>", ": is not OPML; give a list of feeds that a feed reader exported"),
        ("<opml>\n</body>", ":2: is not well-formed XML (tag name mismatch); export the list again"),
        (None, ": cannot be read: no such file or directory; give a file, or - for stdin"),
    ],
)
def test_feeds_import_of_what_is_no_list_is_one_clear_line(tmp_path: Path, content: str | None, message: str):
    source = tmp_path / "reader.opml"
    if content is not None:
        source.write_text(content)
    done = run_cli("feeds", "import", str(source))
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"dateline: {source}{message}\n")


def test_feeds_import_of_a_list_without_a_feed_fails(tmp_path: Path):
    source, output = tmp_path / "reader.opml", tmp_path / "feeds.yaml"
    source.write_text('<opml><body><outline text="Nothing"/></body></opml>')
    done = run_cli("feeds", "import", str(source), "-o", str(output))
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f'{source}:1: skipped "Nothing": it has no xmlUrl',
        "0 of 1 feeds taken, 1 skipped",
    ]
    assert not output.exists()


def test_feeds_export_leaves_secrets_out_unless_told_otherwise(sqlite: Deployment, tmp_path: Path):
    config = str(sqlite.write([{"url": "https://bob:hunter2@one.example/?token=hunter3", "title": "One"}]))
    done = run_cli("feeds", "export", "-c", config)
    assert done.returncode == 0
    assert 'text="One" title="One" xmlUrl="https://one.example/?token=***"' in done.stdout
    warning = "warning: 1 feed is without its secrets, and may not be readable so; --with-secrets keeps them\n"
    assert done.stderr == warning
    output = tmp_path / "out.opml"
    kept = run_cli("feeds", "export", "-c", config, "--with-secrets", "-o", str(output))
    assert (kept.returncode, kept.stdout, kept.stderr) == (0, "", "")
    assert 'xmlUrl="https://bob:hunter2@one.example/?token=hunter3"' in output.read_text()
    assert run_cli("feeds", "export", "-c", config, "-o", str(output)).returncode == 1


def test_feeds_list_shows_the_feeds_of_lists_and_no_interval_that_is_learned(tmp_path: Path):
    path = tmp_path / "c.yaml"
    path.write_text("feed_lists: more.txt\n")
    (tmp_path / "more.txt").write_text("https://bob:hunter2@b.example/\n")
    done = run_cli("feeds", "list", "-c", str(path))
    assert (done.returncode, done.stderr) == (0, "")
    [row] = [json.loads(line) for line in done.stdout.splitlines()]
    assert (row["url"], row["interval"]) == ("https://b.example/", None)


def test_feeds_list_is_json_lines_when_piped(sqlite: Deployment):
    config = str(sqlite.write([{"url": "https://bob:hunter2@one.example/", "id": "one", "content": "page"}]))
    done = run_cli("feeds", "list", "-c", config)
    assert (done.returncode, done.stderr) == (0, "")
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"id": "one", "url": "https://one.example/", "title": None, "interval": 0.3, "content": "page"}
    ]
