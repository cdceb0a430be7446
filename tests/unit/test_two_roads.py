"""Entries that go round feedparser are those that feedparser reads: over a corpus, and over generated documents."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.unit.test_split_differential import CORPUS, ROOT, URL, documents
from worker.model.entry import Document
from worker.steps.parse import direct, parse, reading
from worker.steps.parse.canonical import canonical
from worker.steps.parse.decoding import decode
from worker.steps.parse.repair import read_tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from worker.steps.parse.canonical import Canonical
    from worker.steps.parse.clean import Read


def both(body: bytes, content_type: str | None = None) -> tuple[Read, Read] | None:
    """What both roads make of a document; None if it is no feed."""
    text, _ = decode(body, content_type)
    root = read_tree(text).root
    plain = None if root is None else canonical(root, url=URL)
    return None if plain is None else (direct.read(plain), reading.read(plain))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: str(path.relative_to(ROOT)))
def test_both_roads_read_a_document_of_the_corpus_alike(path: Path):
    roads = both(path.read_bytes())

    if roads is not None:
        ours, feedparsers = roads
        assert ours == feedparsers


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(documents())
def test_both_roads_read_any_document_alike(generated: tuple[bytes, str | None]):
    roads = both(*generated)

    assert roads is not None
    assert roads[0] == roads[1]


# What feedparser changes in a text: text encoded twice, windows-1252 as numbers, ends of lines; and what it must not.
ODD = (
    "caf\u00c3\u00a9", "\u00e2\u20ac\u2122", "\x93quoted\x94", "\x81\x8d\x9f", "a\r\nb\rc", "\u00a0", "\u2028",
    "\ufeff", "\ufffd", "\u0085", "\x7f", "\t", "\n", " ", "&amp;", "&amp;amp;", "&eacute;", "&#128;", "&#x85;",
    "&nosuch;", "<b>", "</b>", "</details>", "<p class='x'>", "]]>", "http:////a.example/", "//b.example/c",
    "mailto:a@b.example", "javascript:x", "Ann (ann@a.example)", "12", "\u0660", "\U0001f600", "",
)  # fmt: skip
FORMS = (
    "<title>{text}</title>",
    "<title type={quoted}>{text}</title>",
    "<title type='html'>{text}</title>",
    "<media:title type='plain'>{text}</media:title>",
    "<description>{text}</description>",
    "<summary type='text' xml:lang={quoted}>{text}</summary>",
    "<content type='html' xml:lang='en_GB'>{text}</content>",
    "<content:encoded>{text}</content:encoded>",
    "<link>{text}</link>",
    "<link href={quoted}/>",
    "<link rel='enclosure' href={quoted} type={quoted} length={quoted}/>",
    "<enclosure url={quoted} type={quoted} length={quoted}/>",
    "<guid>{text}</guid>",
    "<id>{text}</id>",
    "<author><name>{text}</name></author>",
    "<dc:creator>{text}</dc:creator>",
    "<category>{text}</category>",
    "<category term={quoted}/>",
    "<pubDate>{text}</pubDate>",
    "<updated>{text}</updated>",
    "<dc:language>{text}</dc:language>",
    "<georss:point>1.5 {text}</georss:point>",
)
NAMESPACES = (
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:georss="http://www.georss.org/georss"'
)


@st.composite
def odd_documents(draw: Callable[[st.SearchStrategy[object]], object]) -> str:
    """A document whose elements say odd things."""

    def said() -> str:
        return "".join(str(draw(st.sampled_from(ODD))) for _ in range(int(str(draw(st.integers(1, 4))))))

    def filled(template: str) -> str:
        # Numbers, or a parser of XML would take "\r" for "\n" before anyone sees it.
        text, quoted = escape(said()), quoteattr(said(), {"\n": "&#10;", "\t": "&#9;"})
        return template.format(text=text, quoted=quoted).replace("\r", "&#13;")

    def several() -> str:
        return "".join(filled(str(draw(st.sampled_from(FORMS)))) for _ in range(int(str(draw(st.integers(1, 5))))))

    items = "<{item}>{}</{item}><{item}>{}</{item}>"
    if draw(st.booleans()):
        inside = items.format(several(), several(), item="entry")
        return f'<feed xmlns="http://www.w3.org/2005/Atom" {NAMESPACES}>{several()}{inside}</feed>'
    inside = items.format(several(), several(), item="item")
    return f'<rss version="2.0" {NAMESPACES}><channel>{several()}{inside}</channel></rss>'


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(odd_documents())
def test_both_roads_read_odd_texts_alike(text: str):
    roads = both(text.encode())

    assert roads is not None
    assert roads[0] == roads[1]


WELL_FORMED = "<rss version='2.0'><channel><title>T</title><item><title>One</title></item></channel></rss>"


@pytest.mark.parametrize(
    ("text", "road"),
    [
        (WELL_FORMED, "direct"),
        (f"<!-- by a program --><!DOCTYPE rss [<!ENTITY e 'x'>]>\n{WELL_FORMED}", "direct"),
        (WELL_FORMED.replace("One", "One &nbsp; Two"), "feedparser"),
        (WELL_FORMED.replace("One", "One & Two"), "feedparser"),
        (WELL_FORMED.replace("One", "On\x08e"), "feedparser"),
        (WELL_FORMED.replace("</title></item>", "</item>"), "feedparser"),
        (WELL_FORMED.removesuffix("</rss>"), "feedparser"),
        (f"Warning: on line 3\n{WELL_FORMED}", "feedparser"),
    ],
)
def test_only_a_document_that_is_well_formed_goes_round_feedparser(
    text: str, road: str, monkeypatch: pytest.MonkeyPatch
):
    taken: list[str] = []

    def noting(name: str, read: Callable[[Canonical], Read]) -> Callable[[Canonical], Read]:
        def noted(plain: Canonical) -> Read:
            taken.append(name)
            return read(plain)

        return noted

    monkeypatch.setattr(direct, "read", noting("direct", direct.read))
    monkeypatch.setattr(reading, "read", noting("feedparser", reading.read))

    document = parse(text.encode(), url=URL, content_type=None)

    assert isinstance(document, Document)
    assert len(document.entries) == 1
    assert taken == [road]
