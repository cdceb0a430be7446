"""What the modules of the `dateline` command share: options, and reading and writing files."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from worker.model.errors import Stop

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.config import Config


class Group(click.Group):
    """A group whose list of commands says of each what it does, to the end of the sentence; click's own cuts it off."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """See `click.Group`."""
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, self.commands[name].get_short_help_str(limit=200)) for name in self.list_commands(ctx)]
            )


class _ConfigPath(click.Path):
    """Says what to do when no configuration is named."""

    def get_missing_message(self, param: click.Parameter, ctx: click.Context | None) -> str:  # noqa: ARG002 - click's
        return "Name a file, or set DATELINE_CONFIG; `dateline config init` writes one to begin with."


config_option = click.option(
    "-c",
    "--config",
    "config_path",
    type=_ConfigPath(path_type=Path),
    envvar="DATELINE_CONFIG",
    required=True,
    metavar="FILE",
    help="The configuration, YAML. Also $DATELINE_CONFIG.",
)
output_option = click.option(
    "-o", "--output", "output_path", type=click.Path(path_type=Path), metavar="FILE", help="Write here, not to stdout."
)


def optional_config(purpose: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The same option where a command can do without; `purpose` says what it is good for."""
    return click.option("-c", "--config", "config_path", type=click.Path(path_type=Path), metavar="FILE", help=purpose)


def load(path: Path) -> Config:
    """The configuration in this file and the environment.

    Raises:
        ConfigError: with every mistake.
    """
    from worker.config import load as load_config

    return load_config(path, os.environ)


def read(source: str) -> bytes:
    """The bytes of a file, or of stdin for `-`.

    Raises:
        Stop: if it cannot be read.
    """
    if source == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(source).read_bytes()
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise Stop(f"{source}: cannot be read: {reason}; give a file, or - for stdin") from error


def write(data: bytes, path: Path | None, *, force: bool = False) -> None:
    """Write to a file, which may not be there yet unless forced, or to stdout.

    Raises:
        Stop: if it cannot be written.
    """
    if path is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        with path.open("wb" if force else "xb") as file:
            file.write(data)
    except FileExistsError as error:
        raise Stop(f"{path}: is there already; choose another name, or overwrite it with --force") from error
    except OSError as error:
        raise Stop(f"{path}: cannot be written: {(error.strerror or 'unknown error').lower()}") from error
