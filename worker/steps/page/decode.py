"""From the bytes of a page to its characters, as browsers read them (WHATWG HTML, 13.2.3; Encoding Standard)."""

from __future__ import annotations

import codecs
import re

# A byte order mark outranks every label (Encoding Standard, 6).
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# What labels mean on the web where Python takes them at their word (Encoding Standard, 4.2).
_ON_THE_WEB = {
    "ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874", "tis-620": "cp874",
    "gb2312": "gb18030", "gbk": "gb18030", "euc_kr": "cp949", "shift_jis": "cp932", "big5": "big5hkscs",
    "utf-16": "utf-16-le", "utf-7": "cp1252",
}  # fmt: skip
# Labels of the Encoding Standard that Python does not know.
_LABELS = {
    "x-sjis": "cp932", "x-gbk": "gb18030", "x-x-big5": "big5hkscs", "dos-874": "cp874", "windows-874": "cp874",
    "ks_c_5601-1989": "cp949", "windows-949": "cp949", "x-cp1250": "cp1250", "x-cp1251": "cp1251",
    "x-cp1252": "cp1252", "x-mac-cyrillic": "mac_cyrillic", "x-euc-jp": "euc_jp", "iso-8859-8-i": "iso8859-8",
    "unicode-1-1-utf-8": "utf-8", "utf8mb4": "utf-8",
}  # fmt: skip
# Python also has codecs that no page is written in: punycode, unicode_escape, rot13.
_CHARSETS = re.compile(
    r"utf-(?:8|16-[lb]e)|cp(?:125\d|866|874|932|949)|iso8859-\d+|koi8-[ru]|mac[-_]\w+|gb18030|big5hkscs|euc_jp|iso2022_jp"
)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_META = re.compile(rb"<meta\s[^>]{0,300}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_XML = re.compile(rb"^\s*<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([A-Za-z0-9_.:-]{1,40})")
# Browsers look at 1,024 bytes; many pages declare their charset later and are right all the same.
_SCANNED_BYTES = 8_192
_LONGEST_CHARACTER_BYTES = 4


def decode(body: bytes, content_type: str | None) -> str:
    """The characters of a page; what fits none is U+FFFD. A page that is UTF-8 throughout is taken for it."""
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(codec, "replace")
    declared = _declared(body, content_type)
    # Text in another charset is next to never well-formed UTF-8, but servers often send a default that is not meant.
    if declared in {None, "utf-8", "cp1252"}:
        try:
            return body.decode()
        except UnicodeDecodeError as error:
            broken_off = len(body) - error.start < _LONGEST_CHARACTER_BYTES
            declared = declared or ("utf-8" if broken_off else "cp1252")
    return body.decode(declared or "utf-8", "replace")


def _declared(body: bytes, content_type: str | None) -> str | None:
    """The codec that the header names, else the page itself; None when neither names one that is known."""
    if (named := _CHARSET.search(content_type or "")) and (codec := _codec(named[1])):
        return codec
    start = body[:_SCANNED_BYTES]
    for pattern in (_META, _XML):
        if (found := pattern.search(start)) and (codec := _codec(found[1].decode("ascii"))):
            # A label that can be read one byte at a time cannot be that of UTF-16 (WHATWG HTML, 13.2.3.2).
            return "utf-8" if codec.startswith("utf-16") else codec
    return None


def _codec(label: str) -> str | None:
    label = label.lower()
    if label in _LABELS:
        return _LABELS[label]
    try:
        name = codecs.lookup(label).name
    except LookupError:
        return None
    name = _ON_THE_WEB.get(name, name)
    return name if _CHARSETS.fullmatch(name) else None
