"""The message as a consumer has it: `from_json` gives the value of a record typed, frozen, its spans with their text.

This module needs the standard library and nothing else of this package: it can be copied into a consumer.
"""

from __future__ import annotations

import datetime as dt
import json
import types
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A piece of the article's text. Offsets count Unicode code points into `ArticleMessage.text`, end exclusive."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the article came from. No address holds credentials."""

    feed_id: str
    feed_title: str | None
    publisher: str | None
    guid: str | None
    url: str | None
    canonical_url: str | None
    also_in: tuple[str, ...]
    retrieved_at: dt.datetime
    content_from: str
    raw_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant:
    """A moment as the publisher gave it, with its UTC offset; `surface` is the value as written."""

    at: dt.datetime
    origin: str
    precision: str
    surface: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """An attached file."""

    url: str
    type: str | None
    length_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A point on the earth, degrees, WGS 84."""

    lat: float
    lon: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Dateline(Span):
    """The line that opens a wire story."""

    city: str | None
    region: str | None
    country: str | None
    country_code: str | None
    date: dt.date | None
    agency: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidOn(Span):
    """The day that the text names for a statement. `date` is ISO 8601, as coarse as the words: 2025-05-24, 2025-05."""

    date: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote(Span):
    """What someone is quoted to have said; `continues` is an index into the quotes of the message."""

    kind: str
    speaker: str | None
    speaker_mention: Span | None
    verb: Span | None
    medium: str | None
    medium_mention: Span | None
    day: SaidOn | None
    continued: bool
    continues: int | None
    nested: tuple[Span, ...]
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Whose word something is that does not stand in quotation marks."""

    source: Span | None
    source_resolved: str | None
    cue: Span | None
    content: Span
    via: Span | None
    day: SaidOn | None
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure(Span):
    """A number that counts or measures; `refers_to` is an index into the figures of the message."""

    kind: str
    value: float | int | None
    values: tuple[float | int, ...]
    noun: str | None
    noun_mention: Span | None
    unit: str | None
    approx: bool
    bound: str | None
    per: str | None
    refers_to: int | None
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """Figures that add up to another one: indexes into the figures of the message."""

    total: int
    parts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Someone who is named."""

    name: str
    role: str | None
    role_mention: Span | None
    organisation: str | None
    country: str | None
    country_code: str | None
    mentions: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """A body that is named."""

    name: str
    type: str
    country_code: str | None
    mentions: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place that is named; degrees, WGS 84."""

    name: str
    kind: str
    country_code: str | None
    lat: float | int | None
    lon: float | int | None
    geonames_id: int | None
    aliases: tuple[str, ...]
    mentions: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeMention(Span):
    """A mention of time. `date` is ISO 8601 text; `from_` and `to` are the first and last day of what it names."""

    kind: str
    date: str | None
    from_: dt.date | None
    to: dt.date | None
    rule: str
    anchor: dt.date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsEvent:
    """Something that happened, goes on or is expected; `figures` are indexes into the figures of the message."""

    type: str
    family: str
    plover: tuple[str, ...]
    status: str
    trigger: Span
    parties: tuple[str, ...]
    places: tuple[str, ...]
    date: dt.date | None
    until: dt.date | None
    figures: tuple[int, ...]
    evidence: tuple[Span, ...]
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """How the fields were made."""

    rules: str
    warnings: tuple[str, ...]
    truncated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleMessage:
    """One revision of an article. The fields are those of schemas/article.v1.schema.json, which describes each.

    What may grow within a major version, such as the kinds of figures, is a `str`: treat one you do not know as other.
    """

    id: str
    revision: int
    change: Literal["published", "revised", "withdrawn"]
    changed: tuple[str, ...]
    source: Source
    language: str | None
    date: dt.date | None
    published_at: Instant | None
    updated_at: Instant | None
    headline: str | None
    byline: str | None
    section: str | None
    tags: tuple[str, ...]
    media: tuple[Media, ...]
    location: Location | None
    dateline: Dateline | None
    lead: Span | None
    paragraphs: tuple[Span, ...]
    text: str
    fingerprint: tuple[int, ...] | None
    quotes: tuple[Quote, ...]
    attributions: tuple[Attribution, ...]
    figures: tuple[Figure, ...]
    sums: tuple[Sum, ...]
    actors: tuple[Actor, ...]
    organisations: tuple[Organisation, ...]
    places: tuple[Place, ...]
    dates: tuple[TimeMention, ...]
    events: tuple[NewsEvent, ...]
    extraction: Extraction

    def surface(self, start: int, end: int) -> str:
        """The text from `start` to `end`: for a span, what its own `text` says."""
        return self.text[start:end]


def from_json(value: bytes | str) -> ArticleMessage:
    """The message in the value of a record. Fields that this version does not know are passed over, at any depth.

    A field that came with a later version of the schema has a default here, which it gets when the message lacks it.

    Raises:
        ValueError: if it is not JSON, or any other field is missing or of another type; the text names the field.
    """
    return from_data(json.loads(value))


def from_data(data: Any) -> ArticleMessage:
    """The message in data that was JSON; see `from_json`.

    Raises:
        ValueError: if a field is missing or of another type; the text names the field.
    """
    message: ArticleMessage = _read(ArticleMessage, data, "message")
    return message


@cache
def _plan(kind: Any) -> tuple[tuple[str, str, Any, bool], ...]:
    """The fields of a class: its name here, its name in JSON, what it holds, and whether it must be there."""
    hints = get_type_hints(kind)
    return tuple(
        (field.name, field.name.rstrip("_"), hints[field.name], field.default is MISSING) for field in fields(kind)
    )


def _read(kind: Any, value: Any, path: str) -> Any:
    origin = get_origin(kind)
    if is_dataclass(kind):
        return _object(kind, value, path)
    if origin in (Union, types.UnionType):
        return _one_of(get_args(kind), value, path)
    if origin is tuple:
        if not isinstance(value, list):
            raise ValueError(f"{path}: must be a list")
        return tuple(_read(get_args(kind)[0], item, f"{path}[{index}]") for index, item in enumerate(value))
    if origin is Literal:
        if value not in get_args(kind):
            raise ValueError(f"{path}: must be one of {', '.join(get_args(kind))}")
        return value
    return _scalar(kind, value, path)


def _object(kind: Any, value: Any, path: str) -> Any:
    if not isinstance(value, dict):
        raise ValueError(f"{path}: must be an object")  # noqa: TRY004 - the data is wrong, not the program
    found = {}
    for name, key, inner, needed in _plan(kind):
        if key in value:
            found[name] = _read(inner, value[key], f"{path}.{key}")
        elif needed:
            raise ValueError(f"{path}.{key}: is missing")
    return kind(**found)


def _one_of(kinds: tuple[Any, ...], value: Any, path: str) -> Any:
    if value is None and types.NoneType in kinds:
        return None
    plain = [kind for kind in kinds if kind is not types.NoneType]
    exact = [kind for kind in plain if kind is type(value)]
    return _read((exact or plain)[0], value, path)


def _scalar(kind: Any, value: Any, path: str) -> Any:
    if kind in (dt.date, dt.datetime):
        try:
            return kind.fromisoformat(value)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{path}: must be a {kind.__name__} of ISO 8601") from error
    if kind is float and type(value) is int:
        return float(value)
    # A bool is an int to Python, and not to JSON.
    if type(value) is not kind:
        raise ValueError(f"{path}: must be of type {kind.__name__}")
    return value
