"""Encryption and logging in: what is refused before a connection is tried, and what a refusal by Kafka means.

The options are those of kafka-python. It lets pass at first, or tries again and again, what can never work: missing
files, empty credentials, passwords on an open line, a certificate of nobody we trust. Here each is one line.
"""

from __future__ import annotations

import re
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kafka.errors import (
    IllegalSaslStateError,
    SaslAuthenticationFailedError,
    UnsupportedSaslMechanismError,
)

from worker.model.errors import Stop

if TYPE_CHECKING:
    from collections.abc import Mapping

LOGIN_ERRORS = (SaslAuthenticationFailedError, UnsupportedSaslMechanismError, IllegalSaslStateError)

_FILES = {"ssl_cafile": "ca_file", "ssl_certfile": "cert_file", "ssl_keyfile": "key_file"}
_PASSWORDS = {"sasl_plain_username": "username", "sasl_plain_password": "password"}
_PASSWORD_MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
# X509_verify_cert_error_string(3): the certificate names another host, or another address.
_WRONG_NAME = re.compile(r"mismatch|not valid for")
_VERIFY_FAILED = re.compile(r"certificate verify failed: (.+?)(?: \(_ssl|$)")
# RFC 8446, 6.2: what a broker says when it does not accept who we are.
_CLIENT_REFUSED = re.compile(
    r"alert (bad certificate|unsupported certificate|certificate (?:revoked|expired|unknown|required)|unknown ca"
    r"|access denied)",
    re.IGNORECASE,
)


def client_options(security: Mapping[str, Any]) -> dict[str, Any]:
    """The options for a client of kafka-python: the files are read into one TLS context.

    Raises:
        Stop: a file cannot be used, credentials are empty, or a password would travel in the open.
        Retry: a token cannot be had now.
    """
    protocol = security.get("security_protocol", "PLAINTEXT")
    options = {name: value for name, value in security.items() if name not in _FILES}
    _check_files(security)
    if protocol.startswith("SASL_"):
        _check_login(security, protocol)
    if protocol in ("SSL", "SASL_SSL") and "ssl_context" not in options:
        options["ssl_context"] = _tls_context(security)
    return options


def certificate_problem(server: str, error: Exception) -> Stop | None:
    """What it means that a TLS handshake failed; None if it is not about certificates."""
    text = str(error)
    if found := _VERIFY_FAILED.search(text):
        reason = found.group(1).rstrip(".")
        if _WRONG_NAME.search(reason):
            cure = "name the broker in kafka.bootstrap_servers as its certificate does"
        elif "expired" in reason:
            cure = "have it renewed"
        else:
            cure = "name the authority that signed it in kafka.security.ca_file"
        return Stop(f"the certificate of the Kafka broker at {server} is refused ({reason}): {cure}")
    if found := _CLIENT_REFUSED.search(text.replace("_", " ")):
        return Stop(
            f"the Kafka broker at {server} refuses the worker's certificate ({found.group(1).lower()}): "
            "check kafka.security.cert_file"
        )
    return None


def login_problem(error: Exception, security: Mapping[str, Any]) -> Stop:
    """What one of `LOGIN_ERRORS` means. The error repeats what the broker says, which is never the secret."""
    mechanism = security.get("sasl_mechanism", "without a mechanism")
    keys = "token_file or token_url" if mechanism == "OAUTHBEARER" else "username and password_file"
    text = " ".join(str(error).split())
    return Stop(f"Kafka does not let the worker in with {mechanism} ({text}): check kafka.security, {keys}")


def _check_files(security: Mapping[str, Any]) -> None:
    for option, key in _FILES.items():
        if path := security.get(option):
            try:
                Path(path).open("rb").close()
            except OSError as error:
                reason = (error.strerror or str(error)).lower()
                raise Stop(f"kafka.security.{key}: {path} cannot be read ({reason})") from error


def _check_login(security: Mapping[str, Any], protocol: str) -> None:
    if protocol == "SASL_PLAINTEXT":
        raise Stop("kafka.security.protocol is SASL_PLAINTEXT: it would show the password; use SASL_SSL")
    mechanism = security.get("sasl_mechanism")
    if mechanism in _PASSWORD_MECHANISMS:
        for option, key in _PASSWORDS.items():
            if not security.get(option):
                raise Stop(f"kafka.security.{key} is empty: {mechanism} needs it")
    elif mechanism == "OAUTHBEARER":
        if "sasl_oauth_token_provider" not in security:
            raise Stop("kafka.security has neither token_file nor token_url: OAUTHBEARER needs one")
        # kafka-python would try again and again; here the first failure says what is wrong.
        security["sasl_oauth_token_provider"].token()


def _tls_context(security: Mapping[str, Any]) -> ssl.SSLContext:
    ca_file = security.get("ssl_cafile")
    try:
        # With an authority of its own: whoever else the system trusts has no say about these brokers.
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise Stop(f"kafka.security.ca_file: {ca_file} holds no PEM certificate") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if cert_file := security.get("ssl_certfile"):
        key_file = security.get("ssl_keyfile")
        try:
            # Without a password OpenSSL would ask for one on the terminal.
            context.load_cert_chain(cert_file, key_file, password="")
        except (OSError, ValueError) as error:
            files = cert_file if key_file is None else f"{cert_file} and {key_file}"
            raise Stop(
                f"kafka.security.cert_file: no usable certificate and key in {files}; "
                "name a PEM certificate and its key, not encrypted"
            ) from error
    return context
