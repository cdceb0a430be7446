from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings, strategies as st

from worker.steps.instants import read_instant

if TYPE_CHECKING:
    from worker.model.article import Instant

NOW = datetime(2025, 5, 25, 9, tzinfo=UTC)


def read(surface: str | None) -> tuple[Instant | None, tuple[str, ...]]:
    return read_instant(surface, "published", now=NOW)


def iso(surface: str) -> str:
    """The instant read without a warning, its offset kept."""
    instant, warnings = read(surface)
    assert instant is not None
    assert warnings == ()
    assert instant.surface == surface
    assert instant.origin == "published"
    return instant.at.isoformat()


@pytest.mark.parametrize(
    ("surface", "expected"),
    [
        ("Sat, 24 May 2025 21:14:05 +0300", "2025-05-24T21:14:05+03:00"),
        ("Sat, 24 May 2025 21:14:05 GMT", "2025-05-24T21:14:05+00:00"),
        ("Sat, 24 May 2025 21:14:05 UT", "2025-05-24T21:14:05+00:00"),
        ("Sat, 24 May 2025 21:14:05 Z", "2025-05-24T21:14:05+00:00"),
        ("Sat, 24 May 2025 21:14:05 -0000", "2025-05-24T21:14:05+00:00"),
        ("Sat, 24 May 2025 21:14:05 EST", "2025-05-24T21:14:05-05:00"),
        ("Sat, 24 May 2025 21:14:05 pdt", "2025-05-24T21:14:05-07:00"),
        ("Sat, 24 May 2025 21:14 +0000", "2025-05-24T21:14:00+00:00"),
        ("24 May 2025 9:14:05 +0530", "2025-05-24T09:14:05+05:30"),
        ("Sat,  4 May 2024 21:14:05 -0234", "2024-05-04T21:14:05-02:34"),
        ("Sat, 24 May 25 21:14:05 GMT", "2025-05-24T21:14:05+00:00"),
        ("31 Dec 99 23:59:59 GMT", "1999-12-31T23:59:59+00:00"),
        ("Saturday, 24-May-25 21:14:05 GMT", "2025-05-24T21:14:05+00:00"),
        ("Tue, 24 September 2024 21:14:05 GMT", "2024-09-24T21:14:05+00:00"),
        ("Sat, 24 May 2025 21:14:05 +03:00", "2025-05-24T21:14:05+03:00"),
        ("Sat, 24 May 2025 21:14:05 GMT+0300", "2025-05-24T21:14:05+03:00"),
        ("Sat, 24 May 2025 21:14:05 +0300 (EEST)", "2025-05-24T21:14:05+03:00"),
        ("Sat,\r\n 24 May 2025\r\n 21:14:05 +0000", "2025-05-24T21:14:05+00:00"),
    ],
)
def test_rfc_5322_dates_are_read_as_feeds_write_them(surface: str, expected: str) -> None:
    assert iso(surface) == expected


@pytest.mark.parametrize(
    ("surface", "expected"),
    [
        ("2025-05-24T21:14:05Z", "2025-05-24T21:14:05+00:00"),
        ("2025-05-24t21:14:05z", "2025-05-24T21:14:05+00:00"),
        ("2025-05-24T21:14:05+03:00", "2025-05-24T21:14:05+03:00"),
        ("2025-05-24T21:14:05-0430", "2025-05-24T21:14:05-04:30"),
        ("2025-05-24T21:14+03:00", "2025-05-24T21:14:00+03:00"),
        ("2025-05-24 21:14:05+03:00", "2025-05-24T21:14:05+03:00"),
        ("2025-05-24T21:14:05.25Z", "2025-05-24T21:14:05.250000+00:00"),
        ("2025-05-24T21:14:05.123456789Z", "2025-05-24T21:14:05.123456+00:00"),
        ("20250524T211405Z", "2025-05-24T21:14:05+00:00"),
    ],
)
def test_iso_8601_dates_are_read_as_feeds_write_them(surface: str, expected: str) -> None:
    assert iso(surface) == expected


@pytest.mark.parametrize(
    ("surface", "expected"),
    [
        ("2025-05-24", "2025-05-24T00:00:00+00:00"),
        ("2025-05-24T21:14:05", "2025-05-24T21:14:05+00:00"),
        ("Sat, 24 May 2025 21:14:05", "2025-05-24T21:14:05+00:00"),
        ("Sat, 24 May 2025 21:14:05 CEST", "2025-05-24T21:14:05+00:00"),
    ],
)
def test_a_date_whose_zone_is_missing_or_unknown_is_utc_with_a_warning(surface: str, expected: str) -> None:
    instant, warnings = read(surface)
    assert instant is not None
    assert instant.at.isoformat() == expected
    assert warnings == (f"published: no time zone in '{surface}', taken as UTC",)


@pytest.mark.parametrize(
    "surface",
    [
        "",
        "yesterday",
        "2025",
        "2025-05",
        "2025-02-30T00:00:00Z",
        "2025-05-24T25:00:00Z",
        "Sat, 31 Feb 2025 21:14:05 GMT",
        "Sat, 24 Mai 2025 21:14:05 +0200",
        "24 May 2025",
        "24/05/2025 21:14",
        "1748121245",
        "Sat, 24 May 125 21:14:05 GMT",
        "Sat, 24 May 10000 21:14:05 GMT",
        "Sat, 24 May 2025 21:14:05 +9900",
        "Sat, 24 May 2025 21:14:05 +" + "9" * 30,
        "٢٤ May 2025 21:14:05 GMT",
    ],
)
def test_what_cannot_be_read_is_no_date_but_a_warning(surface: str) -> None:
    assert read(surface) == (None, (f"published: unreadable date '{surface}'",))


@pytest.mark.parametrize(
    "surface",
    [
        "Sat, 24 May 2025 8:19 pm EST",  # not the morning
        "Saturday, May 24, 2025 9:14 PM",
        "Sat, 24 May 2025 21:14:05 +030",  # not half past midnight in some zone
        "Mon, 01 Jan 0001 00:00:00 +0000",  # not 2001
        "Mon, 01 Jan 0001 00:00:00 GMT",
    ],
)
def test_a_date_that_the_standard_library_would_misread_is_none(surface: str) -> None:
    instant, warnings = read(surface)
    assert instant is None
    assert len(warnings) == 1


@pytest.mark.parametrize("surface", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00", "2025-05-24T21:14:05+05:30:15"])
def test_a_date_that_nobody_meant_or_no_message_can_carry_is_impossible(surface: str) -> None:
    assert read(surface) == (None, (f"published: impossible date '{surface}'",))


def test_a_date_more_than_a_day_ahead_is_kept_with_a_warning() -> None:
    instant, warnings = read("Mon, 26 May 2025 09:00:01 GMT")
    assert instant is not None
    assert warnings == ("published: 'Mon, 26 May 2025 09:00:01 GMT' lies in the future",)
    assert read("Mon, 26 May 2025 09:00:00 GMT")[1] == ()


def test_a_date_that_is_not_there_needs_no_warning() -> None:
    assert read(None) == (None, ())


def test_a_warning_quotes_no_more_than_sixty_characters() -> None:
    _, (warning,) = read("x" * 10_000)
    assert warning == "published: unreadable date '" + "x" * 60 + "'"


@settings(deadline=None)
@given(st.text(max_size=80) | st.text("0123456789:+-TZ ,.GMTMayJanSun", max_size=40))
def test_whatever_stands_there_an_instant_can_be_written_in_rfc_3339_or_there_is_a_warning(surface: str) -> None:
    instant, warnings = read(surface)
    if instant is None:
        assert warnings
    else:
        offset = instant.at.utcoffset()
        assert offset is not None
        assert offset.total_seconds() % 60 == 0
        assert instant.at.year >= 1000
