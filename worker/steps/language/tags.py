"""When two BCP 47 tags name one language (RFC 5646, section 4.1; ISO 639-3 macrolanguages)."""

from worker.model.caching import cached_if_short

_SAME = {
    "in": "id",  # codes that ISO 639 withdrew, still met in feeds
    "iw": "he",
    "ji": "yi",
    "jw": "jv",
    "mo": "ro",
    "fil": "tl",
    "cmn": "zh",
    "yue": "zh",
    "prs": "fa",
    "arz": "ar",
    "swh": "sw",
    "zsm": "ms",
    "ekk": "et",
    "lvs": "lv",
    "als": "sq",
    "khk": "mn",
    "azj": "az",
    "kmr": "ku",
    "nob": "nb",
    "nno": "nn",
}
_MEMBERS = {"no": {"nb", "nn"}, "sh": {"bs", "hr", "sr"}, "cnr": {"bs", "sr"}, "ku": {"ckb"}}


def primary(tag: str) -> str:
    """The primary language subtag in lower case, today's code for a withdrawn one."""
    language = tag.partition("-")[0].lower()
    return _SAME.get(language, language)


@cached_if_short(4_096)
def agree(declared: str, detected: str) -> bool:
    """Whether a declared tag names the detected language, or a macrolanguage that holds it."""
    said, found = primary(declared), primary(detected)
    return said == found or found in _MEMBERS.get(said, ())
