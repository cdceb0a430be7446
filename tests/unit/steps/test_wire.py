from __future__ import annotations

import pytest

from worker.model.entry import Content, Document, NotAFeed
from worker.steps.wire import is_wire, parse_wire

STORY = " date 2025-05-24 Kyiv [Ukraine], May 24 : They came.\n\nThey went.\n"
URL = "https://wire.example/stories/000_23b64.txt?token=x"


def test_a_header_line_with_an_iso_day_opens_a_wire_story() -> None:
    assert is_wire(STORY.encode())
    assert is_wire(STORY.strip().encode("utf-8-sig"))
    assert is_wire(b"\n\n date 2025-05-24\nThey came.")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"date",
        b"date 2025-05-24",
        b"dates 2025-05-24 x",
        b"date: 2025-05-24 x",
        b"date 24 May 2025 x",
        b"<rss/>",
        b"{}",
    ],
)
def test_anything_else_does_not(body: bytes) -> None:
    assert not is_wire(body)


def test_a_story_is_one_entry_whose_text_is_the_document_untouched() -> None:
    document = parse_wire(STORY.encode(), url=URL)
    assert isinstance(document, Document)
    assert document.format == "wire"
    (entry,) = document.entries
    assert entry.content == Content(value=STORY, html=False)
    assert (entry.title, entry.summary, entry.published, entry.authors) == (None, None, None, ())


def test_its_identity_is_its_address() -> None:
    document = parse_wire(STORY.encode(), url=URL)
    assert isinstance(document, Document)
    assert document.entries[0].guid == "000_23b64.txt"
    assert document.entries[0].link == URL


def test_a_file_has_a_name_and_no_link() -> None:
    document = parse_wire(STORY.encode(), url="file:///stories/000_23b64.txt")
    assert isinstance(document, Document)
    assert (document.entries[0].guid, document.entries[0].link) == ("000_23b64.txt", None)


def test_a_byte_order_mark_is_no_text() -> None:
    document = parse_wire(STORY.encode("utf-8-sig"), url=URL)
    assert isinstance(document, Document)
    assert document.entries[0].content == Content(value=STORY, html=False)


def test_a_story_that_is_not_utf_8_is_undecodable_and_says_where() -> None:
    refusal = parse_wire(b" date 2025-05-24 caf\xe9", url=URL)
    assert refusal == NotAFeed(reason="undecodable", detail="the text is not UTF-8: unexpected end of data at byte 20")
