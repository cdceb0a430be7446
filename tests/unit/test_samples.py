"""The sample feeds of deploy/examples, and the server that `make run` shows them with."""

from __future__ import annotations

import asyncio
import gzip
import html
import json
import re
import shutil
import socket
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import feedparser
import pytest
import yaml
from lxml import etree

from worker.edges.samples import Asked, SampleServer
from worker.model.errors import Stop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "deploy" / "examples"
FEEDS = EXAMPLES / "feeds"
README = (EXAMPLES / "README.md").read_text(encoding="utf-8")
SEED = ROOT / "tests" / "data" / "seed" / "000_23b64bebdaa24c53.txt"

FIRST = sorted(path for path in FEEDS.iterdir() if path.suffix in {".xml", ".json"})
DOCUMENTS = [*FIRST, *sorted((FEEDS / "later").iterdir())]
XML_DOCUMENTS = [path for path in DOCUMENTS if ".xml" in path.name]
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"


class FakeClock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> datetime:
        return datetime(2040, 5, 24, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic_seconds(self) -> float:
        return self.seconds


def name_of(path: Path) -> str:
    return path.name


def readme_rows(columns: int) -> list[list[str]]:
    """The rows of the README's tables whose first cell is a file name in backticks."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in README.splitlines() if line[:3] == "| `"]
    return [[row[0].strip("`"), *row[1:]] for row in rows if len(row) == columns]


def versions_of(first: Path) -> list[Path]:
    return [first, *sorted((FEEDS / "later").glob(f"{first.name}.*"))]


def entries_of(document: Path) -> dict[str, dict[str, Any]]:
    """What a reader sees of each entry, by its id: headline, paragraphs, link, and the text of its dates."""
    body = document.read_bytes()
    if ".json" in document.name:
        items = json.loads(body)["items"]
        return {
            item["id"]: {
                "title": item["title"],
                "paragraphs": paragraphs_of(item["content_html"])
                if "content_html" in item
                else item["content_text"].split("\n\n"),
                "link": item["url"],
                "published": item["date_published"],
                "updated": item.get("date_modified"),
            }
            for item in items
        }
    return {
        entry.id if "id" in entry else entry.link: {
            "title": entry.title,
            "paragraphs": paragraphs_of(entry.content[0].value if "content" in entry else entry.summary),
            "link": entry.link,
            "published": entry.get("published"),
            "updated": entry.updated if "updated" in entry else None,
        }
        for entry in feedparser.parse(body).entries
    }


def paragraphs_of(markup: str) -> list[str]:
    texts = [re.sub(r"<[^>]+>", "", inner) for inner in re.findall(r"<p\b[^>]*>(.*?)</p>", markup, re.DOTALL)]
    return [html.unescape(text) for text in texts if text.strip()]


def instant(text: str) -> datetime:
    return parsedate_to_datetime(text) if text[0].isalpha() else datetime.fromisoformat(text)


@pytest.mark.parametrize("document", XML_DOCUMENTS, ids=name_of)
def test_every_xml_sample_is_well_formed_and_feedparser_finds_nothing_wrong(document: Path) -> None:
    etree.fromstring(document.read_bytes())
    parsed = feedparser.parse(document.read_bytes())
    assert not parsed.bozo
    assert parsed.version == {"rss": "rss20", "atom": "atom10", "rdf": "rss10"}[document.name.split(".")[1]]
    assert parsed.feed.title


@pytest.mark.parametrize("document", [path for path in DOCUMENTS if ".json" in path.name], ids=name_of)
def test_every_json_sample_has_what_json_feed_1_1_requires(document: Path) -> None:
    feed = json.loads(document.read_bytes())
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["title"]
    for item in feed["items"]:
        assert isinstance(item["id"], str)
        assert "content_html" in item or "content_text" in item
        for attachment in item.get("attachments", []):
            assert attachment["url"]
            assert attachment["mime_type"]


def test_the_feeds_hold_as_many_entries_as_the_readme_says() -> None:
    said = {row[0]: [int(count) for count in row[2].split(",")] for row in readme_rows(4)}
    assert said == {first.name: [len(entries_of(version)) for version in versions_of(first)] for first in FIRST}
    assert sum(counts[0] for counts in said.values()) == 21
    assert sum(counts[-1] for counts in said.values()) == 25


def test_every_later_version_changes_what_the_readme_says() -> None:
    for later_name, _, events in readme_rows(3):
        name, _, number = later_name.rpartition(".")
        before, after = (entries_of(versions_of(FEEDS / name)[int(number) - step]) for step in (1, 0))
        new = after.keys() - before.keys()
        read = ("title", "paragraphs", "link", "published")
        edited = [key for key in before if any(before[key][part] != after[key][part] for part in read)]
        corrected = [key for key in edited if all(before[key][part] != after[key][part] for part in read[:2])]
        assert (len(new), len(edited)) == {"1 published": (1, 0), "1 revised": (0, 1), "none": (0, 0)}[events]
        assert corrected == edited  # a correction shows in the headline and in the text
    assert {row[0] for row in readme_rows(3)} == {path.name for path in (FEEDS / "later").iterdir()}


def test_a_version_that_brings_no_event_still_differs_in_its_bytes() -> None:
    for first in FIRST:
        bodies = [version.read_bytes() for version in versions_of(first)]
        assert len(set(bodies)) == len(bodies)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_articles_are_of_may_2025_and_three_to_nine_paragraphs_long_and_link_to_reserved_domains(
    document: Path,
) -> None:
    entries = entries_of(document)
    assert len({entry["link"] for entry in entries.values()}) == len(entries)
    for entry in entries.values():
        assert re.match(r"https://[a-z.]+\.example/\w", entry["link"])
        expected = {11} if "307 defenders" in entry["title"] else set(range(3, 10))
        assert len(entry["paragraphs"]) in expected
        dates = [instant(text) for text in (entry["published"], entry["updated"]) if text]
        assert {(date.year, date.month) for date in dates} == {(2025, 5)}


@pytest.mark.parametrize("document", XML_DOCUMENTS, ids=name_of)
def test_the_weekday_in_a_date_is_the_one_of_its_day(document: Path) -> None:
    for weekday, day in re.findall(rb"(\w{3}), (\d\d? May 2025)", document.read_bytes()):
        assert datetime.strptime(day.decode(), "%d %B %Y").replace(tzinfo=UTC).strftime("%a") == weekday.decode()


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_no_sample_asks_to_be_polled_less_often(document: Path) -> None:
    assert not re.search(rb"<ttl|<skip|syndication", document.read_bytes())


def test_the_seed_document_is_the_first_entry_of_the_wire_unchanged() -> None:
    item = etree.fromstring((FEEDS / "world-wire.rss.xml").read_bytes()).find("channel/item")
    assert item is not None
    inner = re.findall(r"<p>(.*?)</p>", item.findtext(CONTENT) or "", re.DOTALL)
    assert len(inner) == 11
    assert inner[0].startswith(" date 2025-05-24 Kyiv [Ukraine], May 24 : Ukrainian President")
    assert "".join(html.unescape(text) + "\n\n" for text in inner).encode() == SEED.read_bytes()
    assert item.findtext("pubDate") == "Sat, 24 May 2025 21:14:00 +0300"


def test_the_french_feed_is_in_windows_1252_and_reads_with_its_accents() -> None:
    body = (FEEDS / "le-quai.rss.xml").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        body.decode("utf-8")
    parsed = feedparser.parse(body)
    assert parsed.encoding == "windows-1252"
    assert parsed.feed.language == "fr"
    assert parsed.entries[1].title == "À Nantes, un cèdre de 230 ans change de place"
    assert "Françoise Lœwen" in parsed.entries[0].content[0].value
    assert "5\u00a0€" in parsed.entries[0].content[0].value


def test_the_configuration_names_every_sample_and_two_addresses_that_fail() -> None:
    config = yaml.safe_load((EXAMPLES / "dateline.yaml").read_text(encoding="utf-8"))
    urls = [feed["url"] for feed in config["feeds"]]
    failing = ["moved-away.rss.xml", "newsletter.html"]
    assert sorted(urls) == sorted(
        f"http://127.0.0.1:8931/feeds/{name}" for name in [*(first.name for first in FIRST), *failing]
    )
    assert len({feed["id"] for feed in config["feeds"]}) == len(urls)
    assert config["fetch"]["allow_networks"] == ["127.0.0.0/8"]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def server(clock: FakeClock) -> AsyncIterator[SampleServer]:
    server = SampleServer(EXAMPLES, clock=clock, port=0)
    yield server
    await server.stop()


@pytest.fixture
async def base(server: SampleServer) -> str:
    return await server.start()


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    """A client that sends no header of its own accord, and leaves bodies as they travel."""
    plain = {aiohttp.hdrs.ACCEPT_ENCODING, aiohttp.hdrs.ACCEPT}
    async with aiohttp.ClientSession(auto_decompress=False, skip_auto_headers=plain) as session:
        yield session


async def get(client: aiohttp.ClientSession, url: str, **headers: str) -> tuple[int, Mapping[str, str], bytes]:
    async with client.get(url, headers={key.replace("_", "-"): value for key, value in headers.items()}) as response:
        return response.status, response.headers, await response.read()


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("world-wire.rss.xml", "application/rss+xml; charset=UTF-8"),
        ("le-quai.rss.xml", "application/rss+xml; charset=windows-1252"),
        ("tidewater-review.atom.xml", "application/atom+xml; charset=utf-8"),
        ("meridian-markets.rdf.xml", "application/rdf+xml; charset=UTF-8"),
        ("field-notes.feed.json", "application/feed+json"),
        ("newsletter.html", "text/html; charset=utf-8"),
    ],
)
async def test_each_format_is_served_whole_under_its_own_media_type(
    base: str, client: aiohttp.ClientSession, name: str, content_type: str
) -> None:
    status, headers, body = await get(client, f"{base}/feeds/{name}")
    assert (status, headers["Content-Type"]) == (200, content_type)
    assert body == (FEEDS / name).read_bytes()
    assert "Content-Encoding" not in headers
    assert "Cache-Control" not in headers


async def test_a_feed_that_does_not_exist_is_a_404_in_plain_text(base: str, client: aiohttp.ClientSession) -> None:
    status, headers, _ = await get(client, f"{base}/feeds/moved-away.rss.xml")
    assert status == 404
    assert headers["Content-Type"].startswith("text/plain")
    assert "ETag" not in headers


async def test_versions_follow_one_another_by_the_clock_and_the_last_one_stays(
    base: str, client: aiohttp.ClientSession, clock: FakeClock
) -> None:
    first = FEEDS / "world-wire.rss.xml"
    etags = []
    for elapsed_seconds, version in [(0, 0), (7.9, 0), (8, 1), (16, 2), (24, 3), (8000, 3)]:
        clock.seconds = 1000 + elapsed_seconds
        _, headers, body = await get(client, f"{base}/feeds/{first.name}")
        assert body == versions_of(first)[version].read_bytes()
        etags.append(headers["ETag"])
    assert len(set(etags)) == 4


async def test_without_a_step_the_first_version_stays(client: aiohttp.ClientSession, clock: FakeClock) -> None:
    server = SampleServer(EXAMPLES, clock=clock, port=0, step_seconds=None)
    base = await server.start()
    clock.seconds += 86_400
    _, _, body = await get(client, f"{base}/feeds/world-wire.rss.xml")
    await server.stop()
    assert body == (FEEDS / "world-wire.rss.xml").read_bytes()


async def test_the_clock_of_the_versions_begins_with_the_start_not_before(
    server: SampleServer, client: aiohttp.ClientSession, clock: FakeClock
) -> None:
    clock.seconds += 60
    base = await server.start()
    _, _, body = await get(client, f"{base}/feeds/world-wire.rss.xml")
    assert body == (FEEDS / "world-wire.rss.xml").read_bytes()


async def test_a_strong_etag_and_a_date_come_with_every_feed_and_either_of_them_brings_a_304(
    base: str, client: aiohttp.ClientSession
) -> None:
    url = f"{base}/feeds/tidewater-review.atom.xml"
    _, headers, _ = await get(client, url)
    assert re.fullmatch(r'"[0-9a-f]{20}"', headers["ETag"])
    assert parsedate_to_datetime(headers["Last-Modified"]).tzinfo == UTC
    for known in (
        {"If_None_Match": headers["ETag"]},
        {"If_None_Match": f'"something-else", W/{headers["ETag"]}'},
        {"If_None_Match": "*"},
        {"If_Modified_Since": headers["Last-Modified"]},
    ):
        status, again, body = await get(client, url, **known)
        assert (status, body) == (304, b"")
        assert (again["ETag"], again["Vary"]) == (headers["ETag"], "Accept-Encoding")


async def test_an_etag_that_does_not_match_overrules_the_date(base: str, client: aiohttp.ClientSession) -> None:
    """RFC 9110, 13.1.3: If-Modified-Since is ignored when If-None-Match is there."""
    url = f"{base}/feeds/tidewater-review.atom.xml"
    _, headers, _ = await get(client, url)
    status, _, _ = await get(client, url, If_None_Match='"other"', If_Modified_Since=headers["Last-Modified"])
    assert status == 200
    status, _, _ = await get(
        client, url, If_None_Match=headers["ETag"], If_Modified_Since="Thu, 01 Jan 2015 00:00:00 GMT"
    )
    assert status == 304


@pytest.mark.parametrize(
    "known",
    [
        {"If_None_Match": "unquoted"},
        {"If_Modified_Since": "yesterday"},
        {"If_None_Match": "unquoted", "If_Modified_Since": "x"},
    ],
)
async def test_validators_that_cannot_be_read_bring_the_whole_feed(
    base: str, client: aiohttp.ClientSession, known: dict[str, str]
) -> None:
    status, _, _ = await get(client, f"{base}/feeds/tidewater-review.atom.xml", **known)
    assert status == 200


async def test_a_new_version_answers_200_to_the_validators_of_the_one_before(
    base: str, client: aiohttp.ClientSession, clock: FakeClock
) -> None:
    url = f"{base}/feeds/world-wire.rss.xml"
    for _ in range(3):
        _, headers, _ = await get(client, url)
        clock.seconds += 8
        by_tag, _, _ = await get(client, url, If_None_Match=headers["ETag"])
        by_date, _, _ = await get(client, url, If_Modified_Since=headers["Last-Modified"])
        assert (by_tag, by_date) == (200, 200)


async def test_a_sample_that_is_edited_while_it_is_served_is_a_changed_feed(
    client: aiohttp.ClientSession, clock: FakeClock, tmp_path: Path
) -> None:
    shutil.copytree(FEEDS, tmp_path / "feeds")
    server = SampleServer(tmp_path, clock=clock, port=0)
    base = await server.start()
    _, headers, _ = await get(client, f"{base}/feeds/le-quai.rss.xml")
    edited = tmp_path / "feeds" / "le-quai.rss.xml"
    edited.write_bytes(edited.read_bytes().replace(b"230 ans", b"231 ans"))
    status, _, body = await get(client, f"{base}/feeds/le-quai.rss.xml", If_None_Match=headers["ETag"])
    await server.stop()
    assert status == 200
    assert b"231 ans" in body


@pytest.mark.parametrize("accept", ["gzip", "deflate, gzip;q=0.5", "GZIP", "br,  gzip ; q=1.0"])
async def test_gzip_is_used_when_it_is_accepted_and_has_an_etag_of_its_own(
    base: str, client: aiohttp.ClientSession, accept: str
) -> None:
    url = f"{base}/feeds/northern-ledger.rss.xml"
    _, plain, _ = await get(client, url)
    status, headers, body = await get(client, url, Accept_Encoding=accept)
    assert (status, headers["Content-Encoding"], headers["Vary"]) == (200, "gzip", "Accept-Encoding")
    assert gzip.decompress(body) == (FEEDS / "northern-ledger.rss.xml").read_bytes()
    assert int(headers["Content-Length"]) == len(body)
    assert headers["ETag"] != plain["ETag"]
    status, _, _ = await get(client, url, Accept_Encoding=accept, If_None_Match=headers["ETag"])
    assert status == 304
    status, _, _ = await get(client, url, Accept_Encoding=accept, If_None_Match=plain["ETag"])
    assert status == 200


@pytest.mark.parametrize("accept", ["identity", "gzip;q=0", "gzip; q=0.000, br", "x-not-gzip", ""])
async def test_gzip_is_not_used_when_it_is_not_accepted(base: str, client: aiohttp.ClientSession, accept: str) -> None:
    _, headers, body = await get(client, f"{base}/feeds/northern-ledger.rss.xml", Accept_Encoding=accept)
    assert "Content-Encoding" not in headers
    assert body == (FEEDS / "northern-ledger.rss.xml").read_bytes()


async def test_head_has_the_headers_of_get_and_no_body(base: str, client: aiohttp.ClientSession) -> None:
    url = f"{base}/feeds/field-notes.feed.json"
    _, expected, body = await get(client, url)
    async with client.head(url) as response:
        assert response.status == 200
        assert await response.read() == b""
        for header in ("Content-Type", "ETag", "Last-Modified"):
            assert response.headers[header] == expected[header]
        assert int(response.headers["Content-Length"]) == len(body)


@pytest.mark.parametrize(
    "target",
    [
        "/feeds/../dateline.yaml",
        "/feeds/%2e%2e/dateline.yaml",
        "/feeds/..%2fdateline.yaml",
        "/feeds/..%2F..%2F..%2FREADME.md",
        "/feeds/later/world-wire.rss.xml.1",
        "/feeds/later%2Fworld-wire.rss.xml.1",
        "/feeds/%2Fetc%2Fpasswd",
        "/feeds//etc/passwd",
        "/feeds/..",
        "/feeds/later",
        "/dateline.yaml",
    ],
)
async def test_nothing_but_the_feeds_themselves_is_served(base: str, target: str) -> None:
    """Sent over a bare socket: an HTTP client would tidy the path up first."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(base.rpartition(":")[2]))
    writer.write(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"text/plain" in answer


async def test_what_was_asked_is_counted(server: SampleServer, base: str, client: aiohttp.ClientSession) -> None:
    url = f"{base}/feeds/le-quai.rss.xml"
    _, headers, _ = await get(client, url)
    for _ in range(2):
        await get(client, url, If_None_Match=headers["ETag"])
    await get(client, f"{base}/feeds/moved-away.rss.xml")
    assert server.requests == {
        Asked("/feeds/le-quai.rss.xml", 200, conditional=False): 1,
        Asked("/feeds/le-quai.rss.xml", 304, conditional=True): 2,
        Asked("/feeds/moved-away.rss.xml", 404, conditional=False): 1,
    }


async def test_a_port_that_is_taken_stops_the_start_with_one_line_that_names_it(clock: FakeClock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        server = SampleServer(EXAMPLES, clock=clock, port=port)
        with pytest.raises(Stop) as stopped:
            await server.start()
    assert str(stopped.value) == (
        f"sample feeds on 127.0.0.1:{port}: the port is taken; end the program that listens there"
    )
    assert server._runner is None
    await server.start()
    await server.stop()


async def test_a_folder_without_samples_stops_the_start_with_one_line_that_names_it(
    clock: FakeClock, tmp_path: Path
) -> None:
    with pytest.raises(Stop, match=r"no sample feeds here; they are in deploy/examples") as stopped:
        await SampleServer(tmp_path, clock=clock, port=0).start()
    assert str(tmp_path / "feeds") in str(stopped.value)


async def test_stopping_closes_the_port_and_may_be_repeated(server: SampleServer, base: str) -> None:
    await server.stop()
    await server.stop()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", int(base.rpartition(":")[2]))
