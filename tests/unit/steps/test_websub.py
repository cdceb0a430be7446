"""What is asked of hubs, and what of theirs is believed."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from itertools import count

import pytest

from worker.model.entry import Hints
from worker.model.feed import Feed, FeedState
from worker.steps import websub
from worker.steps.websub import Offer, Signature, Subscription, Terms

HUB, OTHER = "https://hub.example/", "https://other.example/"
TOPIC = "https://news.example/feed"
DAY = 86_400.0


def feed(url: str = TOPIC, **more: object) -> Feed:
    settings: dict[str, object] = {"interval_seconds": 900.0, "min_interval_seconds": 300.0, **more}
    return Feed(id="news", url=url, shard_key="news.example", max_interval_seconds=DAY, **settings)  # type: ignore[arg-type]


def state(of: Feed, *, hubs: tuple[str, ...] = (HUB,), topic: str | None = None, **more: object) -> FeedState:
    return FeedState(feed_id=of.id, url=of.url, hints=Hints(hubs=hubs, topic=topic), **more)  # type: ignore[arg-type]


def terms(now_seconds: float = 0.0) -> Terms:
    numbers = count(1)
    return Terms.of(feed(), now_seconds=now_seconds, make_token=lambda: f"token{next(numbers)}@{now_seconds:g}")


def subscription(*hubs: str, now_seconds: float = 0.0) -> Subscription:
    begun = websub.begun(Offer(hubs=hubs or (HUB,), topic=TOPIC), terms(now_seconds))
    return websub.asked(begun, now_seconds=now_seconds)


def verified(*hubs: str, lease_seconds: float = 10 * DAY) -> Subscription:
    return websub.verified(subscription(*hubs), terms(), lease_seconds=lease_seconds)


# What a feed offers


def test_a_feed_is_subscribed_to_under_the_address_that_it_calls_its_own():
    offer = websub.offered(feed(), state(feed(), hubs=(HUB, OTHER, HUB), topic="https://www.news.example/rss"))
    assert offer == Offer(hubs=(HUB, OTHER), topic="https://www.news.example/rss")


def test_without_such_an_address_it_is_the_one_that_is_polled():
    assert websub.offered(feed(), state(feed())) == Offer(hubs=(HUB,), topic=TOPIC)
    moved = state(feed(), adopted_url="https://new.example/feed")
    assert websub.offered(feed(), moved) == Offer(hubs=(HUB,), topic="https://new.example/feed")


@pytest.mark.parametrize(
    "private",
    [
        feed("https://bob:hunter2@news.example/feed"),
        feed("https://key@news.example/feed"),
        feed(headers=(("Authorization", "Basic x"),)),
        feed(headers=(("X-Api-Key", "x"),)),
    ],
)
def test_no_hub_hears_of_a_feed_that_is_not_for_everybody(private: Feed):
    assert websub.offered(private, state(private)) is None
    assert websub.offered(private, state(private, topic="https://news.example/public")) is None


def test_a_topic_or_hub_with_credentials_is_left_alone():
    assert websub.offered(feed(), state(feed(), topic="https://bob:hunter2@news.example/feed")) is None
    assert websub.offered(feed(), state(feed(), hubs=("https://bob@hub.example/",))) is None
    assert websub.offered(feed(), state(feed(), hubs=("https://bob@hub.example/", OTHER))) == Offer(
        hubs=(OTHER,), topic=TOPIC
    )


@pytest.mark.parametrize("address", ["ftp://hub.example/", "http://[::1", "https://", "hub", "javascript:alert(1)"])
def test_what_is_no_address_of_the_web_is_no_hub(address: str):
    assert websub.offered(feed(), state(feed(), hubs=(address,))) is None


def test_what_is_gone_or_names_no_hub_or_was_learned_elsewhere_is_not_subscribed_to():
    assert websub.offered(feed(), state(feed(), hubs=())) is None
    assert websub.offered(feed(), state(feed(), status="gone")) is None
    assert websub.offered(feed("https://news.example/another"), state(feed())) is None


# Asking


def test_a_hub_is_sent_callback_mode_topic_lease_and_secret():
    asked = subscription()
    assert websub.form(asked, "subscribe", callback="https://me.example/websub/x", lease_seconds=432_000.0) == (
        ("hub.callback", "https://me.example/websub/x"),
        ("hub.mode", "subscribe"),
        ("hub.topic", TOPIC),
        ("hub.lease_seconds", "432000"),
        ("hub.secret", asked.secret),
    )
    assert asked.secret != asked.token


def test_a_secret_is_told_to_nobody_in_clear_text():
    asked = subscription("http://hub.example/")
    form = dict(websub.form(asked, "subscribe", callback="https://me.example/", lease_seconds=60.0))
    assert asked.secret is None
    assert "hub.secret" not in form


def test_to_unsubscribe_takes_neither_lease_nor_secret():
    form = dict(websub.form(verified(), "unsubscribe", callback="https://me.example/", lease_seconds=60.0))
    assert form == {"hub.callback": "https://me.example/", "hub.mode": "unsubscribe", "hub.topic": TOPIC}


def test_the_one_hub_of_a_feed_is_asked_again_after_ever_longer_waits_and_at_least_once_a_day():
    after, waits = subscription(), []
    for _ in range(14):
        after = websub.failed(after, terms(1_000.0))
        waits.append(after.ask_at_seconds - 1_000.0)
    assert waits[:4] == [120.0, 240.0, 480.0, 960.0]
    assert waits[-1] == DAY
    assert after.token == subscription().token


def test_the_next_hub_is_tried_soon_when_one_fails_and_the_first_again_after_a_wait():
    first = subscription(HUB, OTHER)
    second = websub.failed(first, terms(100.0))
    assert (second.hub, second.ask_at_seconds, second.asked) == (OTHER, 160.0, False)
    third = websub.failed(second, terms(200.0))
    assert (third.hub, third.ask_at_seconds) == (HUB, 320.0)


def test_each_hub_has_a_token_and_a_secret_of_its_own():
    """Else the one that failed could speak for the one that is asked after it."""
    first = subscription(HUB, OTHER)
    second = websub.failed(first, terms(100.0))
    assert len({first.token, first.secret, second.token, second.secret}) == 4


def test_a_hub_that_refuses_is_asked_again_after_a_day_and_the_next_one_at_once():
    alone = websub.denied(subscription(), terms(100.0))
    assert (alone.status, alone.ask_at_seconds) == ("denied", 100.0 + DAY)
    assert websub.asked(alone, now_seconds=100.0 + DAY).status == "pending"
    with_another = websub.denied(subscription(HUB, OTHER), terms(100.0))
    assert (with_another.hub, with_another.ask_at_seconds) == (OTHER, 160.0)


def test_a_hub_may_end_what_it_has_granted():
    ended = websub.denied(verified(), terms(100.0))
    assert (ended.status, ended.lease_until_seconds) == ("denied", None)


# Leases


def test_a_subscription_is_renewed_when_four_fifths_of_its_lease_are_over():
    after = websub.verified(subscription(), terms(50.0), lease_seconds=1_000.0)
    assert (after.status, after.ask_at_seconds, after.lease_until_seconds) == ("verified", 850.0, 1_050.0)
    assert not after.asked


def test_a_hub_of_short_leases_is_not_asked_more_than_once_a_minute():
    after = websub.verified(subscription(), terms(), lease_seconds=1.0)
    assert (after.ask_at_seconds, after.lease_until_seconds) == (60.0, 1.0)


def test_a_renewal_keeps_token_and_secret_so_that_what_is_on_its_way_is_still_believed():
    renewed = websub.verified(websub.asked(verified(), now_seconds=8 * DAY), terms(8 * DAY), lease_seconds=10 * DAY)
    assert (renewed.token, renewed.secret) == (verified().token, verified().secret)
    assert renewed.lease_until_seconds == 18 * DAY


def test_a_renewal_that_fails_stays_with_its_hub_while_the_lease_lasts():
    after = websub.failed(websub.asked(verified(HUB, OTHER), now_seconds=8 * DAY), terms(8 * DAY))
    assert (after.hub, after.status) == (HUB, "verified")
    assert websub.lapsed(after, terms(10 * DAY - 1)) is None
    lapsed = websub.lapsed(after, terms(10 * DAY))
    assert lapsed is not None
    assert (lapsed.hub, lapsed.status, lapsed.ask_at_seconds) == (OTHER, "pending", 10 * DAY + 60)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("864000", 864_000.0),
        ("1", 1.0),
        (None, 432_000.0),
        ("", 432_000.0),
        ("0", 432_000.0),
        ("-5", 432_000.0),
        ("soon", 432_000.0),
        ("٣٠٠", 432_000.0),
        ("9" * 5_000, 31 * DAY),
    ],
)
def test_the_lease_is_what_the_hub_says_within_reason(text: str | None, seconds: float):
    assert websub.granted_seconds(text, requested_seconds=432_000.0) == seconds


# Signatures


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_a_signature_holds_for_what_was_signed_with_the_secret_and_for_nothing_else(method: str):
    given = f"{method}={hmac.new(b's3cret', b'<rss/>', getattr(hashlib, method)).hexdigest()}"
    assert signed("s3cret", given, b"<rs", b"s/>")
    assert signed("s3cret", given.upper(), b"<rss/>")
    assert not signed("s3cret", given, b"<rss>")
    assert not signed("another", given, b"<rss/>")
    assert not signed("s3cret", given[:-2], b"<rss/>")


def test_a_signature_is_worked_out_as_openssl_does():
    """printf '<rss/>' | openssl dgst -sha1 -hmac s3cret"""
    assert signed("s3cret", "sha1=3fb0dcfb4b77e2225bbf3cb2350a7c5b71af342a", b"<rss/>")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "sha1",
        "sha1=",
        "md5=" + "0" * 32,
        "sha256=zz",
        "sha1=" + "\N{EURO SIGN}" * 40,
        "sha224=" + "0" * 56,
        "=\x00",
    ],
)
def test_a_signature_that_is_none_holds_for_nothing(header: str):
    assert not signed("s3cret", header, b"")


def signed(secret: str, header: str, *pieces: bytes) -> bool:
    signature = Signature(secret, header)
    for piece in pieces:
        signature.take(piece)
    return signature.holds()


# Relying on a hub


def test_a_feed_rests_while_its_subscription_is_verified_and_its_hub_has_pushed():
    assert not polled(subscription(), news=False, now_seconds=1.0).rests
    assert not polled(verified(), news=False, now_seconds=1.0).rests
    resting = polled(trusted(), news=True, now_seconds=1.0)
    assert resting.rests
    lapsed = websub.lapsed(resting, terms(10 * DAY))
    assert lapsed is not None
    assert not lapsed.rests


def test_a_feed_does_not_rest_when_its_last_poll_missed_something():
    assert not websub.polled(trusted(), news=True, whole=False, now_seconds=1.0).rests


def test_a_hub_that_left_news_unannounced_is_not_relied_on_until_it_pushes():
    resting = polled(trusted(), news=False, now_seconds=1.0)
    missed = polled(resting, news=True, now_seconds=DAY)
    assert not missed.rests
    assert not polled(missed, news=False, now_seconds=DAY + 900).rests
    assert polled(websub.pushed(missed, now_seconds=DAY + 950), news=True, now_seconds=DAY + 951).rests


def test_news_that_was_announced_is_what_a_hub_is_for():
    pushed = websub.pushed(polled(trusted(), news=False, now_seconds=1.0), now_seconds=DAY)
    assert polled(pushed, news=True, now_seconds=DAY + 60).rests
    assert not polled(pushed, news=True, now_seconds=2 * DAY).rests


def trusted() -> Subscription:
    return websub.pushed(verified(), now_seconds=0.0)


def polled(held: Subscription, *, news: bool, now_seconds: float) -> Subscription:
    return websub.polled(held, news=news, whole=True, now_seconds=now_seconds)


def test_a_list_of_hubs_that_changes_ends_a_subscription_only_if_its_hub_is_gone_from_it():
    held = verified(HUB, OTHER)
    assert websub.stands(held, Offer(hubs=(OTHER, HUB), topic=TOPIC))
    assert not websub.stands(held, Offer(hubs=(OTHER,), topic=TOPIC))
    assert not websub.stands(held, Offer(hubs=(HUB,), topic="https://news.example/other"))
    moved = websub.failed(
        replace(subscription(HUB, OTHER), offer=Offer(hubs=("https://third.example/", HUB), topic=TOPIC)), terms()
    )
    assert moved.hub == "https://third.example/"
