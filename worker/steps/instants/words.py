"""What the words of a date mean: months, weekdays, halves of the day."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

# Abbreviations that people use and CLDR does not list.
_MORE_MONTHS = {
    "sept": 9, "mrz": 3, "maerz": 3, "janv": 1, "febr": 2, "setiembre": 9, "pebruari": 2, "nopember": 11, "agt": 8,
    "ags": 8, "szept": 9,
}  # fmt: skip
_MORE_WEEKDAYS = {"tues": 1, "wednes": 2, "weds": 2, "thur": 3, "thurs": 3}
# Hungarian "de." and "du." are left out: they are prepositions elsewhere.
_HALVES = {
    "am": ("am", "ante meridiem", "上午", "午前", "오전", "πμ", "ص", "صباحا", "sáng", "öö"),
    "pm": ("pm", "post meridiem", "下午", "午後", "오후", "μμ", "م", "مساء", "chiều", "ös"),
}
# Scripts whose words may be cut short anywhere: Latin, Greek, Cyrillic, Armenian lie below this.
_END_OF_EUROPEAN_SCRIPTS = "\u0590"
_MIN_PREFIX = 3
_PLAIN = str.maketrans(
    {"\u0131": "i", "ł": "l", "đ": "d"} | dict.fromkeys(" .-'\u2019\u02bc\u05f3\u05f4\u0970\u00a0\u202f\u200c\u200d")
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """The months (1 to 12), weekdays (0 is Monday) and half of the day that a word may mean.

    `languages` says for each month in which languages the word has it, and under 0 those that have it as a weekday.
    """

    months: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    half: str | None = None
    languages: dict[int, frozenset[str]] = field(default_factory=dict)


NOTHING = Meaning()


def meaning(word: str) -> Meaning:
    """What a word, or a few words without what stands between them, means in a date."""
    key = fold(word)
    known = _words()
    # Hebrew writes "in May" as one word.
    return known.get(key) or (known.get(key[1:]) if key[:1] == "ב" else None) or NOTHING


def fold(word: str) -> str:
    """The key under which a word is looked up: no case, accents, dots, apostrophes or blanks."""
    plain = word.casefold()
    if not plain.isascii():
        # Accents only: the vowel signs of Indian scripts are combining marks as well, but make words differ.
        plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not _is_accent(c))
    return plain.translate(_PLAIN)


def _is_accent(character: str) -> bool:
    return "\u0300" <= character <= "\u036f" or "\u064b" <= character <= "\u0655"


@cache
def _words() -> dict[str, Meaning]:
    months, weekdays = _named("m"), _named("w")
    for key, numbers in _prefixes(months).items():
        months.setdefault(key, numbers)
    for table, more in ((months, _MORE_MONTHS), (weekdays, _MORE_WEEKDAYS)):
        for key, number in more.items():
            table.setdefault(key, {number: set()})
    halves = {fold(word): half for half, words in _HALVES.items() for word in words}
    return {
        key: _meaning(months.get(key, {}), weekdays.get(key, {}), halves.get(key))
        for key in {*months, *weekdays, *halves}
    }


def _named(wanted: str) -> dict[str, dict[int, set[str]]]:
    """What each name means in which languages: months ("m", 1 to 12) or weekdays ("w", 0 to 6)."""
    table: dict[str, dict[int, set[str]]] = {}
    for line in (files(__package__) / "calendar_words.tsv").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            language, kind, *columns = line.split("\t")
            for number, names in enumerate(columns if kind == wanted else (), 1 if kind == "m" else 0):
                for key in filter(None, map(fold, names.split("|"))):
                    table.setdefault(key, {}).setdefault(number, set()).add(language)
    return table


def _prefixes(months: dict[str, dict[int, set[str]]]) -> dict[str, dict[int, set[str]]]:
    """Months cut short, as people do; where two months begin alike ("jui"), both."""
    table: dict[str, dict[int, set[str]]] = {}
    for name, numbers in months.items():
        if name < _END_OF_EUROPEAN_SCRIPTS:
            for end in range(_MIN_PREFIX, len(name)):
                for number, languages in numbers.items():
                    table.setdefault(name[:end], {}).setdefault(number, set()).update(languages)
    return table


def _meaning(months: dict[int, set[str]], weekdays: dict[int, set[str]], half: str | None) -> Meaning:
    languages = {number: frozenset(names) for number, names in months.items()}
    if weekdays:
        languages[0] = frozenset().union(*weekdays.values())
    return Meaning(months=frozenset(months), weekdays=frozenset(weekdays), half=half, languages=languages)
