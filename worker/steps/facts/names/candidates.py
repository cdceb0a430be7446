"""Runs of capitalised words, cut into names; what each is, as far as its own words and its neighbours say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.steps.facts.names import organisations, people, phrases
from worker.steps.facts.names.lexicons import cue, lexicon
from worker.steps.facts.names.mentions import Mention, mention
from worker.steps.facts.names.openings import is_no_name
from worker.steps.facts.names.single_words import take_alone
from worker.steps.facts.names.tokens import word_before

if TYPE_CHECKING:
    from worker.steps.facts.names.tokens import Token

# A name of more words is a headline's line.
_MOST_WORDS = 12
_MOST_PERSON_WORDS = 4
_NAMED_AFTER_PEOPLES = frozenset({"party", "culture", "education"})
_SITES = (".com", ".org", ".net", ".gov", ".tv", ".io")
_TOGETHER = frozenset({"", ".", "particle", "&"})
_BESIDE = frozenset({"", "."})


@dataclass(slots=True)
class _Place:
    """Where the reading stands in a run, and what begins there: a known name, an organisation by its head word."""

    text: str
    run: list[Token]
    at: int
    end: int  # index behind the words that stand together from here on
    known: Mention | None
    organisation: tuple[int, str] | None  # index behind it, type
    role: int  # words of title or office


def read_mentions(text: str, runs: list[list[Token]]) -> list[Mention]:
    """Every name of the runs, in order; `unknown` ones wait for what the rest of the text says."""
    found: list[Mention] = []
    for run in runs:
        if len(run) == 1 and take_alone(text, run, found):
            continue
        at = 0
        while at < len(run):
            at += 1 if is_no_name(run, at) else _take(text, run, at, found)
    return found


def _take(text: str, run: list[Token], at: int, found: list[Mention]) -> int:
    """Take the name that begins at this word; how many words it has."""
    size = phrases.demonym_length(run, at)
    if size == 2:
        return _take_demonym(text, run, at, 2, found)
    end = _together_end(run, at)
    place = _Place(
        text,
        run,
        at,
        end,
        known=phrases.longest(text, run, at),
        organisation=organisations.by_head(run, at, end),
        role=people.role_length(run, at, end),
    )
    if size and place.organisation is not None and _is_named_after_people(place):
        return _take_organisation(place, found)
    taken = _take_thing(place) or _take_known(place, found)
    if not taken and size:
        taken = _take_demonym(text, run, at, 1, found)
    return (
        taken
        or _take_titled(place, found)
        or _take_organisation(place, found)
        or _take_place(place, found)
        or _take_person(place, found)
        or _take_unknown(place, found)
    )


def _is_named_after_people(place: _Place) -> bool:
    """Whether a people is part of a name, because its head word alone says nothing: "British Museum"."""
    stop, kind = place.organisation or (0, "")
    return stop == place.at + 2 and kind in _NAMED_AFTER_PEOPLES


def _take_demonym(text: str, run: list[Token], at: int, size: int, found: list[Mention]) -> int:
    demonym = mention(text, run[at : at + size], "demonym", "demonym")
    demonym.country_code = phrases.demonym_country(run, at, size)
    found.append(demonym)
    return size


def _take_thing(place: _Place) -> int:
    """A thing or an event is nobody and nowhere, whatever names are in its own ("Lisbon Open")."""
    if place.organisation is not None or place.role:
        return 0
    size = phrases.thing_length(place.run, place.at, place.end)
    return size if place.known is None or len(place.known.tokens) < size else 0


def _take_known(place: _Place, found: list[Mention]) -> int:
    known = place.known
    if known is None or _is_part_of_person(place, known):
        return 0
    if place.organisation is not None and known.end < place.run[place.organisation[0] - 1].end:
        return 0
    found.append(known)
    return len(known.tokens)


def _is_part_of_person(place: _Place, known: Mention) -> bool:
    """Whether a known place is only the first of a person's names ("Paris Hilton", "Jordan Smith")."""
    after = place.at + 1
    if known.kind != "place" or len(known.tokens) > 1 or after >= len(place.run):
        return False
    words = lexicon()
    first, following = place.run[place.at].key, place.run[after].key
    if first not in words.first_names or place.run[after].gap not in {"", ".", "particle"}:
        return False
    if any(following in known_words for known_words in (words.heads, words.place_heads, words.things, words.offices)):
        return False
    return following in words.surnames or following not in words.common


def _take_titled(place: _Place, found: list[Mention]) -> int:
    """A title, and the person it stands before: "Foreign Minister Jane Doe"."""
    run, at, role = place.run, place.at, place.role
    if not role:
        return 0
    if place.organisation is not None and place.organisation[0] >= at + role:
        stop = place.organisation[0]
        if not any(token.key in lexicon().first_names for token in run[at + role : stop - 1]):
            # "Attorney General's Office" is no Attorney General.
            return 0
    start = at + role
    if start < len(run) and run[start].gap in _BESIDE:
        size = people.name_length(run, start, _together_end(run, start), titled=True)
        if size:
            person = mention(place.text, run[start : start + size], "person", "title")
            person.role = (run[at].start, run[start - 1].end)
            found.append(person)
            return role + size
    return role


def _take_organisation(place: _Place, found: list[Mention]) -> int:
    if place.organisation is None:
        return 0
    stop, kind = place.organisation
    named = mention(place.text, place.run[place.at : stop], "organisation", "head word")
    named.type = kind
    found.append(named)
    return stop - place.at


def _take_place(place: _Place, found: list[Mention]) -> int:
    named = phrases.place_by_head(place.text, place.run, place.at, place.end)
    if named is None:
        return 0
    found.append(named)
    return len(named.tokens)


def _take_person(place: _Place, found: list[Mention]) -> int:
    size = people.name_length(place.run, place.at, place.end, titled=False)
    if size:
        found.append(mention(place.text, place.run[place.at : place.at + size], "person", "first name"))
        return size
    if place.known is not None:
        found.append(place.known)
        return len(place.known.tokens)
    return 0


def _take_unknown(place: _Place, found: list[Mention]) -> int:
    """A name that no word of the lexicon places; its form makes a guess."""
    words = lexicon()
    run, at = place.run, place.at
    stop = at + 1
    while stop < place.end and not _ends_unknown(run[stop]):
        stop += 1
    tokens = run[at:stop]
    key = tokens[0].key
    before = word_before(place.text, tokens[0].start)
    unknown = mention(place.text, tokens, "unknown", "capitals")
    if len(tokens) == 1:
        if key.endswith(_SITES):
            unknown.kind, unknown.rule, unknown.type = "organisation", "address", "company"
        elif key in cue("alone") and not tokens[0].opens:
            unknown.kind, unknown.rule, unknown.type = (
                "organisation",
                "head alone",
                words.heads.get(key, ("other", ""))[0],
            )
        elif tokens[0].opens and key in words.common and key not in words.surnames and key not in words.first_names:
            unknown.rule = "opening word"
    elif before != "the" and not _is_wordy(tokens):
        _guess(unknown)
    found.append(unknown)
    return len(tokens)


def _ends_unknown(token: Token) -> bool:
    words = lexicon()
    key = token.key
    return (
        key in words.demonyms
        or key in words.never
        or key in words.titles
        or (key in words.offices and key not in words.surnames)
    )


def _guess(unknown: Mention) -> None:
    first, last = unknown.tokens[0].surface, unknown.tokens[-1].surface
    if any(token.gap == "&" for token in unknown.tokens[1:]):
        unknown.kind, unknown.rule, unknown.type = "organisation", "ampersand", "company"
    elif (last.isupper() and len(last) > 1) or (first.isupper() and len(first) > 2):
        unknown.kind, unknown.rule, unknown.type = "organisation", "acronym within", "other"
        unknown.weak = True
    elif len(unknown.tokens) <= _MOST_PERSON_WORDS:
        unknown.kind, unknown.rule, unknown.weak = "person", "unknown words", True


def _is_wordy(tokens: list[Token]) -> bool:
    """Whether ordinary words are among those of an unknown name, other than a surname at its end."""
    words = lexicon()
    last = tokens[-1].key
    return any(token.key in words.common for token in tokens[:-1]) or (
        last in words.common and last not in words.surnames
    )


def _together_end(run: list[Token], at: int) -> int:
    """The index behind the last word that stands beside the one before it, without a preposition."""
    words = lexicon()
    function = cue("function")
    end = at + 1
    most = min(len(run), at + _MOST_WORDS)
    while end < most and run[end].gap in _TOGETHER:
        key = run[end].key
        if key in function or (key.endswith("day") and key in words.never):
            break
        end += 1
    return end
