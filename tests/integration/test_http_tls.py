"""Certificates and handshakes, good and bad."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.integration.http_servers import (
    answered,
    certificate,
    failed,
    fetching,
    redirect,
    server_side,
    serving,
)
from tests.loopback import listening
from worker.edges.http_tls import tls_context
from worker.model.errors import Stop
from worker.model.fetch import Hop

if TYPE_CHECKING:
    from pathlib import Path

    from worker.edges.http import HttpFetcher


async def test_a_trusted_certificate_lets_the_answer_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pem = certificate(tmp_path, "IP:127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))

    async with serving(server_side(pem)) as server, fetching() as fetcher:
        response = await answered(fetcher, server.url("/feed"))
        again = await answered(fetcher, server.url("/feed"))

    assert (response.status, response.url, again.body) == (200, server.url("/feed"), b"ok")
    assert server.connections == 1


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    async with serving(server_side(certificate(tmp_path, "IP:127.0.0.1"))) as server, fetching() as fetcher:
        failure = await failed(fetcher, server.url())

    assert failure.kind == "tls"
    assert failure.detail.startswith(f"certificate of 127.0.0.1:{server.port} refused: self")
    assert server.received == []


async def test_a_certificate_for_another_host_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pem = certificate(tmp_path, "DNS:other.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))

    async with serving(server_side(pem)) as server, fetching() as fetcher:
        failure = await failed(fetcher, server.url())

    assert failure.kind == "tls"
    assert failure.detail.startswith(f"certificate of 127.0.0.1:{server.port} refused: ")
    assert server.received == []


async def test_https_to_a_server_without_tls_is_a_tls_failure(fetcher: HttpFetcher) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with listening(answer) as port:
        failure = await failed(fetcher, f"https://127.0.0.1:{port}/")

    assert failure.kind == "tls"
    assert failure.detail.startswith(f"TLS handshake with 127.0.0.1:{port} failed: ")


async def test_a_handshake_that_is_broken_off_is_a_tls_failure(fetcher: HttpFetcher) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.close()

    async with listening(hang_up) as port:
        failure = await failed(fetcher, f"https://127.0.0.1:{port}/")

    assert failure.kind == "tls"
    assert f"127.0.0.1:{port}" in failure.detail


async def test_a_certificate_that_has_expired_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pem = certificate(tmp_path, "IP:127.0.0.1", expired=True)

    async with serving(server_side(pem)) as server, fetching(ca_file=pem) as fetcher:
        failure = await failed(fetcher, server.url())

    assert (failure.kind, server.received) == ("tls", [])
    assert failure.detail == f"certificate of 127.0.0.1:{server.port} refused: certificate has expired"


async def test_a_ca_file_is_trusted_besides_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    of_the_system = certificate(tmp_path / "a", "IP:127.0.0.1")
    ours = certificate(tmp_path / "b", "IP:127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(of_the_system))

    async with (
        serving(server_side(of_the_system)) as first,
        serving(server_side(ours)) as second,
        fetching(ca_file=ours) as fetcher,
    ):
        assert (await answered(fetcher, first.url())).body == b"ok"
        assert (await answered(fetcher, second.url())).body == b"ok"


def asking_for(client: Path, server: Path) -> ssl.SSLContext:
    """The server's side, for clients with this one certificate only."""
    context = server_side(server)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(client)
    return context


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("apart", [False, True], ids=["one file", "key apart"])
async def test_a_client_certificate_is_shown_to_a_server_that_asks(
    tmp_path: Path,
    version: ssl.TLSVersion,
    apart: bool,  # noqa: FBT001 - one of two cases
) -> None:
    pem = certificate(tmp_path, "IP:127.0.0.1")
    tls = asking_for(pem, pem)
    tls.maximum_version = version
    key = tmp_path / "key.pem"
    key.write_text(pem.read_text().partition("-----BEGIN CERTIFICATE")[0])

    cert, key_file = (tmp_path / "c", key) if apart else (pem, None)
    async with (
        serving(tls) as server,
        fetching(ca_file=pem, client_cert=cert, client_key=key_file) as fetcher,
    ):
        assert (await answered(fetcher, server.url())).body == b"ok"


@pytest.mark.parametrize(
    ("version", "words"),
    [
        (ssl.TLSVersion.TLSv1_2, "TLS handshake with {} failed: SSLV3_ALERT_HANDSHAKE_FAILURE"),
        (ssl.TLSVersion.TLSv1_3, "{} broke TLS off: TLSV13_ALERT_CERTIFICATE_REQUIRED"),
    ],
)
async def test_a_server_that_misses_a_client_certificate_is_a_tls_failure(
    tmp_path: Path, version: ssl.TLSVersion, words: str
) -> None:
    """With TLS 1.3 it says so only after the handshake, in the place of an answer."""
    pem = certificate(tmp_path, "IP:127.0.0.1")
    tls = asking_for(pem, pem)
    tls.maximum_version = version

    def refuse() -> None:
        """Asyncio's servers send no alert, so this one blocks."""
        with tls.wrap_socket(listener.accept()[0], server_side=True, do_handshake_on_connect=False) as connection:
            with contextlib.suppress(ssl.SSLError):
                connection.do_handshake()
            socket.socket.recv(connection, 4096)  # or the request that nobody read would make this a reset

    with socket.create_server(("127.0.0.1", 0)) as listener:
        place = f"127.0.0.1:{listener.getsockname()[1]}"
        refusing = asyncio.create_task(asyncio.to_thread(refuse))
        async with fetching(ca_file=pem) as fetcher:
            failure = await failed(fetcher, f"https://{place}/")
        await refusing

    assert (failure.kind, failure.detail) == ("tls", words.format(place))


async def test_only_http_1_1_is_offered(tmp_path: Path) -> None:
    pem = certificate(tmp_path, "IP:127.0.0.1")
    tls = server_side(pem)
    tls.set_alpn_protocols(["h2", "http/1.1"])
    async with serving(tls) as server, fetching(ca_file=pem) as fetcher:
        await answered(fetcher, server.url())

    assert (server.protocols, server.received[0].line) == (["http/1.1"], "GET / HTTP/1.1")


async def test_a_redirect_out_of_tls_is_followed_for_all_to_see_without_secrets(tmp_path: Path) -> None:
    pem = certificate(tmp_path, "IP:127.0.0.1")
    async with serving(server_side(pem)) as safe, serving() as plain, fetching(ca_file=pem) as fetcher:
        safe.routes["/"] = redirect(plain.url("/feed"), "301 Moved")
        response = await answered(fetcher, safe.url(userinfo="me:secret@"), headers=(("X-Key", "1"),))

    assert response.hops == (Hop(status=301, url=plain.url("/feed")),)
    assert plain.headers("Authorization") + plain.headers("X-Key") == [None, None]


async def test_a_form_is_not_led_out_of_tls(tmp_path: Path) -> None:
    """The secret of a WebSub subscription is in it."""
    pem = certificate(tmp_path, "IP:127.0.0.1")
    async with serving(server_side(pem)) as safe, serving() as plain, fetching(ca_file=pem) as fetcher:
        safe.routes["/"] = redirect(plain.url("/hub"), "307 Temporary")
        response = await answered(fetcher, safe.url(), form=(("hub.secret", "s"),))

    assert (response.status, response.url, plain.received) == (307, safe.url("/"), [])


# Files


@pytest.mark.parametrize("text", [None, "", "no certificate"], ids=["missing", "empty", "no PEM"])
def test_a_ca_file_that_holds_no_certificates_is_refused_at_once(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "ca.pem"
    if text is not None:
        path.write_text(text)

    with pytest.raises(Stop, match=r"^fetch\.ca_file: .* in .*ca\.pem; name a file of PEM certificates$"):
        tls_context(ca_file=path, client_cert=None, client_key=None)


def test_an_encrypted_key_is_refused_without_a_question_on_the_terminal(tmp_path: Path) -> None:
    pem = certificate(tmp_path, "IP:127.0.0.1")
    key = tmp_path / "key.pem"
    subprocess.run(["openssl", "pkey", "-in", pem, "-aes128", "-passout", "pass:word", "-out", key], check=True)

    with pytest.raises(Stop, match=r"^fetch\.client_cert: .*; name a PEM certificate and its key, not encrypted$"):
        tls_context(ca_file=None, client_cert=pem, client_key=key)


def test_a_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    pem, other = (certificate(tmp_path / name, "IP:127.0.0.1") for name in "ab")

    with pytest.raises(Stop, match=r"^fetch\.client_cert: key values mismatch in "):
        tls_context(ca_file=None, client_cert=pem, client_key=other)


def test_a_key_without_a_certificate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Stop, match=r"^fetch\.client_key: "):
        tls_context(ca_file=None, client_cert=None, client_key=tmp_path / "key.pem")
