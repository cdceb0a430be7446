"""Feeds: from what the file says of each to the model's `Feed`, with its id and shard key."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from pydantic import Field, PlainValidator, ValidationError, ValidationInfo, field_validator

from worker.model.feed import Feed

from .headers import AUTHORIZATION, Auth, Headers, sent
from .intervals import check_order, intervals
from .kafka import Topic
from .location import Location, default_id, location
from .problems import Mistake
from .schema import Articles, Schedule
from .section import (
    Content,
    FirstPoll,
    Seconds,
    SecondsOrAuto,
    SecondsOrOff,
    SecretFile,
    Section,
    Text,
    Url,
    matching,
)

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
    # One string for the many feeds of a publisher.
    return sys.intern(parts.top_domain_under_public_suffix or name)


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

    url: Annotated[Location, PlainValidator(location, json_schema_input_type=Url)]
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
    topic: Topic | None = None
    content: Content | None = None
    backfill: FirstPoll | None = None
    recheck_seconds: SecondsOrOff | None = Field(default=None, alias="recheck")
    facts: bool | None = None
    max_interval_seconds: Seconds | None = Field(default=None, alias="max_interval")
    interval_seconds: SecondsOrAuto | None = Field(default=None, alias="interval", validate_default=True)
    min_interval_seconds: Seconds | None = Field(default=None, alias="min_interval", validate_default=True)
    unvalidated_interval_seconds: Seconds | None = Field(default=None, alias="unvalidated_interval")
    headers: Headers | None = None
    auth: Auth | None = None

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

    @field_validator("interval_seconds", "min_interval_seconds", "unvalidated_interval_seconds")
    @classmethod
    def _in_order(cls, value: float | Literal["auto"] | None, info: ValidationInfo) -> float | Literal["auto"] | None:
        schedule = cast("_Others", info.context).schedule
        if schedule is not None:
            key = str(info.field_name)
            check_order(key, {**info.data, key: value}, schedule)
        return value

    @field_validator("headers")
    @classmethod
    def _named_once(cls, headers: Headers, info: ValidationInfo) -> Headers:
        names = {name.lower() for name in headers}
        if len(names) < len(headers):
            raise Mistake("names one header twice; capitals make no difference")
        if AUTHORIZATION.lower() in names and _has_credentials(info):
            raise Mistake("has Authorization, and the URL a user name and password; keep one")
        return headers

    @field_validator("auth")
    @classmethod
    def _one_login(cls, auth: Auth, info: ValidationInfo) -> Auth:
        if _has_credentials(info):
            raise Mistake("the URL holds a user name and password as well; keep one")
        if AUTHORIZATION.lower() in {name.lower() for name in info.data.get("headers") or {}}:
            raise Mistake("headers has Authorization as well; keep one")
        return auth

    def secret_files(self) -> Iterator[Path]:
        """The files that its secrets came from."""
        for value in (self.headers or {}).values():
            if isinstance(value, SecretFile):
                yield value.path
        if self.auth is not None and self.auth.password_file is not None:
            yield self.auth.password_file.path


def _has_credentials(info: ValidationInfo) -> bool:
    url = info.data.get("url")
    return url is not None and url.url != url.public


def common(entry: FeedEntry, schedule: Schedule, articles: Articles) -> dict[str, Any]:
    """The fields of `Feed` that come from the sections for all feeds where the entry does not give them."""
    content = entry.content or articles.content
    recheck = entry.recheck_seconds or articles.recheck_seconds
    return intervals(entry, schedule) | {
        "give_up_after": schedule.give_up_after,
        "content": content,
        "backfill": entry.backfill or articles.backfill,
        "routes": articles.for_feeds,
        "recheck_seconds": None if content == "feed" or recheck == "off" else recheck,
        "facts": articles.facts if entry.facts is None else entry.facts,
    }


def build(
    items: list[Any],
    schedule: Schedule | None,
    articles: Articles | None,
    *,
    where: Callable[[int], str],
    files: list[Path],
) -> Iterator[tuple[int, Feed | ValidationError]]:
    """The index of each entry, and its `Feed` or what is wrong with it.

    Args:
        items: the entries, as plain data.
        schedule: None when it is wrong itself: entries are still checked, as far as that goes without it.
        articles: as `schedule`.
        where: tells people where the entry with this index stands.
        files: takes the paths of the files that secrets came from.
    """
    others = _Others(schedule=schedule, where=where)
    for index, item in enumerate(items):
        others.index = index
        try:
            entry = FeedEntry.model_validate(item if isinstance(item, dict) else {"url": item}, context=others)
        except ValidationError as error:
            yield index, error
            continue
        files.extend(entry.secret_files())
        if schedule is None or articles is None or entry.id is None:
            continue
        yield (
            index,
            Feed(
                id=entry.id,
                url=entry.url.url,
                shard_key=shard_key(entry.url.host),
                title=entry.title,
                publisher=entry.publisher,
                topic=entry.topic,
                headers=sent(entry.headers, entry.auth),
                **common(entry, schedule, articles),
            ),
        )
