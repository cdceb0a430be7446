"""Dates of publication in the words, scripts and calendars of other languages."""

# ruff: noqa: RUF001 - letters of other scripts are the point

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files

import pytest

from worker.steps.instants import read_instant

NOW = datetime(2026, 1, 1, 9, tzinfo=UTC)


def read(surface: str) -> tuple[str | None, tuple[str, ...]]:
    """The instant as ISO 8601, as far as the surface names it; and the warnings."""
    instant, warnings = read_instant(surface, "published", now=NOW)
    if instant is None:
        return None, warnings
    precise = instant.at.isoformat(timespec="minutes")
    return precise[:10] if instant.precision == "day" else precise, warnings


@pytest.mark.parametrize(
    ("surface", "expected"),
    [
        ("Sa, 24 Mai 2025 21:14:05 +0200", "2025-05-24T21:14+02:00"),
        ("Samstag, 24. Mai 2025 um 21:14 Uhr MESZ", "2025-05-24T21:14+02:00"),
        ("24. Mrz. 2025", "2025-03-24"),
        ("24. Jänner 2025", "2025-01-24"),
        ("sam., 24 mai 2025 21:14:05 +0200", "2025-05-24T21:14+02:00"),
        ("1er août 2025", "2025-08-01"),
        ("Mardi 4 févr. 2025, 10 h 15 CET", "2025-02-04T10:15+01:00"),
        ("sáb, 24 may 2025 21:14:05 -0300", "2025-05-24T21:14-03:00"),
        ("24 de setiembre de 2025", "2025-09-24"),
        ("24 de mayo de 2025, 9:14 p. m. UTC", "2025-05-24T21:14+00:00"),
        ("terça-feira, 4 de março de 2025", "2025-03-04"),
        ("24 de maio de 2025 às 21h14 -0300", "2025-05-24T21:14-03:00"),
        ("sabato 24 maggio 2025, ore 21.14 CEST", "2025-05-24T21:14+02:00"),
        ("za 24 mei 2025 21:14 uur CEST", "2025-05-24T21:14+02:00"),
        ("lör 24 maj 2025 kl. 21.14 CEST", "2025-05-24T21:14+02:00"),
        ("lørdag d. 24. maj 2025", "2025-05-24"),
        ("lør. 24. des. 2022", "2022-12-24"),
        ("24. toukokuuta 2025 klo 21.14 EEST", "2025-05-24T21:14+03:00"),
        ("sobota, 24 maja 2025 r., godz. 21:14 CEST", "2025-05-24T21:14+02:00"),
        ("24 pazdziernika 2025", "2025-10-24"),
        ("24. května 2025 v 21:14 CEST", "2025-05-24T21:14+02:00"),
        ("sobota 24. mája 2025", "2025-05-24"),
        ("2025. május 24., szombat 21:14 CEST", "2025-05-24T21:14+02:00"),
        ("2025-május-24T21:14+02:00", "2025-05-24T21:14+02:00"),
        ("24 mai 2025, ora 21:14 EEST", "2025-05-24T21:14+03:00"),
        ("Σαβ, 24 Μάι 2025 21:14:05 +0300", "2025-05-24T21:14+03:00"),
        ("24 ΜΑΪΟΥ 2025, 9:14 μ.μ. EEST", "2025-05-24T21:14+03:00"),
        ("Сб, 24 май 2025 21:14:05 +0300", "2025-05-24T21:14+03:00"),
        ("24 мая 2025 г., 21:14 MSK", "2025-05-24T21:14+03:00"),
        ("24 травня 2025 р. о 21:14 +0300", "2025-05-24T21:14+03:00"),
        ("24 май 2025 г. 21:14 ч. EEST", "2025-05-24T21:14+03:00"),
        ("24 MAYIS 2025 Cumartesi, 21:14 +03", "2025-05-24T21:14+03:00"),
        ("24 Agustos 2025", "2025-08-24"),
        ("Sabtu, 24 Mei 2025 | 21.14 WIB", "2025-05-24T21:14+07:00"),
        ("24 Nopember 2025", "2025-11-24"),
        ("Thứ Bảy, ngày 24 tháng 5 năm 2025", "2025-05-24"),
        ("24/05/2025 9:14:00 CH +0700", "2025-05-24T21:14+07:00"),
        ("2025 m. gegužės 24 d.", "2025-05-24"),
        ("2025. gada 24. maijs", "2025-05-24"),
        ("24 d'agost de 2025", "2025-08-24"),
        ("السبت 24 مايو 2025 9:14 م GMT", "2025-05-24T21:14+00:00"),
        ("٢٤ مايو ٢٠٢٥", "2025-05-24"),
        ("24 ماي 2025", "2025-05-24"),
        ("24 غشت 2025", "2025-08-24"),
        ("24 كانون الثاني 2025", "2025-01-24"),
        ("24 أيار/مايو 2025", "2025-05-24"),
        ("۲۴ مه ۲۰۲۵", "2025-05-24"),
        ("יום שבת, 24 במאי 2025, 21:14 IDT", "2025-05-24T21:14+03:00"),
        ("शनिवार, 24 मई 2025 21:14 +0530", "2025-05-24T21:14+05:30"),
        ("24 जून 2025", "2025-06-24"),
        ("24 जन॰ 2025", "2025-01-24"),
        ("2025年5月24日 21:14 CST", "2025-05-24T21:14+08:00"),
        ("2025年05月24日(土) 21時14分 JST", "2025-05-24T21:14+09:00"),
        ("2025年5月24日 午後0時14分 JST", "2025-05-24T12:14+09:00"),
        ("2025年5月24日下午9:14 HKT", "2025-05-24T21:14+08:00"),
        ("周六, 24 5月 2025 21:14:05 +0800", "2025-05-24T21:14+08:00"),
        ("24 五月 2025", "2025-05-24"),
        ("２０２５年５月２４日", "2025-05-24"),
        ("2025년 5월 24일 토요일 오전 10시 KST", "2025-05-24T10:00+09:00"),
        ("2025. 5. 24. 오후 9:14 KST", "2025-05-24T21:14+09:00"),
    ],
)
def test_other_languages_dates_are_read(surface: str, expected: str) -> None:
    assert read(surface) == (expected, ())


@pytest.mark.parametrize(
    ("surface", "expected"),
    [
        ("24 พฤษภาคม 2568", "2025-05-24"),
        ("๒๔ พฤษภาคม ๒๕๖๘", "2025-05-24"),
        ("24 พ.ค. 68", "2025-05-24"),
        ("24 พ.ค. 2025", "2025-05-24"),
    ],
)
def test_thai_dates_count_from_the_buddha(surface: str, expected: str) -> None:
    assert read(surface) == (expected, ())


def test_a_buddhist_year_without_thai_script_is_not_guessed() -> None:
    assert read("24 May 2568") == ("2568-05-24", ("published: '24 May 2568' lies in the future",))


@pytest.mark.parametrize(
    ("surface", "expected", "name"),
    [
        ("2004년 05월 28일  01:31:15", "2004-05-28T01:31+09:00", "Korean"),
        ("2004-05-25 오후 11:16:37", "2004-05-25T23:16+09:00", "Korean"),
        ("24 พ.ค. 2568 21:14 น.", "2025-05-24T21:14+07:00", "Thai"),
    ],
)
def test_a_script_of_one_country_gives_its_time_zone_with_a_warning(surface: str, expected: str, name: str) -> None:
    assert read(surface) == (expected, (f"published: no time zone in {surface!r}, taken as {name} time",))


@pytest.mark.parametrize(
    ("surface", "expected"),
    [
        ("mar. 4 mars 2025", "2025-03-04"),
        ("mar 25 mar 2025", "2025-03-25"),
        ("lun 24 mar 2025", "2025-03-24"),
        ("mar 24 2025", "2025-03-24"),
        ("mar., 25.03.2025", "2025-03-25"),
        ("Sen, 24 Nov 2025", "2025-11-24"),
    ],
)
def test_a_word_that_is_a_month_and_a_weekday_is_what_its_place_says(surface: str, expected: str) -> None:
    assert read(surface) == (expected, ())


@pytest.mark.parametrize(
    ("surface", "expected"),
    [
        ("poniedziałek, 24 listopada 2025", "2025-11-24"),
        ("Mon, 24 listopada 2025", "2025-11-24"),  # the 24th of October was a Friday
        ("petak, 24. listopada 2025.", "2025-10-24"),
        ("24. listopadu 2025", "2025-11-24"),
    ],
)
def test_listopada_is_november_in_polish_and_october_in_croatian(surface: str, expected: str) -> None:
    assert read(surface) == (expected, ())


@pytest.mark.parametrize("surface", ["24 listopada 2025", "24 jui 2025", "24 srp 2025"])
def test_a_name_of_two_months_is_no_date(surface: str) -> None:
    assert read(surface) == (None, (f"published: ambiguous date {surface!r}",))


@pytest.mark.parametrize(
    "surface",
    [
        "24 رمضان 1446",
        "۳ خرداد ۱۴۰۴",
        "令和7年5月24日",
        "25年5月24日",
        "2025年5月24日 10時半",
        "24 Foo 2025",
    ],
)
def test_calendars_and_names_that_are_not_known_are_no_date(surface: str) -> None:
    assert read(surface) == (None, (f"published: unreadable date {surface!r}",))


def test_two_months_beside_each_other_are_no_date() -> None:
    assert read("24 May/June 2025") == (None, ("published: impossible date '24 May/June 2025'",))


def test_every_name_in_the_table_is_read_as_its_month_or_as_ambiguous() -> None:
    lines = (files("worker.steps.instants") / "calendar_words.tsv").read_text(encoding="utf-8").splitlines()
    months = [line.split("\t") for line in lines if "\tm\t" in line]
    assert len({language for language, *_ in months}) > 50
    ambiguous = set()
    for _, _, *columns in months:
        for number, names in enumerate(columns, 1):
            for name in filter(None, names.split("|")):
                expected, warnings = read(f"24 {name} 1999")
                if expected is None:
                    assert warnings == (f"published: ambiguous date {f'24 {name} 1999'!r}",)
                    ambiguous.add(name)
                else:
                    assert expected == f"1999-{number:02}-24", name
    assert ambiguous == {"lip", "lis", "listopad", "listopada", "srp"}
