"""The capitalised words of a text, and which of them stand together."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from worker.model.caching import kept
from worker.steps.facts.names.atlas import atlas
from worker.steps.facts.names.known import phrase_words
from worker.steps.facts.names.lexicons import (
    COMMON,
    DEMONYM,
    HEAD,
    NEVER,
    OFFICE,
    START,
    TITLE,
    cue,
    folded,
    lexicon,
    surface_flags,
    word_flags,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

# Letters but a to z; what is left out of ASCII is said as two ranges, quicker to tell than classes are.
_CAPITAL = r"[^\x00-@\[-\x7f\W\d]"
_PLAIN = r"[\x00-@\[-\x7f]"
# What stands before a capitalised word, and the word; the last one is the end of the text. Without gaps between them,
# their lengths say where each stands, and strings take a third of the time of match objects. Capitals within a word
# ("iPhone") belong to what stands before. The first branch is what most words are.
_TOKEN = re.compile(
    rf"({_PLAIN}*+(?:(?:[\W\d_]|(?<=[^\W_]){_CAPITAL}){_PLAIN}*+)*+)"
    rf"([A-Z][a-z]++(?=[ ,\n])|{_CAPITAL}(?:(?:\.{_CAPITAL}(?![^\W_])){{1,5}}\.?"
    r"|[a-z]*+[^\W_]*(?:['\u2019&-][^\W_]+)*(?:\.(?:com|org|net|gov|tv|io)\b)?)|\Z)"
)
# Small particles that are written with the name: "al-Assad", "d'Ivoire".
_PREFIX = re.compile(r"(?<![^\W_])(?:al|el|an|ar|as|ad|at|az|ash|ez|es|d|l|de|bin|ibn|ul)[-'\u2019]$")
_LONGEST_PREFIX = 4
# What may stand between two words of one name, and what it is: nothing, a preposition, a conjunction, a particle.
_GAPS = (
    {
        " ": "",
        "\u00a0": "",
        " & ": "&",
        " and ": "and",
        " and the ": "and the",
        " in ": "in",
        " in the ": "in",
    }
    | {" of ": "of", " of the ": "of", " with the ": "with"}
    | dict.fromkeys((" for ", " for the ", " on ", " on the ", " to ", " against "), "for")
)
GAP_TEXT = {
    "": " ",
    "&": " & ",
    ".": ". ",
    "of": " of ",
    "and": " and ",
    "for": " for ",
    "and the": " and the ",
    "in": " in ",
    ",": ", ",
}
# What most often parts two names.
_NO_GAPS = frozenset((", ", ",", ": ", " - ", " \u2013 ", " (", "\n\n", "\n"))
_MOST_GAP = 12
_MOST_WRAP = 40
# Cut off: the possessive and what is contracted with a word.
_ENDINGS = frozenset(("s", "S", "t", "re", "ve", "ll", "d", "m"))
_APOSTROPHES = frozenset("'\u2019")
_JOINTS = frozenset("-'\u2019")
_POSSESSIVES = frozenset(("'s ", "\u2019s ", "' ", "\u2019 "))
# "Jong-il" ends a name with small letters; a longer word does not belong to it.
_MOST_SMALL_TAIL = 5
_OPENING = "\"'\u201c\u2018\u00ab([{-\u2013\u2014*\u2022"
_ENDS = ".!?:;\u2026|)]"
_SMALL = re.compile("[a-z]")
_CAPS_LINE_LETTERS = 6
_THREE_CAPITALS = re.compile(r"[A-Z]{3}")
_LOOKBACK = 40
# What an office cares for may be a list: "Ministry of Housing, Communities and Local Government".
_CARED_FOR = re.compile(
    r"(?:[A-Z][a-z]+(?: [A-Z][a-z]+){0,2}, ){0,3}[A-Z][a-z]+(?: [A-Z][a-z]+){0,2},? (?:and|&) [A-Z][a-z]"
)
_MOST_CARED_FOR = 6
_NO_CARE = DEMONYM | TITLE | OFFICE | START | NEVER


@dataclass(slots=True)
class Token:
    """A capitalised word: `gap` is what joins it to the word before it in its run.

    `flags` say what the word may be (`lexicons`), `phrase` how many words known names have that begin with it.
    """

    surface: str
    start: int
    end: int
    key: str
    flags: int
    phrase: int
    opens: bool  # stands where any word would be capitalised
    possessive: bool
    gap: str = ""


def read_runs(text: str, caps: Sequence[tuple[int, int]]) -> list[list[Token]]:
    """The runs of capitalised words, in order; lines that are all capitals are left out."""
    runs: list[list[Token]] = []
    run: list[Token] = []
    last: Token | None = None
    end = 0
    skipped = _skipped()
    has_dollars = "$" in text
    for between, found in _TOKEN.findall(_without(text, caps)):
        start = end + len(between)
        end = start + len(found)
        if found in skipped and text[end : end + 1] == " " and text[end + 1 : end + 2].islower():
            last = None
            continue
        cut, surface, key, flags, phrase, possessive = _word(found)
        if not surface or (has_dollars and text[end : end + 1] == "$"):  # US$5
            last = None
            continue
        begins = start + cut
        if between and between[-1] in _JOINTS:
            prefix = _PREFIX.search(text, max(start - _LONGEST_PREFIX, 0), start)
            if prefix is not None:
                begins = prefix.start()
                cut, surface, key, flags, phrase, possessive = _word(text[begins:end])
                begins += cut
        ends = begins + len(surface)
        if not possessive and surface[-1] in "sS" and text[ends : ends + 1] in _APOSTROPHES:
            possessive = text[ends + 1 : ends + 2] == " "
        gap = None
        if last is not None and (len(between) <= _MOST_GAP or between.isspace() or begins != start):
            gap = _gap(text, last, begins, key)
            if gap is None and between == ", " and _is_cared_for(text, run, begins, key, flags):
                gap = ","
        if gap is None:
            opens = (between[-1:] != " " or not between[-2:-1].isalnum()) and _opens(text, begins)
            last = Token(surface, begins, ends, key, flags, phrase, opens, possessive)
            run = [last]
            runs.append(run)
        else:
            last = Token(surface, begins, ends, key, flags, phrase, False, possessive, gap)
            run.append(last)
    return runs


def _without(text: str, lines: Sequence[tuple[int, int]]) -> str:
    """The text with signs that are in no word in place of these lines."""
    if not lines:
        return text
    parts: list[str] = []
    at = 0
    for start, end in lines:
        parts += (text[at:start], "\0" * (end - start))
        at = end
    return "".join((*parts, text[at:]))


@cache
def _skipped() -> frozenset[str]:
    """Function words as they open sentences: with a small letter behind them they begin no name."""
    first_names = cue("first name or word")
    return frozenset(
        word.capitalize() for word, flags in lexicon().words.items() if flags & START and word not in first_names
    )


def caps_lines(text: str) -> list[tuple[int, int]]:
    """Where the lines stand that are written in capitals only."""
    found = []
    end = -1
    for line in text.split("\n"):
        start = end + 1
        end = start + len(line)
        if len(line) >= _CAPS_LINE_LETTERS and _SMALL.search(line) is None and _THREE_CAPITALS.search(line):
            found.append((start, end))
    return found


@kept(20_000)
def _word(surface: str) -> tuple[int, str, str, int, int, bool]:
    """Of a capitalised word: signs to cut off before it, what is left, and its part of a token; nothing of others."""
    cut = 0
    possessive = False
    # Of what is no ASCII the expression takes small letters for capitals; "al-Masri" has been looked at before.
    if not surface or not (surface[0].isascii() or surface[0].isupper()):
        return 0, "", "", 0, 0, False
    if not surface.isalnum():
        for mark in "'\u2019":
            head, found, tail = surface.rpartition(mark)
            if found and tail in _ENDINGS and not word_flags(folded(surface).replace("\u2019", "'")) & START:
                possessive = tail in {"s", "S"}
                surface = head
        if surface[1:2] == "-" and surface[0] in "DR":
            # "D-Texas": the party of a member of Congress.
            cut, surface = 2, surface[2:]
        head, found, tail = surface.rpartition("-")
        # "Moscow-based" is Moscow; "Jong-il" is a name.
        is_tail = word_flags(tail) & COMMON and tail not in cue("syllable")
        if found and tail.islower() and (is_tail or len(tail) > _MOST_SMALL_TAIL):
            surface = head
    key = folded(surface)
    # "People's Republic" is looked up without the apostrophe.
    phrase = max(phrase_words(key), phrase_words(key + "s") if possessive else 1)
    return cut, surface, key, surface_flags(surface, key), phrase, possessive


def _opens(text: str, start: int) -> bool:
    at = start - 1
    while at >= 0 and text[at] == " ":
        at -= 1
    if at < 0 or text[at] == "\n":
        # An indented line goes on with the sentence before it.
        return at < 0 or start - at < 3 or text[max(at - 1, 0)] in _ENDS + "\n"
    return text[at] in _ENDS or (text[at] in _OPENING and not (at > 0 and text[at - 1].isalnum()))


def _gap(text: str, last: Token, start: int, key: str) -> str | None:
    """What joins the word at `start` to the last one; None when nothing does."""
    end = last.end
    between = text[end:start]
    if last.possessive:
        # "St. Mary's Hospital", "Sheriff's Office".
        owned = key in cue("possessed") or last.key in cue("owners")
        return "" if owned and between in _POSSESSIVES and last.key not in atlas().fixed else None
    found = _GAPS.get(between)
    if found is not None:
        return found
    if between in _NO_GAPS:
        return "" if between == ", " and key in cue("company suffix") else None
    if len(between) > _MOST_GAP:
        return _wrapped(between)
    if between in {". ", ".", ".\u00a0"}:
        # "J. Doe", "Gen. Doe", "St. Louis".
        is_short = (len(last.key) == 1 and last.key != "i") or last.key in cue("abbreviation")
        return "." if is_short else None
    is_particle = between[:1] == between[-1:] == " " and between[1:-1] in cue("particle")
    return "particle" if is_particle else _wrapped(between)


def _is_cared_for(text: str, run: list[Token], start: int, key: str, flags: int) -> bool:
    """Whether the word at `start` goes on with the list of what the office of this run cares for."""
    if flags & HEAD and lexicon().heads.get(key, ("sport", ""))[0] != "sport":
        return False
    if flags & (COMMON | _NO_CARE) != COMMON or not run[-1].flags & COMMON or _CARED_FOR.match(text, start) is None:
        return False
    for at in range(len(run) - 1, max(len(run) - _MOST_CARED_FOR, 0), -1):
        if run[at].gap in {"of", "for"}:
            return bool(run[at - 1].flags & HEAD) and not run[at].flags & _NO_CARE
    return False


def _wrapped(between: str) -> str | None:
    """Lines that are broken for width go on with white space before their first word."""
    if not between.isspace() or len(between) > _MOST_WRAP or between[0] not in "\n ":
        return None
    return "" if between.count("\n") == 1 and between[-1] in " \t" else None


def word_before(text: str, start: int) -> str:
    """The word before an offset, in small letters; a sign when a sign stands there, "" at the start of a line."""
    piece = text[max(start - _LOOKBACK, 0) : start].rstrip(" \u00a0")
    word = piece[piece.rfind(" ") + 1 :]
    if word.isalnum():
        return word.lower()
    if not piece or piece[-1] == "\n":
        return ""
    if not piece[-1].isalnum():
        return piece[-1]
    at = len(piece)
    while at and (piece[at - 1].isalnum() or piece[at - 1] in "'\u2019-."):
        at -= 1
    return piece[at:].lower()


def word_after(text: str, end: int) -> str:
    """The word after an offset, in small letters; a sign when a sign stands there."""
    piece = text[end : end + _LOOKBACK].lstrip(" \u00a0")
    if not piece:
        return ""
    if not piece[0].isalnum():
        return piece[0]
    at = 0
    while at < len(piece) and (piece[at].isalnum() or piece[at] in "'\u2019-"):
        at += 1
    return piece[:at].lower()
