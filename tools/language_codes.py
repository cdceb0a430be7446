# /// script
# requires-python = ">=3.11"
# dependencies = ["babel==2.17.0"]
# ///
"""Make worker/steps/language_codes.tsv: what feeds write for a language, and its ISO 639-1 code; from Unicode CLDR.

    uv run tools/language_codes.py > worker/steps/language_codes.tsv

The three-letter codes of ISO 639-2 and 639-3, withdrawn codes, and the languages' names in English and their own
language. Only languages that have a two-letter code: the others' codes are right as they are.
"""

import re
import sys
from importlib import resources

from babel import Locale, localedata
from babel.core import get_global

HEADER = """\
# What feeds write for a language (codes and names, in lower case), and its BCP 47 tag. Made by tools/language_codes.py
# from Unicode CLDR 46 (in Babel 2.17.0), licensed:
#
"""


def codes() -> dict[str, str]:
    """Every spelling with its tag; a two-letter code that is right stands for itself."""
    english = Locale("en").languages
    known = {code: code for code in english if re.fullmatch("[a-z]{2}", code)}
    for wrong, right in get_global("language_aliases").items():
        tag = right.replace("_", "-")
        if re.fullmatch("[a-z]{2,3}", wrong) and re.fullmatch("[a-z]{2}(-[A-Z][a-z]{3})?", tag):
            known[wrong] = tag
    # CLDR takes "no" for Bokmål; BCP 47 has it for both Norwegian languages.
    known["no"] = known["nor"] = "no"
    for code in [code for code in known if known[code] == code]:
        names = [english[code]] if code in english else []
        if localedata.exists(code):
            names.append(Locale(code).languages.get(code, ""))
        for name in filter(None, names):
            known.setdefault(name.casefold(), code)
    return known


def main() -> None:
    """Write the table to standard output, under the notice that its licence asks for."""
    licence = (resources.files("babel") / "locale-data" / "LICENSE.unicode").read_text(encoding="utf-8")
    sys.stdout.write(HEADER)
    sys.stdout.writelines(f"# {line}".rstrip() + "\n" for line in licence.splitlines())
    sys.stdout.writelines(f"{written}\t{tag}\n" for written, tag in sorted(codes().items()))


if __name__ == "__main__":
    main()
