"""Organisations: which mentions are one body, what it is called, and of which country it is."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from worker.model.facts import Organisation
from worker.steps.facts.gazetteer import country_name
from worker.steps.facts.names.atlas import name_key, spots_named
from worker.steps.facts.names.grouping import spans
from worker.steps.facts.names.lexicons import cue, lexicon
from worker.steps.facts.names.plain_bodies import BODY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from worker.model.facts import Dateline
    from worker.steps.facts.names.mentions import Mention
    from worker.steps.facts.names.tokens import Token

# Bodies that every country has: their country is the one that the text names beside them.
_NATIONAL = frozenset({"government", "military", "security", "court"})
# Agencies whose letters have another meaning outside of datelines.
_COUNTRY_BEFORE = {"U.S": "US", "US": "US", "U.K": "GB", "UK": "GB"}
_MIN_WITH_COUNTRY = 2
_AGENCIES = {"PTI": "Press Trust of India"}
_LANDS = frozenset({"place", "demonym"})
_LIST = frozenset({", ", " and ", ", and ", ", the ", " and the ", ", and the "})


def give_countries(text: str, mentions: Sequence[Mention]) -> None:
    """Give each organisation the country that stands beside it, and what belongs to its name.

    "Russia's Ministry of Defence" is the name of one ministry; in "Ukraine's Armed Forces, Border Guard and National
    Guard" the country is that of the whole list, and part of no name in it.
    """
    for at, named in enumerate(mentions):
        if named.kind != "organisation" or named.explicit:
            continue
        country = _complement(named) or _COUNTRY_BEFORE.get(named.tokens[0].surface.rstrip("."))
        before = mentions[at - 1] if at else None
        if country is None and before is not None:
            between = text[before.end : named.start]
            if (
                before.kind == "organisation"
                and between in _LIST
                and before.country_code
                and _is_national(named)
                and _is_national(before)
            ):
                country = before.country_code
            elif before.kind in {"place", "demonym"} and between in {"'s ", "\u2019s ", " "} and _is_national(named):
                country = _country(before)
                if (
                    before.kind == "place"
                    and between != " "
                    and named.tokens[-1].gap != ""
                    and not _heads_list(text, mentions, at)
                ):
                    named.start = before.start
                    named.surface = text[named.start : named.end]
        if country is not None:
            named.country_code = country
            named.explicit = True


def place_at_home(mentions: Sequence[Mention], dateline: Dateline | None) -> None:
    """Give bodies that many countries have the country that the text is from, and the agency of the dateline its name.

    In a story from Delhi, "the Supreme Court" is India's, though it is that of the United States where nothing tells.
    """
    if dateline is None:
        return
    home = dateline.country_code
    for named in mentions:
        if named.kind != "organisation":
            continue
        if named.surface == dateline.agency and named.surface in _AGENCIES:
            agency = lexicon().organisations[_AGENCIES[named.surface]]
            named.same_as, named.type, named.country_code = agency.name, agency.type, agency.country_code
        elif (
            home
            and not named.explicit
            and home != named.country_code
            and named.surface.lower() in cue("of any country")
            and not any(other.kind in _LANDS and _country(other) == named.country_code for other in mentions)
        ):
            named.country_code, named.explicit = home, True


def _is_national(named: Mention) -> bool:
    return named.type in _NATIONAL


def _country(before: Mention) -> str | None:
    if before.kind == "demonym":
        return before.country_code
    spots = spots_named(name_key(before.surface))
    return spots[0].country_code if spots and spots[0].kind == "country" else None


def _complement(named: Mention) -> str | None:
    """The country in "National Guard of Ukraine"."""
    if " of " not in named.surface:
        return None
    for at, token in enumerate(named.tokens):
        if at and token.gap == "of":
            spots = spots_named(name_key(" ".join([part.surface for part in named.tokens[at:]])))
            if spots and spots[0].kind == "country":
                return spots[0].country_code
    return None


def _heads_list(text: str, mentions: Sequence[Mention], at: int) -> bool:
    following = mentions[at + 1] if at + 1 < len(mentions) else None
    return (
        following is not None and following.kind == "organisation" and text[mentions[at].end : following.start] in _LIST
    )


def organisations_of(text: str, mentions: Sequence[Mention]) -> tuple[Organisation, ...]:
    """One organisation for all mentions of a name, its short forms and its acronym."""
    groups: dict[tuple[str, str | None], list[Mention]] = {}
    # Two countries may have a Foreign Ministry each; one whose country is not said is that of the last one.
    codes: dict[str, str] = {}
    keyed = [(_key(named), named) for named in mentions]
    for key, named in keyed:
        if named.explicit and named.country_code:
            codes.setdefault(key, named.country_code)
    for key, named in keyed:
        if named.explicit and named.country_code:
            codes[key] = named.country_code
        groups.setdefault((key, codes.get(key)), []).append(named)
    found = []
    for group in groups.values():
        group.sort(key=lambda named: named.start)
        explicit = [named.country_code for named in group if named.explicit]
        code = explicit[0] if explicit else next((named.country_code for named in group if named.country_code), None)
        found.append(
            Organisation(
                name=_name(group, code),
                type=next(
                    (named.type for named in group if named.type not in {"", "other"}),
                    "other",
                ),
                country_code=code,
                mentions=spans(text, group),
            )
        )
    return tuple(sorted(found, key=lambda organisation: organisation.mentions[0].start))


def _key(named: Mention) -> str:
    """The key under which mentions are put together: the name without its country."""
    if named.rule == BODY:
        return _ministry(" ".join([token.surface for token in named.tokens]))
    surface = named.same_as or named.surface
    known = lexicon().organisations.get(surface)
    if known is not None:
        return name_key(known.name)
    tokens = named.tokens
    if not named.same_as and len(tokens) > _MIN_WITH_COUNTRY and tokens[0].surface.rstrip(".") in _COUNTRY_BEFORE:
        # "U.S. Forest Service" is the Forest Service.
        tokens = tokens[1:]
        surface = _joined(tokens)
    elif named.same_as:
        head, _, country = surface.rpartition(" of ")
        spots = spots_named(name_key(country.removeprefix("the "))) if head else ()
        surface = head if spots and spots[0].kind == "country" else surface
    elif len(tokens) == 1 or _complement(named) is None:
        surface = _joined(tokens)
    else:
        cut = max(at for at, token in enumerate(tokens) if token.gap == "of")
        surface = _joined(tokens[:cut])
    head, _, last = surface.rpartition(" ")
    if head and last.rstrip(".").lower() in cue("company suffix"):
        # "Acme Power, Inc" is Acme Power.
        surface = head.rstrip(",")
    known = lexicon().organisations.get(surface)
    # What joins the words of a name is no part of its tokens, but of the surface that a short form stands for.
    return _ministry(name_key(known.name if known else surface).removeprefix("the ").replace(" the ", " "))


def _ministry(key: str) -> str:
    """A key that is the same for "Defence Ministry" and "Ministry of Defense"."""
    key = key.replace("defense", "defence")
    return f"ministry of {key.removesuffix(' ministry')}" if key.endswith(" ministry") else key


def _joined(tokens: Sequence[Token]) -> str:
    """The words as the name is written, with what joins them."""
    parts: list[str] = []
    for before, token in zip((None, *tokens), tokens, strict=False):
        if before is not None and before.possessive:
            parts[-1] += "'s" if token.start - before.end > len("' ") else "'"
        if token.gap == ",":
            parts[-1] += ","
        parts.append(f"{token.gap} {token.surface}" if token.gap in {"of", "and", "for"} else token.surface)
    return " ".join(parts)


def _name(group: list[Mention], code: str | None) -> str:
    known = lexicon().organisations.get(group[0].same_as or group[0].surface)
    longest = max(
        [_plain_name(named) for named in group if named.rule != BODY],
        default="",
        key=len,
    )
    if not longest:
        return _name_of_body(group[0])
    if known is not None and len(known.name) >= len(longest):
        longest = known.name
    country = country_name(code) if code else None
    if longest.lower() in cue("bare") and country is not None:
        return f"{longest} of {country}"
    return longest


def _plain_name(named: Mention) -> str:
    """The name without the country before it: "Ministry of Defence" for "Russia's Ministry of Defence"."""
    return " ".join(named.surface[named.tokens[0].start - named.start :].split())


def _name_of_body(named: Mention) -> str:
    """The name of a body in small letters keeps its country, as its people: "Russian foreign ministry"."""
    people = _peoples().get(named.country_code or "")
    if people is None or named.surface[: named.tokens[0].start - named.start][-2:] != "s ":
        return " ".join(named.surface.split())
    return f"{people} {' '.join(token.surface for token in named.tokens)}"


@cache
def _peoples() -> Mapping[str, str]:
    """What the people of each country are called."""
    found: dict[str, str] = {}
    for word, code in lexicon().demonyms.items():
        found.setdefault(code, word.title())
    return found
