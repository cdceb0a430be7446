"""A message that would be too large is made again of the beginning of its text.

All facts are read anew from what is kept, so a shortened message is what a shorter article would have given: every
span, every index from one fact to another and every sum is right without being mended.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from worker.model.errors import Invalid
from worker.steps.facts.paragraphs import BREAK

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.model.event import Event

# A message says its text at least twice, as a whole and by paragraphs; with its facts it has about eight times as many
# bytes. A first piece of this size tells how many it is with this one.
_TIMES_AT_LEAST = 2
_TIMES_FIRST = 8
# The size wanted, and the one that is good enough, as parts of the limit: facts are not spread evenly.
_AIM = 0.93
_ENOUGH = 0.8
# Two or three do; each has less than half as many bytes of text as the limit.
_ATTEMPTS = 6
# How far back from the limit the end of a sentence or of a word is looked for.
_BACK_CHARS = 1_000
_SENTENCE_END = re.compile(r"[.!?\u2026][\"')\]\u201d\u2019\u00bb]*(?=\s)|[\u3002\uff01\uff1f][\u300d\u300f\u201d]*")


def fit(text: str, make: Callable[[str], Event], *, body_start: int, max_bytes: int) -> Event:
    """The event of a text, or of as much of its beginning as fits: whole paragraphs, or of the first one a part.

    The same text and limit always give the same event.

    Args:
        text: the whole text.
        make: the event of a text; its size grows with it.
        body_start: where the first paragraph begins.
        max_bytes: cap on the event's value.

    Raises:
        Invalid: even without any text the value is larger than that.
    """
    most = max_bytes // _TIMES_AT_LEAST
    if len(text) <= most and len(text.encode()) <= most and len((event := make(text)).value) <= max_bytes:
        return event
    found = make("")
    base = len(found.value)
    if base > max_bytes:
        said = f"the message has {base} bytes without any text, the limit is {max_bytes}"
        raise Invalid(said, field=_largest_field(found), rule="max_event_bytes")
    low, high = 0, most
    target = min(most, (max_bytes - base) // _TIMES_FIRST)
    for _ in range(_ATTEMPTS):
        kept = shortened(text, target, body_start=body_start)
        event = make(kept)
        size = len(event.value)
        if size <= max_bytes:
            found, low = event, target
            if size >= _ENOUGH * max_bytes:
                break
        else:
            high = target
        # As many bytes as this piece had for each of its own.
        density = max(1.0, (size - base) / max(1, len(kept.encode())))
        target = int((_AIM * max_bytes - base) / density)
        if not low < target < high:
            target = (low + high) // 2
        if target <= low:
            break
    return found


def shortened(text: str, max_bytes: int, *, body_start: int) -> str:
    """As many whole paragraphs as fit into so many bytes of UTF-8.

    Where not even the first one does, it is cut behind a sentence, else behind a word, else anywhere.
    """
    head = text[:max_bytes].encode()[:max_bytes].decode(errors="ignore")
    if len(head) == len(text):
        return text
    # A paragraph that ends where the piece does is whole.
    whole = text[: len(head) + len(BREAK)].rfind(BREAK)
    if whole > body_start:
        return text[:whole].rstrip()
    back = max(0, len(head) - _BACK_CHARS)
    ends = [match.end() for match in _SENTENCE_END.finditer(head, back)]
    if ends:
        return head[: ends[-1]]
    word = max(head.rfind(blank, back) for blank in (" ", "\n"))
    return head[:word].rstrip() if word > 0 else head


def _largest_field(event: Event) -> str:
    message: dict[str, object] = orjson.loads(event.value)
    return max(message, key=lambda name: len(orjson.dumps(message[name])))
