"""Articles that are larger than a record may be, against a broker and topics that have their default limits."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, NewTopic

from tests.integration.harness import Deployment, Process
from tests.schema import validate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_httpserver import HTTPServer

pytestmark = pytest.mark.kafka

# What the name of a feed may have at most: it is in the headers.
FEED_ID = "f" * 100
STORY = (
    "Kyiv [Ukraine], May 24 : President Volodymyr Zelenskyy said on Saturday that 307 defenders had returned home. "
    '"This is the second day of the exchange," he said in a post on X. '
)


def entry(guid: str, *paragraphs: str) -> str:
    text = escape("".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs))
    return (
        f"<item><guid isPermaLink='false'>{guid}</guid><title>{guid}</title><link>https://wire.example/{guid}</link>"
        f"<pubDate>Sat, 24 May 2025 21:14:00 +0300</pubDate><description>{text}</description></item>"
    )


def default_topics(bootstrap: str, deployment: Deployment) -> dict[str, Any]:
    """Topics as an administrator makes them who knows nothing of Dateline; what is set of their largest record."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    topics = {"articles": "delete", "dead-letters": "delete", "feed-state": "compact"}
    admin.create_topics(
        [
            NewTopic(f"{deployment.name}.{topic}", 3, 1, topic_configs={"cleanup.policy": policy})
            for topic, policy in topics.items()
        ]
    )
    name = f"{deployment.name}.articles"
    found = admin.describe_configs([ConfigResource("TOPIC", name, ["max.message.bytes"])])
    admin.close()
    limits: dict[str, Any] = found["topic"][name]
    return limits


def test_articles_of_any_length_are_published_and_none_is_refused_by_the_broker(
    tmp_path: Path, kafka_bootstrap: str, httpserver: HTTPServer, start: Callable[..., Process]
):
    """Many paragraphs; one giant one; one of characters of three bytes; one whose title alone is too long."""
    articles = {
        "long": [STORY] * 6_000,
        "giant": [STORY * 6_000],
        "chinese": ["\u57fa\u8f85\u5468\u516d\u8868\u793a\u3002" * 40_000],
        "short": [STORY],
        "x": [STORY],
    }
    document = "".join(entry(guid, *paragraphs) for guid, paragraphs in articles.items())
    document = document.replace("<title>x<", f"<title>{'x' * 1_100_000}<")
    httpserver.expect_request("/feed").respond_with_data(f"<rss version='2.0'><channel>{document}</channel></rss>")
    deployment = Deployment(tmp_path, kafka_bootstrap)
    # Nothing of its own: the broker's default, 1,048,588 bytes with key, headers and frame, is what counts.
    assert default_topics(kafka_bootstrap, deployment) == {}
    config = deployment.write([{"url": httpserver.url_for("/feed"), "id": FEED_ID}])
    settings: dict[str, Any] = json.loads(config.read_text())
    # As it comes, but without compression, which would hide how large a record is; and time for a busy machine.
    settings["kafka"] |= {"compression": "none", "create_topics": False}
    settings["fetch"] |= {"parse_deadline": "60s", "max_body_bytes": "20MiB"}
    config.write_text(json.dumps(settings))

    process = start(config, "--once")
    assert process.popen.wait(120) == 0, process.output

    records = {json.loads(record.value)["headline"]: record for record in deployment.records()}
    assert set(records) == {"long", "giant", "chinese", "short"}
    for headline, record in records.items():
        message = json.loads(record.value)
        validate(message)
        assert len(record.value) <= 1_000_000
        assert message["extraction"]["truncated"] is (headline != "short")
        if headline != "short":
            assert len(record.value) > 700_000
    whole = {paragraph["text"] for paragraph in json.loads(records["long"].value)["paragraphs"][1:]}
    assert whole == {STORY.strip()}
    [letter] = deployment.records("dead-letters")
    headers = dict(letter.headers)
    assert (headers["dateline_field"], headers["dateline_rule"]) == (b"headline", b"max_event_bytes")
    assert len(letter.value) == 1_000_000
