"""Takes a feed document apart before feedparser sees it, so that only unseen items are parsed.

feedparser costs milliseconds per item and most changed documents hold one new item. The items are cut out of the
document's own bytes: encoding, declaration, namespaces and channel stay as they were. feedparser keeps state while it
reads, and some documents carry it from one item into the next; those, like everything unusual, are not taken apart.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.parsers import expat

import feedparser.api

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

# feedparser's names for namespaces, by address; "" is that of the feed formats themselves.
_STANDARD: dict[str, str] = {uri.lower(): name for uri, name in feedparser.api.StrictFeedParser.namespaces.items()}
_STANDARD_NAMES = frozenset(_STANDARD.values())
_RSS_1_0, _RSS_0_90 = "http://purl.org/rss/1.0/", "http://my.netscape.com/rdf/simple/0.9/"

# Elements by what feedparser makes of them; "media_title" is title in the namespace that it calls media.
_ITEMS = frozenset({"item", "entry"})
_CONTAINERS = frozenset({"rss", "rdf_rdf", "feed", "channel"})
_SUMMARIES = frozenset({"summary", "itunes_summary"})
_DESCRIPTIONS = frozenset({"description", "dc_description", "media_description"})
_BODIES = frozenset({"content", "content_encoded", "fullitem"})
_TITLES = frozenset({"title", "dc_title", "media_title"})
_TEXTS = _SUMMARIES | _DESCRIPTIONS | _BODIES | _TITLES | {
    "subtitle", "tagline", "itunes_subtitle", "rights", "copyright", "dc_rights", "abstract", "info",
    "feedburner_browserfriendly", "body", "xhtml_body",
}  # fmt: skip
_DIVISIONS = frozenset({"div", "xhtml_div"})
_FRAME = _CONTAINERS | _DIVISIONS | {"image", "textinput"}
_XHTML = frozenset({"xhtml", "application/xhtml+xml"})
# What a feed says once for all its entries; the link is what relative addresses of RSS are resolved against.
_INHERITED = frozenset({
    "author", "contributor", "copyright", "creator", "language", "link", "managingeditor", "owner", "publisher",
    "rights", "webmaster",
})  # fmt: skip

# The declaration as every reader understands it (XML 1.0, 2.8); feedparser overlooks odder spellings.
_DECLARATION = re.compile(
    rb"<\?xml[ \t]+version=(?:\"[\w.]+\"|'[\w.]+')(?:[ \t]+encoding=(?:\"([\w.-]+)\"|'([\w.-]+)'))?"
    rb"(?:[ \t]+standalone=(?:\"\w+\"|'\w+'))?[ \t]*\?>"
)
_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
# Codecs in which the bytes of markup are those of ASCII and nothing depends on what came before.
_CODEC = re.compile(r"utf-8|ascii|iso8859-\d{1,2}|cp125\d|koi8-[ru]")
_EXPAT_NAMES = {"ascii": "us-ascii", "iso8859-1": "iso-8859-1", "utf-16-le": "utf-16", "utf-16-be": "utf-16"}
_XML_TYPE = re.compile(r"text/.*|application/(?:.*\+xml|xml|xml-dtd|xml-external-parsed-entity)")
# No article comes near; what goes beyond is read with the care that steps.parse takes of broken documents.
_MAX_DEPTH = 100
_MAX_ATTRIBUTES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RawItem:
    """One item: its bytes in the document, and a hash (16 hex digits) of them and of all that they inherit.

    Equal hashes mean equal entries, whatever else of the channel has changed; the feed's address is not part of it.
    """

    start: int
    end: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A document and where its items are, in the order of the document."""

    body: bytes
    items: tuple[RawItem, ...]

    def raw(self, index: int) -> bytes:
        """The bytes of one item."""
        item = self.items[index]
        return self.body[item.start : item.end]

    def only(self, wanted: Collection[int]) -> bytes:
        """The document with just these items, in their order; feedparser reads them as in the whole document."""
        pieces: list[bytes] = []
        position = 0
        kept = frozenset(wanted)
        for index, item in enumerate(self.items):
            if index not in kept:
                pieces.append(self.body[position : item.start])
                position = item.end
        return b"".join([*pieces, self.body[position:]])


def split(body: bytes, *, content_type: str | None = None) -> Split | None:
    """The items of an RSS, RDF or Atom document, or None when it has to be parsed whole.

    None means: not well-formed, no feed, a DOCTYPE, items in unusual places, an encoding that is in doubt or that
    expat cannot read, or something by which one item changes how feedparser reads the next.

    Args:
        body: decoded bytes of the document.
        content_type: the header, whose charset feedparser weighs against the XML declaration.
    """
    codec = _codec(body, content_type)
    if codec is None:
        return None
    walk = _Walk(body, codec)
    try:
        walk.parser.Parse(body, True)
    except (expat.ExpatError, _WholeError):
        return None
    items = walk.items()
    return (
        None
        if codec not in {"utf-8", *_UTF_16.values()} and _may_pass_for_utf_8(body, items)
        else Split(body=body, items=items)
    )


def _codec(body: bytes, content_type: str | None) -> str | None:
    """The encoding that feedparser chooses for this document and for every part of it; None when in doubt.

    feedparser tries the encodings that are named in turn, and takes the first that fits all bytes. With fewer bytes
    another one may fit, so all names have to agree.
    """
    if (utf_16 := _UTF_16.get(body[:2])) is not None:
        return utf_16 if _is_plain_utf_16(body, utf_16, content_type) else None
    start = 3 if body.startswith(codecs.BOM_UTF8) else 0
    declaration = _DECLARATION.match(body, start)
    if declaration is None and body.startswith(b"<?", start):
        return None
    # feedparser takes the last `encoding=` of the first line for the declared one, wherever it is.
    after = declaration.end() if declaration else start
    line_end = body.find(b"\n", after)
    if declaration and body.find(b"encoding=", after, line_end if line_end >= 0 else len(body)) >= 0:
        return None
    mime_type, charset = _charset(content_type)
    declared = (declaration[1] or declaration[2] or b"").decode("ascii", "replace") if declaration else ""
    names = [name for name in ("utf-8" if start else "", declared, charset) if name] or ["utf-8"]
    found = {_known_codec(name) for name in names}
    if None in found or (len(found) > 1 and not body.isascii()):
        return None
    if names == [charset] and found != {"utf-8"} and not _XML_TYPE.fullmatch(mime_type):
        # The charset of a type that is not XML's counts for nothing.
        return None
    return found.pop()


def _may_pass_for_utf_8(body: bytes, items: Sequence[RawItem]) -> bool:
    """Whether a part of a document would be taken for UTF-8 (as steps.parse does) that the whole is not taken for."""
    if _is_utf_8(body):
        return False
    document = Split(body=body, items=tuple(items))
    frame = document.only(())
    if not _is_utf_8(frame):
        return False
    raws = [document.raw(index) for index in range(len(items))]
    return not frame.isascii() or any(_is_utf_8(raw) and not raw.isascii() for raw in raws)


def _is_utf_8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_plain_utf_16(body: bytes, codec: str, content_type: str | None) -> bool:
    mime_type, charset = _charset(content_type)
    if charset or mime_type.startswith("text/") or body.count("encoding=".encode(codec)) != 1:
        return False
    head = body[2:302].decode(codec, "replace").encode("ascii", "replace")
    declaration = _DECLARATION.match(head)
    return declaration is not None and (declaration[1] or declaration[2] or b"").lower() == b"utf-16"


def _charset(content_type: str | None) -> tuple[str, str]:
    mime_type, *parameters = (content_type or "").split(";")
    charset = ""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip("\"'")
    return mime_type.strip(), charset


def _known_codec(name: str) -> str | None:
    try:
        codec = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return codec if _CODEC.fullmatch(codec) else None


class _WholeError(Exception):
    """The document has to be parsed whole."""


class _Walk:
    """One pass over a document with expat.

    Depths count from 1, the root. An attribute that is a depth is 0 when there is no such element open.
    """

    def __init__(self, body: bytes, codec: str) -> None:
        self._body = body
        self._codec = codec
        self._found: list[tuple[int, int, bool]] = []
        # What all items inherit, and what one inherits only when it came before.
        self._context: list[object] = [codec]
        self._image_seen = False
        self._summary_seen = False
        self._depth = 0
        self._item_depth = 1
        self._in_channel = False
        self._item_start = -1
        self._item_after_image = False
        self._inherited_start = -1
        self._inherited_depth = 0
        self._text_depth = 0
        self._text_is_xhtml = False
        self._image_depth = 0
        self._names: dict[str, tuple[str, str]] = {}
        self._prefixed: dict[str, str] = {}
        self._addresses: tuple[set[str], set[str]] = (set(), set())
        self.parser = expat.ParserCreate(_EXPAT_NAMES.get(codec, codec), " ")
        self.parser.namespace_prefixes = True
        self.parser.StartDoctypeDeclHandler = _refuse
        self.parser.StartNamespaceDeclHandler = self._declared
        self.parser.StartElementHandler = self._started
        self.parser.EndElementHandler = self._ended

    def items(self) -> tuple[RawItem, ...]:
        """What was found."""
        context = hashlib.blake2b(repr(self._context).encode(), digest_size=8)
        after = context.copy()
        context.update(b"\x00")
        after.update(b"\x01")
        view = memoryview(self._body)
        items: list[RawItem] = []
        for start, end, after_image in self._found:
            digest = (after if after_image else context).copy()
            digest.update(view[start:end])
            items.append(RawItem(start=start, end=end, hash=digest.hexdigest()))
        return tuple(items)

    def _declared(self, prefix: str | None, uri: str | None) -> None:
        """A namespace declaration. feedparser never forgets one, so none may mean two things in one document."""
        if not uri:
            return
        if self._depth < max(self._item_depth - 1, 1):
            self._context.append((prefix, uri))
        standard = _STANDARD.get(uri.lower())
        if prefix is not None:
            prefix = prefix.lower()
            if self._prefixed.setdefault(prefix, uri) != uri or (
                prefix in _STANDARD_NAMES and standard not in {prefix, None}
            ):
                raise _WholeError
        if standard is None:
            self._addresses[prefix is None].add(uri)
            if all(uri in addresses for addresses in self._addresses):
                raise _WholeError

    def _started(self, tag: str, attributes: dict[str, str]) -> None:
        depth = self._depth = self._depth + 1
        named = self._names.get(tag)
        if named is None:
            named = self._names[tag] = _name(tag)
        name, local = named
        if depth > _MAX_DEPTH or len(attributes) > _MAX_ATTRIBUTES:
            raise _WholeError
        if depth < self._item_depth or depth == 1:
            self._enter(name, attributes)
        elif local in _ITEMS:
            self._start_item(name)
        else:
            if name in _TEXTS:
                self._start_text(name, attributes)
            elif name in _FRAME:
                self._check(name)
            if self._item_start < 0:
                self._start_outside(name, local)

    def _check(self, name: str) -> None:
        """An element by which feedparser may lose its place."""
        if name in _DIVISIONS:
            # It loses count of open elements at a <div> in text that is not declared XHTML.
            lost = bool(self._text_depth) and not self._text_is_xhtml
        elif name in _CONTAINERS:
            # In RDF, the channel stands beside its items.
            lost = name != "channel" or self._depth != self._item_depth
        else:
            # It puts what belongs to an item's text input or image with those of the channel.
            lost = name == "textinput" and self._item_start >= 0
            if name == "image" and self._item_start >= 0 and not self._image_depth:
                self._image_depth = self._depth
        if lost:
            raise _WholeError

    def _enter(self, name: str, attributes: dict[str, str]) -> None:
        """The root, or a child of <rss>."""
        if self._depth == 1:
            depths = {"rss": 3, "feed": 2, "rdf_rdf": 2}
            if name not in depths:
                raise _WholeError
            if name == "rdf_rdf" and not any(
                namespace[1].lower() == _RSS_1_0 or namespace == (None, _RSS_0_90)
                for namespace in self._context
                if isinstance(namespace, tuple)
            ):
                # The version of the format would be found in an item.
                raise _WholeError
            self._item_depth = depths[name]
        elif name == "channel" and not self._in_channel:
            self._in_channel = True
        else:
            raise _WholeError
        self._context.append((name, sorted(attributes.items())))

    def _start_item(self, name: str) -> None:
        # Readers disagree about items of other namespaces, within others, and in the channel of RDF.
        if name not in _ITEMS or self._depth != self._item_depth or self._item_start >= 0:
            raise _WholeError
        self._item_start = self.parser.CurrentByteIndex
        self._item_after_image = self._image_seen

    def _start_text(self, name: str, attributes: dict[str, str]) -> None:
        if self._text_depth:
            # feedparser takes the end of the inner one for that of the outer.
            raise _WholeError
        self._text_depth = self._depth
        types = [value.lower() for key, value in attributes.items() if key.lower() == "type"] if attributes else ()
        self._text_is_xhtml = set(types) <= _XHTML if types else name in {"body", "xhtml_body"}
        if self._item_start >= 0:
            if self._image_depth and name not in _TITLES | _DESCRIPTIONS:
                raise _WholeError
        elif name in _BODIES or (self._summary_seen and name in _SUMMARIES | _DESCRIPTIONS):
            # feedparser goes on to treat the first item's summary as a second one.
            raise _WholeError
        elif name in _SUMMARIES:
            self._summary_seen = True

    def _start_outside(self, name: str, local: str) -> None:
        """An element of the feed itself."""
        if local == "image" or name == "itunes_link":
            # Where the channel has an image, feedparser puts what an item says of its own there.
            self._image_seen = True
        if local in _INHERITED and not self._inherited_depth:
            self._inherited_depth, self._inherited_start = self._depth, self.parser.CurrentByteIndex

    def _ended(self, tag: str) -> None:
        depth = self._depth
        self._depth = depth - 1
        if depth == self._text_depth:
            self._text_depth = 0
        elif depth == self._image_depth:
            self._image_depth = 0
        if depth == self._inherited_depth:
            start = self._inherited_start
            self._context.append(self._body[start : self._end(tag)])
            self._inherited_depth = 0
        elif depth == self._item_depth and self._item_start >= 0:
            self._found.append((self._item_start, self._end(tag), self._item_after_image))
            self._item_start = -1

    def _end(self, tag: str) -> int:
        """Where the element that ends now ends. Expat tells the start of an end tag, the end of an empty element."""
        index = self.parser.CurrentByteIndex
        parts = tag.split(" ")
        written = f"{parts[2]}:{parts[1]}" if len(parts) == 3 else parts[-1]
        if not self._body.startswith(f"</{written}".encode(self._codec), index):
            return index
        # In UTF-16, too, these bytes are nothing else here: no character of a name is U+3Exx (XML 1.0, appendix B).
        closing = ">".encode(self._codec)
        return self._body.index(closing, index) + len(closing)


def _refuse(*_: object) -> None:
    raise _WholeError


def _name(tag: str) -> tuple[str, str]:
    """What feedparser calls an element, and its name without a namespace."""
    parts = tag.split(" ")
    uri, local, prefix = (parts[0], parts[1], parts[2] if len(parts) == 3 else "") if len(parts) > 1 else ("", tag, "")
    lowered = uri.lower()
    standard = "" if "backend.userland.com/rss" in lowered else _STANDARD.get(lowered, prefix).lower()
    local = local.lower()
    return (f"{standard}_{local}" if standard else local), local
