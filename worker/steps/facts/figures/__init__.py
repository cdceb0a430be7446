"""How many: the numbers of a text that count or measure something, with what they count."""

from __future__ import annotations

import re
from bisect import bisect_right
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
    from worker.steps.facts.prose import Prose

__all__ = ["find_figures", "reconcile", "unit_name"]

# Digits and fractions. The wide ranges hold those of all scripts, and letters, for which a sentence is read in vain.
_DIGIT: Final = re.compile(
    "[0-9\u00bc-\u00be\u0660-\u1c59\u2150-\u215e\ua620-\ua909\ua9d0-\uabf9\uff10-\uff19\U000104a0-\U0001fbf9]"
)
# What may be glued to a word.
_SIGNS: Final = "-\u2010\u2011\u2013\u2014/.,:;!?'\"()[]\u2018\u2019\u201c\u201d\u2026"
# A thousand or little more than one, by language.
_AMBIGUOUS: Final = re.compile(r"\d[.,]\d{3}(?!\d)")
# Glued, or after a space or a hyphen.
_WORD_BEHIND: Final = re.compile(r"[\s\-\u2010\u2011]{0,2}[^\W\d_]")
# Among how many figures before it the one that "as many" repeats is looked for.
_REACH: Final = 6
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
    digit, triggers = _DIGIT.search, words.triggers
    for start, end in prose.sentences:
        # A sentence without figures and number words is not worth reading.
        if start < opening.body_start or not (
            digit(text, start, end) or not triggers.isdisjoint(plain[start:end].split())
        ):
            continue
        tokens.read(start, end)
        for draft in join(reader.read(), tokens, words):
            figure = _figure(draft, tokens, found)
            if figure and (words.triggers or _is_plain(figure, text)):
                found.append(figure)
    return tuple(found)


def _without_signs(text: str) -> str:
    """The same text with spaces for the signs that stand beside words."""
    for sign in _SIGNS:
        text = text.replace(sign, " ")
    return text


def _is_plain(figure: Figure, text: str) -> bool:
    """Whether a figure is sure without knowing the language.

    Its sign says what it is, its separators are clear, and no word behind it can multiply it ("R$ 20 bilhões").
    """
    if figure.kind not in ("money", "percent") or _AMBIGUOUS.search(figure.span.surface) is not None:
        return False
    return figure.kind == "percent" or _WORD_BEHIND.match(text, figure.span.end) is None


def _blocks(times: Sequence[TimeMention]) -> Callable[[int], bool]:
    """Tells of an offset whether it is in one of the times; times are in order and apart from one another."""
    spans = [time.span for time in times if time.kind not in _LENGTHS]
    starts = [span.start for span in spans]

    def blocked(offset: int) -> bool:
        at = bisect_right(starts, offset) - 1
        return at >= 0 and offset < spans[at].end

    return blocked


def _figure(draft: Draft, tokens: Tokens, earlier: list[Figure]) -> Figure | None:
    text, values, refers_to = tokens.text, draft.values, None
    if draft.kind == "anaphoric":
        repeated = _repeated(draft, tokens, earlier)
        if repeated is None:
            return None
        values, refers_to = repeated.values, repeated.span.start
    return Figure(
        span=Span.of(text, tokens.start[draft.first], tokens.end(draft.last)),
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


def _repeated(draft: Draft, tokens: Tokens, earlier: list[Figure]) -> Figure | None:
    """The figure that "as many" repeats: the last count, or the last of the same sentence ("third in as many days")."""
    if draft.rule == "as-many":
        return next((figure for figure in reversed(earlier[-_REACH:]) if figure.kind in ("count", "total")), None)
    begins = tokens.start[0]
    near = (figure for figure in reversed(earlier[-_REACH:]) if figure.span.start >= begins)
    return next((figure for figure in near if figure.kind in ("count", "total", "ordinal")), None)
