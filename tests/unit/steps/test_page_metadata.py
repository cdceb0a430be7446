"""What a page says about its article. Every page here is invented."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from worker.model.entry import Media
from worker.model.page import Page
from worker.steps.page import read_page

PAGES = Path(__file__).parents[2] / "data" / "pages"
URL = "https://courier.example/news/story"
STORY = "".join(
    f"<p>The council met on day {number}, and voted to keep the old ferry running until the spring.</p>"
    for number in range(5)
)


def read(head: str, *, body: str = "", root: str = "<html>", url: str = URL) -> Page:
    markup = f"<!DOCTYPE html>{root}<head>{head}</head><body>{body}<article>{STORY}</article></body></html>"
    page = read_page(markup.encode(), url=url, content_type="text/html; charset=utf-8")
    assert isinstance(page, Page), page
    return page


def linked(*things: dict[str, Any]) -> str:
    return f'<script type="application/ld+json">{json.dumps(list(things))}</script>'


def test_a_graph_with_references_gives_every_field():
    page = read_page((PAGES / "harbour.html").read_bytes(), url=URL, content_type=None)
    assert isinstance(page, Page)
    assert page.headline == "Harbour bridge reopens after storm"
    assert page.byline == "Ada Holm, Ben Osei"
    assert page.publisher == "The Norwick Courier"
    assert page.published == "2031-02-03T09:15:00+01:00"
    assert page.updated == "2031-02-03T11:40:00+01:00"
    assert page.language == "en-GB"
    assert page.section == "Transport"
    assert page.tags == ("bridges", "storms")
    assert page.canonical_url == "https://courier.example/news/2031/harbour-bridge-reopens"
    assert page.media == (
        Media(url="https://media.courier.example/bridge-large.jpg"),
        Media(url="https://media.courier.example/bridge.jpg"),
    )
    assert page.warnings == ()


def test_a_page_that_says_nothing_of_itself_gets_nothing_invented():
    page = read("")
    assert (page.headline, page.byline, page.publisher, page.published, page.updated) == (None,) * 5
    assert (page.language, page.section, page.canonical_url, page.tags, page.media) == (None, None, None, (), ())


def test_meta_elements_stand_in_for_json_ld():
    page = read(
        '<meta property="og:title" content="Ferry stays"><meta name="parsely-author" content="by Ada Holm">'
        '<meta property="article:published_time" content="2031-02-03">'
        '<meta name="dcterms.modified" content="2031-02-04">'
        '<meta property="og:locale" content="de_AT"><meta name="news_keywords" content="ferry, island; ferry">'
        '<meta property="og:url" content="/ferry"><meta property="article:section" content="Transport">'
    )
    assert (page.headline, page.byline) == ("Ferry stays", "Ada Holm")
    assert (page.published, page.updated) == ("2031-02-03", "2031-02-04")
    assert (page.language, page.section, page.tags) == ("de-AT", "Transport", ("ferry", "island"))
    assert page.canonical_url == "https://courier.example/ferry"


def test_microdata_and_what_readers_see_come_last():
    page = read(
        "<title>Ferry stays - The Courier</title>",
        body='<h1>Ferry stays</h1><span class="post-author">By Ada Holm</span>'
        '<time datetime="2031-02-03T10:00Z">today</time><meta itemprop="dateModified" content="2031-02-04">',
    )
    assert (page.headline, page.byline) == ("Ferry stays", "Ada Holm")
    assert (page.published, page.updated) == ("2031-02-03T10:00Z", "2031-02-04")


def test_the_name_of_the_site_is_no_part_of_the_headline():
    site = '<meta property="og:site_name" content="The Courier">'
    assert read(f"<title>Ferry stays | The Courier</title>{site}").headline == "Ferry stays"
    assert read(f"<title>Ferry stays - and so do we</title>{site}").headline == "Ferry stays - and so do we"
    seen = read(f"<title>Ferry stays | The Courier</title>{site}", body="<h1>The Courier</h1>")
    assert seen.headline == "Ferry stays"


def test_the_article_with_the_page_s_address_is_the_page_s():
    page = read(
        linked(
            {
                "@type": "NewsArticle",
                "url": "https://courier.example/other",
                "headline": "Other",
                "author": "B",
                "a": 1,
            },
            {"@type": ["Thing", "NewsArticle"], "mainEntityOfPage": {"@id": URL}, "headline": "Ferry stays"},
        )
    )
    assert (page.headline, page.byline) == ("Ferry stays", None)


@pytest.mark.parametrize(
    ("author", "byline"),
    [
        ("By Ada Holm", "Ada Holm"),
        ({"@type": "Person", "name": " Ada  Holm "}, "Ada Holm"),
        ([{"name": "Ada Holm"}, {"name": "Ben Osei"}, "Ada Holm"], "Ada Holm, Ben Osei"),
        ("https://social.example/ada", None),
        ({"@type": "Person"}, None),
        ([None, 7, {"name": ["x"]}], None),
        ("x" * 200, None),
    ],
)
def test_authors_come_in_many_shapes(author: object, byline: str | None):
    assert read(linked({"@type": "NewsArticle", "author": author})).byline == byline


@pytest.mark.parametrize(
    ("link", "canonical"),
    [
        ("https://courier.example/a?id=1", "https://courier.example/a?id=1"),
        ("../a", "https://courier.example/a"),
        ("https://ada:secret@courier.example:8443/a", "https://courier.example:8443/a"),
        ("javascript:alert(1)", None),
        ("data:text/html,a", None),
        ("https://[broken/a", None),
        ("https://courier.example:port/a", None),
        ("https://courier.example/", None),
        ("", None),
    ],
)
def test_the_canonical_link_is_an_address_of_http_for_this_page(link: str, canonical: str | None):
    assert read(f'<link rel="canonical" href="{link}">').canonical_url == canonical


def test_links_are_resolved_against_the_base_of_the_page():
    page = read('<base href="https://cdn.example/x/"><meta property="og:image" content="a.jpg">')
    assert page.media == (Media(url="https://cdn.example/x/a.jpg"),)


@pytest.mark.parametrize(
    "script",
    ["{", "[" * 100_000, '{"@type": "NewsArticle", "headline": ' + "9" * 5_000 + "}", "null", '"text"', "{}", ""],
)
def test_json_ld_that_is_broken_costs_nothing_else(script: str):
    page = read(f'<title>Ferry stays</title><script type="application/ld+json">{script}</script>')
    assert page.headline == "Ferry stays"
    assert len(page.paragraphs) == 5


def test_line_breaks_within_json_strings_are_read():
    page = read('<script type="application/ld+json">{"@type": "Article", "headline": "Ferry\nstays"};</script>')
    assert page.headline == "Ferry stays"


def test_a_date_that_nobody_has_given_is_none():
    assert read('<meta property="article:published_time" content="0001-01-01T00:00:00Z">').published is None


def test_a_box_about_the_writer_is_no_byline():
    box = '<div class="author">Ada Holm has written about ships and those who sail them since 1998, from Norwick.</div>'
    assert read("", body=box).byline is None
