"""Encryption, logging in, and rights, against a real Kafka that insists on them."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.contracts import batch, event, started, values
from tests.integration.cluster import Authority, Cluster, Listener, let_go_of_sockets
from tests.integration.harness import Process, run_cli
from tests.integration.test_kafka_ledger import make_settings, read
from worker.edges.kafka_ledger import KafkaLedger
from worker.edges.kafka_reader import KafkaReader
from worker.edges.kafka_tokens import EndpointTokens, FileTokens
from worker.edges.kafka_topics import ensure_topics
from worker.model.errors import Retry, Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from worker.edges.kafka_client import KafkaSettings

pytestmark = [
    pytest.mark.kafka,
    # kafka-python leaves a socket whose connection failed to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <s:ResourceWarning"),
]

PASSWORD = "correct-horse-battery"
CLIENT_SECRET = "staple-of-the-endpoint"
_PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"
_SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
OAUTH = (
    "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required "
    'unsecuredLoginStringClaim_sub="broker";'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Secured:
    """A Kafka with a listener for each way in, and the authority that signed its certificates."""

    cluster: Cluster
    authority: Authority

    def settings(self, listener: str, **security: Any) -> KafkaSettings:
        protocol = "SASL_SSL" if listener == "SASL" else "SSL"
        options = {"security_protocol": protocol, "ssl_cafile": str(self.authority.path), **security}
        [server] = self.cluster.bootstrap(listener)
        return replace(
            make_settings(server), security={name: value for name, value in options.items() if value is not None}
        )

    def login(self, mechanism: str, *, username: str = "dateline", password: str = PASSWORD) -> KafkaSettings:
        return self.settings(
            "SASL", sasl_mechanism=mechanism, sasl_plain_username=username, sasl_plain_password=password
        )


@pytest.fixture(autouse=True)
def _no_sockets_left(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    let_go_of_sockets(caplog)


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("secured")
    authority = Authority(folder / "authority")
    tls = authority.broker_settings()
    sasl = {
        **tls,
        "sasl.enabled.mechanisms": "SCRAM-SHA-256,SCRAM-SHA-512,PLAIN,OAUTHBEARER",
        "scram-sha-256.sasl.jaas.config": _SCRAM,
        "scram-sha-512.sasl.jaas.config": _SCRAM,
        "plain.sasl.jaas.config": f'{_PLAIN} user_dateline="{PASSWORD}" user_limited="{PASSWORD}";',
        "oauthbearer.sasl.jaas.config": OAUTH,
        "oauthbearer.connections.max.reauth.ms": "2000",
    }
    listeners = (
        Listener(name="TLS", protocol="SSL", settings=tls),
        Listener(name="MUTUAL", protocol="SSL", settings={**tls, "ssl.client.auth": "required"}),
        Listener(name="EXPIRED", protocol="SSL", settings=authority.broker_settings("old-broker", expired=True)),
        Listener(name="SASL", protocol="SASL_SSL", settings=sasl),
    )
    settings = {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        # Whoever comes over the listeners without a login is ANONYMOUS: the brokers, the tests, and plain TLS.
        "super.users": "User:ANONYMOUS;User:dateline;User:CN=worker",
    }
    with Cluster(folder / "kafka", listeners=listeners, settings=settings, users={"dateline": PASSWORD}) as cluster:
        yield Secured(cluster=cluster, authority=authority)


async def works(settings: KafkaSettings) -> None:
    """Topics are made, one commit is made, and a reader sees it."""
    ensure_topics(settings)
    ledger = KafkaLedger(settings)
    try:
        await started(ledger)
        await ledger.commit([batch(event(value=b"hidden on its way"))])
        assert values(await read(settings, 1)) == [b"hidden on its way"]
        assert await ledger.ping() is True
    finally:
        await ledger.close()


async def refusal(settings: KafkaSettings, caplog: pytest.LogCaptureFixture) -> str:
    """Why the worker stops: one line, at once, and the same for a reader. No secret is in it or in the log."""
    ledger = KafkaLedger(settings)
    began = time.monotonic()
    with pytest.raises(Stop) as caught:
        await ledger.open()
    assert time.monotonic() - began < 10
    await ledger.close()
    reader = KafkaReader(settings)
    with pytest.raises(Stop) as read_caught:
        list(reader.read(timeout_seconds=0.1))
    reader.close()
    line = str(caught.value)
    assert str(read_caught.value) == line
    assert "\n" not in line
    shown = line + repr(caught.value.__cause__) + repr(settings) + caplog.text
    assert not [secret for secret in secrets_of(settings) if secret in shown]
    caplog.clear()  # it holds errors, and those hold sockets
    return line


def secrets_of(settings: KafkaSettings) -> list[str]:
    found = settings.security.get("sasl_plain_password")
    return [found] if found else []


# Encryption


async def test_a_worker_speaks_tls_with_brokers_of_a_private_authority(secured: Secured) -> None:
    await works(secured.settings("TLS"))


async def test_a_worker_shows_its_certificate_to_brokers_that_ask_for_it(secured: Secured) -> None:
    await works(secured.settings("MUTUAL", ssl_certfile=str(secured.authority.issue("worker"))))


async def test_brokers_of_an_authority_that_nobody_named_are_refused(
    secured: Secured, caplog: pytest.LogCaptureFixture
) -> None:
    [server] = secured.cluster.bootstrap("TLS")

    assert await refusal(secured.settings("TLS", ssl_cafile=None), caplog) == (
        f"the certificate of the Kafka broker at {server} is refused (self-signed certificate in certificate chain): "
        "name the authority that signed it in kafka.security.ca_file"
    )


async def test_brokers_of_another_authority_are_refused(
    secured: Secured, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    settings = secured.settings("TLS", ssl_cafile=str(Authority(tmp_path).path))

    line = await refusal(settings, caplog)

    assert line.endswith("name the authority that signed it in kafka.security.ca_file")


async def test_a_broker_whose_certificate_has_expired_is_refused(
    secured: Secured, caplog: pytest.LogCaptureFixture
) -> None:
    [server] = secured.cluster.bootstrap("EXPIRED")

    assert await refusal(secured.settings("EXPIRED"), caplog) == (
        f"the certificate of the Kafka broker at {server} is refused (certificate has expired): have it renewed"
    )


async def test_a_broker_that_is_called_otherwise_than_its_certificate_says_is_refused(
    secured: Secured, caplog: pytest.LogCaptureFixture
) -> None:
    server = f"localhost:{secured.cluster.port('TLS')}"
    settings = replace(secured.settings("TLS"), bootstrap_servers=(server,))

    line = await refusal(settings, caplog)

    assert line.startswith(f"the certificate of the Kafka broker at {server} is refused (Hostname mismatch")
    assert line.endswith("name the broker in kafka.bootstrap_servers as its certificate does")


async def test_a_worker_without_a_certificate_is_told_that_the_broker_wants_one(
    secured: Secured, caplog: pytest.LogCaptureFixture
) -> None:
    line = await refusal(secured.settings("MUTUAL"), caplog)

    assert line.startswith("the Kafka broker at 127.0.0.1:")
    assert line.endswith("check kafka.security.cert_file")


@pytest.mark.parametrize(
    ("option", "content", "message"),
    [
        ("ssl_cafile", None, r"kafka\.security\.ca_file: \S+ cannot be read \(no such file or directory\)"),
        ("ssl_cafile", "no certificate", r"kafka\.security\.ca_file: \S+ holds no PEM certificate"),
        ("ssl_certfile", "no key", r"kafka\.security\.cert_file: no usable certificate and key in \S+"),
    ],
)
async def test_a_file_that_cannot_be_used_is_named(
    secured: Secured, tmp_path: Path, option: str, content: str | None, message: str
) -> None:
    file = tmp_path / "file.pem"
    if content is not None:
        file.write_text(content)
    ledger = KafkaLedger(secured.settings("TLS", **{option: str(file)}))

    with pytest.raises(Stop, match=message):
        await ledger.open()

    await ledger.close()


# Passwords


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN"])
async def test_a_worker_logs_in_with_a_password(secured: Secured, mechanism: str) -> None:
    await works(secured.login(mechanism))


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN"])
@pytest.mark.parametrize(
    ("username", "password"),
    [("dateline", "not-the-right-one"), ("nobody-known", PASSWORD)],
    ids=["wrong password", "unknown user"],
)
async def test_a_login_that_kafka_refuses_stops_the_worker_with_one_line(
    secured: Secured, mechanism: str, username: str, password: str, caplog: pytest.LogCaptureFixture
) -> None:
    line = await refusal(secured.login(mechanism, username=username, password=password), caplog)

    assert line.startswith(f"Kafka does not let the worker in with {mechanism} (")
    assert line.endswith("check kafka.security, username and password_file")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sasl_plain_password": ""}, r"kafka\.security\.password is empty: PLAIN needs it"),
        ({"sasl_plain_username": ""}, r"kafka\.security\.username is empty: PLAIN needs it"),
        ({"security_protocol": "SASL_PLAINTEXT"}, r"kafka\.security\.protocol is SASL_PLAINTEXT: .* use SASL_SSL"),
    ],
)
async def test_credentials_that_are_empty_or_would_travel_in_the_open_are_not_sent(
    secured: Secured, changes: dict[str, str], message: str
) -> None:
    settings = secured.login("PLAIN")
    ledger = KafkaLedger(replace(settings, security={**settings.security, **changes}))

    with pytest.raises(Stop, match=message):
        await ledger.open()

    await ledger.close()


def test_the_most_talkative_log_does_not_show_the_password(
    secured: Secured, tmp_path: Path, start: Callable[..., Process]
) -> None:
    """kafka-python's own debug level would: it shows the settings of a client, and the bytes that log in."""
    security = {
        "protocol": "SASL_SSL",
        "mechanism": "PLAIN",
        "username": "dateline",
        "password": PASSWORD,
        "ca_file": str(secured.authority.path),
    }
    config = written(secured, tmp_path, security, log={"level": "debug", "format": "json"}, listen="127.0.0.1:0")
    process = start(config)

    process.wait_for("ledger_ready")
    assert process.end() == 0

    assert "Bootstrap complete" in process.output
    assert PASSWORD not in process.output


# Tokens


def unsecured_token(subject: str, *, life_seconds: float = 600.0) -> str:
    """A token without a signature, which Kafka takes unless it is told how to check one (RFC 7515, A.5)."""
    parts = ({"alg": "none"}, {"sub": subject, "iat": time.time() - 5, "exp": time.time() + life_seconds})
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."


@pytest.fixture
def endpoint(secured: Secured) -> Iterator[HTTPServer]:
    """A token endpoint behind TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(secured.authority.issue("endpoint"))
    with HTTPServer(port=0, ssl_context=context) as server:
        yield server


def tokens(
    secured: Secured, endpoint: HTTPServer, *, path: str = "/token", secret: str = CLIENT_SECRET
) -> EndpointTokens:
    return EndpointTokens(
        url=endpoint.url_for(path).replace("localhost", "127.0.0.1"),
        client_id="news worker",
        client_secret=secret,
        scope="kafka",
        ca_file=secured.authority.path,
    )


def grants(life_seconds: float) -> Callable[[Request], Response]:
    """The answers of an endpoint that knows one client (RFC 6749, 4.4, 5.1 and 5.2)."""

    def answer(request: Request) -> Response:
        login = request.authorization
        known = login is not None and (login.username, login.password) == ("news+worker", CLIENT_SECRET)
        form = request.form.to_dict()
        if not known or form != {"grant_type": "client_credentials", "scope": "kafka"}:
            return Response(json.dumps({"error": "invalid_client"}), status=401)
        token = unsecured_token("dateline", life_seconds=life_seconds)
        return Response(json.dumps({"access_token": token, "token_type": "Bearer", "expires_in": life_seconds}))

    return answer


async def test_a_worker_logs_in_with_the_token_in_a_file(secured: Secured, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(unsecured_token("dateline") + "\n")

    await works(secured.settings("SASL", sasl_mechanism="OAUTHBEARER", sasl_oauth_token_provider=FileTokens(file)))


async def test_a_worker_logs_in_with_one_token_of_an_endpoint_for_all_its_connections(
    secured: Secured, endpoint: HTTPServer
) -> None:
    endpoint.expect_request("/token", method="POST").respond_with_handler(grants(600.0))
    provider = tokens(secured, endpoint)

    await works(secured.settings("SASL", sasl_mechanism="OAUTHBEARER", sasl_oauth_token_provider=provider))

    assert len(endpoint.log) == 1


async def test_a_worker_logs_in_again_before_brokers_end_its_session(secured: Secured, endpoint: HTTPServer) -> None:
    """KIP-368: brokers cut a connection at the first request after its session; here that is two seconds long."""
    endpoint.expect_request("/token", method="POST").respond_with_handler(grants(600.0))
    provider = tokens(secured, endpoint)
    settings = secured.settings("SASL", sasl_mechanism="OAUTHBEARER", sasl_oauth_token_provider=provider)
    ensure_topics(settings)
    ledger = KafkaLedger(settings)
    try:
        await started(ledger)
        began, version = time.monotonic(), 0
        while time.monotonic() - began < 5:
            version += 1
            await ledger.commit([batch(event("a", version, value=b"%03d" % version), version=version)])
            await asyncio.sleep(0.2)
    finally:
        await ledger.close()

    assert values(await read(settings, version)) == [b"%03d" % number for number in range(1, version + 1)]


def test_a_token_is_replaced_before_it_expires(secured: Secured, endpoint: HTTPServer) -> None:
    endpoint.expect_request("/token", method="POST").respond_with_handler(grants(0.5))
    provider = tokens(secured, endpoint)
    first = provider.token()
    assert provider.token() == first

    deadline = time.monotonic() + 10
    while provider.token() == first and time.monotonic() < deadline:
        time.sleep(0.05)

    assert len(endpoint.log) == 2
    assert provider.token() != first


async def test_a_token_that_kafka_does_not_accept_stops_the_worker(
    secured: Secured, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "token"
    expired = unsecured_token("dateline", life_seconds=-60.0)
    file.write_text(expired)
    settings = secured.settings("SASL", sasl_mechanism="OAUTHBEARER", sasl_oauth_token_provider=FileTokens(file))

    line = await refusal(settings, caplog)

    assert line.startswith("Kafka does not let the worker in with OAUTHBEARER (")
    assert line.endswith("check kafka.security, token_file or token_url")
    assert expired not in line


@pytest.mark.parametrize("content", [None, "", "two tokens", "tökèn"])
async def test_a_token_file_without_a_token_is_named(
    secured: Secured, tmp_path: Path, content: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    settings = secured.settings("SASL", sasl_mechanism="OAUTHBEARER", sasl_oauth_token_provider=FileTokens(file))

    line = await refusal(settings, caplog)

    reason = "cannot be read (no such file or directory)" if content is None else "does not hold one token"
    assert line.startswith(f"kafka.security.token_file: {file} {reason}")


def test_an_endpoint_that_refuses_stops_the_worker_without_showing_the_secret(
    secured: Secured, endpoint: HTTPServer
) -> None:
    endpoint.expect_request("/token", method="POST").respond_with_handler(grants(600.0))
    wrong = tokens(secured, endpoint, secret="not-the-secret")

    with pytest.raises(Stop, match=r"gives no token \(invalid_client\): check kafka\.security\.client_id") as caught:
        wrong.token()

    assert "not-the-secret" not in str(caught.value) + repr(caught.value.__cause__)


def test_a_secret_is_not_sent_where_an_endpoint_redirects_to(secured: Secured, endpoint: HTTPServer) -> None:
    endpoint.expect_request("/moved").respond_with_data(status=307, headers={"Location": "/token"})
    endpoint.expect_request("/token").respond_with_handler(grants(600.0))

    with pytest.raises(Stop, match=r"gives no token \(status 307\)"):
        tokens(secured, endpoint, path="/moved").token()

    assert [request.path for request, _ in endpoint.log] == ["/moved"]


def test_an_endpoint_that_is_overloaded_or_gone_is_asked_again_later(secured: Secured, endpoint: HTTPServer) -> None:
    endpoint.expect_request("/busy").respond_with_data(status=503)

    with pytest.raises(Retry, match="answers with status 503"):
        tokens(secured, endpoint, path="/busy").token()
    gone = EndpointTokens(url="https://127.0.0.1:9/token", client_id="a", client_secret="b")
    with pytest.raises(Retry, match=r"https://127\.0\.0\.1:9/token cannot be reached \(connection refused\)"):
        gone.token()


def test_an_endpoint_that_nobody_vouches_for_gets_no_secret(secured: Secured, endpoint: HTTPServer) -> None:
    url = endpoint.url_for("/token").replace("localhost", "127.0.0.1")
    provider = EndpointTokens(url=url, client_id="a", client_secret=CLIENT_SECRET)

    with pytest.raises(Stop, match=r"the certificate of the token endpoint \S+ is refused"):
        provider.token()

    assert endpoint.log == []


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"access_token": 5}', b'{"access_token": "a\\u0001auth=b"}']
)
def test_an_answer_without_a_token_stops_the_worker(secured: Secured, endpoint: HTTPServer, body: bytes) -> None:
    """A token with an octet that separates fields in RFC 7628 is no token either."""
    endpoint.expect_request("/token").respond_with_data(body)

    with pytest.raises(Stop, match="answers without a token"):
        tokens(secured, endpoint).token()


def test_the_configuration_brings_a_token_to_the_broker(secured: Secured, endpoint: HTTPServer, tmp_path: Path) -> None:
    endpoint.expect_request("/token", method="POST").respond_with_handler(grants(600.0))
    (tmp_path / "secret").write_text(CLIENT_SECRET + "\n")
    security = {
        "protocol": "SASL_SSL",
        "mechanism": "OAUTHBEARER",
        "token_url": endpoint.url_for("/token").replace("localhost", "127.0.0.1"),
        "client_id": "news worker",
        "client_secret_file": str(tmp_path / "secret"),
        "scope": "kafka",
        "ca_file": str(secured.authority.path),
    }
    config = written(secured, tmp_path, security)

    done = run_cli("topics", "create", "-c", str(config))

    assert done.returncode == 0, done.stderr
    admin = secured.cluster.admin()
    wanted = set(json.loads(config.read_text())["kafka"]["topics"].values())
    assert len(wanted) == 3
    assert wanted <= set(admin.list_topics())
    admin.close()


def written(secured: Secured, folder: Path, security: dict[str, str], **more: Any) -> Path:
    """A configuration with topics of its own. JSON is YAML."""
    name = f"t{uuid4().hex[:8]}"
    kafka = {
        "bootstrap_servers": list(secured.cluster.bootstrap("SASL")),
        "topics": {"articles": f"{name}.a", "feed_state": f"{name}.s", "dead_letters": f"{name}.d"},
        "security": security,
    }
    config = folder / "dateline.yaml"
    document = {"name": name, "feeds": ["http://127.0.0.1:9/feed.xml"], "kafka": kafka, **more}
    config.write_text(json.dumps(document))
    return config
