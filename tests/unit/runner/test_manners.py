"""How hosts are asked."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.fakes import FakeClock
from worker.edges.clock import SystemClock
from worker.model.fetch import FetchFailure, Request, Response
from worker.runner import Manners

if TYPE_CHECKING:
    from worker.model.fetch import FailureKind, Fetched
    from worker.ports import Clock, NextHop

AT = datetime(2026, 3, 1, tzinfo=UTC)
ALLOWED = b"User-agent: *\nDisallow: /private/\n"


class Site:
    """Answers by path, and remembers what it was asked and how many requests it had at once."""

    def __init__(self, answers: dict[str, bytes | int | FailureKind] | None = None, **headers: str) -> None:
        self.answers: dict[str, bytes | int | FailureKind] = {"/robots.txt": ALLOWED, **(answers or {})}
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.asked: list[str] = []
        self.now = 0
        self.most = 0

    async def fetch(self, request: Request, hop: NextHop | None = None) -> Fetched:
        host, path = request.url.removeprefix("https://").split("/", 1)
        self.asked.append(f"{host}/{path}")
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        answer = self.answers.get(f"/{path}", b"page")
        if isinstance(answer, str):
            return FetchFailure(url=request.url, kind=answer, detail="no", retrieved_at=AT)
        status, body = (200, answer) if isinstance(answer, bytes) else (answer, b"")
        return Response(url=request.url, status=status, headers=self.headers, body=body, retrieved_at=AT)

    async def close(self) -> None:
        pass


def manners(site: Site, *, clock: Clock | None = None, gap_seconds: float = 0.0) -> Manners:
    return Manners(site, clock=clock or FakeClock(), agent="Dateline", gap_seconds=gap_seconds)


def page(path: str, host: str = "news.example") -> Request:
    return Request(url=f"https://{host}/{path}", kind="page")


def kind(fetched: Fetched) -> str | int:
    return fetched.kind if isinstance(fetched, FetchFailure) else fetched.status


async def test_robots_txt_is_asked_once_before_the_pages_of_a_host() -> None:
    site = Site()
    polite = manners(site)
    assert [kind(await polite.fetch(page(name))) for name in ("a", "b")] == [200, 200]
    assert site.asked == ["news.example/robots.txt", "news.example/a", "news.example/b"]


async def test_robots_txt_is_asked_again_after_a_day() -> None:
    site, clock = Site(), FakeClock()
    polite = manners(site, clock=clock)
    await polite.fetch(page("a"))
    clock.advance(86_401)
    await polite.fetch(page("b"))
    assert site.asked.count("news.example/robots.txt") == 2


async def test_a_page_that_robots_txt_forbids_is_not_asked_for() -> None:
    site = Site()
    assert kind(await manners(site).fetch(page("private/a"))) == "robots"
    assert site.asked == ["news.example/robots.txt"]


async def test_each_host_has_its_own_robots_txt() -> None:
    site = Site()
    polite = manners(site)
    await polite.fetch(page("a", "one.example"))
    await polite.fetch(page("a", "two.example:8080"))
    assert "one.example/robots.txt" in site.asked
    assert "two.example:8080/robots.txt" in site.asked


async def test_feeds_are_polled_without_asking_robots_txt() -> None:
    site = Site()
    await manners(site).fetch(Request(url="https://news.example/private/feed"))
    assert site.asked == ["news.example/private/feed"]


@pytest.mark.parametrize("answer", [503, 429, "timeout"])
async def test_without_a_robots_txt_for_now_nothing_is_asked_for_ten_minutes(answer: int | FailureKind) -> None:
    site, clock = Site({"/robots.txt": answer}), FakeClock()
    polite = manners(site, clock=clock)
    assert [kind(await polite.fetch(page(name))) for name in ("a", "b")] == ["unavailable", "unavailable"]
    assert site.asked == ["news.example/robots.txt"]
    clock.advance(601)
    site.answers["/robots.txt"] = ALLOWED
    assert kind(await polite.fetch(page("a"))) == 200


async def test_a_host_is_asked_one_thing_at_a_time_and_hosts_side_by_side() -> None:
    site = Site()
    polite = manners(site)
    await asyncio.gather(*(polite.fetch(page(f"{number}")) for number in range(10)))
    assert site.most == 1
    await asyncio.gather(*(polite.fetch(Request(url=f"https://h{number}.example/")) for number in range(10)))
    assert site.most == 10


async def test_there_is_a_pause_between_two_requests_to_one_host() -> None:
    polite = manners(Site(), clock=SystemClock(), gap_seconds=0.05)
    began = SystemClock().monotonic_seconds()
    for path in "abcd":
        await polite.fetch(Request(url=f"https://news.example/{path}"))
    assert SystemClock().monotonic_seconds() - began >= 0.15


async def test_a_crawl_delay_makes_the_pause_longer() -> None:
    site = Site({"/robots.txt": b"User-agent: *\nCrawl-delay: 0.1\n"})
    polite = manners(site, clock=SystemClock())
    await polite.fetch(page("a"))
    began = SystemClock().monotonic_seconds()
    await polite.fetch(page("b"))
    assert SystemClock().monotonic_seconds() - began >= 0.09


@pytest.mark.parametrize(
    ("status", "retry_after", "peace_seconds"), [(429, "30", 30), (429, "", 600), (429, "soon", 600), (503, "30", 30)]
)
async def test_a_host_that_is_overloaded_is_left_in_peace(status: int, retry_after: str, peace_seconds: float) -> None:
    site, clock = Site({"/a": status}, retry_after=retry_after), FakeClock()
    polite = manners(site, clock=clock)
    assert kind(await polite.fetch(page("a"))) == status
    assert kind(await polite.fetch(page("b"))) == "unavailable"
    clock.advance(peace_seconds - 1)
    assert kind(await polite.fetch(page("b"))) == "unavailable"
    clock.advance(2)
    assert kind(await polite.fetch(page("b"))) == 200


async def test_pages_that_wait_their_turn_are_not_asked_for_once_the_host_wants_peace() -> None:
    site = Site(dict.fromkeys(("/a", "/b", "/c"), 429))
    polite = manners(site)
    found = await asyncio.gather(*(polite.fetch(page(name)) for name in "abc"))
    assert [kind(fetched) for fetched in found] == [429, "unavailable", "unavailable"]


async def test_a_host_that_fails_three_times_in_a_row_is_left_in_peace() -> None:
    site = Site(dict.fromkeys(("/a", "/b", "/c"), "timeout"))
    polite = manners(site)
    found = [kind(await polite.fetch(page(name))) for name in "abcd"]
    assert found == ["timeout", "timeout", "timeout", "unavailable"]


async def test_an_answer_in_between_ends_the_row_of_failures() -> None:
    site = Site({"/a": 500, "/b": 503, "/c": 404, "/d": 500})
    polite = manners(site)
    assert [kind(await polite.fetch(page(name))) for name in "abcde"] == [500, 503, 404, 500, 200]


async def test_two_hosts_that_redirect_to_one_another_do_not_wait_for_ever() -> None:
    led: list[str] = []

    class Crossing(Site):
        async def fetch(self, request: Request, hop: NextHop | None = None) -> Fetched:
            assert hop is not None
            here, there = ("a", "b") if "//a." in request.url else ("b", "a")
            await asyncio.sleep(0)
            assert await hop(f"https://{there}.example/from-{here}")
            led.append(f"{here} to {there}")
            return await super().fetch(request)

    polite = manners(Crossing())
    urls = [f"https://{name}.example/feed" for name in "ab"]
    async with asyncio.timeout(5):
        fetched = await asyncio.gather(*(polite.fetch(Request(url=url)) for url in urls))
    assert [kind(one) for one in fetched] == [200, 200]
    assert sorted(led) == ["a to b", "b to a"]
    assert polite.waiting == 0
