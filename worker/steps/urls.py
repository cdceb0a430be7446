"""Addresses: which are kept, and when two of them name one article."""

from __future__ import annotations

import re

from yarl import URL

# Parameters that tell where a reader came from, never what is read. Prefixes end in "_".
_TRACKING = frozenset({
    "fbclid", "gclid", "dclid", "msclkid", "yclid", "igshid", "mc_cid", "mc_eid", "ito", "ocid", "cmpid", "cmp",
    "ftag", "icid", "ns_mchannel", "ns_source", "ns_campaign", "ns_linkname", "ns_fee", "xtor", "ref_src", "s_cid",
    "smid", "feedtype", "feedname", "wt.mc_id", "_hsenc", "_hsmi", "vero_id", "wickedid", "taid", "src_rss",
})  # fmt: skip
# A host name or an address, as RFC 3986, 3.2.2 writes it; some links have blanks or quotation marks there.
_HOST = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=%-]+|[0-9A-Fa-f:.]+")
_TRACKING_PREFIXES = ("utm_", "at_", "hsa_", "pk_", "mtm_", "piwik_")


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


def canonical_url(text: str | None) -> str | None:
    """The address that stands for the article: tracking parameters, fragment, default port and credentials dropped.

    Scheme and host are lower case (RFC 3986, 6.2.2); the path and the order of what is left stay as they are.
    """
    cleaned = clean_url(text)
    if cleaned is None:
        return None
    url = URL(cleaned).with_fragment(None)
    # What is kept stays as it was written: an address with tracking and the same one without must come out alike.
    address, _, query = str(url).partition("?")
    kept = "&".join(pair for pair in query.split("&") if pair and not _is_tracking(pair.partition("=")[0]))
    return f"{address}?{kept}" if kept else address


def without_secrets(text: str) -> str:
    """An address as it may be shown: user and password replaced."""
    try:
        url = URL(text)
        return str(url.with_user(None)) if url.user or url.password else text
    except ValueError:
        return text.rpartition("@")[2]


def _is_tracking(name: str) -> bool:
    lowered = name.lower()
    return lowered in _TRACKING or lowered.startswith(_TRACKING_PREFIXES)
