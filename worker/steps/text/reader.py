"""Tags and text to the blocks that a browser would show one below the other."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, cast

from worker.model.caching import cached_if_short
from worker.steps.text.characters import unescape
from worker.steps.text.elements import (
    BLOCKS,
    CELLS,
    COUNTED,
    EFFECTS,
    MEANT,
    MORE,
    NO_ATTRIBUTES,
    UNSEEN_ALONE,
    Effect,
    ends_at_once,
    is_hidden,
)
from worker.steps.text.plain import split_at_blank_lines, split_plain
from worker.steps.text.tables import table
from worker.steps.text.tags import VOID, Tag, pieces, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Hidden elements that need no end tag, and what ends them instead (HTML Standard, 13.1.2.4).
_ENDED_BY: Mapping[str, frozenset[str]] = {
    "p": BLOCKS - {"br", "summary", "legend", "caption"},
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


def blocks(markup: str, *, language: str | None, known_only: bool = False) -> list[tuple[str, int]]:
    """The blocks of a piece of HTML, as they stand: white space and Unicode are not yet folded.

    Each with its `linked_chars`, as in `Block`.
    """
    reader = _Reader(language)
    parts = None if known_only else pieces(markup)
    if parts is None or not reader.read_pieces(parts):
        reader.read_tokens(tokens(markup, known_only=known_only))
    return reader.finish()


class _Reader:
    """Gathers the text between the beginnings and ends of blocks."""

    def __init__(self, language: str | None) -> None:
        self._language = language
        self._done: list[tuple[str, int]] = []
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

    def read_tokens(self, found: Iterator[Tag | str]) -> None:
        """Take all tags and text."""
        for token in found:
            if isinstance(token, str):
                self.data(token)
            else:
                self.tag(token)

    def read_pieces(self, parts: list[str]) -> bool:  # noqa: C901, PLR0912 - a call for each effect takes longer
        """The same, quicker, of `pieces`. False, and nothing is done, where it takes more than them."""
        found = list(map(EFFECTS.__getitem__, parts[1::2]))
        if None in found:
            return False
        effects = cast("list[tuple[Effect, Tag]]", found)
        if not all(ends_at_once(effects, at) for at, (effect, _) in enumerate(effects) if effect == "raw"):
            return False
        gathered, opened = self._gathered, self._open
        if parts[0]:
            self.data(unescape(parts[0]))
        for (effect, tag), text in zip(effects, parts[2::2], strict=True):
            if self._hidden is not None or effect in MORE:
                self.tag(tag)
            elif effect == "ends":
                self._end_paragraph(tag.name)
            elif effect == "begins":
                self._break()
                opened["p"] = 0
                opened[tag.name] += 1
            elif effect == "opens":
                opened[tag.name] += 1
            elif effect == "closes":
                if opened[tag.name]:
                    opened[tag.name] -= 1
            elif effect == "links":
                self._link = tag.attributes.get("href")
            elif effect == "unlinks":
                self._end_link()
            elif effect == "breaks":
                self._break()
                opened["p"] = 0
            # Blanks between two tags are most texts; at the beginning of a block they count in <pre> alone.
            if text and (gathered or opened["pre"] or not text.isspace()):
                self.data(unescape(text) if "&" in text else text)
        return True

    def tag(self, tag: Tag) -> None:
        """Take one tag."""
        if tag.end:
            self.end(tag.name)
        else:
            self.start(tag)
            if tag.empty and tag.name not in VOID:
                self.end(tag.name)

    def start(self, tag: Tag) -> None:
        name = tag.name
        if self._hidden is not None:
            if self._hidden_depth or name not in _ENDED_BY.get(self._hidden, ()):
                if name not in VOID:
                    self._open_hidden[name] += 1
                    self._hidden_depth += 1
                return
            self._show()
        if name in BLOCKS:
            self._break()
            self._open["p"] = 0
        attributes = tag.attributes if tag.source else NO_ATTRIBUTES
        if (attributes or name in UNSEEN_ALONE) and name not in VOID and is_hidden(name, attributes):
            self._hidden = name
            return
        if name in COUNTED:
            self._open[name] += 1
        if name in MEANT:
            self._begin(name, attributes)

    def _begin(self, name: str, attributes: Mapping[str, str]) -> None:
        """What an element means that is shown."""
        if name == "a":
            self._link = attributes.get("href")
            if self._is_page_link():
                self._sup_link, self._anchor = True, len(self._gathered)
        elif name in CELLS:
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
        if self._hidden is not None:
            if not self._ends_hidden(name):
                return
            was_its_end = name == self._hidden
            self._show()
            if was_its_end:
                if name in BLOCKS:
                    self._end_quotes()
                    self._break()
                return
        if name in BLOCKS:
            self._end_paragraph(name)
        elif self._open[name]:
            self._open[name] -= 1
        if name == "a":
            self._end_link()
        elif name == "q" and self._quotes:
            self._gathered.append(self._quotes.pop())
        elif name == "sup" and self._sup is not None:
            self._end_sup(self._sup)

    def data(self, text: str) -> None:
        if self._hidden is None:
            self._gathered.append(text)
            if self._link is not None:
                self._linked_chars += sum(map(len, text.split()))

    def finish(self) -> list[tuple[str, int]]:
        """The blocks."""
        self._end_block()
        if self._has_blocks or not self._done:
            return self._done
        # An editor's own line breaks: nothing else parts the paragraphs.
        (only,) = self._done
        parts = [part for part in split_at_blank_lines(only[0]) if part and not part.isspace()]
        return [only] if len(parts) <= 1 else [(part, 0) for part in parts]

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

    def _end_link(self) -> None:
        """A link within the page whose text has no words is the sign of a heading, or the arrow back from a note."""
        self._link = None
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

    def _end_paragraph(self, name: str) -> None:
        if self._quotes:
            self._end_quotes()
        self._break()
        if self._open[name]:
            self._open[name] -= 1

    def _end_quotes(self) -> None:
        """No quotation goes on in the next paragraph: its end was forgotten."""
        self._gathered.extend(reversed(self._quotes))
        self._quotes.clear()

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
            self._done.extend((part, 0) for part in split_plain(text))
        elif not text.isspace():
            self._done.append((text, self._linked_chars))
        self._gathered.clear()
        self._linked_chars = 0


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
