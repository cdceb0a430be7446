"""OPML 2.0 (http://opml.org/spec2.opml), the form in which feed readers exchange lists of feeds."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from lxml import etree

from worker.model.secrets import without_secrets

from .location import location
from .markup import escaped, unescaped, xml_pieces, xml_text
from .problems import Mistake

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_BLANKS = re.compile(r"[ \t\r\n]+")
_FEED_SCHEME = re.compile(r"\Afeed:(?://)?(?=https?://)", re.IGNORECASE)
_BARE_FEED_SCHEME = re.compile(r"\Afeed://", re.IGNORECASE)
# Prefixes that nobody declared, and a line end before the XML declaration.
_HARMLESS = re.compile(r"NS_|ERR_RESERVED_XML_NAME$")
_ATTRIBUTES = frozenset({"title", "text", "type", "xmlurl"})
_NOT_A_FEED = {
    "link": "it is a link, not a feed",
    "include": "it is another list of feeds; import that by itself",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A feed as a list names it. `folders` are the outlines around it, outermost first; `line`, from 1, is
    where its tag ends.

    `url` may hold credentials, so it is left out of the representation.
    """

    url: str = field(repr=False)
    title: str | None = None
    folders: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """An outline that gives no new feed, and why; `str()` is for people. With `mistake` it was meant to be a feed."""

    line: int
    title: str | None = field(repr=False)
    reason: str
    mistake: bool = False

    def __str__(self) -> str:
        # A title can be the URL, with all that is in it.
        if not self.title or "@" in self.title or "://" in self.title:
            return f"skipped: {self.reason}"
        shown = self.title if len(self.title) <= 60 else f"{self.title[:59]}…"
        return f'skipped "{printable(shown)}": {self.reason}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Opml:
    """What a document lists. Every URL is there once, and in the form of `Location.url`.

    `broken` says what is wrong with the document itself: some of its feeds may be missing.
    """

    feeds: tuple[Listed, ...]
    skipped: tuple[Skipped, ...]
    broken: str | None

    @property
    def warning(self) -> str | None:
        """What to say to whoever takes what could be read."""
        return None if self.broken is None else f"{self.broken}; what could be read was taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotOpml:
    """Why a document lists nothing; `line` is None where none is to blame. The reason repeats nothing of it."""

    reason: str
    line: int | None = None


def read_opml(data: bytes) -> Opml | NotOpml:
    """The feeds of a document. Where it is broken, what the parser can make of the rest is taken, with a warning."""
    if not data.strip():
        return NotOpml(reason="is empty")
    parser = etree.XMLPullParser(
        events=("start", "end"),
        encoding="utf-8",
        recover=True,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        remove_comments=True,
        remove_pis=True,
    )
    outlines = _Outlines()
    try:
        for piece in xml_pieces(data):
            parser.feed(piece)
            outlines.take(parser)
        parser.close()
        outlines.take(parser)
    except etree.XMLSyntaxError:
        pass  # nothing is left to recover; the log says why
    broken = [entry for entry in parser.feed_error_log if not _HARMLESS.match(entry.type_name)]
    if not outlines.seen:
        return _not_opml(outlines.root, broken)
    wrong = None
    if broken:
        others = len({entry.line for entry in broken}) - 1
        more = f" and on {others} more" if others else ""
        wrong = f"is not well-formed XML on line {broken[0].line} ({_words(broken[0])}){more}"
    return Opml(feeds=tuple(outlines.feeds), skipped=tuple(outlines.skipped), broken=wrong)


def _not_opml(root: str, broken: Sequence[Any]) -> NotOpml:
    if root not in ("", "opml"):
        return NotOpml(reason="is not OPML; give a list of feeds that a feed reader exported")
    if not root:
        return NotOpml(reason="is not XML; give a list of feeds that a feed reader exported")
    if broken:
        reason = f"is not well-formed XML ({_words(broken[0])}); export the list again"
        return NotOpml(reason=reason, line=broken[0].line)
    return NotOpml(reason="holds no outlines; export the list again")


def _words(entry: Any) -> str:
    """The kind of a mistake: the parser's own message may repeat a part of the document, and with it a secret."""
    if entry.type_name == "ERR_RESOURCE_LIMIT":
        return "nested too deeply, or too long"
    return str(entry.type_name).removeprefix("ERR_").replace("_", " ").lower()


@dataclass(slots=True)
class _Folder:
    """An outline that is open. `names` are those of the folders for what is in it."""

    names: tuple[str, ...]
    is_leaf: bool = True


@dataclass(slots=True)
class _Outlines:
    """Gathers outlines as they are parsed, and frees what was read: memory holds one path of the tree."""

    feeds: list[Listed] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    root: str = ""
    seen: bool = False
    _lines: dict[str, int] = field(default_factory=dict)
    _open: list[_Folder] = field(default_factory=lambda: [_Folder(())])

    def take(self, parser: etree.XMLPullParser) -> None:
        events = cast("Iterator[tuple[str, Any]]", parser.read_events())
        for event, element in events:
            name = str(element.tag).rpartition("}")[2].lower()
            if event == "start":
                self.root = self.root or name
                if name == "outline":
                    self._start(element)
                continue
            if name == "outline":
                self._end(element)
            element.clear()
            while (before := element.getprevious()) is not None:
                before.getparent().remove(before)

    def _start(self, element: Any) -> None:
        self.seen = True
        above = self._open[-1]
        above.is_leaf = False
        attributes = _attributes(element)
        url = attributes.get("xmlurl")
        if url is not None:
            self._feed(url, attributes, above.names, element.sourceline)
            self._open.append(_Folder(above.names, is_leaf=False))
        else:
            name = _name(attributes)
            self._open.append(_Folder((*above.names, name) if name else above.names))

    def _end(self, element: Any) -> None:
        if self._open.pop().is_leaf:
            attributes = _attributes(element)
            reason = _NOT_A_FEED.get(attributes.get("type", "").strip().lower(), "it has no xmlUrl")
            self._skip(element.sourceline, _name(attributes), reason)

    def _feed(self, given: str, attributes: Mapping[str, str], folders: tuple[str, ...], line: int) -> None:
        title = _name(attributes)
        given = given.strip()
        url = _BARE_FEED_SCHEME.sub("http://", _FEED_SCHEME.sub("", given)).replace(" ", "%20")
        if not url:
            self._skip(line, title, "its xmlUrl is empty")
            return
        try:
            place = location(url)
        except Mistake as mistake:
            skipped = Skipped(line=line, title=title, reason=f"xmlUrl: {mistake}", mistake=True)
            self.skipped.append(skipped)
            return
        if place.url in self._lines:
            self._skip(line, title, f"the same URL is on line {self._lines[place.url]} already")
            return
        self._lines[place.url] = line
        if title in (given, url, place.url, place.public):
            title = None  # a reader that never saw the feed's own title
        self.feeds.append(Listed(url=place.url, title=title, folders=folders, line=line))

    def _skip(self, line: int, title: str | None, reason: str) -> None:
        self.skipped.append(Skipped(line=line, title=title, reason=reason))


def _attributes(element: Any) -> dict[str, str]:
    """Those that are read here, by their name in lower case."""
    # Not items(): that looks every value up by its name, which for very many of them never ends.
    names = {str(name).lower(): name for name in element.attrib if str(name).lower() in _ATTRIBUTES}
    return {known: str(element.get(name)) for known, name in names.items()}


def _name(attributes: Mapping[str, str]) -> str | None:
    """The title, or the text where there is none, as one line."""
    return one_line(unescaped(attributes.get("title", ""))) or one_line(unescaped(attributes.get("text", ""))) or None


def one_line(text: str) -> str:
    """The text with each run of blanks and line ends as one blank, and none at its ends."""
    return _BLANKS.sub(" ", xml_text(text)).strip(" ")


def printable(text: str) -> str:
    """The text with blanks for what a terminal would act upon."""
    return "".join(char if char.isprintable() else " " for char in text)


def write_opml(feeds: Iterable[Listed], title: str) -> bytes:
    """A document that lists the feeds, in their order. What `read_opml` makes of it are the same URLs and titles.

    A feed without a title is shown by its URL without credentials. Folders are left out.
    """
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = one_line(title)
    body = etree.SubElement(root, "body")
    for feed in feeds:
        name = escaped(one_line(feed.title or "") or without_secrets(feed.url))
        etree.SubElement(body, "outline", {"type": "rss", "text": name, "title": name, "xmlUrl": feed.url})
    document: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    return document
