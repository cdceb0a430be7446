"""The commands that look and change nothing: `probe`, `extract`, `tap` and `check`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal

import click

from worker.cli_shared import config_option, load, optional_config
from worker.model.errors import Stop

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path
    from typing import TextIO

    from worker.pipeline.matching import Where

# As promtool and vector: 1 is for mistakes, and click takes 2 for those of the command line.
_WARNINGS = 3
_MOST_SHOWN = 100


def _where(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> tuple[Where, ...]:
    from worker.pipeline.matching import Where

    try:
        return tuple(map(Where.parse, given))
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command()
@click.argument("source", metavar="URL|FILE")
@optional_config("Use the fetch settings of this configuration. Without it every network may be visited.")
@click.option("--page", is_flag=True, help="Take the text of each article from its page, as `content: page` does.")
def probe(source: str, config_path: Path | None, *, page: bool) -> None:
    """Show what one poll of a feed would publish, and write nothing.

    The source is a feed, a news sitemap or a wire story, at an address or in a file. Prints one JSON object {"key",
    "headers", "value"} per event on stdout, and the decisions on stderr. Exits with 1 when the source holds no feed.
    """
    import asyncio

    from worker import enquiries
    from worker.edges.terminal import json_line

    config = None if config_path is None else load(config_path)
    batch = asyncio.run(enquiries.probe(source, config, content="page" if page else "feed"))
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


@click.command()
@click.option(
    "--explain",
    "explained",
    type=click.File("r", encoding="utf-8"),
    metavar="FILE",
    help="Print the text of this file with its facts marked, and the rule of each, instead.",
)
@click.option(
    "--date",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="The day of publication, for --explain.",
)
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
            raise Stop(f"stdin:{number}: {error}") from error
        sys.stdout.buffer.write(orjson.dumps({"id": document.get("id"), **facts}, option=orjson.OPT_APPEND_NEWLINE))
        sys.stdout.buffer.flush()


@click.command()
@config_option
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
    from worker.edges.log import configure_logging
    from worker.edges.terminal import RecordPrinter
    from worker.enquiries import open_reader
    from worker.pipeline.matching import matches
    from worker.wiring.names import ledger_name

    configure_logging("warning", "auto")
    config = load(config_path)
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


@click.command()
@config_option
@click.option("--strict", is_flag=True, help="Exit with 3 when there are warnings.")
def check(config_path: Path, *, strict: bool) -> None:
    """Check a configuration and its lists of feeds: every mistake at once, as file:line:column: path: message.

    Says how many feeds there are, by file where there are lists. Warns on stderr of entries of lists that were left
    out, and of feeds at private addresses that may not be visited. Exits with 0 when all is good, with 1 when it is
    not, and with --strict also with 3 when there are warnings. Nothing is contacted.
    """
    from worker.enquiries import never_visited
    from worker.wiring.names import ledger_name
    from worker.wiring.traces import check_packages

    config = load(config_path)
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


def _feeds(count: int) -> str:
    return f"{count} feed" + "s" * (count != 1)
