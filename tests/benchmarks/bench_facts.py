"""What the facts of an article cost, by its length: milliseconds, and ratios to splitting its text into words.

Each kind is measured on its own, over and over on one text, with what is kept about words from one text to the next.
In turn with all others it takes longer, for then the processor has to fetch its code and tables again: that is why
"all of extract" is more than the sum.
"""

from __future__ import annotations

import re
import time
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from worker.pipeline.extract import extract
from worker.steps import fingerprint, language
from worker.steps.facts.dateline import read_opening
from worker.steps.facts.events import find_events
from worker.steps.facts.figures import find_figures
from worker.steps.facts.names import find_names
from worker.steps.facts.paragraphs import find_paragraphs
from worker.steps.facts.prose import read_prose
from worker.steps.facts.speech import find_speech
from worker.steps.facts.times import find_times

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.model.facts import Opening

_SEED = Path(__file__).parent.parent / "data" / "seed" / "000_23b64bebdaa24c53.txt"
_DAY = date(2025, 5, 24)
_LENGTHS = (1, 10, 100)
_ROUNDS = 5
_ROUND_SECONDS = 0.1
_WORD = re.compile(r"\w+|[^\w\s]")


def _seconds(work: Callable[[], object]) -> float:
    """CPU seconds of one call, the least of several rounds: what else the machine does only adds to it."""
    began = time.process_time()
    work()
    repeat = max(1, int(_ROUND_SECONDS / max(time.process_time() - began, 1e-7)))
    rounds = []
    for _ in range(_ROUNDS if repeat > 1 else 1):
        began = time.process_time()
        for _ in range(repeat):
            work()
        rounds.append((time.process_time() - began) / repeat)
    return min(rounds)


def _in_turn(first: Callable[[], object], second: Callable[[], object]) -> Callable[[], object]:
    """Two texts after one another, so that no work finds its last answer kept."""

    def both() -> None:
        first()
        second()

    return both


def _kinds(text: str, opening: Opening) -> dict[str, Callable[[], object]]:
    """The work of each kind of fact on a text, given what it is built on."""
    day = opening.day(_DAY)
    paragraphs = find_paragraphs(text, body_start=opening.body_start)
    prose = read_prose(text, paragraphs)
    names = find_names(prose, opening)
    times = find_times(prose, opening, day)
    figures = find_figures(prose, opening, times)
    quotes, _ = find_speech(prose, names, times)
    return {
        "opening": lambda: read_opening(text, _DAY),
        "paragraphs": lambda: find_paragraphs(text, body_start=opening.body_start),
        "prose": lambda: read_prose(text, paragraphs),
        "names": lambda: find_names(prose, opening),
        "times": lambda: find_times(prose, opening, day),
        "figures": lambda: find_figures(prose, opening, times),
        "speech": lambda: find_speech(prose, names, times),
        "events": lambda: find_events(prose, opening, names, times, figures, quotes),
        "fingerprint": lambda: fingerprint.fingerprint(text),
    }


@cache
def _texts() -> tuple[str, ...]:
    """The seed document at each length: its header and dateline once, its body over and over."""
    text = _SEED.read_text(encoding="utf-8")
    at = read_opening(text, _DAY).body_start
    return tuple(text[:at] + "\n\n".join([text[at:].strip()] * times) for times in _LENGTHS)


def main() -> None:
    """Print two tables. Ratios are to the words of the same text; one that grows with the length is not linear."""
    table: dict[str, list[float]] = {}
    for text in _texts():
        other = "Update. " + text.partition("\n\n")[2]
        work = _kinds(text, read_opening(text, _DAY))
        work["words, by one expression"] = lambda text=text: _WORD.findall(text)  # type: ignore[misc]  # bound at once
        for kind, call in work.items():
            table.setdefault(kind, []).append(_seconds(call))
        document, another = ({"text": each, "date": _DAY.isoformat()} for each in (text, other))
        for kind, call, next_call in (
            ("language", lambda: language.detect(text), lambda: language.detect(other)),  # noqa: B023 - called at once
            ("all of extract", lambda: extract(document), lambda: extract(another)),  # noqa: B023 - called at once
        ):
            table.setdefault(kind, []).append(_seconds(_in_turn(call, next_call)) / 2)
    baseline = table.pop("words, by one expression")
    print(f"{'facts':28}" + "".join(f"{f'ms at {times}x':>12}{'ratio':>8}" for times in _LENGTHS))
    for kind, seconds in table.items():
        cells = zip(seconds, baseline, strict=True)
        print(f"{kind:28}" + "".join(f"{own * 1_000:>12.3f}{own / words:>8.1f}" for own, words in cells))
    print(f"articles a second on one core: {1 / table['all of extract'][0]:.0f}")


if __name__ == "__main__":
    main()
