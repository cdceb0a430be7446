"""A story's blocks without what publishers put before, between and after its paragraphs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .phrases import CREDIT, DATED, ENDING, LABELS, LIST_TITLE, REQUEST, SHORTCODE, STAMP, TEASER
from .words import label

if TYPE_CHECKING:
    from .blocks import Block

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
# Where a story may begin with a few words that are no sentence.
_BEGINNINGS = frozenset({"p", "li", "blockquote", "td", "h2", "h3", "h4"})
# The headline is among the first blocks, if it is in the story's element at all.
_HEAD_BLOCKS = 12
# Repeated words are looked for in stories of this size; nobody writes longer ones.
_LONGEST_CHARS = 500_000


def clean(blocks: list[Block], headline: str | None) -> list[Block]:
    """The blocks that are the story's own, in their order."""
    kept = _without_tables(blocks)
    kept = _without_lists_of_links(kept)
    kept = [block for block in kept if not _is_noise(block)]
    kept = _without_head(kept, headline)
    kept = _without_repeats(kept)
    return _without_tail(kept)


def _without_tables(blocks: list[Block]) -> list[Block]:
    """Without rows of figures, which say little read aloud; a page that is laid out with tables keeps its text."""
    rows = sum(block.prose for block in blocks if block.tag == "tr")
    if rows * 2 >= sum(block.prose for block in blocks):
        return blocks
    return [block for block in blocks if block.tag != "tr"]


def _without_lists_of_links(blocks: list[Block]) -> list[Block]:
    """Without links to other stories, and the heading above them."""
    kept: list[Block] = []
    position = 0
    while position < len(blocks):
        block = blocks[position]
        end = position + 1
        if "li" in block.inside:
            while end < len(blocks) and "li" in blocks[end].inside:
                end += 1
            items = blocks[position:end]
            linked = sum(item.linked for item in items) * 10 >= sum(len(item.text) for item in items) * 6
            if not linked or sum(item.outward for item in items) * 2 > len(items):
                # Links to other sites are sources, or what the story is about.
                kept.extend(items)
            elif kept and _is_title(kept[-1]):
                kept.pop()
        elif not block.prose and len(block.text) < 80 and LIST_TITLE.match(block.text):
            while end < len(blocks) and ("li" in blocks[end].inside or blocks[end].linked * 2 >= len(blocks[end].text)):
                end += 1
            if end == position + 1:
                kept.append(block)
        else:
            kept.append(block)
        position = end
    return kept


def _is_title(block: Block) -> bool:
    if block.tag in _HEADINGS:
        return True
    return len(block.text) < 80 and (block.text.endswith(":") or LIST_TITLE.match(block.text) is not None)


def _is_noise(block: Block) -> bool:
    """Whether a block is none of the story wherever it stands."""
    text, size = block.text, len(block.text)
    words = label(text)
    if not words or words.isdecimal() or words in LABELS:
        return True
    if block.linked * 10 >= size * 8 and not block.outward and (block.tag != "p" or text.count(" ") >= 3):
        # A block that is all one link leads to another story of the publisher.
        return True
    if size < 200 and (CREDIT.search(text) or SHORTCODE.match(text)):
        return True
    if size < 300 and REQUEST.match(text):
        return True
    return (
        size < 220
        and block.linked > 0
        and (block.linked * 4 >= size or block.bold * 2 >= size)
        and bool(TEASER.match(text))
    )


def _without_head(blocks: list[Block], headline: str | None) -> list[Block]:
    """Without what comes before the first paragraph: headline, kicker, date, byline."""
    name = label(headline or "")
    start = 0
    told = False
    for position, block in enumerate(blocks[:_HEAD_BLOCKS]):
        named = bool(name) and label(block.text) == name
        # Some give every heading within the story the first rank.
        if (block.tag == "h1" and named) or (not told and (block.tag == "h1" or named)):
            start = position + 1
        told = told or block.prose > 0
    last = max((position for position, block in enumerate(blocks) if block.prose), default=-1)
    if start > last:
        start = 0
    while start < last and _is_kicker(blocks[start]):
        start += 1
    return blocks[start:]


def _is_kicker(block: Block) -> bool:
    if len(block.text) < 80 and STAMP.fullmatch(block.text):
        return True
    if block.prose:
        return False
    return block.tag not in _BEGINNINGS or (len(block.text) < 80 and DATED.search(block.text) is not None)


def _without_repeats(blocks: list[Block]) -> list[Block]:
    """Without pull quotes that the story has elsewhere, word for word, and blocks that stand twice in a row."""
    if sum(len(block.text) for block in blocks) > _LONGEST_CHARS:
        return blocks
    plain = "\n".join(label(block.text) for block in blocks if not _is_set_apart(block))
    kept: list[Block] = []
    for block in blocks:
        words = label(block.text)
        if len(words) >= 40 and ((_is_set_apart(block) and words in plain) or (kept and kept[-1].text == block.text)):
            continue
        kept.append(block)
    return kept


def _is_set_apart(block: Block) -> bool:
    return "blockquote" in block.inside or (block.tag not in {"p", "li"} and block.tag not in _HEADINGS)


def _without_tail(blocks: list[Block]) -> list[Block]:
    """Without contacts and copyright at the end, and headings that nothing follows."""
    end = len(blocks)
    while end > 1:
        last = blocks[end - 1]
        if last.tag not in _HEADINGS and not (len(last.text) < 450 and ENDING.match(last.text)):
            break
        end -= 1
    return blocks[:end]
