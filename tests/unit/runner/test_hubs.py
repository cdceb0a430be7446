"""How subscriptions are kept: what hubs are asked, and what comes of what they say."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from tests.fakes import FakeClock, FakeStore
from tests.unit.runner.helpers import FakeWeb, RecordingMetrics, feed, make_runner, rss, until
from worker.model.entry import Hints
from worker.model.event import PollReport
from worker.model.feed import FeedState
from worker.model.fetch import FetchFailure, Request, Response
from worker.runner import Hubs, HubSettings, Manners

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.model.feed import Feed
    from worker.model.fetch import Fetched
    from worker.ports import NextHop

HUB, OTHER = "https://hub.example/", "https://other.example/"
NEWS = replace(feed("news"), min_interval_seconds=300.0)
TOPIC = NEWS.url
DAY = 86_400.0
ACCEPTED = (("hub.mode", "subscribe"), ("hub.topic", TOPIC), ("hub.challenge", "c"), ("hub.lease_seconds", "1000"))


class World:
    """Hubs that answer with a status, and `Hubs` that asks them; its clock stands still until a test moves it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.status: dict[str, int] = {}
        self.headers: dict[str, str] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.during: Callable[[], None] = lambda: None
        self.poked: list[str] = []
        self.ended: list[str] = []
        self.metrics = RecordingMetrics()
        numbers = count(1)
        manners = Manners(self, clock=self.clock, agent="Dateline", gap_seconds=0.0)
        settings = HubSettings(
            callback_url="https://me.example/dateline", lease_seconds=5 * DAY, make_token=lambda: f"t{next(numbers)}"
        )
        self.hubs = Hubs(
            manners=manners,
            metrics=self.metrics,
            clock=self.clock,
            settings=settings,
            poke=self.poked.append,
            ended=self.ended.append,
        )

    async def fetch(self, request: Request, hop: NextHop | None = None) -> Fetched:
        assert request.form is not None
        assert request.kind == "hub"
        self.asked.append((request.url, dict(request.form)))
        self.during()
        status = self.status.get(request.url, 202)
        if not status:
            return FetchFailure(url=request.url, kind="connect", detail="nobody there", retrieved_at=self.clock.now())
        return Response(url=request.url, status=status, headers=self.headers, retrieved_at=self.clock.now())

    async def close(self) -> None:
        pass

    async def pass_time(self, seconds: float = 0.0) -> None:
        """Move the clock, and let what is due happen."""
        self.clock.advance(seconds)
        for _ in range(20):
            self.hubs.turn()
            await asyncio.sleep(0)

    async def subscribed(self, *hubs: str) -> str:
        """Ask for a subscription and verify it; its token."""
        self.hubs.update(NEWS, state(*hubs))
        await self.pass_time()
        assert self.verify() == (200, "c")
        return self.token

    @property
    def token(self) -> str:
        return self.asked[-1][1]["hub.callback"].rpartition("/")[2]

    @property
    def modes(self) -> list[str]:
        return [form["hub.mode"] for _, form in self.asked]

    def verify(self, token: str | None = None, **changed: str) -> tuple[int, str]:
        query = {**dict(ACCEPTED), **{f"hub.{name}": value for name, value in changed.items()}}
        return self.hubs.verify(token or self.token, {name: value for name, value in query.items() if value})

    def push(self, *, secret: str | None = None, body: bytes = b"<rss/>", token: str | None = None) -> bool:
        """Distribute something; whether the token was known."""
        signature = "" if secret is None else "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        push = self.hubs.push(token or self.token, signature)
        if push is not None:
            push.take(body)
            push.end(complete=True)
        return push is not None


def state(*hubs: str, of: Feed = NEWS, **more: object) -> FeedState:
    return FeedState(feed_id=of.id, url=of.url, hints=Hints(hubs=hubs or (HUB,)), **more)  # type: ignore[arg-type]


@pytest.fixture
async def world() -> World:
    return World()


async def test_a_hub_is_asked_for_what_its_feed_offers_and_verifies_it(world: World):
    world.hubs.update(NEWS, state())
    await world.pass_time()
    [(url, form)] = world.asked
    assert url == HUB
    assert form == {
        "hub.callback": f"https://me.example/dateline/websub/{world.token}",
        "hub.mode": "subscribe",
        "hub.topic": TOPIC,
        "hub.lease_seconds": "432000",
        "hub.secret": form["hub.secret"],
    }
    assert dict(world.hubs.counts()) == {"pending": 1}
    assert world.verify() == (200, "c")
    assert dict(world.hubs.counts()) == {"verified": 1}


async def test_a_hub_may_verify_before_it_has_answered(world: World):
    world.status = {HUB: 500}
    world.during = lambda: assert_equal(world.verify(), (200, "c"))
    world.hubs.update(NEWS, state())
    await world.pass_time()
    assert dict(world.hubs.counts()) == {"verified": 1}


async def test_only_what_was_asked_for_is_verified(world: World):
    world.hubs.update(NEWS, state())
    await world.pass_time()
    assert world.verify(topic="https://news.example/other") == (404, "")
    assert world.verify(topic="") == (404, "")
    assert world.verify(mode="unsubscribe") == (404, "")
    assert world.verify(mode="publish") == (404, "")
    assert world.verify(challenge="") == (404, "")
    assert world.verify("t99") == (410, "")
    assert dict(world.hubs.counts()) == {"pending": 1}


async def test_a_subscription_is_renewed_in_time_and_under_the_same_address(world: World):
    token = await world.subscribed()
    await world.pass_time(799)
    assert world.modes == ["subscribe"]
    await world.pass_time(1)
    assert world.modes == ["subscribe"] * 2
    assert world.token == token
    assert world.asked[0][1]["hub.secret"] == world.asked[1][1]["hub.secret"]
    assert world.verify() == (200, "c")
    await world.pass_time(999)
    assert dict(world.hubs.counts()) == {"verified": 1}
    assert world.ended == []


async def test_a_lease_that_nobody_renews_ends_and_the_feed_is_polled_as_others_are(world: World):
    await world.subscribed()
    world.status = {HUB: 503}
    await world.pass_time(800)
    await world.pass_time(199)
    assert dict(world.hubs.counts()) == {"verified": 1}
    assert world.ended == []
    await world.pass_time(1)
    assert dict(world.hubs.counts()) == {"pending": 1}
    assert world.ended == [NEWS.id]
    world.status = {}
    await world.pass_time(DAY)
    assert world.verify() == (200, "c")


async def test_a_hub_that_fails_is_left_for_the_next_one(world: World):
    world.status = {HUB: 0}
    world.hubs.update(NEWS, state(HUB, OTHER))
    await world.pass_time()
    await world.pass_time(59)
    assert [url for url, _ in world.asked] == [HUB]
    await world.pass_time(1)
    assert [url for url, _ in world.asked] == [HUB, OTHER]
    first, second = (form["hub.callback"].rpartition("/")[2] for _, form in world.asked)
    assert world.verify(first) == (410, "")
    assert world.verify(second) == (200, "c")


async def test_a_hub_that_accepts_and_never_verifies_has_failed(world: World):
    world.hubs.update(NEWS, state(HUB, OTHER))
    await world.pass_time()
    await world.pass_time(299)
    assert [url for url, _ in world.asked] == [HUB]
    await world.pass_time(1)
    await world.pass_time(60)
    assert [url for url, _ in world.asked] == [HUB, OTHER]


async def test_a_hub_that_verifies_late_is_still_believed_when_it_is_the_only_one(world: World):
    world.hubs.update(NEWS, state())
    await world.pass_time()
    await world.pass_time(300)
    assert world.verify() == (200, "c")
    assert dict(world.hubs.counts()) == {"verified": 1}


async def test_a_hub_that_asks_to_be_left_alone_is(world: World):
    world.status, world.headers = {HUB: 429}, {"retry-after": "3600"}
    world.hubs.update(NEWS, state())
    await world.pass_time()
    await world.pass_time(3_599)
    assert len(world.asked) == 1
    await world.pass_time(1)
    assert len(world.asked) == 2


async def test_a_refusal_is_taken_for_a_day_and_said_once(world: World):
    world.hubs.update(NEWS, state())
    await world.pass_time()
    with capture_logs() as logs:
        for _ in range(3):
            assert world.verify(mode="denied", reason="no\x1b[31m \N{EURO SIGN}" + "x" * 1_000) == (200, "")
    [line] = logs
    assert (line["event"], line["feed"]) == ("websub_denied", "news")
    assert line["reason"].startswith("no\\x1b[31m \\u20acxxx")
    assert len(line["reason"]) < 300
    assert dict(world.hubs.counts()) == {"denied": 1}
    assert world.verify() == (404, "")
    await world.pass_time(DAY - 1)
    assert len(world.asked) == 1
    await world.pass_time(1)
    assert len(world.asked) == 2
    assert world.verify() == (200, "c")


async def test_a_hub_that_ends_what_it_had_granted_leaves_the_feed_to_polling(world: World):
    await world.subscribed()
    assert world.verify(mode="denied") == (200, "")
    assert world.ended == [NEWS.id]
    assert not pokes(world, secret=world.asked[0][1]["hub.secret"])


async def test_what_a_hub_repeats_costs_nothing(world: World):
    """Its lease is from when it was asked for: else a hub could fill memory with them."""
    await world.subscribed()
    for _ in range(1_000):
        assert world.verify(lease_seconds="2000000") == (200, "c")
    assert len(world.hubs._leases) == 1
    await world.pass_time(800)
    assert world.modes == ["subscribe"] * 2


# Pushes


async def test_a_signed_push_pokes_the_feed(world: World):
    await world.subscribed()
    assert pokes(world, secret=world.asked[0][1]["hub.secret"])
    assert world.metrics.counts["pushed_accepted"] == 1


async def test_a_push_without_the_right_signature_is_ignored(world: World):
    await world.subscribed()
    assert not pokes(world, secret="another")
    assert not pokes(world, secret=None)
    assert world.metrics.counts["pushed_ignored"] == 2


async def test_a_push_that_breaks_off_is_ignored(world: World):
    await world.subscribed("http://hub.example/")
    push = world.hubs.push(world.token, "")
    assert push is not None
    push.end(complete=False)
    assert world.poked == []


async def test_a_push_before_the_subscription_is_verified_is_ignored(world: World):
    world.hubs.update(NEWS, state())
    await world.pass_time()
    assert not pokes(world, secret=world.asked[0][1]["hub.secret"])


async def test_a_hub_that_has_no_secret_is_known_by_its_address(world: World):
    token = await world.subscribed("http://hub.example/")
    assert pokes(world)
    assert not world.push(token=f"{token}x")
    assert world.metrics.counts["pushed_unknown"] == 1


def pokes(world: World, *, secret: str | None = None) -> bool:
    before = len(world.poked)
    assert world.push(secret=secret)
    return len(world.poked) > before


# Feeds that change


async def test_a_feed_that_no_longer_names_its_hub_is_unsubscribed_and_the_hub_may_ask_whether_that_was_meant(
    world: World,
):
    token = await world.subscribed()
    world.hubs.update(NEWS, replace(state(), hints=Hints()))
    await world.pass_time()
    assert world.modes == ["subscribe", "unsubscribe"]
    assert world.token == token
    assert world.verify(mode="unsubscribe", topic="https://news.example/other") == (404, "")
    assert world.verify() == (404, "")
    assert world.verify(mode="unsubscribe") == (200, "c")
    assert not world.push()
    assert dict(world.hubs.counts()) == {}
    await world.pass_time(300)
    assert world.verify(mode="unsubscribe") == (410, "")


async def test_a_feed_that_was_removed_or_is_gone_or_became_private_is_unsubscribed(world: World):
    await world.subscribed()
    world.hubs.forget(NEWS.id)
    await world.pass_time()
    assert world.modes == ["subscribe", "unsubscribe"]
    await world.subscribed()
    world.hubs.update(NEWS, state(status="gone"))
    await world.pass_time()
    assert world.modes == ["subscribe", "unsubscribe"] * 2
    await world.subscribed()
    world.hubs.update(replace(NEWS, headers=(("Cookie", "x"),)), state())
    await world.pass_time()
    assert world.modes == ["subscribe", "unsubscribe"] * 3


async def test_a_hub_that_was_never_asked_is_not_unsubscribed_from(world: World):
    world.hubs.update(NEWS, state())
    world.hubs.forget(NEWS.id)
    await world.pass_time()
    assert world.asked == []


async def test_another_topic_is_another_subscription(world: World):
    first = await world.subscribed()
    world.hubs.update(NEWS, replace(state(), hints=Hints(hubs=(HUB,), topic="https://news.example/rss")))
    await world.pass_time()
    assert sorted(world.modes) == ["subscribe", "subscribe", "unsubscribe"]
    assert [form["hub.topic"] for _, form in world.asked if form["hub.mode"] == "subscribe"] == [
        TOPIC,
        "https://news.example/rss",
    ]
    assert world.hubs.push(first, "") is None


async def test_a_feed_rests_only_after_a_push_and_a_poll_that_missed_nothing(world: World):
    await world.subscribed("http://hub.example/")
    report = PollReport(feed_id=NEWS.id, outcome="ok")
    hub = "http://hub.example/"
    assert not world.hubs.polled(NEWS, state(hub), report)
    assert pokes(world)
    assert world.hubs.polled(NEWS, state(hub), report)
    assert not world.hubs.polled(NEWS, state(hub, failures=1), report)
    assert not world.hubs.polled(NEWS, state(hub, waiting=(("key", 1),)), report)
    assert not world.hubs.polled(NEWS, state(hub), replace(report, warnings=("it breaks off",)))
    assert world.hubs.polled(NEWS, state(hub), report)


async def test_a_hub_that_keeps_news_to_itself_is_not_relied_on_until_it_pushes(world: World):
    await world.subscribed("http://hub.example/")
    same = state("http://hub.example/")
    quiet, news = (PollReport(feed_id=NEWS.id, outcome="ok", entries=n, published=n) for n in (0, 1))
    assert pokes(world)
    assert world.hubs.polled(NEWS, same, quiet)
    await world.pass_time(900)
    with capture_logs() as logs:
        assert not world.hubs.polled(NEWS, same, news)
    assert [line["event"] for line in logs] == ["websub_missed"]
    assert not world.hubs.polled(NEWS, same, quiet)
    assert pokes(world)
    assert world.hubs.polled(NEWS, same, news)


async def test_a_fault_of_ours_in_one_call_does_not_end_the_others(world: World):
    def fail() -> None:
        raise ZeroDivisionError

    world.during = fail
    world.hubs.update(NEWS, state())
    with capture_logs() as logs:
        await world.pass_time()
    assert [line["event"] for line in logs] == ["call_crashed"]
    world.during = lambda: None
    await world.pass_time(300)
    await world.pass_time(120)
    assert world.verify() == (200, "c")


# With the loop


def with_hub(body: bytes) -> bytes:
    link = b"<link xmlns='http://www.w3.org/2005/Atom' rel='hub' href='https://hub.example/'/>"
    return body.replace(b"<title>T</title>", b"<title>T</title>" + link)


async def test_a_feed_with_a_hub_is_polled_rarely_and_as_soon_as_it_is_pushed():
    """And as often as before, when its subscription has ended."""
    web, store = FakeWeb(news=with_hub(rss(("a", "A")))), FakeStore()
    hub = Hub()
    web.answers[HUB] = hub.answer
    polled = replace(feed("news", interval_seconds=0.1), min_interval_seconds=0.05, max_interval_seconds=3_600.0)
    settings = HubSettings(callback_url="https://me.example", lease_seconds=60.0, make_token=iter("xyz").__next__)
    runner = make_runner([polled], web, store, hubs=settings)
    assert runner.hubs is not None
    running = asyncio.create_task(runner.run())
    await until(lambda: bool(hub.forms))
    token = hub.forms[0]["hub.callback"].rpartition("/")[2]
    assert runner.hubs.verify(token, dict(ACCEPTED)) == (200, "c")

    hubs = runner.hubs

    def push() -> None:
        body = b"anything"
        signature = "sha1=" + hmac.new(hub.forms[0]["hub.secret"].encode(), body, "sha1").hexdigest()
        pushed = hubs.push(token, signature)
        assert pushed is not None
        pushed.take(body)
        pushed.end(complete=True)

    # A hub is relied on once it has pushed. The poll that was planned before still comes; after it, none.
    so_far = len(polls(web))
    await until(lambda: len(polls(web)) > so_far + 3)
    push()
    await asyncio.sleep(0.4)
    resting = len(polls(web))
    await asyncio.sleep(0.5)
    assert len(polls(web)) == resting
    web.bodies[polled.url] = with_hub(rss(("a", "A"), ("b", "B")))
    push()
    await until(lambda: len(store.articles) == 2)
    assert len(polls(web)) == resting + 1
    assert polls(web)[-1].conditional
    runner.hubs.verify(token, {"hub.mode": "denied", "hub.topic": TOPIC})
    await until(lambda: len(polls(web)) >= resting + 4)
    runner.stop()
    await running


class Hub:
    """Accepts every form."""

    def __init__(self) -> None:
        self.forms: list[dict[str, str]] = []

    def answer(self, request: Request) -> Fetched:
        self.forms.append(dict(request.form or ()))
        return Response(url=request.url, status=202, retrieved_at=FakeClock().now())


def polls(web: FakeWeb) -> list[Request]:
    return [request for request in web.requests if request.kind == "feed"]


def assert_equal(one: object, other: object) -> None:
    assert one == other
