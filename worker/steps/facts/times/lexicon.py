"""The words of time of a language: what classes each belongs to, and what it is worth in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from worker.steps.facts.gazetteer import lexicon_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Value = int | str

# What stands for each other in print.
_SAME = {"'": "\u2019\u2018`", "-": "\u2010\u2011\u2012\u2013"}
_CLOCK = re.compile(r"(?:[01]?\d|2[0-4])[:.][0-5]\d(?::[0-5]\d)?")
_NUMERIC = re.compile(r"\d{1,4}([/.])\d{1,2}\1\d{2,4}")
_FIRST_YEAR, _LAST_YEAR = 1000, 2199
# "FY25" is of this century.
_FISCAL_CENTURY = 2000
# A word that is in no class, and the sign that no pattern has.
OTHER = "\x00"
# Where the signs for the sets of classes begin: behind what means something in a regular expression.
_FIRST_SIGN = 0x80


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Vocabulary:
    """The words of one language.

    `signs` gives for each word a sign that stands for the set of its classes, so that a pattern of classes is a regular
    expression over signs. `values` gives the value of a word in each of its classes, `having` for a class all signs
    whose sets have it.
    """

    signs: Mapping[str, str]
    values: Mapping[str, Mapping[str, Value]]
    classes: Mapping[str, frozenset[str]]
    having: Mapping[str, str]

    def sign(self, word: str) -> str:
        """The sign of a word that may not be in the table: a number, or OTHER."""
        return self.signs.get(word) or self.signs.get(_shape(word), OTHER)

    def value(self, word: str, name: str) -> Value | None:
        """What the word is worth in the class of that name."""
        values = self.values.get(word) or self.values.get(_shape(word))
        if values is None or name not in values:
            return None
        return int(word) if name == "int" else word if name in _SHAPES else values[name]


# The classes whose value is the word itself.
_SHAPES = frozenset({"clock", "numeric"})


def _shape(word: str) -> str:
    """The key under which numbers are listed that are too many to list."""
    if not word[:1].isdecimal():
        return "\x01none"
    if word.isdecimal() and word.isascii():
        return "\x01int" if len(word) < 9 else "\x01long"
    if _NUMERIC.fullmatch(word):
        return "\x01numeric"
    return "\x01clock" if _CLOCK.fullmatch(word) else "\x01none"


def literal(word: str) -> str:
    """The class of a plain word that stands in a pattern."""
    return "=" + word.removeprefix("^").lower()


def vocabulary(language: str | None, plain_words: Iterable[str], asked: Iterable[Sequence[str]]) -> Vocabulary:
    """The words of a language (None: numbers only), with those that the patterns name themselves.

    `asked` are the classes of which the patterns ask a word to have one.
    """
    values: dict[str, dict[str, Value]] = {}
    for number in range(1000):
        _add_number(values, str(number), number)
    for number in range(10):
        _add_number(values, f"0{number}", number)
    for minute in range(24 * 60):
        # "0735 GMT"
        values[f"{minute // 60:02}{minute % 60:02}"] = {"int": minute // 60 * 100 + minute % 60}
    for number in range(_FIRST_YEAR, _LAST_YEAR + 1):
        values[str(number)] = {"int": number, "year": number}
        values[f"FY{number}"] = {"fiscal": number}
        values[f"FY{number % 100:02}"] = {"fiscal": _FISCAL_CENTURY + number % 100}
    values |= {"\x01int": {"int": 0}, "\x01clock": {"clock": ""}, "\x01numeric": {"numeric": ""}}
    for name, value, word in _listed(language):
        for form in _forms(word):
            values.setdefault(form, {})[name] = value
    for word in plain_words:
        for form in _forms(word):
            values.setdefault(form, {})[literal(word)] = 0
    sets = _in_order({tuple(sorted(entry)) for entry in values.values()}, asked)
    sign_of = {classes: chr(_FIRST_SIGN + index) for index, classes in enumerate(sets)}
    return Vocabulary(
        signs={word: sign_of[tuple(sorted(entry))] for word, entry in values.items()},
        values=values,
        classes={sign: frozenset(classes) for classes, sign in sign_of.items()},
        having={name: "".join(map(sign_of.__getitem__, found)) for name, found in _having(sets).items()},
    )


def _in_order(sets: Iterable[tuple[str, ...]], asked: Iterable[Sequence[str]]) -> list[tuple[str, ...]]:
    """First those between which a pattern leaves the choice.

    `re` compiles a choice of signs in a tenth of the time, and searches it faster, where all are below 256.
    """
    having = _having(sets)
    choices = (set().union(*(having.get(name, ()) for name in names)) for names in asked)
    chosen = {classes for choice in choices if len(choice) > 1 for classes in choice}
    return sorted(sets, key=lambda classes: (classes not in chosen, classes))


def _having(sets: Iterable[tuple[str, ...]]) -> dict[str, list[tuple[str, ...]]]:
    """The sets with each class, in their order."""
    having: dict[str, list[tuple[str, ...]]] = {}
    for classes in sets:
        for name in classes:
            having.setdefault(name, []).append(classes)
    return having


def _add_number(values: dict[str, dict[str, Value]], word: str, number: int) -> None:
    entry = values.setdefault(word, {})
    entry["int"] = number
    if 1 <= number <= 31 and len(word) <= 2:
        entry["day"] = number
    if len(word) == 2:
        entry["two"] = number


def _listed(language: str | None) -> Iterable[tuple[str, Value, str]]:
    if language is None:
        return
    for line in lexicon_lines(f"times_words_{language}.tsv"):
        name, value, words = line.split("\t")
        for word in words.split("|"):
            yield name, int(value) if value.lstrip("-").isdecimal() else value, word
    for holiday in holidays(language):
        yield "core", 0, "^" + re.split(r"[ .']", holiday)[0].lower()


def _forms(word: str) -> Iterable[str]:
    """The spellings of a listed word: "^" in front asks for a capital, "~" for none."""
    plain = word.lstrip("^~")
    lower, capital = {plain}, {plain[:1].upper() + plain[1:], plain.upper()}
    for case in capital if word.startswith("^") else lower if word.startswith("~") else lower | capital:
        yield case
        for sign, others in _SAME.items():
            if sign in case:
                yield from (case.replace(sign, other) for other in others)


@cache
def holidays(language: str) -> Mapping[str, str]:
    """The rule for the day of each holiday, by its name in small letters with one kind of apostrophe."""
    found = {}
    for line in lexicon_lines(f"times_holidays_{language}.tsv"):
        rule, names = line.split("\t")
        found.update(dict.fromkeys(names.split("|"), rule))
    return found


def plain_apostrophes(text: str) -> str:
    """The text with one kind of apostrophe."""
    return text.replace("\u2019", "'").replace("\u2018", "'").replace("`", "'")
