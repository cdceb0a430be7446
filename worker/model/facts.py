"""Facts found in a text, each with the place where it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

# What a mention of time names. A `duration` and a `set` ("every Friday") name no point of time.
TimeKind = Literal[
    "day",
    "night",
    "time",
    "week",
    "weekend",
    "month",
    "season",
    "quarter",
    "year",
    "decade",
    "range",
    "duration",
    "set",
    "vague",
]
FigureKind = Literal[
    "count",
    "total",
    "ratio",
    "ordinal",
    "duration",
    "age",
    "money",
    "percent",
    "measure",
    "score",
    "anaphoric",
    "number",
]
PlaceKind = Literal["country", "region", "city", "continent", "area", "water", "facility", "other"]


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of the article's text: `text[start:end]` is `surface`. Offsets count code points, end exclusive."""

    surface: str
    start: int
    end: int

    def __post_init__(self) -> None:
        if self.start < 0 or self.end - self.start != len(self.surface):
            raise ValueError(f"a span of {self.end - self.start} code points cannot be {self.surface!r}")

    @staticmethod
    def of(text: str, start: int, end: int) -> Span:
        """The span from `start` to `end`, which lie within `text`."""
        # A slice cannot be wrong: made without the check, and at half the cost by its slots.
        span = _new(Span)
        _set_surface(span, text[start:end])
        _set_start(span, start)
        _set_end(span, end)
        return span

    def holds(self, text: str) -> bool:
        """Whether `text` really has this surface at this place."""
        return text[self.start : self.end] == self.surface


_new = object.__new__
_set_surface, _set_start, _set_end = (vars(Span)[name].__set__ for name in ("surface", "start", "end"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Dateline:
    """The line that opens a wire story: where, when and by whom it was filed.

    `region` is what the line itself says after the city, as written ("Kyiv [Ukraine]", "PARIS, Texas");
    `country` and `country_code` (ISO 3166-1 alpha-2) are resolved and null when they cannot be.
    """

    span: Span
    city: str | None = None
    region: str | None = None
    country: str | None = None
    country_code: str | None = None
    date: date | None = None
    agency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How a text begins: an optional header line (`date 2025-05-24`), an optional dateline, then the story.

    `body_start` is the offset where the first paragraph's own words begin.
    """

    header_date: date | None = None
    dateline: Dateline | None = None
    body_start: int = 0

    def day(self, published_on: date | None) -> date | None:
        """The document's day: as its header says, else the day of publication, else the dateline's."""
        return self.header_date or published_on or (self.dateline.date if self.dateline else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeMention:
    """A mention of time. `value` is ISO 8601: 2025-05-24, 2025-05, 2025, 2025-W21, 2025-Q2, P2D; None when it is vague.

    `start_on` and `end_on` are the first and last day of what it names, as far as that is known. `rule` names the rule
    that resolved it, and `anchor` the day it was resolved from; both None for a date that stands in full.
    """

    span: Span
    kind: TimeKind
    value: str | None
    start_on: date | None = None
    end_on: date | None = None
    rule: str
    anchor: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number that counts or measures something.

    `values` are one number, or several for ranges and ratios. `noun` is what is counted, as written; `unit` is of money
    (ISO 4217), measures and percent. `bound` says on which side of the number the true one lies ("up to", "nearly");
    such a figure is `approximate` as well. `per` is "each" and the like. `refers_to` is the start of the figure that an
    anaphoric one ("as many") repeats.
    """

    span: Span
    values: tuple[float, ...]
    kind: FigureKind
    noun: Span | None = None
    unit: str | None = None
    approximate: bool = False
    bound: Literal["at_least", "at_most", "more_than", "less_than"] | None = None
    per: str | None = None
    refers_to: int | None = None
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """Figures that make up another one: indexes into the figures of the document, `parts` in order."""

    total: int
    parts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Someone who is named. `name` is the fullest form in the text; `mentions` are all of them, in order."""

    name: str
    role: str | None = None
    role_span: Span | None = None
    organisation: str | None = None
    country: str | None = None
    country_code: str | None = None
    mentions: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """A body that is named: government, military, company, party, media …"""

    name: str
    type: str
    country_code: str | None = None
    mentions: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place that is named. `latitude` and `longitude` in degrees, WGS 84; `geonames_id` where it has one."""

    name: str
    kind: PlaceKind
    country_code: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    geonames_id: int | None = None
    aliases: tuple[str, ...] = ()
    mentions: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demonym:
    """A word for the people or the things of a country ("Ukrainian")."""

    span: Span
    country_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """All that is named in a text."""

    people: tuple[Person, ...] = ()
    organisations: tuple[Organisation, ...] = ()
    places: tuple[Place, ...] = ()
    demonyms: tuple[Demonym, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What someone is quoted to have said. `span` is what stands inside the marks.

    `speaker` is the resolved name, `mention` what stands for the speaker in the text. `continues` is the index of the
    quotation of the same article that this one goes on from ("The post added"). `nested` are quotations inside.
    """

    span: Span
    kind: Literal["direct", "indirect"]
    speaker: str | None = None
    mention: Span | None = None
    verb: Span | None = None
    medium: str | None = None
    medium_span: Span | None = None
    day: TimeMention | None = None
    continues: int | None = None
    nested: tuple[Span, ...] = ()
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Whose word something is: `source` says `content`. `via` is who reports the source (Al Jazeera)."""

    source: Span | None
    source_name: str | None
    cue: Span | None
    content: Span
    via: Span | None = None
    day: TimeMention | None = None
    rule: str

    @property
    def direct(self) -> bool:
        """Whether the content stands in quotation marks, and so is a `Quote` as well."""
        return self.rule.startswith("direct:")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsEvent:
    """Something that happened, goes on, is expected, or was demanded, as the text tells it.

    `categories` are of PLOVER (openeventdata.org), the likeliest first; `type` is our finer name, and `family` one of
    few: violence, protest, arrest, territory, diplomacy, disaster, crime, other.
    `parties`, `places` and `figures` name what else was found in the text; `evidence` are the sentences it rests on.
    """

    type: str
    family: str = "other"
    categories: tuple[str, ...]
    trigger: Span
    status: Literal["occurred", "ongoing", "expected", "called_for", "threatened", "denied"]
    parties: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    start_on: date | None = None
    end_on: date | None = None
    figures: tuple[int, ...] = ()
    evidence: tuple[Span, ...] = ()
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that was found in a text."""

    names: Names = field(default_factory=Names)
    times: tuple[TimeMention, ...] = ()
    figures: tuple[Figure, ...] = ()
    sums: tuple[Sum, ...] = ()
    quotes: tuple[Quote, ...] = ()
    attributions: tuple[Attribution, ...] = ()
    events: tuple[NewsEvent, ...] = ()

    def spans(self) -> Iterator[Span]:
        """Every span, in no order."""
        names = self.names
        yield from (mention for person in names.people for mention in person.mentions)
        yield from (mention for organisation in names.organisations for mention in organisation.mentions)
        yield from (mention for place in names.places for mention in place.mentions)
        yield from (person.role_span for person in self.names.people if person.role_span is not None)
        yield from (demonym.span for demonym in self.names.demonyms)
        yield from (time.span for time in self.times)
        for figure in self.figures:
            yield from _given(figure.span, figure.noun)
        for quote in self.quotes:
            yield from _given(quote.span, quote.mention, quote.verb, quote.medium_span, *quote.nested)
        for attribution in self.attributions:
            yield from _given(attribution.source, attribution.cue, attribution.content, attribution.via)
        for event in self.events:
            yield from _given(event.trigger, *event.evidence)


def _given(*spans: Span | None) -> Iterator[Span]:
    return (span for span in spans if span is not None)
