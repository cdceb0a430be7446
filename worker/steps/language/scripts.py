"""Which script a text's letters belong to, and which languages a script is enough to name."""

import re
import unicodedata
from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import lru_cache

# Runs of letters. Combining marks split words, here as in the tables that the n-grams were counted in. From U+2E80 on
# (East Asia) words are not separated by blanks, and foreign names stand among them: those are runs of their own.
# The first branch is quick to tell.
_WORDS = re.compile(r"[a-z]++(?![^\x00-`])|[^\W\d_\u2e80-\U0010ffff]+|[^\W\d_\u0000-\u2e7f]+")
_ASCII_WORDS = re.compile(r"[a-z]+")
_EAST_ASIA = "\u2e80"

# First code point of each block (Unicode, Blocks.txt), and its script; "" is everything that names none.
_BLOCKS = (
    (0x0041, "latin"),
    (0x0250, ""),
    (0x0370, "greek"),
    (0x0400, "cyrillic"),
    (0x0530, "armenian"),
    (0x0590, "hebrew"),
    (0x0600, "arabic"),
    (0x0700, ""),
    (0x0750, "arabic"),
    (0x0780, "thaana"),
    (0x07C0, ""),
    (0x08A0, "arabic"),
    (0x0900, "devanagari"),
    (0x0980, "bengali"),
    (0x0A00, "gurmukhi"),
    (0x0A80, "gujarati"),
    (0x0B00, "oriya"),
    (0x0B80, "tamil"),
    (0x0C00, "telugu"),
    (0x0C80, "kannada"),
    (0x0D00, "malayalam"),
    (0x0D80, "sinhala"),
    (0x0E00, "thai"),
    (0x0E80, "lao"),
    (0x0F00, "tibetan"),
    (0x1000, "myanmar"),
    (0x10A0, "georgian"),
    (0x1100, "hangul"),
    (0x1200, "ethiopic"),
    (0x13A0, ""),
    (0x1780, "khmer"),
    (0x1800, "mongolian"),
    (0x18B0, ""),
    (0x1C80, "cyrillic"),
    (0x1C90, "georgian"),
    (0x1CC0, ""),
    (0x1E00, "latin"),
    (0x1F00, "greek"),
    (0x2000, ""),
    (0x2D00, "georgian"),
    (0x2D30, ""),
    (0x2D80, "ethiopic"),
    (0x2DE0, "cyrillic"),
    (0x2E00, ""),
    (0x3040, "kana"),
    (0x3100, ""),
    (0x3130, "hangul"),
    (0x3190, ""),
    (0x31F0, "kana"),
    (0x3200, ""),
    (0x3400, "han"),
    (0x4DC0, ""),
    (0x4E00, "han"),
    (0xA000, ""),
    (0xA640, "cyrillic"),
    (0xA6A0, ""),
    (0xA720, "latin"),
    (0xA800, ""),
    (0xAC00, "hangul"),
    (0xD7B0, ""),
    (0xF900, "han"),
    (0xFB00, "latin"),
    (0xFB13, "armenian"),
    (0xFB1D, "hebrew"),
    (0xFB50, "arabic"),
    (0xFE00, ""),
    (0xFE70, "arabic"),
    (0xFF00, "latin"),
    (0xFF66, "kana"),
    (0xFFA0, ""),
    (0x20000, "han"),
    (0x323B0, ""),
)
_STARTS = [start for start, _ in _BLOCKS]

# The language of a script that one language, or one above all others, is written in.
ONE_LANGUAGE = {
    "armenian": "hy",
    "bengali": "bn",
    "devanagari": "hi",
    "ethiopic": "am",
    "georgian": "ka",
    "greek": "el",
    "gujarati": "gu",
    "gurmukhi": "pa",
    "han": "zh",
    "hangul": "ko",
    "hebrew": "he",
    "kana": "ja",
    "kannada": "kn",
    "khmer": "km",
    "lao": "lo",
    "malayalam": "ml",
    "mongolian": "mn-Mong",
    "myanmar": "my",
    "oriya": "or",
    "sinhala": "si",
    "tamil": "ta",
    "telugu": "te",
    "thaana": "dv",
    "thai": "th",
    "tibetan": "bo",
}

# The languages that each script is at home in, besides those above. A language that is not listed may be in any.
_AT_HOME = {
    "arabic": "ar ckb fa pa ps sd ug ur",
    "bengali": "as",
    "cyrillic": "ba be bg ce cv ky mk mn os ru sah tg tt uk",
    "devanagari": "bho mai mr ne sa",
    "ethiopic": "ti",
    "han": "ja ko yue",
    "hebrew": "iw yi",
    "latin": "af an ast br ca ceb co cs cy da de dsb en eo es et eu fi fil fo fr fur fy ga gd gl ha hr hsb ht hu ia id "
    "ig is it jam jv la lb lg lij lmo ln lt lv mg mi ms mt nap nb nds nl nn no nso ny oc om pcm pl pms pt qu rm rn ro "
    "rw sc scn sco se sk sl sm sn so sq ss st su sv sw szl tl tn to tpi tr ts ve vec vi wa war wo xh yo zu",
    "mongolian": "mn",
}
_SCRIPTS_OF: defaultdict[str, set[str]] = defaultdict(set)
for _one_script, _one_language in ONE_LANGUAGE.items():
    _SCRIPTS_OF[_one_language].add(_one_script)
for _one_script, _languages in _AT_HOME.items():
    for _one_language in _languages.split():
        _SCRIPTS_OF[_one_language].add(_one_script)

# A Han character stands for a word or a syllable, a Hangul letter for a syllable: more than one letter elsewhere.
_WEIGHT = {"han": 3, "hangul": 2, "kana": 2}
_KANA_SHARE = 0.05  # of Han and kana together; Japanese prose has about a half, Chinese prose the odd brand name


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a text is written with.

    Attributes:
        text: the text, composed (NFC) and in lower case.
        script: the script of most of its letters; None when it has no letter of a known script.
        letters: how many letters of that script there are.
        words: the different words in that script, in order of appearance; none for scripts without spaces.
    """

    text: str
    script: str | None
    letters: int
    words: tuple[str, ...]


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    index = bisect_right(_STARTS, ord(letter)) - 1
    return _BLOCKS[index][1] if index >= 0 else ""


def read(text: str) -> Reading:
    """Count the letters of a text by script, and take the words of the script that has most."""
    if text.isascii():
        text = text.lower()
        ascii_words = _ASCII_WORDS.findall(text)
        return Reading(
            text=text,
            script="latin" if ascii_words else None,
            letters=sum(map(len, ascii_words)),
            words=tuple(dict.fromkeys(ascii_words)),
        )
    text = unicodedata.normalize("NFC", text).lower()
    letters: Counter[str] = Counter()
    words: dict[str, list[str]] = {}
    for word, count in Counter(_WORDS.findall(text)).items():
        if word[0] >= _EAST_ASIA:
            for letter in word:
                letters[_script(letter)] += count
        else:
            script = _script(word[0])
            letters[script] += count * len(word)
            words.setdefault(script, []).append(word)
    del letters[""]
    if letters["kana"] and letters["kana"] >= _KANA_SHARE * (letters["kana"] + letters["han"]):
        letters["kana"] += letters.pop("han", 0)
    elif letters["han"]:
        letters["han"] += letters.pop("kana", 0)
    script = max(letters, key=lambda script: letters[script] * _WEIGHT.get(script, 1), default="")
    if not letters[script]:
        return Reading(text=text, script=None, letters=0, words=())
    return Reading(text=text, script=script, letters=letters[script], words=tuple(words.get(script, ())))


def written_in(tag: str, script: str) -> bool:
    """Whether the language of a tag is written in a script; true for a language that is not listed here."""
    scripts = _SCRIPTS_OF.get(tag.partition("-")[0].lower())
    return scripts is None or script in scripts
