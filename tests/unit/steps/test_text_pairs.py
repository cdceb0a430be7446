"""Every text in tests/data/texts, and beside it its paragraphs, one to a line.

A behaviour or a bug arrives as a pair `what_it_shows.html` (or `.plain`) and `what_it_shows.txt`, and needs no code.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.model.entry import Content
from worker.steps.text import paragraphs

FOLDER = Path(__file__).parents[2] / "data" / "texts"
TEXTS = sorted(path for path in FOLDER.iterdir() if path.suffix != ".txt")


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_the_paragraphs_of_a_text_are_those_that_a_reader_sees(path: Path) -> None:
    content = Content(value=path.read_text(encoding="utf-8"), html=path.suffix == ".html")
    expected = path.with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    assert list(paragraphs(content)) == expected


def test_texts_and_paragraphs_come_in_pairs() -> None:
    assert TEXTS
    assert {path.stem for path in FOLDER.glob("*.txt")} == {path.stem for path in TEXTS}
