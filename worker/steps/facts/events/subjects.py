"""What a text is about: sport and markets borrow the words of war."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from worker.steps.facts.events.lexicon import words_of_kinds
from worker.steps.facts.events.parties import STATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.steps.facts.events.lexicon import Lexicon
    from worker.steps.facts.events.moods import Mention
    from worker.steps.facts.events.reading import Sentence
    from worker.steps.facts.events.roles import Roles
    from worker.steps.facts.prose import Prose

# The families and types that are news in a story of sport as well.
SERIOUS: Final = frozenset(
    {"disaster", "crime", "arrest", "resignation", "appointment", "death", "investigation", "bombing"}
)
_OPENING: Final = 900
_OPENING_WORDS: Final = 170
_SIGNS: Final = ".,:;()'\"-"
_FIRST_WORDS: Final = 8
_KIND_WORDS: Final = 3
_KIND_SHARE: Final = 0.03
# Who tells of his own life borrows the words of war as well.
_FIRST_PERSON: Final = frozenset({"i", "my", "me", "i'm", "i've", "i\u2019m", "i\u2019ve"})
_QUOTED: Final = re.compile(r'"[^"]{0,900}"|\u201c[^\u201d]{0,900}\u201d')
_MARKET_WORDS: Final = 2
_OF_MARKETS: Final = frozenset(
    {"economy_results", "economy_merger", "layoffs", "sanctions", "strike", "talks", "agreement"}
)
# What only a party can do: without one in the sentence the words mean something else.
_NEEDS_PARTY: Final = frozenset(
    {
        "refusal",
        "failure",
        "demand",
        "advice",
        "proposal",
        "promise",
        "plan",
        "threat",
        "concession",
        "support",
        "cooperation",
        "aid",
        "agreement",
        "condemnation",
        "order",
        "visit",
    }
)

# Events of any walk of life. All others are of public affairs: elsewhere their words mean something else, or nothing
# worth telling ("the growers' union lent 24 drones", "the silence is the warning").
_PRIVATE_FAMILIES: Final = frozenset({"disaster", "crime"})
# These only where somebody is harmed or the law steps in; and some of them are of armies alone.
_HARMING: Final = frozenset({"violence", "arrest"})
_HARMED_OR_LAW: Final = ("police", "court", "criminal", "crimeword", "person")
_MILITARY: Final = frozenset({"offensive", "blockade", "weapons_seizure", "demolition", "ceasefire_violation"})
_PRIVATE: Final = frozenset(
    {
        "appointment",
        "resignation",
        "dismissal",
        "death",
        "economy_results",
        "economy_merger",
        "layoffs",
        "strike",
        "lawsuit",
        "shooting",
        "killing",
        "abduction",
        "sexual_violence",
        "bombing",
        "arson",
        "looting",
    }
)
# What two bodies of any kind can do with each other.
_MUTUAL: Final = frozenset({"agreement", "cooperation", "talks"})
_PUBLIC_SENTENCES: Final = 0.1
_POLITICAL_SENTENCES: Final = 0.3
# A shorter text says too little of what it is about.
_LEAST_SENTENCES: Final = 4


def of_its_kind(
    told: list[tuple[Mention, Roles]], prose: Prose, sentences: Sequence[Sentence], lexicon: Lexicon
) -> tuple[list[tuple[Mention, Roles]], bool]:
    """The mentions that a text of its kind can tell, and whether it is about public affairs: states, politics, war."""
    count = len(prose.sentences)
    bits = lexicon.class_bits["public"]
    public = sum(1 for sentence in sentences if sentence.has & bits)
    is_elsewhere = public < _POLITICAL_SENTENCES * count and _is_elsewhere(prose)
    bits |= lexicon.class_bits["war"]
    public = sum(1 for sentence in sentences if sentence.has & bits)
    if not is_elsewhere and (count < _LEAST_SENTENCES or public >= _POLITICAL_SENTENCES * count):
        return told, True
    if is_elsewhere or public < _PUBLIC_SENTENCES * count:
        law = lexicon.class_bits["police"] | lexicon.class_bits["court"]
        return [
            (mention, roles)
            for mention, roles in told
            if _is_private(mention, roles, lexicon)
            and not (is_elsewhere and mention.event.family == "violence" and not mention.sentence.has & law)
        ], False
    return [
        (mention, roles)
        for mention, roles in told
        if mention.sentence.has & bits
        or mention.event.family == "arrest"
        or any(party[0] == STATE for party in (*roles.sources, *roles.targets))
        or _is_private(mention, roles, lexicon)
    ], True


def _is_private(mention: Mention, roles: Roles, lexicon: Lexicon) -> bool:
    """Whether an event may be told in a text, or a part of it, that is not about public affairs."""
    if mention.type == "casualties":
        return bool(roles.figures)
    if mention.type in _PRIVATE or mention.event.family in _PRIVATE_FAMILIES:
        return True
    if mention.event.family in _HARMING or mention.type == "investigation":
        return mention.type not in _MILITARY and any(
            mention.sentence.has & lexicon.class_bits[name] for name in _HARMED_OR_LAW
        )
    return mention.type in _MUTUAL and bool(roles.sources) and bool(roles.targets)


def is_sport(prose: Prose, lexicon: Lexicon) -> bool:
    """Whether a text is about sport, by the words with which it opens."""
    return _is_of_kind(_words(prose.text[:_OPENING]), lexicon.of_class("sport"))


def _is_elsewhere(prose: Prose) -> bool:
    """Whether a text is about the arts, about science or about its writer."""
    words = prose.lowered[:_OPENING_WORDS]
    if any(_is_of_kind(words, kind) for kind in words_of_kinds().values()):
        return True
    if _FIRST_PERSON.isdisjoint(words):
        return False
    return _is_of_kind(_words(_QUOTED.sub(" ", prose.text[:_OPENING])), _FIRST_PERSON)


def _words(text: str) -> list[str]:
    return [word.strip(_SIGNS) for word in text.lower().split()]


def _is_of_kind(words: Sequence[str], kind: frozenset[str]) -> bool:
    """Whether many of the words with which a text opens are of a kind."""
    if kind.isdisjoint(words):
        return False  # as most texts
    # What stands first is the name of the sport, if it is one.
    count = sum(2 if at < _FIRST_WORDS else 1 for at, word in enumerate(words) if word in kind)
    return count >= _KIND_WORDS and count >= _KIND_SHARE * len(words)


def is_market_talk(mention: Mention, lexicon: Lexicon) -> bool:
    """Whether a sentence is about prices, where a crash is no accident and a yield no concession."""
    sentence = mention.sentence
    bit = lexicon.class_bits["market"]
    if not sentence.has & bit or mention.type in _OF_MARKETS:
        return False
    return sum(1 for kind in sentence.kinds if kind & bit) >= _MARKET_WORDS


def has_party(mention: Mention, roles: Roles) -> bool:
    """Whether somebody named takes part, where the event asks for it; the opening sentence may name them otherwise."""
    if not mention.sentence.index:
        return True
    if mention.type == "displacement":
        return bool(roles.sources or roles.targets or roles.places or roles.figures)
    return mention.type not in _NEEDS_PARTY or bool(roles.sources or roles.targets)
