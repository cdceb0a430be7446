"""The written forms of durations, sizes, hosts and networks, and what each one means."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Literal

from worker.model.feed import Backfill

from .problems import Mistake

_NUMBER = r"([0-9]+(?:\.[0-9]+)?)"
_DURATION = re.compile(rf"(?:{_NUMBER}d)?(?:{_NUMBER}h)?(?:{_NUMBER}m)?(?:{_NUMBER}s)?(?:{_NUMBER}ms)?")
_UNIT_SECONDS = (86400.0, 3600.0, 60.0, 1.0, 0.001)
_LONGEST_SECONDS = 366 * 86400.0
_SIZE = re.compile(rf"{_NUMBER}([a-z]*)")
_UNIT_BYTES = {
    "": 1,
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
}
WRONG_PORT = "the port must be between 1 and 65535"
_ADDRESS = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::([0-9]*))?")
# Underscores are not host names by RFC 952, but container networks are full of them.
_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[Tt ].+)?")
# No document holds as many. A date without its dashes (20260131) is above it, and is found out.
_MOST_ENTRIES = 1_000_000


def duration(value: object) -> float:
    """The seconds of `15m`, `1h30m`, `500ms`, `2d` or of a plain number.

    Raises:
        Mistake: for anything else, for 0, and for more than 366 days.
    """
    text = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    if re.fullmatch(_NUMBER, text):
        seconds = float(text)
    elif text and (match := _DURATION.fullmatch(text)):
        seconds = math.fsum(float(n) * unit for n, unit in zip(match.groups(), _UNIT_SECONDS, strict=True) if n)
    else:
        raise Mistake("must be a duration: 500ms, 20s, 15m, 1h30m, 2d or a number of seconds")
    if not 0 < seconds <= _LONGEST_SECONDS:
        raise Mistake("must be more than 0 and at most 366 days")
    return seconds


def duration_text(seconds: float) -> str:
    """The short form of a duration, to the millisecond: 5400 is `1h30m`."""
    left_ms = round(seconds * 1000)
    parts = []
    for unit_ms, unit in ((86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s"), (1, "ms")):
        count, left_ms = divmod(left_ms, unit_ms)
        parts.append(f"{count}{unit}" if count else "")
    return "".join(parts) or "0s"


def duration_or_off(value: object) -> float | Literal["off"]:
    """A duration as `duration` reads it, or `off`, which YAML takes for false when it stands without quotes.

    Raises:
        Mistake: for anything else.
    """
    if value is False or value == "off":
        return "off"
    try:
        return duration(value)
    except Mistake as error:
        raise Mistake(f"{error}; or off") from None


def duration_or_auto(value: object) -> float | Literal["auto"]:
    """A duration as `duration` reads it, or `auto`.

    Raises:
        Mistake: for anything else.
    """
    if value == "auto":
        return "auto"
    try:
        return duration(value)
    except Mistake as error:
        raise Mistake(f"{error}; or auto") from None


def listed(value: object) -> object:
    """A list as a tuple."""
    return tuple(value) if isinstance(value, list) else value


def backfill(value: object) -> Backfill:
    """What `all`, `none`, a number of entries, an ISO date or an ISO date-time mean; without an offset it is UTC.

    Raises:
        Mistake: for anything else.
    """
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if text in ("all", "none"):
        return Backfill(newest=0 if text == "none" else None)
    try:
        if re.fullmatch(r"[0-9]{1,7}", text) and 1 <= int(text) <= _MOST_ENTRIES:
            return Backfill(newest=int(text))
        if _DATE.fullmatch(text):
            at = datetime.fromisoformat(text)
            return Backfill(since_at=at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC))
    except (ValueError, OverflowError):
        pass
    raise Mistake("must be all, none, a number of entries, or a date such as 2026-01-31 or 2026-01-31T12:00:00Z")


def backfill_written(given: Backfill) -> str | int:
    """The form of the file."""
    if given.since_at is not None:
        return given.since_at.isoformat().replace("+00:00", "Z")
    if given.newest is None:
        return "all"
    return given.newest or "none"


def size(value: object) -> int:
    """The bytes of `5MiB`, `500kB`, `64KiB` or of a plain number. Units are read without regard to case.

    Raises:
        Mistake: for anything else, and for less than one byte.
    """
    text = str(value).lower() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    match = _SIZE.fullmatch(text)
    unit_bytes = _UNIT_BYTES.get(match[2]) if match else None
    if match is None or unit_bytes is None:
        raise Mistake("must be a size: 5MiB, 64KiB, 500kB or a number of bytes")
    count = float(match[1]) * unit_bytes
    if not 1 <= count < 2**63:
        raise Mistake("must be at least 1 byte and less than 8 EiB")
    return round(count)


def host(text: str) -> str:
    """A host name or address in its one form: lower case, ASCII (IDNA), IPv6 without its brackets.

    Raises:
        Mistake: for anything that is neither a name nor an address.
    """
    wrong = Mistake("the host is neither a name nor an address; an IPv6 address stands in [brackets]")
    try:
        if text.startswith("[") and text.endswith("]") and "%" not in text:
            return str(IPv6Address(text[1:-1]))
        name = (text if text.isascii() else _ascii(text)).lower()
        if len(name) <= 253 and _NAME.fullmatch(name):
            # A name cannot end in a number: 1.2.3 and 127.1 are old ways to write an address (RFC 3986, 7.4).
            return str(IPv4Address(name)) if name.removesuffix(".").rpartition(".")[2].isdigit() else name
    except (AddressValueError, UnicodeError):
        raise wrong from None
    raise wrong


def _ascii(name: str) -> str:
    from yarl import URL  # noqa: PLC0415 - most configurations name no host that needs it

    # The fetcher's own library, so that both see the same host.
    try:
        return URL.build(scheme="http", host=name).raw_host or ""
    except ValueError as error:
        raise UnicodeError from error


def host_and_port(text: str) -> tuple[str, int | None]:
    """The two halves of `host:port`, the host in its one form; None when no port is given.

    Raises:
        Mistake: if the host is missing or wrong, or the port is not a number up to 65535.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise Mistake("must be host:port; an IPv6 host stands in [brackets]")
    if not match[1]:
        raise Mistake("the host is missing")
    return host(match[1]), _port(match[2]) if match[2] else None


def address(value: object, *, example: str) -> tuple[str, int]:
    """The two halves of a `host:port` that must have both.

    Raises:
        Mistake: as `host_and_port`, and with the example if a half is missing.
    """
    match = _ADDRESS.fullmatch(value) if isinstance(value, str) else None
    if match is None or not match[1] or not match[2]:
        raise Mistake(f"must be host:port, such as {example}; an IPv6 host stands in [brackets]")
    return host(match[1]), _port(match[2])


def _port(digits: str) -> int:
    if len(digits) > 5 or int(digits) > 65535:
        raise Mistake(WRONG_PORT)
    return int(digits)


def joined(name: str, port: int | None) -> str:
    """`host:port`, or the host alone, IPv6 in brackets."""
    bracketed = f"[{name}]" if ":" in name else name
    return bracketed if port is None else f"{bracketed}:{port}"


def network(text: object) -> IPv4Network | IPv6Network:
    """A network in CIDR notation (RFC 4632).

    Raises:
        Mistake: for anything else, and for an address within a network (10.0.0.1/8).
    """
    try:
        if isinstance(text, str):
            return ip_network(text)
    except ValueError:
        pass
    raise Mistake("must be a network without host bits, such as 10.0.0.0/8 or fd00::/8")


def split_commas(value: object) -> object:
    """A list as a tuple; text as the tuple of its comma-separated parts; nothing for empty text."""
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",")) if value.strip() else ()
    return value
