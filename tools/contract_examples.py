# /// script
# requires-python = ">=3.11"
# ///
"""Make schemas/examples: messages as the code publishes them, from documents in tests/data.

    python -m tools.contract_examples

`<name>.json` is a message, `records.jsonl` has all of them as `dateline tap --json` prints records. A test checks that
they are what the code makes today.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from worker.edges.terminal import json_line
from worker.model.article import Identity
from worker.model.event import Batch, Event
from worker.model.feed import Feed
from worker.model.fetch import Response
from worker.pipeline import Limits, first_state, process
from worker.pipeline.compose import Composer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "schemas" / "examples"
_DATA = ROOT / "tests" / "data"
_DOCUMENTS = {
    "seed": "seed/000_23b64bebdaa24c53.txt",
    "rss": "feeds/rss_2_0_with_everything.xml",
    "atom": "feeds/atom_authors_of_the_feed_are_those_of_an_entry_without.xml",
    "jsonfeed": "feeds/jsonfeed_1_1.jsonfeed",
    "wire": "feeds/rss_a_wire_story_with_a_dateline.xml",
}
_NOW = datetime(2025, 5, 25, 9, tzinfo=UTC)
_FEED = Feed(
    id="world-wire",
    url="https://wire.example/feed",
    shard_key="wire.example",
    title="World Wire",
    publisher="World Wire Ltd",
    interval_seconds=600,
    min_interval_seconds=60,
    max_interval_seconds=86_400,
)
_LIMITS = Limits(max_body_bytes=1_000_000, max_event_bytes=1_000_000)
_STORY = (
    '<rss version="2.0"><channel><title>World</title><item><guid isPermaLink="false">urn:story:7</guid>'
    "<link>https://wire.example/7</link><title>{title}</title><pubDate>Sat, 24 May 2025 21:14:00 +0300</pubDate>"
    "<description>KYIV, May 24 (Reuters) - {text}</description></item></channel></rss>"
)
_FIRST = _STORY.format(title="Prisoners return home", text="Ukraine said 300 prisoners had returned home.")
_SECOND = _STORY.format(title="Prisoners return home", text="Ukraine said 307 prisoners had returned home.")


def _events(*bodies: bytes) -> list[Event]:
    """The events of a feed whose document is read once for each of the bodies."""
    state = first_state(_FEED)
    events: list[Event] = []
    for body in bodies:
        response = Response(url=_FEED.url, status=200, headers={}, body=body, retrieved_at=_NOW)
        batch = process(_FEED, state, response, now=_NOW, limits=_LIMITS)
        if not isinstance(batch, Batch):
            raise TypeError("a document of tests/data asks for pages; take one that does not")
        state = batch.state
        events.extend(batch.events)
    return events


def examples() -> Mapping[str, Event]:
    """Every example by its name."""
    made = {name: _events((_DATA / path).read_bytes())[0] for name, path in _DOCUMENTS.items()}
    made["published"], made["revised"] = _events(_FIRST.encode(), _SECOND.encode())
    composer = Composer(
        feed=_FEED, feed_title="World Wire", retrieved_at=_NOW, raw_sha256="0" * 64, max_event_bytes=1_000_000
    )
    identity = Identity(article_id=made["revised"].article_id, revision=3, change="withdrawn", changed=())
    made["withdrawn"] = composer.withdrawal(identity, guid=None, url="https://wire.example/7", kept=None)
    return made


def files() -> Iterator[tuple[Path, bytes]]:
    """Every file of schemas/examples and what must be in it."""
    made = examples()
    for name, event in made.items():
        yield (
            EXAMPLES / f"{name}.json",
            orjson.dumps(orjson.loads(event.value), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE),
        )
    lines = (
        json_line(event.key, event.headers, event.value, topic="news.articles", partition=0, position=position)
        for position, event in enumerate(made.values())
    )
    yield EXAMPLES / "records.jsonl", "".join(f"{line}\n" for line in lines).encode()


def main() -> None:
    """Write the files."""
    for path, content in files():
        path.write_bytes(content)
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
