"""Keeps the subscriptions of feeds at their hubs (WebSub): asks, renews, and answers what hubs say."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog

from worker.model.fetch import Request, Response
from worker.runner.calls import Calls
from worker.steps import websub
from worker.steps.websub import Signature, Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from worker.model.event import PollReport
    from worker.model.feed import Feed, FeedState
    from worker.model.fetch import Fetched
    from worker.ports import Clock, Metrics
    from worker.runner.manners import Manners
    from worker.steps.websub import Subscription

_MAX_REASON_CHARS = 200
_NO = (404, "")
_UNKNOWN = (410, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSettings:
    """Where hubs reach the worker, for how long it subscribes, and what makes secrets: unguessable, for URLs."""

    callback_url: str
    lease_seconds: float
    make_token: Callable[[], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A feed with its subscription."""

    feed: Feed
    subscription: Subscription


class Push:
    """Implements `worker.ports.Push`."""

    def __init__(self, signature: Signature | None, done: Callable[..., None]) -> None:
        self._signature = signature
        self._done = done

    def take(self, piece: bytes) -> None:
        """See `worker.ports.Push`."""
        if self._signature is not None:
            self._signature.take(piece)

    def end(self, *, complete: bool) -> None:
        """See `worker.ports.Push`."""
        self._done(valid=complete and (self._signature is None or self._signature.holds()))


class Hubs:
    """Implements `worker.ports.Callbacks`. Subscriptions are in memory alone: after a restart they are made anew.

    Args:
        manners: asks the hubs.
        metrics: told of pushes.
        clock: for leases and waits.
        settings: see `HubSettings`.
        poke: called with the id of a feed that a hub says has changed.
        ended: called with the id of a feed whose subscription is over, so that it is polled as others are.
    """

    def __init__(  # noqa: PLR0913 - its collaborators
        self,
        *,
        manners: Manners,
        metrics: Metrics,
        clock: Clock,
        settings: HubSettings,
        poke: Callable[[str], None],
        ended: Callable[[str], None],
    ) -> None:
        self._manners = manners
        self._metrics = metrics
        self._clock = clock
        self._settings = settings
        self._poke = poke
        self._ended = ended
        self._log = structlog.get_logger()
        self._held: dict[str, _Held] = {}
        self._feed_ids: dict[str, str] = {}
        # What hubs were asked to end, by token, with the time until which they may ask whether that was meant.
        self._leaving: dict[str, tuple[Subscription, float]] = {}
        self._leases: list[tuple[float, str]] = []
        self._calls = Calls(self._call, manners=manners, clock=clock)

    def counts(self) -> Counter[str]:
        """How many subscriptions are pending, verified and denied."""
        return Counter(held.subscription.status for held in self._held.values())

    def update(self, feed: Feed, state: FeedState) -> None:
        """Subscribe to a feed, keep that up, or end it, as the feed now offers."""
        offer = websub.offered(feed, state)
        held = self._held.get(feed.id)
        if held is not None and offer is not None and websub.stands(held.subscription, offer):
            self._held[feed.id] = _Held(feed=feed, subscription=replace(held.subscription, offer=offer))
            return
        self.forget(feed.id)
        if offer is not None:
            self._keep(feed, websub.begun(offer, self._terms(feed)))

    def forget(self, feed_id: str) -> None:
        """End the subscription of a feed, if there is one."""
        held = self._held.pop(feed_id, None)
        if held is None:
            return
        subscription = held.subscription
        self._drop(subscription)
        if subscription.asked or subscription.lease_until_seconds is not None:
            now_seconds = self._clock.monotonic_seconds()
            self._leaving[subscription.token] = (subscription, now_seconds + websub.VERIFY_SECONDS)
            self._calls.add(subscription.token, subscription.hub, due_seconds=now_seconds)

    def polled(self, feed: Feed, state: FeedState, report: PollReport) -> bool:
        """A poll of the feed was settled: whether its hub is relied on, so that the next one can wait."""
        self.update(feed, state)
        held = self._held.get(feed.id)
        if held is None:
            return False
        now_seconds = self._clock.monotonic_seconds()
        news = report.published + report.revised > 0
        # A hub says once what is new: a poll that missed some of it is made up for as planned.
        whole = not (state.failures or state.waiting or report.warnings)
        subscription = websub.polled(held.subscription, news=news, whole=whole, now_seconds=now_seconds)
        if held.subscription.trusted and not subscription.trusted:
            self._log.warning("websub_missed", feed=feed.id, hub=subscription.hub, detail="polled as others are")
        self._held[feed.id] = _Held(feed=feed, subscription=subscription)
        return subscription.rests

    def verify(self, token: str, query: Mapping[str, str]) -> tuple[int, str]:
        """See `worker.ports.Callbacks`."""
        mode, topic, challenge = query.get("hub.mode"), query.get("hub.topic"), query.get("hub.challenge")
        if token in self._leaving:
            subscription, _ = self._leaving[token]
            meant = mode == "unsubscribe" and topic == subscription.offer.topic and challenge
            return (200, challenge) if meant and challenge else _NO
        held = self._of(token)
        if held is None:
            return _UNKNOWN
        if topic != held.subscription.offer.topic:
            return _NO
        if mode == "denied":
            self._denied(held, query.get("hub.reason", ""))
            return 200, ""
        if mode != "subscribe" or not challenge or held.subscription.denied:
            return _NO
        self._verified(held, query.get("hub.lease_seconds"))
        return 200, challenge

    def push(self, token: str, signature: str) -> Push | None:
        """See `worker.ports.Callbacks`."""
        held = self._of(token)
        if held is None:
            self._metrics.pushed("unknown")
            return None
        secret = held.subscription.secret
        check = None if secret is None else Signature(secret, signature)
        return Push(check, lambda *, valid: self._pushed(token, valid=valid))

    async def run(self) -> None:
        """Ask hubs as it falls due, until cancelled."""
        try:
            while True:
                self.turn()
                await self._calls.rest(until_seconds=self._leases[0][0] if self._leases else None)
        finally:
            await self._calls.cancel()

    def turn(self) -> None:
        """Begin what is due."""
        now_seconds = self._clock.monotonic_seconds()
        self._lapse(now_seconds)
        while self._leaving and next(iter(self._leaving.values()))[1] <= now_seconds:
            token = next(iter(self._leaving))
            del self._leaving[token]
            self._calls.drop(token)
        self._calls.begin_due()

    def _lapse(self, now_seconds: float) -> None:
        while self._leases and self._leases[0][0] <= now_seconds:
            _, token = heapq.heappop(self._leases)
            held = self._of(token)
            subscription = None if held is None else websub.lapsed(held.subscription, self._terms(held.feed))
            if held is not None and subscription is not None:
                self._log.warning("websub_lapsed", feed=held.feed.id, hub=held.subscription.hub)
                self._change(held, subscription)
                self._ended(held.feed.id)

    async def _call(self, token: str) -> None:
        """Ask one hub for what one subscription needs."""
        if token in self._leaving:
            await self._send(self._leaving[token][0], "unsubscribe")
        elif (held := self._of(token)) is not None:
            await self._subscribe(held)

    async def _subscribe(self, held: _Held) -> None:
        if held.subscription.asked:
            self._failed(held, "it did not verify the subscription in time")
            return
        token = held.subscription.token
        self._asked(held)
        fetched = await self._send(held.subscription, "subscribe")
        after = self._of(token)
        # Meanwhile the hub may have verified or denied it, or the feed may be gone.
        if after is None or not after.subscription.asked:
            return
        if not isinstance(fetched, Response):
            self._failed(after, fetched.detail)
        elif not 200 <= fetched.status < 300:
            self._failed(after, f"it answered {fetched.status}")
        else:
            # It may have been some time until it was the hub's turn.
            self._asked(after)

    async def _send(self, subscription: Subscription, mode: websub.Mode) -> Fetched:
        callback = f"{self._settings.callback_url}/websub/{subscription.token}"
        form = websub.form(subscription, mode, callback=callback, lease_seconds=self._settings.lease_seconds)
        return await self._manners.fetch(Request(url=subscription.hub, kind="hub", form=form))

    def _asked(self, held: _Held) -> None:
        self._change(held, websub.asked(held.subscription, now_seconds=self._clock.monotonic_seconds()))

    def _failed(self, held: _Held, detail: str) -> None:
        self._log.warning("websub_failed", feed=held.feed.id, hub=held.subscription.hub, detail=detail)
        self._change(held, websub.failed(held.subscription, self._terms(held.feed)))

    def _denied(self, held: _Held, reason: str) -> None:
        before = held.subscription
        if before.denied:
            return
        said = ascii(reason[:_MAX_REASON_CHARS])[1:-1]
        self._log.warning("websub_denied", feed=held.feed.id, hub=before.hub, reason=said or None)
        self._change(held, websub.denied(before, self._terms(held.feed)))
        if before.lease_until_seconds is not None:
            self._ended(held.feed.id)

    def _verified(self, held: _Held, lease: str | None) -> None:
        if held.subscription.status == "verified" and not held.subscription.asked:
            # Whatever a hub repeats of itself changes nothing: so what it costs is bounded by what it was asked.
            return
        lease_seconds = websub.granted_seconds(lease, requested_seconds=self._settings.lease_seconds)
        subscription = websub.verified(held.subscription, self._terms(held.feed), lease_seconds=lease_seconds)
        self._log.info(
            "websub_subscribed",
            feed=held.feed.id,
            hub=subscription.hub,
            topic=subscription.offer.topic,
            lease_seconds=lease_seconds,
        )
        self._change(held, subscription)
        if subscription.lease_until_seconds is not None:
            heapq.heappush(self._leases, (subscription.lease_until_seconds, subscription.token))

    def _pushed(self, token: str, *, valid: bool) -> None:
        held = self._of(token)
        if held is None:
            return
        accepted = valid and held.subscription.lease_until_seconds is not None
        result = "accepted" if accepted else "ignored"
        self._metrics.pushed(result)
        self._log.info("websub_push", feed=held.feed.id, result=result)
        if accepted:
            subscription = websub.pushed(held.subscription, now_seconds=self._clock.monotonic_seconds())
            self._held[held.feed.id] = _Held(feed=held.feed, subscription=subscription)
            self._poke(held.feed.id)

    def _of(self, token: str) -> _Held | None:
        return self._held.get(self._feed_ids.get(token, ""))

    def _terms(self, feed: Feed) -> Terms:
        return Terms.of(feed, now_seconds=self._clock.monotonic_seconds(), make_token=self._settings.make_token)

    def _change(self, held: _Held, subscription: Subscription) -> None:
        if subscription.token != held.subscription.token:
            self._drop(held.subscription)
        self._keep(held.feed, subscription)

    def _keep(self, feed: Feed, subscription: Subscription) -> None:
        self._held[feed.id] = _Held(feed=feed, subscription=subscription)
        self._feed_ids[subscription.token] = feed.id
        self._calls.add(subscription.token, subscription.hub, due_seconds=subscription.ask_at_seconds)

    def _drop(self, subscription: Subscription) -> None:
        self._feed_ids.pop(subscription.token, None)
        self._calls.drop(subscription.token)
