"""Text in which the rules that look for facts might get lost."""

from __future__ import annotations

from .cases import OK, TOO_COSTLY, Cases, filled, story

CASES = Cases()


for _name, _piece in {
    "quotation-marks": '"',
    "typeset-quotation-marks": "\u201c\u2018",
    "single-quotation-marks": "'a' ",
    "digits": "1",
    "digits-and-commas": "1,",
    "digits-and-dots": "1.",
    "capitals": "A",
    "capitals-apart": "A B ",
    "names": "Ann Lee ",
    "commas": ",",
    "dots": ".",
    "dashes": "- ",
    "hyphens": "a-",
    "parentheses": "(",
    "brackets": "[(",
    "blanks": " ",
    "lines": "\n\n",
    "words": "word ",
    "no-words": "a",
    "said": "said ",
    "said-he": '"Yes," said Ann Lee. ',
    "according-to": "according to ",
    "datelines": "KYIV, March 3 (AP) - ",
    "months": "March ",
    "days": "last Monday and next ",
    "times": "10:00:",
    "money": "$1 million ",
    "numbers-in-words": "one hundred and ",
    "percent": "5 % of ",
    "titles": "Mr. Dr. Minister ",
    "of-the": "of the Ministry of ",
    "and": "Lee and ",
    "addresses": "http://a.b/",
    "at-signs": "@a",
    "places": "Paris, France, ",
    "killed": "killed and wounded ",
    "all-of-it": 'In Paris on Monday, "12 people," said Mr. Lee of the U.S., "were killed (AP) - $5m',
}.items():
    CASES.add(
        f"text-of-{_name}",
        OK,
        TOO_COSTLY,
        body=lambda piece=_piece: story(filled(piece, 60_000)),
    )
