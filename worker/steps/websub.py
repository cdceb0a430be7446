"""Subscriptions at hubs: what is asked of them and when, and what they say that is believed.

WebSub, https://www.w3.org/TR/websub/: sections 5 (subscribing) and 7 (content distribution, signatures). All times are
of the monotonic clock.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.model.feed import Feed, FeedState

Status = Literal["pending", "verified", "denied"]
Mode = Literal["subscribe", "unsubscribe"]

# No hub is asked about a feed more often than this, whatever lease it grants.
_FLOOR_SECONDS = 60.0
_DAY_SECONDS = 86_400.0
# For so long a hub may take to verify what it was asked for.
VERIFY_SECONDS = 300.0
# A subscription is renewed when so much of its lease is over.
_RENEWED_AT = 0.8
# A hub that promises more is asked again all the same: it may have forgotten.
_LEASE_AT_MOST_SECONDS = 31 * _DAY_SECONDS
# What is new within this time of a push was announced by it.
_ANNOUNCED_SECONDS = 600.0
_SIGNATURE = re.compile(r"(sha1|sha256|sha384|sha512)=((?:[0-9a-f]{2}){20,64})", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Where a feed can be subscribed to: at any of its hubs, under the address of its topic."""

    hubs: tuple[str, ...]
    topic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A feed's subscription at one of its hubs, asked for or held.

    `token` is the end of the callback address that this hub alone is told, and `secret` what it signs with; None where
    it could be overheard. `ask_at_seconds` is when the hub is asked next; while `asked`, when it will have taken too
    long to verify. `failures` counts since the last verification. `lease_until_seconds` is None before that.

    `trusted` says that the hub has pushed and left nothing unannounced since; `rests`, that the feed is polled rarely
    because of that.
    """

    offer: Offer
    hub: str
    token: str = field(repr=False)
    secret: str | None = field(repr=False)
    ask_at_seconds: float
    asked: bool = False
    failures: int = 0
    denied: bool = False
    lease_until_seconds: float | None = None
    pushed_at_seconds: float | None = None
    trusted: bool = False
    rests: bool = False

    @property
    def status(self) -> Status:
        """What there is to tell people."""
        if self.denied:
            return "denied"
        return "pending" if self.lease_until_seconds is None else "verified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """When it is, the least time between two requests to a hub, and what makes tokens."""

    now_seconds: float
    floor_seconds: float
    make_token: Callable[[], str]

    @classmethod
    def of(cls, feed: Feed, *, now_seconds: float, make_token: Callable[[], str]) -> Terms:
        """The terms for a feed: its hub is asked as often as it itself may be that somebody wants polled now."""
        floor_seconds = min(_FLOOR_SECONDS, feed.min_interval_seconds)
        return cls(now_seconds=now_seconds, floor_seconds=floor_seconds, make_token=make_token)


class Signature:
    """Checks X-Hub-Signature over a body that comes in pieces (7.1)."""

    def __init__(self, secret: str, header: str) -> None:
        match = _SIGNATURE.fullmatch(header.strip())
        self._mac = None if match is None else hmac.new(secret.encode(), digestmod=match[1].lower())
        self._given = b"" if match is None else bytes.fromhex(match[2])

    def take(self, piece: bytes) -> None:
        """The next piece of the body."""
        if self._mac is not None:
            self._mac.update(piece)

    def holds(self) -> bool:
        """Whether all that was taken is what was signed."""
        return self._mac is not None and hmac.compare_digest(self._mac.digest(), self._given)


def offered(feed: Feed, state: FeedState) -> Offer | None:
    """Where a feed can be subscribed to. None where it cannot, and where that would tell a hub what is private."""
    if state.url != feed.url or state.status == "gone" or feed.headers or not _is_public(feed.url):
        return None
    topic = state.hints.topic or state.adopted_url or feed.url
    hubs = tuple(dict.fromkeys(hub for hub in state.hints.hubs if _is_public(hub)))
    return Offer(hubs=hubs, topic=topic) if hubs and _is_public(topic) else None


def begun(offer: Offer, terms: Terms) -> Subscription:
    """A subscription to be asked for now, at the first hub."""
    hub = offer.hubs[0]
    secret = _secret(hub, terms)
    return Subscription(offer=offer, hub=hub, token=terms.make_token(), secret=secret, ask_at_seconds=terms.now_seconds)


def stands(subscription: Subscription, offer: Offer) -> bool:
    """Whether a subscription is still one that the feed offers."""
    return offer.topic == subscription.offer.topic and subscription.hub in offer.hubs


def form(subscription: Subscription, mode: Mode, *, callback: str, lease_seconds: float) -> tuple[tuple[str, str], ...]:
    """What a hub is sent (5.1)."""
    fields = [("hub.callback", callback), ("hub.mode", mode), ("hub.topic", subscription.offer.topic)]
    if mode == "subscribe":
        fields.append(("hub.lease_seconds", f"{max(lease_seconds, 1.0):.0f}"))
        if subscription.secret is not None:
            fields.append(("hub.secret", subscription.secret))
    return tuple(fields)


def asked(subscription: Subscription, *, now_seconds: float) -> Subscription:
    """The hub is being asked: it may verify before it has answered."""
    return replace(subscription, asked=True, denied=False, ask_at_seconds=now_seconds + VERIFY_SECONDS)


def failed(subscription: Subscription, terms: Terms) -> Subscription:
    """The hub did not do as it was asked. The next one is asked soon, the first one again after ever longer waits."""
    failures = subscription.failures + 1
    rounds, rest = divmod(failures, len(subscription.offer.hubs))
    wait = terms.floor_seconds * 2.0 ** (0 if rest else min(rounds, 20))
    subscription = replace(
        subscription, asked=False, failures=failures, ask_at_seconds=terms.now_seconds + min(wait, _DAY_SECONDS)
    )
    # A hub that still has a running subscription is the one to renew it.
    return subscription if subscription.lease_until_seconds is not None else _at_next_hub(subscription, terms)


def denied(subscription: Subscription, terms: Terms) -> Subscription:
    """The hub refuses, or ends, the subscription (5.2). Once each hub was tried, the next try is a day later."""
    failures = subscription.failures + 1
    wait = terms.floor_seconds if failures % len(subscription.offer.hubs) else _DAY_SECONDS
    ended = replace(_ended(subscription), asked=False, failures=failures, ask_at_seconds=terms.now_seconds + wait)
    return replace(_at_next_hub(ended, terms), denied=True)


def verified(subscription: Subscription, terms: Terms, *, lease_seconds: float) -> Subscription:
    """The hub verified the subscription (5.3), or its renewal."""
    return replace(
        subscription,
        asked=False,
        denied=False,
        failures=0,
        lease_until_seconds=terms.now_seconds + lease_seconds,
        ask_at_seconds=terms.now_seconds + max(lease_seconds * _RENEWED_AT, terms.floor_seconds),
    )


def granted_seconds(text: str | None, *, requested_seconds: float) -> float:
    """The lease that a hub grants; what was asked for where it does not say."""
    if text is None or not (text.isascii() and text.isdigit()) or not int(text[:12]):
        return requested_seconds
    return min(float(text[:12]), _LEASE_AT_MOST_SECONDS)


def lapsed(subscription: Subscription, terms: Terms) -> Subscription | None:
    """The subscription after the end of its lease, renewed in vain or not at all; None while that has not come."""
    until_seconds = subscription.lease_until_seconds
    if until_seconds is None or until_seconds > terms.now_seconds:
        return None
    ended = _ended(subscription)
    if not ended.failures or len(ended.offer.hubs) == 1:
        return ended
    return _at_next_hub(replace(ended, asked=False, ask_at_seconds=terms.now_seconds + terms.floor_seconds), terms)


def pushed(subscription: Subscription, *, now_seconds: float) -> Subscription:
    """A push that is believed has come."""
    return replace(subscription, pushed_at_seconds=now_seconds, trusted=True)


def polled(subscription: Subscription, *, news: bool, whole: bool, now_seconds: float) -> Subscription:
    """The feed was polled, and all there was to read was read, if `whole`: else it must not rest.

    A hub that left `news` unannounced is not relied on until it pushes again.
    """
    pushed_at = subscription.pushed_at_seconds
    announced = pushed_at is not None and now_seconds - pushed_at <= _ANNOUNCED_SECONDS
    trusted = subscription.trusted and not (news and subscription.rests and not announced)
    rests = whole and trusted and subscription.lease_until_seconds is not None
    return replace(subscription, trusted=trusted, rests=rests)


def _ended(subscription: Subscription) -> Subscription:
    return replace(subscription, lease_until_seconds=None, rests=False)


def _at_next_hub(subscription: Subscription, terms: Terms) -> Subscription:
    """The subscription at the hub after this one: under another token, so that none can speak for another."""
    hubs = subscription.offer.hubs
    hub = hubs[(hubs.index(subscription.hub) + 1) % len(hubs)] if subscription.hub in hubs else hubs[0]
    if hub == subscription.hub:
        return subscription
    return replace(subscription, hub=hub, token=terms.make_token(), secret=_secret(hub, terms))


def _secret(hub: str, terms: Terms) -> str | None:
    """A secret is for a hub that is asked by TLS only (5.1)."""
    return terms.make_token() if hub.lower().startswith("https:") else None


def _is_public(url: str) -> bool:
    """Whether an address is http(s), and holds no credentials."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and "@" not in parts.netloc
