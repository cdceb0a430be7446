"""What the documents say exists: files, sections, commands, targets, settings."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import jsonschema_rs
import pytest
import yaml

from worker.cli import main
from worker.config.json_schema import json_schema
from worker.config.overrides import leaves
from worker.config.schema import Config

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md")), *sorted(ROOT.glob("deploy/**/*.md"))]
# What has commands in its comments.
COMMENTED = ["deploy/Dockerfile", "deploy/systemd/dateline.service", "worker/config/starter.yaml"]
EXAMPLES = ["README.md", "docs/configuration.md"]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+)`")
_COMMAND = re.compile(r"(?:^|[;|&/] ?|=\S+ )dateline ([a-z][^`#|;<>&\n]*)", re.MULTILINE)
_FILE = re.compile(r"(?:worker|tests|deploy|docs|schemas|tools)/[\w./-]+")
# They stand for a name, or for one that there may be later.
_NO_FILES = re.compile(r"NAME|\.v2\.")
_SETTING = re.compile(r"(?:kafka|sqlite|fetch|websub|schedule|articles|commit|log|metrics|tracing)(?:\.[a-z_]+)+")
# They look like settings.
_NO_SETTINGS = {"articles.py", "sqlite.py"}


def prose(path: Path) -> str:
    return _FENCE.sub("", path.read_text(encoding="utf-8"))


def blocks(path: Path, language: str) -> list[str]:
    return [text for kind, text in _FENCE.findall(path.read_text(encoding="utf-8")) if kind == language]


def anchors(path: Path) -> set[str]:
    """As GitHub makes them of headings."""
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in _HEADING.findall(prose(path))}


def commands() -> Iterator[tuple[str, str]]:
    """Each `dateline` command that is written anywhere, and where."""
    for path in DOCUMENTS:
        shown = [*blocks(path, "sh"), *_CODE.findall(prose(path))]
        for text in shown:
            for found in _COMMAND.findall(text):
                yield path.name, found
    for name in COMMENTED:
        for found in _COMMAND.findall((ROOT / name).read_text()):
            if found.split()[0] in main.commands:
                yield name, found


def understood(arguments: list[str]) -> None:
    """Raise click's error for a command or an option that there is not."""
    command: click.Command = main
    context = click.Context(command)
    while isinstance(command, click.Group):
        found = command.get_command(context, arguments[0]) if arguments else None
        if found is None:
            raise click.UsageError(f"no command {' '.join(arguments[:1])}")
        command, arguments, context = found, arguments[1:], click.Context(found, parent=context)
    command.make_parser(context).parse_args(list(arguments))


def test_each_link_leads_somewhere():
    broken = []
    for path in DOCUMENTS:
        for target in _LINK.findall(prose(path)):
            if target.startswith(("http://", "https://")):
                continue
            name, _, anchor = target.partition("#")
            there = (path.parent / name).resolve() if name else path
            if not there.exists() or (anchor and anchor not in anchors(there)):
                broken.append(f"{path.name}: {target}")
    assert broken == []


def test_each_file_that_is_named_is_there():
    named = {
        (path.name, name.rstrip("./"))
        for path in DOCUMENTS
        for text in _CODE.findall(prose(path))
        for name in _FILE.findall(text)
    }
    assert len(named) > 60
    assert [one for one in sorted(named) if not _NO_FILES.search(one[1]) and not any(ROOT.glob(f"{one[1]}*"))] == []


def test_each_command_is_one_with_options_that_it_has():
    wrong, count = [], 0
    for where, text in commands():
        arguments = shlex.split(text.replace("...", "").replace("…", ""), comments=True)
        count += 1
        try:
            understood(arguments)
        except click.UsageError as error:
            wrong.append(f"{where}: dateline {text.strip()}: {error.format_message()}")
    assert count > 50
    assert wrong == []


def test_each_make_target_is_one():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        name
        for path in DOCUMENTS
        for text in (*_CODE.findall(prose(path)), *blocks(path, "sh"))
        for name in re.findall(r"^make ([a-z-]+)", text, re.MULTILINE)
    }
    assert {"run", "test", "install"} <= named
    assert named - targets == set()


def test_each_command_and_subcommand_is_in_the_table_of_the_readme():
    lines = (ROOT / "README.md").read_text().splitlines()
    told = [set(re.findall(r"\w+", line.split("|")[1])) for line in lines if line.startswith("| `")]
    missing = {
        (name, below)
        for name, command in main.commands.items()
        for below in (command.commands if isinstance(command, click.Group) else (name,))
        if not any({name, below} <= words for words in told)
    }
    assert missing == set()


def test_each_setting_that_is_named_exists():
    known = {".".join(map(str, path[:length])) for path, _ in leaves(Config) for length in range(1, len(path) + 1)}
    wrong = []
    for path in DOCUMENTS:
        for text in _CODE.findall(prose(path)):
            match = _SETTING.fullmatch(text.partition(":")[0])
            if match and match[0] not in known and match[0] not in _NO_SETTINGS:
                wrong.append(f"{path.name}: {text}")
    assert wrong == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_of_a_configuration_fits_its_schema(name: str):
    validator = jsonschema_rs.Draft202012Validator(json_schema())
    examples: list[dict[str, Any]] = [yaml.safe_load(text) for text in blocks(ROOT / name, "yaml")]
    assert examples
    for example in examples:
        validator.validate({"feeds": ["https://news.example/feed"], **example})
