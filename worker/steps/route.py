"""Which topic an article goes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from worker.model.article import Article
    from worker.model.feed import Feed, Route


def topic_of(article: Article, feed: Feed, *, kept: str | None) -> str | None:
    """Where a revision goes; None is the ledger's own topic.

    It goes where the first revision went, so that all revisions of an article are in one topic and in order. Only when
    the configuration names that topic no more, the article moves to where it would go now.

    Args:
        article: the revision.
        feed: it is from.
        kept: where the revision before went.
    """
    if article.identity.revision > 1 and kept in {None, feed.topic, *(route.topic for route in feed.routes)}:
        return kept
    if feed.topic is not None:
        return feed.topic
    return next((route.topic for route in feed.routes if _fits(route, article)), None)


def _fits(route: Route, article: Article) -> bool:
    events = {name for event in article.facts.events for name in (event.type, event.family)}
    return (
        (not route.languages or _speaks(article.language, route.languages))
        and (not route.countries or not set(route.countries).isdisjoint(article.countries))
        and (not route.event_types or not events.isdisjoint(route.event_types))
        and (not route.publishers or article.source.publisher in route.publishers)
    )


def _speaks(language: str | None, ranges: tuple[str, ...]) -> bool:
    return language is not None and f"{language.lower()}-".startswith(tuple(f"{one}-" for one in ranges))
