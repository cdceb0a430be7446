"""Bytes of a document to text.

What counts, first to last: a byte order mark; the charset of the Content-Type (RFC 7303, 3); the XML declaration
(XML 1.0, appendix F); UTF-8. Labels mean what browsers take them for (WHATWG Encoding Standard): ISO-8859-1 is
windows-1252. One thing outweighs a label: text beyond ASCII that is valid UTF-8 is UTF-8, because no one writes such
bytes by accident in a single-byte encoding. Bytes that are not valid under the encoding chosen are read as
windows-1252, one by one.
"""

from __future__ import annotations

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# A document without a mark begins with "<" (XML 1.0, appendix F.1); the last is "<?xm" in EBCDIC.
_OPENINGS = (
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
    (b"\x4c\x6f\xa7\x94", "cp037"),
)
# What the WHATWG Encoding Standard makes of labels, where Python takes them more narrowly.
_MEANT = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
_SINGLE_BYTE = re.compile(r"cp125\d|cp874|cp866|iso8859-\d+|koi8-[ru]|mac-\w+|ascii")
# What "surrogateescape" makes of bytes that are not valid, as windows-1252. Five bytes that this does not assign are
# control characters for browsers.
_STRAY = {0xDC00 + byte: bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(0x80, 0x100)}
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?\bencoding\s*=\s*[\"']\s*([A-Za-z0-9._:-]{1,40})")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)


def decode(body: bytes, content_type: str | None) -> tuple[str, tuple[str, ...]]:
    """The text of a body, without its byte order mark, and warnings."""
    for mark, name in _MARKS:
        if body.startswith(mark):
            return _read(body[len(mark) :], name)
    for opening, name in _OPENINGS:
        if body.startswith(opening):
            return _read(body, name)

    charset = _CHARSET.search(content_type or "")
    declared = _DECLARED.search(body, 0, 1_024)
    given = [charset[1]] if charset else []
    given += [declared[1].decode("ascii")] if declared else []
    labels = [label for given_label in given if (label := _codec(given_label)) is not None]
    if body.isascii() and not (labels and labels[0].startswith(("iso2022", "hz"))):
        return body.decode("ascii"), ()
    chosen = labels[0] if labels else "utf-8"
    if chosen == "utf-8" or _SINGLE_BYTE.fullmatch(chosen):
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            # A server that says UTF-8 of everything is contradicted by the document.
            chosen = next((label for label in labels if label != "utf-8"), "utf-8")
        else:
            first = given[0].lower() if labels else "utf-8"
            return text, () if chosen == "utf-8" else (f"document: declared as {first}, but written in utf-8",)
    return _read(body, chosen)


def _codec(label: str) -> str | None:
    """Python's name for the encoding that a label means; None for one that nobody knows, or that is no text."""
    try:
        found = codecs.lookup(label)
        b"<".decode(found.name, "replace")
    except (LookupError, ValueError, UnicodeError):
        return None
    # A document that could be read this far is not in UTF-16, whatever it says.
    return (
        None
        if found.name.startswith(("utf-16", "utf-32", "utf-7", "idna", "punycode", "unicode", "raw"))
        else (_MEANT.get(found.name, found.name))
    )


def _read(body: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    try:
        return body.decode(name), ()
    except UnicodeDecodeError:
        pass
    if name == "utf-8" or _SINGLE_BYTE.fullmatch(name):
        text = body.decode(name, "surrogateescape").translate(_STRAY)
        return text, () if name == "cp1252" else (f"document: some bytes are not {name}, read as windows-1252",)
    return body.decode(name, "replace"), (f"document: some bytes are not {name}",)
