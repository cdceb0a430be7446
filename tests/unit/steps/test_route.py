"""Which topic an article goes to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.steps.test_encode import ARTICLE
from worker.model.feed import Feed, Route
from worker.steps.route import topic_of

# ARTICLE: revision 2, in British English, of the Wire Ltd, dateline Kyiv (UA), tells of a visit (diplomacy).
FIRST = replace(ARTICLE, identity=replace(ARTICLE.identity, revision=1, change="published", changed=()))
FEED = Feed(
    id="world",
    url="https://news.example/feed",
    shard_key="news.example",
    interval_seconds=600,
    min_interval_seconds=60,
    max_interval_seconds=86_400,
)


def routed(*routes: Route, topic: str | None = None) -> str | None:
    return topic_of(FIRST, replace(FEED, routes=routes, topic=topic), kept=None)


def test_without_routes_it_is_the_ledgers_own_topic():
    assert routed() is None


@pytest.mark.parametrize(
    ("route", "topic"),
    [
        (Route(topic="t"), "t"),
        (Route(topic="t", languages=("en",)), "t"),
        (Route(topic="t", languages=("en-gb",)), "t"),
        (Route(topic="t", languages=("en-us", "e")), None),
        (Route(topic="t", countries=("FR", "UA")), "t"),
        (Route(topic="t", countries=("FR",)), None),
        (Route(topic="t", event_types=("visit",)), "t"),
        (Route(topic="t", event_types=("diplomacy",)), "t"),
        (Route(topic="t", event_types=("violence",)), None),
        (Route(topic="t", publishers=("Wire Ltd",)), "t"),
        (Route(topic="t", publishers=("Wire",)), None),
        (Route(topic="t", languages=("en",), countries=("UA",), publishers=("Wire Ltd",)), "t"),
        (Route(topic="t", languages=("en",), countries=("FR",)), None),
    ],
)
def test_a_route_fits_when_each_of_its_conditions_does(route: Route, topic: str | None):
    assert routed(route) == topic


def test_nothing_is_known_of_an_article_without_a_language():
    silent = replace(FIRST, language=None)
    assert topic_of(silent, replace(FEED, routes=(Route(topic="t", languages=("en",)),)), kept=None) is None


def test_the_first_route_that_fits_counts():
    assert routed(Route(topic="a", countries=("FR",)), Route(topic="b", countries=("UA",)), Route(topic="c")) == "b"


def test_the_feeds_own_topic_goes_before_all_routes():
    assert routed(Route(topic="a"), topic="own") == "own"


@pytest.mark.parametrize("kept", ["a", "b", None])
def test_a_later_revision_goes_where_the_first_one_went_although_another_route_fits_now(kept: str | None):
    routes = (Route(topic="a", countries=("FR",)), Route(topic="b", countries=("UA",)))
    assert topic_of(ARTICLE, replace(FEED, routes=routes), kept=kept) == kept


def test_an_article_whose_topic_is_configured_no_more_goes_where_it_would_go_now():
    routes = (Route(topic="b", countries=("UA",)),)
    assert topic_of(ARTICLE, replace(FEED, routes=routes), kept="a") == "b"
