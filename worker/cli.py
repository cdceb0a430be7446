"""The `dateline` command: arguments, signals, exit codes.

What a command needs is imported when it runs: `dateline --help` must answer at once.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from worker import __version__, cli_shared
from worker.cli_config import config_commands
from worker.cli_export import export
from worker.cli_ledger import dlq, forward, state
from worker.cli_shared import (
    config_option as _config_option,
    load as _load,
    output_option as _output_option,
    read as _read,
    write as _write,
)
from worker.model.errors import DatelineError, Stop

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from typing import TextIO

    from worker.config import Config
    from worker.pipeline.matching import Where

# As promtool and vector: 1 is for mistakes, and click takes 2 for those of the command line.
_WARNINGS = 3
_MOST_SHOWN = 100
_EPILOG = "Every command has its own --help. Settings can also be given as DATELINE_... variables; see the README."


class _Commands(cli_shared.Group):
    """A group whose commands end with one line on stderr and exit code 1 where the error is ours to explain."""

    group_class = cli_shared.Group

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except DatelineError as error:
            # Mistakes of a configuration begin with their place, one or many: programs read them.
            begins = hasattr(error, "problems") or "\n" in str(error)
            click.echo(str(error) if begins else f"dateline: {error}", err=True)
            ctx.exit(1)
        except BrokenPipeError:
            # Whoever read our output has seen enough (`dateline tap | head`).
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)


def _optional_config(purpose: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option("-c", "--config", "config_path", type=click.Path(path_type=Path), metavar="FILE", help=purpose)


def _where(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> tuple[Where, ...]:
    from worker.pipeline.matching import Where

    try:
        return tuple(map(Where.parse, given))
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.group(cls=_Commands, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="dateline")
def main() -> None:
    """Poll news feeds, turn each article into one event message, publish it to Kafka exactly once."""


@main.command()
@_config_option
@click.option("--once", is_flag=True, help="Poll every feed once, publish what is new, and exit.")
@click.option(
    "--enable-reload",
    is_flag=True,
    help="Read the configuration again on a POST to /-/reload. Whoever can reach it may.",
)
def run(config_path: Path, *, once: bool, enable_reload: bool) -> None:
    """Run the worker until SIGTERM or Ctrl-C.

    On the first signal it starts no more polls, settles those under way, commits and exits with 0. A second signal
    ends it at once. Publishes to Kafka, or to an SQLite file when no broker is configured.

    When the configuration or one of its feed lists changes, or on SIGHUP, they are read again: feeds are added, removed
    and changed at once, other settings need a restart. A mistake in them changes nothing.
    """
    import asyncio

    from worker.edges.log import configure_logging
    from worker.reading import launch_readers

    config = _load(config_path)
    configure_logging(config.log.level, config.log.format)
    launched = launch_readers(config)
    from worker.app import Worker

    async def work() -> None:
        worker = Worker(config, load=partial(_load, config_path), reload_by_http=enable_reload, launched=launched)
        _on_signals(worker.stop, worker.reload)
        await worker.run(once=once, listening=partial(_log_listening, config))

    asyncio.run(work())


@main.command()
@click.argument("source", metavar="URL|FILE")
@_optional_config("Use the fetch settings of this configuration. Without it every network may be visited.")
@click.option("--page", is_flag=True, help="Take the text of each article from its page, as `content: page` does.")
def probe(source: str, config_path: Path | None, *, page: bool) -> None:
    """Show what one poll of a feed would publish, and write nothing.

    The source is a feed, a news sitemap or a wire story, at an address or in a file. Prints one JSON object {"key",
    "headers", "value"} per event on stdout, and the decisions on stderr. Exits with 1 when the source holds no feed.
    """
    import asyncio

    from worker import app
    from worker.edges.terminal import json_line

    config = None if config_path is None else _load(config_path)
    batch = asyncio.run(app.probe(source, config, content="page" if page else "feed"))
    for event in batch.events:
        click.echo(json_line(event.key, event.headers, event.value))
    for letter in batch.rejected:
        reasons = dict(letter.headers)
        why = reasons["__connect.errors.exception.message"].decode()
        click.echo(f"rejected: {letter.reason}: {why}", err=True)
    report = batch.report
    click.echo(f"outcome: {' '.join(filter(None, (report.outcome, report.reason)))}", err=True)
    click.echo(f"status: {report.status}, {report.received_bytes} bytes", err=True)
    for warning in report.warnings:
        click.echo(f"warning: {warning}", err=True)
    click.echo(
        f"entries: {report.entries}, of them {report.published} would be published, {report.rejected} rejected, "
        f"{report.unchanged} the same as another, {report.skipped} beyond the limit",
        err=True,
    )
    if report.waiting:
        click.echo(f"waiting: {report.waiting} more entries, whose pages would be asked for again", err=True)
    if batch.state.next_poll_at is not None:
        click.echo(f"next poll: not before {batch.state.next_poll_at:%Y-%m-%dT%H:%M:%SZ}", err=True)
    if report.outcome != "ok":
        sys.exit(1)


@main.command()
@click.option(
    "--explain",
    "explained",
    type=click.File("r", encoding="utf-8"),
    metavar="FILE",
    help="Print the text of this file with its facts marked, and the rule of each, instead.",
)
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day of publication, for --explain.")
def extract(explained: TextIO | None, day: datetime | None) -> None:
    """Read JSON Lines on stdin, write one JSON object per line with the facts found.

    {"id", "text", "date"}: facts of a text; "date" is the day of publication, ISO, and may be left out. Offsets are
    code points into "text" as given. {"id", "html", "meta": {"url"}}: the main text of an article's page, as "body".
    {"id", "a", "b"}: whether two texts are copies of one.
    """
    import gc

    import orjson

    from worker.pipeline.explain import explain
    from worker.pipeline.extract import FormError, extract as facts_of
    from worker.pipeline.prepare import prepare

    if explained is not None:
        click.echo(explain(explained.read(), None if day is None else day.date()), nl=False)
        return

    prepare()
    gc.collect()
    # The lexicons stay until the end: the collector need not look through them again and again.
    gc.freeze()
    for number, line in enumerate(sys.stdin.buffer, 1):
        try:
            document = orjson.loads(line)
            facts = facts_of(document)
        except (orjson.JSONDecodeError, FormError) as error:
            raise click.ClickException(f"line {number}: {error}") from error
        sys.stdout.buffer.write(orjson.dumps({"id": document.get("id"), **facts}, option=orjson.OPT_APPEND_NEWLINE))
        sys.stdout.buffer.flush()


@main.command()
@_config_option
@click.option("--from-beginning", is_flag=True, help="Begin with the oldest event instead of the next one.")
@click.option("-n", "--count", type=click.IntRange(min=1), metavar="N", help="Exit after N events.")
@click.option("--json", "as_json", is_flag=True, help="JSON also on a terminal; it is the rule when piped.")
@click.option("--feed", "feed_ids", multiple=True, metavar="ID", help="Only of this feed; may be given again.")
@click.option(
    "--where",
    multiple=True,
    metavar="FIELD=VALUE",
    callback=_where,
    help="Only with this value: language=en, places.country_code=UA. Given again, all must hold.",
)
@click.option(
    "--topic",
    type=click.Choice(["articles", "dead-letters"]),
    default="articles",
    show_default=True,
    help="What to follow, whatever the topic is called.",
)
def tap(  # noqa: PLR0913 - its options
    config_path: Path,
    *,
    from_beginning: bool,
    count: int | None,
    as_json: bool,
    feed_ids: tuple[str, ...],
    where: tuple[Where, ...],
    topic: str,
) -> None:
    """Follow what is published, as a consumer sees it.

    Reads the articles topic (or the SQLite file) with read_committed, until Ctrl-C. On a terminal two lines per
    event, else one JSON object per line. A FIELD is one of the message, with dots between: `source.feed_id`; of lists,
    one item is enough.
    """
    from worker.app import ledger_name, open_reader
    from worker.edges.log import configure_logging
    from worker.edges.terminal import RecordPrinter
    from worker.pipeline.matching import matches

    configure_logging("warning", "auto")
    config = _load(config_path)
    known = {feed.id for feed in config.feeds}
    for feed_id in feed_ids:
        if feed_id not in known:
            click.echo(f"warning: no feed of {config_path} has the id {feed_id}; see: dateline feeds list", err=True)
    printer = RecordPrinter(sys.stdout, as_json=as_json or None)
    table: Literal["articles", "dead_letters"] = "articles" if topic == "articles" else "dead_letters"
    reader = open_reader(config, from_beginning=from_beginning, table=table)
    click.echo(f"following {ledger_name(config)}; Ctrl-C ends", err=True)
    seen = 0
    try:
        while True:
            for record in reader.read(timeout_seconds=1.0):
                if not matches(record, feeds=frozenset(feed_ids), where=where):
                    continue
                printer.show(record)
                seen += 1
                if seen == count:
                    return
    except KeyboardInterrupt:
        pass
    finally:
        reader.close()


@main.command()
@_config_option
@click.option("--strict", is_flag=True, help="Exit with 3 when there are warnings.")
def check(config_path: Path, *, strict: bool) -> None:
    """Check a configuration and its lists of feeds: every mistake at once, as file:line:column: path: message.

    Says how many feeds there are, by file where there are lists. Warns on stderr of entries of lists that were left
    out, and of feeds at private addresses that may not be visited. Exits with 0 when all is good, with 1 when it is
    not, and with --strict also with 3 when there are warnings. Nothing is contacted.
    """
    from worker.app import check_packages, ledger_name, never_visited

    config = _load(config_path)
    check_packages(config)
    warnings = [*map(str, config.notes), *(f"{config_path}: {feed}" for feed in never_visited(config)[:_MOST_SHOWN])]
    for warning in warnings:
        click.echo(warning, err=True)
    click.echo(f"{config_path}: good: {_feeds(len(config.feeds))}, publishing to {ledger_name(config)}")
    if config.feed_lists:
        for source, count in config.sources:
            click.echo(f"  {source}: {_feeds(count)}")
    if strict and warnings:
        sys.exit(_WARNINGS)


@main.group()
def feeds() -> None:
    """List the feeds, and exchange them with feed readers as OPML."""


_force_option = click.option("--force", is_flag=True, help="Overwrite the output file.")


@feeds.command("list")
@_config_option
@click.option("--json", "as_json", is_flag=True, help="JSON also on a terminal; it is the rule when piped.")
def feeds_list(config_path: Path, *, as_json: bool) -> None:
    """Show the feeds of a configuration, without passwords and tokens.

    On a terminal a table, else one JSON object {"id", "url", "title", "interval", "content"} per line, the interval in
    seconds, null where it is learned from the feed's rhythm. Feeds of `feed_lists` are shown as well.
    """
    import orjson

    from worker.config.subscriptions import feed_row, feed_table

    rows = [feed_row(feed) for feed in _load(config_path).feeds]
    if as_json or not sys.stdout.isatty():
        _write(b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows), None)
    else:
        for line in feed_table(rows):
            click.echo(line)


@feeds.command("status")
@_config_option
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(["new", "active", "moved", "failing", "paused", "gone", "silent"]),
    help="Only feeds in this state; may be given again. `silent`: still for much longer than is usual for them.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON also on a terminal; it is the rule when piped.")
def feeds_status(config_path: Path, states: tuple[str, ...], *, as_json: bool) -> None:
    """Show how each feed is doing, from what the worker last committed. The worker need not run.

    active: the last poll was good. moved: the same, at the address to which the publisher moved the feed for good.
    failing: it was not, and the next one comes later. paused: refused so often that it is asked once a month. gone: the
    publisher said so (410), it is not asked any more. new: not polled yet.

    On a terminal a table, else one JSON object per line with all that is known.
    """
    from worker.app import feed_statuses
    from worker.edges.log import configure_logging
    from worker.edges.terminal import status_lines

    configure_logging("warning", "auto")
    rows = [
        row
        for row in feed_statuses(_load(config_path))
        if not states or row["state"] in states or row["reason"] in states
    ]
    for line in status_lines(rows, as_json=as_json or not sys.stdout.isatty()):
        click.echo(line)


@feeds.command("import")
@click.argument("source", metavar="FILE")
@_output_option
@_force_option
@_optional_config("Leave out the feeds that this configuration has already.")
def feeds_import(source: str, output_path: Path | None, config_path: Path | None, *, force: bool) -> None:
    """Make a `feeds:` list for the configuration of an OPML FILE; - is stdin.

    The list can be changed feed by feed. A FILE that stays as it is can be named under `feed_lists` itself.

    What is skipped, and why, is said on stderr, without any URL: user names and passwords in them go to the list only.
    Exits with 1 when FILE holds no feed.
    """
    from worker.config.opml import NotOpml, read_opml
    from worker.config.subscriptions import feeds_yaml, new_feeds

    known = () if config_path is None else _load(config_path).feeds
    read = read_opml(_read(source))
    name = "stdin" if source == "-" else source
    if isinstance(read, NotOpml):
        raise Stop(f"{name}{'' if read.line is None else f':{read.line}'}: {read.reason}")
    if read.warning is not None:
        click.echo(f"{name}: warning: {read.warning}", err=True)
    new, had = new_feeds(read.feeds, known, str(config_path))
    skipped = sorted((*read.skipped, *had), key=lambda one: one.line)
    for one in skipped:
        click.echo(f"{name}:{one.line}: {one}", err=True)
    if new:
        _write(feeds_yaml(new), output_path, force=force)
    where = f"; next: dateline check -c {output_path}" if new and output_path else ""
    click.echo(f"{len(new)} of {len(new) + len(skipped)} feeds taken, {len(skipped)} skipped{where}", err=True)
    if not read.feeds:
        sys.exit(1)


@feeds.command("export")
@_config_option
@_output_option
@_force_option
@click.option("--with-secrets", is_flag=True, help="Keep user names, passwords and tokens in the URLs.")
def feeds_export(config_path: Path, output_path: Path | None, *, force: bool, with_secrets: bool) -> None:
    """Write the feeds of a configuration and its lists as OPML 2.0: URLs and titles, all that it has room for.

    User names and passwords are left out of URLs, and tokens in their queries (?api_key=) become ***, unless told
    otherwise.
    """
    from worker.config.opml import write_opml
    from worker.config.subscriptions import listed_feeds

    config = _load(config_path)
    listed, stripped = listed_feeds(config.feeds, with_secrets=with_secrets)
    _write(write_opml(listed, config.name), output_path, force=force)
    if stripped:
        what = "1 feed is without its secrets" if stripped == 1 else f"{stripped} feeds are without their secrets"
        click.echo(f"warning: {what}, and may not be readable so; --with-secrets keeps them", err=True)


main.add_command(dlq)
main.add_command(state)
main.add_command(forward)
main.add_command(export)
main.add_command(config_commands)


@main.group()
def topics() -> None:
    """Look after the Kafka topics."""


@topics.command("create")
@_config_option
def topics_create(config_path: Path) -> None:
    """Create the topics that are missing, with the partitions, replicas and clean-up policy that the worker needs."""
    from worker.app import create_topics
    from worker.edges.log import configure_logging

    configure_logging("warning", "auto")
    created = create_topics(_load(config_path))
    click.echo(f"created {', '.join(created)}" if created else "nothing to do: all topics exist")


@main.group()
def kafka() -> None:
    """Run a real Apache Kafka on this machine, for development. Needs nothing but Python."""


_port_option = click.option(
    "--port",
    type=click.IntRange(1, 65_535),
    default=9092,
    show_default=True,
    help="Where clients connect, on 127.0.0.1.",
)


@kafka.command("start")
@_port_option
def kafka_start(port: int) -> None:
    """Start it in the background, and return when it answers.

    The first time it fetches Kafka and Java's libraries (45 MB) into a cache. Data is kept between starts. One that
    answers already is left as it is.
    """
    from worker.edges import broker

    running = broker.start(port=port, progress=_say)
    if not running.started:
        click.echo(f"Kafka already answers at {running.bootstrap}")
        return
    click.echo(f"Kafka answers at {running.bootstrap} (process {running.pid}, log {running.log_path})")


@kafka.command("stop")
@_port_option
def kafka_stop(port: int) -> None:
    """Stop the one that `kafka start` started; its data stays."""
    from worker.edges import broker

    click.echo("Kafka stopped" if broker.stop(port=port) else f"no Kafka of ours runs at 127.0.0.1:{port}")


@kafka.command("status")
@_port_option
def kafka_status(port: int) -> None:
    """Say whether it runs. Exits with 1 when it does not."""
    from worker.edges import broker

    running = broker.status(port=port)
    if running is None:
        click.echo(f"no Kafka answers at 127.0.0.1:{port}; start one with: dateline kafka start")
        sys.exit(1)
    whose = f"process {running.pid}, data {running.data_path}" if running.pid else "not started by this command"
    click.echo(f"Kafka answers at {running.bootstrap} ({whose})")


@main.command()
@click.option(
    "-c",
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    envvar="DATELINE_CONFIG",
    metavar="FILE",
    help="The worker's configuration, for its `listen` address.",
)
@click.option("--url", help="Ask this address instead, such as http://127.0.0.1:9108.")
@click.option("--ready", is_flag=True, help="Ask whether it is ready (/readyz), not only alive (/healthz).")
@click.option("--timeout", type=click.FloatRange(min=0.1), default=5.0, show_default=True, help="Seconds to wait.")
def healthcheck(config_path: Path | None, url: str | None, *, ready: bool, timeout: float) -> None:
    """Ask a running worker how it is: exits with 0 when well, 1 when not. Fit for a container's HEALTHCHECK."""
    from urllib.error import HTTPError, URLError
    from urllib.request import ProxyHandler, build_opener

    base = url or (_base_url(_load(config_path)) if config_path else "http://127.0.0.1:9108")
    if not base.startswith(("http://", "https://")):
        raise click.BadParameter("must begin with http:// or https://", param_hint="--url")
    address = f"{base.rstrip('/')}/{'readyz' if ready else 'healthz'}"
    try:
        # No proxy: the worker is next door.
        with build_opener(ProxyHandler({})).open(address, timeout=timeout) as answer:
            click.echo(answer.read(200).decode("utf-8", "replace").strip())
    except HTTPError as error:
        click.echo(f"{address}: {error.read(200).decode('utf-8', 'replace').strip()}", err=True)
        sys.exit(1)
    except (URLError, OSError) as error:
        click.echo(f"{address}: no answer: {getattr(error, 'reason', error)}", err=True)
        sys.exit(1)


@main.command()
@click.option("--once", is_flag=True, help="Poll every sample feed once, show the events, and exit.")
@click.option("--step", "step_seconds", default=8.0, show_default=True, help="Seconds between changes of the samples.")
def demo(*, once: bool, step_seconds: float) -> None:
    """Show the worker at work: sample feeds, a real local Kafka, and each event as it becomes visible.

    Uses the Kafka at $KAFKA_BOOTSTRAP_SERVERS when that is set, else one that answers at 127.0.0.1:9092, else starts
    one. Ctrl-C stops everything that it started.
    """
    import asyncio

    from worker.demo import Demo

    async def show() -> None:
        show_demo = Demo(say=click.echo, environ=os.environ, step_seconds=None if once else step_seconds)
        _on_signals(show_demo.stop)
        await show_demo.run(once=once)

    asyncio.run(show())


def _feeds(count: int) -> str:
    return f"{count} feed" + "s" * (count != 1)


def _base_url(config: Config) -> str:
    # A worker that listens on all addresses answers on loopback as well.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(config.listen_host, config.listen_host)  # noqa: S104 - not bound here
    return f"http://[{host}]:{config.listen_port}" if ":" in host else f"http://{host}:{config.listen_port}"


def _log_listening(config: Config, url: str) -> None:
    import structlog

    from worker.app import ledger_name

    structlog.get_logger().info(
        "listening",
        metrics=f"{url}/metrics",
        health=f"{url}/healthz",
        ready=f"{url}/readyz",
        ledger=ledger_name(config),
    )


def _say(text: str) -> None:
    click.echo(text, err=True)


def _on_signals(stop: Callable[[], None], reload: Callable[[], None] | None = None) -> None:
    """First SIGTERM or SIGINT: stop in good order. Second: at once. SIGHUP: `reload`."""
    import asyncio
    import signal

    loop = asyncio.get_running_loop()
    asked = False

    def handle(number: int) -> None:
        nonlocal asked
        if asked:
            os._exit(128 + number)
        asked = True
        stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, handle, number)
    if reload is not None:
        loop.add_signal_handler(signal.SIGHUP, reload)
