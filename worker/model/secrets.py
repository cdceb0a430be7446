"""Addresses that may be shown: private feeds often carry a token in the query."""

from __future__ import annotations

import re

HIDDEN = "***"

# Names that say by themselves what they hold, whatever stands around them, and short ones that are a word of a name.
_NAMED = r"[^=&;#]*(?:token|secret|passw(?:or)?d|signature|credential|api[-_.]?key)[^=&;#]*"
_WORD = r"(?:[^=&;#]*[-_.])?(?:key|auth|pass|pwd|sig|jwt|sid|session)"
_PARAMETER = re.compile(rf"([?&;](?:{_NAMED}|{_WORD})=)[^&;#]+", re.IGNORECASE)


def without_tokens(url: str) -> str:
    """The URL with `***` for the value of each parameter that looks like a key, a password or a signature."""
    return _PARAMETER.sub(rf"\g<1>{HIDDEN}", url)
