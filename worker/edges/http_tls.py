"""How TLS is spoken, and with whom: what the system trusts, what the operator trusts besides, and who we are."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from worker.model.errors import Stop

if TYPE_CHECKING:
    from pathlib import Path


def tls_context(*, ca_file: Path | None, client_cert: Path | None, client_key: Path | None) -> ssl.SSLContext:
    """Make the context for all connections. It reads files, so not from within the loop.

    Args:
        ca_file: PEM certificates that are trusted besides the system's (or those that SSL_CERT_FILE names).
        client_cert: PEM certificate, with its chain, for every server that asks for one.
        client_key: its key, not encrypted; None when it is in the file of the certificate.

    Raises:
        Stop: a file cannot be used.
    """
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except OSError as error:
            raise Stop(f"fetch.ca_file: {_reason(error)} in {ca_file}; name a file of PEM certificates") from error
    if client_key is not None and client_cert is None:
        raise Stop("fetch.client_key: a key is of no use without its certificate; set fetch.client_cert")
    if client_cert is not None:
        try:
            # Without a password OpenSSL would ask for one on the terminal.
            context.load_cert_chain(client_cert, client_key, password="")
        except (OSError, ValueError) as error:
            files = str(client_cert) if client_key is None else f"{client_cert} and {client_key}"
            raise Stop(
                f"fetch.client_cert: {_reason(error)} in {files}; name a PEM certificate and its key, not encrypted"
            ) from error
    return context


def _reason(error: Exception) -> str:
    match error:
        case ssl.SSLError(reason=str(reason)):
            return reason.lower().replace("_", " ")
        case OSError(strerror=str(text)):
            return text.lower()
        case _:
            return "no usable key or certificate"
