"""A verb of speech in its sentence: whether it is a verb here, who its subject is, in which form it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker.steps.facts.speech.adverbials import skip_back_adverbs
from worker.steps.facts.speech.behind import content_behind
from worker.steps.facts.speech.levels import read_quoted_as
from worker.steps.facts.speech.lexicon import Frame, media
from worker.steps.facts.speech.phrases import (
    AUXILIARY,
    COORDINATOR,
    CUE,
    DETERMINER,
    NAME,
    PASSED_OVER,
    PREPOSITION,
    PRONOUN,
    QUOTE,
    RELATIVE,
    SUBORDINATOR,
    phrase_after,
    phrase_before,
    source_after,
)
from worker.steps.facts.speech.placing import complete, read_inverted
from worker.steps.facts.speech.reading import DASHES
from worker.steps.facts.speech.saying import Saying
from worker.steps.facts.speech.subjects import main_subject, subject_before

if TYPE_CHECKING:
    from worker.steps.facts.speech.phrases import Phrase
    from worker.steps.facts.speech.saying import Verb

# Behind one of these a word is no verb.
LEADS_TO_NOUN: Final = frozenset(
    {"the", "a", "an", "its", "their", "his", "her", "our", "your", "my", "every", "each", "no", "any", "another"}
)
_BE: Final = frozenset({"is", "are", "was", "were", "be", "been", "being", "am", "it's", "he's", "she's", "they're"})
_COUNTS: Final = frozenset(
    {"two", "three", "four", "five", "six", "several", "many", "these", "those", "some", "other"}
)
_PLURAL: Final = frozenset({"people", "police", "percent", "i", "we", "you", "they", "some", "many", "most", "others"})
_ANY_NUMBER: Final = frozenset({"who", "that", "which"})
_PARTICIPLE_AFTER: Final = frozenset(
    {"by", "after", "before", "without", "in", "upon", "when", "while", "of", "for", "from"}
)
# "The man asked to go", "the talks expected to go on": their subject does not ask and expect.
_DONE_TO: Final = frozenset({"expect", "ask", "tell", "urge", "order", "request", "project", "instruct", "advise"})
# "That led Smith to reply": who is made to speak stands between.
_MAKES: Final = frozenset(
    {"led", "leading", "prompted", "prompting", "forced", "forcing", "caused", "causing", "moved", "provoked"}
)
_MAX_MADE_ITEMS: Final = 20
_HAS: Final = frozenset({"has", "have", "had"})
_NOUN: Final = int(Frame.NOUN)
_SPEAKS: Final = int(Frame.SAY | Frame.TELL)
_HAS_CONTENT: Final = int(Frame.TELL | Frame.OBJECT | Frame.THAT | Frame.SAY)
_MAX_PART_ITEMS: Final = 40
_POSSESSIVE: Final = ("'s", "\u2019s")


def read_verb(verb: Verb) -> Saying | None:
    """The act of speech of this verb, or None when it is no verb here or nobody says anything by it."""
    reading = verb.reading
    previous = verb.first - 1
    if previous >= verb.low and reading.kinds[previous] & PASSED_OVER:
        previous = skip_back_adverbs(reading, previous, verb.low)
    within = previous >= verb.low
    at, kind = (reading.words[previous], reading.kinds[previous]) if within else ("", 0)
    if at == "to":
        return _infinitive(verb)
    if verb.cue.lemma in {"quote", "cite"} and (quoted := read_quoted_as(verb)) is not None:
        return quoted
    if verb.cue.form == "ing":
        return _participle(verb, at, kind, is_first=not within)
    if verb.cue.form in {"past", "participle"} and at in _BE:
        return _passive(verb)
    if at in LEADS_TO_NOUN or kind & PREPOSITION or (verb.cue.form == "participle" and not kind & AUXILIARY):
        return None
    return read_inverted(verb) or _finite(verb, previous, at, kind)


def _infinitive(verb: Verb) -> Saying | None:
    """ "This led him to reply: "No."" Other infinitives say what nobody has said yet."""  # noqa: D210 - begins with a quotation
    reading = verb.reading
    behind = content_behind(reading, verb.span, verb.high, verb.cue)
    if behind is None or not behind.quotes or not verb.cue.frames & _SPEAKS:
        return None
    first = max(verb.low, verb.first - _MAX_MADE_ITEMS)
    makes = next((item for item in range(verb.first - 1, first, -1) if reading.words[item] in _MAKES), None)
    made = phrase_after(reading, makes + 1, verb.first - 1) if makes is not None else None
    if made is None and not behind.quoted:
        return None
    source = made or _governing_subject(verb)
    return complete(verb, source, "infinitive") if source is not None else None


def _participle(verb: Verb, at: str, kind: int, *, is_first: bool) -> Saying | None:
    reading = verb.reading
    source: Phrase | None = None
    if reading.words[verb.first] in media()["occasion"] and not kind and not is_first:
        return None  # a press briefing
    if at in _BE:
        source, rule = subject_before(reading, verb.first - 1, verb.low), "progressive"
    elif is_first:
        source, rule = main_subject(reading, verb.low, verb.high), "participle-first"
    elif kind & (DETERMINER | RELATIVE | PRONOUN):
        return None
    elif kind & COORDINATOR:
        source, rule = verb.before[-1].source if verb.before else None, "participle-and"
    elif kind & QUOTE or at in DASHES or at in _PARTICIPLE_AFTER or not kind & (PREPOSITION | CUE | SUBORDINATOR):
        source, rule = _own_subject(verb) or _governing_subject(verb), "participle"
        if source is None and at in _PARTICIPLE_AFTER:
            source = main_subject(reading, verb.low, verb.high)
    else:
        return None
    return complete(verb, source, rule) if source is not None else None


def _own_subject(verb: Verb) -> Phrase | None:
    """The subject that a participle has of its own: "with the crowd chanting", "has Smith saying"."""
    reading = verb.reading
    found = phrase_before(reading, verb.first - 1, verb.low)
    if found is None or found[0] <= verb.low:
        return None
    before = reading.words[found[0] - 1]
    if verb.cue.lemma == "read" and found[1] == verb.first - 1:
        return found  # "in a hat reading ..."
    return found if before == "with" or (before in _HAS and reading.kinds[found[0]] & NAME) else None


def _passive(verb: Verb) -> Saying | None:
    """ "He was told that ...", "the talks are expected to ...": who says so is not said."""  # noqa: D210
    reading = verb.reading
    by = verb.last + 1
    source = source_after(reading, by + 1, verb.high) if by < verb.high and reading.words[by] == "by" else None
    span = (verb.first, source[1]) if source is not None else verb.span
    behind = content_behind(reading, span, verb.high, verb.cue, passive=True)
    if behind is None or not verb.cue.frames & _HAS_CONTENT:
        return None
    subject = subject_before(reading, verb.first - 1, verb.low)
    if subject is None:
        return None
    return Saying(
        cue=verb.span,
        source=source,
        content=(behind.start if verb.cue.lemma in {"tell", "ask"} else reading.starts[subject[0]], behind.end),
        rule="passive",
        lemma=verb.cue.lemma,
        unit=(verb.low, verb.high),
        quotes=behind.quotes,
    )


def _finite(verb: Verb, previous: int, at: str, kind: int) -> Saying | None:
    reading = verb.reading
    words = reading.words
    if kind & COORDINATOR or (at == "," and words[previous - 1] in {"and", "then"}):
        source, rule = _governing_subject(verb), "joined"
    else:
        source, rule = subject_before(reading, previous, verb.low), "finite"
    if source is not None and words[source[1]] in {"which", "that"}:
        source = _antecedent(verb, source)
    if source is None or _is_reduced(verb, source) or not _agrees(verb, source, kind):
        return None
    return complete(verb, source, rule)


def _antecedent(verb: Verb, source: Phrase) -> Phrase | None:
    """Who "which" and "that" stand for; they say something only where a quotation follows."""
    behind = content_behind(verb.reading, verb.span, verb.high, verb.cue)
    if behind is None or not behind.quotes:
        return None
    if verb.reading.words[source[1]] == "which":
        return source
    return phrase_before(verb.reading, source[1] - 1, verb.low) or source


def _is_reduced(verb: Verb, source: Phrase) -> bool:
    """Whether a past form is a participle without its "be": "with talks expected to go on"."""
    words = verb.reading.words
    if verb.cue.form != "past":
        return False
    if source[0] > verb.low and words[source[0] - 1] == "with":
        return True
    to_follows = verb.last + 1 < verb.high and words[verb.last + 1] == "to"
    named = verb.reading.kinds[source[1]] & (NAME | PRONOUN | RELATIVE)
    return to_follows and verb.cue.lemma in _DONE_TO and not named


def _agrees(verb: Verb, source: Phrase, kind: int) -> bool:  # noqa: PLR0911 - one case per form
    """Whether subject and form go together: of words that are nouns as well, "the claims" is no verb."""
    words, kinds = verb.reading.words, verb.reading.kinds
    head = words[source[1]]
    if head.endswith(_POSSESSIVE):
        return False
    joined = "and" in words[source[0] : source[1]]
    named = bool(kinds[source[1]] & NAME)
    if kind & AUXILIARY or verb.cue.form not in {"base", "s"}:
        return True
    if not verb.cue.frames & _NOUN:
        singular = verb.cue.form == "base" and named and source[1] == verb.first - 1 and not joined
        return not singular or head.endswith("s")
    if head.endswith(("s'", "s\u2019")):
        return False
    plural = head in _PLURAL or head in _ANY_NUMBER or joined or (head.endswith("s") and not head.endswith("ss"))
    if verb.cue.form == "base":
        return plural and not (named and source[0] == source[1] and head not in _PLURAL and head not in _ANY_NUMBER)
    if kinds[source[0]] & DETERMINER and any(word in _COUNTS for word in words[source[0] : source[1] + 1]):
        return False
    if plural and head not in _ANY_NUMBER and not named:
        return False
    return named or bool(kinds[source[1]] & (PRONOUN | RELATIVE) or kinds[source[0]] & DETERMINER)


def _governing_subject(verb: Verb) -> Phrase | None:
    """The subject of a participle, or of a verb behind "and": that of the verb before that is in no other's content."""
    reading = verb.reading
    low = _behind_semicolon(verb)
    for index in range(len(verb.before) - 1, -1, -1):
        saying = verb.before[index]
        if saying.cue[0] < low:
            break
        cue = saying.cue[0]
        inner = any(other.content[0] <= reading.starts[cue] < other.content[1] for other in verb.before[:index])
        if saying.source is not None and not inner and reading.kinds[cue] & CUE:
            return saying.source
    return main_subject(reading, low, verb.first)


def _behind_semicolon(verb: Verb) -> int:
    """Where the part of the sentence begins that the verb is in: "...; his deputy went further and spoke of ..."."""
    words = verb.reading.words
    first = max(verb.low, verb.first - _MAX_PART_ITEMS)
    return next((item + 1 for item in range(verb.first - 1, first - 1, -1) if words[item] == ";"), verb.low)
