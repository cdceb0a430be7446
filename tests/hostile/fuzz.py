"""Damaged documents through everything that reads them: `python -m tests.hostile.fuzz --inputs 100000`.

Input number N of a seed is always the same, so that a slice can be run by any machine, and a failure again:
`--seed S --first N --inputs 1`. What fails is written to the folder of `--keep`.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
import traceback
import zlib
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from tests.hang import must_end
from tests.schema import validate
from worker.model.event import Batch
from worker.model.feed import Feed
from worker.model.fetch import Response
from worker.model.page import Page
from worker.pipeline import Limits, first_state, process
from worker.pipeline.extract import extract
from worker.pipeline.pages import page_of
from worker.steps.encode import decode_state
from worker.steps.robots import read_robots

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ROOT = Path(__file__).parents[1]
_NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_LIMITS = Limits(max_body_bytes=200_000, max_event_bytes=200_000, max_entries=8)
_MAX_BYTES = 4_000
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_FEED = Feed(
    id="fuzz",
    url="https://news.example/feed",
    shard_key="news.example",
    interval_seconds=600,
    min_interval_seconds=60,
    max_interval_seconds=86_400,
)
TOKENS = (
    b"<item>", b"</item>", b"<entry>", b"<title>", b"</title>", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"<?", b"?>",
    b"<", b">", b"&", b"&amp;", b"&lt;", b"&#xD800;", b"&#0;", b"&#x110000;", b"&nbsp;", b"&x;",
    b"<!DOCTYPE a [<!ENTITY x 'y'>]>", b"\0", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xef\xbf\xbf", b"\xe2\x80\xae",
    b"\xe2\x80\x8b", b"\xf0\x9f\x98\x80", b"\r", b"\x1f\x8b\x08", b"\xff\xfe", b"\xfe\xff", b"xmlns='x'",
    b"xml:base='//['", b"type='xhtml'", b"mode='base64'", b"{", b"}", b"[", b"]", b'"', b"\\", b"\\ud800", b"null",
    b"1e999", b"NaN", b"http://[", b"javascript:", b"//", b"?", b"#", b"%", b"0000-00-00",
    b"9999-12-31T23:59:60+99:99", b"31 Feb 0001", b"<div>", b"</div>", b"<p>", b"<br/>", b"<script>", b"<table>",
    b"<a href='", b"<guid>", b"<link>", b"<base href='//['>", b"<svg>", b"<pre>", b"<q>", b"<sup>",
    b" encoding='utf-16'", b" encoding='hex'", b" encoding='idna'", b"\xe2\x80\x9c", b"\xe2\x80\x9d",
    b"$1.5 million ", b" said ", b"50 %", b"Mr. ",
)  # fmt: skip


@cache
def seeds() -> tuple[bytes, ...]:
    """Real documents: the feeds, pages and texts of the other tests."""
    folders = ("data/feeds", "data/pages", "data/splitting", "data/texts", "data/seed")
    files = sorted(path for folder in folders for path in (_ROOT / folder).rglob("*") if path.is_file())
    wanted = (".xml", ".jsonfeed", ".html", ".plain", ".rss", ".atom", ".rdf", ".txt")
    found = [path.read_bytes()[:_MAX_BYTES] for path in files if path.suffix in wanted]
    news = b"<n:news xmlns:n='urn:n'><n:title>T</n:title></n:news>"
    url = b"<url><loc>https://a.example/b</loc><lastmod>2025-01-01</lastmod>" + news + b"</url>"
    sitemaps = (
        b"<urlset>" + url * 3 + b"</urlset>",
        b"<sitemapindex><sitemap><loc>/a.xml</loc></sitemap></sitemapindex>",
    )
    return (*found, *sitemaps * 10)


def damaged(number: int, seed: int) -> bytes:
    """Input `number`: a real document with a few things done to it."""
    chance = random.Random(f"{seed}/{number}")
    body = chance.choice(seeds())
    for _ in range(chance.choice((1, 1, 2, 3, 5, 8, 20))):
        body = chance.choice(_CHANGES)(chance, body)[:_MAX_BYTES]
    return body


def _place(chance: random.Random, body: bytes) -> int:
    return chance.randrange(len(body) + 1)


def _flip(chance: random.Random, body: bytes) -> bytes:
    changed = bytearray(body)
    for _ in range(chance.choice((1, 4, 30))):
        if changed:
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _cut_end(chance: random.Random, body: bytes) -> bytes:
    return body[: _place(chance, body)]


def _cut_out(chance: random.Random, body: bytes) -> bytes:
    at = _place(chance, body)
    return body[:at] + body[at + chance.choice((1, 3, 20, 500)) :]


def _repeat(chance: random.Random, body: bytes) -> bytes:
    at = _place(chance, body)
    piece = body[at : at + chance.choice((1, 10, 300))]
    return body[:at] + piece * chance.choice((2, 10, 200)) + body[at:]


def _insert(chance: random.Random, body: bytes) -> bytes:
    at = _place(chance, body)
    return body[:at] + chance.choice(TOKENS) * chance.choice((1, 1, 1, 3, 100)) + body[at:]


def _swap(chance: random.Random, body: bytes) -> bytes:
    """One token for another, everywhere."""
    return body.replace(chance.choice(TOKENS), chance.choice(TOKENS), chance.choice((1, -1)))


def _splice(chance: random.Random, body: bytes) -> bytes:
    other = chance.choice(seeds())
    at = _place(chance, other)
    return body[: _place(chance, body)] + other[at : at + 2_000] + body[_place(chance, body) :]


def _recode(chance: random.Random, body: bytes) -> bytes:
    return body.decode("utf-8", "replace").encode(chance.choice(("utf-16", "utf-16-le", "utf-32", "cp1252")), "replace")


_CHANGES = (_flip, _cut_end, _cut_out, _repeat, _repeat, _insert, _insert, _insert, _swap, _splice, _recode)


def check(body: bytes) -> None:
    """Read a body in all ways that there are, and hold what comes of it to what must always be so.

    Raises:
        AssertionError: if it is not.
        Exception: of any kind: a fault.
    """
    _check_feed(body)
    response = Response(url=_FEED.url, status=200, body=body, retrieved_at=_NOW)
    page = page_of(response, max_body_bytes=_LIMITS.max_body_bytes)
    if isinstance(page, Page):
        assert page.paragraphs
        assert all(paragraph.strip() for paragraph in page.paragraphs)
        assert not _CONTROL.search("".join(page.paragraphs))
    # What is slower than the rest, now and then.
    if zlib.crc32(body) % 4 == 0:
        text = body.decode("utf-8", "replace")[:2_000]
        for surface, start, end in _spans(extract({"text": text, "date": "2025-05-24"})):
            assert text[start:end] == surface
        read_robots(response, body[:2_000], agent="Dateline")


def _check_feed(body: bytes) -> None:
    state = first_state(_FEED)
    headers = {"content-type": "application/xml", "etag": '"1"'}
    for at in (_NOW, _NOW + timedelta(hours=1)):
        # Once more with something behind it: other bytes, but the same entries.
        body = body if at == _NOW else body + b" "
        response = Response(url=_FEED.url, status=200, headers=headers, body=body, retrieved_at=at)
        batch = process(_FEED, state, response, now=at, limits=_LIMITS)
        if not isinstance(batch, Batch):
            return
        # The report itself refuses counts that do not add up.
        report = batch.report
        assert report.published + report.revised + report.withdrawn == len(batch.events)
        assert len({(event.article_id, event.revision) for event in batch.events}) == len(batch.events)
        for event in batch.events:
            assert len(event.value) <= _LIMITS.max_event_bytes
            validate(orjson.loads(event.value))
        assert decode_state(batch.state_value) == batch.state
        state, headers = batch.state, {**headers, "etag": '"2"'}


def _spans(value: object) -> Iterator[tuple[str, int, int]]:
    if isinstance(value, dict):
        if "start" in value:
            yield value["text"], value["start"], value["end"]
        for part in value.values():
            yield from _spans(part)
    elif isinstance(value, list):
        for part in value:
            yield from _spans(part)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a slice; the number of faults, at most 100."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the number of the first")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after so long")
    parser.add_argument("--keep", type=Path, help="a folder for the inputs that fail")
    given = parser.parse_args(arguments)
    began = time.monotonic()
    faults: dict[str, int] = {}
    slowest, done = (0.0, 0), 0
    for number in range(given.first, given.first + given.inputs):
        if time.monotonic() - began > given.minutes * 60:
            break
        body = damaged(number, given.seed)
        started = time.process_time()
        try:
            with must_end():
                check(body)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
            where = traceback.extract_tb(error.__traceback__)[-1]
            name = f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}"
            if name not in faults:
                _say(f"input {number}, {len(body)} bytes: {name}: {str(error)[:300]}")
                if given.keep is not None:
                    given.keep.mkdir(parents=True, exist_ok=True)
                    (given.keep / f"{given.seed}-{number}").write_bytes(body)
            faults[name] = faults.get(name, 0) + 1
        slowest = max(slowest, (time.process_time() - started, number))
        done += 1
    _say(
        f"{done} inputs in {time.monotonic() - began:.0f} s, {sum(faults.values())} faults of {len(faults)} kinds, "
        f"the slowest {slowest[0]:.2f} s (input {slowest[1]})"
    )
    for name, times in sorted(faults.items(), key=lambda pair: -pair[1]):
        _say(f"  {times} times {name}")
    return min(len(faults), 100)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
