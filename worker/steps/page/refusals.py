"""Answers that hold no article: files of other kinds, and pages that say something else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from worker.model.page import NotAPage

from .words import label

if TYPE_CHECKING:
    from .blocks import Block

_MARKUP = re.compile(
    r"<(?:!doctype\s+html|html|head|body|meta|title|div|article|section|p|h1|script|table|span)\b", re.IGNORECASE
)
# Nothing in it is tried twice: a page may begin with thousands of comments.
_FEED = re.compile(
    r"\s*+(?:<\?xml[^>]*+>\s*+)?+(?><!--.*?-->\s*+)*+<(?:rss|feed|rdf:RDF|urlset|sitemapindex)[\s>]", re.DOTALL
)
_SNIFFED_CHARS = 65_536
_UNREADABLE_SHARE = 0.1
# A news flash of one sentence is a story; a slogan is none.
_FEWEST_CHARS = 60
# What stands in the place of a story is shorter than this.
_SHORT_CHARS = 1_500
# A story may quote such a sentence; then it has this much beside it.
_BESIDE_CHARS = 400

# Titles of pages that a server sends instead of the one asked for.
_OTHER_TITLE = re.compile(
    r"""(?:
      just\ a\ moment | attention\ required | access\ (?:to\ this\ page\ has\ been\ )?denied | robot\ check
      | are\ you\ (?:a\ )?(?:human|robot) | security\ check | (?:human\ )?verification | captcha
      | pardon\ our\ interruption
      | request\ (?:blocked|rejected) | (?:error\ )?(?:4\d\d|50\d)(?:\ error)? | (?:(?:4\d\d|50\d)\ )?forbidden
      | (?:(?:error\ )?404\ )?(?:page\ |error\ )?not\ found
      | (?:50\d\ )?(?:bad\ gateway|service\ (?:temporarily\ )?unavailable)
      | (?:50\d\ )?(?:internal\ )?(?:server|application)\ error | (?:log|sign)\ ?(?:in|on)
      | subscribe(?:\ to\ (?:read|continue))? | redirecting | loading
      | (?:site\ |under\ )maintenance | (?:site|page)\ (?:is\ )?(?:temporarily\ )?unavailable
      | before\ you\ continue | cookie\ (?:policy|consent|settings|wall) | seite\ nicht\ gefunden
      | page\ (?:introuvable|non\ trouvée) | página\ n(?:o|ão)\ encontrada
    )\W*""",
    re.IGNORECASE | re.VERBOSE,
)
_TITLE_END = re.compile(r"\s*[|:\u2013\u2014\u00b7]\s*|\s+-\s+")
_OTHER_TEXT = re.compile(
    r"""(?:enable|turn\ on|activate|requires?|need)\ (?:\w+\ ){0,3}(?:javascript|cookies)
      | javascript\ (?:is|to\ be|must\ be|has\ been)\ (?:\w+\ )?(?:disabled|enabled|required)
      | checking\ (?:your|if\ the\ site)\b.{0,40}(?:browser|secure)
      | (?:verify|confirm|prove|make\ sure)\ (?:that\ )?you(?:\ are|['\u2019]re)\ (?:not\ )?(?:an?\ )?
        (?:human|robot|bot)
      | unusual\ (?:traffic|activity)\ from\ your | do(?:n['\u2019]t|\ not)\ have\ permission\ to\ access
      | complete\ the\ (?:captcha|security\ check) | review\ the\ security\ of\ your\ connection | \bray\ id:
      | (?:page|article|story)\ (?:that\ )?you\b.{0,60}(?:\bnot|n['\u2019]t|\bcannot|\bno\ longer)\ (?:be\ )?
        (?:found|here|exists?)
      | (?:this|the)\ (?:page|article)\ (?:does\ not|doesn['\u2019]t|no\ longer)\ exists?
      | you\ (?:have\ been|are)\ blocked
      | (?:log|sign)\ in\ (?:or\ \w+\ )?to\ (?:continue|read|view|access)
      | (?:subscribe|register)\ (?:now\ )?to\ (?:continue|read|keep)""",
    re.IGNORECASE | re.VERBOSE,
)


def refuse_markup(body: bytes, markup: str) -> NotAPage | None:
    """Why a body cannot be a page; None when it may be one. Content-Type is often wrong and has no say."""
    if not body.strip(b"\xef\xbb\xbf \t\r\n\x00"):
        return NotAPage(reason="empty", detail="the body is empty")
    start = markup[:_SNIFFED_CHARS]
    unreadable = sum(start.count(character) for character in "\ufffd\x00\x01\x02\x03\x04")
    if unreadable > _UNREADABLE_SHARE * len(start):
        return NotAPage(reason="undecodable", detail="the body is not text in the charset that it declares")
    if _FEED.match(start):
        return NotAPage(reason="not_html", detail="the body is a feed or a sitemap")
    if start.lstrip("\ufeff \t\r\n")[:1] in {"{", "["} or not _MARKUP.search(start):
        return NotAPage(reason="not_html", detail="the body has no HTML")
    return None


def refuse_story(found: list[Block], story: list[Block], title: str) -> NotAPage | None:
    """Why what looks like a story is none; None when it is one.

    Args:
        found: the blocks of the part of the page where a story would be.
        story: those that are left of them when they are cleaned.
        title: the page's title.
    """
    size = sum(len(block.text) for block in story)
    prose = [block for block in story if block.prose]
    if not prose or sum(len(label(block.text)) for block in prose) < _FEWEST_CHARS:
        return NotAPage(reason="no_text", detail="the page has no running text")
    if size < _SHORT_CHARS:
        if _OTHER_TITLE.fullmatch(_TITLE_END.split(title, maxsplit=1)[0]):
            return NotAPage(reason="no_text", detail=f'the page is not the story: "{title[:80]}"')
        other = next((block.text for block in story if _OTHER_TEXT.search(block.text)), None)
        if other is not None and size - len(other) < _BESIDE_CHARS:
            return NotAPage(reason="no_text", detail=f'the page is not the story: "{other[:80]}"')
    if _is_index(found):
        return NotAPage(reason="no_text", detail="the page is a list of stories")
    return None


def _is_index(found: list[Block]) -> bool:
    """Whether the blocks are headings that are links, each with some text about the story behind it."""
    teasers = sum(
        block.tag in {"h2", "h3", "h4", "h5"} and not block.outward and block.linked * 2 > len(block.text)
        for block in found
    )
    return teasers >= 5 and teasers * 3 >= len(found)
