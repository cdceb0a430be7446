"""Facts: what an article's facts cost, by its length and by kind, against feedparser on an entry with the same text.

Measured as in the processes that read documents: lexicons loaded, and left alone by the garbage collector. Two texts
take turns, so that nothing finds its last answer kept.
"""

from __future__ import annotations

import gc
import io
import re
from datetime import UTC, date, datetime
from email.utils import format_datetime
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import feedparser

from tests.benchmarks.measuring import Goal, Line, compare
from worker.model.facts import Facts
from worker.pipeline.extract import extract
from worker.pipeline.prepare import prepare
from worker.steps import fingerprint, language
from worker.steps.encode import encode_facts
from worker.steps.facts.dateline import read_opening
from worker.steps.facts.events import find_events
from worker.steps.facts.figures import find_figures, reconcile
from worker.steps.facts.names import find_names
from worker.steps.facts.paragraphs import find_paragraphs
from worker.steps.facts.prose import read_prose
from worker.steps.facts.speech import find_speech
from worker.steps.facts.times import find_times

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SEED = Path(__file__).parent.parent / "data" / "seed" / "000_23b64bebdaa24c53.txt"
_DAY = date(2025, 5, 24)
_PUBLISHED = format_datetime(datetime(2025, 5, 24, 12, tzinfo=UTC))
_LENGTHS = (1, 10, 100)
_ENTRIES = 30
_WORD = re.compile(r"\w+|[^\w\s]")
_FEEDPARSER, _WORDS, _ONCE = "feedparser as it comes", "its words by one expression", "the article at 1x"
# A length for which the lines of bad cases are long enough to show what grows with its square.
_BAD_CHARS = 20_000
_BAD_TIMES = 10
# Text that has too much of one thing, and would cost most where something is looked at again and again.
_BAD = {
    "one paragraph of sentences": "The army said on Saturday that 270 soldiers and 120 civilians returned to Kyiv. ",
    "quotations": '"We will go on," Jane Doe said on Saturday. ',
    "quotations never closed": 'He said "we will go on and \u201cnot stop\n\n',
    "single marks": "the dogs' 'tail wags' and 'more ",
    "numbers": "12, 13, 14, 1,500, 2.5 percent; ",
    "capitals": "Bank National Of Republic ",
    "days": "On Saturday, May 3, 2025 and Monday night they met, last week and tomorrow at 5 p.m. ",
    "quarters": "Profit rose 5 percent in the third quarter. ",
    "bodies that speak": 'The Ministry of Trade said "we will go on." The ministry said "we will not stop." ',
    "verbs of speech": "said that he said according to ",
    "triggers of events": "killed attack strike talks called for sanctions against ",
    "parties of one sentence": "Lima said Chile had denied that it fired on Peru, ",
    "no blanks": "abcdefghi",
    "full stops": ".",
    "line breaks": "Word\n",
}


def measure(rounds: int) -> Iterator[Line]:
    """The lines of this benchmark."""
    prepare()
    gc.collect()
    gc.freeze()
    once = _in_turn(_texts(1))
    rss = _rss()
    samples = compare(
        {
            "ours": (once, 2),
            _FEEDPARSER: (lambda: feedparser.parse(io.BytesIO(rss)), _ENTRIES),
            _WORDS: (lambda: [_WORD.findall(text) for text in _texts(1)], 2),
        },
        rounds=rounds,
    )
    yield Line(
        name="all facts at 1x",
        unit="article",
        ours=samples.pop("ours"),
        baselines=samples,
        goals=(Goal(baseline=_FEEDPARSER, at_most=0.5),),
    )
    for times in _LENGTHS[1:]:
        # A unit is as much text as the seed document has.
        samples = compare({"ours": (_in_turn(_texts(times)), 2 * times), _ONCE: (once, 2)}, rounds=rounds)
        yield Line(
            name=f"all facts at {times}x, for each 1x",
            unit="article",
            ours=samples.pop("ours"),
            baselines=samples,
            goals=(Goal(baseline=_ONCE, at_most=1.1),),
        )
    yield from _kinds(rounds)
    yield from _bad(rounds)


def _in_turn(texts: tuple[str, str]) -> Callable[[], object]:
    documents = [{"text": text, "date": _DAY.isoformat()} for text in texts]
    return lambda: [extract(document) for document in documents]


@cache
def _texts(times: int) -> tuple[str, str]:
    """The seed document, its header and dateline once, its body over and over; and another one of the same length."""
    text = _SEED.read_text(encoding="utf-8")
    at = read_opening(text, _DAY).body_start
    body = "\n\n".join([text[at:].strip()] * times)
    return text[:at] + body, "Update. " + body


def _rss() -> bytes:
    """A feed whose entries have the seed document as their content, as feeds with full text do."""
    paragraphs = [line for line in _texts(1)[0].splitlines() if line]
    content = escape("".join(f"<p>{escape(line, quote=False)}</p>" for line in paragraphs))
    item = (
        "<item><title>Prisoners return</title><link>https://news.example/{0}</link><guid>https://news.example/{0}</guid>"
        f"<pubDate>{_PUBLISHED}</pubDate><description>{content}</description></item>"
    )
    items = "".join(item.format(number) for number in range(_ENTRIES))
    return f'<rss version="2.0"><channel><title>News</title>{items}</channel></rss>'.encode()


def _kinds(rounds: int) -> Iterator[Line]:
    """Each kind of fact alone, given what it is built on."""
    text, _ = _texts(1)
    opening = read_opening(text, _DAY)
    day = opening.day(_DAY)
    paragraphs = find_paragraphs(text, body_start=opening.body_start)
    prose = read_prose(text, paragraphs)
    names = find_names(prose, opening)
    times = find_times(prose, opening, day)
    figures = find_figures(prose, opening, times)
    quotes, attributions = find_speech(prose, names, times)
    events = find_events(prose, opening, names, times, figures, quotes)
    facts = Facts(
        names=names,
        times=times,
        figures=figures,
        sums=reconcile(figures),
        quotes=quotes,
        attributions=attributions,
        events=events,
    )
    kinds: dict[str, Callable[[], object]] = {
        "opening": lambda: read_opening(text, _DAY),
        "paragraphs": lambda: find_paragraphs(text, body_start=opening.body_start),
        "language": lambda: [language.detect(each) for each in _texts(1)],
        "sentences and words": lambda: read_prose(text, paragraphs),
        "names": lambda: find_names(prose, opening),
        "times": lambda: find_times(prose, opening, day),
        "figures": lambda: find_figures(prose, opening, times),
        "speech": lambda: find_speech(prose, names, times),
        "events": lambda: find_events(prose, opening, names, times, figures, quotes),
        "fingerprint": lambda: fingerprint.fingerprint(text),
        "plain data": lambda: encode_facts(facts),
    }
    for kind, work in kinds.items():
        units = 2 if kind == "language" else 1
        samples = compare({"ours": (work, units), _WORDS: (lambda: _WORD.findall(text), 1)}, rounds=rounds)
        yield Line(name=kind, unit="article", ours=samples.pop("ours"), baselines=samples)


def _bad(rounds: int) -> Iterator[Line]:
    """Texts with too much of one thing: ten times as much of it takes about ten times as long."""
    baseline = f"{_BAD_CHARS:,} characters"
    for name, piece in _BAD.items():
        short = piece * (_BAD_CHARS // len(piece))
        work = {"ours": (_extract(short * _BAD_TIMES), _BAD_TIMES), baseline: (_extract(short), 1)}
        samples = compare(work, rounds=min(rounds, 3))
        yield Line(
            name=f"too many of one: {name}, {_BAD_TIMES} times as long",
            unit="text",
            ours=samples.pop("ours"),
            baselines=samples,
            goals=(Goal(baseline=baseline, at_most=1.5),),
        )


def _extract(text: str) -> Callable[[], object]:
    return lambda: extract({"text": text, "date": _DAY.isoformat()})
