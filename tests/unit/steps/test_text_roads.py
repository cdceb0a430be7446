"""The quick ways through a text give what the thorough ones give."""

from __future__ import annotations

import re
import sys
import unicodedata

from hypothesis import example, given, settings, strategies as st

from worker.steps.text import fold
from worker.steps.text.characters import _ODD
from worker.steps.text.reader import _Reader
from worker.steps.text.tags import pieces, tokens

# Two blanks or a new line part them.
_TAGS = re.split(
    r"\n|  ",
    """<p>  </p>  <br>  <br/>  <hr>  <div>  </div>  <p hidden>  <div class="sharedaddy">  <pre>  </pre>
<span>  </span>  <span style="display:none">  <b>  </b>  <i aria-hidden='true'>  </i>  <b/>  <x-card>  </x-card>
<a href="https://news.example/a">  <a href="#note">  </a>  <sup>  </sup>  <q>  </q>  <q lang=de>  <dialog>  </dialog>
<table>  <tr>  <td>  <th>  </td>  </tr>  </table>  <ul>  <li>  </li>  <ruby>  <rt>  </rt>  <title>  </title>
<img src="a.png">  <img class="emoji" alt="\u2600">  <figcaption>  </figcaption>  <figure>  </figure>  <iframe/>
<script>  </script>  </ script>  <iframe src=a>  </iframe>  </ iframe>  <!-- more -->  <!-->  <!--  -->  <![CDATA[  ]]>
<!doctype html>  <?php ?>  <  >  a < b  <b or c>  <p class=  <a href="  </ p>  &amp;  &nbsp;  &lt;b&gt;  &#8217;""",
)
_MARKUP = st.lists(
    st.one_of(
        st.sampled_from(_TAGS), st.sampled_from(["Words ", "\n", " ", "2", "word\n\nword", "\u201cquoted\u201d"])
    ),
    max_size=25,
).map("".join)


def _words(found: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Blocks of blanks say nothing, and nobody sees where blanks begin or end a block."""
    return [(text.strip(), linked_chars) for text, linked_chars in found if text.strip()]


@settings(max_examples=500)
@given(_MARKUP)
@example('<a href="https://news.example/a">\n\n<span>Words ')
@example("<p>One.<iframe></ iframe><p>Two.</iframe><p>Three.")
def test_tags_taken_apart_at_once_give_the_blocks_that_they_give_one_by_one(markup: str) -> None:
    parts = pieces(markup)
    quick, thorough = _Reader("en"), _Reader("en")
    if parts is None or not quick.read_pieces(parts):
        return
    thorough.read_tokens(tokens(markup))
    assert _words(quick.finish()) == _words(thorough.finish())


def test_most_markup_is_taken_apart_at_once() -> None:
    parts = pieces('<p>One <b>word</b>.<!-- more --></p><iframe src="a"></iframe><p>Two.')
    assert parts is not None
    reader = _Reader("en")
    assert reader.read_pieces(parts)
    assert [text for text, _ in reader.finish()] == ["One word.", "Two."]


def test_of_characters_that_are_left_as_they_are_none_is_changed_by_composing() -> None:
    every = [chr(code) for code in range(sys.maxunicode + 1)]
    parts = (unicodedata.decomposition(char).split() for char in every)
    joins_another = {chr(int(pair[1], 16)) for pair in parts if len(pair) == 2 and not pair[0].startswith("<")}
    plain = [char for char in every if not _ODD.match(char)]
    assert len(plain) > 20_000
    assert not joins_another.intersection(plain)
    assert not any(unicodedata.combining(char) for char in plain)
    assert [char for char in plain if unicodedata.normalize("NFC", char) != char] == []
    assert fold("".join(plain[1:])) == "".join(plain[1:])
