"""A text with its facts marked, each with the rule that found it: for people who ask why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from worker.pipeline.extract import extract

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    start: int
    end: int
    what: str


def explain(text: str, day: date | None) -> str:
    """The paragraphs of a text with numbered marks, [so]1, and below each what its marks say and why."""
    found = extract({"text": text, "date": None if day is None else day.isoformat()})
    marks = sorted(_marks(found), key=lambda mark: (mark.start, -mark.end, mark.what))
    numbers = {mark: number for number, mark in enumerate(marks, 1)}
    lines = [f"language {found['language']}, day {found['date']}", ""]
    starts = [paragraph["start"] for paragraph in found["paragraphs"]]
    for start, end in zip([0, *starts], [*starts, len(text)], strict=True):
        here = [mark for mark in marks if start <= mark.start < end]
        block = _marked(text, start, end, here, numbers).strip()
        if block:
            lines += [block, *(f"  {numbers[mark]:>3}  {mark.start}-{mark.end}  {mark.what}" for mark in here), ""]
    lines += [f"event: {_event(event)}" for event in found["events"]]
    return "\n".join(lines).rstrip() + "\n"


def _marked(text: str, start: int, end: int, marks: Sequence[_Mark], numbers: Mapping[_Mark, int]) -> str:
    """The text with a bracket where a mark begins, and one with its number where it ends."""
    brackets: dict[int, list[str]] = {}
    for mark in reversed(marks):
        brackets.setdefault(mark.end, []).append(f"]{numbers[mark]}")
    for mark in marks:
        brackets.setdefault(mark.start, []).append("[")
    pieces: list[str] = []
    position = start
    for offset in sorted(offset for offset in brackets if start <= offset <= end):
        pieces += [text[position:offset], *brackets[offset]]
        position = offset
    return "".join([*pieces, text[position:end]])


def _marks(found: Mapping[str, Any]) -> Iterator[_Mark]:
    if found["dateline"] is not None:
        yield _mark(found["dateline"], f"dateline: {found['dateline']['city']}, {found['dateline']['country_code']}")
    for quote in found["quotes"]:
        medium = "" if quote["medium"] is None else f" on {quote['medium']}"
        yield _mark(quote, f"{quote['kind']} quotation of {quote['speaker']}{medium} ({quote['rule']})")
    for said in found["attributions"]:
        via = "" if said["via"] is None else f", via {said['via']['text']}"
        yield _mark(said["content"], f"said by {said['source_resolved']}{via} ({said['rule']})")
    for figure in found["figures"]:
        noun = "" if figure["noun"] is None else f" {figure['noun']}"
        yield _mark(figure, f"{figure['kind']}: {figure['value']}{noun} ({figure['rule']})")
    for time in found["dates"]:
        anchor = "" if time["anchor"] is None else f", from {time['anchor']}"
        yield _mark(time, f"{time['kind']}: {time['date']}{anchor} ({time['rule']})")
    for kind in ("actors", "organisations", "places"):
        for named in found[kind]:
            said = [str(named[name]) for name in ("role", "type", "kind", "country_code") if named.get(name)]
            for mention in named["mentions"]:
                yield _mark(mention, f"{kind.removesuffix('s')}: {', '.join([named['name'], *said])}")


def _event(event: Mapping[str, Any]) -> str:
    parties = ", ".join(event["parties"])
    return (
        f"{event['type']} ({'/'.join(event['plover'])}), {event['status']}, {event['date']}, {parties or 'nobody'}; "
        f'"{event["trigger"]["text"]}" at {event["trigger"]["start"]} ({event["rule"]})'
    )


def _mark(span: Mapping[str, Any], what: str) -> _Mark:
    return _Mark(start=span["start"], end=span["end"], what=what)
