"""Messages in other formats: worker.steps.export and `dateline export`."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from click.testing import CliRunner

from tests import schema
from worker.cli import main
from worker.model.message import Dateline, Location, Media, Place, Quote, Span, from_json
from worker.steps.export import GKG_COLUMNS, gkg, jsonld, ninjs, plover
from worker.steps.export.plain import countries

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = Path(__file__).parents[2] / "schemas" / "examples"
ALL = sorted(EXAMPLES.glob("*.json"))
SEED = from_json((EXAMPLES / "seed.json").read_bytes())
PUBLISHED = from_json((EXAMPLES / "published.json").read_bytes())
WITHDRAWN = from_json((EXAMPLES / "withdrawn.json").read_bytes())
RSS = from_json((EXAMPLES / "rss.json").read_bytes())

LOCATION = Location(lat=50.45, lon=30.52)

TEXT = {"type": "string"}
URI = {"type": "string", "format": "uri"}
MOMENT = {"type": "string", "format": "date-time"}


def closed(*needed: str, **fields: Any) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": needed, "additionalProperties": False}


def many(**fields: Any) -> dict[str, Any]:
    return {"type": "array", "items": closed(**fields)}


# RFC 7946, 3.1.2; ninjs takes any GeoJSON.
POINT = {
    "type": "object",
    "required": ["type", "coordinates"],
    "properties": {
        "type": {"const": "Point"},
        "coordinates": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 3},
    },
    "additionalProperties": False,
}
# What IPTC's schema of ninjs 3.1 says of the properties that are written here: names, types, what is closed and what
# must be there. That is in no package registry, so this stands for it; the two were last compared in November 2026.
NINJS = {
    **closed(
        "uri",
        uri=URI,
        type={"enum": ["text", "audio", "video", "picture", "graphic", "composite", "component", "event", "planning"]},
        representationType={"enum": ["full", "partial"]},
        version=TEXT,
        firstCreated=MOMENT,
        versionCreated=MOMENT,
        contentCreated=MOMENT,
        pubStatus={"enum": ["usable", "withheld", "canceled"]},
        language=TEXT,
        by=TEXT,
        located=TEXT,
        headlines={"type": "array", "items": closed("value", role=TEXT, contentType=TEXT, value=TEXT)},
        descriptions={"type": "array", "items": closed("value", role=TEXT, contentType=TEXT, value=TEXT)},
        bodies={
            "type": "array",
            "items": closed(
                "value",
                role=TEXT,
                contentType=TEXT,
                charCount={"type": "integer"},
                wordCount={"type": "integer"},
                value=TEXT,
            ),
        },
        people=many(name=TEXT, rel=TEXT, uri=URI, literal=TEXT),
        organisations=many(name=TEXT, rel=TEXT, uri=URI, literal=TEXT),
        places=many(name=TEXT, rel=TEXT, uri=URI, literal=TEXT, geoJSON=POINT),
        subjects=many(name=TEXT, rel=TEXT, uri=URI, literal=TEXT),
        events=many(id=TEXT, name=TEXT, rel=TEXT, uri=URI, literal=TEXT),
        infoSources=many(name=TEXT, role=TEXT, uri=URI, literal=TEXT),
        renditions={
            "type": "array",
            "items": closed("name", name=TEXT, href=URI, contentType=TEXT, sizeInBytes={"type": "integer"}),
        },
        altIds=many(role=TEXT, value=TEXT),
        standard=closed(name=TEXT, version=TEXT, schema=URI),
    ),
    "$schema": "https://json-schema.org/draft/2020-12/schema",
}


def dateline() -> Dateline:
    assert SEED.dateline is not None
    return SEED.dateline


def row(line: str) -> dict[str, str]:
    return dict(zip(GKG_COLUMNS, line.split("\t"), strict=True))


# IPTC ninjs


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_every_example_is_ninjs_3_1(path: Path) -> None:
    exported = json.loads(json.dumps(ninjs(from_json(path.read_bytes()))))
    jsonschema_rs.Draft202012Validator(NINJS, validate_formats=True).validate(exported)


def test_the_seed_as_ninjs() -> None:
    exported = ninjs(SEED)
    assert exported["uri"] == f"urn:dateline:article:{SEED.id}"
    assert (exported["type"], exported["version"], exported["pubStatus"]) == ("text", "1", "usable")
    assert (exported["language"], exported["located"]) == ("en", "Kyiv, Ukraine")
    assert exported["people"] == [{"name": "Volodymyr Zelenskyy", "rel": "mentions"}]
    assert [body["name"] for body in exported["organisations"]] == [
        "Armed Forces of Ukraine",
        "State Border Guard Service",
        "National Guard of Ukraine",
        "X",
        "Al Jazeera",
        "Ministry of Defence",
    ]
    assert exported["places"][0] == {
        "name": "Kyiv",
        "rel": "mentions",
        "uri": "https://sws.geonames.org/703448/",
        "geoJSON": {"type": "Point", "coordinates": [30.5238, 50.4547]},
    }
    assert exported["events"][0] == {"name": "prisoner_exchange", "rel": "occurred", "literal": "CONCEDE,AGREE"}
    assert exported["bodies"][0]["value"] == SEED.text
    assert exported["bodies"][0]["charCount"] == 3316
    assert "headlines" not in exported


def test_ninjs_has_what_a_feed_says_of_an_article() -> None:
    exported = ninjs(RSS)
    assert exported["headlines"] == [{"role": "main", "value": "Ferry returns to service"}]
    assert exported["contentCreated"] == "2025-05-24T21:14:00+03:00"
    assert exported["subjects"] == [{"name": "Transport", "rel": "section"}, {"name": "Transport", "rel": "tag"}]
    assert exported["renditions"] == [
        {
            "name": "media 1",
            "href": "https://news.example/ferry.jpg",
            "contentType": "image/jpeg",
            "sizeInBytes": 1234,
        }
    ]
    assert {"role": "guid", "value": "ferry-1"} in exported["altIds"]
    assert {"role": "canonical_url", "value": "https://news.example/ferry"} in exported["altIds"]


def test_a_withdrawn_article_is_canceled_and_has_no_body() -> None:
    exported = ninjs(WITHDRAWN)
    assert exported["pubStatus"] == "canceled"
    assert not {"bodies", "headlines", "descriptions"} & exported.keys()


# schema.org


def test_the_seed_as_a_news_article() -> None:
    exported = jsonld(SEED)
    assert (exported["@context"], exported["@type"]) == ("https://schema.org", "NewsArticle")
    assert exported["dateline"] == "Kyiv [Ukraine], May 24 :"
    assert exported["locationCreated"] == {
        "@type": "Place",
        "name": "Kyiv, Ukraine",
        "address": {"@type": "PostalAddress", "addressCountry": "UA"},
    }
    assert exported["mentions"][0] == {
        "@type": "Person",
        "name": "Volodymyr Zelenskyy",
        "jobTitle": "President",
        "nationality": {"@type": "Country", "identifier": "UA"},
    }
    assert exported["about"][0] == {
        "@type": "Event",
        "name": "negotiated exchange",
        "additionalType": "prisoner_exchange",
        "keywords": ["CONCEDE", "AGREE"],
        "startDate": "2025-05-23",
        "endDate": "2025-05-25",
        "location": [{"@type": "Place", "name": "Turkey"}, {"@type": "Place", "name": "Belarus"}],
        "contributor": [{"@type": "Organization", "name": "Ukraine"}, {"@type": "Organization", "name": "Russia"}],
    }
    quotations = [part for part in exported["hasPart"] if part["@type"] == "Quotation"]
    assert len(quotations) == 5
    assert quotations[2]["dateCreated"] == "2025-05-24"
    claims = [part for part in exported["hasPart"] if part["@type"] == "Claim"]
    assert claims[3]["author"] == {"@type": "Organization", "name": "Ministry of Defence"}
    assert claims[0]["author"] == {"@type": "Person", "name": "Volodymyr Zelenskyy"}


def test_figures_are_mentioned_with_their_bounds() -> None:
    figure = replace(SEED.figures[0], bound="at_least", unit="EUR")
    exported = jsonld(replace(SEED, figures=(figure, SEED.figures[5])))
    quantities = [one for one in exported["mentions"] if one["@type"] == "QuantitativeValue"]
    assert quantities == [
        {
            "@type": "QuantitativeValue",
            "name": "Ukrainian defenders",
            "value": 307,
            "unitText": "EUR",
            "minValue": 307,
        },
        {"@type": "QuantitativeValue", "name": "exchange", "value": [1000, 1000]},
    ]


def test_json_ld_says_which_feed_brought_the_article_and_when() -> None:
    exported = jsonld(RSS)
    assert exported["isPartOf"] == {"@type": "DataFeed", "identifier": "world-wire", "name": "World Wire"}
    assert exported["sdDatePublished"] == "2025-05-25T09:00:00Z"
    assert exported["identifier"] == [RSS.id, {"@type": "PropertyValue", "propertyID": "guid", "value": "ferry-1"}]


def test_a_withdrawn_article_says_so_in_json_ld() -> None:
    exported = jsonld(WITHDRAWN)
    assert exported["creativeWorkStatus"] == "withdrawn"
    assert "articleBody" not in exported


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_nothing_is_null_or_empty_in_json_ld(path: Path) -> None:
    def empty(value: Any) -> bool:
        if isinstance(value, dict):
            return not value or any(empty(part) for part in value.values())
        if isinstance(value, list):
            return not value or any(empty(part) for part in value)
        return value is None or value == ""

    assert not empty(jsonld(from_json(path.read_bytes())))


# GDELT GKG


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_every_example_is_one_row_of_27_columns(path: Path) -> None:
    line = gkg(from_json(path.read_bytes()))
    assert line.count("\t") == 26
    assert "\n" not in line


def test_the_seed_as_a_row_of_gkg() -> None:
    cells = row(gkg(SEED))
    assert cells["GKGRECORDID"] == f"20250525090000-{SEED.id}:1"
    assert cells["V2.1DATE"] == "20250524000000"
    assert cells["V2SOURCECOLLECTIONIDENTIFIER"] == "1"
    assert cells["V2SOURCECOMMONNAME"] == "wire.example"
    assert cells["V1PERSONS"] == "Volodymyr Zelenskyy"
    assert cells["V2ENHANCEDPERSONS"].split(";")[:2] == ["Volodymyr Zelenskyy,61", "Volodymyr Zelenskyy,410"]
    assert "Al Jazeera" in cells["V1ORGANIZATIONS"].split(";")
    assert "Ministry of Defence,1245" in cells["V2ENHANCEDORGANIZATIONS"].split(";")
    # Ukraine, Turkey and Russia are UP, TU and RS in FIPS 10-4.
    assert "4#Kyiv, Ukraine#UP##50.4547#30.5238#" in cells["V1LOCATIONS"].split(";")
    assert "1#Turkey#TU#TU#39#35#TU" in cells["V1LOCATIONS"].split(";")
    assert "1#Russia#RS#RS##60#100#RS#1245" in cells["V2ENHANCEDLOCATIONS"].split(";")
    assert "Europe" not in cells["V1LOCATIONS"]
    assert "Europe,2719" in cells["V2.1ALLNAMES"].split(";")
    assert "307,Ukrainian defenders,103" in cells["V2.1AMOUNTS"].split(";")
    assert "1000,prisoners,1679" in cells["V2.1AMOUNTS"].split(";")
    assert "3#5#24#2025#84" in cells["V2.1ENHANCEDDATES"].split(";")
    assert "1#0#0#2022#1638" in cells["V2.1ENHANCEDDATES"].split(";")
    # "two days" is no day.
    assert not any(date.endswith("#245") for date in cells["V2.1ENHANCEDDATES"].split(";"))
    quotations = cells["V2.1QUOTATIONS"].split("#")
    assert len(quotations) == 5
    assert quotations[1].split("|")[:3] == ["986", "231", "added"]
    assert [name for name, cell in cells.items() if not cell] == [
        "V1COUNTS",
        "V2.1COUNTS",
        "V1THEMES",
        "V2ENHANCEDTHEMES",
        "V1.5TONE",
        "V2.1SHARINGIMAGE",
        "V2.1RELATEDIMAGES",
        "V2.1SOCIALIMAGEEMBEDS",
        "V2.1SOCIALVIDEOEMBEDS",
        "V2.1TRANSLATIONINFO",
        "V2EXTRASXML",
    ]


def test_gkg_has_the_moment_of_publication_in_utc() -> None:
    cells = row(gkg(PUBLISHED))
    assert cells["V2.1DATE"] == "20250524181400"
    assert cells["V2EXTRASXML"] == (
        "<PAGE_TITLE>Prisoners return home</PAGE_TITLE>"
        "<PAGE_PRECISEPUBTIMESTAMP>20250524181400</PAGE_PRECISEPUBTIMESTAMP>"
    )


def test_gkg_keeps_its_separators_out_of_values() -> None:
    quote = Quote(
        text="One#two|three\tfour",
        start=0,
        end=18,
        kind="direct",
        speaker=None,
        speaker_mention=None,
        verb=None,
        medium=None,
        medium_mention=None,
        day=None,
        continued=False,
        continues=None,
        nested=(),
        rule="x",
    )
    body = replace(SEED.organisations[0], name="A; B, C", mentions=(Span(text="A", start=3, end=4),))
    cells = row(gkg(replace(SEED, quotes=(quote,), organisations=(body,), headline="<b> & c")))
    assert cells["V2.1QUOTATIONS"] == "0|18||One two three four"
    assert cells["V1ORGANIZATIONS"] == "A B C"
    assert cells["V2ENHANCEDORGANIZATIONS"] == "A B C,3"
    assert cells["V2EXTRASXML"] == "<PAGE_TITLE>&lt;b&gt; &amp; c</PAGE_TITLE>"


def test_gkg_tells_american_states_and_cities_from_others() -> None:
    def place(name: str, kind: str) -> Place:
        return Place(
            name=name,
            kind=kind,
            country_code="US",
            lat=1.5,
            lon=-2,
            geonames_id=None,
            aliases=(),
            mentions=(),
        )

    cells = row(gkg(replace(SEED, places=(place("Texas", "region"), place("Paris", "city")))))
    assert cells["V1LOCATIONS"] == "2#Texas, United States#US##1.5#-2#;3#Paris, United States#US##1.5#-2#"


def test_an_article_without_an_address_is_cited_by_its_id() -> None:
    cells = row(gkg(replace(SEED, source=replace(SEED.source, canonical_url=None))))
    assert (cells["V2SOURCECOLLECTIONIDENTIFIER"], cells["V2SOURCECOMMONNAME"]) == ("2", "World Wire Ltd")
    assert cells["V2DOCUMENTIDENTIFIER"] == f"urn:dateline:article:{SEED.id}"


def test_the_first_picture_is_shared_and_the_others_are_related() -> None:
    media = tuple(
        Media(url=f"https://wire.example/{name}", type=kind, length_bytes=None)
        for name, kind in (("a.mp3", "audio/mpeg"), ("b.jpg", "image/jpeg"), ("c;1.png", "image/png"))
    )
    cells = row(gkg(replace(SEED, media=media)))
    assert cells["V2.1SHARINGIMAGE"] == "https://wire.example/b.jpg"
    assert cells["V2.1RELATEDIMAGES"] == "https://wire.example/c%3B1.png"


# PLOVER


def test_the_seed_has_four_plover_records() -> None:
    records = plover(SEED)
    assert [record["event"] for record in records] == [
        ["CONCEDE", "AGREE"],
        ["ASSAULT"],
        ["REQUEST", "DEMAND"],
        ["REQUEST", "DEMAND"],
    ]
    assert [record["quad_code"] for record in records] == [1, 4, 3, 3]
    assert records[1]["id"] == f"{SEED.id}:1:2"
    assert records[1]["source"] == [
        {"code": "RUS", "actor_text": "Russia"},
        {"code": "UKR", "actor_text": "Ukraine"},
    ]
    assert records[1]["event_loc"] == {
        "geonameid": 703448,
        "name": "Kyiv",
        "latitude": 50.4547,
        "longitude": 30.5238,
        "country code": "UA",
        "cc3": "UKR",
    }
    assert (records[0]["date"], records[0]["enddate"]) == ("2025-05-23", "2025-05-25")
    assert "enddate" not in records[1]
    assert records[2]["comment"] == "sanctions_call; called_for"
    assert records[1]["event_text"] == ["drone and missile attack"]
    # The proposal names no day: that of the document stands in.
    assert records[3]["date"] == "2025-05-24"


def test_plover_names_offices_and_sectors() -> None:
    event = replace(SEED.events[0], parties=("Volodymyr Zelenskyy", "National Guard of Ukraine", "Nobody"))
    (record,) = plover(replace(SEED, events=(event,)))
    assert record["source"] == [
        {"code": "UKR", "actor_text": "Volodymyr Zelenskyy", "office": "President"},
        {"code": "UKR", "sector": "MIL", "actor_text": "National Guard of Ukraine"},
        {"actor_text": "Nobody"},
    ]


def test_an_event_without_any_day_has_that_of_retrieval() -> None:
    event = replace(SEED.events[3], date=None, until=None)
    retrieved = replace(SEED.source, retrieved_at=datetime(2025, 5, 26, 1, tzinfo=UTC))
    (record,) = plover(replace(SEED, events=(event,), date=None, source=retrieved))
    assert record["date"] == "2025-05-26"


def test_a_message_without_events_has_no_plover_records() -> None:
    assert plover(WITHDRAWN) == []


def test_every_country_has_three_letters() -> None:
    assert len(countries()) == 252
    assert all(len(country.alpha3) == 3 for country in countries().values())


# Where the schema says that fields go

# PLOVER's fields of a record, and those of its information objects that are written here.
PLOVER = {
    *("id", "date", "enddate", "source", "event", "event_loc", "event_text", "quad_code", "text", "text_info"),
    *("cite_info", "coder", "coded_date", "coded_time", "comment"),
}


def named(target: str) -> set[str]:
    """What the schema names of a target; what is said of it in brackets is left out."""

    def counterparts(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            yield from filter(None, [part.get("x-counterparts", {}).get(target)])
            for inner in part.values():
                yield from counterparts(inner)

    plain = (re.sub(r"\([^)]*\)", "", said) for said in counterparts(schema.document()))
    return {name.strip() for said in plain for name in said.split(",")}


def outermost(names: set[str]) -> set[str]:
    return {re.split(r"[.\[ ]", name)[0] for name in names}


def test_the_schema_names_properties_of_ninjs() -> None:
    assert outermost(named("ninjs")) <= set(NINJS["properties"])


def test_the_schema_names_columns_of_gkg() -> None:
    assert {name.split()[0] for name in named("gkg")} <= set(GKG_COLUMNS)


def test_the_schema_names_properties_that_json_ld_really_has() -> None:
    article = replace(
        RSS,
        byline="Jane Doe",
        dateline=replace(dateline(), agency="Reuters"),
        location=LOCATION,
        updated_at=RSS.published_at,
    )
    written = {key for message in (SEED, PUBLISHED, WITHDRAWN, RSS, article) for key in jsonld(message)}
    assert outermost(named("schema.org")) <= written


def test_the_schema_names_fields_of_plover() -> None:
    assert outermost(named("plover")) <= PLOVER
    assert {key for record in plover(SEED) for key in record} <= PLOVER | {"has_event"}


# The command


def run(target: str, given: str) -> tuple[int, list[str], str]:
    result = CliRunner().invoke(main, ["export", "--to", target], input=given)
    return result.exit_code, result.stdout.splitlines(), result.stderr


@pytest.mark.parametrize(("target", "lines"), [("ninjs", 8), ("jsonld", 8), ("gkg", 8)])
def test_the_command_reads_what_tap_prints(target: str, lines: int) -> None:
    code, out, _ = run(target, (EXAMPLES / "records.jsonl").read_text(encoding="utf-8"))
    assert (code, len(out)) == (0, lines)


def test_the_command_reads_bare_messages_too() -> None:
    value = json.dumps(json.loads((EXAMPLES / "seed.json").read_bytes()))
    assert run("gkg", value) == (0, [gkg(SEED)], "")
    code, out, _ = run("plover", f"{value}\n{value}\n")
    assert (code, len(out)) == (0, 8)
    assert json.loads(out[0]) == plover(SEED)[0]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("<rss>", "stdin:1: "),
        ('{"key": "a", "value": "not JSON"}', "stdin:1: message: must be an object"),
        ('{"id": "a"}', "stdin:1: message.revision: is missing"),
        ("7", "stdin:1: message: must be an object"),
    ],
)
def test_a_line_that_is_no_message_ends_the_command_with_one_line(line: str, said: str) -> None:
    code, out, err = run("ninjs", line + "\n")
    assert (code, out) == (1, [])
    assert err.startswith(f"dateline: {said}")
    assert err.count("\n") == 1
