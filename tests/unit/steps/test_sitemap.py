from __future__ import annotations

import pytest

from tests.hang import must_end
from worker.model.entry import Content, Document, Media, NotAFeed, SitemapIndex
from worker.steps.sitemap import is_sitemap, parse_sitemap

URL = "https://news.example/sitemaps/news.xml"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
NEWS = "http://www.google.com/schemas/sitemap-news/0.9"
IMAGE = "http://www.google.com/schemas/sitemap-image/1.1"
VIDEO = "http://www.google.com/schemas/sitemap-video/1.1"
XHTML = "http://www.w3.org/1999/xhtml"
ROOT = (
    f'<urlset xmlns="{SITEMAP}" xmlns:news="{NEWS}" xmlns:image="{IMAGE}" xmlns:video="{VIDEO}" xmlns:xhtml="{XHTML}">'
)
ARTICLE = """
<url>
  <loc>https://news.example/2021/harvest</loc>
  <lastmod>2021-09-06T10:00:00+02:00</lastmod>
  <changefreq>never</changefreq>
  <news:news>
    <news:publication><news:name>The Example</news:name><news:language>en-GB</news:language></news:publication>
    <news:publication_date>2021-09-06T08:00:00Z</news:publication_date>
    <news:title>Harvest &amp; home</news:title>
    <news:keywords>farming, weather , farming,</news:keywords>
    <news:stock_tickers>NYSE:EX</news:stock_tickers>
  </news:news>
  <image:image><image:loc>https://img.example/1.jpg</image:loc><image:title>A field</image:title></image:image>
  <image:image><image:loc>https://img.example/2.jpg</image:loc></image:image>
  <video:video><video:thumbnail_loc>https://img.example/v.jpg</video:thumbnail_loc></video:video>
  <xhtml:link rel="alternate" hreflang="fr" href="https://news.example/fr/harvest"/>
</url>
"""


def document(text: str | bytes) -> Document:
    found = parse_sitemap(text if isinstance(text, bytes) else text.encode(), url=URL)
    assert isinstance(found, Document), found
    return found


def urls(*parts: str, root: str = ROOT) -> str:
    return f"{root}{''.join(parts)}</urlset>"


def url(number: int, more: str = "") -> str:
    return f"<url><loc>https://news.example/{number}</loc>{more}</url>"


def links(found: Document) -> list[str | None]:
    return [entry.link for entry in found.entries]


def index(*parts: tuple[str, str | None]) -> bytes:
    written = "".join(
        f"<sitemap><loc>{loc}</loc>{'' if lastmod is None else f'<lastmod>{lastmod}</lastmod>'}</sitemap>"
        for loc, lastmod in parts
    )
    return f'<sitemapindex xmlns="{SITEMAP}">{written}</sitemapindex>'.encode()


@pytest.mark.parametrize(
    "body",
    [
        b"<urlset/>",
        b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- <rss> -->\n<?xml-stylesheet href="s.xsl"?><urlset xmlns="x">',
        b'<s:urlset xmlns:s="http://www.sitemaps.org/schemas/sitemap/0.9">',
        b"\r\n<sitemapindex >",
        b'<!DOCTYPE urlset [<!ENTITY a "b">]><urlset>',
        '<?xml version="1.0" encoding="UTF-16"?><urlset>'.encode("utf-16"),
    ],
)
def test_a_sitemap_is_known_by_its_root(body: bytes):
    assert is_sitemap(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"urlset",
        b"<rss><urlset>",
        b"<!-- <urlset> -->",
        b"<!-- <urlset>",
        b"<?xml <urlset>",
        b"<urlsets/>",
        b'{"urlset": 1}',
        b"<html><body><urlset/>",
        b"<?a" * 100_000,
        b"<!-- x --" * 100_000,
    ],
)
def test_anything_else_is_no_sitemap(body: bytes):
    assert not is_sitemap(body)
    assert isinstance(parse_sitemap(body, url=URL), NotAFeed)


def test_a_news_sitemap_says_all_that_google_defines():
    found = document(urls(ARTICLE))
    (entry,) = found.entries

    assert found.format == "sitemap"
    assert found.title == "The Example"
    assert found.complete
    assert (found.warnings, found.unreadable) == ((), ())
    assert entry.guid == entry.link == "https://news.example/2021/harvest"
    assert entry.title == Content(value="Harvest & home", html=False)
    assert entry.published == "2021-09-06T08:00:00Z"
    assert entry.updated == "2021-09-06T10:00:00+02:00"
    assert entry.language == "en-GB"
    assert entry.tags == ("farming", "weather")
    assert entry.media == (Media(url="https://img.example/1.jpg"), Media(url="https://img.example/2.jpg"))
    assert (entry.summary, entry.content, entry.authors) == (None, None, ())


def test_a_plain_sitemap_has_links_and_updates_and_never_a_publication():
    (entry,) = document(urls(url(1, "<lastmod>2021-09-06</lastmod>"))).entries

    assert (entry.link, entry.updated) == ("https://news.example/1", "2021-09-06")
    assert (entry.published, entry.title, entry.language, entry.tags) == (None, None, None, ())


@pytest.mark.parametrize(
    ("namespaces", "prefix", "news"),
    [
        (f'xmlns:s="{SITEMAP}" xmlns:n="{NEWS}"', "s:", "n:"),
        (f'xmlns="{SITEMAP}" xmlns:news="https://www.google.com/schemas/sitemap-news/0.9/"', "", "news:"),
        ('xmlns="http://www.google.com/schemas/sitemap/0.84"', "", ""),
        ("", "", ""),
        # Not declared at all: not well-formed, yet plain what is meant.
        ("", "", "news:"),
        ("", "sm:", "n:"),
    ],
)
def test_namespaces_are_read_however_they_are_written(namespaces: str, prefix: str, news: str):
    name = f"<{news}publication><{news}name>N</{news}name></{news}publication>"
    title = f"<{news}news>{name}<{news}title>T</{news}title></{news}news>"
    found = document(
        f"<{prefix}urlset {namespaces}><{prefix}url><{prefix}loc>https://news.example/1</{prefix}loc>{title}</{prefix}url>"
        f"</{prefix}urlset>"
    )

    assert [(entry.link, entry.title and entry.title.value) for entry in found.entries] == [
        ("https://news.example/1", "T")
    ]
    assert found.title == "N"


def test_the_address_of_an_image_is_not_that_of_the_page():
    image = "<image:image><image:loc>https://img.example/1.jpg</image:loc></image:image>"
    found = document(urls(f"<url>{image}<image:loc>https://img.example/2.jpg</image:loc></url>"))

    assert found.entries == ()
    assert [part.reason for part in found.unreadable] == ["no_link"]


def test_text_may_be_escaped_in_sections_or_broken_over_lines():
    found = document(
        urls(
            "<url><loc>\n <![CDATA[https://news.example/?a=1&b=2]]>\n</loc><news:news><news:title>One\n  &#8230; two"
            "</news:title></news:news></url>"
        )
    )

    assert links(found) == ["https://news.example/?a=1&b=2"]
    assert found.entries[0].title == Content(value="One … two", html=False)
    assert found.warnings == ()


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "windows-1252", "iso-8859-1", "utf-16"])
def test_text_is_read_in_every_encoding(codec: str):
    declaration = f'<?xml version="1.0" encoding="{codec.removesuffix("-sig")}"?>'
    found = document((declaration + urls(url(1, "<news:news><news:title>Été</news:title></news:news>"))).encode(codec))

    assert found.entries[0].title == Content(value="Été", html=False)
    assert found.warnings == ()


def test_bytes_that_are_not_utf_8_are_those_of_windows_1252_and_cost_nothing_else():
    body = urls(url(1, "<news:news><news:title>Ça … là</news:title></news:news>"), url(2), url(3))
    found = document(body.encode().replace(b"/2<", b"/caf\xe9<"))

    assert links(found) == ["https://news.example/1", "https://news.example/café", "https://news.example/3"]
    assert found.entries[0].title == Content(value="Ça … là", html=False)
    assert len(found.warnings) == 1


def test_the_title_is_the_publication_on_which_all_agree():
    def publication(name: str) -> str:
        return f"<news:news><news:publication><news:name>{name}</news:name></news:publication></news:news>"

    assert document(urls(url(1, publication("A")), url(2, publication("A")))).title == "A"
    assert document(urls(url(1, publication("A")), url(2, publication("B")))).title is None
    assert document(urls(url(1, publication("A")), url(2))).title is None
    assert document(urls()).title is None


@pytest.mark.parametrize(
    ("bad", "detail"),
    [
        ("<url><lastmod>2021</lastmod></url>", "without <loc>"),
        ("<url><loc> </loc></url>", "without <loc>"),
        ("<url/>", "without <loc>"),
        ("<url><loc>javascript:alert(1)</loc></url>", "javascript:alert(1)"),
        ("<url><loc>https://</loc></url>", "https://"),
        ("<url><loc>http://[bad/</loc></url>", "http://[bad/"),
        ("<url><loc>mailto:desk@news.example</loc></url>", "mailto:"),
    ],
)
def test_a_url_without_an_http_address_costs_only_itself(bad: str, detail: str):
    found = document(urls(url(1), bad, url(3)))

    assert links(found) == ["https://news.example/1", "https://news.example/3"]
    (unreadable,) = found.unreadable
    assert unreadable.reason == "no_link"
    assert detail in unreadable.detail
    assert unreadable.raw.startswith(b"<url")
    assert found.complete


def test_a_relative_address_is_resolved():
    assert links(document(urls("<url><loc>/a</loc></url>", "<url><loc>b</loc></url>"))) == [
        "https://news.example/a",
        "https://news.example/sitemaps/b",
    ]


@pytest.mark.parametrize(
    "bad",
    [
        "<url><loc>https://news.example/2</url>",
        "<url><loc>https://news.example/2</loc>",
        "<url><loc>https://news.example/2</loc></news></url>",
        "<url><loc>https://news.example/2</loc><news:news><news:title>a < b</news:title></news:news></url>",
        "<url><loc>https://news.example/2</loc><x:y z=1/></url>",
        "<url><loc>https://news.example/2</loc><!-- <url> -- </url> --></url>",
        "<url><loc>https://news.example/2\x08</loc></url>",
    ],
)
def test_a_url_that_is_not_well_formed_is_read_as_far_as_it_goes_and_costs_no_other(bad: str):
    found = document(urls(url(1), bad, url(3, "<lastmod>2021</lastmod>")))

    assert links(found) == [f"https://news.example/{number}" for number in (1, 2, 3)]
    assert found.entries[2].updated == "2021"
    assert found.complete
    assert len(found.warnings) == 1
    assert found.warnings[0].startswith("document: not well-formed: ")


def test_an_address_with_bare_ampersands_is_whole():
    title = "<news:news><news:title>R&D, caf&eacute; &amp; <![CDATA[Q&A]]></news:title></news:news>"
    found = document(urls(f"<url><loc>https://news.example/?a=1&b=2&lt=3</loc>{title}</url>"))

    assert links(found) == ["https://news.example/?a=1&b=2&lt=3"]
    assert found.entries[0].title == Content(value="R&D, café & Q&A", html=False)


def test_thousands_of_urls_that_are_never_closed_are_all_read():
    parts = "".join(f"<url><loc>https://news.example/{number}</loc>" for number in range(3_000))

    assert len(document(f"<urlset>{parts}</urlset>").entries) == 3_000


@pytest.mark.parametrize(
    ("rest", "cut"),
    [
        ("<url><loc>https://news.example/2</lo", b"<url><loc>https://news.example/2</lo"),
        ("<url><loc>https://news.example/2</loc><lastmod>", b"<url><loc>https://news.example/2</loc><lastmod>"),
        ("<url", b"<url"),
        ("<!-- <url> --><url>\n<loc>", b"<url>\n<loc>"),
    ],
)
def test_the_url_that_a_document_breaks_off_in_is_not_read(rest: str, cut: bytes):
    found = document(ROOT + url(1) + rest)

    assert links(found) == ["https://news.example/1"]
    assert not found.complete
    (unreadable,) = found.unreadable
    assert (unreadable.reason, unreadable.raw) == ("truncated", cut)


@pytest.mark.parametrize("rest", ["", "\n", "<", "</url", "</urlset"])
def test_a_document_that_breaks_off_between_urls_is_not_complete(rest: str):
    found = document(ROOT + url(1) + rest)

    assert links(found) == ["https://news.example/1"]
    assert not found.complete
    assert found.unreadable == ()


def test_an_index_lists_its_sitemaps_the_most_recent_first():
    found = parse_sitemap(
        index(
            ("https://news.example/undated.xml", None),
            ("https://news.example/old.xml", "2019"),
            ("https://news.example/monday.xml", "2021-09-06"),
            ("/tuesday.xml", "2021-09-07T00:30:00+02:00"),
            ("https://news.example/noon.xml", "2021-09-06T12:00:00Z"),
            ("https://news.example/strange.xml", "yesterday"),
            ("https://news.example/august.xml", "2021-08"),
            ("https://news.example/monday-too.xml", "2021-09-06"),
        ),
        url=URL,
    )

    assert found == SitemapIndex(
        addresses=tuple(
            f"https://news.example/{name}.xml"
            for name in ("tuesday", "noon", "monday", "monday-too", "august", "old", "undated", "strange")
        )
    )


def test_an_index_names_each_http_address_once():
    found = parse_sitemap(
        index(
            ("https://news.example/a.xml", "2020"),
            ("ftp://news.example/b.xml", "2021"),
            (" ", None),
            ("https://news.example/a.xml", "2021"),
        ),
        url=URL,
    )

    assert isinstance(found, SitemapIndex)
    assert found.addresses == ("https://news.example/a.xml",)
    assert found.warnings == ("document: 2 of 4 sitemaps have no http(s) address",)


def test_an_index_that_breaks_off_is_read_with_a_warning():
    body = index(("https://news.example/a.xml", None), ("https://news.example/b.xml", None))
    found = parse_sitemap(body[: body.index(b"b.xml")], url=URL)

    assert isinstance(found, SitemapIndex)
    assert found.addresses == ("https://news.example/a.xml",)
    assert len(found.warnings) == 1


def test_no_entity_is_expanded_or_fetched(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    bomb = "".join(f'<!ENTITY e{n + 1} "&e{n};&e{n};&e{n};&e{n};">' for n in range(40))
    doctype = f'<!DOCTYPE urlset [<!ENTITY x SYSTEM "{secret.as_uri()}"><!ENTITY e0 "lol">{bomb}]>'
    found = document(doctype + urls(url(1, "<lastmod>&x;</lastmod>"), url(2, "<lastmod>&e40;</lastmod>"), url(3)))

    assert links(found) == [f"https://news.example/{number}" for number in (1, 2, 3)]
    assert "secret" not in repr(found)
    assert "lol" not in repr(found)


def test_fifty_thousand_urls_take_seconds():
    more = "<lastmod>2021-09-06</lastmod><news:news><news:title>Harvest &amp; home</news:title></news:news>"
    body = urls(*(url(number, more) for number in range(50_000))).encode()
    with must_end():
        assert len(document(body).entries) == 50_000


@pytest.mark.parametrize(
    "body",
    [
        b"<urlset>" + b"<url>" * 20_000,
        b"<urlset>" + b"<![CDATA[" * 200_000,
        b"<urlset>" + b"<!--" * 200_000,
        b"<urlset><url><loc>" + b"&" * 500_000,
        b"<urlset " + b" ".join(b'a%d=""' % number for number in range(40_000)) + b">" + b"<url><loc>x" * 5_000,
        b"<urlset>" + b"</ " * 500_000,
        b"<urlset><url>" + b"<a>" * 100_000,
    ],
    ids=["urls", "sections", "comments", "ampersands", "attributes", "ends", "depth"],
)
def test_a_hostile_sitemap_takes_time_in_proportion(body: bytes):
    with must_end():
        assert not document(body).complete
