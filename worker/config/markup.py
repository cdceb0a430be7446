"""The text of an XML document that other programs wrote, made fit for a strict parser."""

from __future__ import annotations

import codecs
import html
import re
from html.entities import html5
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PIECE_BYTES = 1 << 16
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins with the mark of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_DECLARED = re.compile(rb"""\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
# Python has more "encodings" than documents have; some of them take quadratic time.
_KNOWN = re.compile(r"(?:iso-?8859|windows-|cp|mac|koi8|shift|euc|big5|iso-2022-jp|tis-620)", re.IGNORECASE)
# What is labelled as one of these is, or may be, the larger one (https://encoding.spec.whatwg.org/#names-and-labels).
_LARGER = (
    (re.compile(r"iso-?8859-?1|latin-?1|cp1252|windows-1252", re.IGNORECASE), "windows-1252"),
    (re.compile(r"gb.*", re.IGNORECASE), "gb18030"),
)
# https://www.w3.org/TR/xml/#charsets
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAME = r"#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31}"
_REFERENCE = re.compile(rf"&({_NAME});")
_AMPERSAND = re.compile(rf"&(?!(?:amp|lt|gt|quot|apos);)(?:({_NAME});)?")
_LONGEST_REFERENCE = 34


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("windows-1252", "replace"), error.end


codecs.register_error("dateline.windows-1252", _as_windows_1252)


def xml_pieces(data: bytes) -> Iterator[bytes]:
    """The document in UTF-8, piece by piece, with nothing in it that a parser would have to know a DTD for.

    References to characters are kept or replaced by what they mean in HTML; any other ampersand stands for itself, so
    that no entity is ever expanded. Characters that XML does not allow are dropped. What is not the UTF-8 that it
    claims to be is read as windows-1252, byte by byte.
    """
    encoding, start = _encoding(data)
    decoder = codecs.getincrementaldecoder(encoding)("dateline.windows-1252" if encoding == "utf-8" else "replace")
    held = ""
    for at in range(start, len(data), _PIECE_BYTES):
        last = at + _PIECE_BYTES >= len(data)
        text = held + decoder.decode(data[at : at + _PIECE_BYTES], last)
        cut = len(text) if last else _cut(text)
        held = text[cut:]
        yield _AMPERSAND.sub(_plain_ampersand, xml_text(text[:cut])).encode()


def _encoding(data: bytes) -> tuple[str, int]:
    """The codec, and how many bytes a byte order mark takes."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return encoding, 0 if b"<" in mark else len(mark)
    match = _DECLARED.match(data)
    name = match[1].decode() if match else "utf-8"
    for label, larger in _LARGER:
        if label.fullmatch(name):
            return larger, 0
    try:
        return (codecs.lookup(name).name if _KNOWN.match(name) else "utf-8"), 0
    except LookupError:
        return "utf-8", 0


def _cut(text: str) -> int:
    """Where a piece may end: not within a reference."""
    ampersand = text.rfind("&", max(0, len(text) - _LONGEST_REFERENCE))
    return len(text) if ampersand < 0 or ";" in text[ampersand:] else ampersand


def _meaning(name: str) -> str | None:
    """What a reference means in HTML; None if it is no reference."""
    return html.unescape(f"&{name};") if name[0] == "#" else html5.get(f"{name};")


def _plain_ampersand(match: re.Match[str]) -> str:
    meant = _meaning(match[1]) if match[1] else None
    return f"&amp;{match[0][1:]}" if meant is None else html.escape(xml_text(meant))


def xml_text(text: str) -> str:
    """The text without the characters that XML cannot hold."""
    return _NOT_XML.sub("", text)


def unescaped(text: str) -> str:
    """Text that was escaped as HTML before it came into an attribute: `&eacute;` is `é`."""
    return _REFERENCE.sub(lambda match: match[0] if (meant := _meaning(match[1])) is None else meant, text)


def escaped(text: str) -> str:
    """The text that `unescaped` turns into this one: only what it would take for a reference is changed."""
    return _REFERENCE.sub(lambda match: match[0] if _meaning(match[1]) is None else f"&amp;{match[0][1:]}", text)
