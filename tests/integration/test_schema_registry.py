"""What is asked of a schema registry, what its answers mean, and a worker that needs one."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from pytest_httpserver import HTTPServer

from tests.integration import apicurio
from tests.integration.harness import Deployment, Process, rss, run_cli
from tests.integration.http_servers import certificate, server_side
from tests.integration.registry_server import RegistryServer, guid_of
from worker.edges import broker
from worker.edges.schema_registry import SCHEMA_FILE, RegistrySettings, SchemaRegistry
from worker.model.errors import Retry, Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SCHEMA = SCHEMA_FILE.read_text(encoding="utf-8")
PAGE = (SCHEMA_FILE.parents[2] / "docs" / "consuming.md").read_text(encoding="utf-8")
BY_ID = bytes([0, 0, 0, 0, 41])


@pytest.fixture
def server(httpserver: HTTPServer) -> RegistryServer:
    return RegistryServer(httpserver)


def settings(url: str, **changes: Any) -> RegistrySettings:
    return replace(RegistrySettings(url=url, mode="prefix", subject="{topic}-value", register=True), **changes)


def test_the_schema_is_registered_once_for_each_topic(server: RegistryServer):
    registry = SchemaRegistry(settings(server.url))
    registry.look_up(["news.articles", "news.ukraine"])
    registry.look_up(["news.articles"])

    assert registry.framed("news.ukraine", (), b"{}") == ((), BY_ID + b"{}")
    assert server.subjects == {"news.articles-value": [SCHEMA], "news.ukraine-value": [SCHEMA]}
    assert server.asked == ["/subjects/news.articles-value/versions", "/subjects/news.ukraine-value/versions"]


def test_topics_may_share_a_subject_with_any_name(server: RegistryServer):
    registry = SchemaRegistry(settings(server.url, subject="a news article"))
    registry.look_up(["a", "b"])

    assert list(server.subjects) == ["a news article"]
    assert len(server.asked) == 1


async def test_a_topic_that_comes_later_is_asked_for_when_it_does_also_within_a_loop(server: RegistryServer):
    registry = SchemaRegistry(settings(server.url, mode="header"))
    registry.look_up(["a"])

    assert registry.framed("b", (), b"{}") == ((("__value_schema_id", b"\x01" + guid_of(SCHEMA).bytes),), b"{}")


def test_without_leave_to_register_the_schema_must_be_there(server: RegistryServer):
    registry = SchemaRegistry(settings(server.url, register=False))
    missing = r"does not have schemas/article\.v1\.schema\.json under the subject a-value: .*register: true"
    with pytest.raises(Stop, match=missing):
        registry.look_up(["a"])
    server.subjects["a-value"] = ["{}"]
    with pytest.raises(Stop, match=missing):
        registry.look_up(["a"])
    server.subjects["a-value"].append(SCHEMA)
    registry.look_up(["a"])

    assert registry.framed("a", (), b"{}") == ((), bytes([0, 0, 0, 0, 42]) + b"{}")
    assert set(server.asked) == {"/subjects/a-value"}


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (401, "", Stop, "does not let the worker in (status 401): check kafka.schema_registry.username"),
        (403, "", Stop, "does not let the worker in (status 403)"),
        (404, "<html>", Stop, "does not answer as one (status 404): check kafka.schema_registry.url"),
        (302, "", Stop, "does not answer as one (status 302)"),
        (200, "<html>", Stop, "answers without an id: check kafka.schema_registry.url"),
        (200, '{"id": "7"}', Stop, "answers without an id"),
        (
            409,
            '{"message": "Schema being registered is incompatible"}',
            Stop,
            "(status 409, Schema being registered is",
        ),
        (422, '{"message": "Invalid schema\\nat 1"}', Stop, "a-value (status 422, Invalid schema at 1)"),
        (429, "", Retry, "cannot answer now (status 429)"),
        (500, '{"message": "Error in the backend"}', Retry, "cannot answer now (status 500, Error in the backend)"),
        (503, "", Retry, "cannot answer now (status 503)"),
    ],
)
def test_each_refusal_says_what_follows(
    httpserver: HTTPServer, status: int, body: str, kind: type[Exception], message: str
):
    httpserver.expect_request("/subjects/a-value/versions").respond_with_data(
        body, status=status, headers={"Location": "http://127.0.0.1:9/"}
    )
    with pytest.raises(kind) as caught:
        SchemaRegistry(settings(httpserver.url_for("/"))).look_up(["a"])
    assert message in str(caught.value)


def test_a_registry_that_does_not_answer_is_tried_again():
    with pytest.raises(Retry, match=r"the schema registry http://127\.0\.0\.1:\d+ cannot be reached \("):
        SchemaRegistry(settings(f"http://127.0.0.1:{broker.free_port()}")).look_up(["a"])


@pytest.fixture
def private(tmp_path: Path) -> Iterator[tuple[RegistryServer, Path]]:
    """A registry with https, and the authority that vouches for it."""
    pem = certificate(tmp_path, "DNS:localhost")
    with HTTPServer(ssl_context=server_side(pem)) as server:
        yield RegistryServer(server), pem


def test_the_name_and_the_password_go_to_a_registry_that_the_authority_vouches_for(
    private: tuple[RegistryServer, Path],
):
    server, ca_file = private
    login = settings(server.url, username="bob", password="s3cret")
    with pytest.raises(Stop, match=r"the certificate of the schema registry https://.* is refused \(self.signed"):
        SchemaRegistry(login).look_up(["a"])
    assert server.logins == []
    SchemaRegistry(replace(login, ca_file=ca_file)).look_up(["a"])

    assert server.logins == ["Basic Ym9iOnMzY3JldA=="]
    assert "s3cret" not in repr(login)


def test_a_file_without_certificates_is_named(tmp_path: Path):
    (tmp_path / "ca.pem").write_text("none")
    with pytest.raises(Stop, match=r"kafka\.schema_registry\.ca_file: .*ca\.pem holds no PEM certificate"):
        SchemaRegistry(settings("https://127.0.0.1:9", ca_file=tmp_path / "ca.pem")).look_up(["a"])


def kcat(deployment: Deployment) -> Any:
    read = subprocess.run(
        ["kcat", "-C", "-e", "-q", "-b", str(deployment.bootstrap), "-t", f"{deployment.name}.articles", "-J"],
        capture_output=True,
        check=True,
        timeout=120,
    )
    # It writes the bytes of headers as they are.
    return json.loads(read.stdout.decode(errors="replace"))


def ready(base: str) -> int:
    try:
        with urlopen(f"{base}/readyz", timeout=120) as answer:  # noqa: S310 - loopback
            return int(answer.status)
    except HTTPError as error:
        return error.code


@pytest.mark.kafka
def test_a_registry_that_is_away_at_start_is_waited_for_and_each_article_names_its_schema(
    tmp_path: Path, kafka_bootstrap: str, httpserver: HTTPServer, start: Callable[..., Process]
):
    httpserver.expect_request("/feed").respond_with_data(rss(("g1", "One")))
    port = broker.free_port()
    deployment = Deployment(tmp_path, kafka_bootstrap)
    config = deployment.write(
        [{"url": httpserver.url_for("/feed"), "id": "a"}],
        kafka={"schema_registry": {"url": f"http://127.0.0.1:{port}"}},
    )
    process = start(config)
    process.wait_for("ledger_unavailable")
    assert ready(process.base_url()) == 503
    with HTTPServer(port=port) as registry:
        server = RegistryServer(registry)
        process.wait_for("poll", feed="a", published=1)
    assert ready(process.base_url()) == 200
    assert process.end() == 0

    [record] = deployment.records()
    assert record.value[:5] == BY_ID
    assert list(server.subjects) == [f"{deployment.name}.articles-value"]
    tapped = run_cli("tap", "-c", str(config), "--from-beginning", "-n", "1")
    assert json.loads(tapped.stdout)["value"]["headline"] == "One"


@pytest.mark.kafka
def test_in_header_mode_the_value_is_plain_json_and_kcat_shows_the_header(
    tmp_path: Path, kafka_bootstrap: str, httpserver: HTTPServer, server: RegistryServer, start: Callable[..., Process]
):
    httpserver.expect_request("/feed").respond_with_data(rss(("g1", "One")))
    deployment = Deployment(tmp_path, kafka_bootstrap)
    config = deployment.write(
        [{"url": httpserver.url_for("/feed"), "id": "a"}],
        kafka={"schema_registry": {"url": server.url, "mode": "header", "subject": "article"}},
    )
    process = start(config, "--once")
    assert process.popen.wait(60) == 0, process.output

    record = kcat(deployment)
    assert json.loads(record["payload"])["headline"] == "One"
    assert "__value_schema_id" in record["headers"]
    [read] = deployment.records()
    assert dict(read.headers)["__value_schema_id"] == b"\x01" + guid_of(SCHEMA).bytes
    tapped = run_cli("tap", "-c", str(config), "--from-beginning", "-n", "1")
    assert json.loads(tapped.stdout)["headers"]["__value_schema_id"] == str(guid_of(SCHEMA))


@pytest.mark.long
def test_a_real_registry_takes_the_schema_and_gives_it_back_by_the_id_in_the_record(tmp_path: Path):
    with apicurio.running(tmp_path) as url:
        with pytest.raises(Stop, match="does not have schemas"):
            SchemaRegistry(settings(url, register=False)).look_up(["news.articles"])
        registry = SchemaRegistry(settings(url))
        registry.look_up(["news.articles", "news.ukraine"])
        SchemaRegistry(settings(url, register=False)).look_up(["news.articles", "news.ukraine"])
        _, value = registry.framed("news.articles", (), b"{}")
        # It gives no GUID.
        headers, _ = SchemaRegistry(settings(url, mode="header")).framed("news.ukraine", (), b"{}")
        with urlopen(f"{url}/schemas/ids/{int.from_bytes(value[1:5], 'big')}", timeout=120) as answer:  # noqa: S310 - loopback
            given = json.loads(answer.read())

    assert given["schema"] == SCHEMA
    assert given["schemaType"] == "JSON"
    assert headers == (("__value_schema_id", value[:5]),)


def test_the_recipe_of_the_page_reads_records_with_and_without_a_prefix():
    found = re.search(
        r"<!-- tests/integration/test_schema_registry\.py runs this -->\n```python\n(.*?)```", PAGE, re.DOTALL
    )
    assert found is not None
    names: dict[str, Any] = {}
    exec(found[1], names)  # noqa: S102 - our own page
    assert names["message"](BY_ID + b'{"id": "a"}') == names["message"](b'{"id": "a"}') == {"id": "a"}


def test_the_package_brings_the_schema_of_the_contract():
    assert SCHEMA_FILE.samefile(SCHEMA_FILE.parents[2] / "schemas" / "article.v1.schema.json")
