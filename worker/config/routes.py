"""Routes: which topic an article goes to, by what is known of it."""

from typing import Annotated, Any

from pydantic import BeforeValidator

from worker.model.feed import Route

from .kafka import Topic
from .section import Section, Text, matching
from .values import listed


def _several(value: Any) -> Any:
    """A list, or the one value that stands for itself."""
    return (value,) if isinstance(value, str) else listed(value)


_OneOrMore = BeforeValidator(_several, json_schema_input_type=str | list[str])
_Language = Annotated[
    str, matching(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*", "must be a language tag, such as en or pt-BR")
]
_Country = Annotated[str, matching(r"[A-Z]{2}", "must be two capitals, as in ISO 3166-1: UA")]
_EventType = Annotated[str, matching(r"[a-z][a-z_]*", "must be a type or family of events in lower case: violence")]


class RouteEntry(Section):
    """One entry under `routes`: a topic, and conditions that an article must meet."""

    topic: Topic
    language: Annotated[tuple[_Language, ...], _OneOrMore] = ()
    country: Annotated[tuple[_Country, ...], _OneOrMore] = ()
    event: Annotated[tuple[_EventType, ...], _OneOrMore] = ()
    publisher: Annotated[tuple[Text, ...], _OneOrMore] = ()

    @property
    def route(self) -> Route:
        """The same for the worker."""
        return Route(
            topic=self.topic,
            languages=tuple(language.lower() for language in self.language),
            countries=self.country,
            event_types=self.event,
            publishers=self.publisher,
        )

    @property
    def takes_all(self) -> bool:
        """Whether it has no conditions."""
        return not (self.language or self.country or self.event or self.publisher)
