"""How many: the numbers of a text that count or measure something, with what they count."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from worker.model.facts import Figure, Span
from worker.steps.facts.figures.join import join
from worker.steps.facts.figures.lexicon import unit_name, words_of
from worker.steps.facts.figures.reader import SentenceReader
from worker.steps.facts.figures.sums import reconcile
from worker.steps.facts.figures.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from worker.model.facts import Opening, TimeMention
    from worker.steps.facts.figures.draft import Draft
    from worker.steps.facts.figures.lexicon import Words
    from worker.steps.facts.prose import Prose

__all__ = ["find_figures", "reconcile", "unit_name"]

_DIGIT: Final = re.compile(r"[\d\u00bc-\u00be\u2150-\u215e]")
# What may be glued to a word.
_SIGNS: Final = "-\u2010\u2011\u2013\u2014/.,:;!?'\"()[]\u2018\u2019\u201c\u201d\u2026"
# A thousand or little more than one, by language.
_AMBIGUOUS: Final = re.compile(r"\d[.,]\d{3}(?!\d)")
# Times with these are not points of time; the numbers in them are figures.
_LENGTHS: Final = frozenset({"duration", "set"})


def find_figures(
    prose: Prose, opening: Opening, times: Sequence[TimeMention], *, language: str | None = "en"
) -> tuple[Figure, ...]:
    """The figures of a text in order, none overlapping another or a date among `times`.

    In a language whose words are not listed only figures with signs (%, $) are found.
    """
    text = prose.text
    words = words_of(language)
    blocked = _blocks(times)
    plain = _without_signs(text) if words.triggers else ""
    tokens = Tokens(text, words)
    reader = SentenceReader(tokens, words, blocked)
    found: list[Figure] = []
    for start, end in prose.sentences:
        if start < opening.body_start or not _may_count(text, plain, start, end, words):
            continue
        tokens.read(start, end)
        for draft in join(reader.read(), tokens, words):
            figure = _figure(draft, text, tokens.start[draft.first], tokens.end[draft.last], found)
            if figure and (words.triggers or _is_plain(figure)):
                found.append(figure)
    return tuple(found)


def _without_signs(text: str) -> str:
    """The same text with spaces for the signs that stand beside words."""
    for sign in _SIGNS:
        text = text.replace(sign, " ")
    return text


def _may_count(text: str, plain: str, start: int, end: int, words: Words) -> bool:
    """Whether a sentence is worth reading: it has figures or a number word."""
    if _DIGIT.search(text, start, end):
        return True
    return not words.triggers.isdisjoint(plain[start:end].split())


def _is_plain(figure: Figure) -> bool:
    """Whether a figure is sure without knowing the language: its sign says what it is, and its separators are clear."""
    return figure.kind in ("money", "percent") and _AMBIGUOUS.search(figure.span.surface) is None


def _blocks(times: Sequence[TimeMention]) -> Callable[[int], bool]:
    spans = [(time.span.start, time.span.end) for time in times if time.kind not in _LENGTHS]
    if not spans:
        return lambda _offset: False
    taken = {offset for start, end in spans for offset in range(start, end)}
    return lambda offset: offset in taken


def _figure(draft: Draft, text: str, start: int, end: int, earlier: list[Figure]) -> Figure | None:
    values, refers_to = draft.values, None
    if draft.kind == "anaphoric":
        last = next((figure for figure in reversed(earlier[-6:]) if figure.kind in ("count", "total")), None)
        if last is None:
            return None
        values, refers_to = last.values, last.span.start
    return Figure(
        span=Span.of(text, start, end),
        values=values,
        kind=draft.kind,
        noun=Span.of(text, *draft.noun) if draft.noun else None,
        unit=draft.unit,
        approximate=draft.approximate,
        bound=draft.bound,
        per=draft.per,
        refers_to=refers_to,
        rule=draft.rule,
    )
