"""What publishers write between and after the paragraphs of a story: whole blocks, told by their words."""

from __future__ import annotations

import re

# Blocks that say no more than this, whatever their case and punctuation.
LABELS = frozenset(
    name
    for line in (
        "ad|ads|advert|advertisement|advertisements|advertising|iklan|anzeige|werbung|publicidad|publicidade|publicité",
        "pubblicità|reklama|реклама|reklam|advertentie|annons|annonse|mainos|広告|广告|廣告|광고|διαφήμιση|إعلان",
        "advertisement scroll to continue|sponsored|sponsored content|promoted|skip ad|skip advertisement",
        "article continues below|story continues below|story continues below advertisement|now playing",
        "article continues after advertisement|continue reading below advertisement|this video is playing",
        "caption|close|text size|share|share this|share this article|share this story|tweet|pin|pin it|whatsapp|email",
        "print|save|saved|copy link|follow|follow us|click to tweet|play|pause|mute|reply|comment|comments",
        "leave a comment|view comments|show comments|join the conversation|tell us what you think|loading|loading ad",
        "more|read more|read full story|see more|show more|learn more|keep reading|continue reading|next|prev|previous",
        "next prev|back to top|top|watch|listen|video|photo|photos|image|gallery|see full gallery|view all",
        "current issue|related|related content|related stories|related articles|related topics|read next|up next",
        "recommended|trending|subscribe|subscribe now|sign up|sign in|log in|register",
        "acquire licensing rights|purchase licensing rights",
    )
    for name in line.split("|")
)

# What a block that sends readers to another story begins with.
TEASER = re.compile(
    r"""\W*(?:
      read | see | watch | also | more | related | recommended | don['\u2019]?t\ miss | must[ -]read
      | further\ reading | in\ pictures
      | read\ (?:more|next|also|this|now) | see\ (?:also|more) | also\ (?:read|see|watch)
      | watch\ (?:now|live|more) | listen
      | more\ (?:from|on|in|news|stories|coverage|here)\b[^:|]{0,40} | click\ here | related\ \w+ | up\ next | explore
      | what\ to\ read\ next | lea\ también | lee\ también | te\ puede\ interesar | leia\ (?:também|mais) | veja\ também
      | (?:à\ )?lire\ aussi | lesen\ sie\ (?:auch|mehr) | mehr\ zum\ thema | leggi\ anche | baca\ juga | lees\ ook
      | (?:читайте|читать)\ также | (?:filed|published|posted)\ (?:under|in)
    )\s*[:|»>\u2013\u2014-]""",
    re.IGNORECASE | re.VERBOSE,
)

# What a list of other stories is called.
LIST_TITLE = re.compile(
    r"""\W*(?:
      you\ (?:may|might)\ (?:also\ )?(?:like|enjoy|be) | don['\u2019]?t\ miss
      | more\ (?:\w+\ ){0,4}(?:stories|news|coverage)\b
      | more\ (?:from|on|about|like)\b | read\ (?:more|next|also) | related | recommended | see\ also | trending
      | most\ (?:read|popular) | popular\ (?:on|now|stories) | latest\ (?:news|stories) | also\ (?:on|read|see)
      | what\ to\ read | further\ reading | editor['\u2019]?s['\u2019]?\ picks | top\ stories | voc[eê]\ pode\ gostar
      | te\ puede\ interesar | das\ könnte | mehr\ zum | leggi\ anche | à\ lire | baca\ juga | читайте
    )""",
    re.IGNORECASE | re.VERBOSE,
)

# Requests to the reader, and what pages say of themselves.
REQUEST = re.compile(
    r"""\W*(?:
      (?:click|tap)\ here\b | sign\ up\b | subscribe\b | (?:please\ )?(?:enable|turn\ on)\ javascript
      | get\ (?:the|our|more|all|breaking|weekly|daily|a\ (?:look|daily|weekly))\b
        .{0,160}\b(?:newsletter|inbox|e-?mail|app)\b
      | (?:to\ )?(?:receive|join)\b.{0,60}\b(?:newsletter|inbox|whatsapp|telegram)
      | download\ (?:the|our)\b.{0,40}\bapp\b | (?:follow|like|find|join)\ (?:us|me)\ on\b
      | this\ (?:article|story|post)\ (?:contains|may\ contain)\ affiliate
      | support\ (?:us|our\ journalism|independent\ journalism)\b
      | your\ browser\ (?:does\ not|doesn['\u2019]t)\ support | we\ use\ cookies
      | (?:we['\u2019]re\ sorry,\ )?this\ (?:video|content|feature)\ is\ (?:not\ |un)available
      | image\ \d+\ of\ \d+ | \d+\ ?(?:-\ ?\d+\ )?(?:of|/)\ ?\d+$ | \d+\ (?:comments?|shares?|views|likes)$
      | (?:view|see|show)\ (?:all|full)\b.{0,40}$
      | (?:tags?|topics?|category|categories|in\ this\ (?:article|story))\s*:
    )""",
    re.IGNORECASE | re.VERBOSE,
)

# Whose a picture is.
CREDIT = re.compile(
    r"""^\W*©
      | ^\W*(?:photo|image|picture|video|foto|bild|crédit|credit|source)s?(?:\ credit|\ by|\ courtesy)?\s*[:/]
      | \((?:image|photo|picture|pic|credit|source|foto|getty|reuters|ap\ photo|afp)(?:\ credit)?s?\s*[:/]
        [^()]{0,60}\)\W*$
      | (?:getty\ images|shutterstock|ap\ photo/[\w .]+|reuters/[\w .]+)\W*$""",
    re.IGNORECASE | re.VERBOSE,
)

# How stories end that are over: whom to write to, whose they are.
ENDING = re.compile(
    r"""\W*(?:
      follow\b.{1,160}(?:\b(?:twitter|facebook|instagram|social\ media|whatsapp|telegram)|@)
      | (?:e-?mail|write\ to|contact|reach)\b.{1,100}(?:@|\bat\b) | .{1,80}\bcan\ be\ reached\b
      | copyright\b | © | \(c\) | .{0,120}\ball\ rights\ reserved | our\ standards\s*: | more\ (?:ap|from)\b
      | (?:have|got|send)\b.{0,60}\b(?:tips?|story\ idea|questions)\b.{0,80}(?:@|contact|email|us)
      | .{1,200}\b(?:letters\ to\ the\ editor|(?:article|story)\ (?:was|has\ been)\ (?:originally|first)\ published)
      | (?:the\ )?post\ .{1,200}\ appeared\ first\ on | about\ the\ author | author\ bio | @\w+$ | https?://\S+$
      | this\ (?:material|content)\ may\ not\ be | .{0,40}newsletter
    )""",
    re.IGNORECASE | re.VERBOSE,
)

# A year or a time of day, as kickers and bylines have it.
DATED = re.compile(r"\b(?:1[89]|20)\d\d\b|\b\d{1,2}[:.]\d\d\b")
# A date or a time and nothing else.
STAMP = re.compile(
    r"""(?:\W|\d|(?:published|posted|updated|last|modified|first|on|at|by|am|pm|a\.m|p\.m|st|nd|rd|th|of
      |mon|tues?|wed|wednes|thurs?|fri|satur|sat|sun|day|january|february|march|april|may|june|july|august|september|october
      |november|december|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|gmt|utc|[ecmp][sd]?t|bst|ist|cest|ago|hours?|minutes?)
      (?![^\W\d_]))+""",
    re.IGNORECASE | re.VERBOSE,
)
# What WordPress leaves of an extension that is no longer there.
SHORTCODE = re.compile(r"\[(\w+)(?:\s[^\]]*)?\].*\[/\1\]$")
