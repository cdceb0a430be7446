"""The configuration as typed sections. The keys of the file are the aliases; units are in the attributes' names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    InstanceOf,
    PlainValidator,
    PrivateAttr,
    SecretStr,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from worker.model.feed import Backfill, Feed, Route
from worker.model.secrets import without_credentials, without_tokens

from .fetch import Fetch, Proxy, Websub
from .kafka import Kafka
from .problems import Mistake, Path as Keys, Problem
from .routes import RouteEntry
from .section import (
    Commas,
    Content,
    Count,
    FilePath,
    FirstPoll,
    Seconds,
    SecondsOrAuto,
    SecondsOrOff,
    SecretFile,
    Section,
    Size,
    matching,
)
from .tracing import Tracing
from .values import address, backfill_written, duration_text, joined, listed

_DAY_SECONDS = 86_400.0
# For servers of others, who mind being asked more often (and, without validators, being asked for everything).
_LEAST_SECONDS = 3600.0
UNVALIDATED_SECONDS = _DAY_SECONDS
_AT_LEAST = {"max_interval": ("interval",), "min_interval": (), "unvalidated_interval": ("min_interval",)}
_AT_MOST = {
    "max_interval": (),
    "min_interval": ("interval", "max_interval"),
    "unvalidated_interval": ("max_interval",),
}
_HIDDEN = "***"


def _listen(value: object) -> str:
    name, port = address(value, example="127.0.0.1:9108")
    return joined(name, port)


class Sqlite(Section):
    """The embedded ledger, used when no broker is configured. A relative path starts at the working directory."""

    path: FilePath = Path("dateline.db")


def least_seconds(interval: float | Literal["auto"], most: float) -> float:
    """The least interval where none is given: what the user says of the others outweighs our own idea of it."""
    return min(_LEAST_SECONDS, most, most if interval == "auto" else interval)


def _least(data: dict[str, Any]) -> float:
    return least_seconds(data.get("interval_seconds", "auto"), data.get("max_interval_seconds", _DAY_SECONDS))


class Schedule(Section):
    """How often feeds are polled, unless they say otherwise themselves.

    `unvalidated_interval_seconds` is None where none is given: then 24 hours count, for feeds of which neither interval
    nor least interval is given. A feed is paused after `give_up_after` failures in a row that its server means.
    """

    interval_seconds: SecondsOrAuto = Field(default="auto", alias="interval")
    max_interval_seconds: Seconds = Field(default=_DAY_SECONDS, alias="max_interval", validate_default=True)
    min_interval_seconds: Seconds = Field(default_factory=_least, alias="min_interval")
    unvalidated_interval_seconds: Seconds | None = Field(default=None, alias="unvalidated_interval")
    give_up_after: Count = 20

    @property
    def given_min_interval_seconds(self) -> float | None:
        """The least interval, None where the file and the environment give none."""
        return self.min_interval_seconds if "min_interval_seconds" in self.model_fields_set else None

    @field_validator("max_interval_seconds", "min_interval_seconds", "unvalidated_interval_seconds")
    @classmethod
    def _in_order(cls, value: float, info: ValidationInfo) -> float:
        name = str(info.field_name).removesuffix("_seconds")
        for side, bounds in (("below", _AT_LEAST[name]), ("above", _AT_MOST[name])):
            for bound in bounds:
                limit = info.data.get(f"{bound}_seconds", "auto")
                if limit != "auto" and (value < limit if side == "below" else value > limit):
                    raise Mistake(f"{duration_text(value)} is {side} {bound} ({duration_text(limit)})")
        return value


class Articles(Section):
    """Where articles' text comes from, what is read of it, which are published and where: unless a feed says it."""

    content: Content = "feed"
    backfill: FirstPoll = Backfill()
    recheck_seconds: SecondsOrOff = Field(default=86400.0, alias="recheck")
    routes: Annotated[tuple[RouteEntry, ...], BeforeValidator(listed)] = ()
    facts: bool = True

    @cached_property
    def for_feeds(self) -> tuple[Route, ...]:
        """The routes as feeds have them: one tuple for all."""
        return tuple(entry.route for entry in self.routes)

    @field_validator("routes")
    @classmethod
    def _all_can_fit(cls, routes: tuple[RouteEntry, ...]) -> tuple[RouteEntry, ...]:
        for number, route in enumerate(routes[:-1], 1):
            if route.takes_all:
                raise Mistake(f"number {number} has no condition, so that none after it is ever asked; put it last")
        return routes


class Commit(Section):
    """When what was gathered is written, and how much may wait in memory while it cannot be."""

    max_events: Count = 500
    max_bytes: Size = 8 * 2**20
    max_delay_seconds: Seconds = Field(default=0.5, alias="max_delay")
    pending_bytes: Size = Field(default=64 * 2**20, validate_default=True)

    @field_validator("pending_bytes")
    @classmethod
    def _holds_a_commit(cls, value: int, info: ValidationInfo) -> int:
        limit = info.data.get("max_bytes", value)
        if value < limit:
            raise Mistake(f"{value} bytes are below max_bytes ({limit}); one commit must fit")
        return value


class Metrics(Section):
    """What is told beyond the worker as a whole: of the first `per_feed` feeds, how each is doing."""

    # Each is three series for as long as Prometheus remembers.
    per_feed: int = Field(default=0, ge=0, le=10_000)


class Log(Section):
    """What is logged, and how. `auto` is console on a terminal and JSON elsewhere."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "console"] = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a configuration came from, which changes nothing of what it says: any two compare as equal.

    `files` are those that were read for it: itself, its lists of feeds, and its secrets; `sources` the number of feeds
    by where they were listed; `notes` what is worth knowing and no mistake; `given` where each value comes from that is
    no default, by the keys that lead to it.
    """

    files: tuple[Path, ...] = field(default=(), compare=False)
    sources: tuple[tuple[str, int], ...] = field(default=(), compare=False)
    notes: tuple[Problem, ...] = field(default=(), compare=False)
    given: Mapping[Keys, str] = field(default_factory=dict, compare=False)


class Config(Section):
    """Everything that one worker is told. Made by `load`; `kafka` is None when no broker is configured."""

    name: Annotated[
        str, matching(r"[a-z0-9][a-z0-9.-]{0,99}", "must be 1 to 100 of a-z, 0-9, dot and dash, no dot or dash first")
    ] = "dateline"
    listen: Annotated[str, PlainValidator(_listen, json_schema_input_type=str)] = "127.0.0.1:9108"
    kafka: Kafka | None = None
    sqlite: Sqlite = Sqlite()
    fetch: Fetch = Fetch()
    websub: Websub = Websub()
    schedule: Schedule = Schedule()
    articles: Articles = Articles()
    commit: Commit = Commit()
    drain_timeout_seconds: Seconds = Field(default=20.0, alias="drain_timeout")
    log: Log = Log()
    metrics: Metrics = Metrics()
    tracing: Tracing = Tracing()
    feed_lists: Annotated[tuple[FilePath, ...], Commas] = ()
    # Not shown: their URLs may hold credentials, and there may be 100,000 of them.
    feeds: Annotated[tuple[InstanceOf[Feed], ...], WithJsonSchema({})] = Field(default=(), repr=False)
    _origin: Origin = PrivateAttr(default=Origin())

    @field_validator("kafka")
    @classmethod
    def _needs_a_broker(cls, kafka: Kafka | None) -> Kafka | None:
        return kafka if kafka and kafka.bootstrap_servers else None

    @field_validator("articles")
    @classmethod
    def _routes_to_articles(cls, articles: Articles, info: ValidationInfo) -> Articles:
        for route in articles.routes:
            if other := _other_use(route.topic, info.data.get("kafka")):
                raise Mistake(f"routes: {route.topic} is the name of the topic for {other}; give the articles another")
        return articles

    def misplaced(self, topic: str) -> str | None:
        """What a topic is for when articles must not go there."""
        return _other_use(topic, self.kafka)

    @property
    def routed_topics(self) -> tuple[str, ...]:
        """The topics that articles are routed to, each once."""
        own = (feed.topic for feed in self.feeds if feed.topic is not None)
        return tuple(dict.fromkeys((*(route.topic for route in self.articles.routes), *own)))

    @property
    def listen_host(self) -> str:
        """The host to listen on; IPv6 without brackets."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def listen_port(self) -> int:
        """The port to listen on; 0 for any free one."""
        return int(self.listen.rpartition(":")[2])

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that were read: the configuration, its lists of feeds, its secrets."""
        return self._origin.files

    @property
    def sources(self) -> tuple[tuple[str, int], ...]:
        """Where feeds are listed, as it is shown to people, and how many were taken from there."""
        return self._origin.sources

    @property
    def notes(self) -> tuple[Problem, ...]:
        """What is worth knowing and no mistake: feeds that are listed twice, outlines that are no feeds."""
        return self._origin.notes

    @property
    def given(self) -> Mapping[Keys, str]:
        """Where each value comes from that is no default: FILE:LINE, or a variable. Those of feeds are left out."""
        return self._origin.given

    def loaded(self, feeds: tuple[Feed, ...], origin: Origin) -> "Config":
        """The same with the feeds that were gathered, and where all of it came from."""
        config = self.model_copy(update={"feeds": feeds})
        config._origin = origin  # noqa: SLF001 - of a copy that nobody else has yet
        return config

    def redacted(self) -> dict[str, Any]:
        """The effective configuration as plain data, in the form of the file, durations in seconds, sizes in bytes.

        Secrets, and the credentials and tokens in feed URLs, are `***`. Keys that have no value are left out.
        """
        return dict(_plain(self))


def _other_use(topic: str, kafka: Kafka | None) -> str | None:
    names = {} if kafka is None else kafka.topics.model_dump(exclude={"articles"})
    return next((use for use, name in names.items() if name == topic), None)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        parts = {field.alias or name: getattr(value, name) for name, field in type(value).model_fields.items()}
        return {key: _plain(part) for key, part in parts.items() if part is not None}
    if isinstance(value, Feed):
        return _plain_feed(value)
    if isinstance(value, dict):
        return dict.fromkeys(value, _HIDDEN)  # headers
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return _plain_value(value)


def _plain_value(value: Any) -> bool | float | str:
    if isinstance(value, SecretStr):
        return _HIDDEN
    if isinstance(value, Proxy):
        return without_credentials(value.url, f"{_HIDDEN}@")
    if isinstance(value, SecretFile):
        value = value.path
    elif isinstance(value, Backfill):
        value = backfill_written(value)
    return value if isinstance(value, bool | int | float | str) else str(value)


def _plain_feed(feed: Feed) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "url": without_tokens(without_credentials(feed.url, f"{_HIDDEN}@")),
        "id": feed.id,
        "title": feed.title,
        "publisher": feed.publisher,
        "topic": feed.topic,
        "content": feed.content,
        "backfill": backfill_written(feed.backfill),
        "recheck": (feed.recheck_seconds or "off") if feed.content == "page" else None,
        "facts": feed.facts,
        "interval": feed.interval_seconds or "auto",
        "min_interval": feed.min_interval_seconds,
        "max_interval": feed.max_interval_seconds,
        "unvalidated_interval": feed.unvalidated_interval_seconds,
        "headers": dict.fromkeys((name for name, _ in feed.headers), _HIDDEN) or None,
    }
    return {key: part for key, part in parts.items() if part is not None}
