"""The `dateline topics` and `dateline kafka` commands: what has to be there before a worker publishes to Kafka."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from worker.cli_shared import Group, config_option, load

if TYPE_CHECKING:
    from pathlib import Path


@click.group(cls=Group)
def topics() -> None:
    """Look after the Kafka topics."""


@topics.command("create")
@config_option
def topics_create(config_path: Path) -> None:
    """Create the topics that are missing, with the partitions, replicas and clean-up policy that the worker needs."""
    from worker.edges.log import configure_logging
    from worker.enquiries import create_topics

    configure_logging("warning", "auto")
    created = create_topics(load(config_path))
    click.echo(f"created {', '.join(created)}" if created else "nothing to do: all topics exist")


@click.group(cls=Group)
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


def _say(text: str) -> None:
    click.echo(text, err=True)
