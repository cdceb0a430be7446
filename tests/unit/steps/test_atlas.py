"""The settlements of the atlas are found wherever they stand in its file."""

from importlib.resources import files

import zstandard

from worker.steps.facts.names.atlas import phrase_words, spots_named


def keys() -> list[str]:
    packed = (files("worker.steps.facts") / "lexicon" / "settlements.tsv.zst").read_bytes()
    lines = zstandard.decompress(packed).decode().splitlines()
    return [line.partition("\t")[0] for line in lines if not line.startswith("#")]


def test_settlements_are_found_at_both_ends_of_their_file_and_all_along_it():
    listed = keys()
    # 13 has no divisor in common with the step of an index, so that every place between two of its lines comes up.
    chosen = [*listed[:40], *listed[::13], *listed[-40:]]

    missing = [key for key in chosen if all(spot.kind != "city" for spot in spots_named(key))]

    assert missing == []


def test_what_no_settlement_is_called_is_not_found():
    listed = frozenset(keys())
    unlisted = [key + "q" for key in sorted(listed)[::101] if key + "q" not in listed]

    assert not [key for key in [*unlisted, "", " ", "\uffff"] if any(spot.kind == "city" for spot in spots_named(key))]


def test_the_words_of_the_longest_settlement_with_a_first_word_are_counted():
    listed = [key.split(" ") for key in keys()]
    longest = max(len(words) for words in listed if words[0] == "san")

    assert phrase_words("san") >= longest > 2
