"""Text made comparable."""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache

_WORD = re.compile(r"[^\W_]+")
# Control characters, zero-width marks, soft hyphens: invisible, and they break every match downstream.
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u2060\ufeff\ud800-\udfff\ufffe\uffff]")
# Normalising takes time quadratic in the length of a run of combining marks, which counts in long texts. Words have a
# few in a row; 30 is the limit of Unicode's Stream-Safe Text Format (UAX #15, 13).
_SAFE_CHARS = 1_000


def fold(text: str) -> str:
    """One line: invisible characters gone, white space folded to single spaces, Unicode composed."""
    folded = " ".join(_INVISIBLE.sub("", text).split())
    if folded.isascii():
        return folded
    if len(folded) > _SAFE_CHARS:
        folded = _long_marks().sub(r"\1", folded)
    return unicodedata.normalize("NFC", folded)


def label(text: str) -> str:
    """The words of a text alone, in lower case: two texts that a reader takes for the same have the same label."""
    return " ".join(_WORD.findall(text.lower()))


@cache
def _long_marks() -> re.Pattern[str]:
    """Thirty combining marks in a row, and those after them."""
    marks = "".join(re.escape(mark) for mark in map(chr, range(sys.maxunicode)) if unicodedata.combining(mark))
    return re.compile(f"([{marks}]{{30}})[{marks}]+")
