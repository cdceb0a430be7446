"""On which side of an event a party stands: who does it, whom it is done to, and who only tells of it."""

from __future__ import annotations

from bisect import bisect_left
from operator import attrgetter
from typing import TYPE_CHECKING, Final, Literal

from worker.steps.facts.events.lexicon import AUXILIARY, Word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.steps.facts.events.moods import Mention
    from worker.steps.facts.events.reading import Sentence
    from worker.steps.facts.events.roles import Named
    from worker.steps.facts.prose import Prose

Side = Literal["sources", "targets", "others"]

_START = attrgetter("start")

# Families whose events are seldom the deed of who tells of them, and the words that say that they are: "said it shot".
_HARM: Final = frozenset({"violence", "disaster", "arrest", "crime", "protest", "territory"})
_SUFFERED: Final = frozenset({"death", "displacement"})
_OWN: Final = frozenset({"it", "its", "they", "their", "we", "our", "he", "she"})
# How many words of "Israel's prime minister said" may stand between a name and its verb.
_HEAD_REACH: Final = 4
# And how many of "said the Iranian Deputy Foreign Minister".
_TITLE_REACH: Final = 10
# A party stands no farther from what it does, in characters.
_PARTY_REACH: Final = 600
# No clause has as many words.
_CLAUSE_REACH: Final = 100
_OPENS_CLAUSE: Final = Word.REPORTING | Word.SUBORDINATOR
_BESIDE_VERB: Final = AUXILIARY | Word.ADVERB | Word.REPEATED
_PARTICIPLES: Final = frozenset({"past", "participle"})
_FINITE: Final = frozenset({"past", "s"})
_LEANING: Final = ("pro-", "Pro-", "anti-", "Anti-")
_BY: Final = (" by ", " by the ")
_JOINS: Final = frozenset({"and", ",", "the"})
_NO_PARTY_AFTER: Final = frozenset(
    {"in", "at", "near", "around", "across", "outside", "inside", "throughout", "off", "from", "border"}
)
_FORMER: Final = frozenset({"former", "ex", "ex-"})
# A capital behind one of these is the city: "flew to Moscow".
_NO_STATE_AFTER: Final = frozenset({"to", "for", "via", "of", "s"})
_QUARTERS: Final = frozenset(
    {
        *("northern", "southern", "eastern", "western", "central", "north-eastern", "north-western", "south-eastern"),
        *("northeastern", "northwestern", "southeastern", "southwestern", "south-western", "neighbouring"),
    }
)
# Who does these feels with others, and takes no part in what has harmed them.
MOURNING: Final = frozenset(
    {
        *(
            "mourn",
            "mourns",
            "mourned",
            "mourning",
            "condolences",
            "sympathy",
            "sympathies",
            "grief",
            "sorrow",
            "shock",
        ),
        *("tribute", "tributes", "solidarity", "grieved", "grieves", "sadness"),
    }
)
_MOURNING_REACH: Final = 5
# What somebody does to a deed of others: neither "Egypt condemned the coup" nor "Egypt hailed the truce" is Egypt's.
_ATTITUDES: Final = frozenset(
    {"condemnation", "support", "accusation", "accusation_of", "denial", "complaint", "refusal", "investigation"}
)
# Nobody does these.
_NATURAL: Final = frozenset(
    {"earthquake", "flood", "storm", "volcano", "landslide", "drought", "wildfire", "disease_outbreak"}
)
_CONDITIONS: Final = frozenset({"if", "unless", "while"})
_RANKS: Final = frozenset({"worst", "first", "most"})
_RANKED_REACH: Final = 5
_COLONS: Final = frozenset(";:")


def side_of(mention: Mention, clause: int, one: Named, before: Sequence[str]) -> Side | None:
    """On which side of an event a party stands: before an active verb and after "by" is who does it."""
    if one.end <= mention.start:
        if one.start < clause:
            return "others"
        return "targets" if mention.candidate.passive else "sources"
    if one.start < mention.end:
        # "the Russian attack"; "accused Israel of"; "called for Israel to"
        accused: Side | None = "targets" if mention.event.mood == "accuse" else None
        return "sources" if mention.candidate.form == "noun" else accused
    if before and before[-1] == "by":
        return "sources"
    if mention.status != "called_for" or "against" in before[-2:] or "on" in before[-2:]:
        return "targets"
    return None


def can_be_party(prose: Prose, sentence: Sentence, here: int, one: Named) -> bool:
    """Whether somebody named may take part by the words beside the name; a capital stands for its state."""
    words, first = sentence.words, sentence.first
    if prose.text.endswith(_LEANING, 0, one.start):
        return False
    before = words[here - 1] if here else ""
    if before in _QUARTERS and here > 1:
        before = words[here - 2]  # "from eastern Congo"
    if before in _NO_PARTY_AFTER or "border" in words[max(here - 3, 0) : here]:
        return False
    # "A former Acme banker"; "the largest since the Iraq war".
    is_measure = "since" in words[max(here - 2, 0) : here] and prose.text.startswith(" war", one.end)
    if before in _FORMER or is_measure:
        return False
    if one.place is None or one.place == one.party:
        return True
    behind = bisect_left(prose.words, (one.end, 0), first + here, first + len(words)) - first
    if before in _NO_STATE_AFTER or behind >= len(words):
        return before not in _NO_STATE_AFTER
    # "Moscow said", "Moscow's", not "Moscow residents".
    kind = sentence.kinds[behind]
    return not words[behind][0].isalpha() or bool(kind & (Word.SMALL | Word.TRIGGER))


def subject_starts(mentions: Sequence[Mention], named: Sequence[Named], prose: Prose) -> list[int]:
    """Where a subject of its own begins before the verb of each mention but the first, and 0 where none does.

    "India arrested six men and Nepal expelled two": what stands from Nepal on is not of the arrest, nor the other way.
    """
    starts = [0] * len(mentions)
    for at in range(1, len(mentions)):
        mention, behind = mentions[at], mentions[at - 1].end
        if mention.candidate.form == "noun":
            continue
        sentence = mention.sentence
        verb = prose.words[sentence.first + mention.candidate.at][0]
        for index in range(bisect_left(named, verb, key=_START) - 1, -1, -1):
            one = named[index]
            if one.start < behind:
                break
            if one.end > verb or prose.text.endswith(_BY, 0, one.start):
                continue
            if not starts[at] and not _is_only_auxiliary(prose, sentence, one.end, mention.candidate.at):
                break
            if starts[at] and not _JOINS.issuperset(prose.text[one.end : starts[at]].split()):
                break
            starts[at] = one.start
    return starts


def _is_only_auxiliary(prose: Prose, sentence: Sentence, start: int, verb: int) -> bool:
    first = sentence.first
    at = bisect_left(prose.words, (start, 0), first, first + verb) - first
    return all(kind & _BESIDE_VERB for kind in sentence.kinds[at:verb])


def is_of_another(at: int, one: Named, mentions: Sequence[Mention], starts: Sequence[int]) -> bool:
    """Whether a party belongs to another mention of the sentence than the one at `at`, by the subjects of the verbs."""
    mention = mentions[at]
    if max(one.start - mention.end, mention.start - one.end) > _PARTY_REACH:
        return True
    if any(
        mention.end <= other.start and other.end <= one.start and other.candidate.form in _FINITE
        for other in mentions[at + 1 :]
    ):
        return True  # "seized power and detained the president" is no seizing of the president
    for place, start in enumerate(starts):
        if start and (one.start >= start if at < place else one.end <= start):
            return True
    if mention.event.name in _NATURAL or _is_ranked(mention, one) or _is_condition(mention, one):
        return True
    # "Iraq blamed the rebels for the attack" is no attack of Iraq's, nor of those in "condemned the attack and urged".
    is_harm = does_harm(mention)
    return (
        mention.candidate.form == "noun" or (mention.candidate.form == "ing" and not mention.tense.progressive)
    ) and any(
        ((is_harm or other.event.name in _ATTITUDES) and one.end <= other.start and other.end <= mention.start)
        or (is_harm and mention.end <= other.start and other.end <= one.start)
        for other in (*mentions[:at], *mentions[at + 1 :])
        if _is_verb(other)
    )


def _is_condition(mention: Mention, one: Named) -> bool:
    """Whether a party stands in a condition behind an event: "will send arms if Moscow does not yield"."""
    if one.start < mention.end or mention.sentence.prose is None:
        return False
    return not _CONDITIONS.isdisjoint(mention.sentence.prose.text[mention.end : one.start].split())


def _is_ranked(mention: Mention, one: Named) -> bool:
    """Whether an event is only the worst of a country: "Peru's deadliest shooting"."""
    if mention.event.family != "violence" or one.end > mention.start or mention.sentence.prose is None:
        return False
    between = mention.sentence.prose.text[one.end : mention.start].split()
    return len(between) <= _RANKED_REACH and any(word.endswith("est") or word in _RANKS for word in between)


def _is_verb(mention: Mention) -> bool:
    return mention.candidate.form not in {"noun", "words"}


def is_speaker(prose: Prose, sentence: Sentence, here: int, one: Named) -> bool:
    """Whether a party only tells of what happened: "the ministry said", ", said the ministry", "according to Iran"."""
    words, kinds, first = sentence.words, sentence.kinds, sentence.first
    behind = bisect_left(prose.words, (one.end, 0), first + here, first + len(words)) - first
    for place in range(behind, min(behind + _HEAD_REACH, len(words))):
        if kinds[place] & Word.REPORTING:
            return True
        if (kinds[place] & Word.SMALL and words[place] != "and") or not words[place][0].isalpha():
            break
    place = here - 1
    while place > max(here - _TITLE_REACH, 0) and (words[place] == "the" or prose.written[first + place][0].isupper()):
        place -= 1  # "said the Iranian Foreign Minister"
    if place < 1:
        return False
    if words[place] == "to":
        return words[place - 1] == "according"
    return bool(kinds[place] & Word.REPORTING) and not words[place - 1][0].isalnum()


def side_of_speaker(mention: Mention, one: Named, prose: Prose, side: Side) -> Side | None:
    """On which side of an event who tells of it stands: on none of one that does harm, unless it is its own deed."""
    is_harm = does_harm(mention)
    if one.start > mention.start:
        return None if is_harm or mention.event.mood is None else "others"
    if not is_harm:
        return side
    if mention.event.family == "disaster":
        return None
    between = prose.text[one.end : mention.start].lower().split()
    return None if _OWN.isdisjoint(between) else side


def is_mourner(prose: Prose, sentence: Sentence, here: int, one: Named) -> bool:
    """Whether a party only feels with those whom something has harmed: "Chile offered its condolences"."""
    words, first = sentence.words, sentence.first
    behind = bisect_left(prose.words, (one.end, 0), first + here, first + len(words)) - first
    return not MOURNING.isdisjoint(words[behind : behind + _MOURNING_REACH])


def does_harm(mention: Mention) -> bool:
    """Whether an event is one that harms somebody."""
    return mention.event.family in _HARM or mention.event.name in _SUFFERED


def clause_start(mention: Mention, earlier: Sequence[Mention], prose: Prose) -> int:
    """Where the clause of a mention begins: behind the last reporting verb or conjunction before it.

    "A U.S. judge freed a Peruvian who joined a march": what stands before another event is not what "who" stands for.
    """
    sentence = mention.sentence
    words, kinds = sentence.words, sentence.kinds
    start = mention.candidate.start
    verb = mention.candidate.at - 1
    while verb > 0 and kinds[verb] & _BESIDE_VERB:
        verb -= 1
    is_reduced = mention.candidate.form in _PARTICIPLES and words[start + 1 : start + 2] == ["of"]
    if earlier and verb > 0 and (kinds[verb] & Word.RELATIVE or is_reduced) and _is_verb(mention):
        return earlier[-1].end
    for at in range(start - 1, max(start - _CLAUSE_REACH, 0) - 1, -1):
        if kinds[at] & _OPENS_CLAUSE or words[at] in _COLONS:
            return prose.words[sentence.first + at][0]
    return 0
