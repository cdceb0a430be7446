"""Documents with values that are too long, impossible, or of characters that nobody writes."""

from __future__ import annotations

from .cases import OK, TOO_COSTLY, TOO_LONG, Cases, filled, item, rss, story

CASES = Cases()
case = CASES.document
_MIB = 2**20
# A little less than fetch.max_body_bytes.
_MOST = 5 * _MIB - 4_096


# Long values


@case(OK, published=0, letter=TOO_LONG)
def a_title_of_5_mib() -> bytes:
    return rss(item(title=filled("Title ", _MOST - 1_000)))


@case(OK, published=0, letter=TOO_LONG)
def a_guid_of_1_mb() -> bytes:
    return rss(item(guid="g" * 1_000_000))


@case(OK, published=1)
def a_link_of_1_mb() -> bytes:
    return rss(item(f"<link>https://x.example/{'a/../' * 200_000}</link>"))


@case(OK, published=1)
def a_date_of_1_mb() -> bytes:
    return rss(item().replace("10:00:00", "1" * 1_000_000))


@case(OK, published=1)
def a_category_of_1_mb() -> bytes:
    return rss(item(f"<category>{filled('word ', 1_000_000)}</category>"))


@case(OK, published=1)
def a_language_of_1_mb() -> bytes:
    return rss(item("<description>words</description>"), channel=f"<language>{filled('en-', 1_000_000)}</language>")


@case(OK, published=1)
def an_author_of_1_mb() -> bytes:
    return rss(item(f"<dc:creator>{filled('By Ann Lee and ', 1_000_000)}</dc:creator>"))


@case(OK, published=1)
def an_element_name_of_1_mb() -> bytes:
    return rss(item(f"<{'n' * 1_000_000}/>"))


@case(OK, published=0, letter=TOO_LONG)
def a_query_of_100_000_parameters() -> bytes:
    query = "&amp;".join(f"utm_{number}={number}" for number in range(100_000))
    return rss(item(f"<link>https://x.example/?{query}</link>"))


# Impossible values


@case(OK, published=4)
def impossible_dates() -> bytes:
    dates = ("Mon, 03 Mar 1000000000 10:00:00 GMT", "9999-12-31T23:59:59-23:59", "0000-00-00T00:00:00Z", "-1")
    return rss(
        *(item(guid=str(number)).replace("Mon, 03 Mar 2025 10:00:00 GMT", date) for number, date in enumerate(dates))
    )


@case(OK, published=2)
def links_to_what_is_no_web_address() -> bytes:
    links = ("javascript:alert(1)", "data:text/html;base64,PHNjcmlwdD4=")
    return rss(
        *(item(f"<link>{link}</link><comments>{link}</comments><enclosure url='{link}'/>", guid=link) for link in links)
    )


@case(OK, published=1)
def scripts_in_text() -> bytes:
    return story(
        "<svg onload=alert(1)><script>alert(1)</script></svg><math><mtext></form><form><mglyph><style></math>"
        "<img src=x onerror=alert(1)><form action=javascript:alert(1)><iframe srcdoc='<script>alert(1)</script>'>words"
    )


@case(OK, published=1)
def impossible_hints() -> bytes:
    hours = "".join(f"<hour>{hour}</hour>" for hour in (*range(24), -1, 10**30, "x"))
    hints = (
        f"<ttl>{'9' * 5_000}</ttl><skipHours>{hours}</skipHours><skipDays><day>Never</day></skipDays>"
        "<sy:updatePeriod>yearly</sy:updatePeriod><sy:updateFrequency>1e400</sy:updateFrequency>"
    )
    return rss(item(), channel=hints)


@case(OK, published=1)
def places_off_the_earth() -> bytes:
    return rss(item("<georss:point>1e400 nan</georss:point><geo:lat>inf</geo:lat><geo:long>-181</geo:long>"))


@case(OK, published=1)
def lengths_that_are_none() -> bytes:
    return rss(item(f"<enclosure url='https://x.example/1' length='{'9' * 10_000}'/>"))


# Characters


@case(OK, published=1)
def zero_bytes() -> bytes:
    return rss(item("<description>a\0b\0c" + "\0" * 100_000 + "</description>"))


@case(OK, published=1)
def control_characters() -> bytes:
    return rss(item("<description>" + "".join(map(chr, range(1, 32))) * 1_000 + "</description>"))


@case(OK, published=1)
def references_to_what_is_no_character() -> bytes:
    return rss(item("<description>&#xD800; &#xDFFF; &#x110000; &#99999999999; &#8; &#x0; &#xFFFE; words</description>"))


@case(OK, published=1)
def surrogates_in_utf_8() -> bytes:
    return rss(item("<description>a WRONG b</description>")).replace(b"WRONG", b"\xed\xa0\x80\xed\xbf\xbf")


@case(OK, TOO_COSTLY, published=1)
def bytes_that_are_no_utf_8() -> bytes:
    return rss(item("<description>WRONG</description>")).replace(b"WRONG", b"\xff\xfe\xc0\x80\xf8" * 100_000)


@case(OK, published=1)
def bidirectional_overrides() -> bytes:
    turns = "\u202e\u2066\u2069\u200f" * 50_000
    return rss(item(f"<description>{turns}txt.exe</description>", title="\u202egnp.exe"))


@case(OK, published=1)
def a_hundred_thousand_accents_on_one_letter() -> bytes:
    return story("Z" + "\u0301\u0489\u0316" * 33_000)


@case(OK, published=1)
def accents_in_the_wrong_order() -> bytes:
    # Putting them in order (Unicode, 3.11) is quadratic in some implementations.
    return story("a" + "\u0315\u0300\u05ae" * 100_000)


@case(OK, published=1)
def zero_width_characters() -> bytes:
    return story("\u200b\u200d\ufeff\u2060" * 100_000)


@case(OK, published=1)
def letters_that_grow_when_they_are_folded() -> bytes:
    return story("\ufdfa\u0390\ufb03\u1e9e" * 50_000)


@case(OK, published=1)
def characters_that_are_not_assigned() -> bytes:
    return story("\U000e0fff\U0001fffe\ufdd0\U0010ffff words " * 30_000)


@case(OK, published=1)
def joined_emoji() -> bytes:
    return story("\U0001f468\u200d\U0001f469\u200d\U0001f467" * 30_000)
