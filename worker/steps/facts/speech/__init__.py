"""Who says what: quotations with their speakers, and what is attributed to a source without marks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker.model.facts import Attribution, Quote, Span
from worker.steps.facts.speech.attaching import attach
from worker.steps.facts.speech.marks import find_marked
from worker.steps.facts.speech.medium import find_day, find_medium
from worker.steps.facts.speech.reading import Reading, find_lines
from worker.steps.facts.speech.resolving import Resolver, is_document
from worker.steps.facts.speech.sayings import find_sayings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.model.facts import Names, TimeMention
    from worker.steps.facts.prose import Prose
    from worker.steps.facts.speech.attaching import Attached
    from worker.steps.facts.speech.phrases import Phrase
    from worker.steps.facts.speech.saying import Saying

__all__ = ["find_speech"]

# In a language whose verbs are not known, shorter pieces in marks are as often titles and names.
_MIN_CHARS_WITHOUT_VERBS: Final = 25


def find_speech(
    prose: Prose, names: Names, times: Sequence[TimeMention], *, language: str | None = "en"
) -> tuple[tuple[Quote, ...], tuple[Attribution, ...]]:
    """The quotations and the attributions of a text, each in the order of the text.

    A quotation is in both: as what stands within the marks, with its speaker; and as the content of an attribution,
    whose rule then begins with "direct". A quotation that is interrupted or goes on in the next paragraph is several,
    which name the one they continue; its attribution is one. Titles of works and words set off are no quotations.

    Args:
        prose: The text.
        names: Who is named in it; may be empty.
        times: The mentions of time in it.
        language: Its language (BCP 47); None when it is not known, and then it is read as English. In another
            language, only what stands in marks is found.
    """
    lines = find_lines(prose.text, prose.paragraphs)
    marked = find_marked(prose.text, lines)
    if language is not None and language.partition("-")[0] != "en":
        long = [one for one in marked if one.end - one.start >= _MIN_CHARS_WITHOUT_VERBS]
        spans = [Span.of(prose.text, one.start, one.end) for one in long]
        return tuple(Quote(span=span, kind="direct", rule="marks") for span in spans), ()
    reading = Reading(prose, marked, lines)
    sayings = find_sayings(reading)
    attached = attach(reading, sayings, _named(names))
    return _Teller(reading, names, times).tell(sayings, attached)


def _named(names: Names) -> frozenset[int]:
    people = (span.start for one in names.people for span in one.mentions)
    return frozenset(people) | {span.start for one in names.organisations for span in one.mentions}


class _Teller:
    """Puts what was found into the model's types, with names, days and media resolved."""

    def __init__(self, reading: Reading, names: Names, times: Sequence[TimeMention]) -> None:
        self.reading = reading
        self.resolver = Resolver(reading, names)
        self.times = sorted(times, key=lambda mention: mention.span.start)
        self.time_starts = [mention.span.start for mention in self.times]
        self.resolved: dict[Phrase, str | None] = {}
        self.speakers: dict[int, str | None] = {}
        self.days: dict[int, TimeMention | None] = {}
        self.quotes: list[Quote] = []
        self.index_of: dict[int, int] = {}

    def tell(
        self, sayings: list[Saying], attached: list[Attached]
    ) -> tuple[tuple[Quote, ...], tuple[Attribution, ...]]:
        """The quotations and attributions."""
        sources = {saying.source for saying in sayings} | {one.source for one in attached}
        # In the order of the text: whom a pronoun stands for depends on who spoke before.
        self.resolved = {source: self.resolver.name(source) for source in sorted(filter(None, sources))}
        for saying in sayings:
            self.speakers[id(saying)] = self.resolved[saying.source] if saying.source else None
            self.days[id(saying)] = find_day(self.reading, saying, self.times, self.time_starts)
        has_double = any(one.family == "double" for one in self.reading.marked)
        for one in attached:
            family = self.reading.marked[one.quote].family
            direct = one.saying is not None and one.saying.direct
            # Doubled apostrophes are a transcriber's; single marks are quotations where the text has no double ones.
            if family == "double" or (family == "single" and direct and not has_double):
                self._quote(one)
        return tuple(self.quotes), tuple(self._attribution(saying) for saying in sayings)

    def _quote(self, one: Attached) -> None:
        reading, saying = self.reading, one.saying
        marked = reading.marked[one.quote]
        continues = self.index_of.get(one.follows) if one.follows is not None else None
        medium = None
        if saying is None:
            speaker = self.resolved[one.source] if one.source is not None else None
        else:
            medium = find_medium(reading, saying)
            if self.quotes and one.source is not None and is_document(reading, one.source):
                # "The post added": it is by whom the quotation before is by, and by the same medium.
                before = self.quotes[-1]
                self.speakers[id(saying)] = before.speaker
                continues = len(self.quotes) - 1
                medium = medium or ((before.medium, None) if before.medium else None)
            speaker = self.speakers[id(saying)]
        self.index_of[one.quote] = len(self.quotes)
        self.quotes.append(
            Quote(
                span=Span.of(reading.text, marked.start, marked.end),
                kind="direct",
                speaker=speaker,
                mention=self._span(one.source),
                verb=self._span(saying.cue) if saying is not None else None,
                medium=medium[0] if medium else None,
                medium_span=medium[1] if medium else None,
                day=self.days[id(saying)] if saying is not None else None,
                continues=continues,
                nested=tuple(Span.of(reading.text, *span) for span in sorted(marked.nested)),
                rule=one.rule,
            )
        )

    def _attribution(self, saying: Saying) -> Attribution:
        return Attribution(
            source=self._span(saying.source),
            source_name=self.speakers[id(saying)],
            cue=self._span(saying.cue),
            content=Span.of(self.reading.text, *saying.content),
            via=self._span(saying.via),
            day=self.days[id(saying)],
            rule=f"{'direct:' if saying.direct else ''}{saying.rule}:{saying.lemma}",
        )

    def _span(self, phrase: Phrase | None) -> Span | None:
        if phrase is None:
            return None
        return Span.of(self.reading.text, self.reading.starts[phrase[0]], self.reading.ends[phrase[1]])
