"""What a feed says about being polled: RSS 2.0 (ttl, skipHours, skipDays), the syndication module, WebSub's links."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from worker.model.entry import Hints

from .names import attribute
from .values import absolute, plain

if TYPE_CHECKING:
    from lxml import etree

    from .fields import Fields

_HOUR = re.compile(r"[0-9]{1,2}")
_MAX_DIGITS = 9
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# http://web.resource.org/rss/1.0/modules/syndication/
_PERIODS = {
    "hourly": 3_600.0,
    "daily": 86_400.0,
    "weekly": 7 * 86_400.0,
    "monthly": 30 * 86_400.0,
    "yearly": 365 * 86_400.0,
}
_MAX_HUBS = 5


def read_hints(fields: Fields, *, base: str) -> Hints:
    """The hints among the parts of a channel. What is not as its specification has it says nothing."""
    links = fields.all("atom:link", "atom10:link", "link")
    return Hints(
        ttl_seconds=_number(fields.text("ttl")) * 60.0,
        update_seconds=_period(fields),
        skip_hours=tuple(sorted({hour % 24 for hour in _hours(fields)})),
        skip_days=tuple(
            sorted({_DAYS.index(name) for name in _said(fields, "skipdays/day") if name in _DAYS}),
        ),
        hubs=tuple(dict.fromkeys(_linked(links, "hub", base)))[:_MAX_HUBS],
        topic=next(iter(_linked(links, "self", base)), None),
    )


def _period(fields: Fields) -> float:
    period = _PERIODS.get((fields.text("sy:updateperiod") or "").strip().lower(), 0.0)
    frequency = fields.text("sy:updatefrequency")
    times = 1 if frequency is None else _number(frequency)
    return period / times if times else 0.0


def _hours(fields: Fields) -> list[int]:
    """Hours from 0 to 23 (RSS 2.0), or to 24 (RSS 0.91, where that is midnight)."""
    return [int(said) for said in _said(fields, "skiphours/hour") if _HOUR.fullmatch(said) and int(said) <= 24]


def _said(fields: Fields, path: str) -> list[str]:
    return [text.strip().lower() for element in fields.all(path) if (text := plain(element))]


def _linked(links: list[etree._Element], relation: str, base: str) -> list[str]:
    return [
        url
        for link in links
        if relation in (attribute(link, "rel") or "").lower().split()
        and (url := absolute(attribute(link, "href"), base))
        and url.startswith(("http://", "https://"))
    ]


def _number(text: str | None) -> int:
    """A number without a sign, 0 for anything else. Of more digits than anybody means, the first nine count."""
    digits = text.strip() if text else ""
    return int(digits.lstrip("0")[:_MAX_DIGITS] or 0) if digits.isascii() and digits.isdigit() else 0
