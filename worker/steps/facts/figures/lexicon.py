"""The words of numbers, money, measures and of what stands around them, by language."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Final

from worker.steps.facts.gazetteer import lexicon_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from worker.model.facts import FigureKind
    from worker.steps.facts.figures.draft import Bound

# The languages whose words are listed; texts in others give only what signs alone say.
LANGUAGES: Final = frozenset({"en"})
_UNIT_KINDS: Final[Mapping[str, FigureKind]] = {"percent": "percent", "duration": "duration", "measure": "measure"}
_BOUNDS: Final[Mapping[str, Bound]] = {
    "at_least": "at_least",
    "at_most": "at_most",
    "more_than": "more_than",
    "less_than": "less_than",
}
_PLURAL_ENDS: Final = ("s", "men", "women", "people", "children")
_PLURAL_LETTERS: Final = frozenset("sne")
_NO_PLURAL_ENDS: Final = ("ss", "us", "is", "'s", "\u2019s")


@dataclass(frozen=True, slots=True)
class Unit:
    """What a figure is measured in: `name` is a code of ISO 4217 for money, else an English name in the singular.

    A `glued` sign counts only when nothing stands between it and the figure.
    """

    kind: FigureKind
    name: str
    glued: bool = False


class _Classes(dict[str, frozenset[str]]):
    """Classes of words by name; those that a language does not list are empty."""

    def __missing__(self, name: str) -> frozenset[str]:
        return frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words of one language, in small letters; signs as they are written.

    `money_letters` are signs of one letter, for large sums only. `units` and `signs` are keyed by whole names,
    `longest` says of how many words the longest of those that begin with a word consists. `bounds` are phrases for
    limits ("no more than", and "or more" behind a number), `bound_ends` says of how many words the longest of those
    that end with a word consists. What the last fields hold tells at once, from one token, where nothing is found.
    """

    small: Mapping[str, int] = field(default_factory=dict)
    scale: Mapping[str, int] = field(default_factory=dict)
    short: Mapping[str, int] = field(default_factory=dict)
    dozen: Mapping[str, int] = field(default_factory=dict)
    pair: Mapping[str, int] = field(default_factory=dict)
    part: Mapping[str, int] = field(default_factory=dict)
    ordinal: Mapping[str, int] = field(default_factory=dict)
    few: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    vague: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    tens: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    units: Mapping[str, Unit] = field(default_factory=dict)
    longest: Mapping[str, int] = field(default_factory=dict)
    signs: Mapping[str, Unit] = field(default_factory=dict)
    money_signs: Mapping[str, str] = field(default_factory=dict)
    money_letters: Mapping[str, str] = field(default_factory=dict)
    classes: Mapping[str, frozenset[str]] = field(default_factory=_Classes)
    bounds: Mapping[str, Bound] = field(default_factory=dict)
    bound_ends: Mapping[str, int] = field(default_factory=dict)
    after_article: frozenset[str] = frozenset()
    begins: frozenset[str] = frozenset()
    compounding: frozenset[str] = frozenset()
    scales: frozenset[str] = frozenset()
    money_ends: frozenset[str] = frozenset()
    sign_begins: frozenset[str] = frozenset()
    rate_begins: frozenset[str] = frozenset()
    in_address: frozenset[str] = frozenset()
    triggers: frozenset[str] = frozenset()

    def is_plural(self, word: str) -> bool:
        """Whether a word in small letters looks like the plural of a noun."""
        classes = self.classes
        if not classes or word in classes["plural"]:
            return bool(classes)
        if word[-1:] not in _PLURAL_LETTERS or not word.endswith(_PLURAL_ENDS):
            return False
        if word.endswith(_NO_PLURAL_ENDS) or len(word) < 3:
            return False
        return word not in classes["not_plural"] and word not in classes["boundary"]

    def has(self, name: str, word: str) -> bool:
        """Whether the word is in the class of that name."""
        return word in self.classes[name]


@cache
def words_of(language: str | None) -> Words:
    """The words of a language; for one that is not listed, the signs that all languages share."""
    money_signs = dict(_money_signs())
    signs = {sign: unit for sign, unit in _signs() if language in LANGUAGES or not sign.isalpha()}
    if language not in LANGUAGES:
        return Words(signs=signs, money_signs=money_signs, money_ends=_ends(money_signs), sign_begins=_begins(signs))
    units = dict(_unit_words(language))
    letters = {sign[1:]: code for code, _, signs in _currencies() for sign in signs if sign.startswith("~")}
    longest: dict[str, int] = {}
    for name in units:
        first, *rest = name.split()
        longest[first] = max(longest.get(first, 0), 1 + len(rest))
    numbers = _numbers(language)
    small, scale, dozen, part, pair = ({w: int(v) for w, v in numbers[name].items()} for name in _NUMBER_CLASSES)
    bounds = dict(_bound_phrases(language))
    bound_ends: dict[str, int] = {}
    for phrase in bounds:
        parts = phrase.split()
        bound_ends[parts[-1]] = max(bound_ends.get(parts[-1], 0), len(parts))
    vague, tens = ({w: _bounds(v) for w, v in numbers[name].items()} for name in ("vague", "tens"))
    ordinal = {w: int(v) for w, v in numbers["ordinal"].items()}
    ordinal |= {
        f"{ten}-{rank}": value + ordinal[rank]
        for ten, value in small.items()
        if value >= 20
        for rank in ordinal
        if ordinal[rank] < 10
    }
    classes = _Classes((name, frozenset(members)) for name, members in _classes(language))
    found = {*small, *scale, *dozen, *pair, *vague, *tens, *ordinal, *part, "many", "same"}
    return Words(
        small=small,
        scale=scale,
        short={w: int(v) for w, v in numbers["short"].items()},
        dozen=dozen,
        pair=pair,
        part=part,
        ordinal=ordinal,
        few={w: _bounds(v) for w, v in numbers["few"].items()},
        vague=vague,
        tens=tens,
        units=units,
        longest=longest,
        signs=signs,
        money_signs=money_signs,
        money_letters=letters,
        classes=classes,
        bounds=bounds,
        bound_ends=bound_ends,
        after_article=frozenset({*numbers["few"], *pair, *scale, *dozen, *part, *longest}),
        begins=frozenset(
            {*small, *scale, *dozen, *vague, *tens, *ordinal, "half", "a", "an", "few", "several", "as", "same"}
        ),
        money_ends=_ends({*money_signs, *letters}),
        sign_begins=_begins(signs),
        in_address=classes["street"] | classes["compass"],
        rate_begins=frozenset({"/", "-", *classes["per"]}),
        scales=frozenset({*scale, *dozen, *numbers["short"]}),
        compounding=frozenset({*small, *scale, *dozen, *part}),
        triggers=frozenset(form for word in found for form in (word, word.capitalize(), word.upper())),
    )


def _ends(signs: Iterable[str]) -> frozenset[str]:
    """All ends of the signs, also in small letters: one of them is the last token of each."""
    ends = {sign[at:] for sign in signs for at in range(len(sign))}
    return frozenset({*ends, *map(str.lower, ends)})


def _begins(signs: Iterable[str]) -> frozenset[str]:
    """The same of their beginnings: one of them is the first token of each."""
    beginnings = {sign[:end] for sign in signs for end in range(1, len(sign) + 1)}
    return frozenset({*beginnings, *map(str.lower, beginnings)})


_NUMBER_CLASSES = ("small", "scale", "dozen", "part", "pair")


def _bounds(value: str) -> tuple[float, float]:
    low, _, high = value.partition(":")
    return float(low), float(high)


def _numbers(language: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for line in lexicon_lines(f"figures_numbers_{language}.tsv"):
        name, value, words = line.split("\t")
        found.setdefault(name, {}).update(dict.fromkeys(words.split("|"), value))
    return found


def _bound_phrases(language: str) -> Iterator[tuple[str, Bound]]:
    for line in lexicon_lines(f"figures_bounds_{language}.tsv"):
        bound, phrases = line.split("\t")
        yield from dict.fromkeys(phrases.split("|"), _BOUNDS[bound]).items()


def _classes(language: str) -> Iterator[tuple[str, list[str]]]:
    name, members = "", list[str]()
    for line in lexicon_lines(f"figures_words_{language}.txt"):
        if line.startswith("["):
            if name:
                yield name, members
            name, members = line[1:-1], []
        else:
            members += line.split()
    yield name, members


def _currencies() -> Iterable[tuple[str, str, list[str]]]:
    for line in lexicon_lines("figures_currencies.tsv"):
        code, name, signs = line.split("\t")
        yield code, name, signs.split("|") if signs else []


def _money_signs() -> Iterator[tuple[str, str]]:
    for code, _, signs in _currencies():
        yield code, code
        for sign in signs:
            if not sign.startswith("~"):
                yield sign, code


@cache
def _currency_names() -> Mapping[str, str]:
    return {code: name for code, name, _ in _currencies()}


def unit_name(unit: str) -> str:
    """The English name of a unit: of the currency for a code of ISO 4217 ("US dollar"), else the unit itself."""
    return _currency_names().get(unit, unit)


def _unit_lines(language: str) -> Iterator[tuple[FigureKind, str, list[str], list[str]]]:
    for line in lexicon_lines(f"figures_units_{language}.tsv"):
        kind, name, words, signs = line.split("\t")
        yield _UNIT_KINDS[kind], name, [word for word in words.split("|") if word], [s for s in signs.split("|") if s]


def _signs() -> Iterator[tuple[str, Unit]]:
    for kind, name, _, signs in _unit_lines("en"):
        for sign in signs:
            yield sign.removeprefix("~"), Unit(kind, name, glued=sign.startswith("~"))
    for code, _, signs in _currencies():
        for sign in (code, *signs):
            if not sign.startswith("~"):
                yield sign, Unit("money", code)
    yield "p", Unit("money", "penny", glued=True)


def _unit_words(language: str) -> Iterator[tuple[str, Unit]]:
    for kind, name, words, _ in _unit_lines(language):
        for word in words:
            yield word, Unit(kind, name)
            yield _plural(word), Unit(kind, name)
    for line in lexicon_lines(f"figures_currency_names_{language}.tsv"):
        code, names = line.split("\t")
        for name in names.split("|"):
            if name.startswith("~"):
                continue
            yield name, Unit("money", code)
            yield _plural(name), Unit("money", code)


def _plural(name: str) -> str:
    return name[:-1] + "ies" if name.endswith("y") and name[-2:-1] not in "aeou" else name + "s"
