"""Documents that are too deep, too broad, or that make expressions backtrack."""

from __future__ import annotations

import gzip

from .cases import BROKEN, OK, TOO_COSTLY, TOO_LONG, UNDECODABLE, Cases, filled, item, rss, story

CASES = Cases()
case = CASES.document
_MIB = 2**20
# A little less than fetch.max_body_bytes.
_MOST = 5 * _MIB - 4_096


# Depth and breadth


@case(OK, published=1)
def elements_nested_200_000_deep() -> bytes:
    return rss(item(f"<description>{'<a>' * 200_000}deep{'</a>' * 200_000}</description>"))


@case(OK, TOO_COSTLY)
def divs_nested_100_000_deep_in_text() -> bytes:
    return story("<div>" * 100_000 + "deep" + "</div>" * 100_000)


@case(OK, TOO_COSTLY)
def items_nested_3_000_deep() -> bytes:
    return rss("<item><title>x</title>" * 3_000 + "</item>" * 3_000)


@case(BROKEN)
def channels_nested_10_000_deep() -> bytes:
    return b"<rss>" + b"<channel>" * 10_000 + item().encode() + b"</channel>" * 10_000 + b"</rss>"


@case(OK, TOO_COSTLY)
def lists_and_tables_nested_in_text() -> bytes:
    return story("<table><tr><td><ul><li>" * 20_000 + "deep")


@case(OK, published=1)
def tags_that_never_end() -> bytes:
    return rss(item(f"<description>{'<b>x' * 200_000}</description>"))


@case(OK, TOO_COSTLY)
def tags_without_their_ends_in_text() -> bytes:
    return story("<a " * 200_000)


@case(OK, published=1)
def ends_of_nothing() -> bytes:
    return rss(item(f"<description>{'</b>' * 300_000}</description>"))


@case(OK, TOO_COSTLY)
def tags_that_cross() -> bytes:
    return rss(item(f"<description>{'<a><b></a></b>' * 40_000}</description>"))


@case(OK, published=1)
def forty_thousand_attributes() -> bytes:
    return rss(item("<link " + " ".join(f"a{number}='x'" for number in range(40_000)) + "/>"))


@case(OK, published=1)
def forty_thousand_attributes_in_text() -> bytes:
    return story("<p " + " ".join(f"a{number}='x'" for number in range(40_000)) + ">text</p>")


@case(OK, published=1)
def forty_thousand_times_the_same_attribute() -> bytes:
    return rss(item("<link " + "a='x' " * 40_000 + "/>"))


@case(OK, published=1)
def forty_thousand_namespaces() -> bytes:
    declared = " ".join(f"xmlns:n{number}='urn:{number}'" for number in range(40_000))
    return rss(item()).replace(b"<channel>", f"<channel {declared}>".encode())


@case(OK, published=0, letter=TOO_LONG)
def an_attribute_of_5_mib() -> bytes:
    return rss(item(f"<enclosure url='https://x.example/{filled('a', _MOST - 1_000)}'/>"))


@case("network_error/too_large")
def an_attribute_of_20_mb() -> bytes:
    return rss(item(f"<enclosure url='https://x.example/{'a' * 20_000_000}'/>"))


@case(UNDECODABLE, headers={"Content-Encoding": "gzip"})
def an_attribute_of_20_mb_compressed() -> bytes:
    return gzip.compress(an_attribute_of_20_mb())


@case(OK, published=1)
def a_hundred_and_eighty_thousand_categories() -> bytes:
    return rss(item("".join(f"<category>c{number}</category>" for number in range(180_000))))


@case(OK, published=1)
def a_hundred_thousand_links() -> bytes:
    links = "".join(f"<link href='https://x.example/{number}'/>" for number in range(100_000))
    return f"<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id><title>t</title>{links}</entry></feed>".encode()


@case(OK, published=1)
def a_hundred_thousand_authors() -> bytes:
    return rss(item("".join(f"<author>a{number}@x.example</author>" for number in range(100_000))))


@case(OK, published=1)
def sixty_thousand_enclosures() -> bytes:
    return rss(item("".join(f"<enclosure url='https://x.example/{number}'/>" for number in range(60_000))))


@case(OK, published=1)
def media_groups_in_media_groups() -> bytes:
    groups = "<media:group xmlns:media='http://search.yahoo.com/mrss/'>" * 5_000 + "</media:group>" * 5_000
    return rss(item(groups))


@case(OK, TOO_COSTLY, published=0, letter="empty_entry")
def two_hundred_thousand_empty_items() -> bytes:
    return rss("<item/>" * 200_000)


@case("network_error/too_large")
def a_million_empty_items() -> bytes:
    return rss("<item/>" * 1_000_000)


@case(OK, TOO_COSTLY)
def a_hundred_thousand_items() -> bytes:
    return rss(*(f"<item><guid>{number}</guid></item>" for number in range(100_000)))


@case(OK, TOO_COSTLY)
def five_thousand_items_of_one_guid() -> bytes:
    return rss(*(item(title=f"Headline {number}") for number in range(5_000)))


@case(OK, TOO_COSTLY)
def a_thousand_items_of_one_link() -> bytes:
    link = "<link>https://x.example/one</link>"
    return rss(*(item(link, guid=str(number), title=f"Headline {number}") for number in range(1_000)))


@case(OK, TOO_COSTLY)
def a_thousand_times_the_same_item() -> bytes:
    return rss(*["<item><title>Same</title><description>words</description></item>"] * 1_000)


@case(TOO_COSTLY)
def three_thousand_long_articles() -> bytes:
    told = (
        '"We came on Friday," Mayor Ann Lee of Paris said in March, when 12 people were hurt and $5 million was lost. '
    )
    text = f"<description>{told * 15}</description>"
    return rss(*(item(text.replace("12", str(number)), guid=str(number)) for number in range(2_800)))


@case(OK, TOO_COSTLY)
def a_million_elements_in_one_item() -> bytes:
    return rss(item("<a/>" * 1_000_000))


# Text in which expressions backtrack


@case(OK, published=1)
def an_author_of_parentheses() -> bytes:
    return rss(item(f"<author>{'(' * 64_000}</author>"))


@case(OK, published=1)
def an_author_of_addresses() -> bytes:
    return rss(item(f"<author>{'a@' * 100_000}</author>"))


@case(OK, published=1)
def beginnings_of_comments_in_text() -> bytes:
    return story("<!--" * 100_000)


@case(OK, published=0, letter="truncated")
def beginnings_of_comments() -> bytes:
    return rss(item(f"<description>{'<!--' * 100_000}</description>"))


@case(OK, published=0, letter="truncated")
def beginnings_of_sections() -> bytes:
    return rss(item(f"<description>{'<![CDATA[' * 100_000}</description>"))


@case(OK, TOO_COSTLY)
def ends_of_sections() -> bytes:
    return rss(item(f"<description>{']]>' * 100_000}</description>"))


@case(OK, TOO_COSTLY)
def beginnings_of_instructions() -> bytes:
    return rss(item(f"<description>{'<?' * 100_000}</description>"))


@case(OK, published=1)
def beginnings_of_links_escaped() -> bytes:
    return rss(item(f"<description>{'&lt;a href=&quot;' * 100_000}</description>"))


@case(OK, TOO_COSTLY)
def less_than_signs_escaped() -> bytes:
    return rss(item(f"<description>{'&lt;' * 150_000}</description>"))


@case(OK, TOO_COSTLY)
def ampersands_escaped() -> bytes:
    return rss(item(f"<description>{'&amp;' * 150_000}</description>"))


@case(OK, published=1)
def escaped_over_and_over() -> bytes:
    return rss(item(f"<description>{'&' + 'amp;' * 500_000}lt;</description>"))


@case(OK, TOO_COSTLY)
def less_than_signs() -> bytes:
    return rss(item(f"<description>{'<' * 300_000}</description>"))


@case(OK, TOO_COSTLY)
def ampersands() -> bytes:
    return rss(item(f"<description>{'&' * 300_000}</description>"))


@case(OK, published=1)
def beginnings_of_scripts_in_text() -> bytes:
    return story("<script>" * 200_000)


@case(OK, TOO_COSTLY)
def quotation_marks_in_tags() -> bytes:
    return story("<p title=\"'" * 200_000)


@case(OK, TOO_COSTLY)
def references_without_an_end() -> bytes:
    return story("&#x" * 100_000)
