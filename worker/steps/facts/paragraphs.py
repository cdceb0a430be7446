"""The paragraphs of a text, as spans."""

from __future__ import annotations

from worker.model.facts import Span

BREAK = "\n\n"


def find_paragraphs(text: str, *, body_start: int) -> tuple[Span, ...]:
    """The paragraphs from `body_start` on: header line, dateline and what stands above them are left out.

    Paragraphs are what blank lines separate; white space at their ends does not belong to them.
    """
    spans = []
    start = body_start
    while start < len(text):
        end = text.find(BREAK, start)
        if end < 0:
            end = len(text)
        block = text[start:end]
        left = start + len(block) - len(block.lstrip())
        right = start + len(block.rstrip())
        if left < right:
            spans.append(Span.of(text, left, right))
        start = end + len(BREAK)
    return tuple(spans)
