"""Documents that speak for whoever made them: "the post added", "the statement said"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker.steps.facts.speech.lexicon import media

if TYPE_CHECKING:
    from worker.steps.facts.speech.phrases import Phrase
    from worker.steps.facts.speech.reading import Reading
    from worker.steps.facts.speech.saying import Saying

_POINTS_BACK: Final = frozenset({"the", "that", "this"})
_MAX_DOCUMENT_ITEMS: Final = 2
_MAX_MADE_ITEMS: Final = 4
# Verbs by which a post or a letter is made, and those by which a document goes on.
_MAKES: Final = frozenset({"tweet", "retweet", "post", "write"})
_GOES_ON: Final = frozenset({"add", "continue", "conclude"})
# Words for the same thing.
_SAME: Final = ({"post", "tweet", "message", "thread"}, {"statement", "release"}, {"letter", "email", "e-mail", "note"})


def is_document(reading: Reading, phrase: Phrase) -> bool:
    """Whether the phrase is a post, statement or the like that was spoken of before."""
    first, last = phrase
    return (
        reading.words[last] in media()["document"]
        and 0 < last - first <= _MAX_DOCUMENT_ITEMS
        and reading.words[first] in _POINTS_BACK
    )


def is_by(reading: Reading, document: Phrase, author: Saying) -> bool:
    """Whether the document is that of an earlier sentence: "said in a statement ...", "sharing a post, he said ..."."""
    noun = reading.words[document[1]]
    nouns = next((same for same in _SAME if noun in same), {noun})
    if author.source is not None and is_document(reading, author.source):
        return reading.words[author.source[1]] in nouns
    if author.lemma in _MAKES:
        return True
    low, high = author.unit
    begin, end = author.content
    for item in range(low, high):
        if reading.words[item] in nouns and (author.direct or not begin <= reading.starts[item] < end):
            before = reading.words[max(low, item - _MAX_MADE_ITEMS) : item]
            return any(word in media()["making"] for word in before)
    return False
