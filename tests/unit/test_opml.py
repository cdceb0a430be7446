"""Lists of feeds: OPML as feed readers write it, and the way from a configuration to OPML and back."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings as limits, strategies as st
from lxml import etree

from tests.hang import must_end
from worker.config import Config, loads
from worker.config.opml import Listed, NotOpml, Opml, one_line, read_opml, write_opml
from worker.config.subscriptions import feed_row, feed_table, feeds_yaml, listed_feeds, new_feeds
from worker.model.secrets import without_secrets

DATA = Path(__file__).parent.parent / "data" / "opml"
SAMPLES = sorted(path.stem for path in DATA.glob("*.opml"))


def config(text: str) -> Config:
    return loads(text, "c.yaml", {})


def opml(*outlines: str) -> bytes:
    """A document with these outlines, one to a line from line 2 on."""
    return "\n".join(["<opml version='2.0'><body>", *outlines, "</body></opml>"]).encode()


def read(data: bytes) -> Opml:
    result = read_opml(data)
    assert isinstance(result, Opml), result
    return result


def pairs(data: bytes) -> list[tuple[str, str | None]]:
    return [(feed.url, feed.title) for feed in read(data).feeds]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_imported_as_the_files_beside_it_say(name: str) -> None:
    result = read((DATA / f"{name}.opml").read_bytes())
    new, had = new_feeds(result.feeds, (), "")
    assert feeds_yaml(new).decode() == (DATA / f"{name}.yaml").read_text(encoding="utf-8")
    said = [f"warning: {result.warning}"] if result.warning else []
    said += [f"{one.line}: {one}" for one in result.skipped]
    assert said == (DATA / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    assert had == []
    assert len(config(feeds_yaml(new).decode()).feeds) == len(new)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("declared", ["UTF-8", "UTF-16", "nonsense", "punycode"])
def test_what_the_bytes_say_of_their_encoding_goes_over_the_declaration(encoding: str, declared: str) -> None:
    text = f'<?xml version="1.0" encoding="{declared}"?><opml><body><outline text="Ωé—" xmlUrl="http://a.example/"/>'
    assert pairs(f"{text}</body></opml>".encode(encoding)) == [("http://a.example/", "Ωé—")]


@pytest.mark.parametrize(
    ("declared", "encoding", "title"),
    [
        ("windows-1252", "windows-1252", "“é”"),
        ("latin1", "windows-1252", "“é”"),
        ("US-ASCII", "windows-1252", "“é”"),
        ("UTF-8", "windows-1252", "“é”"),
        ("ISO-8859-2", "iso-8859-2", "Łódź"),
        ("windows-1251", "windows-1251", "Мир"),
        ("koi8-r", "koi8-r", "Мир"),
        ("Shift_JIS", "shift_jis", "日本"),
        ("gb2312", "gbk", "新聞"),  # of the larger GBK, as browsers read it
    ],
)
def test_a_declared_encoding_is_read_as_browsers_read_it(declared: str, encoding: str, title: str) -> None:
    head = f'<?xml version="1.0" encoding="{declared}"?><opml><body>'.encode()
    assert pairs(head + f'<outline text="{title}" xmlUrl="http://a.example/"/></body></opml>'.encode(encoding)) == [
        ("http://a.example/", title)
    ]


def test_one_bad_byte_spoils_no_other_character() -> None:
    data = opml('<outline text="Ωé" xmlUrl="http://a.example/"/>', '<outline text="@" xmlUrl="http://b.example/"/>')
    assert pairs(data.replace(b"@", b"\x93")) == [("http://a.example/", "Ωé"), ("http://b.example/", "“")]


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Caf&eacute;", "Café"),
        ("Caf&#233; &#xE9;", "Café é"),
        ("Caf&amp;eacute;", "Café"),
        ("&amp;#8220;x&amp;#8221;", "“x”"),
        ("it&#151;s", "it—s"),
        ("Q & A &", "Q & A &"),
        ("a &nosuch; b", "a &nosuch; b"),
        ("a &copy b", "a &copy b"),
        ("AT&amp;amp;T", "AT&T"),
        ("&lt;b&gt;", "<b>"),
        ("a&#0;b&#1;\x02c", "a�bc"),
        ("a &#10;\t\n b ", "a b"),
        (" &#10; ", None),
        ("http://a.example/", None),
    ],
)
def test_a_title_is_the_text_that_was_meant(written: str, title: str | None) -> None:
    assert pairs(opml(f'<outline text="{written}" xmlUrl="http://a.example/"/>')) == [("http://a.example/", title)]


def test_a_reference_between_two_pieces_of_the_document_is_read() -> None:
    for length in range(65_440, 65_480):
        data = opml(f'<outline text="{"x" * length}&Aacute;" xmlUrl="http://a.example/"/>')
        assert pairs(data) == [("http://a.example/", "x" * length + "Á")]


def test_the_title_goes_before_the_text() -> None:
    assert pairs(opml('<outline text="A" title="B" xmlUrl="http://a.example/"/>'))[0][1] == "B"
    assert pairs(opml('<outline text="A" title=" " xmlUrl="http://a.example/"/>'))[0][1] == "A"


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("feed://a.example/x", "http://a.example/x"),
        ("FEED:HTTPS://A.example/x", "https://a.example/x"),
        ("feed:http://a.example/x", "http://a.example/x"),
        ("feed://https://a.example/x", "https://a.example/x"),
        ("&#10; http://a.example \t", "http://a.example/"),
        ("http://a.example/a b", "http://a.example/a%20b"),
        ("http://a.example/?u=feed:http://b&v=feed://c", "http://a.example/?u=feed:http://b&v=feed://c"),
        ("http://a.example/?a=1&b=2&copy=3&amp;d", "http://a.example/?a=1&b=2&copy=3&d"),
        ("http://bob:a&amp;b@a.example/", "http://bob:a&b@a.example/"),
    ],
)
def test_a_url_is_brought_into_its_form(given: str, url: str) -> None:
    assert pairs(opml(f'<outline xmlUrl="{given}"/>')) == [(url, None)]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("", "its xmlUrl is empty"),
        (" ", "its xmlUrl is empty"),
        ("a.example/feed", "xmlUrl: must begin with http:// or https://"),
        ("//a.example/feed", "xmlUrl: must begin with http:// or https://"),
        ("feed:a.example/feed", "xmlUrl: must begin with http:// or https://"),
        ("file:///etc/passwd", "xmlUrl: must begin with http:// or https://"),
        ("https:///feed", "xmlUrl: the host is missing"),
        ("https://a.example:0/", "xmlUrl: the port must be between 1 and 65535"),
    ],
)
def test_what_is_no_address_is_skipped_with_its_reason(given: str, reason: str) -> None:
    result = read(opml(f'<outline text="T" xmlUrl="{given}"/>', '<outline xmlUrl="http://b.example/"/>'))
    assert [feed.url for feed in result.feeds] == ["http://b.example/"]
    assert [(one.line, str(one)) for one in result.skipped] == [(2, f'skipped "T": {reason}')]


def test_a_url_that_is_listed_twice_is_taken_once_even_on_one_line() -> None:
    outline = '<outline text="T" xmlUrl="http://a.example/"/>'
    result = read(opml(outline + outline, outline))
    assert len(result.feeds) == 1
    assert [(one.line, one.reason) for one in result.skipped] == [
        (2, "the same URL is on line 2 already"),
        (3, "the same URL is on line 2 already"),
    ]


def test_elements_in_a_namespace_and_in_odd_case_count() -> None:
    data = b'<OPML xmlns="urn:x"><Body><OUTLINE Text="F"><Outline TEXT="T" xmlurl="http://a.example/"/></OUTLINE>'
    [feed] = read(data + b"</Body></OPML>").feeds
    assert (feed.url, feed.title, feed.folders) == ("http://a.example/", "T", ("F",))


@pytest.mark.parametrize(
    ("data", "reason", "line"),
    [
        (b"", "is empty", None),
        (b" \n", "is empty", None),
        (b"feeds: [https://a.example/]", "is not XML; give a list of feeds that a feed reader exported", None),
        (b"\x00\x01\x02", "is not XML; give a list of feeds that a feed reader exported", None),
        (b"<rss><channel/></rss>", "is not OPML; give a list of feeds that a feed reader exported", None),
        (b"<opml><body/></opml>", "holds no outlines; export the list again", None),
        (b"<opml>\n<body>\n</opml>", "is not well-formed XML (tag name mismatch); export the list again", 3),
    ],
)
def test_what_lists_nothing_says_why(data: bytes, reason: str, line: int | None) -> None:
    assert read_opml(data) == NotOpml(reason=reason, line=line)


def test_no_entity_is_expanded_and_no_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2", encoding="utf-8")
    bomb = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    data = f"""<!DOCTYPE opml [<!ENTITY e0 "boom">{bomb}<!ENTITY f SYSTEM "{(tmp_path / "secret").as_uri()}">
    <!ENTITY % p SYSTEM "{(tmp_path / "secret").as_uri()}"> %p;]>
    <opml><body><outline text="&e11;&f;" xmlUrl="http://a.example/"/></body></opml>"""
    assert pairs(data.encode()) == [("http://a.example/", "&e11;&f;")]


@pytest.mark.parametrize(
    "hostile",
    [
        b"<" * 1_000_000,
        b"<opml><body>" + b"<outline text='x'>" * 100_000,
        b"<opml><body><outline text='" + b"&" * 1_000_000,
        b"<opml><body><outline " + b" ".join(b"a%d='1'" % n for n in range(100_000)) + b"/></body></opml>",
        b"<opml><body>" + b"<outline text=a xmlUrl='http://a.example/'/>" * 30_000,
    ],
)
def test_a_hostile_document_takes_no_time(hostile: bytes) -> None:
    """The bound is wide; what it guards against took minutes."""
    with must_end():
        read_opml(hostile)


def test_many_outlines_keep_their_lines() -> None:
    """The parser has room for 65,535; beyond that it looks at what comes next, and may be one line off."""
    data = opml(*(f'<outline text="{n}" xmlUrl="http://a.example/{n}"/>' for n in range(70_000)))
    feeds = read(data).feeds
    assert len(feeds) == 70_000
    assert (feeds[65_000].title, feeds[65_000].line) == ("65000", 65_002)
    assert feeds[-1].title == "69999"
    assert feeds[-1].line in (70_001, 70_002)


def test_feeds_that_the_configuration_has_are_skipped_whatever_their_credentials() -> None:
    known = config("feeds: [{url: 'https://bob:x@a.example/', id: mine}, https://b.example/]").feeds
    listed = read(opml(*(f'<outline text="{h}" xmlUrl="https://{h}.example"/>' for h in "abc"))).feeds
    new, had = new_feeds(listed, known, "c.yaml")
    assert [(one.feed.url, one.id) for one in new] == [("https://c.example/", None)]
    assert [(one.line, str(one)) for one in had] == [
        (2, 'skipped "a": it is in c.yaml already, with the id mine'),
        (3, f'skipped "b": it is in c.yaml already, with the id {known[1].id}'),
    ]


def test_a_feed_whose_usual_id_is_taken_is_given_another() -> None:
    [usual] = config("feeds: [https://a.example/x]").feeds
    known = config(f"feeds: [{{url: 'https://other.example/', id: {usual.id}}}]").feeds
    listed = [Listed(url="https://a.example/x"), Listed(url="https://bob:x@a.example/x")]
    new, _ = new_feeds(listed, known, "c.yaml")
    assert [one.id for one in new] == [f"{usual.id}-2", f"{usual.id}-3"]
    assert [feed.id for feed in config(feeds_yaml(new).decode()).feeds] == [one.id for one in new]


@pytest.mark.parametrize(
    "title",
    ["a: b # c", "'\"\\", "\x7f\x85\xa0\u2028\ufeff\uffff", "- x", "off", "5", "\t\x01", "😀", "{a}", "*a", "%", "…"],
)
def test_any_title_is_written_so_that_it_is_read_again(title: str) -> None:
    new, _ = new_feeds([Listed(url="https://a.example/x:", title=title, folders=(title, "b"))], (), "")
    [feed] = config(feeds_yaml(new).decode()).feeds
    assert (feed.url, feed.title) == ("https://a.example/x:", title)


def test_a_document_for_others_follows_opml_2() -> None:
    feeds = config("feeds: [{url: 'https://a.example/?b&c', title: 'A <&> \"B\"'}, https://bob:x@b.example/]").feeds
    listed, stripped = listed_feeds(feeds, with_secrets=False)
    root = etree.fromstring(write_opml(listed, "my feeds"))
    assert (root.tag, root.items()) == ("opml", [("version", "2.0")])
    assert root.findtext("head/title") == "my feeds"
    assert [dict(outline.attrib) for outline in root.iterfind("body/outline")] == [
        {"type": "rss", "text": 'A <&> "B"', "title": 'A <&> "B"', "xmlUrl": "https://a.example/?b&c"},
        {"type": "rss", "text": "https://b.example/", "title": "https://b.example/", "xmlUrl": "https://b.example/"},
    ]
    assert stripped == 1


def test_two_users_of_one_url_are_one_outline_without_their_credentials() -> None:
    feeds = config("feeds: [{url: 'https://a:x@a.example/', id: a}, {url: 'https://b:x@a.example/', id: b}]").feeds
    assert [one.url for one in listed_feeds(feeds, with_secrets=False)[0]] == ["https://a.example/"]
    kept, stripped = listed_feeds(feeds, with_secrets=True)
    assert ([one.url for one in kept], stripped) == (["https://a:x@a.example/", "https://b:x@a.example/"], 0)


MARK = "Zq7"
in_urls = st.text(st.sampled_from("abcXYZ019-._~!$&()*+,;=:%'é😀"), max_size=12)
titles = st.none() | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
entities = st.lists(st.sampled_from(["&", "amp;", "lt;", "#39;", "eacute;", "nosuch;", "#x1;", " "]), min_size=1)
urls = st.builds(
    lambda user, host, path, query: f"https://{user and f'{MARK}{user}@'}{host}.example/{path}?{query}",
    in_urls,
    st.sampled_from(["a", "b", "c"]),
    in_urls,
    in_urls,
)


@limits(deadline=None)  # the suffix list is loaded once
@given(feeds=st.dictionaries(urls, titles | entities.map("".join), min_size=1, max_size=8), keep=st.booleans())
def test_what_is_exported_is_imported_as_the_same_feeds(feeds: dict[str, str | None], *, keep: bool) -> None:
    """Runs of blanks in a title become one, and characters that XML has no form for are lost: that is all."""
    entries = [{"url": url, "id": f"f{n}"} | ({"title": t} if t else {}) for n, (url, t) in enumerate(feeds.items())]
    original = config(yaml.safe_dump({"feeds": entries}))
    listed, _ = listed_feeds(original.feeds, with_secrets=keep)
    document = write_opml(listed, original.name)
    assert (MARK.encode() in document) == (keep and any("@" in url.partition("?")[0] for url in feeds))
    result = read(document)
    assert (result.skipped, result.warning) == ((), None)
    new, had = new_feeds(result.feeds, (), "")
    assert had == []
    imported = config(feeds_yaml(new).decode())
    wanted: dict[str, str | None] = {}
    for feed in original.feeds:
        url = feed.url if keep else without_secrets(feed.url)
        wanted.setdefault(url, one_line(feed.title or "") or None)
    assert {feed.url: feed.title for feed in imported.feeds} == wanted


PARTS = (
    *(
        "<opml>",
        "<body>",
        "<outline ",
        "/>",
        ">",
        "</outline>",
        'text="',
        'xmlUrl="',
        "http://a.example/",
        '"',
        "&",
        "<",
    ),
    *("&eacute;", "&#0;", "<!--", "<![CDATA[", "<?x", "<!DOCTYPE opml [", "]>", " ", "\n", "é", "\x00"),
)


@limits(deadline=None)  # a machine may be busy
@given(data=st.lists(st.sampled_from(PARTS)), encoding=st.sampled_from(["utf-8", "utf-16", "latin-1"]))
def test_whatever_comes_in_is_read_or_refused(data: list[str], encoding: str) -> None:
    result = read_opml("".join(data).encode(encoding, "replace"))
    assert isinstance(result, NotOpml) or all(feed.url.startswith("http://") for feed in result.feeds)


@limits(deadline=None)  # as above
@given(secret=in_urls, frame=st.sampled_from(["{u}", 'x"{u}', "{u}'>", "a b {u}", "ftp://{u}", "feed:{u}", "<{u}"]))
def test_nothing_that_is_said_shows_the_credentials_of_a_url(secret: str, frame: str) -> None:
    url = frame.format(u=f"https://bob:{MARK}{secret}@a.example/")
    outlines = [f'<outline text="{url}" xmlUrl="{url}"/>', f"<outline text={url} xmlUrl={url}>"] * 2
    result = read_opml(opml(*outlines, '<outline xmlUrl="https://a.example/"/>'))
    known = config("feeds: [https://a.example/]").feeds
    said = repr(result)
    if isinstance(result, Opml):
        new, had = new_feeds(result.feeds, known, "c.yaml")
        said = "".join(map(str, (*result.skipped, *had, result.warning)))
        assert MARK not in repr([one.feed.url for one in new]) or all("@" in one.feed.url for one in new)
    assert MARK not in said


def test_a_table_lists_the_feeds_without_their_credentials() -> None:
    feeds = config("""
feeds:
- https://bob:hunter2@b.example/
- {url: https://a.example/x, id: a, title: "A\\eB", interval: 90m, content: page}
""").feeds
    assert feed_row(feeds[1]) == {
        "id": "a",
        "url": "https://a.example/x",
        "title": "A\x1bB",
        "interval": 5400.0,
        "content": "page",
    }
    usual = feeds[0].id
    gap = " " * (len(usual) - 2)
    assert list(feed_table([feed_row(feed) for feed in feeds])) == [
        f"ID{gap}  INTERVAL  CONTENT  URL                  TITLE",
        f"{usual}  auto      feed     https://b.example/   -",
        f"a{gap}   1h30m     page     https://a.example/x  A B",
    ]
