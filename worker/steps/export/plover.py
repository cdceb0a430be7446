"""PLOVER event records (draft 0.7b1 of the codebook): one object per event of a message, so none, one or several.

Who did something and to whom is not told apart in the message. As PLOVER does with what is done by all sides, the
parties are all the `source`, and there is no `recipient`.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from worker.steps.export.plain import countries, given

if TYPE_CHECKING:
    from worker.model.message import ArticleMessage, NewsEvent, Place

# 1 verbal and 2 material cooperation, 3 verbal and 4 material conflict.
_QUADS = {
    **dict.fromkeys(("AGREE", "CONSULT", "SUPPORT", "CONCEDE"), 1),
    **dict.fromkeys(("COOPERATE", "AID", "RETREAT", "INVESTIGATE"), 2),
    **dict.fromkeys(("DEMAND", "REQUEST", "ACCUSE", "REJECT", "SANCTION", "THREATEN"), 3),
    **dict.fromkeys(("PROTEST", "MOBILIZE", "COERCE", "ASSAULT"), 4),
}
_SECTORS = {
    "government": "GOV",
    "court": "JUD",
    "military": "MIL",
    "armed group": "UAF",
    "party": "PTY",
    "media": "MED",
    "company": "BUS",
    "education": "EDU",
    "health": "HLH",
    "ngo": "NGO",
    "international": "IGO",
}


def plover(message: ArticleMessage) -> list[dict[str, Any]]:
    """The events of the message, each as one record."""
    return [_record(message, event, number) for number, event in enumerate(message.events, 1)]


def _record(message: ArticleMessage, event: NewsEvent, number: int) -> dict[str, Any]:
    retrieved_at = message.source.retrieved_at.astimezone(UTC)
    # PLOVER asks for a day.
    day = event.date or message.date or retrieved_at.date()
    first = event.plover[0] if event.plover else ""
    evidence = event.evidence[0] if event.evidence else event.trigger
    return given(
        id=f"{message.id}:{message.revision}:{number}",
        has_event=True,
        date=day.isoformat(),
        enddate=None if event.until in (None, day) else event.until.isoformat(),
        source=[_actor(message, name) for name in event.parties],
        event=list(event.plover),
        event_loc=_location(message, event),
        event_text=[event.trigger.text],
        quad_code=_QUADS.get(first),
        text=evidence.text,
        text_info={"start": evidence.start, "end": evidence.end},
        cite_info=_citation(message),
        coder=f"dateline rules {message.extraction.rules}",
        coded_date=retrieved_at.date().isoformat(),
        coded_time=f"{retrieved_at:%H:%M:%SZ}",
        comment=f"{event.type}; {event.status}",
    )


def _actor(message: ArticleMessage, name: str) -> dict[str, Any]:
    for actor in message.actors:
        if actor.name == name:
            return given(code=_alpha3(actor.country_code), actor_text=name, office=actor.role)
    for body in message.organisations:
        if body.name == name:
            return given(code=_alpha3(body.country_code), sector=_SECTORS.get(body.type), actor_text=name)
    for place in message.places:
        if place.name == name:
            return given(code=_alpha3(place.country_code), actor_text=name)
    return {"actor_text": name}


def _alpha3(country_code: str | None) -> str | None:
    country = countries().get(country_code or "")
    return None if country is None else country.alpha3


def _location(message: ArticleMessage, event: NewsEvent) -> dict[str, Any] | None:
    if not event.places:
        return None
    for place in message.places:
        if place.name == event.places[0]:
            return _geonames(place)
    return {"name": event.places[0]}


def _geonames(place: Place) -> dict[str, Any]:
    """A place by the column names of GeoNames' table, which have blanks in them."""
    return given(
        geonameid=place.geonames_id,
        name=place.name,
        alternatenames=",".join(place.aliases),
        latitude=place.lat,
        longitude=place.lon,
        cc3=_alpha3(place.country_code),
        **{"country code": place.country_code},
    )


def _citation(message: ArticleMessage) -> dict[str, Any]:
    source = message.source
    return given(
        corpus=source.feed_id,
        url=source.canonical_url,
        title=message.headline,
        language=None if message.language is None else message.language.partition("-")[0],
        publication=source.publisher,
        codebook="plover-0.7b1",
    )
