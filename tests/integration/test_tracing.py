"""A trace per poll, taken by a receiver that speaks OTLP over HTTP, and found again in the log and in the records."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from werkzeug import Request, Response

from tests.integration.harness import Deployment, Process, rss, run_cli
from tests.schema import validate
from worker.edges import broker
from worker.edges.sqlite import SqliteReader

if TYPE_CHECKING:
    from pathlib import Path

    from opentelemetry.proto.trace.v1.trace_pb2 import Span
    from pytest_httpserver import HTTPServer

    from worker.model.event import Published

SECRET = "xyzzy"


class Collector:
    """Takes spans at /v1/traces."""

    def __init__(self, httpserver: HTTPServer) -> None:
        self.spans: list[Span] = []
        self.resources: list[dict[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.url = httpserver.url_for("")
        httpserver.expect_request("/v1/traces", method="POST").respond_with_handler(self._take)

    def _take(self, request: Request) -> Response:
        body = request.get_data()
        if request.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.headers.append(dict(request.headers))
        self.bodies.append(body)
        for of_resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            attributes = of_resource.resource.attributes
            self.resources.append({attribute.key: attribute.value.string_value for attribute in attributes})
            for of_scope in of_resource.scope_spans:
                self.spans += of_scope.spans
        return Response(status=200, content_type="application/x-protobuf")

    def trace(self, trace_id: str) -> dict[str, Span]:
        """The spans of a trace by name."""
        return {span.name: span for span in self.spans if span.trace_id.hex() == trace_id}


def attributes(span: Span) -> dict[str, Any]:
    return {
        attribute.key: getattr(attribute.value, str(attribute.value.WhichOneof("value")))
        for attribute in span.attributes
    }


def once(path: Path) -> list[dict[str, Any]]:
    """The lines about polls of one round."""
    done = run_cli("run", "-c", str(path), "--once")
    assert done.returncode == 0, done.stderr
    return [line for line in map(json.loads, done.stderr.splitlines()) if line["event"] == "poll"]


def records(deployment: Deployment) -> list[Published]:
    reader = SqliteReader(deployment.sqlite_path)
    try:
        return list(reader.read_to_end())
    finally:
        reader.close()


def traceparents(deployment: Deployment) -> set[str]:
    """What the two records of the feed say of their trace."""
    found = records(deployment)
    assert len(found) == 2
    return {dict(record.headers)["traceparent"].decode() for record in found}


def test_a_poll_is_one_trace_from_the_request_to_the_record(tmp_path: Path, httpserver: HTTPServer):
    collector = Collector(httpserver)
    httpserver.expect_request("/feed").respond_with_data(rss(("g1", "One"), ("g2", "Two")))
    httpserver.expect_request("/missing").respond_with_data("", 404)
    token = tmp_path / "token"
    token.write_text(f"Bearer {SECRET}\n")
    deployment = Deployment(tmp_path, None)
    url = httpserver.url_for("/feed").replace("://", f"://me:{SECRET}@") + f"?api_key={SECRET}"
    path = deployment.write(
        [{"url": url, "id": "a"}, {"url": httpserver.url_for("/missing"), "id": "b"}],
        tracing={"endpoint": collector.url, "headers": {"Authorization": {"file": str(token)}}},
    )
    lines = {line["feed"]: line for line in once(path)}
    found = collector.trace(lines["a"]["trace_id"])
    assert set(found) == {"poll", "fetch", "read", "extract", "commit"}
    assert {span.parent_span_id for name, span in found.items() if name != "poll"} == {found["poll"].span_id}
    assert attributes(found["poll"])["dateline.feed.id"] == "a"
    assert attributes(found["poll"])["dateline.published"] == 2
    assert attributes(found["fetch"])["http.response.status_code"] == 200
    assert attributes(found["fetch"])["server.address"] == "localhost"
    assert attributes(found["commit"])["dateline.events"] == 2
    failed = collector.trace(lines["b"]["trace_id"])
    assert set(failed) == {"poll", "fetch", "commit"}
    assert attributes(failed["fetch"])["error.type"] == "404"
    # The same trace in the headers of the records. The flags say: sampled, and with a random id.
    assert traceparents(deployment) == {f"00-{lines['a']['trace_id']}-{found['poll'].span_id.hex()}-03"}
    for record in records(deployment):
        validate(json.loads(record.value))
    assert collector.resources[0]["service.name"] == deployment.name
    assert {headers["Authorization"] for headers in collector.headers} == {f"Bearer {SECRET}"}
    assert not any(SECRET.encode() in body for body in collector.bodies)
    # What publishers are sent says nothing of a trace.
    asked = [request for request, _ in httpserver.log if request.path != "/v1/traces"]
    assert len(asked) == 2
    assert not any("traceparent" in request.headers for request in asked)


def test_polls_that_are_not_sampled_are_told_apart_and_sent_nowhere(tmp_path: Path, httpserver: HTTPServer):
    collector = Collector(httpserver)
    httpserver.expect_request("/feed").respond_with_data(rss(("g1", "One"), ("g2", "Two")))
    deployment = Deployment(tmp_path, None)
    path = deployment.write(
        [{"url": httpserver.url_for("/feed"), "id": "a"}], tracing={"endpoint": collector.url, "sample_ratio": 0}
    )
    [line] = once(path)
    [traceparent] = traceparents(deployment)
    version, trace_id, _, flags = traceparent.split("-")
    # Not sampled, which consumers that trace as well go by.
    assert (version, trace_id, flags) == ("00", line["trace_id"], "02")
    assert collector.spans == []


def test_a_worker_without_tracing_does_not_even_load_what_makes_traces(tmp_path: Path):
    path = Deployment(tmp_path, None).write([{"url": "https://a.example/feed"}])
    script = f"""
import sys
from worker.app import Worker
from worker.config import load

Worker(load({str(path)!r}, {{}}))
sys.exit(any(name.startswith("opentelemetry") for name in sys.modules))
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_collector_that_is_away_holds_up_neither_polls_nor_the_end(tmp_path: Path, httpserver: HTTPServer):
    httpserver.expect_request("/feed").respond_with_data(rss(("g1", "One"), ("g2", "Two")))
    deployment = Deployment(tmp_path, None)
    path = deployment.write(
        [{"url": httpserver.url_for("/feed"), "id": "a"}],
        tracing={"endpoint": f"http://127.0.0.1:{broker.free_port()}"},
    )
    process = Process(path)
    try:
        process.wait_for("poll", outcome="ok")
        assert process.end(timeout_seconds=30.0) == 0
    finally:
        process.kill()
    assert len(records(deployment)) == 2


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_missing_package_is_one_clear_line(command: str, tmp_path: Path):
    """A module of that name that cannot be imported stands before the real one."""
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['opentelemetry'] = None\n")
    path = Deployment(tmp_path, None).write(
        [{"url": "https://a.example/feed"}], tracing={"endpoint": "http://127.0.0.1:4318"}
    )
    done = run_cli(command, "-c", str(path), environ={"PYTHONPATH": f"{tmp_path}:{_python_path()}"})
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("dateline: tracing.endpoint is set, but OpenTelemetry is not installed (opentelemetry")
    assert "pip install 'dateline[otel]'" in line


def _python_path() -> str:
    return ":".join(part for part in sys.path if part)
