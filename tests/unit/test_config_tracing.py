"""The section `tracing`: where traces go, and what may not stand there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from worker.config import ConfigError, loads

if TYPE_CHECKING:
    from pathlib import Path

FEEDS = "\nfeeds: ['https://a.example/']"


@pytest.mark.parametrize(
    ("endpoint", "sent_to"),
    [
        ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
        ("https://otel.example/", "https://otel.example/v1/traces"),
        ("http://[::1]:4318/otlp/v1/traces", "http://[::1]:4318/otlp/v1/traces"),
    ],
)
def test_an_endpoint_without_a_path_is_given_the_usual_one(endpoint: str, sent_to: str):
    assert loads(f"tracing: {{endpoint: '{endpoint}'}}{FEEDS}", "c.yaml", {}).tracing.endpoint == sent_to
    environ = {"DATELINE_TRACING__ENDPOINT": endpoint, "DATELINE_TRACING__SAMPLE_RATIO": "0.25"}
    tracing = loads(FEEDS, "c.yaml", environ).tracing
    assert (tracing.endpoint, tracing.sample_ratio) == (sent_to, 0.25)


def test_headers_come_from_the_file_and_from_files_which_are_followed(tmp_path: Path):
    token = tmp_path / "token"
    token.write_text("Bearer abc\n")
    text = f"tracing: {{endpoint: 'http://a:1', headers: {{X-A: b, Authorization: {{file: {token}}}}}}}{FEEDS}"
    config = loads(text, "c.yaml", {})
    assert config.tracing.sent_headers == (("X-A", "b"), ("Authorization", "Bearer abc"))
    assert token in config.files
    assert "Bearer" not in repr(config)


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("{endpoint: localhost}", "c.yaml:1:21: tracing.endpoint: must be a URL such as http://127.0.0.1:4318"),
        ("{endpoint: 'grpc://a:4317'}", "c.yaml:1:21: tracing.endpoint: must be a URL such as http://127.0.0.1:4318"),
        ("{endpoint: 'http://[a'}", "c.yaml:1:21: tracing.endpoint: must be a URL such as http://127.0.0.1:4318"),
        ("{endpoint: 'http://hunter:2@a'}", "c.yaml:1:21: tracing.endpoint: must have no user name, password or query"),
        (
            "{endpoint: 'http://a?k=hunter2'}",
            "c.yaml:1:21: tracing.endpoint: must have no user name, password or query",
        ),
        ("{sample_ratio: 1.5}", "c.yaml:1:25: tracing.sample_ratio: must be at most 1"),
        ("{sample_ratio: some}", "c.yaml:1:25: tracing.sample_ratio: must be a number"),
        ("{headers: {X-A: hunter2}}", "c.yaml:1:20: tracing.headers: is used with endpoint alone"),
        ("{endpoint: 'http://a', headers: {X-A: [hunter2]}}", "c.yaml:1:43: tracing.headers: must be text in quotes"),
        ("{endpoint: 'http://a', headers: {'hunter 2': x}}", "c.yaml:1:43: tracing.headers: is no name of a header"),
    ],
)
def test_a_mistake_is_one_line_with_its_place_and_without_what_may_be_secret(section: str, said: str):
    with pytest.raises(ConfigError) as raised:
        loads(f"tracing: {section}{FEEDS}", "c.yaml", {})
    [line] = str(raised.value).splitlines()
    assert line.startswith(said)
    assert "hunter" not in line


def test_headers_cannot_come_from_the_environment():
    with pytest.raises(ConfigError, match="DATELINE_TRACING__HEADERS: unknown variable"):
        loads(FEEDS, "c.yaml", {"DATELINE_TRACING__HEADERS": "X-A: b"})
