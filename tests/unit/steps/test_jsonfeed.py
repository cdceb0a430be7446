from __future__ import annotations

import json
from typing import Any

import pytest

from worker.model.entry import Content, Document, Entry, Media, NotAFeed, Unreadable
from worker.steps.jsonfeed import parse_json

URL = "https://news.example/feed.json"
V1_1 = "https://jsonfeed.org/version/1.1"


def parsed(*items: object, version: str = V1_1, **feed: object) -> Document:
    document = parse_json(json.dumps({"version": version, "items": items, **feed}).encode(), url=URL)
    assert isinstance(document, Document)
    return document


def entry(feed: dict[str, Any] | None = None, /, **item: object) -> Entry:
    (found,) = parsed(item, **(feed or {})).entries
    return found


def refused(body: bytes) -> NotAFeed:
    refusal = parse_json(body, url=URL)
    assert isinstance(refusal, NotAFeed)
    return refusal


def test_a_full_item_is_read() -> None:
    assert entry(
        id="a1",
        url="https://news.example/a1",
        title="Title",
        summary="Short.",
        content_html="<p>Long.</p>",
        content_text="Long.",
        authors=[{"name": "Jane Doe", "url": "https://jane.example/"}, {"name": "Joe Roe"}],
        tags=["World", "War", "World"],
        date_published="2025-05-24T21:14:00+03:00",
        date_modified="2025-05-24T22:00:00+03:00",
        language="en-GB",
        image="https://news.example/a1.jpg",
        attachments=[{"url": "https://news.example/a1.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 12}],
    ) == Entry(
        guid="a1",
        link="https://news.example/a1",
        title=Content(value="Title", html=False),
        summary=Content(value="Short.", html=False),
        content=Content(value="<p>Long.</p>", html=True),
        authors=("Jane Doe", "Joe Roe"),
        tags=("World", "War"),
        published="2025-05-24T21:14:00+03:00",
        updated="2025-05-24T22:00:00+03:00",
        language="en-GB",
        media=(
            Media(url="https://news.example/a1.jpg"),
            Media(url="https://news.example/a1.mp3", type="audio/mpeg", length_bytes=12),
        ),
    )


def test_an_item_without_anything_is_set_aside() -> None:
    document = parsed({"id": "1"}, {"title": " ", "tags": []}, authors=[{"name": "The Desk"}])
    assert [found.guid for found in document.entries] == ["1"]
    assert [(part.reason, part.raw) for part in document.unreadable] == [("empty_entry", b'{"title":" ","tags":[]}')]


def test_title_and_language_are_the_feeds() -> None:
    document = parsed(title=" News ", language="en")
    assert (document.format, document.title, document.language) == ("jsonfeed", "News", "en")


@pytest.mark.parametrize(
    "version", ["https://jsonfeed.org/version/1", "https://jsonfeed.org/version/1.1", "http://jsonfeed.org/version/1"]
)
def test_both_versions_are_read(version: str) -> None:
    assert len(parsed({"id": "1"}, version=version).entries) == 1


def test_text_that_is_no_html_stays_plain() -> None:
    assert entry(content_text="a < b").content == Content(value="a < b", html=False)


@pytest.mark.parametrize(
    ("identifier", "guid"),
    [
        ("1", "1"),
        (1, "1"),
        (0, "0"),
        (-7, "-7"),
        (1.5, "1.5"),
        (2**53, "9007199254740992"),
        (True, None),
        ("", None),
        ([], None),
        (None, None),
    ],
)
def test_an_id_may_be_a_number(identifier: object, guid: str | None) -> None:
    assert entry(id=identifier, title="x").guid == guid


def test_version_1_0_had_one_author_and_1_1_has_several() -> None:
    assert entry(author={"name": "Jane"}).authors == ("Jane",)
    assert entry(authors=[{"name": "Jane"}, {"url": "https://joe.example/"}], author={"name": "Jane"}).authors == (
        "Jane",
    )


def test_an_item_that_names_no_author_has_those_of_the_feed() -> None:
    assert entry({"authors": [{"name": "The Desk"}]}, id="1").authors == ("The Desk",)
    assert entry({"author": {"name": "The Desk"}}, id="1").authors == ("The Desk",)
    assert entry({"authors": [{"name": "The Desk"}]}, authors=[{"name": "Jane"}]).authors == ("Jane",)


@pytest.mark.parametrize(
    ("item", "link"),
    [
        ({"url": "/a"}, "https://news.example/a"),
        ({"url": "a"}, "https://news.example/a"),
        ({"external_url": "https://other.example/a"}, "https://other.example/a"),
        ({"url": "https://news.example/a", "external_url": "https://other.example/a"}, "https://news.example/a"),
        ({"url": "https://[::1"}, None),
        ({"url": 7}, None),
    ],
)
def test_a_link_is_resolved_and_an_external_one_is_second_choice(item: dict[str, object], link: str | None) -> None:
    assert entry(id="1", **item).link == link


@pytest.mark.parametrize(
    ("size", "length_bytes"), [(12, 12), (0, 0), (-1, None), ("12", None), (12.5, None), (True, None), (10**30, None)]
)
def test_a_size_counts_when_it_is_a_natural_number(size: object, length_bytes: int | None) -> None:
    (media,) = entry(attachments=[{"url": "/a.mp3", "size_in_bytes": size}]).media
    assert media == Media(url="https://news.example/a.mp3", length_bytes=length_bytes)


def test_a_file_that_is_named_twice_is_attached_once() -> None:
    assert len(entry(image="/a.jpg", banner_image="/a.jpg", attachments=[{"url": "/a.jpg"}, {}, "x"]).media) == 1


@pytest.mark.parametrize("odd", [None, 7, True, [], {}, "", "  ", [None, 7]])
def test_values_of_the_wrong_type_are_as_good_as_absent(odd: object) -> None:
    names = (
        "url", "title", "summary", "content_html", "content_text", "authors", "author", "tags", "date_published",
        "date_modified", "language", "image", "attachments",
    )  # fmt: skip
    assert entry(id="1", **dict.fromkeys(names, odd)) == Entry(guid="1")


def test_control_characters_are_no_text() -> None:
    found = entry(id="a\x001", title="b\x07c", tags=["d\x1be"])
    assert (found.guid, found.title, found.tags) == ("a1", Content(value="bc", html=False), ("de",))


@pytest.mark.parametrize("odd", ["text", 7, None, ["list"]])
def test_an_item_that_is_no_object_does_not_cost_its_neighbours(odd: object) -> None:
    document = parsed({"id": "1"}, odd, {"id": "2"})
    assert [found.guid for found in document.entries] == ["1", "2"]
    assert document.unreadable == (
        Unreadable(
            raw=json.dumps(odd, separators=(",", ":")).encode(),
            reason="unreadable_entry",
            detail="an item is not an object",
        ),
    )


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_other_encodings_show_in_the_zero_bytes(encoding: str) -> None:
    body = json.dumps({"version": V1_1, "items": [{"id": "é"}]}, ensure_ascii=False).encode(encoding)
    document = parse_json(body, url=URL)
    assert isinstance(document, Document)
    assert document.entries == (Entry(guid="é"),)


@pytest.mark.parametrize(
    ("title", "meant"), [(b"a\tb", "a\tb"), (b"a\x01b", "ab"), (b"a\\ud800b", "ab"), (b"a\xffb", "a\ufffdb")]
)
def test_what_the_standard_forbids_in_a_string_is_read_with_a_warning(title: bytes, meant: str) -> None:
    body = b'{"version": "https://jsonfeed.org/version/1", "items": [{"id": "1", "title": "%s"}]}' % title
    document = parse_json(body, url=URL)
    assert isinstance(document, Document)
    assert document.entries[0].title == Content(value=meant, html=False)
    assert len(document.warnings) == 1


@pytest.mark.parametrize("cut", ['{"id": "2", "title": "Tw', '{"id": "2"', "{"])
def test_of_a_document_that_breaks_off_the_whole_items_are_entries(cut: str) -> None:
    body = f'{{"version": "https:\\/\\/jsonfeed.org\\/version\\/1.1", "title": "W", "items": [{{"id": "1"}}, {cut}'
    document = parse_json(body.encode(), url=URL)
    assert isinstance(document, Document)
    assert (document.title, document.complete) == ("W", False)
    assert document.entries == (Entry(guid="1"),)
    assert [(part.reason, part.raw) for part in document.unreadable] == [("truncated", cut.encode())]
    assert document.warnings[-1] == "document: breaks off"


def test_a_feed_that_forgot_its_version_is_known_by_its_items() -> None:
    document = parse_json(b'{"items": [{"id": "1", "content_text": "x"}]}', url=URL)
    assert isinstance(document, Document)
    assert document.warnings == ('document: a JSON Feed without "version"',)
    assert refused(b'{"items": [{"id": "1", "price": 3}]}').reason == "not_a_feed"


def test_an_author_may_be_a_name_alone() -> None:
    assert entry(authors=["Jane Doe", {"name": "Joe Roe"}]).authors == ("Jane Doe", "Joe Roe")


def test_a_byte_order_mark_is_no_part_of_the_document() -> None:
    body = json.dumps({"version": V1_1, "items": []}).encode("utf-8-sig")
    assert parse_json(body, url=URL) == Document(format="jsonfeed")


@pytest.mark.parametrize("body", [b"{", b'{"version": "x"', b"{'version': 1}", b"{" * 100_000, b'{"a":' * 100_000])
def test_what_is_no_json_is_broken(body: bytes) -> None:
    assert refused(body).reason == "broken"


@pytest.mark.parametrize(
    "body", [b"{}", b'{"version": "2.0", "items": []}', b'{"version": 1}', b"[]", b'{"error": "not found"}']
)
def test_json_that_is_no_json_feed_is_not_a_feed(body: bytes) -> None:
    assert refused(body).reason == "not_a_feed"


@pytest.mark.parametrize("items", [None, {}, "x", 7])
def test_a_json_feed_without_a_list_of_items_is_broken(items: object) -> None:
    assert refused(json.dumps({"version": V1_1, "items": items}).encode()).reason == "broken"
