"""Weighted character n-grams, for the languages that share a script.

A text's score for a language is the sum of the weights of its words' n-grams of one to five characters, word boundaries
included: a multinomial logistic regression with weights in hundredths of a natural-log odds. `ngrams.zst` holds the
tables; `tools/language_model.py` makes them and says from what.

The weights of one n-gram for all languages of a script are one Python integer with sixteen bits for each language, so
that adding two integers adds the weights of all languages at once. Those of a word are one with 32 bits for each, and
are kept for the words met last: nine of ten words of a news text are among them.
"""

import json
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from itertools import chain

import zstandard

from worker.model.caching import Kept

_LONGEST = 5  # characters, boundaries included
_LANE_BYTES = 2
_ROWS_AT_ONCE = 4_096  # unpacked: all of them take ten megabytes that a process would keep
_AT_ONCE = 257  # weights of at most 255 that a lane of sixteen bits can add up
_WORDS_KEPT = 32_768  # at most, at about 500 bytes
_LOG_ODDS = 0.02  # of one unit of weight

_weight = partial(int.from_bytes, byteorder="little")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    languages: tuple[str, ...]
    offsets: tuple[float, ...]
    weights: dict[str, int]


@cache
def _tables() -> dict[str, _Table]:
    """The tables by script. The file is a line of JSON, then for each script its n-grams and its rows of weights."""
    content = zstandard.decompress(files(__package__).joinpath("ngrams.zst").read_bytes())
    header, _, content = content.partition(b"\n")
    tables = {}
    for part in json.loads(header):
        names, rows, content = _cut(content, part["names_bytes"], part["rows_bytes"])
        ngrams = names.decode().split("\n")
        width = len(part["languages"])
        weights = dict(zip(ngrams, map(_weight, _lanes(rows, width)), strict=True))
        tables[part["script"]] = _Table(
            languages=tuple(part["languages"]), offsets=tuple(part["offsets"]), weights=weights
        )
    return tables


def _lanes(rows: bytes, width: int) -> Iterator[bytes]:
    """Each row of weights, of a byte each, in lanes. A start waits for it: there is no step in Python for each row."""
    size = _ROWS_AT_ONCE * width
    for at in range(0, len(rows), size):
        some = rows[at : at + size]
        lanes = bytearray(_LANE_BYTES * len(some))
        lanes[::_LANE_BYTES] = some
        yield from chain.from_iterable(struct.iter_unpack(f"{_LANE_BYTES * width}s", lanes))


def _cut(content: bytes, first: int, second: int) -> tuple[bytes, bytes, bytes]:
    return content[:first], content[first : first + second], content[first + second :]


def languages(script: str) -> tuple[str, ...]:
    """The languages that `scores` knows in a script."""
    table = _tables().get(script)
    return () if table is None else table.languages


def scores(script: str, words: Iterable[str]) -> dict[str, float]:
    """How well words fit each language of a script: natural-log odds, up to a constant.

    Args:
        script: as :mod:`.scripts` names it.
        words: in lower case, each once.

    Returns:
        Scores by language tag; none when no table holds the script.
    """
    table = _tables().get(script)
    if table is None:
        return {}
    width = len(table.languages)
    total = sum(map(_words(script).__getitem__, words))
    totals = [0] * width
    lanes = struct.unpack(f"<{2 * _half(width)}I", total.to_bytes(8 * _half(width), "little"))
    totals[::2], totals[1::2] = lanes[: _half(width)], lanes[_half(width) : width]
    return {
        language: total * _LOG_ODDS + offset
        for language, total, offset in zip(table.languages, totals, table.offsets, strict=True)
    }


@cache
def _words(script: str) -> Kept[int]:
    return Kept(partial(_word_weights, script), _WORDS_KEPT)


def _word_weights(script: str, word: str) -> int:
    """The weights of a word's n-grams, added up in lanes of 32 bits: first those of every other language."""
    table = _tables()[script]
    half = _half(len(table.languages))
    every_other = _every_other(half)
    text = f" {word} "
    ngrams = [text[start : start + size] for size in range(1, _LONGEST + 1) for start in range(len(text) - size + 1)]
    known = list(filter(None, map(table.weights.get, ngrams)))
    weights = 0
    for start in range(0, len(known), _AT_ONCE):
        lanes = sum(known[start : start + _AT_ONCE])
        weights += (lanes & every_other) | (lanes >> 16 & every_other) << (32 * half)
    return weights


def _half(width: int) -> int:
    return (width + 1) // 2


@cache
def _every_other(lanes: int) -> int:
    """A mask of so many lanes of sixteen bits, with as many between them that are left out."""
    return int.from_bytes(b"\xff\xff\0\0" * lanes, "little")
