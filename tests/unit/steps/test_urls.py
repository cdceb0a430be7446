from __future__ import annotations

import jsonschema_rs
import pytest
from hypothesis import given, settings, strategies as st

from tests import schema
from worker.steps.urls import canonical_url, clean_url, without_secrets

ADDRESS = jsonschema_rs.Draft202012Validator(
    {**schema.document()["properties"]["source"]["properties"]["url"], "type": "string"}, validate_formats=True
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://news.example/a?b=c#d", "https://news.example/a?b=c#d"),
        (" \n https://news.example/a \t", "https://news.example/a"),
        ("HTTPS://News.Example/A", "https://news.example/A"),
        ("https://user:secret@news.example/a", "https://news.example/a"),
        ("https://token@news.example/a", "https://news.example/a"),
        ("https://news.example/a b/ü", "https://news.example/a%20b/%C3%BC"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("http://[2001:db8::1]:8080/a", "http://[2001:db8::1]:8080/a"),
        ("http://192.0.2.1/a", "http://192.0.2.1/a"),
        ("https://news.example/%zz", "https://news.example/%25zz"),
        ("https://news.example/a@b?c=@d", "https://news.example/a@b?c=@d"),
    ],
)
def test_http_addresses_are_kept_without_credentials(text: str, expected: str) -> None:
    assert clean_url(text) == expected
    assert ADDRESS.is_valid(expected)


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "ftp://news.example/a",
        "mailto:editor@news.example",
        "urn:uuid:1",
        "//news.example/a",
        "/a",
        "a",
        "",
        "http://",
        "http:///a",
        "http:a",
        "http://[::1",
        "http://news.example:99999/",
        "http://news example/",
        'http://news"example/',
        "http://<script>/",
        "http://[fe80::1%25eth0]/",
        None,
    ],
)
def test_what_is_no_http_address_is_none(text: str | None) -> None:
    assert clean_url(text) is None
    assert canonical_url(text) is None


SAME = "https://news.example/story?id=7"


@pytest.mark.parametrize(
    "text",
    [
        SAME,
        "https://NEWS.example:443/story?id=7",
        "https://news.example/story?id=7#comments",
        "https://news.example/story?id=7&utm_source=rss&utm_medium=feed",
        "https://news.example/story?utm_source=rss&id=7",
        "https://news.example/story?UTM_Campaign=x&id=7&fbclid=abc&gclid=1",
        "https://news.example/story?id=7&at_medium=RSS&at_campaign=KARANGA",
        "https://news.example/story?&id=7&",
        "https://reader:secret@news.example/story?id=7",
        "https://news.example/x/../story?id=7",
        "https://news.example/story?id=7&utm_source",
    ],
)
def test_variants_of_one_address_have_one_canonical_form(text: str) -> None:
    assert canonical_url(text) == SAME


@pytest.mark.parametrize(
    "text",
    [
        "https://news.example/story?id=8",
        "https://news.example/Story?id=7",
        "https://news.example/story/?id=7",
        "https://news.example/story?id=7&page=2",
        "https://news.example/story?ID=7",
        "https://www.news.example/story?id=7",
        "https://news.example:8443/story?id=7",
        "https://news.example/story?id=7&source=utm_source",
        "https://news.example/story?id=7&cat_id=1",
    ],
)
def test_other_addresses_stay_other(text: str) -> None:
    assert canonical_url(text) not in {None, SAME}


@pytest.mark.parametrize(
    "query", ["12345", "a", "a=", "q=a+b%20c", "q=a%2Bb", "a=1;b=2", "b=2&a=1&a=0", "q=a%26b", "q=é", "%zz"]
)
def test_tracking_parameters_make_no_difference_whatever_the_query_looks_like(query: str) -> None:
    plain = canonical_url(f"https://news.example/story?{query}")
    assert plain is not None
    assert plain.startswith("https://news.example/story?")
    assert canonical_url(f"https://news.example/story?{query}&utm_source=rss") == plain
    assert canonical_url(f"https://news.example/story?utm_source=rss&{query}") == plain
    assert canonical_url(plain) == plain


def test_a_query_of_nothing_but_tracking_goes_altogether() -> None:
    assert canonical_url("https://news.example/story?utm_source=a&utm_medium=b") == "https://news.example/story"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://user:secret@news.example/a", "https://news.example/a"),
        ("https://news.example/a", "https://news.example/a"),
        ("https://user:secret@news.example:99999/a", "news.example:99999/a"),
    ],
)
def test_an_address_is_shown_without_its_secrets(text: str, expected: str) -> None:
    assert without_secrets(text) == expected


URLISH = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["http://", "https://", "HTTP://", "https://u:p@", "//", "javascript:", ""]),
    st.text(max_size=12),
    st.sampled_from(["", "/", "/a?", ":80/", "?", "#", "/?utm_x=1&"]),
    st.text(max_size=20),
)


@settings(deadline=None)
@given(URLISH)
def test_whatever_the_link_is_the_schema_takes_what_is_made_of_it(text: str) -> None:
    for address in (clean_url(text), canonical_url(text)):
        assert address is None or ADDRESS.is_valid(address)


@settings(deadline=None)
@given(URLISH)
def test_a_canonical_address_is_its_own_canonical_address(text: str) -> None:
    canonical = canonical_url(text)
    assert canonical_url(canonical) == canonical
