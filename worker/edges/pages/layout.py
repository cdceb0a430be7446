"""What all pages share: the frame around them, times, durations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from worker.edges.pages.markup import Child, Html, join, tag, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_PAGES = (("/", "Worker"), ("/feeds", "Feeds"), ("/articles", "Articles"), ("/config", "Configuration"))
_UNITS = ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s"))


def page(title: str, *content: Child, here: str, live_seconds: int | None = None) -> Html:
    """A whole document. Every `live_seconds` the script asks for it again and takes over what is in `main`."""
    links = (tag("a", name, href=path, aria_current="page" if path == here else None) for path, name in _PAGES)
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{title} - Dateline"),
        tag("link", rel="icon", href="/static/icon.svg", type="image/svg+xml"),
        tag("link", rel="stylesheet", href="/static/style.css"),
        tag("script", src="/static/page.js", defer=True),
    )
    body = tag(
        "body",
        tag("header", tag("nav", *links, aria_label="Pages")),
        tag("main", tag("h1", title), *content, data_live=live_seconds),
    )
    return Html("<!doctype html>\n" + tag("html", head, body, lang="en"))


def pairs(rows: Iterable[tuple[str, Child]]) -> Html:
    """Names and values, those without a value left out."""
    shown = (join((tag("dt", name), tag("dd", value))) for name, value in rows if value not in (None, ""))
    return tag("dl", *shown)


def moment(at: datetime | str | None, *, now: datetime) -> Html:
    """A time as its distance from now; the time itself shows when it is pointed at."""
    if at is None:
        return Html("-")
    if isinstance(at, str):
        at = datetime.fromisoformat(at)
    seconds = (at - now).total_seconds()
    said = "now" if abs(seconds) < 1 else f"{duration(-seconds)} ago" if seconds < 0 else f"in {duration(seconds)}"
    return tag("time", said, datetime=at.isoformat(), title=f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC")


def duration(seconds: float) -> str:
    """A duration in its two largest units."""
    left = round(seconds)
    parts = []
    for unit_seconds, unit in _UNITS:
        count, left = divmod(left, int(unit_seconds))
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def address(url: str | None) -> Html:
    """A link that leads away, to http(s) alone."""
    if url is None:
        return Html("")
    if not url.startswith(("http://", "https://")):
        return text(url)
    return tag("a", url, href=url, rel="noreferrer noopener", class_="address")


def badge(state: str) -> Html:
    """The state of a feed, or what became of an article."""
    return tag("span", state, class_=f"badge {state}")


def shown(value: Any, *, now: datetime) -> Html:
    """Plain data of any shape."""
    if isinstance(value, datetime):
        return moment(value, now=now)
    if isinstance(value, dict):
        return pairs_of(value, now=now)
    if isinstance(value, list | tuple):
        return join((shown(part, now=now) for part in value), " ")
    return text({True: "yes", False: "no"}[value] if isinstance(value, bool) else value)


def pairs_of(values: Mapping[str, Any], *, now: datetime) -> Html:
    """Plain data by name. What is not known, or empty, is left out."""
    return pairs(
        (name.replace("_", " "), shown(value, now=now))
        for name, value in values.items()
        if value is not None and value not in ([], (), {}, "")
    )
