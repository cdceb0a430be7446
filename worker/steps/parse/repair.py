"""Text of a document to well-formed XML, in time that grows with its length and no faster.

What is well-formed stays as it is. Of the rest, first the characters are mended (XML 1.0, 2.2 and 4.1): those that XML
forbids are dropped, entities that only HTML knows are replaced, and an ampersand that begins nothing is escaped. If
that is not enough, the tags are: an end tag closes what stands open inside its element, an end tag of nothing is
dropped, and a new item closes the one before. An item that the text breaks off in is cut away.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from html import escape
from html.entities import html5, name2codepoint
from typing import TYPE_CHECKING

from lxml import etree

from .names import NAMESPACES

if TYPE_CHECKING:
    from collections.abc import Mapping

# Documents nest their elements some ten deep; what nests deeper is markup that was never closed.
_MAX_DEPTH = 100
_MAX_ATTRIBUTES = 40
_MAX_PREFIXES = 100
_MAX_RAW_CHARS = 20_000
# Entities that a document declares itself may add up to so much text.
_MAX_ENTITIES = 500
_MAX_EXPANSION_CHARS = 500_000

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HEAD = re.compile(r"<\?xml[\s?]|<(?:[\w.-]{1,20}:)?(?:rss|rdf|feed|channel|entry)[\s>/]", re.IGNORECASE)
_NO_JUNK = re.compile(r"<[?!]|<html[\s>]", re.IGNORECASE)
_FIRST_TAG = re.compile(r"<[A-Za-z_]")
_PROLOG = re.compile(r"\s*(?:<\?.*?\?>|<\?[^<>]*>|<!--.*?-->)", re.DOTALL)
_DOCTYPE = re.compile(
    r"<!DOCTYPE[^\[<>]*+(?:\[(?:<!--.*?-->|\"[^\"]*+\"|'[^']*+'|[^\]\"'<]|<(?!!--))*+\]\s*)?>",
    re.DOTALL | re.IGNORECASE,
)
# An external entity has no value here: nothing is ever fetched.
_ENTITY = re.compile(r"<!ENTITY\s+([A-Za-z_][\w.-]{0,60})\s+(?:\"([^\"]{0,2000})\"|'([^']{0,2000})'|SYSTEM|PUBLIC)")
# A section that never ends takes the rest: otherwise each of a thousand beginnings would search for the end again.
_CDATA = r"<!\[CDATA\[(?:.*?\]\]>|.*)"
_AMPERSAND = re.compile(rf"({_CDATA})|&(?:#([xX][0-9a-fA-F]++|[0-9]++);|([A-Za-z][\w.-]{{0,40}});)?", re.DOTALL)
_XML_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos"})
_TOKEN = re.compile(
    rf"({_CDATA})"
    r"|<!--(?:.*?-->|.*)|<\?[^<>]*>|<![^<>]*>"
    r"|</\s*([^\s<>/]++)[^<>]*+(?:>|\Z)"
    r"|<([A-Za-z_][^\s<>/=\"']*+)((?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*+|[^<>]*+)>"
    r"|(<)|[^<]+",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([A-Za-z_:][\w:.-]*)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>]+))")
_NO_URI = re.compile(r"[^!-~]|[<>\"{}|\\^`]")
_NAME = re.compile(r"[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?")
# The elements that hold the others together. No end tag of markup inside an item closes one of them.
_FRAME = frozenset({"rss", "rdf:rdf", "feed", "channel", "item", "entry", "items"})
_ITEMS = frozenset({"item", "entry"})
_VOID = frozenset({"br", "img", "hr", "input", "wbr", "meta", "embed", "param"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaired:
    """A tree, or None where nothing is left of the document; what was wrong with it; and the item it breaks off in.

    `sound` says that the document is well-formed as it stands.
    """

    root: etree._Element | None
    warnings: tuple[str, ...] = ()
    truncated: str | None = None
    sound: bool = False
    complete: bool = True
    balanced: bool = True


def read_tree(text: str) -> Repaired:
    """The tree of a document, repaired as far as needed."""
    text, entities, warnings = _cut_head(text)
    try:
        return Repaired(root=_tree(text), warnings=warnings, sound=not warnings)
    except etree.XMLSyntaxError as error:
        first = _line(error)
    mended, expanded = _mend(text, entities)
    try:
        whole = _tree(mended)
    except etree.XMLSyntaxError:
        pass
    else:
        return Repaired(
            root=whole, warnings=warnings if expanded else (*warnings, f"document: not well-formed: {first}")
        )
    balancer = _Balancer(mended)
    root: etree._Element | None = None
    warnings = (*warnings, f"document: not well-formed: {first}")
    with suppress(etree.XMLSyntaxError):
        # Whatever is still wrong with it, libxml2 reads past.
        root = _tree(balancer.text, recover=True)
    return Repaired(
        root=root,
        warnings=warnings if balancer.complete else (*warnings, "document: breaks off"),
        truncated=balancer.truncated,
        complete=balancer.complete,
        balanced=False,
    )


def _tree(text: str, *, recover: bool = False) -> etree._Element:
    return etree.fromstring(text.encode("utf-8", "replace"), _parser(recover=recover))


@cache
def _parser(*, recover: bool) -> etree.XMLParser:
    """To make one takes as long as to read a small document."""
    return etree.XMLParser(
        recover=recover,
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=True,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )


def _cut_head(text: str) -> tuple[str, dict[str, str], tuple[str, ...]]:
    """The document from its root on; the entities it declares, as far as they are plain text; and warnings."""
    warnings: tuple[str, ...] = ()
    text = text.lstrip("\ufeff\0 \t\r\n")
    head = _HEAD.search(text, 0, 65_536)
    # Error messages of a server come before the feed. A page of HTML is left as it is.
    if head is not None and head.start() > 0 and not _NO_JUNK.match(text):
        warnings = ("document: text before the XML",)
        text = text[head.start() :]
    text = _without_prolog(text)
    entities: dict[str, str] = {}
    doctype = _DOCTYPE.match(text)
    if doctype is not None:
        for match in _ENTITY.finditer(doctype[0]):
            if len(entities) == _MAX_ENTITIES:
                break
            entities.setdefault(match[1], match[2] or match[3] or "")
        text = _without_prolog(text[doctype.end() :])
    elif text[:9].upper() == "<!DOCTYPE" and (first := _FIRST_TAG.search(text)) is not None:
        text = text[first.start() :]
    return text, entities, warnings


def _without_prolog(text: str) -> str:
    """The text without comments, the declaration and other instructions in front of it (XML 1.0, 2.8)."""
    at = 0
    while (prolog := _PROLOG.match(text, at)) is not None:
        at = prolog.end()
    return text[at:].lstrip()


def _mend(text: str, entities: Mapping[str, str]) -> tuple[str, bool]:
    """Characters and references made good; and whether only entities that the document declares were replaced."""
    sound = _FORBIDDEN.sub("", text)
    mender = _Mender(entities)
    mended = _AMPERSAND.sub(mender.reference, sound)
    return mended, mender.only_declared and len(sound) == len(text)


class _Mender:
    """Replaces references that XML does not know."""

    def __init__(self, entities: Mapping[str, str]) -> None:
        self.only_declared = True
        self._entities = entities
        self._budget = _MAX_EXPANSION_CHARS

    def reference(self, match: re.Match[str]) -> str:
        section, number, name = match.groups()
        known = section is not None or name in _XML_ENTITIES or (number is not None and _is_character(number))
        if known:
            return match[0]
        if name in self._entities:
            self._budget -= len(self._entities[name])
            return _declared(self._entities[name]) if self._budget > 0 else ""
        self.only_declared = False
        if number is not None:
            # A control character is nothing, and what lies beyond Unicode was something once.
            return "" if _code(number) < 0x20 else "\ufffd"
        return _of_html(name) or f"&amp;{name};" if name else "&amp;"


def _of_html(name: str) -> str:
    """The characters of an entity, or nothing: first those of XHTML 1.0, then HTML's, then names in wrong capitals."""
    if name in name2codepoint:
        return escape(chr(name2codepoint[name]), quote=False)
    return escape(html5.get(f"{name};") or html5.get(f"{name.lower()};") or "", quote=False)


def _declared(value: str) -> str:
    """The text of a declared entity. References to characters count in it, those to further entities do not."""

    def replaced(match: re.Match[str]) -> str:
        _, number, name = match.groups()
        if (number is not None and _is_character(number)) or name in _XML_ENTITIES:
            return match[0]
        return _of_html(name) if name else "&amp;"

    return _AMPERSAND.sub(replaced, value.replace("<", "&lt;"))


def _is_character(number: str) -> bool:
    code = _code(number)
    return code <= sys.maxunicode and not _FORBIDDEN.match(chr(code))


def _code(number: str) -> int:
    if len(number) > 20:
        return sys.maxunicode + 1
    return int(number[1:], 16) if number[0] in "xX" else int(number)


class _Balancer:
    """Tags set right. `text` is well-formed, empty when there is no element at all."""

    def __init__(self, source: str) -> None:
        self.text = ""
        self.complete = True
        self.truncated: str | None = None
        self._source = source
        self._out: list[str] = []
        # Of every open element: its name as written, in lower case, where it begins in the output and in the source.
        self._open: list[tuple[str, str, int, int]] = []
        self._counts: Counter[str] = Counter()
        self._prefixes: set[str] = set()
        self._declared: set[str] = {"xml"}
        self._root_at: int | None = None
        self._last_close = source.rfind(">")
        for token in _TOKEN.finditer(source):
            if self._root_at is not None and not self._open:
                break
            self._take(token)
        self._finish()

    def _take(self, token: re.Match[str]) -> None:
        section, end, start, attributes, stray = token.groups()
        if start is not None:
            self._start(start, attributes or "", token.start())
        elif end is not None:
            self._end(end.lower())
        elif not self._open:
            return
        elif section is not None:
            self._cdata(section)
        elif stray is not None:
            # A tag that the text ends in is not text.
            if token.start() < self._last_close:
                self._out.append("&lt;")
        elif not token[0].startswith("<"):
            self._out.append(token[0].replace("]]>", "]]&gt;"))

    def _cdata(self, section: str) -> None:
        self._out.append(section if section.endswith("]]>") else escape(section[9:], quote=False))

    def _start(self, name: str, attributes: str, at: int) -> None:
        if not _NAME.fullmatch(name):
            self._out.append("&lt;" if self._open else "")
            return
        lower = name.lower()
        if lower in _ITEMS and self._counts[lower]:
            self._close(lower)
        if len(self._open) >= _MAX_DEPTH:
            return
        name = self._prefixed(name)
        empty = attributes.rstrip().endswith("/") or lower in _VOID
        if self._root_at is None:
            self._root_at = len(self._out)
        begins = len(self._out)
        self._out.append(f"<{name}{self._attributes(attributes)}{'/' if empty else ''}>")
        if not empty:
            self._open.append((name, lower, begins, at))
            self._counts[lower] += 1

    def _attributes(self, written: str) -> str:
        found: dict[str, str] = {}
        for match in _ATTRIBUTE.finditer(written):
            name = match[1]
            if not _NAME.fullmatch(name) or len(found) >= _MAX_ATTRIBUTES:
                continue
            value = next(value for value in match.groups()[1:] if value is not None)
            if name.startswith("xmlns"):
                if not value and ":" in name:
                    continue
                value = _NO_URI.sub("", value)
                self._declared.add(name.partition(":")[2])
            else:
                name = self._prefixed(name)
            found.setdefault(name, value)
        return "".join(f' {name}="{_quoted(value)}"' for name, value in found.items())

    def _prefixed(self, name: str) -> str:
        """The name, without its prefix when the document uses more of them than any document has."""
        prefix, colon, rest = name.partition(":")
        if not colon:
            return name
        if prefix not in self._prefixes and len(self._prefixes) >= _MAX_PREFIXES:
            return f"{prefix}_{rest}"
        self._prefixes.add(prefix)
        return name

    def _end(self, lower: str) -> None:
        if self._counts[lower]:
            self._close(lower)

    def _close(self, lower: str) -> None:
        """Close the innermost element of that name, unless a part of the document's frame stands between."""
        for index in range(len(self._open) - 1, -1, -1):
            if self._open[index][1] == lower:
                break
            if lower not in _FRAME and self._open[index][1] in _FRAME:
                return
        else:
            return
        while len(self._open) > index:
            self._close_last()

    def _close_last(self) -> None:
        name, lower, _, _ = self._open.pop()
        self._counts[lower] -= 1
        self._out.append(f"</{name}>")

    def _finish(self) -> None:
        if self._root_at is None:
            self.complete = not self._source.strip().startswith("<")
            return
        if self._open:
            self.complete = False
            self._cut_item()
        while self._open:
            self._close_last()
        if self._root_at < len(self._out):
            self._declare(self._root_at)
        self.text = "".join(self._out)

    def _cut_item(self) -> None:
        """Take the item that is still open out of what is written."""
        for index, (_, lower, begins, at) in enumerate(self._open):
            if lower in _ITEMS:
                self.truncated = self._source[at : at + _MAX_RAW_CHARS]
                del self._out[begins:]
                del self._open[index:]
                return

    def _declare(self, root_at: int) -> None:
        """Declare the prefixes that are used and not declared, by the namespaces that they usually stand for."""
        declarations = "".join(
            f' xmlns:{prefix}="{NAMESPACES.get(prefix.lower(), f"urn:undeclared:{prefix}")}"'
            for prefix in sorted(self._prefixes - self._declared)
        )
        root = self._out[root_at]
        name = _NAME.match(root, 1)
        if declarations and name is not None:
            self._out[root_at] = root[: name.end()] + declarations + root[name.end() :]


def _quoted(value: str) -> str:
    return value.replace("<", "&lt;").replace('"', "&quot;")


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
