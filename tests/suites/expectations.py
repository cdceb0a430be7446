"""The expectations of each suite as checks of our fields; docs/feeds.md says where we differ on purpose."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from lxml import etree

from tests.suites.types import URL, Case, Check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

_HEADER = re.compile(rb"^\s*Header:\s*([\w-]+):\s*(.+?)\s*$", re.MULTILINE)


def feedparser_suite(feeds: Path) -> Iterator[Case]:
    for line in (feeds / "feedparser_expect.jsonl").read_text().splitlines():
        record = json.loads(line)
        path = feeds / record["file"]
        body = path.read_bytes()
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in _HEADER.findall(body[:4_096])}
        checks = [check for part in record["asserts"] if (check := _feedparser_check(part)) is not None]
        yield Case(
            name=record["file"],
            body=body,
            checks=checks,
            url=urljoin(URL, headers.pop("content-location", "")) if "unsafe" not in path.name else URL,
            content_type=headers.pop("content-type", "application/xml"),
            headers=headers,
            skipped=len(record["asserts"]) - len(checks),
        )


_FEEDPARSER = {
    "title": "title", "title_detail/value": "title", "link": "link", "id": "id", "guid": "id", "published": "published",
    "updated": "updated", "issued": "published", "modified": "updated", "author": "author",
    "author_detail/name": "author", "authors/#/name": "author", "description": "summary", "summary": "summary",
    "summary_detail/value": "summary", "content/#/value": "content", "tags/#/term": "tag", "category": "tag",
    "enclosures/#/url": "enclosure",
    "enclosures/#/href": "enclosure", "published_parsed": "published", "updated_parsed": "updated",
    "content/#/language": "language", "title_detail/language": "language", "summary_detail/language": "language",
    "image/href": "media", "where/coordinates": "point", "dc_language": "language",
    "media_content/#/url": "media", "media_thumbnail/#/url": "media",
}  # fmt: skip


_FEEDPARSER_FEED = {"title": "feed.title", "title_detail/value": "feed.title", "language": "feed.language"}


def _feedparser_check(part: dict[str, Any]) -> Check | None:
    """One assertion, or None when it is about something that we have no field for."""
    path, value = part["path"], part["value"]
    if part["op"] != "eq":
        return Check("entries", value) if path == ["entries"] and part["op"] == "len" else None
    key = "/".join("#" if isinstance(step, int) else step for step in path[2:])
    if path[:1] == ["feed"]:
        name = _FEEDPARSER_FEED.get("/".join(map(str, path[1:])))
        return Check(name, value) if name else None
    if path[:1] != ["entries"] or len(path) < 3:
        return None
    name = _FEEDPARSER.get(key)
    if key == "enclosures/#":
        name, value = "enclosure", value.get("url") or value.get("href")
    if name is None or (name == "language" and key != "language" and value is None):
        return None
    if key.endswith("_parsed") and value:
        clock = timedelta(hours=value[3], minutes=value[4], seconds=value[5])
        value = (datetime(value[0], value[1], value[2], tzinfo=UTC) + clock).isoformat()
    if name == "point":
        value = (value[1], value[0]) if isinstance(value[0], float) else None
    return None if name == "point" and value is None else Check(name, value, path[1])


def gofeed_suite(feeds: Path) -> Iterator[Case]:
    for line in (feeds / "gofeed_pairs.jsonl").read_text().splitlines():
        record = json.loads(line)
        expect = record["expect"]
        if expect is None:
            continue
        checks: list[Check] = []
        checks += [Check(f"feed.{name}", expect[name]) for name in ("title", "language") if name in expect]
        items = expect.get("entries", expect.get("items", []))
        checks.append(Check("entries", len(items)))
        counts: Counter[str] = Counter()
        for index, item in enumerate(items):
            checks += _gofeed_checks(item, index, counts)
        yield Case(
            name=record["file"], body=(feeds / record["file"]).read_bytes(), checks=checks, skipped=counts["skipped"]
        )


_GOFEED = {
    "title": "title", "link": "link", "published": "published", "updated": "updated", "summary": "summary",
    "publishedParsed": "published", "updatedParsed": "updated", "pubDateParsed": "published", "pubDate": "published",
    "description": "summary", "id": "id", "guid": "id", "author": "author", "content": "content",
}  # fmt: skip


def _gofeed_checks(item: dict[str, Any], index: int, counts: Counter[str]) -> Iterator[Check]:
    for key, value in item.items():
        if key == "author" and not isinstance(value, str):
            # The same as the first of "authors".
            continue
        if key in _GOFEED:
            said = value.get("value") if isinstance(value, dict) else value
            yield from [] if said is None else [Check(_GOFEED[key], said, index)]
        elif key in {"authors", "categories", "enclosures", "image", "links"}:
            yield from _gofeed_lists(key, value if isinstance(value, list) else [value], index)
        else:
            counts["skipped"] += 1


def _gofeed_lists(key: str, values: list[Any], index: int) -> Iterator[Check]:
    for value in values:
        if key == "authors" and (said := value.get("name") or value.get("email")):
            yield Check("author", said, index)
        elif key == "categories" and (
            said := value if isinstance(value, str) else value.get("term") or value.get("value")
        ):
            yield Check("tag", said, index)
        elif key in {"enclosures", "image"} and value.get("url"):
            yield Check("enclosure" if key == "enclosures" else "media", value["url"], index)
        elif (
            key == "links"
            and isinstance(value, dict)
            and value.get("rel", "alternate") == "alternate"
            and value.get("href")
        ):
            yield Check("link", value["href"], index)
            # Of several, the first.
            return


def miniflux_suite(feeds: Path) -> Iterator[Case]:
    for line in (feeds / "miniflux_inline.jsonl").read_text().splitlines():
        record = json.loads(line)
        checks: list[Check] = []
        for path, written in record["asserts"]:
            check = _miniflux_check(path, written)
            if check is not None:
                checks.append(check)
        for path, written in record["lens"]:
            if path == "feed.Entries":
                checks.append(Check("entries", int(written)))
            elif match := re.fullmatch(r"feed\.Entries\[(\d+)\]\.(Tags|Enclosures)", path):
                checks.append(Check("tag count" if match[2] == "Tags" else "media count", int(written), int(match[1])))
        yield Case(
            name=record["test"],
            body=record["data"].encode(),
            checks=checks,
            url="https://example.org/feed",
            skipped=len(record["asserts"]) + len(record["lens"]) - len(checks),
        )


_MINIFLUX = {
    "URL": "link", "Title": "title", "Content": "content", "Author": "author", "Enclosures[0].URL": "media",
    "Enclosures[1].URL": "media", "Language": "language", "Date": "published",
}  # fmt: skip


def _miniflux_check(path: str, written: str) -> Check | None:
    if not written.startswith('"'):
        return None
    value = json.loads(written)
    if path in {"feed.Title", "feed.Language"}:
        return Check(path.lower(), value)
    match = re.fullmatch(r"feed\.Entries\[(\d+)\]\.(.+)", path)
    name = _MINIFLUX.get(match[2]) if match else None
    return Check(name, value, int(match[1])) if match and name else None


def obvious_suite(name: str) -> Callable[[Path], Iterator[Case]]:
    """Suites without expectations that a machine can read: what their XML obviously says."""

    def cases(feeds: Path) -> Iterator[Case]:
        for path in sorted((feeds / name).rglob("*")):
            if not path.is_file() or path.suffix.lower() not in {".xml", ".rss", ".atom", ".rdf", ".html"}:
                continue
            body = path.read_bytes()
            yield Case(name=str(path.relative_to(feeds)), body=body, checks=list(_obvious(body)), dense=True)

    return cases


def _obvious(body: bytes) -> Iterator[Check]:
    try:
        root = etree.fromstring(
            body, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True, remove_comments=True)
        )
    except (etree.XMLSyntaxError, ValueError):
        return
    if etree.QName(root).localname.lower() not in {"rss", "rdf", "feed"}:
        return
    spaces = {
        "", "http://purl.org/rss/1.0/", "http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#",
        "http://my.netscape.com/rdf/simple/0.9/", "http://backend.userland.com/rss2",
    }  # fmt: skip
    items = [
        element
        for element in root.iter(etree.Element)
        if etree.QName(element).localname in {"item", "entry"} and (etree.QName(element).namespace or "") in spaces
    ]
    # An item with nothing in it but other items is none.
    items = [item for item in items if any(_says(child) for child in item.iterchildren(etree.Element))]
    yield Check("entries", len(items))
    for index, item in enumerate(items):
        first: dict[str, str] = {}
        for child in item.iterchildren(etree.Element):
            if (etree.QName(child).namespace or "") in spaces and not len(child) and (child.text or "").strip():
                first.setdefault(etree.QName(child).localname, (child.text or "").strip())
        for key, name in (
            ("title", "title"),
            ("guid", "id"),
            ("id", "id"),
            ("pubDate", "published"),
            ("updated", "updated"),
        ):
            if key in first:
                yield Check(name, first[key], index)
        original = item.find("{http://rssnamespace.org/feedburner/ext/1.0}origLink")
        if original is not None and original.text:
            yield Check("link", original.text.strip(), index)
        elif re.match(r"https?://", first.get("link", "")) and len(item.findall("{*}link")) == 1:
            yield Check("link", first["link"], index)


def _says(element: Any) -> bool:
    names = {"title", "link", "guid", "id", "description", "summary", "content", "encoded"}
    return etree.QName(element).localname in names and bool("".join(element.itertext()).strip() or element.get("href"))


def real_suite(feeds: Path) -> Iterator[Case]:
    """Feeds as publishers serve them: feedparser is the yardstick, and what the XML says."""
    for path in sorted((feeds / "real").glob("*.xml")):
        body = path.read_bytes()
        yield Case(
            name=path.name, body=body, checks=list(_obvious(body)), url="https://feeds.example/feed.xml", dense=True
        )


SUITES: dict[str, Callable[[Path], Iterable[Case]]] = {
    "feedparser": feedparser_suite,
    "gofeed": gofeed_suite,
    "miniflux": miniflux_suite,
    "rome": obvious_suite("rome"),
    "node-feedparser": obvious_suite("node-feedparser"),
    "feedvalidator": obvious_suite("feedvalidator"),
    "real": real_suite,
}
