"""How often one feed is polled: what it says of its intervals, over what the schedule says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .problems import Mistake
from .schema import UNVALIDATED_SECONDS, Schedule, least_seconds
from .values import duration_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .feeds import FeedEntry

# A key, and another that it must not be above. Values that nobody gave give way, and are never in the wrong.
_BOUNDS = (
    ("interval", "max_interval"),
    ("min_interval", "interval"),
    ("min_interval", "max_interval"),
    ("unvalidated_interval", "max_interval"),
)


def intervals(entry: FeedEntry, schedule: Schedule) -> dict[str, float | None]:
    """The fields of `Feed` about intervals."""
    interval = entry.interval_seconds or schedule.interval_seconds
    most = entry.max_interval_seconds or schedule.max_interval_seconds
    given_least = entry.min_interval_seconds or schedule.given_min_interval_seconds
    least = given_least or least_seconds(interval, most)
    if entry.unvalidated_interval_seconds is not None:
        unvalidated = entry.unvalidated_interval_seconds
    elif entry.interval_seconds not in (None, "auto") or entry.min_interval_seconds is not None:
        unvalidated = least  # what is said of one feed outweighs what is said of all
    elif schedule.unvalidated_interval_seconds is not None:
        unvalidated = schedule.unvalidated_interval_seconds
    elif interval != "auto" or given_least is not None:
        unvalidated = least
    else:
        unvalidated = UNVALIDATED_SECONDS
    return {
        "interval_seconds": None if interval == "auto" else interval,
        "min_interval_seconds": least,
        "max_interval_seconds": most,
        "unvalidated_interval_seconds": min(max(unvalidated, least), most),
    }


def check_order(key: str, data: Mapping[str, Any], schedule: Schedule) -> None:
    """Check the attribute `key` of an entry against those before it; one that is not in `data` is wrong itself.

    Raises:
        Mistake: if they cannot go together. It names what the feed has to say as well.
    """
    effective: dict[str, Any] = {
        "interval": data.get("interval_seconds") or schedule.interval_seconds,
        "min_interval": data.get("min_interval_seconds") or schedule.given_min_interval_seconds,
        "max_interval": data.get("max_interval_seconds") or schedule.max_interval_seconds,
        "unvalidated_interval": data.get("unvalidated_interval_seconds"),
    }
    for name, bound in _BOUNDS:
        if f"{name}_seconds" != key or f"{bound}_seconds" not in data:
            continue
        value, limit = effective[name], effective[bound]
        if value in (None, "auto") or limit in (None, "auto") or value <= limit:
            continue
        shown, shown_limit = duration_text(value), duration_text(limit)
        if data[key] is None:
            subject = f"schedule.{name} ({shown}) is above this feed's {bound} ({shown_limit})"
            raise Mistake(f"{subject}; set this feed's {name} too")
        if data[f"{bound}_seconds"] is None:
            raise Mistake(f"{shown} is above schedule.{bound} ({shown_limit}); set this feed's {bound} too")
        raise Mistake(f"{shown} is above {bound} ({shown_limit})")
