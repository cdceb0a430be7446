"""The `export` command: messages in the formats of others."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from worker.model.errors import Stop

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.model.message import ArticleMessage


@click.command()
@click.option(
    "--to",
    "target",
    required=True,
    type=click.Choice(["ninjs", "jsonld", "gkg", "plover"]),
    help="IPTC ninjs 3.1, schema.org NewsArticle, a row of GDELT's GKG 2.1, PLOVER event records.",
)
def export(target: str) -> None:
    """Read messages as JSON Lines on stdin, write them in another format, one record per line.

    A line is a record as `dateline tap --json` and `dateline probe` print it, or a message alone. PLOVER has a record
    for each event, so there a message becomes none, one or several lines. GKG is tab-separated and has no header line.

    docs/consuming.md lists what each format has no place for.
    """
    import orjson

    from worker.model.message import from_data

    lines = _exporter(target)
    for number, line in enumerate(sys.stdin.buffer, 1):
        try:
            data = orjson.loads(line)
            message = from_data(data["value"] if isinstance(data, dict) and "value" in data else data)
        except ValueError as error:
            raise Stop(f"stdin:{number}: {error}; give lines of `dateline tap --json`") from error
        for exported in lines(message):
            sys.stdout.buffer.write(exported + b"\n")
        sys.stdout.buffer.flush()


def _exporter(target: str) -> Callable[[ArticleMessage], list[bytes]]:
    import orjson

    from worker.steps import export as steps

    def one(make: Callable[[ArticleMessage], dict[str, Any]]) -> Callable[[ArticleMessage], list[bytes]]:
        return lambda message: [orjson.dumps(make(message))]

    return {
        "ninjs": one(steps.ninjs),
        "jsonld": one(steps.jsonld),
        "gkg": lambda message: [steps.gkg(message).encode()],
        "plover": lambda message: [orjson.dumps(record) for record in steps.plover(message)],
    }[target]
