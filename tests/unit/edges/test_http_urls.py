from __future__ import annotations

import contextlib

from hypothesis import given, settings, strategies as st
from yarl import URL

from worker.edges.http_urls import origin, parse_url, place, redirect_target

PIECES = (
    *("http://", "https://", "//", "@", "[", "]", "%", ":", ":0", ":80", ":99999", "/", "?", "#", "&", "..", ".", "-"),
    *("a.example", "127.0.0.1", "::1", "[::ffff:1.2.3.4]", "%25eth0", "%41", "%zz", "xn--", "xn--a", "a" * 300),
    *(
        "\N{LATIN SMALL LETTER E WITH ACUTE}",
        "\N{FULLWIDTH DIGIT ONE}",
        "\N{HEAVY BLACK HEART}",
        "\N{RIGHT-TO-LEFT OVERRIDE}",
    ),
    *("\udc80", "\x00", "\r\n", "\\", " ", "file:", "javascript:"),
)
ADDRESSES = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=8).map("".join)


@given(ADDRESSES)
@settings(max_examples=500)
def test_whatever_is_written_in_a_location_it_leads_to_a_web_address_or_is_refused(text: str) -> None:
    base = URL("http://news.example/a/b")
    for candidate in (text, f"http://{text}", f"http://user:pass@{text}"):
        with contextlib.suppress(ValueError):
            target = redirect_target(base, candidate)
            assert target.scheme in {"http", "https"}
            assert place(target)
            assert origin(target)[1]
            assert (target.user, target.password, target.raw_fragment) == (None, None, "")
            assert parse_url(str(target)) == target  # what is told can be asked for again


def test_origins_differ_by_scheme_host_and_port_but_not_by_case() -> None:
    same = ["http://a.example/x", "http://A.Example:80/y", "http://me:secret@a.example/"]
    assert len({origin(parse_url(text)) for text in same}) == 1
    others = ["https://a.example/", "http://a.example:81/", "http://b.example/", "http://a.example./"]
    assert len({origin(parse_url(text)) for text in [*same, *others]}) == 5
