"""One act of speech, as it is put together from a sentence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from worker.steps.facts.speech.lexicon import Cue
    from worker.steps.facts.speech.phrases import Phrase
    from worker.steps.facts.speech.reading import Reading

_NOT: Final = ("n't", "n\u2019t")


@dataclass(slots=True, kw_only=True)
class Saying:
    """Items of source and cue, offsets of the content, the quotations in it by their index.

    `direct` says that the content is a quotation, `left` that it stands before its verb, `mental` that the source
    thinks or wants it rather than says it. `via` is who reports the source. `unit` is the sentence's range of items.
    """

    cue: Phrase
    source: Phrase | None
    content: tuple[int, int]
    rule: str
    lemma: str
    unit: tuple[int, int]
    quotes: list[int] = field(default_factory=list)
    direct: bool = False
    via: Phrase | None = None
    left: bool = False
    mental: bool = False


@dataclass(slots=True)
class Verb:
    """A verb of speech in its sentence: items `first` to `last`, the sentence's `low` to `high`, what came before."""

    reading: Reading
    cue: Cue
    first: int
    last: int
    unit: int
    low: int
    high: int
    before: list[Saying]

    @property
    def span(self) -> Phrase:
        """The verb's items."""
        return self.first, self.last

    def is_within_content(self) -> bool:
        """Whether the verb itself is part of what an earlier verb of the sentence says."""
        start = self.reading.starts[self.first]
        return any(other.content[0] <= start < other.content[1] for other in self.before)

    def is_negated(self, source: Phrase) -> bool:
        """Whether "not" stands before the verb, and in no insertion: "a man, who asked not to be named, said"."""
        for item in range(self.first - 1, source[1] - 1, -1):
            word = self.reading.words[item]
            if word == ",":
                return False
            if word == "not" or word.endswith(_NOT):
                return True
        return False
