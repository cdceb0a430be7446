"""From a draft and its identity to the event that is published."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING

from worker.model.article import Article, Draft, Source
from worker.model.errors import Invalid
from worker.model.facts import Facts, Opening
from worker.pipeline.facts import read_facts
from worker.pipeline.fitting import fit
from worker.steps import encode, fingerprint, language, route
from worker.steps.facts.dateline import read_opening
from worker.steps.facts.paragraphs import find_paragraphs

if TYPE_CHECKING:
    from datetime import date, datetime

    from worker.model.article import ContentFrom, Identity
    from worker.model.event import Event
    from worker.model.feed import Feed

# Of a longer text, its beginning is known again. The limit on messages has no part in it: copies must agree.
_FINGERPRINTED_CHARS = 500_000
_OF_THE_SOURCE = frozenset({"guid", "url", "canonical_url"})
# Moves with every change of the rules that can give other output for the same input.
RULES = "3"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Whole:
    """What is known of an article by its whole text, however much of that its message says.

    A consumer can so compare the fingerprints of articles whether they were cut or not.
    """

    draft: Draft
    opening: Opening
    day: date | None
    language: str | None
    fingerprint: tuple[int, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Composer:
    """Makes the events of one document.

    Args:
        feed: as configured.
        feed_title: as configured, or as the document says.
        retrieved_at: when the document came.
        raw_sha256: of the document as it travelled.
        max_event_bytes: cap on a message.
    """

    feed: Feed
    feed_title: str | None
    retrieved_at: datetime
    raw_sha256: str
    max_event_bytes: int

    def event(self, draft: Draft, identity: Identity, content_from: ContentFrom, *, kept: str | None) -> Event:
        """One revision of an article; one that is too large says less of its text.

        `kept` is the topic that the revision before went to.

        Raises:
            Invalid: no valid message can be made of it.
        """
        self._check_size(draft)
        filed_at = draft.published_at or draft.updated_at
        # In the publisher's own zone.
        filed_on = None if filed_at is None else filed_at.at.date()
        opening = read_opening(draft.text, filed_on) if self.feed.facts else Opening()
        words = "\n\n".join(filter(None, (draft.headline, draft.text)))
        whole = _Whole(
            draft=draft,
            opening=opening,
            day=opening.day(filed_on),
            language=language.detect(words, declared=draft.language),
            fingerprint=fingerprint.fingerprint(draft.text[:_FINGERPRINTED_CHARS]),
        )

        def make(text: str) -> Event:
            article = self._article(whole, text, identity, content_from)
            return encode.encode_article(article, topic=route.topic_of(article, self.feed, kept=kept))

        return fit(draft.text, make, body_start=opening.body_start, max_bytes=self.max_event_bytes)

    def _check_size(self, draft: Draft) -> None:
        """Nothing is made of a draft that is too large without its text: that takes memory in multiples of it."""
        sizes = {part.name: _chars(getattr(draft, part.name)) for part in fields(draft) if part.name != "text"}
        if (size := sum(sizes.values())) > self.max_event_bytes:
            largest = max(sizes, key=lambda name: sizes[name])
            said = f"the message has more than {size} bytes without any text, the limit is {self.max_event_bytes}"
            field = "source" if largest in _OF_THE_SOURCE else largest
            raise Invalid(said, field=field, rule="max_event_bytes")

    def withdrawal(self, identity: Identity, *, guid: str | None, url: str | None, kept: str | None) -> Event:
        """Word that an article is no longer there. It repeats nothing of what was withdrawn."""
        draft = Draft(
            guid=guid,
            url=url,
            canonical_url=url,
            headline=None,
            byline=None,
            section=None,
            tags=(),
            media=(),
            language=None,
            text="",
            published_at=None,
            updated_at=None,
        )
        return self.event(draft, identity, "page", kept=kept)

    def _article(self, whole: _Whole, text: str, identity: Identity, content_from: ContentFrom) -> Article:
        """The article with this beginning of its text."""
        draft, warnings = whole.draft, whole.draft.warnings
        if truncated := len(text) < len(draft.text):
            said = f"text: {len(text)} of {len(draft.text)} characters, for {self.max_event_bytes} bytes are the limit"
            warnings = (*warnings, said)
        opening = Opening() if truncated and len(text) <= whole.opening.body_start else whole.opening
        paragraphs = find_paragraphs(text, body_start=opening.body_start)
        facts = (
            read_facts(text, opening, paragraphs, day=whole.day, headline=draft.headline, language=whole.language)
            if self.feed.facts
            else Facts()
        )
        return Article(
            identity=identity,
            source=Source(
                feed_id=self.feed.id,
                feed_title=self.feed_title,
                publisher=self.feed.publisher,
                guid=draft.guid,
                url=draft.url,
                canonical_url=draft.canonical_url,
                retrieved_at=self.retrieved_at,
                content_from=content_from,
                raw_sha256=self.raw_sha256,
            ),
            date=whole.day,
            published_at=draft.published_at,
            updated_at=draft.updated_at,
            language=whole.language,
            headline=draft.headline,
            byline=draft.byline,
            section=draft.section,
            tags=draft.tags,
            media=draft.media,
            location=draft.location,
            text=text,
            fingerprint=whole.fingerprint,
            dateline=opening.dateline,
            paragraphs=paragraphs,
            facts=facts,
            warnings=warnings,
            truncated=truncated,
            rules=RULES if self.feed.facts else f"{RULES}-no-facts",
        )


def _chars(value: object) -> int:
    """How many characters of text there are in a value."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, tuple):
        return sum(map(_chars, value))
    return sum(_chars(getattr(value, part.name)) for part in fields(value)) if is_dataclass(value) else 0
