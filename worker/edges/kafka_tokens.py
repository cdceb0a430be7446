"""Bearer tokens for Kafka (OAUTHBEARER, RFC 7628): from a file that somebody keeps fresh, or from a token endpoint."""

from __future__ import annotations

import base64
import json
import ssl
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

from kafka.net.sasl.oauth import AbstractTokenProvider

from worker.model.errors import Retry, Stop

if TYPE_CHECKING:
    from pathlib import Path

_ANSWER_SECONDS = 5.0
_MAX_ANSWER_BYTES = 65_536
# A token is used up to this share of its life, so that none expires on its way.
_USED_SHARE = 0.8
# Kafka ends the whole token at the first octet that RFC 6750, 2.1 does not allow.
_TOKEN_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=")


class FileTokens(AbstractTokenProvider):  # type: ignore[misc]  # kafka-python has no annotations
    """A token from a file. It is read anew for each login: who writes it (Kubernetes, an agent) renews it there."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def token(self) -> str:
        """The token in the file.

        Raises:
            Stop: the file cannot be read, or holds no token.
        """
        try:
            token = self._path.read_text(encoding="ascii").strip()
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise Stop(f"kafka.security.token_file: {self._path} cannot be read ({reason})") from error
        except UnicodeDecodeError:
            token = ""
        if not _is_token(token):
            raise Stop(f"kafka.security.token_file: {self._path} does not hold one token and nothing else")
        return token


class EndpointTokens(AbstractTokenProvider):  # type: ignore[misc]  # as above
    """Tokens from a token endpoint, by client credentials (RFC 6749, 4.4). One is kept for most of its life.

    Args:
        url: The token endpoint, https.
        client_id: Who asks.
        client_secret: What proves it.
        scope: What is asked for; None leaves it to the endpoint.
        ca_file: PEM certificates that are trusted besides the system's.
    """

    def __init__(
        self, *, url: str, client_id: str, client_secret: str, scope: str | None = None, ca_file: Path | None = None
    ) -> None:
        super().__init__()
        self._url = url
        # RFC 6749, 2.3.1: both are encoded as in a form, before they are encoded as a whole.
        pair = f"{urllib.parse.quote_plus(client_id)}:{urllib.parse.quote_plus(client_secret)}"
        self._authorization = "Basic " + base64.b64encode(pair.encode()).decode()
        form = {"grant_type": "client_credentials"} | ({} if scope is None else {"scope": scope})
        self._form = urllib.parse.urlencode(form).encode()
        self._ca_file = ca_file
        self._lock = threading.Lock()
        self._token = ""
        self._fresh_until_seconds = 0.0

    def token(self) -> str:
        """The token in hand, or a new one.

        Raises:
            Retry: the endpoint cannot be reached now.
            Stop: it refuses, its certificate is not trusted, or its answer is not one of a token endpoint.
        """
        with self._lock:
            asked_seconds = time.monotonic()
            if asked_seconds >= self._fresh_until_seconds:
                self._token, life_seconds = self._ask()
                self._fresh_until_seconds = asked_seconds + life_seconds * _USED_SHARE
            return self._token

    def _ask(self) -> tuple[str, float]:
        request = urllib.request.Request(  # noqa: S310 - https, which the configuration has checked
            self._url, data=self._form, headers={"Authorization": self._authorization, "Accept": "application/json"}
        )
        opener = urllib.request.build_opener(_NoRedirects(), urllib.request.HTTPSHandler(context=self._context()))
        try:
            with opener.open(request, timeout=_ANSWER_SECONDS) as answer:
                body = answer.read(_MAX_ANSWER_BYTES)
        except urllib.error.HTTPError as error:
            with error:
                raise self._refused(error) from None
        except (OSError, HTTPException) as error:
            raise self._unreachable(error) from error
        return self._parse(body)

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._ca_file is not None:
            try:
                context.load_verify_locations(self._ca_file)
            except OSError as error:
                raise Stop(f"kafka.security.ca_file: {self._ca_file} holds no PEM certificate") from error
        return context

    def _refused(self, error: urllib.error.HTTPError) -> Retry | Stop:
        # 429 and 5xx pass; what else there is says that the endpoint will never give us a token (RFC 6749, 5.2).
        if error.code == 429 or error.code >= 500:
            return Retry(f"the token endpoint {self._url} answers with status {error.code}")
        code = _fields(error.read(_MAX_ANSWER_BYTES)).get("error")
        reason = code if isinstance(code, str) and code.isascii() and code.isprintable() else f"status {error.code}"
        return Stop(
            f"the token endpoint {self._url} gives no token ({reason[:80]}): check kafka.security.client_id, "
            "client_secret_file and scope"
        )

    def _unreachable(self, error: OSError | HTTPException) -> Retry | Stop:
        cause = error.reason if isinstance(error, urllib.error.URLError) else error
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Stop(
                f"the certificate of the token endpoint {self._url} is refused ({cause.verify_message.rstrip('.')}): "
                "name the authority that signed it in kafka.security.ca_file"
            )
        reason = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
        return Retry(f"the token endpoint {self._url} cannot be reached ({' '.join(reason.lower().split())})")

    def _parse(self, body: bytes) -> tuple[str, float]:
        fields = _fields(body)
        token, life = fields.get("access_token"), fields.get("expires_in", 0)
        if not isinstance(token, str) or not _is_token(token):
            raise Stop(f"the token endpoint {self._url} answers without a token: check kafka.security.token_url")
        return token, float(life) if isinstance(life, (int, float)) and life > 0 else 0.0


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """The secret goes to the endpoint that was named, and to nobody else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _fields(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _is_token(text: str) -> bool:
    return bool(text) and _TOKEN_CHARACTERS.issuperset(text)
