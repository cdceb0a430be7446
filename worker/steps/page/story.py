"""Which of a page's blocks are its story."""

from __future__ import annotations

import html
import re
from itertools import accumulate
from typing import TYPE_CHECKING

from .blocks import lay_out
from .tree import read_tree
from .words import fold, label

if TYPE_CHECKING:
    from .blocks import Block, Layout, Region

# The story's element is the innermost that has so much of the text of the one around it.
_MOST = 0.85
# What seems to be boilerplate is not when so much of the page's text is in it.
_TOO_MUCH = 0.4
# What says that it is the story is believed with less of the text than that.
_DECLARED_SHARE = 0.3
# Text that has to remain beside boilerplate of any size.
_ENOUGH_CHARS = 200
# Elements that are part of a story, never all of it.
_PARTS = frozenset({
    "p", "ul", "ol", "dl", "li", "dd", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "figure", "figcaption",
})  # fmt: skip
_LONGEST_HINT_CHARS = 200_000
_TAG = re.compile(r"<(?:p|br|div)\b", re.IGNORECASE)
_FEWEST_HINTED = 0.5


def find_story(layout: Layout, hint: str | None) -> list[Block]:
    """The story's blocks in document order, boilerplate left out; empty when the page has no running text.

    Args:
        layout: the page.
        hint: the story as the page's metadata have it, perhaps cut; decides between parts of the page.
    """
    marked = _boilerplate(layout)
    prose = [block.prose for block in layout.blocks]
    worth = [0 if out else value for value, out in zip(prose, marked, strict=True)]
    region = _declared(layout, worth) or _densest(layout, worth)
    hinted = _hinted(layout, prose, hint)
    if sum(hinted) >= _ENOUGH_CHARS and _unmarked(hinted, marked, region) < _FEWEST_HINTED * sum(hinted):
        # What the metadata have of the story outweighs what the page's names say.
        region = _densest(layout, hinted)
        marked = [out and not value for out, value in zip(marked, hinted, strict=True)]
    if region is None:
        return []
    return [layout.blocks[at] for at in range(region.start, region.end) if not marked[at]]


def declared_story(text: str) -> list[str]:
    """The paragraphs of a story that stands in the metadata alone; none when it is a summary or too long to be true."""
    if not _ENOUGH_CHARS <= len(text) <= _LONGEST_HINT_CHARS:
        return []
    if _TAG.search(text):
        root, _ = read_tree(f"<div>{text}</div>")
        return [block.text for block in lay_out(root, "").blocks]
    lines = html.unescape(text).splitlines()
    return [line for line in map(fold, lines) if label(line)]


def _densest(layout: Layout, worth: list[int]) -> Region | None:
    """The innermost element that has most of the text."""
    sums = _sums(worth)
    if not sums[-1]:
        return None
    chosen = layout.regions[0]
    position = 1
    while position <= chosen.last:
        region = layout.regions[position]
        inside = sums[region.end] - sums[region.start]
        if inside >= _MOST * (sums[chosen.end] - sums[chosen.start]) and region.node.tag not in _PARTS:
            chosen = region
            position += 1
        else:
            # Nothing in it has more than it has.
            position = region.last + 1
    return chosen


def _declared(layout: Layout, worth: list[int]) -> Region | None:
    """The element that says that it is the story (schema.org/articleBody), when it is one and has much of the text."""
    sums = _sums(worth)
    found = [
        region
        for region in layout.regions
        if "articleBody" in region.node.get("itemprop").split() and sums[region.end] > sums[region.start]
    ]
    # Live pages say so of each of their posts.
    if len(found) == 1 and sums[found[0].end] - sums[found[0].start] > _DECLARED_SHARE * sums[-1]:
        return found[0]
    return None


def _hinted(layout: Layout, worth: list[int], hint: str | None) -> list[int]:
    """The worth of those blocks alone that the hint has as well."""
    words = label((hint or "")[:_LONGEST_HINT_CHARS])
    if len(words) < _ENOUGH_CHARS:
        return [0] * len(worth)
    return [
        value if value >= 60 and label(block.text) in words else 0
        for block, value in zip(layout.blocks, worth, strict=True)
    ]


def _unmarked(worth: list[int], marked: list[bool], region: Region | None) -> int:
    """How much of what is worth something a region shows."""
    return sum(worth[at] for at in range(region.start, region.end) if not marked[at]) if region else 0


def _boilerplate(layout: Layout) -> list[bool]:
    """For each block, whether an element around it is boilerplate."""
    sums = _sums([block.prose for block in layout.blocks])
    cookies = _sums([int("cookie" in block.text.lower()) for block in layout.blocks])
    landmarks = _sums(
        [
            int(region.node.tag in {"h1", "main"} or "articleBody" in region.node.get("itemprop"))
            for region in layout.regions
        ]
    )
    steps = [0] * (len(layout.blocks) + 1)
    for number, region in enumerate(layout.regions):
        if region.mark is None or region.start == region.end:
            continue
        inside = sums[region.end] - sums[region.start]
        if inside > _TOO_MUCH * sums[-1]:
            if sums[-1] - inside < _ENOUGH_CHARS or landmarks[region.last + 1] > landmarks[number]:
                continue
            asks = region.mark == "popup" and cookies[region.end] - cookies[region.start] >= 2
            if not asks and region.mark not in {"comments", "live"}:
                continue
        steps[region.start] += 1
        steps[region.end] -= 1
    return [open_marks > 0 for open_marks in accumulate(steps[:-1])]


def _sums(values: list[int]) -> list[int]:
    """`sums[b] - sums[a]` is the sum of `values[a:b]`."""
    return [0, *accumulate(values)]
