"""What elements mean to a reader: which begin and end paragraphs, which are not seen."""

from __future__ import annotations

import re
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from worker.model.caching import Kept
from worker.steps.text.tables import table
from worker.steps.text.tags import RAW, VOID, Tag, read_piece

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# What a browser does not show as text of the story; text struck out is withdrawn, and <rt> only says how to pronounce.
_UNSEEN = frozenset({
    "applet", "audio", "button", "canvas", "datalist", "del", "figcaption", "form", "head", "iframe", "map", "math",
    "nav", "noembed", "noframes", "noscript", "rp", "rt", "rtc", "s", "script", "select", "strike", "style",
    "svg", "template", "textarea", "title", "video",
})  # fmt: skip

# Elements that begin and end a paragraph (HTML Standard, rendering 15.3), and <br>, which editors use for one.
BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd", "details", "dialog", "dir",
    "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6",
    "header", "hgroup", "hr", "html", "legend", "li", "main", "menu", "nav", "ol", "p", "pre", "search", "section",
    "summary", "table", "tbody", "tfoot", "thead", "tr", "ul", "xmp",
})  # fmt: skip
CELLS = frozenset({"td", "th"})
# Elements whose end also ends what was left open in them.
_CONTAINERS = (BLOCKS | CELLS | {"ruby", "span"}) - VOID - {"p"}

COUNTED = _CONTAINERS | {"p"}
# What means something by itself.
MEANT = CELLS | {"a", "q", "sup", "img"}
# Hidden without any attribute.
UNSEEN_ALONE = _UNSEEN | {"dialog"}
NO_ATTRIBUTES: Mapping[str, str] = MappingProxyType({})

# An inline style that shows nothing: display:none, visibility:hidden, a font of no size, Outlook's own.
_UNSEEN_STYLE = re.compile(r"(?:display:none|visibility:hidden|font-size:0(?:px|em|pt|%)?(?:;|!|$)|mso-hide:all)")

# What a tag does where nothing is hidden. "more" takes all rules, and "raw" as well: markup does not count in it.
Effect = Literal["nothing", "breaks", "begins", "ends", "opens", "closes", "links", "unlinks", "raw", "more"]
MORE = frozenset({"more", "raw"})
# An editor writes the same tags into each paragraph.
_KEPT = 2_000
_KEPT_CHARS = 200


def is_hidden(name: str, attributes: Mapping[str, str]) -> bool:
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


def ends_at_once(tags: Sequence[tuple[Effect, Tag]], at: int) -> bool:
    """Whether a tag's end is the next one, so that no markup can stand between the two."""
    return at + 1 < len(tags) and tags[at + 1][1].end and tags[at + 1][1].name == tags[at][1].name


def _read_effect(source: str) -> tuple[Effect, Tag] | None:
    tag = read_piece(source)
    return None if tag is None else (_effect_of_end(tag.name) if tag.end else _effect_of_start(tag), tag)


# The tags of `pieces` with what they do; None as in `read_piece`.
EFFECTS = Kept(_read_effect, _KEPT, longest_chars=_KEPT_CHARS)


def _effect_of_end(name: str) -> Effect:
    if name in BLOCKS:
        return "ends"
    if name == "a":
        return "unlinks"
    if name in MEANT:
        return "more"
    return "closes" if name in COUNTED else "nothing"


def _effect_of_start(tag: Tag) -> Effect:  # noqa: PLR0911 - a table of kinds
    name = tag.name
    if name in VOID and name != "img":
        return "breaks" if name in BLOCKS else "nothing"
    attributes = tag.attributes if tag.source else NO_ATTRIBUTES
    if name == "img":
        return "more" if "class" in attributes else "nothing"
    if name in RAW and not tag.empty:
        return "raw"
    if tag.empty or ((attributes or name in UNSEEN_ALONE) and is_hidden(name, attributes)):
        return "more"
    if name == "a" and "#" not in attributes.get("href", ""):
        return "links"
    if name in MEANT:
        return "more"
    return "begins" if name in BLOCKS else "opens" if name in COUNTED else "nothing"
