"""A fingerprint of an article's words, by which consumers find the copies of one story.

What it is: a list of at most 108 integers, under 1 kB of JSON. Those from 0 to 2**26 - 1 stand for phrases: three words
in a row once short words are left out, or six characters in a row in scripts that put no space between
words. Of a text's phrases the 88 with the smallest hashes are kept, so texts that share phrases keep the same ones
(Broder, "On the resemblance and containment of documents", 1997). Those below 0 stand for numbers: at most 20, chosen
alike. Both parts stand in the order of their hashes. Case, accents, quotation marks, punctuation and white space do
not count; nor does the order of paragraphs, except where two of them meet.

How two are compared (`near_duplicate`): with s the phrases in both and n the phrases of the shorter list, they are
near-duplicates if s is at least 10, or two thirds of n where that is less. But they are two stories from one template
if s is at least n / 4, both have three or more numbers, and of the shorter list of numbers less than a third is in
both.

How candidates are found without comparing all pairs: a table `value_of(article_id, value)` with one row for each value
of each article, an index on `value`, and a self-join. No near-duplicates have fewer than 6 phrases in common:

    SELECT a.article_id, b.article_id,
           count(*) FILTER (WHERE a.value >= 0) AS phrases, count(*) FILTER (WHERE a.value < 0) AS numbers
    FROM value_of a JOIN value_of b ON a.value = b.value AND a.article_id < b.article_id
    GROUP BY 1, 2 HAVING count(*) FILTER (WHERE a.value >= 0) >= 6

A stream is joined likewise within a window of days. At a third of the rows, pairs with any of the first 32 phrases of
both lists in common are candidates, to be compared by their whole lists. Leave out of the search the values that more
than about 50 articles of the window have: they are a publisher's boilerplate or a bot's template.

What it cannot see: an excerpt that is less than about a sixth of a long article, a translation, a paraphrase. What it
takes for copies although they are not: notices from one template without numbers, and short articles with the same
long footer.
"""

from __future__ import annotations

import re
import unicodedata
from hashlib import blake2b
from struct import unpack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

MAX_PHRASES = 88
MAX_NUMBERS = 20

_PHRASE_BITS = 26
_NUMBER_BITS = 20

# Fewer phrases than this, about a line of text, say nothing.
_MIN_PHRASES = 8
_WORDS = 3
_CHARACTERS = 6
_LAST_DIGIT = ord("9")
_HASH = blake2b(digest_size=8)

_ENOUGH_SHARED = 10
_MIN_NUMBERS = 3

# Thai, Lao, Tibetan, Burmese, Khmer, kana and Han: scripts without spaces between words.
_UNSPACED = "\u0e00-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
_NUMBER = r"[0-9]+(?:[.,][0-9]+)*"
# The words that say enough. Scripts from Hebrew on write few vowels, or syllables: three letters do there.
_LETTER = rf"[^\W0-9_{_UNSPACED}]"
# Digits that no folding makes one of 0 to 9: in two circles or filled ones, Ethiopic, Kharosthi and the like.
_DIGIT = (
    r"[\u1369-\u1371\u19da\u24f5-\u24fd\u24ff\u2776-\u277e\u2780-\u2788\u278a-\u2792"
    r"\U00010a40-\U00010a43\U00010e60-\U00010e68\U00011052-\U0001105a]"
)
_WORD = re.compile(
    rf"{_NUMBER}|{_LETTER}{{4,}}|(?=[\u0590-\U0010ffff]){_LETTER}{{3}}|{_DIGIT}(?<!{_LETTER}.){_LETTER}*"
)
_ASCII_WORD = re.compile(rf"[a-z]{{4,}}+|{_NUMBER}".encode())
_CHARACTER = re.compile(f"[0-9{_UNSPACED}]")
_HAS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")

# Letters by category that work as marks: the Arabic lengthening stroke, and two apostrophes.
_LIKE_MARKS = {"\u0640": "", "\u02bb": " ", "\u02bc": " "}


class _Folding(dict[int, str]):
    """What each character counts as. Filled as characters turn up.

    By the character, and without marks, for the time that normalising takes grows with the square of a run of marks.
    """

    def __missing__(self, code: int) -> str:
        plain = unicodedata.normalize("NFKD", chr(code)).casefold()
        self[code] = folded = "".join(map(_fold_character, plain))
        return folded


def _fold_character(character: str) -> str:
    if character.isascii():
        return character
    category = unicodedata.category(character)
    if category[0] == "M" or category == "Cf":
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(character))
    return _LIKE_MARKS.get(character, character if category[0] in "LN" else " ")


_FOLDING = _Folding()


def fingerprint(text: str) -> tuple[int, ...] | None:
    """The values that stand for a text, as this module says; None for a text of fewer than eight phrases.

    The same for the same text on every machine and every version of Python.
    """
    folded = _fold(text)
    if folded.isascii():
        words = _ASCII_WORD.findall(folded.encode())
        found = _phrases(words)
    else:
        words = list(map(str.encode, _WORD.findall(folded)))
        found = _phrases(words) | _runs(folded)
    phrases = _sample(found, MAX_PHRASES, _PHRASE_BITS)
    if len(phrases) < _MIN_PHRASES:
        return None
    # Digits come before all letters.
    numbers = _sample({word for word in words if word[0] <= _LAST_DIGIT}, MAX_NUMBERS, _NUMBER_BITS)
    return (*phrases, *[-1 - value for value in numbers])


def near_duplicate(a: Collection[int], b: Collection[int]) -> bool:
    """Whether two fingerprints are those of one story: whole or shortened, reordered, updated or lightly edited."""
    shared = set(a).intersection(b)
    shared_phrases = sum(value >= 0 for value in shared)
    phrases = min(sum(value >= 0 for value in side) for side in (a, b))
    if shared_phrases < _ENOUGH_SHARED and 3 * shared_phrases < 2 * phrases:
        return False
    numbers = min(sum(value < 0 for value in side) for side in (a, b))
    templated = (
        4 * shared_phrases >= phrases and numbers >= _MIN_NUMBERS and 3 * (len(shared) - shared_phrases) < numbers
    )
    return not templated


def _fold(text: str) -> str:
    if text.isascii():
        return text.lower()
    # Most texts have few other characters, and most of those, such as quotation marks, fold to ASCII.
    plain = _NOT_ASCII.sub(lambda run: run[0].translate(_FOLDING), text)
    return plain.lower() if plain.isascii() else text.translate(_FOLDING)


def _phrases(words: list[bytes]) -> set[bytes]:
    return set(map(b" ".join, zip(*(words[at:] for at in range(_WORDS)), strict=False)))


def _runs(folded: str) -> set[bytes]:
    """The phrases of scripts without spaces."""
    if not _HAS_UNSPACED.search(folded):
        return set()
    characters = "".join(_CHARACTER.findall(folded))
    return {characters[at : at + _CHARACTERS].encode() for at in range(len(characters) - _CHARACTERS + 1)}


def _sample(parts: set[bytes], size: int, bits: int) -> list[int]:
    """The parts with the smallest hashes, each as the last `bits` of its hash, in the order of the hashes.

    The order comes from the first bits, so the last ones are spread evenly however few of the parts are kept.
    """
    hashes: list[bytes] = []
    copy, append = _HASH.copy, hashes.append  # a copy is cheaper than a new one
    for part in parts:
        hashed = copy()
        hashed.update(part)
        append(hashed.digest())
    if len(hashes) > 2 * size:
        # Spread evenly as they are, so many are below this, and the rest need no sorting.
        limit = bytes([384 * size // len(hashes)])
        low = [hashed for hashed in hashes if hashed < limit]
        hashes = low if len(low) >= size else hashes
    hashes.sort()  # big-endian, so bytes sort as their numbers do
    smallest = hashes[:size]
    mask = (1 << bits) - 1
    return list(dict.fromkeys([value & mask for value in unpack(f">{len(smallest)}Q", b"".join(smallest))]))
