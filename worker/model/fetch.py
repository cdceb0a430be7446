"""What is asked of a server, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

FailureKind = Literal[
    "dns",  # the name does not resolve
    "connect",  # nobody answers at the address
    "tls",  # the certificate or handshake is refused
    "timeout",  # the answer took too long
    "blocked",  # the address is not one that this worker may visit
    "redirect",  # too many redirects, or one to a scheme that is not http(s)
    "too_large",  # more bytes than the cap
    "robots",  # the site's robots.txt asks not to fetch it
    "unavailable",  # the host is left in peace for now: it asked for that, or its robots.txt cannot be had
    "protocol",  # what came back is not HTTP, or stopped in the middle
    "internal",  # a fault of ours; the feed is tried again later
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A GET, conditional when validators are at hand. They are echoed byte for byte (RFC 9110, 13.1).

    `kind` is what is hoped for: servers choose by it among the forms they have.
    """

    url: str
    kind: Literal["feed", "page", "robots"] = "feed"
    etag: str | None = None
    last_modified: str | None = None

    @property
    def conditional(self) -> bool:
        """Whether the server can answer 304."""
        return self.etag is not None or self.last_modified is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer of any status, 304 and 404 included.

    `body` is as it travelled: still compressed when `content_encoding` says so. `headers` has lower-case names.
    """

    url: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    retrieved_at: datetime
    duration_seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.retrieved_at.tzinfo is None:
            raise ValueError("retrieved_at must be aware")

    @property
    def content_encoding(self) -> str:
        """The coding of `body`; `identity` when none is named."""
        return self.headers.get("content-encoding", "").strip().lower() or "identity"


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchFailure:
    """No answer. `detail` is one line without secrets."""

    url: str
    kind: FailureKind
    detail: str
    retrieved_at: datetime
    duration_seconds: float = 0.0


Fetched = Response | FetchFailure
