"""How far the trigger of an event reaches: "drone and missile attack", "called for sanctions steps"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker.steps.facts.events.lexicon import Word

if TYPE_CHECKING:
    from worker.steps.facts.events.reading import Sentence
    from worker.steps.facts.events.triggers import Candidate
    from worker.steps.facts.prose import Prose

_GOVERNED_REACH: Final = 6
_MODIFIERS: Final = 4
_BEFORE_NOUN: Final = Word.DETERMINER | Word.PREPOSITION | Word.SUBORDINATOR


def extent(prose: Prose, candidate: Candidate, governed: Candidate | None) -> tuple[int, int]:
    """Where a trigger begins and ends in the text."""
    sentence = candidate.sentence
    start, end = candidate.start, candidate.end
    if candidate.at - start > (_GOVERNED_REACH if candidate.passive else 1) and candidate.form != "noun":
        start = candidate.at  # "talks between Peru and Chile broke down"
    if end - candidate.at > _GOVERNED_REACH + 1:
        end = candidate.at + 1
    if governed is not None and 0 <= governed.start - end < _GOVERNED_REACH:
        end = max(end, governed.end)
        end = _with_compound(prose, sentence, end)
    elif candidate.object_at is not None and end > candidate.at + 1:
        end = _with_compound(prose, sentence, end)
    if candidate.form == "noun":
        start = _with_modifiers(prose, sentence, start)
    first = sentence.first
    return prose.words[first + start][0], prose.words[first + end - 1][1]


def _is_plain_word(prose: Prose, sentence: Sentence, at: int) -> bool:
    """Whether a word is an ordinary one in lower case: no name, no number, no small word."""
    if sentence.kinds[at] & Word.SMALL:
        return False
    word = prose.written[sentence.first + at]
    return word[0].islower() and word.replace("-", "").isalpha()


def _with_compound(prose: Prose, sentence: Sentence, end: int) -> int:
    """With the noun that closes a compound ("sanctions steps"), when a small word, a sign or nothing follows it."""
    if (
        end < len(sentence.words)
        and _is_plain_word(prose, sentence, end)
        and not sentence.words[end].endswith(("ed", "ing", "ly"))
    ):
        after = end + 1
        if (
            after >= len(sentence.words)
            or sentence.kinds[after] & Word.PREPOSITION
            or not sentence.words[after][0].isalnum()
        ):
            return after
    return end


def _with_modifiers(prose: Prose, sentence: Sentence, start: int) -> int:
    """With the words before a noun, back to its article or to the name before it ("the Russian ...")."""
    at = start - 1
    while at >= 0 and start - at <= _MODIFIERS + 1:
        if _is_plain_word(prose, sentence, at):
            at -= 1
            continue
        if (
            sentence.words[at] == "and"
            and at + 1 <= start
            and sentence.kinds[at + 1] >= Word.CLASS
            and at
            and sentence.kinds[at - 1] >= Word.CLASS
        ):
            at -= 1
            continue
        begin = prose.words[sentence.first + at][0]
        if sentence.kinds[at] & _BEFORE_NOUN or (at and prose.text[begin].isupper()):
            return at + 1
        return start
    return start
