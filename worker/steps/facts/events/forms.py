"""The forms that English words take: plurals, past tenses, participles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

Form = Literal["base", "s", "past", "participle", "ing", "noun", "words"]

_VOWELS: Final = frozenset("aeiou")


def plural(noun: str) -> str:
    """The regular plural of an English noun."""
    if noun.endswith(("s", "sh", "ch", "x", "z")) or (noun.endswith("o") and noun[-2:-1] not in _VOWELS):
        return noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in _VOWELS:
        return noun[:-1] + "ies"
    return noun + "s"


def forms(word: str, kind: str, irregular: dict[str, list[str]]) -> Iterator[tuple[str, Form]]:
    """The forms of a verb ("v"), a noun ("n") or an expression ("w"), each with what form it is."""
    if kind == "w":
        yield word, "words"
    elif kind == "n":
        yield word, "noun"
        yield plural(word), "noun"
    else:
        past, participle, ing = irregular.get(word, ("-", "-", "-"))
        past = _past(word) if past == "-" else past
        participle = past if participle == "-" else participle
        yield word, "base"
        yield plural(word) if word not in {"go", "do"} else word + "es", "s"
        yield past, "past"
        if participle != past:
            yield participle, "participle"
        yield (_ing(word) if ing == "-" else ing), "ing"


def _past(verb: str) -> str:
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2:-1] not in _VOWELS:
        return verb[:-1] + "ied"
    return verb + "ed"


def _ing(verb: str) -> str:
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return verb[:-1] + "ing"
    return verb + "ing"
