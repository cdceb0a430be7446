"""Feeds: from what the file says of each to the model's `Feed`, with its id and shard key."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, cast

from pydantic import Field, PlainValidator, ValidationError, ValidationInfo, field_validator

from worker.model.feed import Feed

from .location import Location, default_id, location
from .problems import Mistake
from .schema import Articles, Schedule
from .section import Content, FirstPoll, Seconds, SecondsOrOff, Section, Text, matching
from .values import duration_text

if TYPE_CHECKING:
    from tldextract import TLDExtract


@cache
def _extractor() -> "TLDExtract":
    from tldextract import TLDExtract  # noqa: PLC0415 - 0.1 s that only a worker with feeds has to wait

    # The list that comes with the package: no network, and the same shards for the same release everywhere.
    return TLDExtract(suffix_list_urls=(), cache_dir=None)


def shard_key(host: str) -> str:
    """The registrable domain of a host (https://publicsuffix.org, private section left out).

    An address, a name of one label and a public suffix stand for themselves. `host` is in the form of `values.host`.
    """
    name = host.removesuffix(".")
    if "." not in name or name.rpartition(".")[2].isdigit():
        return name
    parts = _extractor().extract_str(name)
    if not parts.suffix:  # an unlisted ending (news.corp.internal): the list's prevailing rule is one label
        return ".".join(name.split(".")[-2:])
    return parts.top_domain_under_public_suffix or name


@dataclass(slots=True, kw_only=True)
class _Others:
    """What a feed is checked against: the schedule (None when that is wrong itself) and the feeds before it."""

    schedule: Schedule | None
    where: Callable[[int], str]
    index: int = 0
    ids: dict[str, int] = field(default_factory=dict)
    urls: dict[str, int] = field(default_factory=dict)


class FeedEntry(Section):
    """One entry under `feeds`. What it leaves out comes from its URL and from the schedule."""

    url: Annotated[Location, PlainValidator(location)]
    id: (
        Annotated[
            str,
            matching(
                r"[a-z0-9][a-z0-9._-]{0,99}",
                "must be 1 to 100 of a-z, 0-9, dot, dash and underscore, a letter or digit first",
            ),
        ]
        | None
    ) = Field(default=None, validate_default=True)
    title: Text | None = None
    publisher: Text | None = None
    content: Content | None = None
    backfill: FirstPoll | None = None
    recheck_seconds: SecondsOrOff | None = Field(default=None, alias="recheck")
    max_interval_seconds: Seconds | None = Field(default=None, alias="max_interval")
    min_interval_seconds: Seconds | None = Field(default=None, alias="min_interval", validate_default=True)
    interval_seconds: Seconds | None = Field(default=None, alias="interval", validate_default=True)

    @field_validator("url")
    @classmethod
    def _polled_once(cls, url: Location, info: ValidationInfo) -> Location:
        others = cast("_Others", info.context)
        first = others.urls.setdefault(url.url, others.index)
        if first != others.index:
            raise Mistake(f"is the same URL as {others.where(first)}; keep one")
        return url

    @field_validator("id")
    @classmethod
    def _one_of_a_kind(cls, given: str | None, info: ValidationInfo) -> str | None:
        others = cast("_Others", info.context)
        if given is None and "url" not in info.data:
            return None
        feed_id = given or default_id(info.data["url"])
        first = others.ids.setdefault(feed_id, others.index)
        if first != others.index:
            raise Mistake(f"is the same id as that of {others.where(first)}; give this feed an id of its own")
        return feed_id

    @field_validator("min_interval_seconds", "interval_seconds")
    @classmethod
    def _in_order(cls, value: float | None, info: ValidationInfo) -> float | None:
        schedule = cast("_Others", info.context).schedule
        if schedule is None:
            return value
        key = str(info.field_name)
        own: dict[str, float | None] = {**info.data, key: value}
        for limit, sign in (("min_interval_seconds", 1), ("max_interval_seconds", -1)):
            if limit not in own:
                continue
            wrong = sign * (own[key] or getattr(schedule, key)) < sign * (own[limit] or getattr(schedule, limit))
            if wrong:
                raise Mistake(_clash(key, limit, own, schedule, "below" if sign > 0 else "above"))
        return value


def _clash(key: str, limit: str, own: Mapping[str, float | None], schedule: Schedule, side: str) -> str:
    """Which of the two the feed says itself, and which it should say as well."""
    name, limit_name = key.removesuffix("_seconds"), limit.removesuffix("_seconds")
    value, bound = own[key], own[limit]
    if value is None:
        subject = f"schedule.{name} ({duration_text(getattr(schedule, key))})"
        return f"{subject} is {side} this feed's {limit_name} ({duration_text(bound or 0)}); set this feed's {name} too"
    if bound is None:
        shown = duration_text(getattr(schedule, limit))
        return f"{duration_text(value)} is {side} schedule.{limit_name} ({shown}); set this feed's {limit_name} too"
    return f"{duration_text(value)} is {side} {limit_name} ({duration_text(bound)})"


def build(
    items: list[Any], schedule: Schedule | None, articles: Articles | None, where: Callable[[int], str]
) -> Iterator[Feed | tuple[int, ValidationError]]:
    """Each entry as a `Feed`, or its index and what is wrong with it.

    `schedule` and `articles` are None when they are wrong themselves: entries are still checked, as far as that goes
    without them. `where` tells people where the entry with this index stands.
    """
    others = _Others(schedule=schedule, where=where)
    for index, item in enumerate(items):
        others.index = index
        try:
            entry = FeedEntry.model_validate(item if isinstance(item, dict) else {"url": item}, context=others)
        except ValidationError as error:
            yield index, error
            continue
        if schedule is None or articles is None or entry.id is None:
            continue
        content = entry.content or articles.content
        recheck = entry.recheck_seconds or articles.recheck_seconds
        yield Feed(
            id=entry.id,
            url=entry.url.url,
            shard_key=shard_key(entry.url.host),
            title=entry.title,
            publisher=entry.publisher,
            interval_seconds=entry.interval_seconds or schedule.interval_seconds,
            min_interval_seconds=entry.min_interval_seconds or schedule.min_interval_seconds,
            max_interval_seconds=entry.max_interval_seconds or schedule.max_interval_seconds,
            content=content,
            backfill=entry.backfill or articles.backfill,
            recheck_seconds=None if content == "feed" or recheck == "off" else recheck,
        )
