"""Where a feed is: its URL in one form, and the id that is made of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import quote

from .problems import Mistake
from .values import WRONG_PORT, host_and_port, joined

# RFC 3986, appendix B, with the authority taken apart.
_URL = re.compile(r"(https?)://(?:([^/?#]*)@)?([^/?#]*)([^?#]*)(\?[^#]*)?(?:#.*)?", re.IGNORECASE)
_NOT_IN_URL = re.compile(r"[\s\x00-\x1f\x7f\\\ud800-\udfff\ufffe\uffff]")
# What no URL holds as it is (RFC 3986, 2), and a percent sign that begins no escape.
_TO_ESCAPE = re.compile(r"[^A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]|%(?![0-9A-Fa-f]{2})")
_DEFAULT_PORT = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A feed's URL in its one form. `public` is the same without credentials, and all that ids are made of."""

    url: str
    public: str
    host: str
    path: str


def location(value: object) -> Location:
    """The one form of a feed's URL: `/ü` is `/%C3%BC`, as it is sent. A fragment is dropped: no server ever sees it.

    Raises:
        Mistake: for what is no http(s) URL.
    """
    if not isinstance(value, str):
        raise Mistake("must be a URL")
    if _NOT_IN_URL.search(value):
        raise Mistake("must be a URL without blanks, control characters and backslashes; write a blank as %20")
    match = _URL.fullmatch(value)
    if match is None:
        raise Mistake("must begin with http:// or https://")
    scheme, credentials, authority, path, query = (part or "" for part in match.groups())
    host, port = host_and_port(authority)
    if port == 0:
        raise Mistake(WRONG_PORT)
    scheme = scheme.lower()
    path = _escaped(path) or "/"
    rest = f"{joined(host, None if port == _DEFAULT_PORT[scheme] else port)}{path}{_escaped(query)}"
    public = f"{scheme}://{rest}"
    return Location(
        url=f"{scheme}://{credentials}@{rest}" if credentials else public,
        public=public,
        host=host,
        path=path,
    )


def default_id(of: Location, *, digits: int = 8) -> str:
    """The id of a feed that is given none: the same for the same URL, whatever its credentials are."""
    slug = re.sub(r"[^a-z0-9]+", "-", f"{of.host}{of.path}".lower())[:80].strip("-")
    return f"{slug}-{sha256(of.public.encode()).hexdigest()[:digits]}".lstrip("-")


def _escaped(part: str) -> str:
    return _TO_ESCAPE.sub(lambda match: quote(match[0], safe=""), part)
