"""Values to bytes: the article message (schemas/article.v1.schema.json), its headers, and the feed's state."""

from worker.steps.encode.articles import SCHEMA, encode_article, message, with_also_in
from worker.steps.encode.facts import encode_attribution, encode_dateline, encode_facts
from worker.steps.encode.letters import encode_unreadable
from worker.steps.encode.plain import encode_span
from worker.steps.encode.states import decode_state, decode_with_articles, encode_state
from worker.steps.encode.tracing import with_traceparent

__all__ = [
    "SCHEMA",
    "decode_state",
    "decode_with_articles",
    "encode_article",
    "encode_attribution",
    "encode_dateline",
    "encode_facts",
    "encode_span",
    "encode_state",
    "encode_unreadable",
    "message",
    "with_also_in",
    "with_traceparent",
]
