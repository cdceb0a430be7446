"""Links in the header of an answer (RFC 8288)."""

from __future__ import annotations

import re
from urllib.parse import urljoin

_LINK = re.compile(r"<([^<>]{1,2000})>((?:\s*;\s*[^\s=;,]{1,40}(?:\s*=\s*(?:\"[^\"]{0,500}\"|[^\s\";,]{1,500}))?)*)")
_RELATION = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s\";,]+))", re.IGNORECASE)
_MAX_LINKS = 5
_MAX_CHARS = 8_000


def linked(header: str, *, base: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The addresses of a Link header whose relation is "hub", and those whose relation is "self"; http(s) only."""
    found: dict[str, list[str]] = {"hub": [], "self": []}
    for address, parameters in _LINK.findall(header[:_MAX_CHARS]):
        relation = _RELATION.search(parameters)
        if relation is None:
            continue
        try:
            url = urljoin(base, address.strip())
        except ValueError:
            continue
        if url.startswith(("http://", "https://")):
            for name in (relation[1] or relation[2]).lower().split():
                if name in found:
                    found[name].append(url)
    return tuple(found["hub"][:_MAX_LINKS]), tuple(found["self"][:1])
