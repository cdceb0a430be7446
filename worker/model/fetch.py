"""What is asked of a server, and what came of it."""

from __future__ import annotations

import re
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
    "redirect",  # too many redirects, a circle of them, or one to a scheme that is not http(s)
    "too_large",  # more bytes than the cap
    "robots",  # the site's robots.txt asks not to fetch it
    "unavailable",  # the host is left in peace for now: it asked for that, or its robots.txt cannot be had
    "protocol",  # what came back is not HTTP, or stopped in the middle
    "internal",  # a fault of ours; the feed is tried again later
]


# What the worker itself must say for the answer to be understood: where a message ends (RFC 9112, 6), whether the
# connection stays open, which codings can be undone, whether 206 or 304 may come back.
_OUR_HEADERS = frozenset(
    {
        *("host", "content-length", "content-type", "transfer-encoding", "te", "trailer", "expect"),
        *("connection", "keep-alive", "upgrade", "proxy-authorization", "proxy-connection", "accept-encoding"),
        *("if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range", "range"),
    }
)
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110, 5.6.2
_NOT_FOR_HEADERS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")


def fits_header(value: str) -> bool:
    """Whether a header can carry this value (RFC 9110, 5.5)."""
    return _NOT_FOR_HEADERS.search(value) is None


def header_problem(name: str, value: str) -> str | None:
    """Why a header of a feed's own cannot be sent: one line that does not repeat the value. None when it can."""
    if not _HEADER_NAME.fullmatch(name):
        return f"{name[:40]!r} is not the name of a header"
    if name.lower() in _OUR_HEADERS:
        return f"header {name} is the worker's own to set; leave it out"
    if not fits_header(value) or value != value.strip():
        return f"header {name} has a value that no header can carry; remove control characters and outer spaces"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A GET, conditional when validators are at hand, or the POST of a form.

    Attributes:
        url: may hold credentials, for Basic authorization.
        kind: what is hoped for: servers choose by it among the forms they have.
        etag: echoed byte for byte, as is `last_modified` (RFC 9110, 13.1).
        validators_url: the `Response.url` that gave the validators; None when that was `url`. They are sent there and
            nowhere else, however redirects lead there.
        headers: of this feed alone, and maybe secret. They take the place of ours by the same name, and go to the
            origin of `url` until a redirect leaves it. See `header_problem` for those that cannot be set.
        form: fields of a POST as application/x-www-form-urlencoded; None for a GET.
    """

    url: str = field(repr=False)
    kind: Literal["feed", "page", "robots", "hub"] = "feed"
    etag: str | None = None
    last_modified: str | None = None
    validators_url: str | None = None
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    form: tuple[tuple[str, str], ...] | None = field(default=None, repr=False)

    @property
    def conditional(self) -> bool:
        """Whether the server can answer 304."""
        return self.etag is not None or self.last_modified is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """A redirect that was followed: its status, and where it led, absolute and without credentials."""

    status: int
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer of any status, 304 and 404 included.

    `url` is the final address, that of the last of `hops`. `body` is as it travelled: still compressed when
    `content_encoding` says so. `headers` has lower-case names.
    """

    url: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    retrieved_at: datetime
    duration_seconds: float = 0.0
    hops: tuple[Hop, ...] = ()

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
