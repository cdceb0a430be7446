"""Characters: references become what they stand for, invisible ones go, the rest is composed."""

from __future__ import annotations

import html
import re
import sys
import unicodedata
from functools import cache
from html.entities import html5

# Control characters, soft hyphens, zero-width spaces, marks of direction, interlinear annotation, the placeholder of
# an object, halves of surrogate pairs: they show nothing, and they break every match downstream.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    "\ufeff\ufff9-\ufffc\ud800-\udfff\ufffe\uffff]"
)
# Joiners shape the letters of Arabic, Persian and the scripts of India, and tie emoji together. After a letter of
# Latin, Greek or Cyrillic, or after a blank, they do nothing; nor does the non-joiner at the end of a word.
_IDLE_JOINERS = re.compile(
    "(?<![\u0590-\u1dff\u200c\u200d\u2190-\U0010ffff])[\u200c\u200d]+|(?<!\u200c)\u200c(?=[\\s]|$)"
)
_JOINER = re.compile("[\u200c\u200d]")
# What may be none of the above, and may change when it is composed: everything but Latin, Cyrillic, kana and Han
# letters with their punctuation.
_ODD = re.compile(
    "[^ -~\xa1-\xac\xae-\u02ff\u0400-\u0482\u048a-\u052f\u2010-\u2027\u2030-\u205e\u20a0-\u20bf\u3001-\u3029"
    "\u3041-\u3096\u30a1-\u30fe\u4e00-\u9fff\uff01-\uff0f]"
)
_PRINTABLE = bytes(range(0x20, 0x7F))

# More digits than any character has; int() refuses thousands of them.
_LONG_NUMBER = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{7,});?")
# Of a text that was escaped twice. The signs of markup stay: who writes "&lt;b&gt;" may be speaking of it.
_ESCAPED_AGAIN = re.compile(r"&(?!lt;|gt;|LT;|GT;)(#[0-9]{2,7}|#[xX][0-9a-fA-F]{2,6}|[A-Za-z]{2,8}[0-9]{0,2});")

# Normalising takes time quadratic in the length of a run of combining marks, which counts in long texts. Words have a
# few in a row; 30 is the limit of Unicode's Stream-Safe Text Format (UAX #15, 13).
_SAFE_CHARS = 1_000


def fold(text: str) -> str:
    """One line: invisible characters gone, white space folded to single spaces, Unicode composed (NFC)."""
    folded = " ".join(text.split())
    if folded.isascii():
        # Bytes are looked through several times as fast as characters.
        if not folded.encode().translate(None, _PRINTABLE):
            return folded
    elif not _ODD.search(folded):
        return folded
    folded = " ".join(_INVISIBLE.sub("", folded).split())
    if len(folded) > _SAFE_CHARS:
        folded = _long_marks().sub(r"\1", folded)
    folded = unicodedata.normalize("NFC", folded)
    if _JOINER.search(folded):
        folded = unicodedata.normalize("NFC", " ".join(_IDLE_JOINERS.sub("", folded).split()))
    return folded


def unescape(text: str) -> str:
    """Character references as the characters they name (HTML Standard, 13.2.5.72), with or without a semicolon."""
    return html.unescape(_LONG_NUMBER.sub("\ufffd", text)) if "&" in text else text


def unescape_again(text: str) -> str:
    """What is left of references in a text that was escaped once too often: "AT&amp;T", "&nbsp;", "&#8217;"."""
    return _ESCAPED_AGAIN.sub(_character, text) if "&" in text else text


def _character(reference: re.Match[str]) -> str:
    name = reference[1]
    return html.unescape(reference[0]) if name[0] == "#" or f"{name};" in html5 else reference[0]


@cache
def _long_marks() -> re.Pattern[str]:
    """Thirty combining marks in a row, and those after them."""
    marks = "".join(re.escape(mark) for mark in map(chr, range(sys.maxunicode)) if unicodedata.combining(mark))
    return re.compile(f"([{marks}]{{30}})[{marks}]+")
