"""The main text of a page. Every page here is invented."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.model.page import Page
from worker.steps.page import read_page

PAGES = Path(__file__).parents[2] / "data" / "pages"
URL = "https://courier.example/news/story"
LONG = "The council met on Tuesday evening, and voted to keep the old ferry running until the spring."
LONGER = "Nobody spoke against it, although the cost of the crew alone has doubled within the last four years."
LAST = "The decision has to be approved by the county, which is expected to look at it before the end of May."


def read(body: str, *, head: str = "", url: str = URL) -> Page:
    markup = f"<!DOCTYPE html><html><head><title>A story</title>{head}</head><body>{body}</body></html>"
    page = read_page(markup.encode(), url=url, content_type="text/html; charset=utf-8")
    assert isinstance(page, Page), page
    return page


def paragraphs(body: str, *, head: str = "") -> tuple[str, ...]:
    return read(body, head=head).paragraphs


def story(*extra: str) -> str:
    return f"<article><p>{LONG}</p>{''.join(extra)}<p>{LONGER}</p><p>{LAST}</p></article>"


def test_a_whole_page_gives_the_story_and_nothing_around_it():
    page = read_page((PAGES / "harbour.html").read_bytes(), url=URL, content_type="text/html")
    assert isinstance(page, Page)
    assert page.paragraphs == (
        "NORWICK — The harbour bridge reopened on Monday, eleven days after a storm had torn out two of its cables.",
        "“It is as safe as on the day that it was built,” said Mara Quist, the city’s engineer.",  # noqa: RUF001 - as typeset
        "What was repaired",
        "two cables on the northern side;",
        "forty metres of railing.",
        "Nobody crossed without looking down, a driver wrote to this newspaper.",
        "The work cost 3.2 million crowns.",
        "The city pays half of it.",
    )


@pytest.mark.parametrize(
    "between",
    [
        '<div class="newsletter-signup"><p>Have the letter that we write every morning, before you wake.</p></div>',
        '<div class="caption">The ferry at its berth, with the lights of the town behind it.</div>',
        '<div class="articleRelatedLinks"><p>Another story, which has its own sentences.</p></div>',
        '<div style="display: none">A copy of the text for machines, long enough to be taken for prose.</div>',
        '<div role="complementary">Facts about ferries, collected by our staff, in a box of their own.</div>',
        "<aside><p>Facts about ferries, collected by our staff, in a box of their own.</p></aside>",
        "<script>var words = 'A sentence in a script, which no reader sees.';</script>",
        "<noscript>Please enable JavaScript to see the pictures of this story, which are many.</noscript>",
        "<article><p>A teaser of another story, with a sentence, and a bit more.</p></article>",
        "<p>Advertisement</p>",
        "<p>ADVERTISEMENT:</p>",
        "<p>Iklan</p>",
        "<p>* * *</p>",
        '<p>READ MORE: <a href="/other">The ferry that never came</a></p>',
        '<p><a href="/other">The ferry that never came to the town</a></p>',
        "<p>Click here to subscribe to our letter.</p>",
        "<p>(Image: GETTY)</p>",
        "<p>© Jane Roe A ferry on its way to the island</p>",
        '<p>[button link="/kit"]Send us your kit[/button]</p>',
        "<table><tr><td>Year</td><td>Passengers</td></tr><tr><td>2030</td><td>81,000</td></tr></table>",
    ],
)  # fmt: skip
def test_what_stands_between_the_paragraphs_is_left_out(between: str):
    assert paragraphs(story(between)) == (LONG, LONGER, LAST)


@pytest.mark.parametrize(
    ("between", "kept"),
    [
        ("<h2>A long evening</h2>", ("A long evening",)),
        ("<ul><li>first, the crew</li><li>second, the fuel</li></ul>", ("first, the crew", "second, the fuel")),
        ("<h1>A long evening</h1>", ("A long evening",)),
        ("<p>Published in May, the report says more.</p>", ("Published in May, the report says more.",)),
        ("<blockquote>We stay, they said.</blockquote>", ("We stay, they said.",)),
        ("<p>One line.<br>Another line.</p>", ("One line.", "Another line.")),
        ("<p>It ended <a href='/x'>early</a>, as <b>always</b>.</p>", ("It ended early, as always.",)),
        ("<p>a&nbsp;&amp;&nbsp;b, e\u0301t\u00ade.</p>", ("a & b, \u00e9te.",)),
        (
            '<blockquote class="twitter-tweet"><p>We stay!</p>&mdash; <a href="//t.example/1">May 1</a></blockquote>',
            ("We stay!", "— May 1"),
        ),
        (
            '<p>See <a href="x">it<span style="position:absolute;clip:rect(0 0 0 0)">, opens new tab</span></a>.</p>',
            ("See it.",),
        ),
        ("<ul><li><a href='https://a.example/1'>the law itself</a></li></ul>", ("the law itself",)),
    ],
)  # fmt: skip
def test_what_is_the_story_is_kept(between: str, kept: tuple[str, ...]):
    assert paragraphs(story(between)) == (LONG, *kept, LONGER, LAST)


def test_headline_kicker_and_date_before_the_first_paragraph_are_left_out():
    body = f"<div><div>Politics</div><h1>Ferry stays</h1><div>Published 3 May 2031, 10:15</div>{story()}</div>"
    assert paragraphs(body) == (LONG, LONGER, LAST)


def test_a_class_that_a_tool_made_up_means_nothing():
    assert paragraphs(story('<div class="sc-hfAdXq">It rained.</div>')) == (LONG, "It rained.", LONGER, LAST)


def test_contact_lines_and_idle_headings_at_the_end_are_left_out():
    body = f"<div><p>{LONG}</p><p>{LAST}</p><p>Write to Ada Holm at ada@courier.example</p><h3>More</h3></div>"
    assert paragraphs(body) == (LONG, LAST)


def test_a_list_of_links_goes_with_its_heading():
    links = "".join(f'<li><a href="/{n}">Another story of the paper, number {n}</a></li>' for n in range(4))
    assert paragraphs(story(f"<h3>What others read</h3><ul>{links}</ul>")) == (LONG, LONGER, LAST)


def test_a_pull_quote_is_said_once():
    assert paragraphs(story(f"<blockquote>{LONGER[:60]}</blockquote>")) == (LONG, LONGER, LAST)


def test_comments_are_no_story_however_long():
    comments = "".join(f"<p>{number}. {LONG} {LONGER}</p>" for number in range(40))
    body = f'<div>{story()}<div id="comments">{comments}</div></div>'
    assert paragraphs(body) == (LONG, LONGER, LAST)


def test_a_name_that_sounds_like_an_advertisement_does_not_cost_the_story():
    """Designers call the element around everything page-with-ads, has-sidebar, paywall-overlay."""
    assert paragraphs(f'<div class="page has-ad-banner no-sidebar">{story()}</div>') == (LONG, LONGER, LAST)


def test_the_text_of_the_metadata_outweighs_a_misleading_name():
    """The story's own element is called a promotion, and is less than half of the page's text."""
    text = f"{LONG} {LONGER} {LAST} {LONG.upper()}"
    other = "".join(
        f"<p>Rain is expected on day {n}, and wind from the north, with showers at sea.</p>" for n in range(30)
    )
    body = f'<main><div class="promo"><p>{LONG}</p><p>{LONGER}</p><p>{LAST}</p></div><div>{other}</div></main>'
    head = f'<script type="application/ld+json">{{"@type": "NewsArticle", "articleBody": "{text}"}}</script>'
    assert paragraphs(body, head=head) == (LONG, LONGER, LAST)


def test_the_element_that_says_it_is_the_story_is_believed():
    other = f"<p>{'Rain is expected, and wind from the north, with showers at sea. ' * 3}</p>"
    body = f'<main><div itemprop="articleBody"><p>{LONG}</p><p>{LAST}</p></div><div>{other}</div></main>'
    assert paragraphs(body) == (LONG, LAST)


def test_a_page_laid_out_with_a_table_keeps_its_text():
    body = f"<table><tr><td><a href='/'>Home</a></td><td>{LONG}<br><br>{LAST}</td></tr></table>"
    assert LONG in " ".join(paragraphs(body))


def test_a_page_that_scripts_fill_gives_the_text_of_its_metadata():
    text = rf"{LONG}\n{LONGER}\n{LAST}\n{LONG}"
    head = f'<script type="application/ld+json">{{"@type": "NewsArticle", "articleBody": "{text}"}}</script>'
    page = read('<div id="root"></div>', head=head)
    assert page.paragraphs == (LONG, LONGER, LAST, LONG)
    assert page.warnings == ("page: the text is that of its metadata, the page itself shows none",)


def test_a_story_behind_a_paywall_says_so():
    head = '<script type="application/ld+json">{"@type": "NewsArticle", "isAccessibleForFree": "False"}</script>'
    assert read(story(), head=head).warnings == (
        "page: the publisher shows a part of the story to those who do not pay",
    )


def test_text_without_spaces_between_words_is_read():
    text = "港の橋は月曜日に再開した。嵐で二本のケーブルが切れてから十一日が過ぎていた。" * 3
    assert paragraphs(f"<article><p>{text}</p><p>{text}再び。</p></article>") == (text, f"{text}再び。")


@pytest.mark.parametrize(
    "markup", ["<html><title>A story</title>{}", "<title>A story</title>{}", "<html><head><title>A story</title>{}"]
)
def test_a_page_need_not_say_where_its_head_ends(markup: str):
    page = read_page(("<!doctype html>" + markup.format(story())).encode(), url=URL, content_type="text/html")
    assert isinstance(page, Page), page
    assert page.paragraphs == (LONG, LONGER, LAST)
