"""The pages over HTTP: what they say, what they refuse, and that strangers' words stay words."""

from __future__ import annotations

from contextlib import asynccontextmanager
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import aiohttp
import orjson
import pytest
from hypothesis import given, strategies as st

from tests.newsroom import Newsroom, feed
from worker.edges.pages.marks import marked_text
from worker.edges.pages.markup import Html, tag, text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HOSTILE = "</td><script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp;\x00"
PATHS = ("/", "/feeds", "/feeds/a", "/articles", "/config", "/static/style.css", "/static/page.js", "/static/icon.svg")
TWINS = ("/api/status", "/api/feeds", "/api/feeds/a", "/api/articles", "/api/config")


@asynccontextmanager
async def served(room: Newsroom) -> AsyncIterator[aiohttp.ClientSession]:
    server = room.server()
    base = await server.start()
    try:
        async with aiohttp.ClientSession(base) as session:
            yield session
    finally:
        await server.stop()


async def read(session: aiohttp.ClientSession, path: str, *, status: int = 200) -> str:
    async with session.get(path) as answer:
        assert answer.status == status, await answer.text()
        return await answer.text()


@pytest.mark.parametrize("path", [*PATHS, *TWINS])
async def test_each_address_answers_get_and_head_with_strict_headers_and_without_cookies(path: str):
    async with served(Newsroom(feed("a"))) as session:
        for method in ("GET", "HEAD"):
            async with session.request(method, path) as answer:
                assert answer.status == 200
                policy = answer.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy
                assert "unsafe" not in policy
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert answer.headers["Referrer-Policy"] == "no-referrer"
                assert "Set-Cookie" not in answer.headers
                assert bool(await answer.read()) == (method == "GET")


@pytest.mark.parametrize("path", ["/", "/feeds", "/feeds/a", "/api/feeds", "/config"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_nothing_can_be_changed(path: str, method: str):
    async with served(Newsroom(feed("a"))) as session, session.request(method, path) as answer:
        assert answer.status == 405


@pytest.mark.parametrize("path", ["/feeds/b", "/api/feeds/b", "/static/routes.py", "/static/..%2froutes.py"])
async def test_what_is_not_there_is_not_found(path: str):
    async with served(Newsroom(feed("a"))) as session:
        await read(session, path, status=404)


@pytest.mark.parametrize(("path", "probe"), [("/healthz", "/-/healthy"), ("/readyz", "/-/ready")])
async def test_health_answers_by_both_of_its_names(path: str, probe: str):
    room = Newsroom(feed("a"))
    async with served(room) as session:
        assert await read(session, path) == await read(session, probe) == "ok\n"
        room.not_ready = "waiting for the ledger"
        if path == "/readyz":
            assert await read(session, probe, status=503) == "waiting for the ledger\n"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("page=0", "page must be a number from 1 to 1000000"),
        ("page=-1", "page must be"),
        ("page=x", "page must be"),
        ("page=²", "page must be"),
        ("limit=501", "limit must be a number from 1 to 500"),
        ("limit=99999999999999999999", "limit must be"),
        ("state=well", "state must be one of new, active, moved, failing, paused, gone"),
        ("sort=password", "sort must be one of id, title, state, polled, next, failures"),
    ],
)
async def test_a_question_that_makes_no_sense_is_answered_with_what_would(query: str, said: str):
    async with served(Newsroom(feed("a"))) as session:
        assert orjson.loads(await read(session, f"/api/feeds?{query}", status=400))["error"].startswith(said)
        assert said in await read(session, f"/feeds?{query}", status=400)


async def test_the_twin_of_the_feeds_page_gives_pages():
    room = Newsroom(*(feed(f"f{number}") for number in range(5)))
    async with served(room) as session:
        answer = orjson.loads(await read(session, "/api/feeds?limit=2&page=3&sort=id"))

    assert [row["id"] for row in answer["feeds"]] == ["f4"]
    assert answer["feeds"][0]["last_poll"] is None
    assert (answer["page"], answer["pages"], answer["matched"]) == (3, 3, 5)
    assert answer["counts"] == {"new": 5}


async def test_links_of_the_feeds_page_keep_what_was_asked_for():
    room = Newsroom(*(feed(f"id{number}") for number in range(5)))
    async with served(room) as session:
        page = await read(session, "/feeds?limit=2&q=id&sort=-failures&state=new")

    assert 'href="/feeds?q=id&amp;state=new&amp;sort=-failures&amp;limit=2&amp;page=2"' in page
    assert 'href="/feeds?q=id&amp;state=new&amp;sort=failures&amp;limit=2"' in page
    assert 'aria-sort="descending"' in page


async def test_what_strangers_write_never_becomes_markup():
    a = feed("a", title=HOSTILE)
    room = Newsroom(a)
    room.poll(a, status="failing", failures=1)
    room.config = {"name": HOSTILE}
    async with served(room) as session:
        for path in ("/feeds", "/feeds/a", "/config", f"/feeds?q={HOSTILE.replace('&', '%26')}"):
            page = await read(session, path)
            found = _Elements.of(page)
            assert found.count("script") == 1, path
            assert "img" not in found, path
            assert "\x00" not in page


async def test_the_pages_of_a_sample_mark_the_facts_of_an_article():
    wire = feed("wire")
    room = Newsroom(wire)
    room.read(wire, "world-wire.rss.xml")
    async with served(room) as session:
        page = await read(session, "/articles")
        detail = await read(session, "/feeds/wire")
        twin = orjson.loads(await read(session, "/api/articles"))

    assert 'title="person: Volodymyr Zelenskyy">Volodymyr Zelenskyy</mark>' in page
    assert '<mark class="figure"' in page
    assert "5 new" in detail
    assert len(twin["articles"]) == 5
    assert twin["articles"][0]["message"]["source"]["feed_id"] == "wire"


async def test_the_configuration_is_shown_without_its_feeds():
    room = Newsroom(feed("a"))
    room.config = {"name": "harbour", "feeds": [{"url": "https://a.example/feed"}]}
    async with served(room) as session:
        assert orjson.loads(await read(session, "/api/config")) == {"name": "harbour"}
        assert "a.example" not in await read(session, "/config")


def test_marks_nest_and_one_that_crosses_another_is_left_out():
    message = {
        "text": "abcdefghij",
        "quotes": [{"start": 1, "end": 6, "speaker": "A <b>"}],
        "figures": [{"start": 2, "end": 4, "value": 7, "noun": "cats"}, {"start": 5, "end": 8}],
        "places": [{"name": "Kyiv", "mentions": [{"start": 8, "end": 10}, {"start": 9, "end": 99}]}],
    }
    assert marked_text(message) == (
        'a<mark class="quote" title="quotation: A &lt;b&gt;">b<mark class="figure" title="figure: 7 cats">cd</mark>'
        'ef</mark>gh<mark class="place" title="place: Kyiv">ij</mark>'
    )


@given(st.text(), st.lists(st.tuples(st.integers(-1, 12), st.integers(-1, 12))))
def test_marking_changes_no_letter_of_a_text(body: str, spans: list[tuple[int, int]]):
    marked = marked_text({"text": body, "figures": [{"start": start, "end": end} for start, end in spans]})
    elements = _Elements()
    elements.feed(f"<p>{marked}</p>")
    assert elements.depth == 0
    assert elements.said == str(_Elements.text_of(text(body)))


def test_an_attribute_that_is_none_or_false_is_left_out():
    assert tag("input", value='"', data_search=True, hidden=False, class_=None) == '<input value="&quot;" data-search>'
    assert tag("b", Html("<i>"), "<i>") == "<b><i>&lt;i&gt;</b>"


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.names: list[str] = []
        self.depth = 0
        self.said = ""

    @classmethod
    def of(cls, page: str) -> list[str]:
        found = cls()
        found.feed(page)
        return found.names

    @classmethod
    def text_of(cls, markup: str) -> str:
        found = cls()
        found.feed(f"<p>{markup}</p>")
        return found.said

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.names.append(tag)
        self.depth += 1

    def handle_endtag(self, tag: str) -> None:
        self.depth -= 1

    def handle_data(self, data: str) -> None:
        self.said += data
