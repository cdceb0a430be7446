"""Messages are held to the schema before they are published."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest

from tests import schema
from tests.fakes import any_metrics
from tests.unit.test_pipeline import NOW, Poller, answer, item, messages, rss
from tools import contract_examples
from worker.model.article import Article
from worker.model.entry import Media
from worker.model.errors import Invalid
from worker.model.facts import Facts, Quote, Span
from worker.pipeline import compose
from worker.steps.encode.checks import check

if TYPE_CHECKING:
    from collections.abc import Callable

SEED: dict[str, Any] = json.loads(contract_examples.examples()["seed"].value)


def media(**changes: object) -> dict[str, object]:
    return {"url": "https://a.example/1", "type": None, "length_bytes": 1, **changes}


def altered(**changes: object) -> dict[str, Any]:
    return {**json.loads(json.dumps(SEED)), **changes}


@pytest.mark.parametrize(
    ("message", "field", "rule"),
    [
        (altered(media=[media(length_bytes=-1)]), "media[].length_bytes", "minimum"),
        (altered(media=[media(url="https://me:secret@a.example/")]), "media[].url", "pattern"),
        (altered(location={"lat": 91.0, "lon": 0.0}), "location.lat", "maximum"),
        (altered(language="English"), "language", "pattern"),
        (altered(date="24 May"), "date", "anyOf"),
        (altered(surprise=1), "message", "unevaluatedProperties"),
    ],
)
def test_a_message_that_does_not_meet_the_schema_is_refused_with_field_and_rule(
    message: dict[str, Any], field: str, rule: str
) -> None:
    with pytest.raises(Invalid) as caught:
        check(message)
    assert caught.value.field == field
    assert rule in {caught.value.rule, "anyOf"}
    assert "secret" not in str(caught.value)
    with pytest.raises(jsonschema_rs.ValidationError):
        schema.validate(message)


def test_a_good_message_is_let_through() -> None:
    check(SEED)


def invalid_once(made: dict[str, object], headline: str) -> Callable[..., Article]:
    """Articles as they are, but for the one with this headline: that gets values that no step would give."""

    def make(**values: Any) -> Article:
        article = Article(**values)
        return replace(article, **made) if article.headline == headline else article  # type: ignore[arg-type]  # a test knows the fields

    return make


@pytest.mark.parametrize(
    ("made", "field", "rule"),
    [
        ({"media": (Media(url="https://a.example/1", length_bytes=-1),)}, b"media[].length_bytes", b"minimum"),
        ({"media": (Media(url="ftp://a.example/1"),)}, b"media[].url", b"pattern"),
        (
            {"facts": Facts(quotes=(Quote(span=Span("no", 0, 2), kind="direct", rule="x"),))},
            b"text",
            b"span",
        ),
    ],
)
def test_an_entry_without_a_valid_message_is_a_dead_letter_that_names_field_and_rule_and_is_counted(
    monkeypatch: pytest.MonkeyPatch, made: dict[str, object], field: bytes, rule: bytes
) -> None:
    monkeypatch.setattr(compose, "Article", invalid_once(made, "Bad"))
    batch = Poller().poll(answer(rss(item("One", guid="1"), item("Bad", guid="2"), item("Three", guid="3"))))
    assert [said["headline"] for said in messages(batch)] == ["Three", "One"]
    (letter,) = batch.rejected
    headers = dict(letter.headers)
    assert (letter.reason, headers["dateline_field"], headers["dateline_rule"]) == ("unusable_entry", field, rule)
    assert letter.value == item("Bad", guid="2").encode()

    metrics = any_metrics()
    metrics.committed([batch], duration_seconds=0.1, now=NOW)
    label = "text" if field == b"text" else "other"
    counted = metrics.registry.get_sample_value("dateline_validation_failures_total", {"field": label})
    assert counted == 1
