"""Addresses that may be shown: those of private feeds hold passwords, or a token in the query."""

from __future__ import annotations

import re

HIDDEN = "***"

# RFC 3986, 3.2: what stands before the @ of an authority, and what is left of it is a host and maybe a port.
_AUTHORITY = re.compile(
    r"((?:[a-z][a-z0-9+.-]*:)?//)(?:([^/?#]*)@)?(?:\[[^\s/?#@\[\]]*\]|[^\s/?#@:\[\]]*)(?::[0-9]*)?(?=[/?#]|\Z)",
    re.IGNORECASE,
)
_TO_THE_LAST_AT = re.compile(r"((?:[a-z][a-z0-9+.-]*:)?//)?.*@", re.DOTALL | re.IGNORECASE)

# Names that say by themselves what they hold, whatever stands around them, and short ones that are a word of a name.
_NAMED = r"[^=&;#]*(?:token|secret|passw(?:or)?d|signature|credential|api[-_.]?key)[^=&;#]*"
_WORD = r"(?:[^=&;#]*[-_.])?(?:key|auth|pass|pwd|sig|jwt|sid|session)"
_PARAMETER = re.compile(rf"([?&;](?:{_NAMED}|{_WORD})=)[^&;#]+", re.IGNORECASE)


def without_credentials(url: str, instead: str = "") -> str:
    """A URL without its user name and password; `instead` is what stands in their place.

    What is no URL, because a password holds what none may, loses all up to its last @.
    """
    match = _AUTHORITY.match(url)
    if match is None:
        return _TO_THE_LAST_AT.sub(lambda found: (found[1] or "") + instead, url, count=1)
    return url if match[2] is None else match[1] + instead + url[match.end(2) + 1 :]


def without_tokens(url: str) -> str:
    """The URL with `***` for the value of each parameter that looks like a key, a password or a signature."""
    return _PARAMETER.sub(rf"\g<1>{HIDDEN}", url)


def without_secrets(url: str) -> str:
    """An address as it may be shown: without user and password, and without the tokens in its query."""
    return without_tokens(without_credentials(url))
