"""The `dateline config` commands: begin a configuration, look at it, tell editors about it."""

from __future__ import annotations

from pathlib import Path

import click

from worker.cli_shared import Group, config_option, load, output_option, write

_force_option = click.option("--force", is_flag=True, help="Overwrite the file.")


@click.group("config", cls=Group)
def config_commands() -> None:
    """Begin a configuration, show what is in force, describe it to editors."""


@config_commands.command("init")
@click.argument("path", metavar="[FILE]", type=click.Path(path_type=Path), default=Path("dateline.yaml"))
@_force_option
def config_init(path: Path, *, force: bool) -> None:
    """Write a commented configuration to begin with; dateline.yaml where no FILE is named.

    A file that is there already stays as it is, unless forced.
    """
    from importlib.resources import files

    write((files("worker.config") / "starter.yaml").read_bytes(), path, force=force)
    click.echo(f"{path} written; put your feeds into it, then: dateline check -c {path}", err=True)


@config_commands.command("show")
@config_option
@click.option("--feeds", is_flag=True, help="Show the feeds as well, with all that holds for each of them.")
def config_show(config_path: Path, *, feeds: bool) -> None:
    """Show the effective configuration as YAML, without secrets: the file, the environment over it, and the defaults.

    Behind each value stands where it comes from: FILE:LINE, the variable, or default. Durations are in seconds, sizes
    in bytes.
    """
    from worker.config.show import show

    for line in show(load(config_path), feeds=feeds):
        click.echo(line)


@config_commands.command("schema")
@output_option
@_force_option
def config_schema(output_path: Path | None, *, force: bool) -> None:
    """Write the JSON Schema of the configuration, with which editors complete keys and mark mistakes.

    For editors with yaml-language-server, begin the configuration with the line
    `# yaml-language-server: $schema=dateline.schema.json`. `dateline check` finds more than a schema can say.
    """
    import orjson

    from worker.config.json_schema import json_schema

    write(orjson.dumps(json_schema(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE), output_path, force=force)
