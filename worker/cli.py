"""The `dateline` command: arguments, signals, exit codes.

What a command needs is imported when it runs: `dateline --help` must answer at once.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from worker import __version__
from worker.cli_config import config_commands
from worker.cli_export import export
from worker.cli_feeds import feeds
from worker.cli_kafka import kafka, topics
from worker.cli_ledger import dlq, forward, state
from worker.cli_look import check, extract, probe, tap
from worker.cli_shared import Group, config_option, load
from worker.model.errors import DatelineError

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.config import Config

_EPILOG = "Every command has its own --help. Settings can also be given as DATELINE_... variables; see the README."


class _Commands(Group):
    """A group whose commands end with one line on stderr and exit code 1 where the error is ours to explain."""

    group_class = Group

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


@click.group(cls=_Commands, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="dateline")
def main() -> None:
    """Poll news feeds, turn each article into one event message, publish it to Kafka exactly once."""


@main.command()
@config_option
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
    from worker.reading import launch_readers

    # First of all: what it loads takes as long as all of the rest.
    launched = launch_readers()
    import asyncio
    import gc

    # Modules and the list of feeds stay. To look through them for garbage takes an eighth of a start.
    gc.disable()
    try:
        from worker.edges.lean import import_libraries

        import_libraries()
        from worker.edges.clock import SystemClock

        read_at = SystemClock().now()
        config = load(config_path)
        from worker.edges.log import configure_logging

        configure_logging(config.log.level, config.log.format)
        from worker.wiring.ledgers import ledger_of

        # Brokers answer while the rest is imported.
        ledger = ledger_of(config)
        from worker.app import Worker
    except BaseException:
        launched.end()
        raise
    finally:
        gc.enable()

    async def work() -> None:
        worker = Worker(
            config,
            read_at=read_at,
            load=partial(load, config_path),
            reload_by_http=enable_reload,
            launched=launched,
            ledger=ledger,
        )
        _on_signals(worker.stop, worker.reload)
        await worker.run(once=once, listening=partial(_log_listening, config))

    asyncio.run(work())


for command in (
    probe,
    extract,
    tap,
    check,
    feeds,
    dlq,
    state,
    forward,
    export,
    config_commands,
    topics,
    kafka,
):
    main.add_command(command)


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

    base = url or (_base_url(load(config_path)) if config_path else "http://127.0.0.1:9108")
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


def _base_url(config: Config) -> str:
    # A worker that listens on all addresses answers on loopback as well.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(config.listen_host, config.listen_host)  # noqa: S104 - not bound here
    return f"http://[{host}]:{config.listen_port}" if ":" in host else f"http://{host}:{config.listen_port}"


def _log_listening(config: Config, url: str) -> None:
    import structlog

    from worker.wiring.names import ledger_name

    structlog.get_logger().info(
        "listening",
        metrics=f"{url}/metrics",
        health=f"{url}/healthz",
        ready=f"{url}/readyz",
        ledger=ledger_name(config),
    )


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
