"""What publishers' software puts around a story. Precision comes first: what is dropped here is lost."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from worker.steps.text.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from worker.steps.text.reader import Block

# Nothing longer is taken for boilerplate; the phrases of WordPress repeat a headline, and may be long.
_PHRASE_CHARS = 400
_CREDIT_CHARS = 90
_LABELLED_CHARS = 250
_INSERTED_CHARS = 100
# "[...] Continue reading. Read more at The Daily News." Each cut copies the paragraph.
_MAX_CUTS = 4
# Share of a paragraph, blanks not counted, that makes it one of links; of a labelled one the label may be none.
_LINKS_SHARE = 0.9
_MOSTLY_LINKS_SHARE = 0.6
_HALF_LINKS_SHARE = 0.5

# Signs around a phrase that mean nothing: arrows, dots, brackets, bars, bullets.
_EDGE = ' .,:;!…·•*|–—_~+#()[]{}<>‹›«»→←↑↓⇒➔➜►▶▸▼↩\ufe0e\ufe0f"“”。-'  # noqa: RUF001 - dashes and marks of all kinds
_PHRASE_EDGE = _EDGE.replace("*", "").replace("#", "")
_EDGES = f"[{re.escape(_EDGE)}]*+"
_APOSTROPHES = "’‘ʼ`´"  # noqa: RUF001 - look-alikes are what it is about
# What * stands for in a phrase. Where it begins one, it begins with no sign: a row of dots is looked at once.
_WORDS = r".{1,150}?"
_FIRST_WORDS = rf"(?![{re.escape(_EDGE)}]){_WORDS}"
_WORDS_OF_SENTENCE = r"(?:(?![.!?] ).){1,150}"
# A headline begins with no small letter: "The post of mayor first appeared on the ballot in 1901" is a story's own.
_HEADLINE = rf"(?-i:(?![a-zà-ÿа-я,])){_WORDS}"
# Between the links of one line.
_BAR = re.compile(r"[|·•]")
# Where a sentence ends, and the next one may be of the publisher's software.
_SENTENCE_END = r"[.!?…。！？][\"'”’»)\]]*+|[\])]"  # noqa: RUF001 - full-width marks, and those of quotations
_MAY_END_SENTENCE = re.compile(r"[.!?…。！？\])]")  # noqa: RUF001 - as above
# Text that was cut off: "[...]", "(more...)".
_CUT_OFF = re.compile(r" ?(?:\[ ?(?:…|\.{3,4}) ?\]|\(more ?(?:…|\.{3})?\))$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Phrases:
    """Phrases by the place where they mean nothing: see tails.tsv."""

    anywhere: re.Pattern[str]
    last: re.Pattern[str]
    link: re.Pattern[str]
    label: re.Pattern[str]
    credit: re.Pattern[str]
    sentence: re.Pattern[str]
    end: re.Pattern[str]


def without_tails(blocks: Sequence[Block]) -> tuple[str, ...]:
    """The texts of folded blocks, without what is no part of the story."""
    phrases = _phrases()
    kept = [block for block in blocks if not _is_insertion(block, phrases)]
    credits_count = next((i for i, block in enumerate(kept) if not _is_credit(block, phrases)), len(kept))
    del kept[:credits_count]
    _drop_tails(kept, phrases)
    for _ in range(_MAX_CUTS):
        if not kept or (text := _without_end(kept[-1].text, phrases)) == kept[-1].text:
            break
        kept[-1:] = [replace(kept[-1], text=text)] if text else []
        _drop_tails(kept, phrases)
    return tuple(block.text for block in kept)


def _drop_tails(blocks: list[Block], phrases: _Phrases) -> None:
    while blocks and _is_tail(blocks[-1], phrases):
        blocks.pop()


def _is_insertion(block: Block, phrases: _Phrases) -> bool:
    """Whether a paragraph is none of the story wherever it stands."""
    if len(block.text) > (_LABELLED_CHARS if block.linked_chars else _INSERTED_CHARS):
        return False
    text = _plain(block.text)
    return bool(
        phrases.anywhere.fullmatch(text)
        or (block.linked_chars and phrases.label.match(text) and _links_share(block) >= _MOSTLY_LINKS_SHARE)
    )


def _is_credit(block: Block, phrases: _Phrases) -> bool:
    return len(block.text) <= _CREDIT_CHARS and phrases.credit.fullmatch(_plain(block.text)) is not None


def _is_tail(block: Block, phrases: _Phrases) -> bool:
    if len(block.text) > _PHRASE_CHARS:
        return False
    text = _plain(block.text)
    share = _links_share(block)
    if (share >= _HALF_LINKS_SHARE and phrases.sentence.fullmatch(text)) or _is_credit(block, phrases):
        return True
    return all(
        phrases.last.fullmatch(part) or (share >= _LINKS_SHARE and phrases.link.fullmatch(part))
        for piece in _BAR.split(text)
        if (part := piece.strip(_EDGE))
    )


def _without_end(text: str, phrases: _Phrases) -> str:
    tail = text[-_PHRASE_CHARS:]
    head = text[: -len(tail)] if tail else ""
    if tail.endswith(("]", ")")):
        tail = _CUT_OFF.sub("", tail)
    plain = _straight(tail)
    # Tried where it can begin, not at every character.
    places = (0, *(end.start() for end in _MAY_END_SENTENCE.finditer(plain)))
    match = next(filter(None, (phrases.end.match(plain, at) for at in places)), None)
    # The beginning of the tail is that of the text only when nothing stands before it.
    if match and (match.end(1) or not head):
        tail = tail[: match.end(1)]
    return head + tail


def _links_share(block: Block) -> float:
    return block.linked_chars / max(1, sum(map(len, _BAR.sub(" ", block.text).split())))


def _plain(text: str) -> str:
    return _straight(text).strip(_EDGE)


def _straight(text: str) -> str:
    # str.translate() looks every character up.
    for apostrophe in _APOSTROPHES:
        text = text.replace(apostrophe, "'")
    return text


@cache
def _phrases() -> _Phrases:
    found: dict[str, list[str]] = {}
    for place, _, phrase in table("tails.tsv"):
        found.setdefault(place, []).append(_pattern(phrase if place == "label" else phrase.strip(_PHRASE_EDGE)))
    either = {place: _either(patterns) for place, patterns in found.items()}
    return _Phrases(
        label=re.compile(rf"{either.pop('label')}(?!\w)", re.IGNORECASE),
        sentence=re.compile(either["end"], re.IGNORECASE),
        end=re.compile(
            rf"(^|{_SENTENCE_END}){_EDGES}{either.pop('end').replace(_WORDS + ' ', _HEADLINE + ' ')}{_EDGES}$",
            re.IGNORECASE,
        ),
        **{place: re.compile(pattern, re.IGNORECASE) for place, pattern in either.items()},
    )


def _either(patterns: Iterable[str]) -> str:
    """Any of the patterns. Those that begin with one letter stand together: otherwise each is tried at each place."""
    groups: dict[str, list[str]] = {}
    for pattern in patterns:
        groups.setdefault(pattern[0] if pattern[0].isalpha() else "", []).append(pattern[pattern[0].isalpha() :])
    joined = {letter: "|".join(rest) for letter, rest in groups.items()}
    return f"(?:{'|'.join(f'{letter}(?:{rest})' if letter else rest for letter, rest in joined.items())})"


def _pattern(phrase: str) -> str:
    """A phrase as a regular expression. What stands for any words at its end does not go beyond a sentence."""
    pattern = re.escape(phrase).replace(r"\ ", " ").replace(r"\#", r"\d[\d.,]*+")
    if phrase.endswith("*") and phrase.count("*") == 1:
        pattern = pattern.removesuffix(r"\*") + _WORDS_OF_SENTENCE
    if phrase.startswith("*"):
        pattern = _FIRST_WORDS + pattern.removeprefix(r"\*")
    return pattern.replace(r"\*", _WORDS)
