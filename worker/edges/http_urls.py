"""Reading the addresses that feeds and redirects name."""

from __future__ import annotations

import base64
import re

from yarl import URL

_VALID_URL = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+")  # RFC 3986, 2
# The length is of RFC 1035, 2.3.4. A percent sign begins the zone of an IPv6 address; in a name, whoever decodes it
# would go somewhere else than was looked at here.
_HOST = re.compile(r"[A-Za-z0-9._~-]{1,253}|[0-9A-Fa-f:.]{2,45}(?:%[A-Za-z0-9._~%-]{1,60})?")
_NOT_UTF8 = re.compile(r"[\udc80-\udcff]")  # a byte that is not, as aiohttp decodes headers


def parse_url(text: str) -> URL:
    """Read an absolute http(s) URL. Names that are not ASCII become their A-labels (IDNA, RFC 5891).

    Raises:
        ValueError: it cannot be visited; the text says why, and does not repeat the URL.
    """
    try:
        url = _url(text)
        if "#" in text:
            url = url.with_fragment(None)
        host = url.raw_host or ""
    except ValueError as error:
        raise ValueError("the URL is not valid") from error
    if url.scheme not in {"http", "https"}:
        raise ValueError("the URL does not begin with http:// or https://")
    if not _HOST.fullmatch(host):
        raise ValueError("the URL names no valid host")
    return url


def redirect_target(url: URL, location: str) -> URL:
    """Where a Location header leads (RFC 9110, 10.2.2). Credentials in it are not ours to send.

    Raises:
        ValueError: it cannot be visited; the text says why.
    """
    return parse_url(str(url.join(_url(location)))).with_user(None)


def basic_authorization(url: URL) -> str | None:
    """The credentials of a URL in the Basic scheme, as UTF-8 (RFC 7617); None when it has none."""
    if url.user is None and url.password is None:
        return None
    pair = f"{url.user or ''}:{url.password or ''}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def origin(url: URL) -> tuple[str, str, int | None]:
    """Who is asked (RFC 6454, 4): what is meant for one of them is no other's to know."""
    return url.scheme, (url.raw_host or "").lower(), url.port


def place(url: URL) -> str:
    """Host and port, for people to read."""
    return f"{url.host_subcomponent}:{url.port}"


def _url(text: str) -> URL:
    """Read a URL as it stands: yarl would write a valid one anew (`%2F` in a query as `/`) and break signatures."""
    if not text.isascii():
        text = _NOT_UTF8.sub(lambda match: f"%{ord(match[0]) - 0xDC00:02X}", text)
    try:
        return URL(text, encoded=_VALID_URL.fullmatch(text) is not None)
    except IndexError as error:  # yarl 1.25 on brackets before an empty host: "http://[@"
        raise ValueError("the URL is not valid") from error
