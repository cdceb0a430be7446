"""The `dateline feeds` commands: list feeds, say how they are, exchange them with feed readers."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from worker.cli_shared import Group, config_option, load, optional_config, output_option, read, write
from worker.model.errors import Stop

if TYPE_CHECKING:
    from pathlib import Path


@click.group(cls=Group)
def feeds() -> None:
    """List the feeds, and exchange them with feed readers as OPML."""


_force_option = click.option("--force", is_flag=True, help="Overwrite the output file.")


@feeds.command("list")
@config_option
@click.option("--json", "as_json", is_flag=True, help="JSON also on a terminal; it is the rule when piped.")
def feeds_list(config_path: Path, *, as_json: bool) -> None:
    """Show the feeds of a configuration, without passwords and tokens.

    On a terminal a table, else one JSON object {"id", "url", "title", "interval", "content"} per line, the interval in
    seconds, null where it is learned from the feed's rhythm. Feeds of `feed_lists` are shown as well.
    """
    import orjson

    from worker.config.subscriptions import feed_row, feed_table

    rows = [feed_row(feed) for feed in load(config_path).feeds]
    if as_json or not sys.stdout.isatty():
        write(b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows), None)
    else:
        for line in feed_table(rows):
            click.echo(line)


@feeds.command("status")
@config_option
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
    from worker.edges.log import configure_logging
    from worker.edges.terminal import status_lines
    from worker.enquiries import feed_statuses

    configure_logging("warning", "auto")
    rows = [
        row
        for row in feed_statuses(load(config_path))
        if not states or row["state"] in states or row["reason"] in states
    ]
    for line in status_lines(rows, as_json=as_json or not sys.stdout.isatty()):
        click.echo(line)


@feeds.command("import")
@click.argument("source", metavar="FILE")
@output_option
@_force_option
@optional_config("Leave out the feeds that this configuration has already.")
def feeds_import(source: str, output_path: Path | None, config_path: Path | None, *, force: bool) -> None:
    """Make a `feeds:` list for the configuration of an OPML FILE; - is stdin.

    The list can be changed feed by feed. A FILE that stays as it is can be named under `feed_lists` itself.

    What is skipped, and why, is said on stderr, without any URL: user names and passwords in them go to the list only.
    Exits with 1 when FILE holds no feed.
    """
    from worker.config.opml import NotOpml, read_opml
    from worker.config.subscriptions import feeds_yaml, new_feeds

    known = () if config_path is None else load(config_path).feeds
    found = read_opml(read(source))
    name = "stdin" if source == "-" else source
    if isinstance(found, NotOpml):
        raise Stop(f"{name}{'' if found.line is None else f':{found.line}'}: {found.reason}")
    if found.warning is not None:
        click.echo(f"{name}: warning: {found.warning}", err=True)
    new, had = new_feeds(found.feeds, known, str(config_path))
    skipped = sorted((*found.skipped, *had), key=lambda one: one.line)
    for one in skipped:
        click.echo(f"{name}:{one.line}: {one}", err=True)
    if new:
        write(feeds_yaml(new), output_path, force=force)
    where = f"; next: dateline check -c {output_path}" if new and output_path else ""
    click.echo(f"{len(new)} of {len(new) + len(skipped)} feeds taken, {len(skipped)} skipped{where}", err=True)
    if not found.feeds:
        sys.exit(1)


@feeds.command("export")
@config_option
@output_option
@_force_option
@click.option("--with-secrets", is_flag=True, help="Keep user names, passwords and tokens in the URLs.")
def feeds_export(config_path: Path, output_path: Path | None, *, force: bool, with_secrets: bool) -> None:
    """Write the feeds of a configuration and its lists as OPML 2.0: URLs and titles, all that it has room for.

    User names and passwords are left out of URLs, and tokens in their queries (?api_key=) become ***, unless told
    otherwise.
    """
    from worker.config.opml import write_opml
    from worker.config.subscriptions import listed_feeds

    config = load(config_path)
    listed, stripped = listed_feeds(config.feeds, with_secrets=with_secrets)
    write(write_opml(listed, config.name), output_path, force=force)
    if stripped:
        what = "1 feed is without its secrets" if stripped == 1 else f"{stripped} feeds are without their secrets"
        click.echo(f"warning: {what}, and may not be readable so; --with-secrets keeps them", err=True)
