"""Addresses: which are kept, and when two of them name one article."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from urllib.parse import unquote

from yarl import URL

from worker.model.caching import cached_if_short

# A host name or an address, as RFC 3986, 3.2.2 writes it; some links have blanks or quotation marks there.
_HOST = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})++|[0-9A-Fa-f:.]+")
# The session of a Java servlet stands in the path (Servlet 3.0, 7.1.3).
_PATH_SESSION = re.compile(r";jsessionid=[^/;?]*", re.IGNORECASE)
# An address that was escaped once more than its document asked for, and one to which a campaign was added blindly.
_SEPARATORS = re.compile(r"&(?:amp;)*+|\?(?=utm_)", re.IGNORECASE)

# Addresses whose only content is another one, in clear: the host, the path, the parameter that holds the target.
_REDIRECTS = (
    (re.compile(r"(?:www\.|news\.)?google\.(?:[a-z]{2,3}\.)?[a-z]{2,3}"), "/url", ("url", "q")),
    (re.compile(r"news\.google\.(?:[a-z]{2,3}\.)?[a-z]{2,3}"), "/news/url", ("url",)),
    (re.compile(r"(?:www\.)?bing\.com"), "/news/apiclick.aspx", ("url",)),
    (re.compile(r"(?:www|l|lm)\.facebook\.com"), "/l.php", ("u",)),
    (re.compile(r"(?:www\.)?youtube\.com"), "/redirect", ("q",)),
    (re.compile(r"out\.reddit\.com"), "", ("url",)),  # on any path
    (re.compile(r"t\.umblr\.com"), "/redirect", ("z",)),
)
# The same, where the target is the rest of the path: the host, what stands before, what the target lacks.
_REDIRECT_PATHS = (
    (re.compile(r"go\.theregister\.com"), "/feed/", "https://"),
    (re.compile(r"www\.google\.(?:[a-z]{2,3}\.)?[a-z]{2,3}"), "/amp/s/", "https://"),
    (re.compile(r"[a-z0-9-]+\.cdn\.ampproject\.org"), "/c/s/", "https://"),
    (re.compile(r"[a-z0-9-]+\.cdn\.ampproject\.org"), "/v/s/", "https://"),
    (re.compile(r"[a-z.]*\.?rd\.yahoo\.com"), "*", ""),
)
# Yahoo's search: "/RU=https%3a%2f%2fnews.example%2fa/RK=2/RS=...".
_YAHOO = re.compile(r"/RU=([^/]+)/")
_MAX_REDIRECTS = 5


# The entries of one document, each of which is asked about several times.
_KEPT = 512


@cached_if_short(_KEPT)
def clean_url(text: str | None) -> str | None:
    """An http(s) address without credentials, or None: `javascript:` and its kin are never published."""
    if text is None:
        return None
    try:
        url = URL(text.strip())
        if url.scheme not in {"http", "https"} or not url.host:
            return None
        return str(url.with_user(None)) if _HOST.fullmatch(url.raw_host or "") else None
    except ValueError:
        return None


@cached_if_short(_KEPT)
def canonical_url(text: str | None) -> str | None:
    """The address that stands for the article.

    Dropped are tracking and session parameters, fragment, default port, credentials and the dot that may end a host;
    an address that only leads to another one is that other one, when it stands there in clear. Scheme and host are
    lower case, names in Unicode are in Punycode, percent-encoding is in its normal form (RFC 3986, 6.2.2; RFC 3492).
    Path, "www.", the slash at the end and the order of parameters stay: servers may tell such addresses apart.
    """
    cleaned = clean_url(text)
    if cleaned is None:
        return None
    url = _final(URL(cleaned)).with_fragment(None)
    # What is kept stays as it was written: an address with tracking and the same one without must come out alike.
    address, _, query = str(url).partition("?")
    host = url.raw_host or ""
    if host.endswith("."):
        if not host.strip("."):
            return None
        before = f"{url.scheme}://"
        address = before + host.rstrip(".") + address.removeprefix(before + host)
    # Of the path: a host may look like that as well.
    origin, slash, path = address.partition("://")[2].partition("/")
    address = f"{url.scheme}://{origin}{slash}{_PATH_SESSION.sub('', path)}"
    if url.raw_path in {"", "/"} and not address.endswith("/"):
        address += "/"
    kept = "&".join(pair for pair in _SEPARATORS.split(query) if pair and not _is_tracking(pair))
    return f"{address}?{kept}" if kept else address


def _final(url: URL) -> URL:
    """Where an address leads in the end; itself when it has content of its own, or leads on and on."""
    final = url
    for _ in range(_MAX_REDIRECTS):
        target = _target(final)
        if target is None:
            return final
        final = URL(target)
    return url


def _target(url: URL) -> str | None:
    """Where an address leads that has no content of its own; None when it has, or does not say."""
    host = (url.raw_host or "").rstrip(".")
    for hosts, path, names in _REDIRECTS:
        if path in {url.raw_path.rstrip("/"), ""} and hosts.fullmatch(host):
            targets = (clean_url(url.query.get(name)) for name in names)
            return next((target for target in targets if target is not None), None)
    for hosts, before, missing in _REDIRECT_PATHS:
        if hosts.fullmatch(host) and before in url.raw_path:
            rest = url.raw_path_qs.partition(before)[2]
            return clean_url(f"{missing}{rest}") if "." in rest.partition("/")[0] or not missing else None
    if host.endswith("search.yahoo.com") and (match := _YAHOO.search(url.raw_path)):
        return clean_url(unquote(match[1]))
    return None


def _is_tracking(pair: str) -> bool:
    name, _, value = pair.partition("=")
    name = name.lower()
    exact, prefixes = _tracking()
    if (values := exact.get(name)) is not None:
        return values.fullmatch(value) is not None
    return name.startswith(prefixes)


@cache
def _tracking() -> tuple[dict[str, re.Pattern[str]], tuple[str, ...]]:
    """Names with the values that are meant, and beginnings of names."""
    exact: dict[str, re.Pattern[str]] = {}
    prefixes: list[str] = []
    for row in (files("worker.steps") / "tracking_parameters.tsv").read_text(encoding="utf-8").splitlines():
        if row and not row.startswith("#"):
            name, values, _ = row.split("\t")
            if name.endswith("*"):
                prefixes.append(name.removesuffix("*"))
            else:
                exact[name] = re.compile(values or ".*", re.IGNORECASE | re.DOTALL)
    return exact, tuple(prefixes)
