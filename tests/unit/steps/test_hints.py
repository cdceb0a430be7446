"""What a document says about being polled."""

from __future__ import annotations

import pytest

from worker.model.entry import Document, Hints
from worker.steps.jsonfeed import parse_json
from worker.steps.parse import parse

URL = "https://news.example/feed"
SY = 'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
ATOM = 'xmlns:atom="http://www.w3.org/2005/Atom"'


def of_channel(parts: str, namespaces: str = "") -> Hints:
    item = "<item><title>A</title></item>"
    body = f'<rss version="2.0" {namespaces}><channel><title>T</title>{parts}{item}</channel></rss>'
    document = parse(body.encode(), url=URL, content_type=None)
    assert isinstance(document, Document)
    return document.hints


@pytest.mark.parametrize(
    ("ttl", "seconds"),
    [("60", 3_600), (" 5 ", 300), ("0" * 40 + "5", 300), ("0", 0), ("-5", 0), ("1.5", 0), ("soon", 0), ("", 0)],
)
def test_ttl_is_in_minutes(ttl: str, seconds: float) -> None:
    assert of_channel(f"<ttl>{ttl}</ttl>").ttl_seconds == seconds


def test_a_ttl_beyond_all_sense_is_no_less_than_years() -> None:
    """As `max-age` is: how long a feed really waits is bounded by `max_interval`."""
    assert of_channel(f"<ttl>{'9' * 5000}</ttl>").ttl_seconds == 999_999_999 * 60


def test_hours_and_days_to_be_skipped_are_read() -> None:
    """RSS 0.91 counted hours from 1 to 24."""
    hours = "".join(f"<hour>{hour}</hour>" for hour in (0, 3, "04", 24, 25, -1, "x"))
    days = "".join(f"<day>{day}</day>" for day in ("Saturday", "sunday", "Someday"))
    hints = of_channel(f"<skipHours>{hours}</skipHours><skipDays>{days}</skipDays>")
    assert (hints.skip_hours, hints.skip_days) == ((0, 3, 4), (5, 6))


@pytest.mark.parametrize(
    ("parts", "seconds"),
    [
        ("<sy:updatePeriod>hourly</sy:updatePeriod>", 3_600),
        ("<sy:updatePeriod> Daily </sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>", 21_600),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>", 1_800),
        ("<sy:updatePeriod>often</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>", 0),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", 0),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>-1</sy:updateFrequency>", 0),
        ("<sy:updateFrequency>2</sy:updateFrequency>", 0),
    ],
)
def test_the_period_of_the_syndication_module_is_divided_by_its_frequency(parts: str, seconds: float) -> None:
    assert of_channel(parts, SY).update_seconds == seconds


def test_the_hubs_and_the_address_of_an_rss_document_are_atom_links() -> None:
    hints = of_channel(
        '<atom:link rel="hub" href="https://hub.example/"/><atom:link rel="self" href="/feed.xml"/>'
        '<atom:link rel="hub" href="javascript:x"/><link>https://news.example/</link>',
        ATOM,
    )
    assert (hints.hubs, hints.topic) == (("https://hub.example/",), "https://news.example/feed.xml")


def test_those_of_an_atom_document_are_its_own() -> None:
    body = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><link rel="hub" href="https://a.example/"/>
    <link rel="hub" href="https://b.example/"/><link rel="self" href="https://news.example/atom"/>
    <entry><title>A</title><id>a</id><link rel="hub" href="https://c.example/"/></entry></feed>"""
    document = parse(body, url=URL, content_type=None)
    assert isinstance(document, Document)
    assert document.hints.hubs == ("https://a.example/", "https://b.example/")
    assert document.hints.topic == "https://news.example/atom"


def test_of_the_hubs_of_a_json_feed_those_that_speak_websub_count() -> None:
    body = b"""{"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": [],
    "feed_url": "https://news.example/feed.json",
    "hubs": [{"type": "rssCloud", "url": "https://a.example/"}, {"type": "WebSub", "url": "https://b.example/"}, 3]}"""
    document = parse_json(body, url=URL)
    assert isinstance(document, Document)
    assert (document.hints.hubs, document.hints.topic) == (("https://b.example/",), "https://news.example/feed.json")


def test_a_document_that_asks_for_nothing_has_no_hints() -> None:
    assert of_channel("") == Hints()
