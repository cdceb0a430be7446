"""Markup to tags and text, in one pass that takes time in proportion to its length.

The rules are those of the HTML Standard (13.2.5, tokenization) with a few more for feeds: what only looks like a tag
stays text, a section of CDATA is its content, and what breaks off is cut where it broke. libxml2's parser would do
for sound documents, but takes minutes for a megabyte of `<i>` that ends in a megabyte of `</b>`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from worker.steps.text.characters import unescape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# The elements of the HTML Standard (index of elements), and the obsolete ones (16.2) that old feeds still have.
ELEMENTS = frozenset({
    "a", "abbr", "acronym", "address", "applet", "area", "article", "aside", "audio", "b", "base", "basefont", "bdi",
    "bdo", "big", "blink", "blockquote", "body", "br", "button", "canvas", "caption", "center", "cite", "code", "col",
    "colgroup", "data", "datalist", "dd", "del", "details", "dfn", "dialog", "dir", "div", "dl", "dt", "em", "embed",
    "fieldset", "figcaption", "figure", "font", "footer", "form", "frame", "frameset", "h1", "h2", "h3", "h4", "h5",
    "h6", "head", "header", "hgroup", "hr", "html", "i", "iframe", "img", "input", "ins", "kbd", "label", "legend",
    "li", "link", "main", "map", "mark", "marquee", "math", "menu", "meta", "meter", "nav", "nobr", "noembed",
    "noframes", "noscript", "object", "ol", "optgroup", "option", "output", "p", "param", "picture", "pre", "progress",
    "q", "rb", "rp", "rt", "rtc", "ruby", "s", "samp", "script", "search", "section", "select", "slot", "small",
    "source", "span", "strike", "strong", "style", "sub", "summary", "sup", "svg", "table", "tbody", "td", "template",
    "textarea", "tfoot", "th", "thead", "time", "title", "tr", "track", "tt", "u", "ul", "var", "video", "wbr", "xmp",
})  # fmt: skip
VOID = frozenset({
    "area", "base", "basefont", "br", "col", "embed", "frame", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
})  # fmt: skip

# Most tags have no attributes: the group has the rest of such a one. Every alternative begins with a character of its
# own, by which Python's re looks for it.
_OPENING = re.compile(r"<(?:(/?[a-zA-Z][a-zA-Z0-9]{0,9}>)|!--|!\[CDATA\[|[!?]|[a-zA-Z]|/\s*+[a-zA-Z])|\]\]>")
# The name, and the attributes as far as ">" or the next "<" outside quotation marks. A mark that nothing closes is a
# character like others. Possessive: nothing is ever read twice.
_ATTRIBUTES = r"""(?:[^<>=]++|=\s*+(?:"[^"]*+"|'[^']*+'|[^\s<>"'][^\s<>]*+)?+)*+"""
_TAG = re.compile(rf"<(?:(/)\s*+)?([a-zA-Z][^\s/<>]*+)({_ATTRIBUTES})(>?)")
_PIECES = re.compile(rf"(<(?:/\s*+)?[a-zA-Z][^\s/<>]*+{_ATTRIBUTES}>?|<!(?=--)(?s:.*?)-->)")
_NAME = re.compile(r"[a-zA-Z][\w:.-]*")
_ATTRIBUTE = re.compile(r"""([^\s/=]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'][^\s]*+)))?+""")
_INSTRUCTION = re.compile(r"<\?(?:[^<?]|\?(?!>))*+\?>|<\?[^<>]*+>")
_DECLARATION = re.compile(r"<![^<>]*+>")
# What stands in these is no markup. All of them are left out: a reader sees a program's work, never its text.
RAW = {
    name: re.compile(rf"</{name}(?=[\s/>])[^>]*>?", re.IGNORECASE)
    for name in ("script", "style", "title", "textarea", "iframe", "noembed", "noframes")
}
# Names of variables as well: in "a <b or c> d" there is no tag.
_LETTERS = frozenset("abipqsu")
_BARE_ATTRIBUTES = frozenset({"class", "hidden", "href", "id", "name", "nowrap", "rel", "style", "target", "title"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A beginning or an end of an element; `empty` when it is both. The name is lower case."""

    name: str
    end: bool
    empty: bool
    source: str

    @property
    def attributes(self) -> Mapping[str, str]:
        """Names in lower case; of two attributes with one name, the first counts."""
        return _kept_attributes(self.source) if len(self.source) <= _KEPT_CHARS else _attributes(self.source)


def _attributes(source: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(source):
        found.setdefault(match[1].lower(), unescape(match[2] or match[3] or match[4] or ""))
    return found


# An editor writes the same classes into each paragraph.
_KEPT_CHARS = 100
_kept_attributes = lru_cache(1_000)(_attributes)

_NO_TAG = Tag(name="", end=False, empty=False, source="")


_COMMENT = Tag(name="", end=True, empty=False, source="")


def pieces(markup: str) -> list[str] | None:
    """Text in turn with tags and comments, as written: text comes first and last, and may be empty.

    None when there is more than that: sections of CDATA, declarations and the like are for `tokens`.
    """
    comments = markup.count("<!")
    if "<?" in markup or "]]>" in markup or (comments and not _are_comments(markup, comments)):
        return None
    return _PIECES.split(markup)


def _are_comments(markup: str, count: int) -> bool:
    """Whether so many "<!" are comments, each of which ends: looking for missing ends takes quadratic time."""
    return markup.count("<!--") == count and markup.rfind("<!--") < markup.rfind("-->")


def read_piece(source: str) -> Tag | None:
    """A tag of `pieces`, a comment being an end of nothing; None for what only looks like a tag."""
    match = _TAG.fullmatch(source)
    if match is None:
        return _COMMENT
    tag = _read_tag(match, known_only=False)
    if tag is not None and tag.end and source[2].isspace() and tag.name in RAW:
        return _COMMENT  # "</ script>" ends nothing
    return None if tag is _NO_TAG else tag


def has_markup(text: str, *, known_only: bool) -> bool:
    """Whether there is a tag or a comment in a text; `known_only` is as in `tokens`."""
    return "<" in text and next(_Scanner(text, known_only=known_only).markup(), None) is not None


def tokens(markup: str, *, known_only: bool = False) -> Iterator[Tag | str]:
    """Tags and the text between them, its character references resolved. Comments and their kin are left out.

    Args:
        markup: HTML of any quality.
        known_only: whether an element that HTML does not have is text: in a title, "List<String>" means itself.
    """
    scanner = _Scanner(markup, known_only=known_only)
    text_start = 0
    for start, end, tag in scanner.markup():
        if text_start < start:
            text = markup[text_start:start]
            yield unescape(text) if "&" in text else text
        if tag is not None:
            yield tag
        text_start = end
    if text_start < len(markup):
        yield unescape(markup[text_start:])


class _Scanner:
    """Finds what is no text. Every method looks at what follows once, and no search is made twice in vain."""

    def __init__(self, markup: str, *, known_only: bool) -> None:
        self._markup = markup
        self._known_only = known_only
        self._unclosed: set[str] = set()
        # Most tags of a text are a few.
        self._tags: dict[str, Tag | None] = {}

    def markup(self) -> Iterator[tuple[int, int, Tag | None]]:
        """Where markup begins and ends, with its tag if it is one."""
        position = 0
        while match := _OPENING.search(self._markup, position):
            start, position = match.span()
            bare = match[1]
            if bare is not None and len(bare) <= _KEPT_CHARS and (tag := _bare_tag(bare, self._known_only)) is not None:
                yield start, position, tag
                continue
            opening = match[0]
            if opening in {"<![CDATA[", "]]>"}:
                yield start, position, None
            elif opening in {"<!--", "<!", "<?"}:
                end = self._aside_end(opening, start)
                if end is not None:
                    yield start, end, None
                    position = end
            else:
                tag_match = _TAG.match(self._markup, start)
                position = tag_match.end() if tag_match else position
                if tag_match and (found := self._tag(tag_match)) is not _NO_TAG:
                    if found is not None and found.name in RAW and not found.end and not found.empty:
                        yield start, position, found
                        start, position = position, self._raw_end(found.name, position)
                        found = Tag(name=found.name, end=True, empty=False, source="")
                    yield start, position, found

    def _aside_end(self, opening: str, start: int) -> int | None:
        """Where a comment, a declaration or an instruction ends. A comment without an end takes all that follows."""
        if opening == "<!--":
            end = self._markup.find("-->", start + 2)
            return len(self._markup) if end < 0 else end + 3
        match = (_DECLARATION if opening == "<!" else _INSTRUCTION).match(self._markup, start)
        return match.end() if match else None

    def _raw_end(self, name: str, position: int) -> int:
        """Where an element ends in which there is no markup. One without an end is ignored, except for programs."""
        if name in self._unclosed:
            return position
        match = RAW[name].search(self._markup, position)
        if match is not None:
            return match.end()
        self._unclosed.add(name)
        return len(self._markup) if name in {"script", "style"} else position

    def _tag(self, match: re.Match[str]) -> Tag | None:
        """A tag; None when it broke off; `_NO_TAG` when it is text."""
        source = match[0]
        if source in self._tags:
            return self._tags[source]
        tag = _read_tag(match, known_only=self._known_only)
        if len(source) < 20 and len(self._tags) < 1000:
            self._tags[source] = tag
        return tag


@lru_cache(1_000)
def _bare_tag(source: str, known_only: bool) -> Tag | None:  # noqa: FBT001 - a cache takes time to look at names
    """The tag without attributes that goes on like this after its "<"; None when it takes a closer look."""
    match = _TAG.fullmatch(f"<{source}")
    tag = None if match is None else _read_tag(match, known_only=known_only)
    return None if tag is _NO_TAG or tag is None or tag.name in RAW else tag


def _read_tag(match: re.Match[str], *, known_only: bool) -> Tag | None:
    slash, name, source, closed = match.groups()
    name = name.lower()
    known = name in ELEMENTS
    if not closed:
        # A tag that broke off is dropped; "a <b or c" is none.
        broken = known and ("=" in source or not (source.strip() or known_only))
        return None if broken else _NO_TAG
    if not _NAME.fullmatch(name) or (known_only and not known and "-" not in name and ":" not in name):
        return _NO_TAG
    if name in _LETTERS and not slash and "=" not in source:
        # Words, but no value: a comparison, unless one of them is an attribute that may stand alone.
        words = set(source.lower().replace("/", " ").split())
        if words and words.isdisjoint(_BARE_ATTRIBUTES):
            return _NO_TAG
    empty = not slash and (source.endswith("/") or name in VOID)
    return Tag(name=name, end=bool(slash), empty=empty, source="" if slash else source)
