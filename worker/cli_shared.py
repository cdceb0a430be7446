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

config_option = click.option(
    "-c",
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
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
