"""One act of speech, as it is put together from a sentence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from worker.steps.facts.speech.lexicon import Cue
    from worker.steps.facts.speech.phrases import Phrase
    from worker.steps.facts.speech.reading import Reading


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


@dataclass(slots=True, kw_only=True)
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
        """Whether "not" stands between subject and verb."""
        words = self.reading.words[source[1] : self.first]
        return any(word == "not" or word.endswith(("n't", "n\u2019t")) for word in words)
