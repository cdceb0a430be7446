"""Tags and text to the blocks that a browser would show one below the other."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from worker.model.caching import cached_if_short
from worker.steps.text.plain import split_at_blank_lines, split_plain
from worker.steps.text.tables import table
from worker.steps.text.tags import ELEMENTS, VOID, Tag, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# What a browser does not show as text of the story; text struck out is withdrawn, and <rt> only says how to pronounce.
_UNSEEN = frozenset({
    "applet", "audio", "button", "canvas", "datalist", "del", "figcaption", "form", "head", "iframe", "map", "math",
    "nav", "noembed", "noframes", "noscript", "rp", "rt", "rtc", "s", "script", "select", "strike", "style",
    "svg", "template", "textarea", "title", "video",
})  # fmt: skip

# Elements that begin and end a paragraph (HTML Standard, rendering 15.3), and <br>, which editors use for one.
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd", "details", "dialog", "dir",
    "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6",
    "header", "hgroup", "hr", "html", "legend", "li", "main", "menu", "nav", "ol", "p", "pre", "search", "section",
    "summary", "table", "tbody", "tfoot", "thead", "tr", "ul", "xmp",
})  # fmt: skip
_CELLS = frozenset({"td", "th"})
# Elements whose end also ends what was left open in them.
_CONTAINERS = (_BLOCKS | _CELLS | {"ruby", "span"}) - VOID - {"p"}

_COUNTED = _CONTAINERS | {"p"}
# What `_begin` looks at.
_MEANT = _CELLS | {"a", "q", "sup", "img"}
# Hidden without any attribute.
_UNSEEN_ALONE = _UNSEEN | {"dialog"}
# Without attributes these change nothing: strong, em, code ...
_INERT = ELEMENTS - _BLOCKS - _COUNTED - _MEANT - _UNSEEN_ALONE - VOID
_NO_ATTRIBUTES: Mapping[str, str] = MappingProxyType({})

# Hidden elements that need no end tag, and what ends them instead (HTML Standard, 13.1.2.4).
_ENDED_BY: Mapping[str, frozenset[str]] = {
    "p": _BLOCKS - {"br", "summary", "legend", "caption"},
    "li": frozenset({"li"}),
    "dt": frozenset({"dt", "dd"}),
    "dd": frozenset({"dt", "dd"}),
    "td": frozenset({"td", "th", "tr"}),
    "th": frozenset({"td", "th", "tr"}),
    "tr": frozenset({"tr"}),
    "rt": frozenset({"rt", "rp"}),
    "rp": frozenset({"rt", "rp"}),
    "rtc": frozenset({"rb"}),
    "a": frozenset({"a"}),
    "head": frozenset({"body"}),
}

# An inline style that shows nothing: display:none, visibility:hidden, a font of no size, Outlook's own.
_UNSEEN_STYLE = re.compile(r"(?:display:none|visibility:hidden|font-size:0(?:px|em|pt|%)?(?:;|!|$)|mso-hide:all)")
_SUPERSCRIPT = str.maketrans("0123456789+-\u2212n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻ⁿ")
_SIGNED = re.compile(r"[0-9]{1,3}|[+\u2212-][0-9]{1,3}|n")
_WORD = re.compile(r"\w")
# Stands between two cells of a row until blanks are folded. Texts come without control characters.
CELL = "\x1f"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A piece of text that stands on its own; `linked_chars` of it, blanks not counted, are in links."""

    text: str
    linked_chars: int = 0


def blocks(markup: str, *, language: str | None, known_only: bool = False) -> list[Block]:
    """The blocks of a piece of HTML, as they stand: white space and Unicode are not yet folded."""
    reader = _Reader(language)
    for token in tokens(markup, known_only=known_only):
        if isinstance(token, str):
            reader.data(token)
        elif token.name in _INERT and not token.source and not reader.hides():
            continue
        elif token.end:
            reader.end(token.name)
        else:
            reader.start(token)
            if token.empty and token.name not in VOID:
                reader.end(token.name)
    return list(reader.finish())


class _Reader:
    """Gathers the text between the beginnings and ends of blocks."""

    def __init__(self, language: str | None) -> None:
        self._language = language
        self._done: list[Block] = []
        self._gathered: list[str] = []
        self._linked_chars = 0
        self._has_blocks = False
        # Containers that are open, and of the outermost hidden element its name, what is open in it and how much.
        self._open: defaultdict[str, int] = defaultdict(int)
        self._hidden: str | None = None
        self._open_hidden: defaultdict[str, int] = defaultdict(int)
        self._hidden_depth = 0
        self._link: str | None = None
        self._quotes: list[str] = []
        # Where in the block a superscript began, whether a link within the page stood in it, and where that began.
        self._sup: int | None = None
        self._sup_link = False
        self._anchor: int | None = None

    def hides(self) -> bool:
        """Whether what comes now stands in an element that is not shown."""
        return self._hidden is not None

    def start(self, tag: Tag) -> None:
        name = tag.name
        if self._hidden is not None:
            if self._hidden_depth or name not in _ENDED_BY.get(self._hidden, ()):
                if name not in VOID:
                    self._open_hidden[name] += 1
                    self._hidden_depth += 1
                return
            self._show()
        if name in _BLOCKS:
            self._break()
            self._open["p"] = 0
        attributes = tag.attributes if tag.source else _NO_ATTRIBUTES
        if (attributes or name in _UNSEEN_ALONE) and name not in VOID and _is_hidden(name, attributes):
            self._hidden = name
            return
        if name in _COUNTED:
            self._open[name] += 1
        if name in _MEANT:
            self._begin(name, attributes)

    def _begin(self, name: str, attributes: Mapping[str, str]) -> None:
        """What an element means that is shown."""
        if name == "a":
            self._link = attributes.get("href")
            if self._is_page_link():
                self._sup_link, self._anchor = True, len(self._gathered)
        elif name in _CELLS:
            self._gathered.append(CELL)
        elif name == "q":
            marks = _marks(attributes.get("lang") or self._language)
            self._gathered.append(marks[2 if len(self._quotes) % 2 else 0])
            self._quotes.append(marks[3 if len(self._quotes) % 2 else 1])
        elif name == "sup":
            self._sup, self._sup_link = len(self._gathered), self._is_page_link()
        elif name == "img" and not {"emoji", "wp-smiley"}.isdisjoint(attributes.get("class", "").split()):
            # WordPress draws emoji itself; they stand beside the picture, but others put a name there (":smile:").
            self._gathered.append(alt if not (alt := attributes.get("alt", "")).isascii() else "")

    def end(self, name: str) -> None:
        if self._hidden is not None and not self._ends_hidden(name):
            return
        if name in _BLOCKS:
            # No quotation goes on in the next paragraph: its end was forgotten.
            self._gathered.extend(reversed(self._quotes))
            self._quotes.clear()
            self._break()
        if self._hidden is not None:
            was_its_end = name == self._hidden
            self._show()
            if was_its_end:
                return
        if self._open[name]:
            self._open[name] -= 1
        if name == "a":
            self._link = None
            self._end_anchor()
        elif name == "q" and self._quotes:
            self._gathered.append(self._quotes.pop())
        elif name == "sup" and self._sup is not None:
            self._end_sup(self._sup)

    def data(self, text: str) -> None:
        if self._hidden is None:
            self._gathered.append(text)
            if self._link is not None:
                self._linked_chars += sum(map(len, text.split()))

    def finish(self) -> Iterator[Block]:
        self._end_block()
        if self._has_blocks or not self._done:
            return iter(self._done)
        # An editor's own line breaks: nothing else parts the paragraphs.
        (only,) = self._done
        parts = split_at_blank_lines(only.text)
        return iter([only] if len(parts) == 1 else [Block(text=part) for part in parts])

    def _ends_hidden(self, name: str) -> bool:
        """Whether an end tag is that of the hidden element, or of one that holds it."""
        if self._open_hidden[name]:
            self._open_hidden[name] -= 1
            self._hidden_depth -= 1
            return False
        return name == self._hidden or self._open[name] > 0

    def _show(self) -> None:
        self._hidden = None
        self._hidden_depth = 0
        self._open_hidden.clear()

    def _is_page_link(self) -> bool:
        """Whether a link to a place in a page is open. Feeds write out the address of the page before the "#"."""
        return self._link is not None and "#" in self._link

    def _end_anchor(self) -> None:
        """The sign of a link to a heading, the arrow back from a footnote: no words."""
        if self._anchor is not None and not any(map(_WORD.search, self._gathered[self._anchor :])):
            del self._gathered[self._anchor :]
        self._anchor = None

    def _end_sup(self, begin: int) -> None:
        text = "".join(self._gathered[begin:]).strip()
        if self._sup_link:
            del self._gathered[begin:]
        elif _SIGNED.fullmatch(text):
            self._gathered[begin:] = [text.translate(_SUPERSCRIPT)]
        self._sup = None

    def _break(self) -> None:
        self._has_blocks = True
        if self._gathered:
            self._end_block()
        else:
            self._sup = self._anchor = None

    def _end_block(self) -> None:
        self._sup = self._anchor = None
        if not self._gathered:
            return
        text = "".join(self._gathered)
        if self._open["pre"]:
            self._done.extend(Block(text=part) for part in split_plain(text))
        else:
            self._done.append(Block(text=text, linked_chars=self._linked_chars))
        self._gathered.clear()
        self._linked_chars = 0


def _is_hidden(name: str, attributes: Mapping[str, str]) -> bool:
    """Whether a reader does not see an element, or does not take it for text of the story."""
    if name in _UNSEEN or "hidden" in attributes:
        return True
    if name == "dialog" and "open" not in attributes:
        return True
    if name in {"a", "i"} and attributes.get("aria-hidden") == "true":
        # An icon, or the sign of a link to a heading. Elsewhere it hides from programs what a reader does see.
        return True
    if "style" in attributes and _UNSEEN_STYLE.search("".join(attributes["style"].lower().split())):
        return True
    return "class" in attributes and not _unseen_classes().isdisjoint(attributes["class"].lower().split())


@cache
def _unseen_classes() -> frozenset[str]:
    return frozenset(name for name, *_ in table("classes.tsv"))


@cached_if_short(64)
def _marks(language: str | None) -> tuple[str, str, str, str]:
    """Quotation marks of a language: outer ones, inner ones. Those of English where it is not known."""
    known = _quotation_marks()
    parts = (language or "").replace("_", "-").lower().split("-")
    for length in range(len(parts), 0, -1):
        if (marks := known.get("-".join(parts[:length]))) is not None:
            return marks
    return known["en"]


@cache
def _quotation_marks() -> Mapping[str, tuple[str, str, str, str]]:
    return {
        language: (outer[0], outer[1], inner[0], inner[1])
        for languages, outer, inner in table("quotation_marks.tsv")
        for language in languages.split()
    }
