"""Feeds as newspapers have them, made from the paragraphs of the seed document: 30 entries are some 87 kB of RSS.

Markup is as dense as in real feeds: tags cost parsers more than words do. Of 70 real feeds, the median has one tag
for each 130 bytes, and an attribute for each 210.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_SEED = Path(__file__).parent.parent / "data" / "seed" / "000_23b64bebdaa24c53.txt"
_FIRST_AT = datetime(2025, 5, 1, tzinfo=UTC)
_TEXT_CHARS = 1_200
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom"'
    ' xmlns:media="http://search.yahoo.com/mrss/">\n<channel>\n<title>The Newspaper</title>\n'
    "<link>https://news.example/</link>\n<description>All the news</description>\n<language>en-GB</language>\n"
    '<atom:link href="https://news.example/feed.xml" rel="self" type="application/rss+xml"/>\n<ttl>15</ttl>\n'
)
_ATOM_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en-GB">\n'
    "<title>The Newspaper</title>\n<id>https://news.example/</id>\n<updated>2025-05-01T00:00:00Z</updated>\n"
    '<link rel="alternate" href="https://news.example/"/>\n'
)


def rss(numbers: Sequence[int], *, site: str = "news.example") -> bytes:
    """An RSS 2.0 document of these articles, in this order. An article is the same in every document."""
    return "".join([_HEAD, *(_item(number, site) for number in numbers), "</channel>\n</rss>\n"]).encode()


def atom(numbers: Sequence[int], *, site: str = "news.example") -> bytes:
    """The same in Atom."""
    return "".join([_ATOM_HEAD, *(_entry(number, site) for number in numbers), "</feed>\n"]).encode()


def newest_first(count: int, *, latest: int = 100) -> Sequence[int]:
    """The numbers of so many articles, as a feed lists them."""
    return range(latest, latest - count, -1)


@cache
def _paragraphs() -> tuple[str, ...]:
    return tuple(line for line in _SEED.read_text(encoding="utf-8").splitlines() if len(line) > 100)


def _said(number: int) -> tuple[str, str, str]:
    """Headline, summary and body (HTML) of an article."""
    chance = random.Random(number)
    words = chance.choice(_paragraphs()).split()
    headline = " ".join(words[: chance.randint(7, 12)]).strip(",.") + f", report {number}"
    text: list[str] = []
    while sum(map(len, text)) < _TEXT_CHARS:
        text.append(chance.choice(_paragraphs()))
    picture = (
        f'<figure class="lead"><img src="https://cdn.news.example/{number}.jpg?w=800&amp;h=600" alt="" width="800"/>'
        "<figcaption>Photo: <em>The Newspaper</em></figcaption></figure>"
    )
    more = f'<p><a href="https://news.example/world/{number}?utm_source=feed" rel="nofollow">Read more</a></p>'
    return headline, text[0][:300], "\n".join([picture, *(_marked_up(each, number) for each in text), more])


def _marked_up(paragraph: str, number: int) -> str:
    """A paragraph with a link, something strong and a break in it."""
    words = [escape(word, quote=False) for word in paragraph.split()]
    words[3] = f'<a href="https://news.example/topics/{number % 50}">{words[3]}</a>'
    words[8] = f"<strong>{words[8]}</strong>"
    words[12] += "<br/>"
    return f"<p>{' '.join(words)}</p>"


def _item(number: int, site: str) -> str:
    headline, summary, body = _said(number)
    date = format_datetime(_FIRST_AT + timedelta(minutes=37 * number), usegmt=True)
    return (
        f"<item>\n<title>{escape(headline, quote=False)}</title>\n"
        f"<link>https://{site}/world/{number}/article?utm_source=rss</link>\n"
        f'<guid isPermaLink="false">{site}-{number}</guid>\n<pubDate>{date}</pubDate>\n'
        f"<dc:creator>Desk {number % 7}</dc:creator>\n<category>World</category>\n<category>Politics</category>\n"
        f"<description>{escape(summary, quote=False)}</description>\n"
        f"<content:encoded><![CDATA[{body}]]></content:encoded>\n"
        f'<media:content url="https://cdn.news.example/{number}.jpg" type="image/jpeg" medium="image"/>\n</item>\n'
    )


def _entry(number: int, site: str) -> str:
    headline, summary, body = _said(number)
    at = (_FIRST_AT + timedelta(minutes=37 * number)).isoformat()
    return (
        f"<entry>\n<title>{escape(headline, quote=False)}</title>\n<id>tag:{site},2025:{number}</id>\n"
        f'<link rel="alternate" href="https://{site}/world/{number}/article"/>\n<published>{at}</published>\n'
        f'<updated>{at}</updated>\n<author><name>Desk {number % 7}</name></author>\n<category term="World"/>\n'
        f"<summary>{escape(summary, quote=False)}</summary>\n"
        f'<content type="html">{escape(body, quote=False)}</content>\n</entry>\n'
    )
