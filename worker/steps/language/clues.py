"""Letters and closed-class words that only one language of a script has.

They name the languages that the n-gram tables do not hold. The lists
are our own, from grammars' lists of articles, prepositions, pronouns, conjunctions and auxiliaries. A word is listed
when languages that look alike do not use it, or hardly ever.
"""

import re
from functools import cache, partial

from worker.model.caching import Kept
from worker.steps.language.scripts import Reading

# Script, language, letters of its own (each pattern in enough words), letters that it does not have. The first that
# fits wins.
_LETTERS = tuple(
    (script, tag, tuple(re.compile(pattern) for pattern in own.split()), re.compile(foreign))
    for script, tag, own, foreign in (
        ("cyrillic", "ba", "[ҙҡ]", "[қҷӣ]"),
        ("cyrillic", "tt", "[әҗһ]", "[қғұіҡҙ]"),
        ("cyrillic", "tg", "[ҷӣӯҳ]", "[ўәұ]"),
        ("cyrillic", "uz-Cyrl", "ў [қғҳ]", "[ыіҷӣ]"),
        ("cyrillic", "ky", "ң", "[әғқұһіҥ]"),
        ("cyrillic", "cv", "[ӑӗӳ]", "[ө]"),
        ("cyrillic", "os", "ӕ", "[ө]"),
        ("cyrillic", "sah", "[ҕҥ]", "[ў]"),
        ("cyrillic", "ce", "\u04cf", "[ў]"),
        ("arabic", "sd", "[ٻڄڃڇڊڌڏڙڦڳڱڻٿڀ]", "[ښځ]"),
        ("arabic", "ps", "[ښځډړګڼۍې]", "[ۇۈۋ]"),
        ("arabic", "ug", "[ۇۈۋ]", "[ێڵڕ]"),
        ("arabic", "ckb", "[ێڵڕۆ]", "[ۇۈۋ]"),
        ("bengali", "as", "[ৰৱ]", "র"),
        ("hebrew", "yi", "[װױײ]|א[ַָ]", "ـ"),
        ("latin", "mt", "[ħġ]", "[ğı]"),
        ("latin", "ha", "[ɓɗƙ]", "[ŋɛɔ]"),
        ("latin", "ig", "[ịụ]", "[đươăâêô]"),
        ("latin", "fo", "ø ð", "[åþ]"),
        ("latin", "tk", "[ýňž] ş", "[ığ]"),
        ("latin", "gd", "[àèìòù] bh|mh|dh", "[áéíúñç]"),
    )
)
# Whether any of them is worth a look; of Latin script they are all beyond ASCII.
_ANY_LETTERS = {
    script: re.compile("|".join(own[0].pattern for of, _, own, _ in _LETTERS if of == script))
    for script in dict.fromkeys(of for of, *_ in _LETTERS)
}
_OWN_LETTERS = 0.04  # of a text's words
_FOREIGN_LETTERS = 0.02

_WORDS = {
    "devanagari": {
        "hi": "है हैं में और को का की के से ने पर कि यह था थे थी नहीं लिए इस हो एक भी तो कर करने गया किया हुए कहा",
        "mr": "आहे आहेत आणि या ही हे ती तर होते होता होती त्या नाही मध्ये असे केली केला केले झाली झाला झाले साठी जाते जातात "
        "म्हणून मात्र आली आला आले असून ते तो व दिले दिली दिला पुढील वर व मी",
        "ne": "छ छन् छैन र को मा लाई ले भएको गरेको भने पनि यो थियो थिए हो गर्न गर्ने गरे हुने भन्ने तथा तर उनले",
    },
    "ethiopic": {
        "am": "ነው እና ላይ ውስጥ ነበር መሆኑን ግን ወደ ይህ እንደ ጋር ናቸው",
        "ti": "እዩ ናይ ኣብ እዮም ከም ድማ ናብ ካብ ነቲ ኣብቲ እዚ ነይሩ",
    },
    "latin": {
        "gl": "unha dunha nunha unhas máis tamén súa súas xa ata dende polo polos coa coas "
        "xente non onte hoxe foron mellor lle lles mentres algúns cos xunto xuíz xogo xaneiro xullo outubro aínda",
        "lb": "vun huet gëtt ginn hunn hu sech déi ass och net dës méi ëm wéi awer eng keng bei mam vum zanter vill",
        "fy": "fan yn foar oan troch wurdt ek dy hawwe binne wienen noch nei ûnder oer wurde sille",
        "fo": "ikki tað eisini ið hava verið teir hevur skal eru sigur millum hjá tær onnur",
        "mt": "li minn hija għal mill fil lill hu kien dwar wara biex kif ukoll dawn",
        "uz": "bilan uchun va bu haqida qildi mumkin yilda hamda deb ham emas bo qilish esa edi kerak",
        "tk": "bilen üçin hem boýunça ýyl barada eden bolan edip diýip milli",
        "ku": "û ji di jî bi ew xwe yên wan heye dike kirin dibe hatin lê ku ev piştî dikin",
        "ht": "pou ak yon nou gen tankou moun peyi pral anpil",
        "br": "gant evit zo eus hag eo vez bet eur dre war oa edo met goude abaoe",
        "gd": "tha bha chaidh airson bheil gun dhan nach robh gach bhith iad",
        "rw": "muri kuri cyane ubwo byo uyu avuga kandi yavuze iyi kugira abantu ariko nyuma imbere",
        "ha": "cewa wannan kuma daga cikin domin wata suka yana sun wani tun amma zuwa kasar",
        "ig": "nke ndị bụ maka nwere onye mgbe kwuru ahụ ihe dị ọtụtụ gọọmentị ndi",
        "om": "akka irraa keessa keessatti itti jedhe biyya waan isaa hin jiru jira kanaan akkasumas",
        "mg": "ny sy amin izay ireo mba tsy misy tamin dia ary ho fa ity noho tao raha",
        "jv": "ing sing iku kanthi saka iki ora karo kanggo lan uga wis ana dadi taun nanging",
        "su": "jeung dina pikeun ieu teu nyaéta ogé kana tina anu éta nepi",
        "ceb": "nga ug kay usa iyang kini ngadto mao adunay gikan pinaagi ilang dili unya niining alang",
    },
}
_CLOSED_CLASS = {script: {tag: frozenset(words.split()) for tag, words in by.items()} for script, by in _WORDS.items()}
# Closed-class words make up a quarter to a half of running text, and half of them are shared with relatives.
_OWN_WORDS = 0.1
_DIFFERENT_WORDS = 2
# The beginnings and endings of words that do the same.
_ENDINGS = {
    "gl": re.compile(r"[cs]ións$|^(?:dun|nun|x(?:a|á|ent?e|ornal|ograd|ust|uíz|ulg|eral|ove))"),
    "hi": re.compile(r".(?:ों|ओं|ाएं|ाएँ|ेगा|ेंगे|ेगी)$"),
    "mr": re.compile(r"ळ|.(?:ांनी|नीही|ांना|च्या|मुळे|ची|चे|चा|ांत|ातील|ण्यास|ण्यात|णार|साठी|ल्या)$"),
    "ne": re.compile(r".(?:हरू|हरु|लाई|को|मा|ले|एको|न्छ|ेका|िने)$"),
}
_WORD_OR_SIGN = re.compile(r"[a-z]++(?![^\x00-`])|[^\W\d_\u0900-\u097f]+|[\u0900-\u0963\u0970-\u097f]+")


_WORDS_KEPT = 32_768


@cache
def _speaking(script: str) -> Kept[tuple[str, ...]]:
    """What `_speaks_for` says of each word."""
    return Kept(partial(_speaks_for, script), _WORDS_KEPT)


def _speaks_for(script: str, word: str) -> tuple[str, ...]:
    """The languages of a script for which a word speaks, by itself and by its ending."""
    by_itself = [tag for tag, own in _CLOSED_CLASS[script].items() if word in own]
    by_ending = [tag for tag in _CLOSED_CLASS[script] if tag in _ENDINGS and _ENDINGS[tag].search(word)]
    return (*by_itself, *by_ending)


def _words_with(pattern: re.Pattern[str], words: set[str]) -> int:
    return sum(1 for word in words if pattern.search(word))


def language(found: Reading) -> str | None:
    """The language whose own letters or words a text has, None when there is none."""
    script = found.script or ""
    words = set(found.words if found.text.isascii() else _WORD_OR_SIGN.findall(found.text))
    return _by_letters(found.text, script, words) or _by_words(script, words)


def _by_letters(text: str, script: str, words: set[str]) -> str | None:
    if script not in _ANY_LETTERS or not _ANY_LETTERS[script].search(text):
        return None
    own_enough = max(2 if script == "latin" else 1, _OWN_LETTERS * len(words))  # Latin names travel furthest
    foreign_enough = _FOREIGN_LETTERS * len(words)
    for of, tag, own, foreign in _LETTERS:
        if (
            of == script
            and own[0].search(text)
            and all(_words_with(pattern, words) >= own_enough for pattern in own)
            and _words_with(foreign, words) <= foreign_enough
        ):
            return tag
    return None


def _by_words(script: str, words: set[str]) -> str | None:
    if script not in _CLOSED_CLASS:
        return None
    hits = dict.fromkeys(_CLOSED_CLASS[script], 0)
    # Most words speak for none.
    for tags in filter(None, map(_speaking(script).__getitem__, words)):
        for tag in tags:
            hits[tag] += 1
    best = max(hits, key=hits.__getitem__)
    enough = max(_DIFFERENT_WORDS, _OWN_WORDS * len(words)) if script == "latin" else 1
    return best if hits[best] >= enough else None
