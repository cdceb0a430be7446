"""An article's text with its facts marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from worker.edges.pages.markup import Html, tag, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Class and name of each kind of fact, the key of the message that lists them, and whether they stand in `mentions`.
KINDS = (
    ("quote", "quotation", "quotes", False),
    ("figure", "figure", "figures", False),
    ("person", "person", "actors", True),
    ("organisation", "organisation", "organisations", True),
    ("place", "place", "places", True),
    ("date", "date", "dates", False),
)
_SHOWN_CHARS = 4_000


def marked_text(message: Mapping[str, Any]) -> Html:
    """The text of a message, the first 4,000 characters of it, as markup.

    Marks nest. One that would cross the end of another is left out.
    """
    body = message.get("text") or ""
    shown = body[:_SHOWN_CHARS]
    ends: list[int] = []
    parts: list[str] = []
    at = 0
    for start, end, kind, name in sorted(_marks(message), key=lambda mark: (mark[0], -mark[1])):
        if not 0 <= start < end <= len(shown):
            continue
        while ends and ends[-1] <= start:
            at = _close(parts, shown, at, ends.pop())
        if ends and end > ends[-1]:
            continue
        parts.append(text(shown[at:start]))
        parts.append(f'<mark class="{kind}" title="{text(name)}">')
        at = start
        ends.append(end)
    while ends:
        at = _close(parts, shown, at, ends.pop())
    parts.append(text(shown[at:]))
    if len(body) > len(shown):
        parts.append(tag("span", f" … {len(body) - len(shown):,} characters more", class_="quiet"))
    return Html("".join(parts))


def legend() -> Html:
    """What the colours mean."""
    return tag("p", *(tag("mark", name, class_=kind) for kind, name, _, _ in KINDS), class_="legend")


def _marks(message: Mapping[str, Any]) -> Iterator[tuple[int, int, str, str]]:
    for kind, name, key, mentioned in KINDS:
        for fact in message.get(key) or ():
            for span in (fact.get("mentions") or ()) if mentioned else (fact,):
                yield span["start"], span["end"], kind, _told(kind, name, fact)


def _told(kind: str, name: str, fact: Mapping[str, Any]) -> str:
    """A word on a fact, for whoever points at it."""
    match kind:
        case "quote":
            told = fact.get("speaker")
        case "figure":
            told = " ".join(str(fact[key]) for key in ("value", "unit", "noun") if fact.get(key) is not None)
        case "date":
            told = fact.get("value")
        case _:
            told = fact.get("name")
    return f"{name}: {told}" if told else name


def _close(parts: list[str], shown: str, at: int, end: int) -> int:
    parts.append(text(shown[at:end]))
    parts.append("</mark>")
    return end
