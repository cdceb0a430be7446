"""schema.org NewsArticle as JSON-LD: one object per message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from worker.steps.export.plain import geonames_uri, given, located, rfc3339, urn

if TYPE_CHECKING:
    from datetime import date

    from worker.model.message import (
        Actor,
        ArticleMessage,
        Attribution,
        Dateline,
        Figure,
        Media,
        NewsEvent,
        Organisation,
        Place,
        Quote,
    )

_PLACES = {
    "country": "Country",
    "region": "AdministrativeArea",
    "city": "City",
    "continent": "Continent",
    "water": "BodyOfWater",
}


def jsonld(message: ArticleMessage) -> dict[str, Any]:
    """The message as a NewsArticle. People, organisations and places are `mentions`, what happened is `about`."""
    source = message.source
    return {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "@id": urn(message),
        **given(
            identifier=_identifier(message),
            version=message.revision,
            creativeWorkStatus="withdrawn" if message.change == "withdrawn" else None,
            url=source.canonical_url,
            mainEntityOfPage=source.canonical_url,
            headline=message.headline,
            author=None if message.byline is None else {"@type": "Person", "name": message.byline},
            publisher=_organization(source.publisher),
            isPartOf={"@type": "DataFeed", **given(identifier=source.feed_id, name=source.feed_title)},
            sdDatePublished=rfc3339(source.retrieved_at),
            datePublished=None if message.published_at is None else rfc3339(message.published_at.at),
            dateModified=None if message.updated_at is None else rfc3339(message.updated_at.at),
            dateCreated=_day(message.date),
            inLanguage=message.language,
            articleSection=message.section,
            keywords=list(message.tags),
            abstract=None if message.lead is None else message.lead.text,
            articleBody=message.text,
            wordCount=len(message.text.split()) or None,
            **_filed(message.dateline),
            contentLocation=_location(message),
            associatedMedia=[_media(media) for media in message.media],
            mentions=[
                *(_person(actor) for actor in message.actors),
                *(_body(body) for body in message.organisations),
                *(_place(place) for place in message.places),
                *(_quantity(figure) for figure in message.figures),
            ],
            about=[_event(event) for event in message.events],
            hasPart=[
                *(_quotation(quote) for quote in message.quotes),
                *(_claim(message, attribution) for attribution in message.attributions),
            ],
        ),
    }


def _identifier(message: ArticleMessage) -> str | list[Any]:
    guid = message.source.guid
    if guid is None:
        return message.id
    return [message.id, {"@type": "PropertyValue", "propertyID": "guid", "value": guid}]


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _filed(dateline: Dateline | None) -> dict[str, Any]:
    if dateline is None:
        return {}
    country = dateline.country_code or dateline.country
    place = {"@type": "Place", **given(name=located(dateline), address=_address(country))}
    return {"dateline": dateline.text, "locationCreated": place, "sourceOrganization": _organization(dateline.agency)}


def _address(country: str | None) -> dict[str, str] | None:
    return None if country is None else {"@type": "PostalAddress", "addressCountry": country}


def _organization(name: str | None) -> dict[str, str] | None:
    return None if name is None else {"@type": "Organization", "name": name}


def _geo(latitude: float | None, longitude: float | None) -> dict[str, Any] | None:
    if latitude is None or longitude is None:
        return None
    return {"@type": "GeoCoordinates", "latitude": latitude, "longitude": longitude}


def _location(message: ArticleMessage) -> dict[str, Any] | None:
    point = message.location
    return None if point is None else {"@type": "Place", "geo": _geo(point.lat, point.lon)}


def _media(media: Media) -> dict[str, Any]:
    kind = {"image": "ImageObject", "video": "VideoObject", "audio": "AudioObject"}
    size = None if media.length_bytes is None else f"{media.length_bytes} B"
    return {
        "@type": kind.get((media.type or "").partition("/")[0], "MediaObject"),
        **given(contentUrl=media.url, encodingFormat=media.type, contentSize=size),
    }


def _person(actor: Actor) -> dict[str, Any]:
    nationality = None if actor.country_code is None else {"@type": "Country", "identifier": actor.country_code}
    return {
        "@type": "Person",
        **given(
            name=actor.name,
            jobTitle=actor.role,
            affiliation=_organization(actor.organisation),
            nationality=nationality,
        ),
    }


def _body(body: Organisation) -> dict[str, Any]:
    return {"@type": "Organization", **given(name=body.name, address=_address(body.country_code))}


def _place(place: Place) -> dict[str, Any]:
    return {
        "@type": _PLACES.get(place.kind, "Place"),
        **given(
            name=place.name,
            alternateName=list(place.aliases),
            sameAs=geonames_uri(place.geonames_id),
            geo=_geo(place.lat, place.lon),
            address=_address(place.country_code),
        ),
    }


def _quantity(figure: Figure) -> dict[str, Any]:
    number = figure.value if figure.value is not None else list(figure.values)
    of_bound = {"at_least": "minValue", "more_than": "minValue", "at_most": "maxValue", "less_than": "maxValue"}
    bound = {} if figure.bound not in of_bound else {of_bound[figure.bound]: figure.value}
    return {"@type": "QuantitativeValue", **given(name=figure.noun, value=number, unitText=figure.unit, **bound)}


def _event(event: NewsEvent) -> dict[str, Any]:
    return {
        "@type": "Event",
        **given(
            name=event.trigger.text,
            additionalType=event.type,
            keywords=list(event.plover),
            startDate=_day(event.date),
            endDate=_day(event.until),
            location=[{"@type": "Place", "name": name} for name in event.places],
            # Who did it and who bore it is not told apart.
            contributor=[{"@type": "Organization", "name": name} for name in event.parties],
        ),
    }


def _quotation(quote: Quote) -> dict[str, Any]:
    speaker = None if quote.speaker is None else {"@type": "Person", "name": quote.speaker}
    said_on = None if quote.day is None else quote.day.date
    return {"@type": "Quotation", **given(text=quote.text, spokenByCharacter=speaker, dateCreated=said_on)}


def _claim(message: ArticleMessage, attribution: Attribution) -> dict[str, Any]:
    name = attribution.source_resolved
    people = {actor.name for actor in message.actors}
    author = None if name is None else {"@type": "Person" if name in people else "Organization", "name": name}
    said_on = None if attribution.day is None else attribution.day.date
    return {"@type": "Claim", **given(text=attribution.content.text, author=author, dateCreated=said_on)}
