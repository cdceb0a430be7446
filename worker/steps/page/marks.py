"""What an element's name, role, class and id say about its part on the page."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from .tree import Node

Mark = Literal[
    "ad", "byline", "caption", "comments", "dek", "form", "head", "hidden", "live", "nav", "popup", "related", "share",
    "sign", "widget",
]  # fmt: skip

# Elements that are never part of the running text (HTML Standard, 4.3 and 4.4; AMP).
_TAGS: dict[str, Mark] = {
    "nav": "nav", "footer": "nav", "header": "head", "aside": "widget", "figure": "caption", "figcaption": "caption",
    "form": "form", "fieldset": "form", "legend": "form", "amp-ad": "ad", "amp-live-list": "live",
}  # fmt: skip
# Roles of WAI-ARIA 1.2.
_ROLES: dict[str, Mark] = {
    "navigation": "nav", "contentinfo": "nav", "banner": "nav", "menu": "nav", "menubar": "nav", "toolbar": "share",
    "complementary": "widget", "search": "form", "form": "form", "dialog": "popup", "alertdialog": "popup",
}  # fmt: skip
# Words within the names that designers give, one mark's after another; two words are looked for one after the other.
_NAMES: dict[Mark, tuple[str, ...]] = {
    "ad": (
        "ad", "ads", "advert", "advertisement", "advertising", "adslot", "adunit", "adsense", "dfp", "banner",
        "sponsor", "sponsored", "sponsorship", "promo", "promos", "promotion", "outbrain", "taboola", "zergnet",
        "revcontent", "affiliate", "partner", "partners", "paid",
    ),
    "byline": (
        "byline", "bylines", "bio", "authorbio", "timestamp", "postmeta", "pubdate", "author bio", "about author",
        "author info", "author box", "author details", "post meta", "entry meta", "article meta",
    ),
    "caption": (
        "caption", "captions", "credit", "credits", "photocredit", "cutline", "attribution", "image info",
    ),
    "comments": ("comment", "comments", "commentlist", "disqus", "respond", "discussion"),
    "dek": ("dek", "deck", "standfirst", "strapline", "kicker"),
    "hidden": (
        "visuallyhidden", "screenreader", "noprint", "hidden", "hide", "offscreen", "a11y", "sr only", "no print",
        "visually hidden", "screen reader", "print only",
    ),
    "nav": (
        "breadcrumb", "breadcrumbs", "footer", "nav", "navigation", "navbar", "menu", "pagination", "pager",
        "masthead", "sidebar", "toc", "skip", "tags", "taglist", "topics", "tag list", "post tags",
    ),
    "popup": (
        "cookie", "cookies", "consent", "gdpr", "popup", "modal", "overlay", "lightbox", "tooltip", "popover",
        "hovercard", "flyout", "dropdown", "rollover block",
    ),
    "related": (
        "related", "recirc", "recirculation", "recommended", "recommendations", "recommend", "trending", "popular",
        "mostread", "readmore", "yarpp", "crp", "teaser", "teasers", "upnext", "latest", "alsoread", "seealso",
        "morefrom", "linkstack", "relatedposts", "read more", "more from", "more on", "more stories", "more news",
        "more posts", "see also", "also read", "most read", "up next", "you may", "current issue",
    ),
    "share": (
        "share", "sharing", "shares", "sharebar", "sharethis", "addthis", "addtoany", "social", "socials",
        "sharedaddy", "sociallinks", "follow", "to tweet",
    ),
    "sign": (
        "newsletter", "newsletters", "subscribe", "subscription", "signup", "optin", "donate", "donation", "login",
        "signin", "register", "registration", "membership", "cta", "sign up", "sign in", "opt in",
    ),
    "widget": ("infobox", "carousel", "slideshow", "poll", "quiz", "player", "toolbar", "pullquote", "pull quote"),
}  # fmt: skip
_BY_NAME: dict[str, Mark] = {name: mark for mark, names in _NAMES.items() for name in names}
# What is called by its picture first has but a caption in it.
_PICTURES = frozenset({"image", "img", "photo", "picture", "thumbnail"})
# What people say elsewhere, shown in the story.
_EMBEDS = frozenset({"embed", "embeds"})
_BETWEEN_WORDS = re.compile(r"[^A-Za-z0-9]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# The last is how text is kept for screen readers alone: ", opens new tab".
_INVISIBLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|clip\s*:\s*rect\(", re.IGNORECASE)
_WORD_CHARS = 4
_LONGEST_NAMES_CHARS = 2_000


def mark_of(node: Node) -> Mark | None:
    """The kind of boilerplate that an element seems to hold; None for what may be the story's."""
    attributes = node.attributes
    if not attributes:
        return _TAGS.get(node.tag)
    if "hidden" in attributes or ("style" in attributes and _INVISIBLE.search(attributes["style"])):
        return "hidden"
    if node.tag in {"html", "body"}:
        return None
    if (mark := _TAGS.get(node.tag)) or (mark := _ROLES.get(attributes.get("role", ""))):
        return mark
    names = f"{attributes.get('class', '')} {attributes.get('id', '')}"
    return _by_names(names[:_LONGEST_NAMES_CHARS]) if len(names) > 1 else None


@lru_cache(maxsize=4096)
def _by_names(names: str) -> Mark | None:
    for name in names.split():
        # WordPress calls the boxes of its sidebar so; page builders call everything something-widget.
        if name == "widget" or name.startswith("widget_"):
            return "widget"
        words = _words(name)
        if not words or not _EMBEDS.isdisjoint(words):
            continue
        if words[0] in _PICTURES:
            return "caption"
        for word in (*words, *map(" ".join, pairwise(words))):
            if word in _BY_NAME:
                return _BY_NAME[word]
    return None


def _words(name: str) -> list[str]:
    """The words of a name: article-author_bio, newsCaption. What tools make up, hfAdXq, has none within it."""
    words: list[str] = []
    for part in _BETWEEN_WORDS.split(name):
        pieces = _CAMEL.split(part)
        words += pieces if any(len(piece) >= _WORD_CHARS for piece in pieces) else [part]
    return [word.lower() for word in words if word]
