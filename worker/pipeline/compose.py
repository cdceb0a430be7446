"""From a draft and its identity to the event that is published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.model.article import Article, Draft, Source
from worker.model.facts import Facts, Opening
from worker.pipeline.facts import read_facts
from worker.steps import encode, fingerprint, language
from worker.steps.facts.dateline import read_opening
from worker.steps.facts.paragraphs import find_paragraphs

if TYPE_CHECKING:
    from datetime import datetime

    from worker.model.article import ContentFrom, Identity
    from worker.model.event import Event
    from worker.model.feed import Feed

# Moves with every change of the rules that can give other output for the same input.
RULES = "3"


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

    def event(self, draft: Draft, identity: Identity, content_from: ContentFrom) -> Event:
        """One revision of an article.

        Raises:
            ValueError: if the message is longer than what the ledger takes.
        """
        event = encode.encode_article(self._article(draft, identity, content_from))
        if len(event.value) > self.max_event_bytes:
            raise ValueError(f"the message has {len(event.value)} bytes, the limit is {self.max_event_bytes}")
        return event

    def withdrawal(self, identity: Identity, *, guid: str | None, url: str | None) -> Event:
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
        return self.event(draft, identity, "page")

    def _article(self, draft: Draft, identity: Identity, content_from: ContentFrom) -> Article:
        filed_at = draft.published_at or draft.updated_at
        # In the publisher's own zone.
        filed_on = None if filed_at is None else filed_at.at.date()
        opening = read_opening(draft.text, filed_on) if self.feed.facts else Opening()
        paragraphs = find_paragraphs(draft.text, body_start=opening.body_start)
        # Seconds of work for a message that nobody takes: it says its text twice, as a whole and by paragraphs.
        least = len(draft.text) + sum(span.end - span.start for span in paragraphs)
        if least > self.max_event_bytes:
            raise ValueError(f"the message would have more than {least} bytes, the limit is {self.max_event_bytes}")
        day = opening.day(filed_on)
        words = "\n\n".join(filter(None, (draft.headline, draft.text)))
        tongue = language.detect(words, declared=draft.language)
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
            date=day,
            published_at=draft.published_at,
            updated_at=draft.updated_at,
            language=tongue,
            headline=draft.headline,
            byline=draft.byline,
            section=draft.section,
            tags=draft.tags,
            media=draft.media,
            location=draft.location,
            text=draft.text,
            fingerprint=fingerprint.fingerprint(draft.text),
            dateline=opening.dateline,
            paragraphs=paragraphs,
            facts=read_facts(draft.text, opening, paragraphs, day=day, headline=draft.headline, language=tongue)
            if self.feed.facts
            else Facts(),
            warnings=draft.warnings,
            rules=RULES if self.feed.facts else f"{RULES}-no-facts",
        )
