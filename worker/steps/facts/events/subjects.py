"""What a text is about: sport and markets borrow the words of war."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from worker.steps.facts.events.lexicon import Lexicon
    from worker.steps.facts.events.moods import Mention
    from worker.steps.facts.events.roles import Roles
    from worker.steps.facts.prose import Prose

# The families and types that are news in a story of sport as well.
SERIOUS: Final = frozenset(
    {"disaster", "crime", "arrest", "resignation", "appointment", "death", "investigation", "bombing"}
)
_OPENING: Final = 900
_SIGNS: Final = ".,:;()'\"-"
_FIRST_WORDS: Final = 8
_SPORT_WORDS: Final = 3
_SPORT_SHARE: Final = 0.03
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


def is_sport(prose: Prose, lexicon: Lexicon) -> bool:
    """Whether a text is about sport, by the words with which it opens."""
    words = prose.text[:_OPENING].lower().split()
    sport = lexicon.of_class("sport")
    # What stands first is the name of the sport, if it is one.
    count = sum(2 if at < _FIRST_WORDS else 1 for at, word in enumerate(words) if word.strip(_SIGNS) in sport)
    return count >= _SPORT_WORDS and count >= _SPORT_SHARE * len(words)


def is_market_talk(mention: Mention, lexicon: Lexicon) -> bool:
    """Whether a sentence is about prices, where a crash is no accident and a yield no concession."""
    sentence = mention.sentence
    bit = lexicon.class_bits["market"]
    if not sentence.has & bit or mention.type in _OF_MARKETS:
        return False
    return sum(1 for kinds in sentence.classes if kinds & bit) >= _MARKET_WORDS


def has_party(mention: Mention, roles: Roles) -> bool:
    """Whether somebody named takes part, where the event asks for it; the opening sentence may name them otherwise."""
    if mention.type not in _NEEDS_PARTY or not mention.sentence.index:
        return True
    return bool(roles.sources or roles.targets)
