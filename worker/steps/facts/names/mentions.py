"""A name as it stands in the text, with what it was taken for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from worker.steps.facts.names.tokens import Token

MentionKind = Literal["person", "organisation", "place", "demonym", "unknown"]


@dataclass(slots=True)
class Mention:
    """A name in the text.

    `rule` says why it is of its kind; a `weak` one gives way to what the rest of the text says.
    """

    start: int
    end: int
    surface: str
    kind: MentionKind
    rule: str
    tokens: list[Token] = field(repr=False)
    type: str = ""  # of an organisation
    country_code: str | None = None
    role: tuple[int, int] | None = None  # of a person: where the title before the name stands
    role_start: int | None = None  # where the office itself begins, behind "Ukrainian"
    weak: bool = False
    explicit: bool = False  # the country of an organisation is said beside it
    same_as: str = ""  # the full name of the organisation that a short form stands for
    organisation: str | None = None  # of a person
    label: str = ""  # the kind of a place that a word beside it names ("region")
    of: str = (
        ""  # the name in the atlas of what it is ("Republic of Armenia") or lies in ("West Wales", "Port of Aden")
    )
    is_part: bool = False  # it lies in that

    def become(self, kind: MentionKind, rule: str) -> None:
        """Take it for something else."""
        self.kind = kind
        self.rule = rule


def mention(text: str, tokens: list[Token], kind: MentionKind, rule: str) -> Mention:
    """The mention that these words make."""
    start, end = tokens[0].start, tokens[-1].end
    return Mention(start, end, text[start:end], kind, rule, tokens)
