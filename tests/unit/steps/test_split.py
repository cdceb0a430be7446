from __future__ import annotations

import pytest

from tests.hang import must_end
from worker.steps.split import Split, split

RDF = b"http://www.w3.org/1999/02/22-rdf-syntax-ns#"
ITEMS = (
    b"<item><guid>1</guid></item>",
    b"<item><guid>2</guid><title>Two</title></item>",
    b"<item><guid>3</guid></item>",
)


def rss(items: bytes = b"\n".join(ITEMS), channel: bytes = b"<title>News</title>", root: bytes = b"") -> bytes:
    return b'<rss version="2.0"' + root + b"><channel>" + channel + items + b"</channel></rss>"


def taken_apart(body: bytes, content_type: str | None = None) -> Split:
    document = split(body, content_type=content_type)
    assert document is not None
    return document


def hashes(body: bytes, content_type: str | None = None) -> list[str]:
    return [item.hash for item in taken_apart(body, content_type).items]


def test_an_item_is_the_bytes_from_its_start_tag_to_its_end_tag():
    document = taken_apart(rss())

    assert [document.raw(index) for index in range(3)] == list(ITEMS)


def test_only_the_items_that_are_not_wanted_are_cut_out():
    document = taken_apart(rss())

    assert document.only([1]) == rss(b"\n" + ITEMS[1] + b"\n")
    assert document.only([0, 1, 2]) == document.body
    assert document.only([]) == rss(b"\n\n")


def test_a_hash_is_sixteen_hexadecimal_digits():
    assert all(len(digest) == 16 and set(digest) <= set("0123456789abcdef") for digest in hashes(rss()))


@pytest.mark.parametrize(
    "body",
    [
        b'<rss version="0.91"><channel><item/></channel></rss>',
        b'<RSS><Channel><Item a="/>"></Item></Channel></RSS>',
        b'<rss xmlns="http://backend.userland.com/rss2"><channel><item>x</item></channel></rss>',
        b'<rdf:RDF xmlns:rdf="%s" xmlns="http://purl.org/rss/1.0/"><channel/><item rdf:about="i"/></rdf:RDF>' % RDF,
        b'<r:RDF xmlns:r="%s" xmlns="http://my.netscape.com/rdf/simple/0.9/"><item>t</item></r:RDF>' % RDF,
        b'<feed version="0.3" xmlns="http://purl.org/atom/ns#"><entry/></feed>',
        b'<feed xmlns="http://www.w3.org/2005/Atom"><entry></entry></feed>',
        b'<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:entry></a:entry></a:feed>',
        b"<feed><entry/></feed>",
    ],
)
def test_items_are_found_in_every_format_and_under_every_prefix(body: bytes):
    document = taken_apart(body)

    assert len(document.items) == 1
    assert document.raw(0).lower().startswith((b"<item", b"<entry", b"<a:entry"))
    assert document.raw(0).endswith(b">")
    assert document.only([]).lower().count(b"<item") + document.only([]).count(b"entry") == 0


def test_an_empty_item_before_an_end_tag_ends_where_its_own_tag_ends():
    document = taken_apart(b'<rss><channel><item a=">"/></channel></rss>')

    assert document.raw(0) == b'<item a=">"/>'


def test_what_looks_like_an_item_in_text_and_comments_is_none():
    items = b"<!-- <item> --><item><title><![CDATA[</item><item>]]></title><?pi <item>?></item><!-- </channel> -->"

    assert len(taken_apart(rss(items)).items) == 1


@pytest.mark.parametrize(
    ("codec", "name"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-8", "utf8"),
        ("iso-8859-1", "ISO-8859-1"),
        ("iso-8859-2", "latin2"),
        ("cp1252", "windows-1252"),
        ("utf-16", "UTF-16"),
    ],
)
def test_items_are_found_at_their_bytes_in_every_encoding(codec: str, name: str):
    items = "<title>ö</title><item>öä</item > <item>ü</item>"
    text = f'<?xml version="1.0" encoding="{name}"?><rss><channel>{items}</channel></rss>'
    document = taken_apart(text.encode(codec))
    plain = "utf-16-le" if codec == "utf-16" else codec.removesuffix("-sig")

    assert [document.raw(index).decode(plain) for index in range(2)] == ["<item>öä</item >", "<item>ü</item>"]
    assert document.only([1]).decode(codec) == text.replace("<item>öä</item >", "")


def test_the_same_bytes_in_another_encoding_are_another_entry():
    # 0xA4 is the currency sign in ISO-8859-1 and the euro sign in ISO-8859-15.
    one, other = (
        hashes(b'<?xml version="1.0" encoding="iso-8859-%s"?>' % part + rss(b"<item>\xa4</item>"))
        for part in (b"1", b"15")
    )

    assert one != other


def test_the_charset_of_a_header_is_taken_where_the_document_names_none():
    body = rss(b"<item>\xa4</item>")

    assert split(body) is None
    assert hashes(body, "text/xml; charset=ISO-8859-1") != hashes(body, "application/rss+xml; charset=iso-8859-15")


@pytest.mark.parametrize("content_type", ["text/xml; charset=iso-8859-1", 'application/rss+xml;charset="windows-1252"'])
def test_a_charset_that_contradicts_the_declaration_matters_beyond_ascii_only(content_type: str):
    declaration = b'<?xml version="1.0" encoding="utf-8"?>'

    assert split(declaration + rss(), content_type=content_type) is not None
    assert split(declaration + rss("<item>é</item>".encode()), content_type=content_type) is None


def test_a_part_that_would_pass_for_utf_8_while_the_whole_does_not_is_not_made():
    """steps.parse reads as UTF-8 whatever is valid UTF-8, whichever single-byte encoding is declared."""
    declaration = b'<?xml version="1.0" encoding="iso-8859-1"?>'

    assert split(declaration + rss(b"<item>\xe9</item><item>\xc3\xa9</item>")) is None
    assert split(declaration + rss(b"<item>\xe9</item><item>\xfc</item>")) is not None
    assert split(declaration + rss(b"<item>\xc3\xa9</item><item>\xc3\xa9</item>")) is not None


def test_what_changes_on_every_poll_changes_no_hash():
    before = rss(channel=b"<title>News</title><lastBuildDate>Mon</lastBuildDate><ttl>5</ttl>")
    after = rss(channel=b"<title>The News</title><!-- 12 ms --><lastBuildDate>Tue</lastBuildDate><ttl>9</ttl>")

    assert hashes(before) == hashes(after)


def test_an_item_keeps_its_hash_wherever_it_stands_in_the_document():
    assert hashes(rss(ITEMS[2] + ITEMS[0])) == [hashes(rss())[2], hashes(rss())[0]]


@pytest.mark.parametrize(
    ("channel", "root"),
    [
        (b"<language>de</language>", b""),
        (b"<link>https://news.example/</link>", b""),
        (b"<author>Jane Doe</author>", b""),
        (b'<creator xmlns="http://purl.org/dc/elements/1.1/">Jane Doe</creator>', b""),
        (b"<image><url>https://news.example/i.png</url></image>", b""),
        (b"", b' xml:lang="de"'),
        (b"", b' xml:base="https://news.example/"'),
        (b"", b' xmlns:x="urn:x"'),
    ],
)
def test_what_an_entry_inherits_changes_its_hash(channel: bytes, root: bytes):
    assert hashes(rss()) != hashes(rss(channel=b"<title>News</title>" + channel, root=root))


def test_an_author_after_the_items_is_inherited_as_well():
    atom = b'<feed xmlns="http://www.w3.org/2005/Atom"><entry/><author><name>%s</name></author></feed>'

    assert hashes(atom % b"Jane") != hashes(atom % b"Joan")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "nothing"),
        (b"<rss><channel><item></channel></rss>", "not well-formed"),
        (b"<rss><channel><item>&nbsp;</item></channel></rss>", "an entity that is not declared"),
        (b"<rss><channel><item><media:x/></item></channel></rss>", "a prefix that is not declared"),
        (b"<rss><channel><item>&#8;</item></channel></rss>", "a character that XML forbids"),
        (b"<rss><channel><item/></channel>", "breaks off"),
        (b"<!DOCTYPE rss><rss><channel><item/></channel></rss>", "a DOCTYPE"),
        (b"<html><body/></html>", "no feed"),
        (b"<urlset><url/></urlset>", "no feed either"),
        (b"<channel><item/></channel>", "CDF"),
        (b"<rss><item/></rss>", "an item outside the channel"),
        (b"<rss><channel/><channel><item/></channel></rss>", "two channels"),
        (b"<rss><channel><items><item/></items></channel></rss>", "an item too deep"),
        (b"<rss><channel><item><item/></item></channel></rss>", "an item in an item"),
        (b'<rss xmlns:x="urn:x"><channel><x:item/></channel></rss>', "an item of another namespace"),
        (
            b'<rss><channel><item><feed xmlns="http://www.w3.org/2005/Atom"/></item></channel></rss>',
            "a feed in an item",
        ),
        (b'<?xml version="1.0" encoding="gb2312"?><rss><channel/></rss>', "an encoding of several bytes"),
        (b'<?xml version="1.0" encoding="no-such"?><rss><channel/></rss>', "an encoding that nobody knows"),
        (b'<?xml version="1.0"\nencoding="utf-8"?><rss><channel/></rss>', "a declaration that feedparser overlooks"),
        (rss(b"<item>\xff</item>"), "bytes that are not UTF-8"),
        (b'<?xml version="1.0" encoding="utf-8"?>' + rss(b'<item>encoding="x"?&gt;</item>'), "a second encoding"),
    ],
)
def test_a_document_that_is_not_a_plain_feed_is_parsed_whole(body: bytes, why: str):
    assert split(body) is None, why


@pytest.mark.parametrize(
    ("items", "why"),
    [
        (b"<item><description><div>x</div></description></item>", "feedparser loses count of what is open"),
        (b"<item><description><title>x</title></description></item>", "the inner end is taken for the outer"),
        (b'<item><y xmlns:p="urn:a"/></item><item><y xmlns:p="urn:b"/></item>', "a prefix with two meanings"),
        (b'<item><y xmlns:dc="http://search.yahoo.com/mrss/"/></item>', "a prefix with a meaning that is taken"),
        (
            b'<item><y xmlns="urn:a"/></item><item><y xmlns:p="urn:a"/></item>',
            "one namespace, with a prefix and without",
        ),
        (b"<item><textinput/></item>", "the channel's text input"),
        (b"<item><image><summary>x</summary></image></item>", "the channel's image"),
        (b"<summary>x</summary><description>y</description><item/>", "a second summary of the channel"),
        (b"<content>x</content><item/>", "content of the channel"),
    ],
)
def test_a_document_that_carries_something_from_item_to_item_is_parsed_whole(items: bytes, why: str):
    assert split(rss(items)) is None, why


def test_xhtml_in_atom_content_is_no_obstacle():
    content = b'<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>x</p></div></content>'
    body = b'<feed xmlns="http://www.w3.org/2005/Atom"><entry>' + content + b"</entry><entry/></feed>"

    assert len(taken_apart(body).items) == 2


ATTRIBUTES = b" ".join(b'a%d="1"' % number for number in range(40_000))
ENTITIES = b"".join(b'<!ENTITY e%d "&e%d;&e%d;">' % (number + 1, number, number) for number in range(60))


@pytest.mark.parametrize(
    "body",
    [
        rss(b"<item><x " + ATTRIBUTES + b"/></item>"),
        rss(b"<item>" + b"<b>" * 100_000 + b"</b>" * 100_000 + b"</item>"),
        b'<!DOCTYPE rss [<!ENTITY e0 "x">' + ENTITIES + b"]>" + rss(b"<item>&e60;</item>"),
        rss(b"".join(b'<item><y xmlns:p%d="urn:%d"/></item>' % (number, number) for number in range(20_000)) + b"<x>"),
        b'<?xml version="1.0"?>' * 100_000,
        b"<rss><channel>" + b"<item><title>" * 100_000,
        b"<rss><channel><item><![CDATA[" * 100_000,
        b"<rss " + b"x" * 2_000_000,
    ],
    ids=["attributes", "depth", "entities", "namespaces", "declarations", "unclosed", "sections", "name"],
)
def test_a_hostile_document_is_given_up_quickly(body: bytes):
    with must_end():
        assert split(body) is None


def test_a_document_of_two_hundred_thousand_items_is_taken_apart():
    """Work that grows with the square of the items would not end."""
    body = rss(b"<item><guid>1</guid><title>A &amp; B</title></item>" * 200_000)
    with must_end():
        document = taken_apart(body)
        assert len(document.items) == 200_000
        assert len(document.only([0])) < len(body) / 100
