# ruff: noqa: T201 - it says what it does
# /// script
# requires-python = ">=3.11"
# dependencies = ["brotli==1.2.1", "numpy==2.4.6", "scipy==1.17.1", "zstandard==0.25.0"]
# ///
"""Make worker/steps/language/ngrams.zst: the weights that tell languages of one script apart.

Source: the n-gram frequency tables of lingua 1.3.5 (Peter M. Stahl, Apache-2.0), as its wheel for Python carries them.
They hold, for each language, how often every sequence of one to five letters occurs within words; they were counted in
news text of the Wortschatz corpora (Leipzig University, CC BY). No other text is used.

The tables are complete, so what is missing to a prefix is how often a word ends there: words can be drawn from them
with the right beginnings, ends and five-letter sequences. A multinomial logistic regression is trained on such words,
some of them replaced by another language's, with the n-grams that best separate each language from its nearest.

    pip download --no-deps lingua-language-detector==1.3.5
    uv run tools/language_model.py lingua_language_detector-1.3.5-py3-none-any.whl worker/steps/language/ngrams.zst

Takes about a quarter of an hour on one core and 4 GB of memory. Seeds are fixed.
"""

import hashlib
import json
import pathlib
import sys
import zipfile
from collections import Counter, defaultdict

import brotli
import numpy as np
import zstandard
from scipy import sparse

Shares = dict[str, float]  # by n-gram

SHA256 = "7254696753c4ee8ce127190cfb985d8b4621690d355c55b278c883f5bb5e152b"
_LANGUAGES = {
    "latin": "af az bs ca cs cy da de en eo es et eu fi fr ga hr hu id is it la lg lt lv mi ms nb nl nn pl pt ro sk sl "
    "sn so sq sr-Latn st sv sw tl tn tr ts vi xh yo zu",
    "cyrillic": "be bg kk mk mn ru sr uk",
    "arabic": "ar fa ur",
}
LANGUAGES = {script: tags.split() for script, tags in _LANGUAGES.items()}
# N-grams kept: for each language, for each of its five nearest, and for each nearest one hard to tell from it.
QUOTAS = {"latin": (1500, 2000, 13000), "cyrillic": (2500, 3000, 4000), "arabic": (2500, 2500, 2500)}
HARD = ({"bs", "hr", "sr-Latn"}, {"ms", "id"}, {"nb", "nn", "da"}, {"zu", "xh"}, {"st", "tn"}, {"cs", "sk"})
# Log odds among siblings for what a text without any mark of its own is: Bosnian has fewest marks, Indonesian has most
# readers, and Serbian is written in Latin letters only in part.
OFFSETS = {"bs": 1.0, "id": 1.0, "sr-Latn": -1.0}

DRAWN_WORDS = 500_000
TRAINED_WORDS = 250_000
FLOOR = 1e-6  # a frequency, of letters, that stands for "never seen"
SEEN = 3e-6  # from here on a frequency is taken to be known
START = 0.15  # weight of the log frequencies before training: n-grams overlap, so each counts for little
STEPS = {"latin": 500, "cyrillic": 200, "arabic": 200}
RATES = (0.04, 0.02, 0.01)
TEXTS = 1500  # a step's
UNIT = 0.02  # log odds of one unit of stored weight
LONGEST_WORD = 24
_SERBIAN = "абвгдђежзијклљмнњопрстћуфхцчџш"
_SERBIAN_IN_LATIN = "a b v g d đ e ž z i j k l lj m n nj o p r s t ć u f h c č dž š"
LATIN_OF_SERBIAN = dict(zip(_SERBIAN, _SERBIAN_IN_LATIN.split(), strict=True))


def frequencies(wheel: zipfile.ZipFile, language: str) -> Shares:
    """How often each n-gram occurs, of all letters; P(n-gram) = P(its prefix) * P(last letter | prefix)."""
    joint: Shares = {}
    for name in ("unigrams", "bigrams", "trigrams", "quadrigrams", "fivegrams"):
        packed = wheel.read(f"lingua/language-models/{language}/{name}.json.br")
        for fraction, ngrams in json.loads(brotli.decompress(packed))["ngrams"].items():
            over, under = fraction.split("/")
            share = int(over) / int(under)
            for ngram in ngrams.split(" "):
                joint[ngram] = share * joint.get(ngram[:-1], 1.0 if len(ngram) == 1 else 0.0)
    return joint


def transitions(joint: Shares) -> list[tuple[str, str, float]]:
    """(context, next letter, frequency), where a blank is a word's boundary; contexts have up to four characters."""
    continued, preceded = defaultdict(float), defaultdict(float)
    for ngram, share in joint.items():
        if len(ngram) > 1:
            continued[ngram[:-1]] += share
            preceded[ngram[1:]] += share
    rounding = 3e-10
    beginnings, found = {}, []
    for ngram, share in joint.items():
        if len(ngram) == 5:
            found.append((ngram[:4], ngram[4], share))
            continue
        if (first := share - preceded.get(ngram, 0.0)) > rounding:
            beginnings[" " + ngram] = first
        if len(ngram) == 4 and (last := share - continued.get(ngram, 0.0)) > rounding:
            found.append((ngram, " ", last))
    longer = defaultdict(float)
    for ngram, share in beginnings.items():
        found.append((ngram[:-1], ngram[-1], share))
        longer[ngram[:-1]] += share
    for ngram, share in beginnings.items():
        if len(ngram) <= 4 and (whole := share - longer.get(ngram, 0.0)) > rounding:
            found.append((ngram, " ", whole))
    return found


def draw(joint: Shares, seed: int) -> list[str]:
    """Words with the language's frequencies of n-grams."""
    found = transitions(joint)
    number = {context: at for at, context in enumerate(sorted({context for context, _, _ in found}))}
    found.sort(key=lambda each: number[each[0]])
    context = np.array([number[each[0]] for each in found])
    letter = np.array([ord(each[1]) for each in found])
    share = np.array([each[2] for each in found])
    following = np.array([-1 if last == " " else number.get((prefix + last)[-4:], -1) for prefix, last, _ in found])
    summed = np.cumsum(share / np.bincount(context, share, len(number))[context])
    starts = np.searchsorted(context, np.arange(len(number)))
    ends = np.append(starts[1:], len(found))
    base, top = np.where(starts > 0, summed[starts - 1], 0.0), summed[ends - 1]
    rng = np.random.default_rng(seed)
    written = np.full((DRAWN_WORDS, LONGEST_WORD), ord(" "), np.uint32)
    at, alive = np.full(DRAWN_WORDS, number[" "]), np.arange(DRAWN_WORDS)
    for place in range(LONGEST_WORD):
        here = at[alive]
        drawn = base[here] + rng.random(len(alive)) * (top[here] - base[here])
        chosen = np.minimum(np.searchsorted(summed, drawn, "right"), ends[here] - 1)
        written[alive, place] = letter[chosen]
        at[alive] = following[chosen]
        alive = alive[following[chosen] >= 0]
    text = written.astype("<u4").tobytes().decode("utf-32-le")
    words = (text[start : start + LONGEST_WORD].strip() for start in range(0, len(text), LONGEST_WORD))
    return [word for word in words if word]


def ngrams_of(word: str) -> list[str]:
    """The n-grams that worker.steps.language.ngrams looks up."""
    bounded = f" {word} "
    end = len(bounded)
    found = [bounded[at : at + size] for size in range(1, 6) for at in range(end - size + 1)]
    return [ngram for ngram in found if ngram != " "]


def count(words: list[str]) -> Shares:
    """Frequencies of n-grams with boundaries, of all letters."""
    found = Counter()
    for word, times in Counter(words).items():
        for ngram in ngrams_of(word):
            found[ngram] += times
    letters = sum(map(len, words))
    return {ngram: times / letters for ngram, times in found.items() if times >= 4}


def select(script: str, counts: list[Shares]) -> tuple[list[str], np.ndarray]:
    """The n-grams that tell most, and their frequencies (n-grams by languages)."""
    languages = LANGUAGES[script]
    own, near, hard = QUOTAS[script]
    names = sorted({ngram for found in counts for ngram, share in found.items() if share >= SEEN})
    number = {name: at for at, name in enumerate(names)}
    shares = np.full((len(names), len(languages)), FLOOR, np.float32)
    for column, found in enumerate(counts):
        for ngram, share in found.items():
            if ngram in number:
                shares[number[ngram], column] += share
    logs, mean = np.log(shares), np.log(shares.mean(1))
    keep = np.zeros(len(names), bool)

    def take(telling: np.ndarray, quota: int) -> None:
        keep[np.argsort(-telling, kind="stable")[:quota]] = True

    def between(one: int, other: int) -> np.ndarray:
        return (shares[:, one] - shares[:, other]) * (logs[:, one] - logs[:, other])

    for one, language in enumerate(languages):
        take(shares[:, one] * (logs[:, one] - mean), own)
        telling = {other: between(one, other) for other in range(len(languages)) if other != one}
        for other in sorted(telling, key=lambda other: telling[other].sum())[:5]:
            pair = {language, languages[other]}
            take(telling[other], hard if any(pair <= group for group in HARD) else near)
    return [name for name, kept in zip(names, keep, strict=True) if kept], shares[keep]


class Words:
    """The n-grams of the drawn words of all languages of a script, as one long array."""

    def __init__(self, names: list[str], pools: list[list[str]], noise_language: int | None) -> None:
        number = {name: at for at, name in enumerate(names)}
        self.columns, self.languages, self.noise_language = len(names), len(pools), noise_language
        parts, lengths, self.first = [], [], [0]
        for pool in pools:
            cache = {}
            for word in pool:
                if word not in cache:
                    cache[word] = np.array([number[each] for each in ngrams_of(word) if each in number], np.int32)
            found = [cache[word] for word in pool]
            parts.append(np.concatenate(found))
            lengths.extend(map(len, found))
            self.first.append(self.first[-1] + len(pool))
        self.ngrams, self.first = np.concatenate(parts), np.array(self.first)
        self.starts = np.concatenate(([0], np.cumsum(lengths)))

    def texts(self, rng: np.random.Generator, noise: float = 0.12) -> tuple[sparse.csr_matrix, np.ndarray]:
        """A step's texts of 3 to 30 words as rows of n-gram counts, and their languages."""
        language = rng.integers(0, self.languages, TEXTS)
        length = np.exp(rng.uniform(np.log(3), np.log(31), TEXTS)).astype(int)
        text = np.repeat(np.arange(TEXTS), length)
        of = language[text]
        foreign = rng.random(len(text)) < (rng.random(TEXTS) * 2 * noise)[text]
        other = rng.integers(0, self.languages, TEXTS)
        if self.noise_language is not None:  # English names and quotations are everywhere
            other = np.where(rng.random(TEXTS) < 0.5, self.noise_language, other)
        of = np.where(foreign, other[text], of)
        word = self.first[of] + (rng.random(len(text)) * (self.first[of + 1] - self.first[of])).astype(np.int64)
        start = self.starts[word]
        size = self.starts[word + 1] - start
        offset = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
        found = self.ngrams[np.repeat(start, size) + offset]
        ones = np.ones(len(found), np.float32)
        return sparse.csr_matrix((ones, (np.repeat(text, size), found)), shape=(TEXTS, self.columns)), language


def train(words: Words, shares: np.ndarray, steps: int) -> np.ndarray:
    """Weights of n-grams by languages, none negative; zero where the language does not have the n-gram."""
    mask = (shares > SEEN).astype(np.float32)
    weights = (START * np.log(shares / FLOOR) * mask).astype(np.float32)
    for rate in RATES:
        rng, squares, right = np.random.default_rng(int(rate * 1e4)), np.full(weights.shape, 1e-6, np.float32), []
        for _ in range(steps):
            texts, language = words.texts(rng)
            scores = texts @ weights
            error = np.exp(scores - scores.max(1, keepdims=True))
            error /= error.sum(1, keepdims=True)
            right.append((scores.argmax(1) == language).mean())
            error[np.arange(TEXTS), language] -= 1
            used = np.unique(texts.indices)
            slope = (texts[:, used].T @ error / TEXTS).astype(np.float32) * mask[used]
            squares[used] += slope * slope
            weights[used] = np.maximum(weights[used] - rate * slope / np.sqrt(squares[used]), 0)
        print(f"rate {rate}: {100 * np.mean(right[-50:]):.2f} % of drawn texts right", flush=True)
    return weights


def main(wheel_path: str, target: str) -> None:
    """Read the wheel, train each script's table, write them all."""
    if hashlib.sha256(pathlib.Path(wheel_path).read_bytes()).hexdigest() != SHA256:
        sys.exit(f"{wheel_path}: not the wheel that this script was written for: take version 1.3.5")
    header, body = [], b""
    for script, languages in LANGUAGES.items():
        pools = []
        with zipfile.ZipFile(wheel_path) as wheel:
            for language in languages:
                pool = draw(frequencies(wheel, language.removesuffix("-Latn")), sum(map(ord, language)))
                if language == "sr-Latn":
                    pool = ["".join(LATIN_OF_SERBIAN.get(letter, letter) for letter in word) for word in pool]
                pools.append(pool)
        names, shares = select(script, [count(pool) for pool in pools])
        print(script, len(names), "n-grams", flush=True)
        noise_language = languages.index("en") if "en" in languages else None
        words = Words(names, [pool[:TRAINED_WORDS] for pool in pools], noise_language)
        stored = np.clip(np.rint(train(words, shares, STEPS[script]) / UNIT), 0, 255).astype(np.uint8)
        kept = stored.any(1)
        packed_names = "\n".join(name for name, keep in zip(names, kept, strict=True) if keep).encode()
        packed_rows = stored[kept].tobytes()
        header.append(
            {
                "script": script,
                "languages": languages,
                "offsets": [OFFSETS.get(language, 0.0) for language in languages],
                "names_bytes": len(packed_names),
                "rows_bytes": len(packed_rows),
            }
        )
        body += packed_names + packed_rows
    content = json.dumps(header, separators=(",", ":")).encode() + b"\n" + body
    pathlib.Path(target).write_bytes(zstandard.compress(content, 19))


if __name__ == "__main__":
    main(*sys.argv[1:])
