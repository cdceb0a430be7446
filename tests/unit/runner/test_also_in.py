"""One event for an article that several feeds of a publisher carry."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import orjson

from tests import schema
from tests.fakes import FakeStore
from tests.unit.runner.helpers import FakeWeb, feed, make_runner, rss, until
from worker.model.fetch import Request, Response


def said(store: FakeStore) -> list[dict[str, Any]]:
    messages = [orjson.loads(record.value) for record in store.articles]
    for message in messages:
        schema.validate(message)
    return messages


async def test_feeds_polled_at_the_same_time_are_all_named_in_the_one_event() -> None:
    same = rss(("x", "The same"))
    web = FakeWeb(a=same, b=same, c=same, d=rss(("y", "Another")))
    # What is loaded at the first poll of a process is no part of this.
    await make_runner([feed("d")], web, FakeStore()).run(once=True)
    store = FakeStore()
    await make_runner([feed(name) for name in "abcd"], web, store, max_delay_seconds=2.0).run(once=True)
    named = {
        message["source"]["guid"]: {message["source"]["feed_id"], *message["source"]["also_in"]}
        for message in said(store)
    }
    assert named == {"x": {"a", "b", "c"}, "y": {"d"}}


async def test_a_feed_that_carries_the_article_later_is_named_in_its_next_revision() -> None:
    web = FakeWeb(a=rss(("x", "The same")), b=rss(("x", "The same")))
    store = FakeStore()
    await make_runner([feed("a")], web, store).run(once=True)
    await make_runner([feed("a"), feed("b")], web, store).run(once=True)
    assert [message["source"]["also_in"] for message in said(store)] == [[]]
    web.bodies["https://a.example/feed"] = rss(("x", "The same, corrected"))
    await make_runner([feed("a"), feed("b")], web, store).run(once=True)
    assert [message["source"]["also_in"] for message in said(store)] == [[], ["b"]]


async def test_what_is_committed_with_other_feeds_named_is_written_once_whatever_the_commit_does() -> None:
    same = rss(*((f"g{number}", f"Story {number}") for number in range(20)))
    web = FakeWeb(a=same, b=same)
    store = FakeStore()
    await make_runner([feed("a"), feed("b")], web, store).run(once=True)
    assert len({message["id"] for message in said(store)}) == len(store.articles) == 20


async def test_pages_are_not_asked_for_once_the_worker_is_to_stop() -> None:
    web = FakeWeb(a=rss(*((f"g{number}", f"Story {number}") for number in range(50))))
    asked: list[str] = []
    runner = make_runner([replace(feed("a"), content="page")], web, FakeStore())

    def page(request: Request) -> Response:
        asked.append(request.url)
        runner.stop()
        return Response(url=request.url, status=404, retrieved_at=web.clock.now())

    web.answers = {f"https://news.example/g{number}": page for number in range(50)}
    web.bodies["https://news.example/robots.txt"] = b""
    running = asyncio.create_task(runner.run())
    await until(running.done)
    await running
    assert len(asked) == 1
