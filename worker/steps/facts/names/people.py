"""People: names with a title or an office before them, first names, initials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.steps.facts.names.lexicons import (
    COMMON,
    DEMONYM,
    FIRST_NAME,
    HEAD,
    NEVER,
    OFFICE,
    OFFICE_HEAD,
    ROLE_START,
    START,
    SURNAME,
    TITLE,
    cue,
    lexicon,
)

if TYPE_CHECKING:
    from worker.steps.facts.names.tokens import Token

_MOST_NAME_WORDS = 5
_MOST_TITLE_WORDS = 4
_MOST_WORDS_BEFORE_HEAD = 5
_BESIDE = frozenset({"", "."})


def role_length(run: list[Token], at: int, end: int) -> int:
    """How many words of title or office begin here ("Foreign Minister", "Gen."), 0 when none does."""
    stop = at
    while True:
        # One title may follow another: "Lt. Gen.", "Prime Minister Sheikh".
        if stop > at and run[stop - 1].key in cue("polite") and _is_last(run, stop):
            # "Mr. King" is no king.
            return stop - at
        size = _title_length(run, stop, end) or _office_length(run, stop, end)
        stop += size
        if not size or stop >= end or run[stop].gap not in _BESIDE:
            return stop - at


def _is_last(run: list[Token], at: int) -> bool:
    return bool(run[at].flags & SURNAME) and (at + 1 >= len(run) or run[at + 1].gap not in _BESIDE)


def _title_length(run: list[Token], at: int, end: int) -> int:
    """The longest title of the lexicon that begins here."""
    if not run[at].flags & ROLE_START:
        return 0
    words = lexicon().words
    key, size = run[at].key, 0
    for stop in range(at, min(len(run), at + _MOST_TITLE_WORDS)):
        if stop > at:
            gap = run[stop].gap
            if gap not in {"", ".", "of"} or (stop >= end and gap != "of" and run[stop - 1].gap != "of"):
                break
            key += (" of " if gap == "of" else " ") + run[stop].key
        if words.get(key, 0) & (TITLE | OFFICE):
            size = stop + 1 - at
    return size


def _office_length(run: list[Token], at: int, end: int) -> int:
    """Ordinary words before the head of an office: "Finance Secretary", "Deputy Oil Minister"."""
    stop = at
    most = min(end, at + _MOST_WORDS_BEFORE_HEAD)
    while stop < most and run[stop].flags & (COMMON | OFFICE_HEAD) == COMMON:
        if run[stop].possessive:
            return 0
        stop += 1
    return stop + 1 - at if at < stop < end and run[stop].flags & OFFICE_HEAD else 0


def name_length(run: list[Token], at: int, end: int, *, titled: bool) -> int:
    """How many words of a person's name begin here; 0 when it is none.

    With a title before it, any words will do that are not known to be something else.
    """
    stop = at
    most = min(end, at + _MOST_NAME_WORDS)
    while stop < most and not _ends_name(run, stop, first=stop == at):
        stop += 1
    size = stop - at
    if size == 0 or (stop < end and run[stop].gap == "&"):
        return 0
    first, last = run[at], run[stop - 1]
    if titled:
        return 0 if size == 1 and first.flags & (HEAD | SURNAME) == HEAD else size
    if size < 2 or not (first.flags & FIRST_NAME or (len(first.key) == 1 and run[at + 1].gap == ".")):
        return 0
    if last.flags & (COMMON | SURNAME) == COMMON and last.key not in cue("ordinal") and last.gap != ".":
        return size - 1 if size > 2 and not first.flags & COMMON else 0
    return size


def _ends_name(  # noqa: PLR0911 - one case per kind of word
    run: list[Token], at: int, *, first: bool
) -> bool:
    """Whether a word does not belong to the name before it."""
    token = run[at]
    if token.flags & DEMONYM:
        return True
    if first:
        return token.flags & (NEVER | FIRST_NAME | SURNAME) == NEVER and token.key not in cue("particle")
    if token.gap == "&" or run[at - 1].possessive or token.flags & (OFFICE_HEAD | TITLE | OFFICE):
        return bool(
            token.gap == "&" or run[at - 1].possessive or token.flags & OFFICE_HEAD or not token.flags & SURNAME
        )
    ends = at + 1 >= len(run)
    if token.flags & (START | FIRST_NAME | SURNAME) == START and token.key not in cue("particle"):
        # But "Roslyn A. Walker".
        return len(token.key) > 1 or ends or run[at + 1].gap != "."
    if not token.flags & NEVER or token.flags & SURNAME:
        return False
    if token.key in cue("particle"):
        # "Al Thani"; but the next name begins with "El" where nothing is behind it.
        return ends or run[at + 1].gap not in _BESIDE
    return len(token.key) > 1 and token.key not in cue("ordinal")
