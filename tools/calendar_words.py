# /// script
# requires-python = ">=3.11"
# dependencies = ["babel==2.17.0"]
# ///
"""Make tables of the names of months and weekdays, from Unicode CLDR.

    uv run tools/calendar_words.py > worker/steps/instants/calendar_words.tsv
    uv run tools/calendar_words.py datelines > worker/steps/facts/lexicon/dateline_months.tsv

Babel carries CLDR as Python data; the worker needs only these few names of it, not the 30 MB. Each locale is read
alone, without what CLDR lets it inherit: Babel 2.17 mixes up the locales when it resolves aliases.
"""

import sys
import unicodedata
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

from babel import localedata

# Languages whose feeds name months, and regions whose month names are their own (Arabic has three sets). Languages
# that count months (Chinese, Japanese, Korean, Vietnamese) are here for their weekdays.
LOCALES = """
    en en_AU en_CA en_GB de de_AT fr fr_CA es es_MX pt pt_PT it nl sv da no nn fi is et lv lt pl cs sk sl hr sr sr_Latn
    bs mk bg ru uk be hu ro el tr az id ms vi ca gl af sq ar ar_DZ ar_IQ ar_MA ar_MR ar_SY ar_TN fa ur he hi mr ne bn ta
    te kn ml gu pa th lo km my ka hy kk uz zh zh_Hant ja ko
"""
WIDTHS = ("wide", "abbreviated")
HEADER = """\
# Names of months and weekdays. Columns: language; m or w; then January to December or Monday to Sunday, the names of
# one month or day separated by |. Made by tools/calendar_words.py from Unicode CLDR 46 (in Babel 2.17.0), licensed:
#
"""

MONTHS_HEADER = """\
# Names of months in all languages but those that mean another month elsewhere ("listopad"). Columns: the month; its
# names in small letters, separated by |. Made by tools/calendar_words.py from Unicode CLDR 46 (in Babel 2.17.0):
#
"""
MIN_MONTH_LETTERS = 3


def values(data: Mapping[str, Any], field: str) -> Iterator[tuple[int, str]]:
    """All (number, name) pairs of a locale's months or days, whatever their context and width."""
    for context in ("format", "stand-alone"):
        widths = data.get(field, {}).get(context, {})
        for width in WIDTHS:
            names = widths.get(width, {})
            if isinstance(names, Mapping):  # otherwise an alias, to names that we have anyway
                yield from names.items()


def rows(locale: str) -> Iterator[str]:
    """One line for the months and one for the weekdays of a locale: its language, m or w, the names by number."""
    data = localedata.load(locale, merge_inherited=False)
    for kind, field, numbers in (("m", "months", range(1, 13)), ("w", "days", range(7))):
        names: dict[int, dict[str, None]] = {number: {} for number in numbers}
        for number, name in values(data, field):
            # Names that are numbers ("5月", "thg 5") are read as numbers; a letter alone ("T") could be anything.
            if len(name.strip(".")) > 1 and not any(unicodedata.category(letter).startswith("N") for letter in name):
                # Catalan months come with their preposition.
                names[number][name.strip().removeprefix("de ").removeprefix("d\u2019")] = None
        if any(names.values()):
            yield "\t".join([locale.split("_", maxsplit=1)[0], kind, *("|".join(names[number]) for number in numbers)])


def month_rows() -> Iterator[str]:
    """One line for each month: its number, and its names in all languages that mean no other month in another."""
    months: dict[str, set[int]] = {}
    for locale in LOCALES.split():
        for number, name in values(localedata.load(locale, merge_inherited=False), "months"):
            plain = name.strip().removeprefix("de ").removeprefix("d\u2019").rstrip(".").casefold()
            if len(plain) >= MIN_MONTH_LETTERS and plain.isalpha():
                months.setdefault(plain, set()).add(number)
    for number in range(1, 13):
        yield f"{number}\t" + "|".join(sorted(name for name, numbers in months.items() if numbers == {number}))


def main() -> None:
    """Write a table to standard output, under the notice that its licence asks for."""
    licence = (resources.files("babel") / "locale-data" / "LICENSE.unicode").read_text(encoding="utf-8")
    out = sys.stdout
    datelines = sys.argv[1:] == ["datelines"]
    out.write(MONTHS_HEADER if datelines else HEADER)
    out.writelines(f"# {line}".rstrip() + "\n" for line in licence.splitlines())
    if datelines:
        out.writelines(row + "\n" for row in month_rows())
        return
    seen: set[str] = set()
    for locale in LOCALES.split():
        for row in rows(locale):
            if row not in seen:
                out.write(row + "\n")
                seen.add(row)


if __name__ == "__main__":
    main()
