"""What was found, in the types of the model: with names, days and media resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker.model.facts import Attribution, Quote, Span
from worker.steps.facts.speech.documents import is_by, is_document
from worker.steps.facts.speech.medium import find_day, find_medium

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.model.facts import TimeMention
    from worker.steps.facts.speech.attaching import Attached
    from worker.steps.facts.speech.phrases import Phrase
    from worker.steps.facts.speech.reading import Reading
    from worker.steps.facts.speech.resolving import Resolver
    from worker.steps.facts.speech.saying import Saying

_MAX_SAYINGS_BACK: Final = 8


class Teller:
    """Puts what was found into the model's types, with names, days and media resolved."""

    def __init__(self, reading: Reading, resolver: Resolver, times: Sequence[TimeMention]) -> None:
        self.reading = reading
        self.resolver = resolver
        self.times = sorted(times, key=lambda mention: mention.span.start)
        self.time_starts = [mention.span.start for mention in self.times]
        self.resolved: dict[Phrase, str | None] = {}
        self.speakers: dict[int, str | None] = {}
        self.authors: dict[int, Saying] = {}
        self.days: dict[int, TimeMention | None] = {}
        self.spans: dict[Phrase, Span] = {}
        self.quotes: list[Quote] = []
        self.index_of: dict[int, int] = {}

    def tell(
        self, sayings: list[Saying], attached: list[Attached]
    ) -> tuple[tuple[Quote, ...], tuple[Attribution, ...]]:
        """The quotations and attributions."""
        sources = {saying.source for saying in sayings} | {one.source for one in attached}
        # In the order of the text: whom a pronoun stands for depends on who spoke before.
        self.resolved = {source: self.resolver.name(source) for source in sorted(filter(None, sources))}
        for index, saying in enumerate(sayings):
            self.speakers[id(saying)] = self.resolved[saying.source] if saying.source else None
            if saying.source and is_document(self.reading, saying.source):
                self._find_author(saying, sayings[max(0, index - _MAX_SAYINGS_BACK) : index])
            self.days[id(saying)] = find_day(self.reading, saying, self.times, self.time_starts)
        has_double = any(one.family == "double" for one in self.reading.marked)
        for one in attached:
            family = self.reading.marked[one.quote].family
            direct = one.saying is not None and one.saying.direct
            # Doubled apostrophes are a transcriber's; single marks are quotations where the text has no double ones.
            if family == "double" or (family == "single" and direct and not has_double):
                self._quote(one)
        return tuple(self.quotes), tuple(self._attribution(saying) for saying in sayings)

    def _find_author(self, saying: Saying, before: list[Saying]) -> None:
        """ "The post added": it is by whom the sentence is that told of the post, or went on from it."""  # noqa: D210
        reading = self.reading
        for author in reversed(before):
            if not reading.is_near(author.cue[0], saying.cue[0]):
                return
            if saying.source and is_by(reading, saying.source, author):
                self.speakers[id(saying)] = self.speakers[id(author)]
                self.authors[id(saying)] = author
                return

    def _quote(self, one: Attached) -> None:
        reading, saying = self.reading, one.saying
        marked = reading.marked[one.quote]
        continues = self.index_of.get(one.follows) if one.follows is not None else None
        medium = None
        if saying is None:
            speaker = self.resolved[one.source] if one.source is not None else None
        else:
            speaker = self.speakers[id(saying)]
            medium = find_medium(reading, saying, self.resolver.outlets)
            author = self.authors.get(id(saying))
            if author is not None:
                # "The post added": it goes on with what is quoted from that post, and is by the same medium.
                own = [quote for quote in author.quotes if quote in self.index_of]
                continues = self.index_of[own[-1]] if own else continues
                before = find_medium(reading, author, self.resolver.outlets)
                medium = medium or ((before[0], None) if before else None)
        self.index_of[one.quote] = len(self.quotes)
        self.quotes.append(
            Quote(
                span=Span.of(self.reading.text, marked.start, marked.end),
                kind="direct",
                speaker=speaker,
                mention=self._span(one.source),
                verb=self._span(saying.cue) if saying is not None else None,
                medium=medium[0] if medium else None,
                medium_span=medium[1] if medium else None,
                day=self.days[id(saying)] if saying is not None else None,
                continues=continues,
                nested=tuple([Span.of(self.reading.text, *span) for span in sorted(marked.nested)])
                if marked.nested
                else (),
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
        span = self.spans.get(phrase)
        if span is None:
            start, end = self.reading.starts[phrase[0]], self.reading.ends[phrase[1]]
            span = self.spans[phrase] = Span.of(self.reading.text, start, end)
        return span
