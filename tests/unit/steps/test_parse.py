"""What parse makes of a document as a whole. What it reads of an entry is in the pairs of tests/data/feeds."""

from __future__ import annotations

import html

import feedparser
import pytest

from tests.hang import must_end
from worker.model.entry import Content, Document, Entry, Location, NotAFeed
from worker.steps.parse import parse

URL = "https://news.example/feeds/world.xml"
RSS = '<?xml version="1.0"?><rss version="2.0"><channel><title>World</title>{}</channel></rss>'
ATOM = '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>World</title>{}</feed>'
RDF = (
    '<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
    ' xmlns="http://purl.org/rss/1.0/"><channel rdf:about="x"><title>World</title></channel>{}</rdf:RDF>'
)
PREFIXES = (
    'xmlns:a="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:georss="http://www.georss.org/georss" xmlns:gml="http://www.opengis.net/gml"'
    ' xmlns:geo="http://www.w3.org/2003/01/geo/wgs84_pos#" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
    ' xmlns:media="http://search.yahoo.com/mrss" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
)
ITEM = "<item><title>One</title><guid>1</guid></item>"


def read(body: str | bytes, content_type: str | None = "application/xml") -> Document:
    document = parse(body if isinstance(body, bytes) else body.encode(), url=URL, content_type=content_type)
    assert isinstance(document, Document), document
    return document


def entry(parts: str, *, form: str = RSS) -> Entry:
    """The entry of a document with one, whose parts are these. All prefixes are declared."""
    item = f"<item {PREFIXES}>{parts}</item>" if form is RSS else f"<entry {PREFIXES}>{parts}</entry>"
    (found,) = read(form.format(item)).entries
    return found


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
    assert document.warnings == ("document: declared as us-ascii, but written in utf-8",)


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        # Neither label is right about what is plainly UTF-8.
        ("é".encode(), "text/xml; charset=windows-1251", "é"),
        # The header outweighs the declaration (RFC 7303, 3).
        (b"\xe9", "text/xml; charset=windows-1251", "й"),
        (b"\xe9", "text/xml; charset=utf-8", "щ"),
        (b"\xe9", "text/xml", "щ"),
        (b"\xe9", "text/xml; charset=nonsense", "щ"),
    ],
)
def test_of_two_labels_the_header_counts_and_utf_8_outweighs_both(body: bytes, content_type: str, text: str) -> None:
    xml = RSS.replace('"1.0"?', '"1.0" encoding="iso-8859-5"?').format("<item><title>{}</title></item>").encode()
    assert read(xml.replace(b"{}", body), content_type).entries[0].title == Content(value=text, html=False)


def test_bytes_that_are_not_utf_8_cost_no_other_character() -> None:
    body = RSS.format("<item><title>{}</title></item>").encode().replace(b"{}", "“é”".encode() + b" \x93\xe9\x94")
    document = read(body)
    assert document.entries[0].title == Content(value="“é” “é”", html=False)
    assert document.warnings == ("document: some bytes are not utf-8, read as windows-1252",)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "cp037"])
def test_an_encoding_shows_in_the_first_bytes_where_no_mark_does(encoding: str) -> None:
    assert read(RSS.format(ITEM).encode(encoding)).entries[0].title == Content(value="One", html=False)


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


def test_of_a_document_that_breaks_off_the_whole_items_are_entries() -> None:
    document = read(RSS.format(ITEM + "<item><title>Two</title><description>Half of")[: -len("</channel></rss>")])
    assert [entry.title for entry in document.entries] == [Content(value="One", html=False)]
    assert not document.complete
    (cut,) = document.unreadable
    assert (cut.reason, cut.raw) == ("truncated", b"<item><title>Two</title><description>Half of")
    assert document.warnings[-1] == "document: breaks off"


@pytest.mark.parametrize(
    "cut", ["<item><title><![CDATA[Tw", "<item><title>Two</tit", "<item", "<item><title a='", "<!-- "]
)
def test_wherever_it_breaks_off_nothing_of_it_becomes_an_entry(cut: str) -> None:
    document = read(RSS.format(ITEM + cut)[: -len("</channel></rss>")])
    assert [entry.guid for entry in document.entries] == ["1"]
    assert not document.complete


def test_a_well_formed_document_is_complete_and_one_that_lacks_its_last_letter_as_well() -> None:
    assert read(RSS.format(ITEM)).complete
    assert read(RSS.format(ITEM)[:-1]).complete


@pytest.mark.parametrize("item", ["<item/>", "<item> <title/> <link> </link><guid/></item>", "<item>stray</item>"])
def test_an_item_without_anything_is_set_aside(item: str) -> None:
    document = read(RSS.format(ITEM + item))
    assert [entry.guid for entry in document.entries] == ["1"]
    assert [(part.reason, part.raw) for part in document.unreadable] == [("empty_entry", item.encode())]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("AT&T & Co", "AT&T & Co"),
        ("a&b;c", "a&b;c"),
        ("caf&eacute;&nbsp;x", "café\xa0x"),
        ("a &LT; b &AMP; c", "a < b & c"),
        ("<![CDATA[AT&T]]>", "AT&T"),
        ("<![CDATA[AT]]>&T", "AT&T"),
        ("a\x00\x08b", "ab"),
        ("a&#8;b", "ab"),
        ("a < b", "a < b"),
        ("1 <2> 3", "1 <2> 3"),
    ],
)
def test_characters_that_xml_has_not_are_read_as_they_were_meant(written: str, meant: str) -> None:
    document = read(RSS.format(f"<item><title>{written}</title></item>{ITEM}"))
    assert document.entries[0].title is not None
    assert html.unescape(document.entries[0].title.value) == meant
    assert document.entries[1].guid == "1"
    assert document.complete


def test_tags_that_are_never_closed_stay_inside_their_element() -> None:
    item = "<item><description>one<br>two<p>three<b>four</description><guid>7</guid></item>"
    document = read(RSS.format(item + ITEM))
    assert [entry.guid for entry in document.entries] == ["7", "1"]
    assert document.entries[0].summary == Content(value="one<br>two<p>three<b>four</b></p>", html=True)


def test_items_that_are_never_closed_are_told_apart() -> None:
    document = read(RSS.format("<item><title>One</title><guid>1</guid><item><title>Two</title><guid>2</guid></item>"))
    assert [entry.guid for entry in document.entries] == ["1", "2"]


def test_prefixes_that_nobody_declared_mean_what_they_usually_do() -> None:
    document = read(RSS.format("<item><guid>1</guid><dc:creator>Jane Doe</dc:creator><x:y>z</x:y></item>"))
    assert document.entries[0].authors == ("Jane Doe",)


@pytest.mark.parametrize(
    "junk", ["\n  ", "\ufeff\ufeff", "Warning: x in y.php on line 3\n", "<br />\n<b>Notice</b>: x<br>\n"]
)
def test_junk_before_the_document_is_passed_over(junk: str) -> None:
    assert read(junk + RSS.format(ITEM)).entries[0].guid == "1"


def test_names_in_capitals_are_names() -> None:
    body = (
        "<RSS VERSION='2.0'><Channel><TITLE>T</TITLE><Item><Title>One</Title><GUID isPermalink='False'>http://a/</GUID>"
    )
    document = read(body + "<PubDate>1 May</PubDate></Item></Channel></RSS>")
    assert document.title == "T"
    assert (document.entries[0].guid, document.entries[0].link, document.entries[0].published) == (
        "http://a/",
        None,
        "1 May",
    )


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
    """The reason why it never sees them."""
    with pytest.raises(UnicodeEncodeError):
        feedparser.parse(RSS.format("<item><title>&#xD800;</title></item>").encode())


def test_an_external_entity_is_not_fetched() -> None:
    doctype = '<!DOCTYPE rss [<!ENTITY secret SYSTEM "file:///etc/passwd">]>'
    document = read(RSS.format("<item><title>x&secret;y</title></item>").replace("?>", f"?>{doctype}"))
    assert document.entries[0].title == Content(value="xy", html=False)


def test_an_entity_that_the_document_declares_is_replaced_without_a_warning() -> None:
    doctype = '<!DOCTYPE rss [<!-- > ]> --><!ENTITY co "Smith &#38; <b>Sons</b>">]>'
    document = read(RSS.format("<item><title>&co;</title></item>").replace("?>", f"?>{doctype}"))
    assert document.entries[0].title == Content(value="Smith & <b>Sons</b>", html=True)
    assert document.warnings == ()


def test_a_bomb_of_entities_does_not_go_off() -> None:
    """Nine levels of ten would be a gigabyte; an entity is replaced once, whatever it refers to."""
    levels = "".join(f'<!ENTITY a{level} "{f"&a{level - 1};" * 10}">' for level in range(1, 10))
    doctype = f'<!DOCTYPE rss [<!ENTITY a0 "{"x" * 10}">{levels}]>'
    document = read(RSS.format(f"<item><title>&a9;&a0;</title></item>{ITEM}").replace("?>", f"?>{doctype}"))
    assert [entry.title and entry.title.value for entry in document.entries] == ["x" * 10, "One"]


def test_entities_add_up_to_no_more_than_a_limit() -> None:
    doctype = f'<!DOCTYPE rss [<!ENTITY a "{"x" * 1_900}">]>'
    document = read(RSS.format(f"<item><title>{'&a;' * 10_000}</title></item>").replace("?>", f"?>{doctype}"))
    assert len(str(document)) < 600_000


@pytest.mark.parametrize(
    "item",
    [
        f"<item><guid>1</guid><author>{'(' * 64_000}</author></item>",
        f"<item><guid>1</guid>{'<category>x</category>' * 50_000}</item>",
        "<item {}><guid>1</guid></item>".format(" ".join(f"a{number}='1'" for number in range(20_000))),
        f"<item><guid>1</guid><description>{'<a ' * 50_000}</description></item>",
        f"<item><guid>1</guid><description>{'<!' * 50_000}</description></item>",
        f"<item><guid>1</guid><description>{'<p>' * 50_000}</description></item>",
        f"<item><guid>1</guid><description>{'&lt;!--' * 50_000}</description></item>",
        f"<item><guid>1</guid>{''.join(f'<p{number}:a/>' for number in range(20_000))}</item>",
        f"<item><guid>1</guid>{'<a>' * 50_000}{'</a>' * 50_000}</item>",
    ],
)
def test_hostile_documents_take_no_longer_than_others(item: str) -> None:
    """Each of them takes feedparser, or an obvious repair, time that grows with the square of its size."""
    with must_end():
        document = read(RSS.format(item))
        assert [entry.guid for entry in document.entries] == ["1"]


@pytest.mark.parametrize("body", ["<rss" + "x" * 400_000, "</" + "x" * 400_000 + "<"])
def test_a_name_without_an_end_is_read_once(body: str) -> None:
    with must_end():
        assert refused(body).reason in {"broken", "not_a_feed"}


def test_items_beyond_the_limit_are_named_and_not_read() -> None:
    document = read(RSS.format("<item><guid>1</guid></item>" * 10_001))
    assert len(document.entries) == 10_000
    assert [part.reason for part in document.unreadable] == ["too_many_entries"]


def test_a_bad_entry_is_set_aside_and_its_neighbours_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """No document is known that does this; feedparser is made to."""
    real = feedparser.parse

    def spoiled(*args: object, **kwargs: object) -> object:
        parsed = real(*args, **kwargs)
        parsed.entries[1]["tags"] = [None]
        return parsed

    monkeypatch.setattr(feedparser, "parse", spoiled)
    # Not well-formed, or feedparser would not be asked.
    document = read(RSS.format("&nbsp;" + "".join(ITEM.replace("1", number) for number in "123")))
    assert [entry.guid for entry in document.entries] == ["1", "3"]
    (unreadable,) = document.unreadable
    assert unreadable.reason == "unreadable_entry"
    assert b"'id': '2'" in unreadable.raw
    assert "\n" not in unreadable.detail


@pytest.mark.parametrize(
    ("parts", "location"),
    [
        ("<georss:point>45.256 -71.92</georss:point>", Location(latitude=45.256, longitude=-71.92)),
        ("<georss:point>\n 45.256,  -71.92 </georss:point>", Location(latitude=45.256, longitude=-71.92)),
        ("<geo:lat>50.4</geo:lat><geo:long>30.5</geo:long>", Location(latitude=50.4, longitude=30.5)),
        (
            "<geo:Point><geo:lat>50.4</geo:lat><geo:long>30.5</geo:long></geo:Point>",
            Location(latitude=50.4, longitude=30.5),
        ),
        (
            "<georss:where><gml:Point><gml:pos>50.4 30.5 100</gml:pos></gml:Point></georss:where>",
            Location(latitude=50.4, longitude=30.5),
        ),
        ("<georss:line>45 -110 46 -109</georss:line>", None),
        ("<georss:point>95 10</georss:point>", None),
        ("<georss:point>nan inf</georss:point>", None),
        ("<geo:lat>50.4</geo:lat>", None),
    ],
)
def test_a_point_is_a_location(parts: str, location: Location | None) -> None:
    assert entry(f"<guid>1</guid>{parts}").location == location


@pytest.mark.parametrize(
    ("parts", "authors"),
    [
        ("<author>jane@news.example (Jane Doe)</author>", ("Jane Doe",)),
        ("<author>Jane Doe &lt;jane@news.example&gt;</author>", ("Jane Doe",)),
        ("<author>desk@news.example</author>", ("desk@news.example",)),
        ("<author>Jane Doe and Joe Roe</author>", ("Jane Doe and Joe Roe",)),
        ("<dc:creator>Jane Doe</dc:creator><dc:creator>Joe Roe</dc:creator>", ("Jane Doe", "Joe Roe")),
        ("<author>desk@news.example</author><dc:creator>Jane Doe</dc:creator>", ("Jane Doe",)),
        ("<dc:creator>Jane Doe</dc:creator><itunes:author>The Desk</itunes:author>", ("Jane Doe",)),
        ("<a:author><a:name>Jane Doe</a:name><a:email>j@news.example</a:email></a:author>", ("Jane Doe",)),
        ("<dc:creator><![CDATA[J&amp;J]]></dc:creator>", ("J&J",)),
    ],
)
def test_authors_are_named_once_and_by_name_where_there_is_one(parts: str, authors: tuple[str, ...]) -> None:
    assert entry(f"<guid>1</guid>{parts}").authors == authors


@pytest.mark.parametrize(
    ("parts", "published", "updated"),
    [
        ("<pubDate>A</pubDate>", "A", None),
        ("<dc:date>A</dc:date>", "A", None),
        ("<pubDate>A</pubDate><dc:date>B</dc:date>", "A", "B"),
        ("<pubDate>A</pubDate><dc:date>A</dc:date>", "A", None),
        ("<pubDate>A</pubDate><a:updated>B</a:updated><dc:date>C</dc:date>", "A", "B"),
        ("<pubDate/><dc:date>A</dc:date>", "A", None),
    ],
)
def test_of_the_dates_of_rss_the_first_is_that_of_publication(
    parts: str, published: str | None, updated: str | None
) -> None:
    found = entry(f"<guid>1</guid>{parts}")
    assert (found.published, found.updated) == (published, updated)


@pytest.mark.parametrize(
    ("parts", "language"),
    [
        ("<title>x</title>", "en"),
        ("<title>x</title><summary xml:lang='fr'>y</summary>", "fr"),
        ("<title xml:lang='de'>x</title><content xml:lang='fr'>y</content>", "fr"),
        ("<title>x</title><dc:language>pt_BR</dc:language>", "pt-BR"),
        ("<title xml:lang=''>x</title>", None),
    ],
)
def test_a_language_is_that_of_the_text_and_else_of_what_it_stands_in(parts: str, language: str | None) -> None:
    assert entry(parts, form=ATOM.replace("<feed ", "<feed xml:lang='en' ")).language == language


def test_relative_addresses_follow_xml_base_on_every_level() -> None:
    found = entry(
        "<id>7</id><link href='story'/><link rel='enclosure' href='/a.mp3' xml:base='https://media.example/'/>"
        "<content type='html' xml:base='deep/'>&lt;a href='x'>y&lt;/a></content>",
        form=ATOM.replace("<feed ", "<feed xml:base='https://other.example/a/' "),
    )
    assert (found.link, found.guid) == ("https://other.example/a/story", "https://other.example/a/7")
    assert [media.url for media in found.media] == ["https://media.example/a.mp3"]
    assert found.content == Content(value='<a href="https://other.example/a/deep/x">y</a>', html=True)


@pytest.mark.parametrize(
    ("title", "content"),
    [
        ("a &lt; b", Content(value="a < b", html=False)),
        ("&lt;b&gt;a&lt;/b&gt;", Content(value="<b>a</b>", html=True)),
        ("<![CDATA[AT&amp;T]]>", Content(value="AT&amp;T", html=True)),
        ("use &lt;T&gt; here", Content(value="use <T> here", html=False)),
        ("<i>a</i> b", Content(value="<i>a</i> b", html=True)),
    ],
)
def test_a_title_of_rss_is_html_when_it_looks_like_it(title: str, content: Content) -> None:
    assert entry(f"<title>{title}</title>").title == content


def test_formats_are_known_by_their_names_whatever_their_prefix_and_namespace() -> None:
    body = (
        "<x:feed xmlns:x='http://www.w3.org/2005/ATOM/'><x:title>T</x:title><x:entry><x:id>1</x:id></x:entry></x:feed>"
    )
    assert (read(body).title, read(body).entries) == ("T", (Entry(guid="1"),))
    body = RSS.format(ITEM).replace("<rss ", "<rss xmlns='http://made.up.example/' ")
    assert read(body).entries[0].guid == "1"


@pytest.mark.parametrize(
    ("link", "named"),
    [
        ('<link rel="alternate" type="application/rss+xml" href="/feed.xml">', "https://news.example/feed.xml"),
        ("<LINK TYPE=application/atom+xml HREF=//feeds.example/a?b=1&amp;c=2 />", "https://feeds.example/a?b=1&c=2"),
        ("<link href='x.json' type='application/feed+json; charset=utf-8'>", "https://news.example/x.json"),
    ],
)
def test_a_page_where_a_feed_should_be_is_refused_with_the_feed_that_it_names(link: str, named: str) -> None:
    body = f"<!doctype html><html><head><link rel=icon href=/i.png>{link}</head></html>".encode()
    refused = parse(body, url="https://news.example/", content_type="text/html")
    assert isinstance(refused, NotAFeed)
    assert (refused.reason, refused.detail) == ("html", f"the body is an HTML page; the feed that it names is {named}")
