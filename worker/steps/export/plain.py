"""What the exporters share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from worker.model.message import ArticleMessage, Dateline


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """The codes of a country: `alpha3` of ISO 3166-1, `fips` of FIPS 10-4 (empty where it has none)."""

    alpha3: str
    fips: str
    name: str


@cache
def countries() -> Mapping[str, Country]:
    """Every country by its code of ISO 3166-1 alpha-2."""
    content = (files("worker.steps.export") / "countries.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in content.splitlines() if not line.startswith("#"))
    return {alpha2: Country(alpha3=alpha3, fips=fips, name=name) for alpha2, alpha3, fips, name in rows}


def given(**fields: Any) -> dict[str, Any]:
    """The fields that say something: neither null, nor empty."""
    return {name: value for name, value in fields.items() if value is not None and value not in ("", [], {})}


def rfc3339(at: datetime) -> str:
    """An instant as RFC 3339; UTC is written Z."""
    return at.isoformat().replace("+00:00", "Z")


def stamp(at: datetime) -> str:
    """An instant in UTC as YYYYMMDDHHMMSS."""
    return f"{at.astimezone(UTC):%Y%m%d%H%M%S}"


def urn(message: ArticleMessage) -> str:
    """The article's id as a URI; the same for all revisions."""
    return f"urn:dateline:article:{message.id}"


def geonames_uri(geonames_id: int | None) -> str | None:
    """The URI of a place in GeoNames' linked data."""
    return None if geonames_id is None else f"https://sws.geonames.org/{geonames_id}/"


def located(dateline: Dateline) -> str:
    """City, region and country of a dateline, each said once."""
    names = (dateline.city, dateline.region, dateline.country)
    return ", ".join(dict.fromkeys(filter(None, names)))
