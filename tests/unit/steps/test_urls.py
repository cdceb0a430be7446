from __future__ import annotations

import jsonschema_rs
import pytest
from hypothesis import example, given, settings, strategies as st

from tests import schema
from tests.hang import must_end
from worker.steps.urls import canonical_url, clean_url

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
        "http://%/",
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
        "https://news.example./story?id=7",
        "https://news.example/%73tory?%69d=7",
        "https://news.example/story?id=7&amp;utm_source=rss&amp;utm_medium=feed",
        "https://news.example/story?id=7?utm_source=rss&utm_medium=feed",
        "https://news.example/story;jsessionid=1A2B3C.node1?id=7",
        "https://news.example/story?PHPSESSID=0123456789abcdef&id=7",
        "https://news.example/story?sid=0123456789abcdef0123456789abcdef&id=7",
        "https://news.example/story?id=7&source=rss----1a2b3c4d---4",
        "https://news.example/story?id=7&partner=rss&emc=rss",
        "https://news.example/story?id=7&ref=rss&rss=1&mod=rss_world&cmp=rss&amp=1",
        "https://news.example/story?id=7#xtor=RSS-1",
        "https://www.google.com/url?rct=j&sa=t&url=https://news.example/story%3Fid%3D7&ct=ga",
        "https://www.google.co.uk/url?q=https%3A%2F%2Fnews.example%2Fstory%3Fid%3D7%26utm_source%3Drss",
        "http://news.google.com/news/url?sa=t&fd=R&url=https%3A%2F%2Fnews.example%2Fstory%3Fid%3D7",
        "http://www.bing.com/news/apiclick.aspx?ref=FexRss&url=https%3a%2f%2fnews.example%2fstory%3fid%3d7&c=1",
        "https://l.facebook.com/l.php?u=https%3A%2F%2Fnews.example%2Fstory%3Fid%3D7&h=AT0",
        "https://www.google.com/amp/s/news.example/story?id=7",
        "https://news-example.cdn.ampproject.org/c/s/news.example/story?id=7",
        "http://us.rd.yahoo.com/dailynews/rss/world/*https://news.example/story?id=7",
        "https://r.search.yahoo.com/_ylt=A/RO=10/RU=https%3a%2f%2fnews.example%2fstory%3fid%3d7/RK=2/RS=x",
        "https://google.com/url?q=https%3A%2F%2Fl.facebook.com%2Fl.php%3Fu%3Dhttps%253A//news.example/story%253Fid%253D7",
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
        "http://news.example/story?id=7",
        "https://news.example//story?id=7",
        "https://news.example/amp/story?id=7",
        "https://amp.news.example/story?id=7",
        "https://news.example/story%2F?id=7",
        "https://news.example/story?id=7&p=1",
        "https://news.example/story?id=7&source=8",
        "https://news.example/story?id=7&ref=8",
        "https://news.example/story?id=7&sid=8",
        "https://news.example/story?id=7&cid=8",
        "https://news.example/story?id=7&article=rss",
        "https://news.example/story?id=7&feed=rss2",
        "https://news.example/story?id=7&amp=news",
        "https://news.example/url?url=https://news.example/story?id=7",
        "https://google.news.example/url?url=https://news.example/story?id=7",
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


@pytest.mark.parametrize(
    "name", ["id", "p", "article", "story", "v", "t", "news", "item", "aid", "nid", "storyid", "guid"]
)
@pytest.mark.parametrize("value", ["7", "rss", "1", "0123456789abcdef0123456789abcdef"])
def test_a_parameter_that_may_name_the_article_is_never_dropped(name: str, value: str) -> None:
    assert canonical_url(f"https://news.example/?{name}={value}") == f"https://news.example/?{name}={value}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://bücher.example/ü", "https://XN--BCHER-KVA.example/%c3%bc"),
        ("https://BÜCHER.example", "https://bücher.example/"),
        ("https://news.example/~jane/a-b_c.d", "https://news.example/%7Ejane/a%2Db%5fc%2ed"),
        ("https://news.example/a%2fb", "https://news.example/a%2Fb"),
        ("https://news.example/a b", "https://news.example/a%20b"),
        ("https://news.example?a=1", "https://news.example:443/?a=1"),
    ],
)
def test_spellings_of_one_address_are_equal(one: str, other: str) -> None:
    assert canonical_url(one) == canonical_url(other) is not None


@pytest.mark.parametrize(
    "text",
    [
        "https://www.google.com/url?url=javascript:alert(1)",
        "https://www.google.com/url?q=/relative",
        "https://news.google.com/rss/articles/CBMiX2h0dHBz",
        "https://go.theregister.com/feed/atom",
        "https://www.google.com/url?url=" * 20 + "https://news.example/",
    ],
)
def test_an_address_that_does_not_say_where_it_leads_stays(text: str) -> None:
    found = canonical_url(text)
    assert found is not None
    assert found.startswith(text[:25])
    assert canonical_url(found) == found


def test_the_register_puts_the_article_behind_its_own_counter() -> None:
    assert canonical_url("https://go.theregister.com/feed/www.theregister.com/2025/05/24/a/") == (
        "https://www.theregister.com/2025/05/24/a/"
    )


def test_an_address_as_given_keeps_its_tracking_and_its_wrapper() -> None:
    wrapped = "https://www.google.com/url?url=https://news.example/&utm_source=rss"
    assert clean_url(wrapped) == wrapped


@pytest.mark.parametrize(
    "unit",
    ["utm_a=1&", "&amp;", ";jsessionid=", ".", "/feed/", "%", "?utm_", "go.theregister.com/feed/", "/RU=x/", "*"],
)
@pytest.mark.parametrize(
    "before",
    ["http://news.example/?", "http://news.example/", "http://go.theregister.com/feed/", "http://rd.yahoo.com/*"],
)
def test_an_address_of_a_megabyte_takes_less_than_two_seconds(before: str, unit: str) -> None:
    with must_end():
        canonical_url(before + unit * (1_000_000 // len(unit)))


def test_a_query_of_nothing_but_tracking_goes_altogether() -> None:
    assert canonical_url("https://news.example/story?utm_source=a&utm_medium=b") == "https://news.example/story"


TRACKING = st.sampled_from(
    ["utm_source=rss", "fbclid=a%20b", "at_medium=RSS", "rss=1", "xtor=RSS-1", "UTM_term", "_ga=1.2"]
)
KEPT = st.sampled_from(["id=7", "p=1", "a", "b=", "c=%C3%A9", "d=x+y", "e[]=1", "source=8"])


@settings(deadline=None)
@given(st.lists(KEPT, max_size=4), st.lists(st.tuples(st.integers(0, 4), TRACKING), max_size=4))
def test_tracking_parameters_make_no_difference_wherever_they_stand(
    kept: list[str], tracking: list[tuple[int, str]]
) -> None:
    with_tracking = list(kept)
    for position, parameter in tracking:
        with_tracking.insert(position, parameter)
    plain, tracked = (canonical_url("https://news.example/story?" + "&".join(query)) for query in (kept, with_tracking))
    assert tracked == plain is not None


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=22, max_size=22))
def test_the_case_of_scheme_and_host_makes_no_difference(upper: list[bool]) -> None:
    letters = zip("https://www.news.example"[:22], upper, strict=True)
    prefix = "".join(letter.upper() if up else letter for letter, up in letters)
    assert canonical_url(f"{prefix}le/Story?A=b") == "https://www.news.example/Story?A=b"


URLISH = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(
        [
            "http://",
            "https://",
            "HTTP://",
            "https://u:p@",
            "//",
            "javascript:",
            "",
            "https://www.google.com/url?q=http://",
            "https://go.theregister.com/feed/",
            "https://a.rd.yahoo.com/*http://",
            "https://x.search.yahoo.com/RU=http://",
        ]
    ),
    st.text(max_size=12) | st.text(".a/:%*", max_size=6),
    st.sampled_from(
        ["", "/", "/a?", ":80/", "?", "#", "/?utm_x=1&", "./;jsessionid=", "/RK=1", "?&amp;amp;", "??utm_"]
    ),
    st.text(max_size=20),
)


@settings(deadline=None)
@example("https://a.rd.yahoo.com/*http://./;jsessionid=")
@given(URLISH)
def test_whatever_the_link_is_the_schema_takes_what_is_made_of_it(text: str) -> None:
    for address in (clean_url(text), canonical_url(text)):
        assert address is None or ADDRESS.is_valid(address)


@settings(deadline=None)
@given(URLISH)
def test_a_canonical_address_is_its_own_canonical_address(text: str) -> None:
    canonical = canonical_url(text)
    assert canonical_url(canonical) == canonical
