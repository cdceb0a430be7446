"""The language of an article, as a BCP 47 tag.

The script of the letters decides first: Thai, Greek or Georgian letters say it all. Languages that share a script are
told apart by letters and closed-class words of their own, and by a table of weighted character n-grams
(:mod:`.ngrams`). What the feed or page declares is a prior: many feeds copy `en-us` from a template.
"""

from collections.abc import Mapping
from functools import lru_cache

from worker.model.caching import cached_if_short
from worker.steps.language import clues, ngrams, scripts, tags

_READ_CHARACTERS = 1200  # the start of an article tells its language; the rest would only cost time
_FEW_LETTERS = 3  # fewer name no language
_SHORT_LETTERS = 20  # up to here a declaration is better evidence than the letters
_NAME_LETTERS = 12  # up to here a text may be a mere name,
_CLOSE = 3.0  # and a smaller lead, in natural-log odds, is chance
_FIT = 2.0  # for each letter; text in a known language scores 3 to 6, rows of letters that no language has below
# Natural-log odds in favour of the declared language: a fixed part, and a part for each word, because names and
# quotations make the evidence for a sibling (Croatian in a Bosnian feed) grow with the text's length.
_PRIOR = 4.0
_PRIOR_PER_WORD = 0.25
# Where nothing is declared, a short text is likelier English, the language of most news, than its look-alikes.
_ENGLISH_PRIOR = 2.5
# A lead this large for each letter: the text is in that language, and in none that the tables do not know.
_CLEAR_PER_LETTER = 0.45
# The first and the last words that are read say enough when they are in the declared language by this lead for each
# letter. The first alone do not: a story in German may open with a note in English.
_END_CHARACTERS = 200
_LEAD_PER_LETTER = 0.2
_LIKE_ENGLISH = {"bi", "jam", "pcm", "sco", "tpi"}  # Scots, and creoles with English words
_LIKE_HINDI = {"awa", "bgc", "bho", "doi", "kok", "mag", "mai", "raj", "sa"}  # in its letters; nothing here tells them


def detect(text: str, *, declared: str | None = None) -> str | None:
    """The language that a text is written in.

    Args:
        text: plain text of any length; its first 1,200 characters are read.
        declared: the well-formed tag that the feed or page declares, possibly wrong.

    Returns:
        A BCP 47 tag (RFC 5646). It is the declared tag as given, with its region and script, where the text agrees
        with its primary language or is too short to contradict it; else the detected language. Norwegian is
        `nb` or `nn`, Serbian in Latin letters `sr-Latn`. None when there is too little text to tell and nothing is
        declared.
    """
    text = text[:_READ_CHARACTERS]
    if declared is not None and len(text) > 2 * _END_CHARACTERS:
        ends = f"{text[:_END_CHARACTERS]} {text[-_END_CHARACTERS:]}"
        if _is_clearly(declared, ends):
            return declared
    return _of(_read(text), declared)


def _of(found: scripts.Reading, declared: str | None) -> str | None:
    if found.script is None:
        return declared
    # Short Latin texts (names, acronyms) occur in every language; other letters only where they are at home.
    if (
        declared is not None
        and found.letters <= _SHORT_LETTERS
        and (found.script == "latin" or scripts.written_in(declared, found.script))
    ):
        return declared
    if found.letters < _FEW_LETTERS and found.script not in scripts.ONE_LANGUAGE:
        return declared
    detected = _detected(found, declared)
    if detected is None or declared is None:
        return detected or declared
    if found.script == "devanagari" and tags.primary(declared) in _LIKE_HINDI:
        return declared
    return declared if tags.agree(declared, detected) else detected


def _is_clearly(declared: str, ends: str) -> bool:
    """Whether the ends of a text are in the declared language beyond doubt. To read all takes three times as long."""
    found = _read(ends)
    clue, scores = _evidence(found)
    if clue is not None or len(scores) < 2:
        return False
    second, best = sorted(scores.values())[-2:]
    first = next(tag for tag, score in scores.items() if score == best)
    letters = sum(map(len, found.words))
    return tags.agree(declared, first) and best >= _FIT * letters and best - second >= _LEAD_PER_LETTER * letters


# A text is asked about with what is declared and without.
@lru_cache(maxsize=1)
def _read(text: str) -> scripts.Reading:
    return scripts.read(text)


@lru_cache(maxsize=1)
def _evidence(found: scripts.Reading) -> tuple[str | None, Mapping[str, float]]:
    """The language that letters or words of its own name, and else the scores by n-grams."""
    clue = clues.language(found)
    return clue, {} if clue is not None else ngrams.scores(found.script or "", found.words)


def _detected(found: scripts.Reading, declared: str | None) -> str | None:
    clue, scores = _evidence(found)
    if clue is not None:
        return clue
    if not scores:
        return scripts.ONE_LANGUAGE.get(found.script or "")
    if declared is not None:
        bonus = _PRIOR + _PRIOR_PER_WORD * len(found.words)
        scores = {**scores, **{tag: scores[tag] + bonus for tag in _agreeing(declared, found.script or "")}}
    elif "en" in scores:
        scores = {**scores, "en": scores["en"] + _ENGLISH_PRIOR}
    second, best = sorted(scores.values())[-2:]
    first = next(tag for tag, score in scores.items() if score == best)
    letters = sum(map(len, found.words))
    if best < _FIT * letters or (declared is None and letters <= _NAME_LETTERS and best - second < _CLOSE):
        return None
    if declared is None or _may_overrule(declared, first, found, (best - second) / letters):
        return first
    return declared


@cached_if_short(1_024)
def _agreeing(declared: str, script: str) -> tuple[str, ...]:
    """The languages of the tables that a declared one names."""
    return tuple(tag for tag in ngrams.languages(script) if tags.agree(declared, tag))


def _may_overrule(declared: str, detected: str, found: scripts.Reading, lead: float) -> bool:
    """Whether a detected language stands against the declared one; `lead` is for each letter."""
    script = found.script or ""
    if _agreeing(declared, script) or not scripts.written_in(declared, script):
        return True
    # The tables do not know the declared language: a text in it would look like its nearest relative's.
    if detected == "en":
        return tags.primary(declared) not in _LIKE_ENGLISH
    return lead >= _CLEAR_PER_LETTER
