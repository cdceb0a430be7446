"""A part of a document gives the same entries as the whole: over a corpus, and over generated documents."""

from __future__ import annotations

import io
import random
import re
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import feedparser
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from worker.model.entry import Document, Entry
from worker.steps.parse import parse
from worker.steps.split import Split, split

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

ROOT = Path(__file__).parents[2]
CORPUS = sorted(
    path
    for folder in ("tests/data/feeds", "tests/data/splitting", "deploy/examples/feeds")
    for path in (ROOT / folder).rglob("*.xml")
)
URL = "https://news.example/feeds/world.xml"
# An item with xml:base in a feed that has none: feedparser takes it for the base of the next items as well. There the
# part is right and the whole is not; steps.parse gives addresses their base itself.
BASE_IN_ITEM = re.compile(rb"<(?:\w+:)?(?:item|entry)\b.*?[\s:]base\s*=", re.DOTALL)
BASE_OF_FEED = re.compile(rb"<(?:\w+:)?(?:rss|feed|RDF|channel)\b[^>]*\s(?:xml:)?base\s*=\s*[\"']http")


def as_feedparser_reads(body: bytes, content_type: str | None = None) -> list[str]:
    headers = {"content-type": content_type} if content_type else {}
    parsed = feedparser.parse(
        io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
    )
    return [repr(sorted(entry.items(), key=str)) for entry in parsed.entries]


def as_we_read(body: bytes, content_type: str | None = None) -> list[Entry]:
    document = parse(body, url=URL, content_type=content_type)
    assert isinstance(document, Document), document
    return list(document.entries)


def subsets(count: int) -> list[list[int]]:
    """Each item, none, the first half, and some at random."""
    chance = random.Random(count)
    alone = [[index] for index in range(count)]
    some = [sorted(chance.sample(range(count), chance.randint(0, count))) for _ in range(4)]
    return [*alone, [], list(range(count // 2)), *some]


def assert_same(document: Split, content_type: str | None = None) -> None:
    """That every part of a document says what the whole says."""
    count = len(document.items)
    whole = as_feedparser_reads(document.body, content_type)
    assert len(whole) == count
    # An item that says nothing is none for steps.parse.
    alone = [as_we_read(document.only([index]), content_type) for index in range(count)]
    assert as_we_read(document.body, content_type) == [entry for entries in alone for entry in entries]
    written = document.body.replace(b"\0", b"")
    leaks = BASE_IN_ITEM.search(written) and not BASE_OF_FEED.search(written)
    for wanted in subsets(count):
        part = document.only(wanted)
        assert as_we_read(part, content_type) == [entry for index in wanted for entry in alone[index]]
        if not leaks:
            assert as_feedparser_reads(part, content_type) == [whole[index] for index in wanted]


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_part_of_a_document_of_the_corpus_says_what_the_whole_says(path: Path):
    document = split(path.read_bytes())

    if document is not None:
        assert_same(document)


def test_only_documents_that_are_odd_have_to_be_parsed_whole():
    folder = ROOT / "tests/data/splitting"
    whole = {path.name for path in folder.rglob("*.xml") if split(path.read_bytes()) is None}

    assert whole == {
        # A DOCTYPE.
        "rss_version_091_netscape.xml",
        # Items in the channel of RDF.
        "rss10_item_in_channel.xml",
        # A child of <rss> that is no channel.
        "item_description_not_a_doctype.xml",
        # Markup in text that is not declared XHTML.
        "entry_content_div_escaped_markup.xml",
    }


# What items are made of. The odd ones are those by which feedparser carries something from one item to the next.
COMMON = (
    "<title>{text}</title>",
    "<link>https://news.example/{number}</link>",
    "<link>relative/{number}</link>",
    '<link href="https://news.example/{number}" rel="alternate"/>',
    "<description>{text}</description>",
    "<description><![CDATA[<p>{cdata}</p><item>]]></description>",
    "<summary>{text}</summary>",
    '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>{text}</p></div></content>',
    '<content type="html" xml:base="https://base.example/{number}/">&lt;p>{text}&lt;/p></content>',
    "<content:encoded><![CDATA[{cdata}]]></content:encoded>",
    "<author><name>{text}</name></author>",
    "<author>desk@news.example ({text})</author>",
    "<dc:creator>{text}</dc:creator>",
    "<category>{text}</category>",
    "<pubDate>Mon, 06 Sep 2021 00:01:00 GMT</pubDate>",
    "<dc:date>2021-09-06T00:01:00Z</dc:date>",
    '<media:content url="https://news.example/{number}.jpg"><media:title>{text}</media:title></media:content>',
    '<enclosure url="https://news.example/{number}.mp3" type="audio/mpeg" length="{number}"/>',
    "<!-- <item> {number} -->",
    "<?pi </item> ?>",
    "{text}",
    '<x:y xmlns:x="urn:x" a="&gt;">{text}</x:y>',
    '<source url="https://other.example/">{text}</source>',
)
ODD = (
    "<description><div>{text}</div></description>",
    '<content type="xhtml"><title>{text}</title></content>',
    "<description><summary>{text}</summary></description>",
    "<image><url>https://news.example/i.png</url><title>{text}</title><link>https://news.example/</link></image>",
    '<z:y xmlns:z="http://search.yahoo.com/mrss/"><z:title>{text}</z:title></z:y>',
    '<z:y xmlns:z="urn:z"><z:title>{text}</z:title></z:y>',
    '<dc:y xmlns:dc="http://search.yahoo.com/mrss/"/>',
    "<itunes:summary>{text}</itunes:summary>",
    '<georss:point xmlns:georss="http://www.georss.org/georss">45.2 -71.9</georss:point>',
    "<image/>",
    "<item/>",
    '<content type="html"><div xml:lang="fr">{text}</div></content>',
)
BETWEEN = (
    "\n  ",
    "<!-- </channel><item> -->",
    "<?pi <entry>?>",
    "<lastBuildDate>Mon, 06 Sep 2021 00:01:00 GMT</lastBuildDate>",
    "<image><url>https://news.example/i.png</url><title>{text}</title></image>",
    "<title>{text}</title>",
    "<link>https://news.example/</link>",
    "<author><name>{text}</name></author>",
    "<dc:creator>{text}</dc:creator>",
    "<language>en</language>",
    "<itunes:summary>{text}</itunes:summary>",
    "<description>{text}</description>",
    "<textInput><title>{text}</title><name>q</name></textInput>",
)
EXTENSIONS = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:itunes="http://www.itunes.com/DTDs/PodCast-1.0.dtd"'
)
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
FRAMES = {
    "rss": ('<rss version="2.0" {extensions}{base}><channel>', "</channel></rss>", "item"),
    "rdf": (
        f'<rdf:RDF xmlns:rdf="{RDF}" xmlns="http://purl.org/rss/1.0/" {{extensions}}{{base}}><channel></channel>',
        "</rdf:RDF>",
        "item",
    ),
    "atom": ('<feed xmlns="http://www.w3.org/2005/Atom" {extensions}{base}>', "</feed>", "entry"),
    "atom with a prefix": (
        '<a:feed xmlns:a="http://www.w3.org/2005/Atom" xmlns="http://www.w3.org/2005/Atom" {extensions}{base}>',
        "</a:feed>",
        "a:entry",
    ),
}
ENCODINGS = {
    "utf-8": "aé€ß字",
    "utf-8-sig": "aé€ß字",
    "utf-16": "aé€ß字",
    "iso-8859-1": "aéßÃ©",
    "windows-1252": "aé€ßÂ£",
    "windows-1251": "aжЯ»",
    "us-ascii": "ab",
}


@st.composite
def documents(draw: Callable[[st.SearchStrategy[object]], object]) -> tuple[bytes, str | None]:
    """A feed with a few items of a few elements each, and its Content-Type."""

    def choice(*options: str) -> str:
        return str(draw(st.sampled_from(options)))

    encoding = choice(*ENCODINGS)
    text = st.text(alphabet=ENCODINGS[encoding] + " &<>\"'\n", max_size=6)

    def filled(template: str) -> str:
        said = str(draw(text))
        number = str(draw(st.integers(0, 9)))
        return template.format(text=escape(said), cdata=said, number=number)

    def several(options: tuple[str, ...], most: int) -> str:
        return "".join(filled(choice(*options)) for _ in range(int(str(draw(st.integers(0, most))))))

    pool = (*COMMON, *ODD) if draw(st.booleans()) else COMMON
    opening, closing, item = FRAMES[choice(*FRAMES)]
    base = choice("", ' xml:base="https://news.example/" xml:lang="en"')
    parts = [opening.format(extensions=EXTENSIONS, base=base)]
    for number in range(int(str(draw(st.integers(0, 4))))):
        parts.append(several(BETWEEN, 2))
        attributes = choice("", "", ' xml:lang="de"', f' about="{number}>"')
        parts.append(f"<{item}{attributes}><guid>{number}</guid>{several(pool, 4)}</{item} >")
    parts += [several(BETWEEN, 1), closing]
    name = encoding.removesuffix("-sig")
    declaration = f'<?xml version="1.0" encoding="{name}"?>' + choice("", "\n")
    body = (declaration + "".join(parts)).encode(encoding)
    return body, choice("", f"application/rss+xml; charset={name}") if name != "utf-16" else None


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(documents())
def test_a_part_of_any_document_says_what_the_whole_says(generated: tuple[bytes, str | None]):
    body, content_type = generated
    document = split(body, content_type=content_type or None)

    if document is not None:
        assert b"".join(
            [document.only([]), *(document.raw(index) for index in range(len(document.items)))]
        ).isascii() == (body.isascii())
        assert_same(document, content_type or None)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(documents(), st.lists(st.sampled_from(BETWEEN), max_size=2), st.sampled_from(BETWEEN))
def test_items_of_one_hash_are_one_entry_whatever_else_of_the_channel_changes(
    generated: tuple[bytes, str | None], added: list[str], removed: str
):
    body, content_type = generated
    changed = body
    first = re.search(rb"<(?:rss|rdf:RDF|(?:a:)?feed) [^>]*>(?:<channel>)?", body)
    if first is not None:
        new = "".join(template.format(text="new") for template in added).encode()
        gone = removed.format(text="").encode()
        changed = body[: first.end()] + new + body[first.end() :].replace(gone, b"")
    before, after = (split(one, content_type=content_type or None) for one in (body, changed))

    if before is not None and after is not None:
        known = dict(zip((item.hash for item in before.items), singles(before, content_type), strict=True))
        for item, entries in zip(after.items, singles(after, content_type), strict=True):
            assert known.get(item.hash, entries) == entries


def singles(document: Split, content_type: str | None) -> list[Collection[Entry]]:
    return [as_we_read(document.only([index]), content_type or None) for index in range(len(document.items))]
