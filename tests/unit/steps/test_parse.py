"""What parse makes of a document as a whole. What it reads of an entry is in the pairs of tests/data/feeds."""

from __future__ import annotations

import feedparser
import pytest

from worker.model.entry import Content, Document, NotAFeed
from worker.steps.parse import parse

URL = "https://news.example/feeds/world.xml"
RSS = '<?xml version="1.0"?><rss version="2.0"><channel><title>World</title>{}</channel></rss>'
ATOM = '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>World</title>{}</feed>'
RDF = (
    '<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
    ' xmlns="http://purl.org/rss/1.0/"><channel rdf:about="x"><title>World</title></channel>{}</rdf:RDF>'
)
ITEM = "<item><title>One</title><guid>1</guid></item>"


def read(body: str | bytes, content_type: str | None = "application/xml") -> Document:
    document = parse(body if isinstance(body, bytes) else body.encode(), url=URL, content_type=content_type)
    assert isinstance(document, Document), document
    return document


def refused(body: str | bytes, content_type: str | None = "application/xml") -> NotAFeed:
    refusal = parse(body if isinstance(body, bytes) else body.encode(), url=URL, content_type=content_type)
    assert isinstance(refusal, NotAFeed), refusal
    return refusal


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (RSS.format(ITEM), "rss"),
        (RSS.format(ITEM).replace('"2.0"', '"0.91"'), "rss"),
        (ATOM.format("<entry><title>One</title></entry>"), "atom"),
        (RDF.format("<item rdf:about='y'><title>One</title></item>"), "rdf"),
        (RSS.format(""), "rss"),
        (ATOM.format(""), "atom"),
        (RDF.format(""), "rdf"),
    ],
)
def test_every_format_is_told_from_the_others_with_entries_or_without(body: str, form: str) -> None:
    document = read(body)
    assert (document.format, document.title, document.warnings) == (form, "World", ())
    assert [entry.title for entry in document.entries] in ([], [Content(value="One", html=False)])


@pytest.mark.parametrize("content_type", [None, "text/html", "text/plain; charset=utf-8", "application/json", ""])
@pytest.mark.parametrize("entries", ["", ITEM])
def test_what_the_body_is_decides_the_body_not_the_content_type(content_type: str | None, entries: str) -> None:
    document = read(RSS.format(entries), content_type)
    assert len(document.entries) == len(entries[:1])
    assert document.warnings == ()


@pytest.mark.parametrize(
    ("encoding", "declared", "content_type"),
    [
        ("utf-8", "utf-8", "application/rss+xml"),
        ("utf-8", None, "application/rss+xml"),
        ("utf-8", None, "text/xml; charset=utf-8"),
        ("utf-8-sig", None, "application/rss+xml"),
        ("utf-8-sig", "utf-8", "application/rss+xml"),
        ("utf-16", "utf-16", "application/rss+xml"),
        ("windows-1252", "windows-1252", "application/rss+xml"),
        ("windows-1252", None, "text/xml; charset=windows-1252"),
        ("windows-1252", "iso-8859-1", "application/rss+xml"),
        ("iso-8859-15", "iso-8859-15", "application/rss+xml"),
    ],
)
def test_accents_survive_every_encoding(encoding: str, declared: str | None, content_type: str) -> None:
    text = "Élysée"
    xml = RSS.format(f"<item><title>{text}</title></item>")
    if declared is not None:
        xml = xml.replace('"1.0"?', f'"1.0" encoding="{declared}"?')
    document = read(xml.encode(encoding), content_type)
    assert document.entries[0].title == Content(value=text, html=False)


def test_a_charset_in_the_header_that_is_wrong_leaves_a_warning_and_readable_text() -> None:
    document = read(RSS.format("<item><title>Élysée</title></item>"), "text/xml; charset=us-ascii")
    assert document.entries[0].title == Content(value="Élysée", html=False)
    assert document.warnings == ("document: document declared as us-ascii, but parsed as utf-8",)


@pytest.mark.parametrize("body", ["", " \r\n\t", b""])
def test_a_body_of_nothing_is_empty(body: str | bytes) -> None:
    assert refused(body).reason == "empty"


@pytest.mark.parametrize(
    "body",
    [
        "<!DOCTYPE html><html><head><title>Just a moment</title></head><body><p>x</p></body></html>",
        "\n <html>\n<body>x",
        "<!-- x --><HTML lang='en'><head/></HTML>",
        '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head/><body/></html>',
        "<body class=error>x</body>",
    ],
)
@pytest.mark.parametrize("content_type", ["text/html", "application/rss+xml"])
def test_an_html_page_is_no_feed(body: str, content_type: str) -> None:
    assert refused(body, content_type).reason == "html"


@pytest.mark.parametrize(
    "body", ["Not found", "<opml version='1.0'><body/></opml>", "<foo/>", "[1, 2]", "\x00\x01\x02"]
)
def test_what_is_something_else_is_no_feed(body: str) -> None:
    assert refused(body).reason == "not_a_feed"


@pytest.mark.parametrize(
    "body", [RSS[:70], "<rss version='2.0'><channel>", "<?xml version='1.0'?><rss", "<rss><&></rss>"]
)
def test_xml_that_breaks_off_before_the_first_entry_is_broken(body: str) -> None:
    refusal = refused(body)
    assert refusal.reason == "broken"
    assert "\n" not in refusal.detail


def test_a_document_that_breaks_off_gives_what_came_before_and_a_warning() -> None:
    document = read(RSS.format(ITEM + "<item><title>Two</title>")[: -len("</channel></rss>")])
    assert [entry.title for entry in document.entries] == [
        Content(value="One", html=False),
        Content(value="Two", html=False),
    ]
    (warning,) = document.warnings
    assert warning.startswith("document: ")


@pytest.mark.parametrize(
    "reference",
    ["&#xD800;", "&#xDFFF;", "&#57343;", "&#x110000;", "&#1114112;", "&#99999999999;", "&#" + "9" * 5000 + ";"],
)
def test_a_reference_to_a_character_that_there_is_none_costs_that_character_only(reference: str) -> None:
    document = read(RSS.format(f"<item><title>a{reference}b &#233;</title></item>{ITEM}"))
    assert [entry.title for entry in document.entries] == [
        Content(value="a\ufffdb é", html=False),
        Content(value="One", html=False),
    ]


def test_feedparser_still_raises_on_such_references() -> None:
    """The reason for the second try in `parse`."""
    with pytest.raises(UnicodeEncodeError):
        feedparser.parse(RSS.format("<item><title>&#xD800;</title></item>").encode())


def test_an_external_entity_is_not_fetched() -> None:
    doctype = '<!DOCTYPE rss [<!ENTITY secret SYSTEM "file:///etc/passwd">]>'
    document = read(RSS.format("<item><title>x&secret;y</title></item>").replace("?>", f"?>{doctype}"))
    assert document.entries[0].title == Content(value="xy", html=False)


def test_a_bomb_of_entities_does_not_go_off() -> None:
    """Nine levels of ten would be a gigabyte; expat stops at its limit of amplification."""
    levels = "".join(f'<!ENTITY a{level} "{f"&a{level - 1};" * 10}">' for level in range(1, 10))
    doctype = f'<!DOCTYPE rss [<!ENTITY a0 "{"x" * 10}">{levels}]>'
    document = read(RSS.format(f"<item><title>&a9;</title></item>{ITEM}").replace("?>", f"?>{doctype}"))
    assert "amplification" in document.warnings[0]
    assert [entry.guid for entry in document.entries] == [None, "1"]
    assert len(str(document)) < 1_000


def test_a_bad_entry_is_set_aside_and_its_neighbours_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """No document is known that does this; feedparser is made to."""
    real = feedparser.parse

    def spoiled(*args: object, **kwargs: object) -> object:
        parsed = real(*args, **kwargs)
        parsed.entries[1]["tags"] = [None]
        return parsed

    monkeypatch.setattr(feedparser, "parse", spoiled)
    document = read(RSS.format("".join(ITEM.replace("1", number) for number in "123")))
    assert [entry.guid for entry in document.entries] == ["1", "3"]
    (unreadable,) = document.unreadable
    assert unreadable.reason == "unreadable_entry"
    assert b"'id': '2'" in unreadable.raw
    assert "\n" not in unreadable.detail
