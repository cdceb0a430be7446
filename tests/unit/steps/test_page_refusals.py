"""Answers without a story, bytes in every charset, and pages that nobody wrote by hand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from tests.hang import must_end
from worker.model.page import NotAPage, Page
from worker.steps.page import read_page

URL = "https://courier.example/news/story"
SENTENCE = "The council met on Tuesday evening, and voted to keep the old ferry running until the spring."
PARAGRAPHS = "".join(f"<p>{SENTENCE} ({number})</p>" for number in range(10))


def reason(body: bytes | str, content_type: str | None = "text/html") -> str | None:
    answer = read_page(body.encode() if isinstance(body, str) else body, url=URL, content_type=content_type)
    return answer.reason if isinstance(answer, NotAPage) else None


def page(title: str, body: str) -> str:
    return f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{body}</body></html>"


@pytest.mark.parametrize("body", [b"", b" \r\n\t", b"\xef\xbb\xbf", b"\x00\x00"])
def test_a_body_of_nothing_is_empty(body: bytes):
    assert reason(body) == "empty"


@pytest.mark.parametrize(
    "body",
    [
        b"%PDF-1.7 some text in it",
        b'{"story": "<p>A story in JSON.</p>"}',
        b"Plain text, with a sentence.",
        b'<?xml version="1.0"?><!-- a feed --><rss version="2.0"><channel><title>x</title></channel></rss>',
        b'<?xml version="1.0"?><urlset xmlns="x"><url><loc>https://a.example/</loc></url></urlset>',
    ],
)
def test_other_files_are_no_html_whatever_the_header_says(body: bytes):
    assert reason(body) == "not_html"


def test_bytes_that_are_no_text_are_undecodable():
    assert reason(b"<html><body>" + bytes(range(128, 256)) * 20, "text/html; charset=utf-8") == "undecodable"


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("Just a moment...", "<p>Checking your browser before you can go on to courier.example, which is quick.</p>"),
        ("courier.example", "<p>Please enable JavaScript and cookies in your browser to go on to this page.</p>"),
        ("Access Denied", f"<p>{SENTENCE}</p>"),
        ("404 Not Found", "<p>We are sorry, the page that you asked for is not here. Try our front page.</p>"),
        ("The Courier", "<p>Sorry, the story you are looking for could not be found. Perhaps it has moved.</p>"),
        (
            "Log in | The Courier",
            "<form><input type=password></form><p>Readers with an account go on here, please.</p>",
        ),
        ("The Courier", '<div id="root"></div><script>start();</script>'),
        ("A story", "<nav><ul><li><a href='/'>Home</a></li></ul></nav><p>Loading</p>"),
    ],
)
def test_a_page_that_stands_in_for_the_story_has_no_text(title: str, body: str):
    assert reason(page(title, body)) == "no_text"


def test_a_list_of_stories_is_no_story():
    teasers = "".join(f"<h2><a href='/{n}'>Story {n}</a></h2><p>{SENTENCE} ({n})</p>" for n in range(8))
    assert reason(page("The Courier", f"<main>{teasers}</main>")) == "no_text"


def test_a_list_of_what_others_sell_is_a_story():
    deals = "".join(
        f"<h2><a href='https://shop.example/{n}'>Deal {n}</a></h2><p>{SENTENCE} ({n})</p>" for n in range(8)
    )
    assert reason(page("Eight deals", f"<main>{deals}</main>")) is None


@pytest.mark.parametrize(
    "title", ["500 people leave the island", "Forbidden City reopens", "Verify: is the ferry late?"]
)
def test_a_short_story_whose_title_begins_like_that_of_an_error_is_a_story(title: str):
    assert reason(page(title, f"<p>{SENTENCE}</p><p>The roads to the port have been blocked by snow.</p>")) is None


def test_a_story_about_such_pages_is_a_story():
    body = f"<article><p>“Just a moment”, it said: please enable JavaScript to go on.</p>{PARAGRAPHS}</article>"
    assert reason(page("Why pages ask you to wait", body)) is None


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("é – “x”".encode(), None, "é – “x”"),  # noqa: RUF001 - as typeset
        (b"\xef\xbb\xbf" + "é".encode(), "text/html; charset=iso-8859-1", "é"),
        ("é – “x”".encode("cp1252"), "text/html; charset=ISO-8859-1", "é – “x”"),  # noqa: RUF001 - as typeset
        ("é".encode("cp1252"), None, "é"),
        ("é".encode(), "text/html; charset=latin-1", "é"),
        ("жук".encode("cp1251"), "text/html; charset=x-cp1251", "жук"),
        ("жук".encode("koi8-r"), "text/html;charset='koi8-r'", "жук"),
        ("日本".encode("shift_jis"), "text/html; charset=x-sjis", "日本"),
        ("中文".encode("gb18030"), "text/html; charset=gb2312", "中文"),
        ("é".encode(), "text/html; charset=nonsense", "é"),
        ("é".encode(), "text/html; charset=punycode", "é"),
    ],
)  # fmt: skip
def test_a_page_is_decoded_as_browsers_do(body: bytes, content_type: str | None, text: str):
    start, end = b"<html><body><article><p>", b" " + SENTENCE.encode() + b"</p></article></body></html>"
    mark = b"\xef\xbb\xbf"
    whole = mark + start + body.removeprefix(mark) + end if body.startswith(mark) else start + body + end
    answer = read_page(whole, url=URL, content_type=content_type)
    assert isinstance(answer, Page)
    assert answer.paragraphs == (f"{text} {SENTENCE}",)


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_told_by_its_mark(codec: str):
    body = ("\ufeff" + page("x", f"<p>{SENTENCE} é</p>")).encode(codec)
    answer = read_page(body, url=URL, content_type="text/html")
    assert isinstance(answer, Page)
    assert answer.paragraphs == (f"{SENTENCE} é",)


def test_the_charset_of_the_page_counts_when_the_header_has_none():
    declared = '<meta http-equiv=Content-Type content="text/html; charset=windows-1250">'
    body = f"<html><head>{declared}</head><body><p>{SENTENCE} řeka</p></body>"
    answer = read_page(body.encode("cp1250"), url=URL, content_type="text/html")
    assert isinstance(answer, Page)
    assert answer.paragraphs == (f"{SENTENCE} řeka",)


HOSTILE = {
    "nested deep": "<div>" * 200_000,
    "never closed": "<span><p>x" * 200_000,
    "end tags that fit nothing": "<i>" * 500 + "</b>" * 500_000,
    "attributes": "<p " + " ".join(f"a{number}=1" for number in range(100_000)) + ">",
    "a script without end": "<script>" + "<!--<script>" * 200_000,
    "angle brackets": "<" * 2_000_000,
    "comments in front": "<!-- x -->" * 200_000,
    "articles in articles": "<article>" * 500 + "<article>x</article>" * 100_000,
    "names": "<div class='author comments popup' itemprop=author>" * 500 + PARAGRAPHS * 500,
    "one long word": "<p>" + "a" * 2_000_000,
    "combining marks": "<p>a" + "\u0301\u0316" * 500_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_page_takes_bounded_time(name: str):
    """Ten seconds are the limit for 5 MB on a busy machine; in processor time each of these takes less than one."""
    markup = f"<html><body>{PARAGRAPHS}{HOSTILE[name]}"
    with must_end():
        answer = read_page(markup.encode(), url=URL, content_type=None)
    assert isinstance(answer, Page | NotAPage)


def test_what_comes_before_too_deep_nesting_is_read_with_a_warning():
    answer = read_page(f"<article>{PARAGRAPHS}</article>{'<div>' * 1_000}".encode(), url=URL, content_type=None)
    assert isinstance(answer, Page)
    assert len(answer.paragraphs) == 10
    assert answer.warnings == ("page: only its beginning was read, it is too large or nested too deep",)


PIECES = st.sampled_from([
    "<p>", "</p>", "<div class='comments'>", "</div>", "<article>", "</article>", "<a href='https://[x'>", "</a>",
    "<br>", "<h1>", "</h1>", "<title>", "</title>", "<script type='application/ld+json'>", "</script>",
    '{"@type":"NewsArticle",', '"author":[{"name":null}]}', "<meta property='og:image' content='//['>",
    "<base href='http://['>", "<ul><li>", "<table><tr><td>", "<time datetime=x>", "<html lang='_'>", SENTENCE,
    "&#0;&#xD800;&amp", "\x00", "\ud7ff", "<!--", "<",
])  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(st.binary(), st.lists(PIECES, max_size=40).map(lambda pieces: "".join(pieces).encode())),
    st.one_of(st.none(), st.text(max_size=20), st.just("text/html; charset=utf-16")),
    st.sampled_from([URL, "", "not an address", "http://[", "https://a.example:99999/x"]),
)
def test_no_bytes_raise(body: bytes, content_type: str | None, url: str):
    answer = read_page(body, url=url, content_type=content_type)
    assert isinstance(answer, NotAPage) or all(text == text.strip() != "" for text in answer.paragraphs)
