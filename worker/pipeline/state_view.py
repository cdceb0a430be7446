"""All that is known about a feed, for people."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from worker.model.secrets import without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.model.feed import FeedState, SeenEntry

_URLS = ("url", "adopted_url", "validators_url")


def state_view(state: FeedState) -> dict[str, Any]:
    """Every field of a state by its name, addresses without credentials."""
    view = asdict(replace(state, entries=tuple(state.entries)))
    for name in _URLS:
        if view[name] is not None:
            view[name] = without_secrets(view[name])
    if state.move is not None:
        view["move"]["url"] = without_secrets(state.move.url)
    view["waiting"] = dict(state.waiting)
    for entry, seen in zip(view["entries"], state.entries, strict=True):
        entry["fields"] = dict(seen.fields)
        entry["page_url"] = None if seen.page_url is None else without_secrets(seen.page_url)
    return view


def state_lines(state: FeedState) -> Iterator[str]:
    """The same as lines, what is not known left out, and a line for each entry."""
    view = state_view(state)
    del view["entries"]
    for name, value in view.items():
        if value not in (None, {}, (), [], 0, False):
            yield f"{name + ':':18}{_text(value)}"
    yield f"{'entries:':18}{len(state.entries)}"
    for seen in state.entries:
        yield f"  {seen.key}  article {seen.article_id}  {_standing(seen)}"


def _standing(seen: SeenEntry) -> str:
    # What was not published here was by another feed, or was there before the feed was followed.
    unpublished = "not published here" if seen.fields else "rejected"
    said = f"revision {seen.revision}" if seen.revision else unpublished
    left = "" if seen.left_at is None else f", left the feed {_text(seen.left_at)}"
    return said + left


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    if isinstance(value, dict):
        said = ", ".join(f"{key}={_text(item)}" for key, item in value.items() if item not in (None, (), [], 0, False))
        return said or "-"
    if isinstance(value, (list, tuple)):
        return " ".join(map(_text, value))
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in str(value))
