from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings, strategies as st

from tests.hang import must_end
from worker.steps.instants import read_instant, reading

if TYPE_CHECKING:
    from worker.model.article import Instant

NOW = datetime(2025, 5, 25, 9, tzinfo=UTC)


def read(surface: str | None) -> tuple[Instant | None, tuple[str, ...]]:
    return read_instant(surface, "published", now=NOW)


def iso(surface: str) -> str:
    """The instant read without a warning, its offset kept."""
    instant, warnings = read(surface)
    assert instant is not None, warnings
    assert warnings == ()
    assert instant.surface == surface
    assert instant.origin == "published"
    return instant.at.isoformat()


def warned(surface: str) -> tuple[str, str]:
    """The instant read with one warning, and what the warning says without the surface."""
    instant, (warning,) = read(surface)
    assert instant is not None
    return instant.at.isoformat(), warning.replace(repr(surface[:60]), "…").removeprefix("published: ")


@pytest.mark.parametrize(
    ("surface", "expected"),
    [
        ("Sat, 24 May 2025 21:14:05 +0300", "2025-05-24T21:14:05+03:00"),
        ("Sat, 24 May 2025 21:14:05 -0000", "2025-05-24T21:14:05+00:00"),
        ("Sat, 24 May 2025 21:14 +0000", "2025-05-24T21:14:00+00:00"),
        ("24 May 2025 9:14:05 +0530", "2025-05-24T09:14:05+05:30"),
        ("Sat,  4 May 2024 21:14:05 -0234", "2024-05-04T21:14:05-02:34"),
        ("Sat, 24 May 25 21:14:05 GMT", "2025-05-24T21:14:05+00:00"),
        ("31 Dec 99 23:59:59 GMT", "1999-12-31T23:59:59+00:00"),
        ("Saturday, 24-May-25 21:14:05 GMT", "2025-05-24T21:14:05+00:00"),
        ("Tue, 24 September 2024 21:14:05 GMT", "2024-09-24T21:14:05+00:00"),
        ("Tue, 24 Sept. 2024 21:14:05 GMT", "2024-09-24T21:14:05+00:00"),
        ("Tues, 24 Sep 2024 21:14:05 GMT", "2024-09-24T21:14:05+00:00"),
        ("Mon, 24 May 2025 21:14:05 GMT", "2025-05-24T21:14:05+00:00"),  # it was a Saturday
        ("SAT,24 MAY 2025 21:14:05 GMT", "2025-05-24T21:14:05+00:00"),
        ("Sat,\r\n 24 May 2025\r\n 21:14:05 +0000", "2025-05-24T21:14:05+00:00"),
        ("Sat , \t 24  May\t2025  21:14:05\t +0000", "2025-05-24T21:14:05+00:00"),
        ("Sat, 24 May 2025 5:4:3 GMT", "2025-05-24T05:04:03+00:00"),
        ("Sat (a \\) long (day)), 24(th) May 2025 21:14:05 +0300 (EEST)", "2025-05-24T21:14:05+03:00"),
        ("Sat May 24 21:14:05 GMT 2025", "2025-05-24T21:14:05+00:00"),
        ("Sat May 24 21:14:05 +0200 2025", "2025-05-24T21:14:05+02:00"),
        ("Sat May 24 2025 21:14:05 GMT+0200 (Central European Summer Time)", "2025-05-24T21:14:05+02:00"),
        ("Saturday, May 24, 2025 - 9:14pm EDT", "2025-05-24T21:14:00-04:00"),
        ("09:14 PM EDT, May 24, 2025", "2025-05-24T21:14:00-04:00"),
        ("24/May/2025:21:14:05 +0200", "2025-05-24T21:14:05+02:00"),
    ],
)
def test_rfc_822_dates_and_their_kin_are_read_as_feeds_write_them(surface: str, expected: str) -> None:
    assert iso(surface) == expected


@pytest.mark.parametrize(
    ("surface", "expected"),
    [
        ("2025-05-24T21:14:05Z", "2025-05-24T21:14:05+00:00"),
        ("2025-05-24t21:14:05z", "2025-05-24T21:14:05+00:00"),
        ("2025-05-24T21:14:05-0430", "2025-05-24T21:14:05-04:30"),
        ("2025-05-24T21:14+03:00", "2025-05-24T21:14:00+03:00"),
        ("2025-05-24 21:14:05+03:00", "2025-05-24T21:14:05+03:00"),
        ("2025-05-24T 21:14:05 +03:00", "2025-05-24T21:14:05+03:00"),
        ("2025-5-4T9:14:05Z", "2025-05-04T09:14:05+00:00"),
        ("2025/05/24 21:14:05 +03", "2025-05-24T21:14:05+03:00"),
        ("2025.05.24 21:14:05 Z", "2025-05-24T21:14:05+00:00"),
        ("Sat, 2025-05-24 at 21:14 GMT", "2025-05-24T21:14:00+00:00"),
        ("2025-05-24T21:14:05.25Z", "2025-05-24T21:14:05.250000+00:00"),
        ("2025-05-24T21:14:05,25Z", "2025-05-24T21:14:05.250000+00:00"),
        ("2025-05-24T21:14:05.123456789Z", "2025-05-24T21:14:05.123456+00:00"),
        ("20250524T211405Z", "2025-05-24T21:14:05+00:00"),
        ("20250524T2114+0200", "2025-05-24T21:14:00+02:00"),
        ("2025-05-24T211405+02:00", "2025-05-24T21:14:05+02:00"),
        ("2025-W21-6T21:14:05Z", "2025-05-24T21:14:05+00:00"),
        ("2025W216T21:14:05Z", "2025-05-24T21:14:05+00:00"),
        ("2025-144T21:14:05Z", "2025-05-24T21:14:05+00:00"),
        ("2025-05-24T24:00:00Z", "2025-05-25T00:00:00+00:00"),
        ("2025-05-24T21:14:05+02:00[Europe/Berlin]", "2025-05-24T21:14:05+02:00"),
        ("2025-05-24T21:14:05-07:00:00", "2025-05-24T21:14:05-07:00"),
    ],
)
def test_iso_8601_dates_are_read_in_all_their_forms(surface: str, expected: str) -> None:
    assert iso(surface) == expected


@pytest.mark.parametrize(
    ("zone", "offset"),
    [
        ("Z", "+00:00"),
        ("UT", "+00:00"),
        ("utc", "+00:00"),
        ("EST", "-05:00"),
        ("pdt", "-07:00"),
        ("CST", "-06:00"),  # RFC 822; in China it would be +08:00
        ("BST", "+01:00"),
        ("CEST", "+02:00"),
        ("MESZ", "+02:00"),
        ("MSK", "+03:00"),
        ("NPT", "+05:45"),
        ("HKT", "+08:00"),
        ("JST", "+09:00"),
        ("KST", "+09:00"),
        ("ACST", "+09:30"),
        ("AEST", "+10:00"),
        ("NZST", "+12:00"),
        ("ET", "-04:00"),
        ("+2", "+02:00"),
        ("+02", "+02:00"),
        ("+02:00", "+02:00"),
        ("-700", "-07:00"),
        ("--0700", "-07:00"),
        ("\u22120700", "-07:00"),
        ("+5.30", "+05:30"),
        ("GMT+2", "+02:00"),
        ("UTC+02:00", "+02:00"),
        ("GMT-0330", "-03:30"),
        ("MST -07:00", "-07:00"),
        ("-0700 MST", "-07:00"),
        ("+0000 GMT", "+00:00"),
        ("(CEST)", "+02:00"),
    ],
)
def test_a_zone_is_read_in_every_spelling(zone: str, offset: str) -> None:
    assert iso(f"Sat, 24 May 2025 21:14:05 {zone}") == f"2025-05-24T21:14:05{offset}"
    assert iso(f"2025-05-24T21:14:05{zone if zone[0] in '+-' else ' ' + zone}") == f"2025-05-24T21:14:05{offset}"


@pytest.mark.parametrize(
    ("surface", "offset_hours"),
    [
        ("Sat, 8 Mar 2025 12:00 PT", -8),
        ("Sun, 9 Mar 2025 12:00 PT", -7),
        ("Sat, 1 Nov 2025 12:00 CT", -5),
        ("Sun, 2 Nov 2025 12:00 CT", -6),
    ],
)
def test_american_time_without_a_season_has_that_of_its_day(surface: str, offset_hours: int) -> None:
    instant, _ = read(surface)
    assert instant is not None
    assert instant.at.utcoffset() == timedelta(hours=offset_hours)


@pytest.mark.parametrize(
    ("surface", "expected", "warning"),
    [
        ("2025-05-24T21:14:05", "2025-05-24T21:14:05+00:00", "no time zone in …, taken as UTC"),
        ("Sat, 24 May 2025 21:14:05", "2025-05-24T21:14:05+00:00", "no time zone in …, taken as UTC"),
        ("Sat, 24 May 2025 21:14:05 XYZ", "2025-05-24T21:14:05+00:00", "no time zone in …, taken as UTC"),
        ("Sat, 24 May 2025 21:14:05 A", "2025-05-24T21:14:05+00:00", "no time zone in …, taken as UTC"),
        ("2025-05-24 21:14 Europe/Berlin", "2025-05-24T21:14:00+00:00", "no time zone in …, taken as UTC"),
        ("24 May 2025 21:14 IST", "2025-05-24T21:14:00+05:30", "time zone IST in … taken as Indian time"),
        (
            "24 May 2025 21:14 -0700 GMT",
            "2025-05-24T21:14:00-07:00",
            "offset and time zone differ in …, offset taken",
        ),
        (
            "2025-05-24T21:14:05-07:00Z",
            "2025-05-24T21:14:05-07:00",
            "offset and time zone differ in …, offset taken",
        ),
        ("2025-05-24T21:14:05+23:00", "2025-05-24T21:14:05+23:00", "no place has the UTC offset of …"),
        ("03.04.2025 21:14 CEST", "2025-04-03T21:14:00+02:00", "day taken before month in …"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59+00:00", "leap second in … read as the second before it"),
        ("2016-12-31T18:59:60-05:00", "2016-12-31T18:59:59-05:00", "leap second in … read as the second before it"),
        ("1748121245", "2025-05-24T21:14:05+00:00", "… read as seconds since 1970"),
        ("1748121245999", "2025-05-24T21:14:05+00:00", "… read as milliseconds since 1970"),
    ],
)
def test_what_is_taken_for_granted_is_a_warning(surface: str, expected: str, warning: str) -> None:
    assert warned(surface) == (expected, warning)


@pytest.mark.parametrize(
    ("surface", "expected"),
    [
        ("12:05 am", "00:05:00"),
        ("12:05 PM", "12:05:00"),
        ("8:19 p.m.", "20:19:00"),
        ("8:19:05pm", "20:19:05"),
        ("8:19p", "20:19:00"),
        ("8 pm", "20:00:00"),
        ("20:19 PM", "20:19:00"),
        ("0:19 pm", "12:19:00"),
        ("20h19", "20:19:00"),
        ("20.19", "20:19:00"),
    ],
)
def test_a_time_of_day_is_read_in_every_spelling(surface: str, expected: str) -> None:
    instant, _ = read(f"May 24, 2025, {surface}")
    assert instant is not None
    assert instant.at.time().isoformat() == expected


@pytest.mark.parametrize(
    ("surface", "at", "precision"),
    [
        ("2025", "2025-01-01", "year"),
        ("2025-05", "2025-05-01", "month"),
        ("05/2025", "2025-05-01", "month"),
        ("May 2025", "2025-05-01", "month"),
        ("2025-05-24", "2025-05-24", "day"),
        ("20250524", "2025-05-24", "day"),
        ("24/05/2025", "2025-05-24", "day"),
        ("05/24/2025", "2025-05-24", "day"),
        ("05/05/2025", "2025-05-05", "day"),
        ("31/12/99", "1999-12-31", "day"),
        ("May 24th, 2025", "2025-05-24", "day"),
        ("24 May '25", "2025-05-24", "day"),
        ("2025 May 24", "2025-05-24", "day"),
        ("2025-05-24T21:14Z", "2025-05-24", "minute"),
        ("2025-05-24T21:14:00Z", "2025-05-24", "second"),
        ("2025-05-24T21:14:05.5Z", "2025-05-24", "second"),
    ],
)
def test_the_precision_is_the_smallest_unit_that_the_surface_names(surface: str, at: str, precision: str) -> None:
    instant, warnings = read(surface)
    assert instant is not None
    assert (instant.at.date().isoformat(), instant.precision) == (at, precision)
    assert warnings == (), "a day needs no zone to be right"


def test_a_day_keeps_the_offset_that_it_names() -> None:
    assert iso("2025-05-24+02:00") == "2025-05-24T00:00:00+02:00"


@pytest.mark.parametrize(
    "surface", ["03/04/2025", "03-04-2025 21:14 GMT", "24.05.25", "6/1/2 15:04", "3/4/2025 8:19 pm EST"]
)
def test_day_and_month_that_cannot_be_told_apart_are_no_date(surface: str) -> None:
    instant, (warning,) = read(surface)
    assert instant is None
    assert "date" in warning


@pytest.mark.parametrize(
    ("surface", "expected"),
    [
        ("Thu, 03/04/2025", "2025-04-03"),  # the 4th of March was a Tuesday
        ("Tue, 03/04/2025", "2025-03-04"),
        ("Fri, 23.05.25", "2025-05-23"),  # the 25th of May 2023 was a Thursday
    ],
)
def test_a_weekday_tells_day_and_month_apart(surface: str, expected: str) -> None:
    assert iso(surface) == f"{expected}T00:00:00+00:00"


def test_a_weekday_that_fits_neither_way_tells_nothing() -> None:
    assert read("Sun, 03/04/2025") == (None, ("published: ambiguous date 'Sun, 03/04/2025'",))


@pytest.mark.parametrize(
    "surface",
    [
        "Posted on May 24, 2025 at 9:14 pm EDT by Jane Doe",
        "Published: Sat, 24 May 2025 21:14 -0400",
        "<time>2025-05-24T21:14-04:00</time>",
        "2025&#45;05&#x2d;24T21&#58;14-04:00",
        "&amp;nbsp;24 May 2025 21:14 EDT",
        "\x00 24 May\x0b2025 \u200e21:14 EDT",
        "24\u00a0May\u20092025, 21:14 EDT",
        "May 24, 2025 | 9:14 PM EDT",
        "Saturday the 24th of May, 2025, 21:14 EDT",
        "\ufeff2025-05-24T21:14-04:00",
    ],
)
def test_what_stands_around_a_date_is_ignored(surface: str) -> None:
    assert iso(surface) == "2025-05-24T21:14:00-04:00"


@pytest.mark.parametrize(
    "surface",
    [
        "",
        "yesterday",
        "2 hours ago",
        "insert published date here",
        "24 May",
        "Sat, 24 May 21:14:05 GMT",
        "24 May 8 pm",
        "24 May 2025 - 26 May 2025",
        "24 May 2025 21:14, updated 22:15",
        "© 2025",
        "1530",
        "07-01T01:55:07-05:00",
        "-2025-05-24",
        "2025-05 21:14",
        "250524",
        "9999999999999",
        "123456789",
        "2025-05-24T21:14:05 00",
        "Sat, 24 May 125 21:14:05 GMT",
        "Sat, 24 May 10000 21:14:05 GMT",
        "Sat, 24 May 2025 21:14:05 +030",  # not half past midnight in some zone
        "Sat, 24 May 2025 21:14:05 +" + "9" * 30,
        "2025-W21",
        "2025-400",
        "2025 or 2026",
    ],
)
def test_what_cannot_be_read_is_no_date_but_a_warning(surface: str) -> None:
    assert read(surface) == (None, (f"published: unreadable date {surface[:60]!r}",))


@pytest.mark.parametrize(
    "surface",
    [
        "2025-02-30T00:00:00Z",
        "2025-13-01T00:00:00Z",
        "2025-05-24T25:00:00Z",
        "2025-05-24T24:00:01Z",
        "2025-05-24T21:61:00Z",
        "2025-05-24T10:15:60Z",  # leap seconds end a day of UTC
        "Sat, 31 Feb 2025 21:14:05 GMT",
        "May 24, 2025 13:15 AM",
        "0000-00-00 00:00:00",
        "0001-01-01T00:00:00Z",
        "Mon, 01 Jan 0001 00:00:00 GMT",  # not 2001
        "2025-05-24T21:14:05+05:30:15",  # RFC 3339 has no seconds in an offset
        "Sat, 24 May 2025 21:14:05 +9900",
        "9999-12-31T24:00:00Z",
        "9999-12-31T23:59:59-01:00",
    ],
)
def test_what_cannot_be_is_impossible(surface: str) -> None:
    assert read(surface) == (None, (f"published: impossible date {surface!r}",))


@pytest.mark.parametrize("surface", ["1404-03-03T10:00:00+03:30", "1446/11/26", "۱۴۰۴/۰۳/۰۳"])
def test_the_years_of_the_islamic_calendars_are_not_taken_for_ours(surface: str) -> None:
    assert read(surface) == (None, (f"published: date of another calendar {surface!r}",))


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


def test_long_blanks_around_and_inside_a_date_are_nothing() -> None:
    assert iso(" \n" * 5_000 + "24 May 2025" + " \n" * 5_000 + "21:14 GMT") == "2025-05-24T21:14:00+00:00"


@pytest.mark.parametrize(
    "surface",
    [
        "x" * 1_000_000,
        " " * 1_000_000 + "x",
        "(" * 300,
        "<" * 300,
        "&#" + "9" * 290 + ";",
        "9" * 300,
        "May " * 75,
        "mar " * 75,
        "24" + " ." * 35 + " May 2025",
        "10:15" + " x" * 37,
        "10:15 " + "x, " * 25 + "1",
        "24 May 2025 10:15 " + "a " * 130,
        "ก." * 150,
    ],
)
def test_a_hostile_surface_takes_no_time(surface: str) -> None:
    with must_end():
        read(surface)


@settings(deadline=None)
@given(st.text(max_size=80) | st.text("0123456789:+-TZ ,./GMTMayJanSunpm月", max_size=40))
def test_whatever_stands_there_an_instant_can_be_written_in_rfc_3339_or_there_is_a_warning(surface: str) -> None:
    instant, warnings = read(surface)
    if instant is None:
        assert warnings
    else:
        offset = instant.at.utcoffset()
        assert offset is not None
        assert offset.total_seconds() % 60 == 0
        assert instant.at.year >= 1000
        assert instant.at.astimezone(UTC) == instant.at


OFFSETS = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1600, 1, 2), datetime(9998, 12, 31), timezones=OFFSETS)  # noqa: DTZ001 - bounds are naive


@settings(deadline=None)
@given(MOMENTS)
def test_what_programs_write_is_read_back_equal(moment: datetime) -> None:
    second, minute, day = moment.replace(microsecond=0), moment.replace(second=0, microsecond=0), moment.date()
    written = {
        moment.isoformat(): moment,
        moment.isoformat(sep=" ", timespec="milliseconds"): moment.replace(
            microsecond=moment.microsecond // 1000 * 1000
        ),
        moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"): moment,
        moment.isoformat(timespec="minutes"): minute,
        format_datetime(moment): second,
        format_datetime(second.astimezone(UTC), usegmt=True): second,
        moment.strftime("%a %b %d %H:%M:%S %z %Y"): second,
        moment.strftime("%A, %d-%B-%Y %H:%M:%S %z"): second,
        moment.strftime("%B %d, %Y %I:%M %p %z"): minute,
        moment.strftime("%I:%M %p %z, %b %d, %Y"): minute,
        moment.strftime("%d. %B %Y, %H.%M UTC%z"): minute,
        moment.strftime("%a %Y/%m/%d %H:%M:%S %z"): second,
        moment.strftime("%Y年%m月%d日 %H時%M分 %z"): minute,
    }
    for surface, expected in written.items():
        instant, _ = read(surface)
        assert instant is not None, surface
        assert instant.at == expected, surface
    for form in ("%Y-%m-%d", "%d %b %Y", "%A %d %B %Y", "%B %d, %Y", "%Y.%m.%d.", "%Y-%j"):
        instant, _ = read(day.strftime(form))
        assert instant is not None, form
        assert (instant.at.date(), instant.precision) == (day, "day"), form


@settings(deadline=None)
@given(MOMENTS, st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%d.%m.%y", "%m/%d/%y", "%y-%m-%d"]))
def test_a_day_in_numbers_is_read_right_or_not_at_all(moment: datetime, form: str) -> None:
    instant, _ = read(moment.strftime(form))
    if instant is not None and "%Y" in form:
        assert instant.at.date() == moment.date()
    elif instant is not None:
        assert (instant.at.date().timetuple()[1:3], instant.at.year % 100) == (
            moment.date().timetuple()[1:3],
            moment.year % 100,
        )


_OFFSETS = st.one_of(
    st.sampled_from(["GMT", "Z", "UT", "+0000", "-0000", "+00:00", "-00:00"]),
    st.builds(
        lambda sign, hours, colon, minutes: f"{sign}{hours:02}{colon}{minutes:02}",
        st.sampled_from("+-"),
        st.integers(0, 25),
        st.sampled_from([":", ""]),
        st.integers(0, 61),
    ),
)


@given(
    at=st.datetimes(min_value=datetime(1960, 1, 1), max_value=datetime(2110, 1, 1)),  # noqa: DTZ001 - zones are added
    form=st.sampled_from(
        [
            "%a, %d %b %Y %H:%M:%S ",
            "%d %b %Y %H:%M:%S ",
            "%Y-%m-%dT%H:%M:%S",
            "%Y-%m-%dT%H:%M:%S.%f",
            "%a, 31 %b %Y %H:%M:%S ",
            "Mon, %d %b %Y 24:00:00 ",
            "%Y-%m-30T%H:%M:60",
            "%Y-13-%dT%H:%M:%S.1234567",
        ]
    ),
    zone=_OFFSETS,
)
def test_what_is_written_to_the_letter_is_read_as_all_else_is(at: datetime, form: str, zone: str) -> None:
    surface = at.strftime(form) + zone
    assert reading.parse(surface) == reading._parse(surface)
