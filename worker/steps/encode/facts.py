"""What a text says, as messages have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from worker.steps.encode.plain import encode_span, iso_day

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.model.facts import (
        Attribution,
        Dateline,
        Facts,
        Figure,
        NewsEvent,
        Organisation,
        Person,
        Place,
        Quote,
        Span,
        TimeMention,
    )


def encode_dateline(dateline: Dateline | None) -> dict[str, Any] | None:
    """A dateline as the message has it."""
    if dateline is None:
        return None
    return {
        **_span(dateline.span),
        "city": dateline.city,
        "region": dateline.region,
        "country": dateline.country,
        "country_code": dateline.country_code,
        "date": iso_day(dateline.date),
        "agency": dateline.agency,
    }


def encode_facts(facts: Facts) -> dict[str, Any]:
    """The fields of a message that say what its text says. Numbers that refer to figures and quotes are indexes."""
    starts = {figure.span.start: index for index, figure in enumerate(facts.figures)}
    return {
        "quotes": [_quote(quote) for quote in facts.quotes],
        # What stands in quotation marks is among the quotes.
        "attributions": [encode_attribution(each) for each in facts.attributions if not each.direct],
        "figures": [_figure(figure, starts) for figure in facts.figures],
        "sums": [{"total": each.total, "parts": list(each.parts)} for each in facts.sums],
        "actors": [_person(person) for person in facts.names.people],
        "organisations": [_organisation(organisation) for organisation in facts.names.organisations],
        "places": [_place(place) for place in facts.names.places],
        "dates": [_time(time) for time in facts.times],
        "events": [_event(event) for event in facts.events],
    }


def _quote(quote: Quote) -> dict[str, Any]:
    return {
        **_span(quote.span),
        "kind": quote.kind,
        "speaker": quote.speaker,
        "speaker_mention": encode_span(quote.mention),
        "verb": encode_span(quote.verb),
        "medium": quote.medium,
        "medium_mention": encode_span(quote.medium_span),
        "day": _day(quote.day),
        "continued": quote.continues is not None,
        "continues": quote.continues,
        "nested": _spans(quote.nested),
        "rule": quote.rule,
    }


def encode_attribution(attribution: Attribution) -> dict[str, Any]:
    """An attribution as the message has it."""
    return {
        "source": encode_span(attribution.source),
        "source_resolved": attribution.source_name,
        "cue": encode_span(attribution.cue),
        "content": _span(attribution.content),
        "via": encode_span(attribution.via),
        "day": _day(attribution.day),
        "rule": attribution.rule,
    }


def _figure(figure: Figure, starts: dict[int, int]) -> dict[str, Any]:
    return {
        **_span(figure.span),
        "kind": figure.kind,
        "value": _number(figure.values[0]) if len(figure.values) == 1 else None,
        "values": [_number(value) for value in figure.values],
        "noun": None if figure.noun is None else figure.noun.surface,
        "noun_mention": encode_span(figure.noun),
        "unit": figure.unit,
        "approx": figure.approximate,
        "bound": figure.bound,
        "per": figure.per,
        "refers_to": None if figure.refers_to is None else starts.get(figure.refers_to),
        "rule": figure.rule,
    }


def _person(person: Person) -> dict[str, Any]:
    return {
        "name": person.name,
        "role": person.role,
        "role_mention": encode_span(person.role_span),
        "organisation": person.organisation,
        "country": person.country,
        "country_code": person.country_code,
        "mentions": _spans(person.mentions),
    }


def _organisation(organisation: Organisation) -> dict[str, Any]:
    return {
        "name": organisation.name,
        "type": organisation.type,
        "country_code": organisation.country_code,
        "mentions": _spans(organisation.mentions),
    }


def _place(place: Place) -> dict[str, Any]:
    return {
        "name": place.name,
        "kind": place.kind,
        "country_code": place.country_code,
        "lat": place.latitude,
        "lon": place.longitude,
        "geonames_id": place.geonames_id,
        "aliases": list(place.aliases),
        "mentions": _spans(place.mentions),
    }


def _time(time: TimeMention) -> dict[str, Any]:
    return {
        **_span(time.span),
        "kind": time.kind,
        "date": time.value,
        "from": iso_day(time.start_on),
        "to": iso_day(time.end_on),
        "rule": time.rule,
        "anchor": iso_day(time.anchor),
    }


def _event(event: NewsEvent) -> dict[str, Any]:
    return {
        "type": event.type,
        "family": event.family,
        "plover": list(event.categories),
        "status": event.status,
        "trigger": _span(event.trigger),
        "parties": list(event.parties),
        "places": list(event.places),
        "date": iso_day(event.start_on),
        "until": iso_day(event.end_on),
        "figures": list(event.figures),
        "evidence": _spans(event.evidence),
        "rule": event.rule,
    }


def _day(time: TimeMention | None) -> dict[str, Any] | None:
    return None if time is None else {**_span(time.span), "date": time.value}


def _number(value: float) -> float | int:
    # Beyond this, readers of JSON lose digits (RFC 8259, 6).
    return int(value) if abs(value) < 2**53 and value == int(value) else float(value)


def _span(span: Span) -> dict[str, Any]:
    return {"text": span.surface, "start": span.start, "end": span.end}


def _spans(spans: Sequence[Span]) -> list[dict[str, Any]]:
    return [_span(span) for span in spans]
