"""Feeds with `content: page`, and indexes of sitemaps: a worker as a process, over real HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest
from werkzeug import Request, Response

from tests.integration.harness import Deployment, Process, until
from tests.schema import validate
from worker.edges.sqlite import SqliteReader

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_httpserver import HTTPServer

STORY = (
    "The harbour of Tarn was closed on Sunday after a freighter ran aground in heavy fog, the port authority said.",
    "Two tugs from Orlen tried through the night to pull the ship free, but the tide was too low until the morning.",
    "Nobody was hurt, and no oil has been seen on the water, a spokeswoman for the coast guard told reporters.",
    "The owner of the ship, a company from Velm, said that it would pay for the salvage and for the lost trade.",
)


def page(*paragraphs: str) -> str:
    story = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return f"<!doctype html><html lang=en><title>T</title><article><h1>Harbour closed</h1>{story}</article></html>"


def feed(base: str, *names: str) -> str:
    items = "".join(
        f"<item><guid isPermaLink='false'>{name}</guid><link>{base}/{name}</link><title>Story {name}</title>"
        f"<description>Summary of {name}.</description></item>"
        for name in names
    )
    return f"<rss version='2.0'><channel><title>T</title>{items}</channel></rss>"


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    return Deployment(tmp_path, None)


def published(deployment: Deployment) -> list[dict[str, Any]]:
    reader = SqliteReader(deployment.sqlite_path, from_beginning=True)
    try:
        messages = [orjson.loads(record.value) for record in reader.read(timeout_seconds=0)]
    finally:
        reader.close()
    for message in messages:
        validate(message)
    return messages


def asked(httpserver: HTTPServer) -> list[str]:
    return [request.path for request, _ in httpserver.log]


def test_the_text_comes_from_the_page_where_robots_txt_allows_it(
    deployment: Deployment, httpserver: HTTPServer, start: Callable[..., Process]
) -> None:
    base = httpserver.url_for("").rstrip("/")
    httpserver.expect_request("/feed").respond_with_data(feed(base, "open", "private/1"))
    httpserver.expect_request("/robots.txt").respond_with_data("User-agent: Dateline\nDisallow: /private/\n")
    httpserver.expect_request("/open").respond_with_data(page(*STORY), content_type="text/html; charset=utf-8")
    httpserver.expect_request("/private/1").respond_with_data(page(*STORY), content_type="text/html")
    process = start(deployment.write([{"url": f"{base}/feed", "content": "page"}]), "--once")
    assert process.popen.wait(60) == 0, process.output

    said = {message["source"]["guid"]: message for message in published(deployment)}
    assert [paragraph["text"] for paragraph in said["open"]["paragraphs"]] == list(STORY)
    assert said["open"]["source"]["content_from"] == "page"
    assert said["private/1"]["source"]["content_from"] == "feed"
    assert said["private/1"]["extraction"]["warnings"] == [
        "page: robots.txt does not allow it; the text is that of the feed"
    ]
    assert sorted(asked(httpserver)) == ["/feed", "/open", "/robots.txt"]


def test_a_page_that_fails_holds_up_its_entry_until_it_answers_and_the_feed_is_read_again(
    deployment: Deployment, httpserver: HTTPServer, start: Callable[..., Process]
) -> None:
    base = httpserver.url_for("").rstrip("/")
    answers = [Response(status=500), Response(page(*STORY), content_type="text/html")]
    conditional: list[bool] = []

    def serve_feed(request: Request) -> Response:
        conditional.append("If-None-Match" in request.headers)
        if request.headers.get("If-None-Match") == '"1"':
            return Response(status=304)
        return Response(feed(base, "a"), headers={"ETag": '"1"'})

    httpserver.expect_request("/robots.txt").respond_with_data("", status=404)
    httpserver.expect_request("/feed").respond_with_handler(serve_feed)
    httpserver.expect_request("/a").respond_with_handler(lambda _: answers.pop(0))
    process = start(deployment.write([{"url": f"{base}/feed", "content": "page"}]))
    until(lambda: len(conditional) >= 4 and conditional[-1], what=lambda: process.output)
    assert process.end() == 0

    [message] = published(deployment)
    assert message["source"]["content_from"] == "page"
    # The validator is sent back only once the page was had.
    assert conditional[:2] == [False, False]
    assert all(conditional[2:])
    assert asked(httpserver).count("/a") == 2
    assert asked(httpserver).count("/robots.txt") == 1


def test_a_page_that_is_gone_withdraws_its_article_while_the_feed_says_304(
    deployment: Deployment, httpserver: HTTPServer, start: Callable[..., Process]
) -> None:
    base = httpserver.url_for("").rstrip("/")
    there = [True]

    def serve_feed(request: Request) -> Response:
        if request.headers.get("If-None-Match") == '"1"':
            return Response(status=304)
        return Response(feed(base, "a"), headers={"ETag": '"1"'})

    def serve_page(_: Request) -> Response:
        return Response(page(*STORY), content_type="text/html") if there[0] else Response(status=410)

    httpserver.expect_request("/robots.txt").respond_with_data("", status=404)
    httpserver.expect_request("/feed").respond_with_handler(serve_feed)
    httpserver.expect_request("/a").respond_with_handler(serve_page)
    process = start(deployment.write([{"url": f"{base}/feed", "content": "page", "recheck": "200ms"}]))
    until(lambda: asked(httpserver).count("/a") >= 3, what=lambda: process.output)
    assert [message["change"] for message in published(deployment)] == ["published"]
    there[0] = False
    until(lambda: len(published(deployment)) == 2, what=lambda: process.output)
    polls = len(process.lines("poll"))
    until(lambda: len(process.lines("poll")) > polls + 3, what=lambda: process.output)
    assert process.end() == 0
    first, second = published(deployment)
    assert (second["id"], second["change"], second["revision"]) == (first["id"], "withdrawn", 2)


def test_the_sitemaps_of_an_index_are_one_feed(
    deployment: Deployment, httpserver: HTTPServer, start: Callable[..., Process]
) -> None:
    base = httpserver.url_for("").rstrip("/")
    ns = "http://www.sitemaps.org/schemas/sitemap/0.9"

    def sitemap(name: str) -> str:
        news = (
            "<news:news><news:publication><news:name>Tarn Post</news:name><news:language>en</news:language>"
            "</news:publication><news:publication_date>2026-03-01T10:00:00+01:00</news:publication_date>"
            f"<news:title>Story {name}</news:title></news:news>"
        )
        return (
            f'<urlset xmlns="{ns}" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">'
            f"<url><loc>{base}/story/{name}</loc>{news}</url></urlset>"
        )

    httpserver.expect_request("/index.xml").respond_with_data(
        f'<sitemapindex xmlns="{ns}">'
        f"<sitemap><loc>{base}/one.xml</loc><lastmod>2026-03-01</lastmod></sitemap>"
        f"<sitemap><loc>{base}/two.xml</loc><lastmod>2026-03-02</lastmod></sitemap></sitemapindex>"
    )
    httpserver.expect_request("/one.xml").respond_with_data(sitemap("one"))
    httpserver.expect_request("/two.xml").respond_with_data(sitemap("two"))
    process = start(deployment.write([{"url": f"{base}/index.xml"}]), "--once")
    assert process.popen.wait(60) == 0, process.output
    said = {message["headline"]: message for message in published(deployment)}
    assert set(said) == {"Story one", "Story two"}
    assert said["Story one"]["source"]["feed_title"] == "Tarn Post"
    assert said["Story one"]["published_at"]["at"] == "2026-03-01T10:00:00+01:00"
    assert said["Story one"]["source"]["url"] == f"{base}/story/one"
