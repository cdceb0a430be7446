"""The sections about the web: how documents are asked for and read, and where hubs reach us."""

from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field, InstanceOf, PlainValidator, ValidationInfo, field_validator

from worker import __version__

from .location import location
from .problems import Mistake
from .section import Commas, Count, Network, ReadableFile, Seconds, Section, Size, Url, matching
from .values import duration_text

_DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """An HTTP proxy. `url` has no path, and may hold credentials, so it is left out of the representation."""

    url: str = field(repr=False)


def _proxy(value: object) -> Proxy:
    if not isinstance(value, str) or not value.lower().startswith("http://"):
        raise Mistake("must begin with http://; https:// URLs are asked for through it as well")
    place = location(value)
    if place.public != f"{place.public.partition('://')[0]}://{place.public.split('/')[2]}/":
        raise Mistake("must end with the host or port; a user name and password may stand before the host")
    return Proxy(url=place.url.removesuffix("/"))


def _callback(value: object) -> str:
    place = location(value)
    if place.url != place.public:
        raise Mistake("must have no user name and password; hubs would see them")
    if "?" in place.url:
        raise Mistake("must have no query; what comes after its path is added by the worker")
    return place.url.rstrip("/")


class Fetch(Section):
    """How documents are asked for, how much is taken, and what reading one may cost.

    `max_body_bytes` caps the bytes as they travel and, separately, once inflated; `max_fetching_bytes` the sum of those
    that are coming in; `max_entries` the entries read of one document; `max_pages` the pages of articles fetched in one
    poll of one feed. Documents are read in `children` processes (0: one for each processor), each document within
    `parse_deadline_seconds` and `parse_memory_bytes`.
    """

    # RFC 9110, 5.5: visible ASCII and blanks; anything else could break out of the header.
    user_agent: Annotated[
        str, matching(r"[!-~](?:[ -~]*[!-~])?", "must be visible ASCII characters, blanks only within")
    ] = f"Dateline/{__version__}"
    timeout_seconds: Seconds = Field(default=30.0, alias="timeout")
    connect_timeout_seconds: Seconds = Field(default=10.0, alias="connect_timeout")
    idle_timeout_seconds: Seconds = Field(default=15.0, alias="idle_timeout")
    max_body_bytes: Size = 5 * 2**20
    max_fetching_bytes: Size = 64 * 2**20
    max_entries: Count = 5000
    max_pages: Count = 100
    concurrency: Count = 100
    host_gap_seconds: Seconds = Field(default=1.0, alias="host_gap")
    allow_networks: Annotated[tuple[Network, ...], Commas] = ()
    proxy: Annotated[InstanceOf[Proxy], PlainValidator(_proxy, json_schema_input_type=Url)] | None = None
    proxy_from_environment: bool = True
    ca_file: ReadableFile | None = None
    client_cert: ReadableFile | None = None
    client_key: ReadableFile | None = None
    children: Annotated[int, Field(ge=0)] = 0
    parse_deadline_seconds: Seconds = Field(default=10.0, alias="parse_deadline")
    parse_memory_bytes: Size = Field(default=512 * 2**20, alias="parse_memory")

    @field_validator("connect_timeout_seconds", "idle_timeout_seconds")
    @classmethod
    def _within_timeout(cls, value: float, info: ValidationInfo) -> float:
        limit = info.data.get("timeout_seconds", value)
        if value > limit:
            raise Mistake(f"{duration_text(value)} is above timeout ({duration_text(limit)})")
        return value

    @field_validator("client_key")
    @classmethod
    def _goes_with_its_certificate(cls, value: Any, info: ValidationInfo) -> Any:
        if info.data.get("client_cert", value) is None:
            raise Mistake("needs client_cert as well")
        return value


class Websub(Section):
    """Subscriptions at hubs (https://www.w3.org/TR/websub/). There are none without `callback_url`.

    It is where hubs reach this worker's `listen` address from outside, without a slash at its end.
    """

    callback_url: Annotated[str, PlainValidator(_callback, json_schema_input_type=Url)] | None = None
    lease_seconds: Seconds = Field(default=5 * _DAY_SECONDS, alias="lease")
