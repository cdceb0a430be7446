"""The configuration as typed sections. The keys of the file are the aliases; units are in the attributes' names."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    InstanceOf,
    PlainValidator,
    SecretStr,
    ValidationInfo,
    field_validator,
)

from worker import __version__
from worker.model.feed import Backfill, Feed

from .kafka import Kafka
from .problems import Mistake
from .section import (
    Content,
    Count,
    FilePath,
    FirstPoll,
    Network,
    Seconds,
    SecondsOrOff,
    SecretFile,
    Section,
    Size,
    matching,
)
from .values import address, backfill_written, duration_text, joined, split_commas, without_credentials

_HIDDEN = "***"


def _listen(value: object) -> str:
    name, port = address(value, example="127.0.0.1:9108")
    return joined(name, port)


class Sqlite(Section):
    """The embedded ledger, used when no broker is configured. A relative path starts at the working directory."""

    path: FilePath = Path("dateline.db")


class Fetch(Section):
    """How documents are asked for, and how much is taken.

    `max_body_bytes` caps the bytes as they travel and, separately, once inflated; `max_entries` the entries read of
    one document; `max_pages` the pages of articles fetched in one poll of one feed.
    """

    # RFC 9110, 5.5: visible ASCII and blanks; anything else could break out of the header.
    user_agent: Annotated[
        str, matching(r"[!-~](?:[ -~]*[!-~])?", "must be visible ASCII characters, blanks only within")
    ] = f"Dateline/{__version__}"
    timeout_seconds: Seconds = Field(default=30.0, alias="timeout")
    connect_timeout_seconds: Seconds = Field(default=10.0, alias="connect_timeout")
    max_body_bytes: Size = 5 * 2**20
    max_entries: Count = 5000
    max_pages: Count = 100
    concurrency: Count = 100
    host_gap_seconds: Seconds = Field(default=1.0, alias="host_gap")
    allow_networks: Annotated[tuple[Network, ...], BeforeValidator(split_commas)] = ()

    @field_validator("connect_timeout_seconds")
    @classmethod
    def _within_timeout(cls, value: float, info: ValidationInfo) -> float:
        limit = info.data.get("timeout_seconds", value)
        if value > limit:
            raise Mistake(f"{duration_text(value)} is above timeout ({duration_text(limit)})")
        return value


class Schedule(Section):
    """How often feeds are polled, unless they say otherwise themselves."""

    min_interval_seconds: Seconds = Field(default=60.0, alias="min_interval")
    max_interval_seconds: Seconds = Field(default=86400.0, alias="max_interval", validate_default=True)
    interval_seconds: Seconds = Field(default=900.0, alias="interval", validate_default=True)

    @field_validator("max_interval_seconds", "interval_seconds")
    @classmethod
    def _in_order(cls, value: float, info: ValidationInfo) -> float:
        low = info.data.get("min_interval_seconds", value)
        high = info.data.get("max_interval_seconds", value)
        if value < low:
            raise Mistake(f"{duration_text(value)} is below min_interval ({duration_text(low)})")
        if value > high:
            raise Mistake(f"{duration_text(value)} is above max_interval ({duration_text(high)})")
        return value


class Articles(Section):
    """Where the text of articles comes from, and which are published, unless a feed says otherwise itself."""

    content: Content = "feed"
    backfill: FirstPoll = Backfill()
    recheck_seconds: SecondsOrOff = Field(default=86400.0, alias="recheck")


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


class Log(Section):
    """What is logged, and how. `auto` is console on a terminal and JSON elsewhere."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "console"] = "auto"


class Config(Section):
    """Everything that one worker is told. Made by `load`; `kafka` is None when no broker is configured."""

    name: Annotated[
        str, matching(r"[a-z0-9][a-z0-9.-]{0,99}", "must be 1 to 100 of a-z, 0-9, dot and dash, no dot or dash first")
    ] = "dateline"
    listen: Annotated[str, PlainValidator(_listen)] = "127.0.0.1:9108"
    kafka: Kafka | None = None
    sqlite: Sqlite = Sqlite()
    fetch: Fetch = Fetch()
    schedule: Schedule = Schedule()
    articles: Articles = Articles()
    commit: Commit = Commit()
    drain_timeout_seconds: Seconds = Field(default=20.0, alias="drain_timeout")
    log: Log = Log()
    # Not shown: their URLs may hold credentials, and there may be 100,000 of them.
    feeds: tuple[InstanceOf[Feed], ...] = Field(default=(), repr=False)

    @field_validator("kafka")
    @classmethod
    def _needs_a_broker(cls, kafka: Kafka | None) -> Kafka | None:
        return kafka if kafka and kafka.bootstrap_servers else None

    @property
    def listen_host(self) -> str:
        """The host to listen on; IPv6 without brackets."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def listen_port(self) -> int:
        """The port to listen on; 0 for any free one."""
        return int(self.listen.rpartition(":")[2])

    def redacted(self) -> dict[str, Any]:
        """The effective configuration as plain data, in the form of the file, durations in seconds, sizes in bytes.

        Secrets and the credentials in feed URLs are `***`. Keys that have no value are left out.
        """
        return dict(_plain(self))


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        parts = {field.alias or name: getattr(value, name) for name, field in type(value).model_fields.items()}
        return {key: _plain(part) for key, part in parts.items() if part is not None}
    if isinstance(value, Feed):
        return _plain_feed(value)
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, SecretStr):
        return _HIDDEN
    if isinstance(value, SecretFile):
        value = value.path
    elif isinstance(value, Backfill):
        value = backfill_written(value)
    return value if isinstance(value, bool | int | float | str) else str(value)


def _plain_feed(feed: Feed) -> dict[str, str | float]:
    parts = {
        "url": without_credentials(feed.url, f"{_HIDDEN}@"),
        "id": feed.id,
        "title": feed.title,
        "publisher": feed.publisher,
        "content": feed.content,
        "backfill": backfill_written(feed.backfill),
        "recheck": (feed.recheck_seconds or "off") if feed.content == "page" else None,
        "interval": feed.interval_seconds,
        "min_interval": feed.min_interval_seconds,
        "max_interval": feed.max_interval_seconds,
    }
    return {key: part for key, part in parts.items() if part is not None}
