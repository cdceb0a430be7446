"""A row of the Global Knowledge Graph of GDELT, version 2.1 (codebook of 19 February 2015): 27 columns.

Offsets count code points into the message's text, as everywhere. Tone, themes and counts by theme are not measured
here, and their columns stay empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from worker.steps.export.plain import countries, stamp, urn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from worker.model.message import ArticleMessage, Place, Span, TimeMention

COLUMNS = (
    "GKGRECORDID",
    "V2.1DATE",
    "V2SOURCECOLLECTIONIDENTIFIER",
    "V2SOURCECOMMONNAME",
    "V2DOCUMENTIDENTIFIER",
    "V1COUNTS",
    "V2.1COUNTS",
    "V1THEMES",
    "V2ENHANCEDTHEMES",
    "V1LOCATIONS",
    "V2ENHANCEDLOCATIONS",
    "V1PERSONS",
    "V2ENHANCEDPERSONS",
    "V1ORGANIZATIONS",
    "V2ENHANCEDORGANIZATIONS",
    "V1.5TONE",
    "V2.1ENHANCEDDATES",
    "V2GCAM",
    "V2.1SHARINGIMAGE",
    "V2.1RELATEDIMAGES",
    "V2.1SOCIALIMAGEEMBEDS",
    "V2.1SOCIALVIDEOEMBEDS",
    "V2.1QUOTATIONS",
    "V2.1ALLNAMES",
    "V2.1AMOUNTS",
    "V2.1TRANSLATIONINFO",
    "V2EXTRASXML",
)

_WEB, _CITATION_ONLY = "1", "2"
# A quantity of something. What is a share, a rank or a relation is no amount in the codebook's sense.
_AMOUNTS = frozenset({"count", "total", "duration", "age", "money", "measure", "anaphoric", "number"})
# What separates blocks and fields in the columns: it cannot be escaped, and so is left out of values.
_BLANKED = dict.fromkeys(map(ord, "\t\r\n;#|,"), " ")


def gkg(message: ArticleMessage) -> str:
    """The message as one tab-separated row, without the line break."""
    url = message.source.canonical_url
    people = [(actor.name, span.start) for actor in message.actors for span in actor.mentions]
    bodies = [(body.name, span.start) for body in message.organisations for span in body.mentions]
    images = [media.url for media in message.media if (media.type or "").startswith("image/")]
    row = {
        "GKGRECORDID": f"{stamp(message.source.retrieved_at)}-{message.id}:{message.revision}",
        "V2.1DATE": _dated(message),
        "V2SOURCECOLLECTIONIDENTIFIER": _CITATION_ONLY if url is None else _WEB,
        "V2SOURCECOMMONNAME": _plain(_common_name(message)),
        "V2DOCUMENTIDENTIFIER": urn(message) if url is None else url,
        "V1LOCATIONS": ";".join(dict.fromkeys(_location(place) for place in _located(message))),
        "V2ENHANCEDLOCATIONS": _in_order((_location(place, span.start), span.start) for place, span in _where(message)),
        "V1PERSONS": ";".join(dict.fromkeys(_plain(name) for name, _ in people)),
        "V2ENHANCEDPERSONS": _offsets(people),
        "V1ORGANIZATIONS": ";".join(dict.fromkeys(_plain(name) for name, _ in bodies)),
        "V2ENHANCEDORGANIZATIONS": _offsets(bodies),
        "V2.1ENHANCEDDATES": ";".join(filter(None, map(_date, message.dates))),
        "V2GCAM": f"wc:{len(message.text.split())}",
        "V2.1SHARINGIMAGE": images[0] if images else "",
        "V2.1RELATEDIMAGES": ";".join(url.replace(";", "%3B") for url in images[1:]),
        "V2.1QUOTATIONS": "#".join(
            f"{quote.start}|{quote.end - quote.start}|{_words('' if quote.verb is None else quote.verb.text)}"
            f"|{_words(quote.text)}"
            for quote in message.quotes
        ),
        "V2.1ALLNAMES": _all_names(message),
        "V2.1AMOUNTS": ";".join(
            f"{figure.value:.15g},{_plain(figure.noun or figure.unit or '')},{figure.start}"
            for figure in message.figures
            if figure.value is not None and figure.kind in _AMOUNTS
        ),
        "V2EXTRASXML": _extras(message),
    }
    return "\t".join(row.get(column, "") for column in COLUMNS)


def _dated(message: ArticleMessage) -> str:
    if message.published_at is not None:
        return stamp(message.published_at.at)
    return "0" if message.date is None else f"{message.date:%Y%m%d}000000"


def _common_name(message: ArticleMessage) -> str:
    source = message.source
    host = urlsplit(source.canonical_url or "").hostname
    return host.removeprefix("www.") if host else source.publisher or source.feed_id


def _plain(text: str) -> str:
    return " ".join(text.translate(_BLANKED).split())


def _words(text: str) -> str:
    """A quotation keeps its commas and semicolons: only # and | separate there."""
    return " ".join(text.replace("#", " ").replace("|", " ").split())


def _offsets(names: Iterable[tuple[str, int]]) -> str:
    return _in_order((f"{_plain(name)},{start}", start) for name, start in names)


def _in_order(blocks: Iterable[tuple[str, int]]) -> str:
    return ";".join(block for block, _ in sorted(blocks, key=lambda one: (one[1], one[0])))


def _located(message: ArticleMessage) -> list[Place]:
    """Places of the kinds that GDELT knows: countries, their first division, and cities."""
    return [
        place
        for place in message.places
        if place.kind in {"country", "region", "city"}
        and place.country_code in countries()
        and place.lat is not None
        and place.lon is not None
    ]


def _where(message: ArticleMessage) -> Iterable[tuple[Place, Span]]:
    return ((place, span) for place in _located(message) for span in place.mentions)


def _location(place: Place, start: int | None = None) -> str:
    """Type#FullName#CountryCode#ADM1Code#[ADM2Code#]Latitude#Longitude#FeatureID[#CharacterOffset]."""
    country = countries()[place.country_code or ""]
    american = place.country_code == "US"
    kind = {"country": 1, "region": 2 if american else 5, "city": 3 if american else 4}[place.kind]
    is_country = place.kind == "country"
    full_name = place.name if is_country else f"{place.name}, {country.name}"
    first_division = country.fips if is_country else ""
    feature_id = country.fips if is_country else ""
    fields = [
        str(kind),
        full_name.translate(dict.fromkeys(map(ord, "\t#;"), " ")),
        country.fips,
        first_division,
        *([] if start is None else [""]),
        f"{place.lat:.15g}",
        f"{place.lon:.15g}",
        feature_id,
        *([] if start is None else [str(start)]),
    ]
    return "#".join(fields)


def _date(time: TimeMention) -> str:
    """Resolution#month#day#year#offset; a resolution of 1 is a year, 2 a month, 3 a day."""
    parts = (time.date or "").split("-")
    if not all(part.isdigit() for part in parts) or len(parts[0]) != len("2025"):
        return ""
    year, month, day = (*(int(part) for part in parts), 0, 0)[:3]
    return f"{len(parts)}#{month}#{day}#{year}#{time.start}"


def _all_names(message: ArticleMessage) -> str:
    mentions = (
        *(span for actor in message.actors for span in actor.mentions),
        *(span for body in message.organisations for span in body.mentions),
        *(span for place in message.places for span in place.mentions),
    )
    return _offsets({(span.text, span.start) for span in mentions})


def _extras(message: ArticleMessage) -> str:
    precise = None if message.published_at is None else stamp(message.published_at.at)
    fields = {
        "PAGE_TITLE": message.headline,
        "PAGE_AUTHORS": message.byline,
        "PAGE_PRECISEPUBTIMESTAMP": precise,
    }
    return "".join(
        f"<{name}>{escape(' '.join(value.split()))}</{name}>" for name, value in fields.items() if value is not None
    )
