"""The commands on a ledger: dead letters, feed states, and the move from SQLite to Kafka."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from worker.cli_shared import Group, config_option, load, output_option, read, write
from worker.model.errors import Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from worker.maintenance.letters import Found, Wanted


def _matching(command: Callable[..., None]) -> Callable[..., None]:
    """The options by which dead letters are chosen."""
    for option in (
        click.option(
            "--since", metavar="TIME", help="Written then or later: 2026-01-31, 2026-01-31T08:00Z, or 2d ago."
        ),
        click.option("--reason", help="Rejected for this reason, such as broken or unusable_entry."),
        click.option("--feed", metavar="ID", help="Of this feed."),
    ):
        command = option(command)
    return command


@click.group(cls=Group)
def dlq() -> None:
    """Dead letters: what could not become an event, with its bytes and the reason."""


@dlq.command("list")
@config_option
@_matching
@click.option("-n", "--count", type=click.IntRange(min=1), metavar="N", help="Only the N newest.")
@click.option("--json", "as_json", is_flag=True, help="JSON also on a terminal; it is the rule when piped.")
def dlq_list(  # noqa: PLR0913 - its options
    config_path: Path, *, feed: str | None, reason: str | None, since: str | None, count: int | None, as_json: bool
) -> None:
    """Show the dead letters, the newest last. The worker need not run, and may.

    On a terminal a table, else one JSON object {"id", "feed", "reason", "stage", "detail", "rejected_at", "size_bytes",
    "truncated"} per line.
    """
    import orjson

    from worker.maintenance.letters import find_letters

    _quiet()
    found = find_letters(load(config_path), _wanted(feed, reason, since))
    found = found[-count:] if count else found
    if as_json or not sys.stdout.isatty():
        write(
            b"".join(orjson.dumps(_row(one), option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z) for one in found),
            None,
        )
        return
    table = [("ID", "FEED", "REASON", "REJECTED", "BYTES", "DETAIL"), *(_cells(one) for one in found)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


@dlq.command("show")
@click.argument("letter_id", metavar="ID")
@config_option
@click.option("--raw", is_flag=True, help="Only the rejected bytes, as they are.")
def dlq_show(letter_id: str, config_path: Path, *, raw: bool) -> None:
    """Show one dead letter: why, when and from which feed, its headers and its bytes as text.

    The ID is what `dlq list` shows: topic:partition:offset, or the position in an SQLite file. `--raw` writes the bytes
    alone, for a file or for `dateline probe`.
    """
    from worker.maintenance.letters import find_letter

    _quiet()
    found = find_letter(load(config_path), letter_id)
    if raw:
        write(found.letter.value, None)
        return
    letter = found.letter
    for name, value in (
        ("id", found.id),
        ("feed", letter.feed_id),
        ("reason", letter.reason),
        ("detail", letter.detail),
        ("stage", letter.stage),
        ("rejected at", "-" if letter.rejected_at is None else f"{letter.rejected_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("bytes", f"{len(letter.value)}{', cut to the largest record' if letter.truncated else ''}"),
    ):
        click.echo(f"{name + ':':13}{_printable(value)}")
    click.echo("headers:")
    for name, text in found.record.headers:
        click.echo(f"  {_printable(name)}: {_printable(text.decode('utf-8', 'replace'))}")
    click.echo()
    click.echo("\n".join(_printable(line) for line in letter.value.decode("utf-8", "replace").splitlines()))


@dlq.command("replay")
@click.argument("letter_ids", metavar="[ID]...", nargs=-1)
@config_option
@_matching
@click.option("--all", "everything", is_flag=True, help="All dead letters.")
def dlq_replay(  # noqa: PLR0913 - its options
    letter_ids: tuple[str, ...],
    config_path: Path,
    *,
    feed: str | None,
    reason: str | None,
    since: str | None,
    everything: bool,
) -> None:
    """Run dead letters through the current code, and publish the articles that come out.

    Nothing is published twice: an article that its feed, or another one, has published already is left out, and so is
    what a second replay finds. What still cannot be read stays a dead letter. No worker may be at work meanwhile.

    Exits with 1 when a letter still gives nothing, and says why.
    """
    import asyncio

    from worker.maintenance.letters import Replayed, find_letter, find_letters, replay
    from worker.maintenance.stores import owned

    chosen_by = bool(feed or reason or since)
    if bool(letter_ids) + chosen_by + everything != 1:
        raise click.UsageError("give IDs, or one or more of --feed, --reason and --since, or --all")
    _quiet()
    config = load(config_path)
    if letter_ids:
        chosen = [find_letter(config, letter_id) for letter_id in dict.fromkeys(letter_ids)]
    else:
        chosen = find_letters(config, _wanted(feed, reason, since))
    results: list[Replayed] = []

    async def work() -> None:
        with owned(config, _say) as store:
            async for result in replay(config, store, chosen):
                results.append(result)
                news = f"published {_count(result.published, 'article')}" if result.published else "nothing new"
                click.echo(f"{result.found.id}  {result.found.letter.feed_id}  {result.problem or news}")

    if chosen:
        with _interruptible("what was said to be published is, the rest is not"):
            asyncio.run(work())
    published = sum(result.published for result in results)
    problems = sum(result.problem is not None for result in results)
    click.echo(
        f"{_count(len(results), 'dead letter')}, {_count(published, 'article')} published, {problems} of no use still",
        err=True,
    )
    if problems:
        sys.exit(1)


@click.group(cls=Group)
def state() -> None:
    """What the worker remembers of each feed: look at it, back it up, spread it over more shards."""


@state.command("show")
@click.argument("feed_id", metavar="FEED_ID")
@config_option
@click.option("--json", "as_json", is_flag=True, help="All of it as one JSON object.")
def state_show(feed_id: str, config_path: Path, *, as_json: bool) -> None:
    """Show all that is known about one feed, by what was last committed. The worker need not run, and may.

    Without passwords. Exits with 1 when nothing is known about it. `dateline feeds status` shows all feeds, in short.
    """
    import orjson

    from worker.maintenance.states import find_state
    from worker.pipeline.state_view import state_lines, state_view

    _quiet()
    found = find_state(load(config_path), feed_id)
    if as_json:
        write(orjson.dumps(state_view(found), option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z), None)
        return
    for line in state_lines(found):
        click.echo(line)


@state.command("export")
@config_option
@output_option
@click.option("--force", is_flag=True, help="Overwrite the output file.")
def state_export(config_path: Path, output_path: Path | None, *, force: bool) -> None:
    """Write the states of all feeds as JSON Lines: a backup for `state import`.

    Each line is an object {"feed", "shard_key", "state"}. Addresses of feeds may hold passwords: keep it as safe as the
    configuration. The worker may be at work; a backup is as old as the last commit when it was made.
    """
    from worker.maintenance.states import export_line, read_states

    _quiet()
    lines = [export_line(held) for held in read_states(load(config_path))]
    write(b"".join(lines), output_path, force=force)
    click.echo(f"{_count(len(lines), 'state')} written", err=True)


@state.command("import")
@click.argument("source", metavar="FILE")
@config_option
@click.option("--force", is_flag=True, help="Also take states that are older than those the ledger holds.")
def state_import(source: str, config_path: Path, *, force: bool) -> None:
    """Put the states of an export FILE into the ledger, all or none; - is stdin. No worker may be at work.

    A state that is older than the one the ledger holds is refused: what was published in between would be published
    again. Mistakes are named as file:line. Interrupted, run it again before a worker starts.
    """
    from worker.maintenance.states import import_states, read_lines

    _quiet()
    config = load(config_path)
    name = "stdin" if source == "-" else source
    lines = read_lines(read(source), name)
    with _interruptible("run it again, to its end, before a worker starts"):
        written, same = import_states(config, lines, name, _say, force=force)
    click.echo(f"{_count(written, 'state')} written, {same} there already", err=True)


@state.command("reshard")
@config_option
@click.option("--partitions", type=click.IntRange(min=1), required=True, metavar="N", help="How many there are to be.")
def state_reshard(config_path: Path, *, partitions: int) -> None:
    """Give the feed-state topic N partitions, and move each feed's state to its new shard. Kafka only.

    As many workers as there are partitions can share the feeds. Kafka takes partitions only to add. No article is
    repeated. No worker may be at work meanwhile; interrupted, run it again before a worker starts.
    """
    from worker.maintenance.states import reshard

    _quiet()
    with _interruptible("run it again, to its end, before a worker starts"):
        moved = reshard(load(config_path), partitions, _say)
    click.echo(f"{partitions} partitions, {_count(moved, 'state')} moved", err=True)


@click.command()
@config_option
@click.option(
    "--from", "path", type=click.Path(path_type=Path), metavar="FILE", help="The SQLite file; sqlite.path by default."
)
def forward(config_path: Path, path: Path | None) -> None:
    """Publish to Kafka what an SQLite file holds: articles, dead letters and feed states, in their order.

    The configuration is the one with which the worker will go on, with `kafka`. Stop the worker first. Each record is
    published once, also when this is interrupted and run again. Then start the worker with this configuration: it
    repeats no article. The file stays as it is.
    """
    from worker.maintenance.forward import forward as publish

    _quiet()
    config = load(config_path)
    with _interruptible("run it again, to its end, before a worker starts"):
        done = publish(config, path or config.sqlite.path, _say)
    if not (done.articles or done.dead_letters or done.states):
        click.echo("nothing to do: Kafka has all of it", err=True)
        return
    click.echo(
        f"{_count(done.articles, 'article')}, {_count(done.dead_letters, 'dead letter')} and "
        f"{_count(done.states, 'feed state')} published",
        err=True,
    )


def _wanted(feed: str | None, reason: str | None, since: str | None) -> Wanted:
    from worker.maintenance.letters import Wanted

    return Wanted(feed=feed, reason=reason, since_at=None if since is None else _moment(since))


def _moment(surface: str) -> datetime:
    """A time as it is typed: a day, a moment, or how long ago."""
    from datetime import timedelta

    from worker.config.problems import Mistake
    from worker.config.values import duration

    try:
        moment = datetime.fromisoformat(surface)
    except ValueError:
        try:
            return datetime.now(UTC) - timedelta(seconds=duration(surface))
        except Mistake:
            raise click.BadParameter(
                f"{surface!r} is neither a day (2026-01-31) nor a moment nor a time ago (2d, 12h)", param_hint="--since"
            ) from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _row(found: Found) -> dict[str, object]:
    letter = found.letter
    return {
        "id": found.id,
        "feed": letter.feed_id,
        "reason": letter.reason,
        "stage": letter.stage,
        "detail": letter.detail,
        "rejected_at": letter.rejected_at,
        "size_bytes": len(letter.value),
        "truncated": letter.truncated,
    }


def _cells(found: Found) -> tuple[str, ...]:
    letter = found.letter
    at = "-" if letter.rejected_at is None else f"{letter.rejected_at:%Y-%m-%d %H:%M:%S}"
    cells = (found.id, letter.feed_id, letter.reason, at, str(len(letter.value)), letter.detail[:80])
    return tuple(_printable(cell) for cell in cells)


def _printable(text: str) -> str:
    """Bytes of strangers must not steer the terminal."""
    return "".join(char if char.isprintable() or char == "\t" else "\N{REPLACEMENT CHARACTER}" for char in text)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _quiet() -> None:
    from worker.edges.log import configure_logging

    configure_logging("warning", "auto")


def _say(text: str) -> None:
    click.echo(text, err=True)


@contextmanager
def _interruptible(cure: str) -> Iterator[None]:
    """Ctrl-C undoes what is under way, and says what follows."""
    try:
        yield
    except KeyboardInterrupt:
        raise Stop(f"interrupted; {cure}") from None
