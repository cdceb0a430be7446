"""Damaged documents, by number and by hypothesis: whatever comes in, nothing raises and what comes out holds.

`DATELINE_FUZZ_INPUTS` sets how many, `DATELINE_FUZZ_SLICE` which: slice N begins where slice N - 1 ends. So machines
can share 100,000 among them, and `python -m tests.hostile.fuzz` runs more of them at once.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.hang import must_end
from tests.hostile import fuzz

INPUTS = int(os.environ.get("DATELINE_FUZZ_INPUTS", "1000"))
FIRST = INPUTS * int(os.environ.get("DATELINE_FUZZ_SLICE", "0"))


@pytest.mark.parametrize("part", range(10))
def test_no_damaged_document_is_too_much(part: int) -> None:
    assert fuzz.main([f"--inputs={INPUTS // 10}", f"--first={FIRST + part * (INPUTS // 10)}"]) == 0


def test_an_input_is_the_same_whenever_it_is_made() -> None:
    assert fuzz.damaged(7, 1) == fuzz.damaged(7, 1)
    assert len({fuzz.damaged(number, 1) for number in range(50)}) > 40


FRAMES = st.sampled_from(
    [
        b"<rss version='2.0'><channel><title>T</title><item>%b</item></channel></rss>",
        b"<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id>%b</entry></feed>",
        b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><channel/><item>%b</item></rdf:RDF>",
        b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "content_text": "%b"}]}',
        b"<urlset><url><loc>https://a.example/%b</loc></url></urlset>",
        b"<sitemapindex><sitemap><loc>https://a.example/%b</loc></sitemap></sitemapindex>",
        b"<!doctype html><html><body><article>%b</article></body></html>",
        b"%b",
    ]
)
LETTERS = st.characters(exclude_categories=["Cs"])
PIECES = st.sampled_from(fuzz.TOKENS) | st.binary(max_size=12) | st.text(LETTERS, max_size=12).map(str.encode)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(FRAMES, st.lists(PIECES, max_size=40).map(b"".join))
def test_nothing_in_a_document_is_too_much(frame: bytes, inside: bytes) -> None:
    with must_end():
        fuzz.check(frame.replace(b"%b", inside))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_are_too_much(body: bytes) -> None:
    with must_end():
        fuzz.check(body)
