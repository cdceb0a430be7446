"""A client of schema registries with Confluent's API.

See https://docs.confluent.io/platform/current/schema-registry/develop/api.html, POST /subjects/(subject)/versions to
register and POST /subjects/(subject) to look up.
"""

from __future__ import annotations

import asyncio
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import UUID

import aiohttp
import orjson
from yarl import URL

from worker.edges.schema_frame import Mode, SchemaId, framed
from worker.model.errors import Retry, Stop

if TYPE_CHECKING:
    from collections.abc import Iterable

    from worker.model.event import Headers

SCHEMA_FILE = Path(__file__).with_name("article.v1.schema.json")
_MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"
_ANSWER_SECONDS = 10.0
_SECTION = "kafka.schema_registry"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrySettings:
    """Where the registry is and what is asked of it.

    `subject` is the name that the schema has there, with `{topic}` for the topic. With `register` the schema is
    registered under that name, else it must have been. With `ca_file` only its authorities are trusted, without it the
    system's.
    """

    url: str
    mode: Mode
    subject: str
    register: bool
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None


class SchemaRegistry:
    """Knows what the registry calls the articles' schema in each topic. What was answered once holds for good."""

    def __init__(self, settings: RegistrySettings) -> None:
        self._settings = settings
        self._ids: dict[str, SchemaId] = {}

    def look_up(self, topics: Iterable[str]) -> None:
        """Learn the schema's ids for these topics. Blocks; may be called within a loop and without.

        Raises:
            Retry: the registry cannot be reached now.
            Stop: it does not have the schema, does not take it, or does not let us in.
        """
        wanted = {topic: self._settings.subject.replace("{topic}", topic) for topic in topics}
        if wanted.keys() <= self._ids.keys():
            return
        with ThreadPoolExecutor(1, "schema-registry") as pool:
            found = pool.submit(asyncio.run, self._ask_all(sorted(set(wanted.values())))).result()
        self._ids |= {topic: found[subject] for topic, subject in wanted.items()}

    def framed(self, topic: str, headers: Headers, value: bytes) -> tuple[Headers, bytes]:
        """A record of this topic that names its schema; raises as `look_up`."""
        if topic not in self._ids:
            self.look_up([topic])
        return framed(self._ids[topic], headers, value, mode=self._settings.mode)

    async def _ask_all(self, subjects: Iterable[str]) -> dict[str, SchemaId]:
        settings = self._settings
        headers = {"Accept": f"{_MEDIA_TYPE}, application/json", "Content-Type": _MEDIA_TYPE}
        if settings.username is not None:
            headers["Authorization"] = aiohttp.encode_basic_auth(settings.username, settings.password or "", "utf-8")
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=_tls_context(settings.ca_file)),
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=_ANSWER_SECONDS),
        ) as session:
            return {subject: await self._ask(session, subject) for subject in subjects}

    async def _ask(self, session: aiohttp.ClientSession, subject: str) -> SchemaId:
        """The id of the schema under this subject."""
        url = f"{self._settings.url.rstrip('/')}/subjects/{quote(subject, safe='')}"
        body = orjson.dumps({"schemaType": "JSON", "schema": SCHEMA_FILE.read_text(encoding="utf-8")})
        try:
            async with session.post(
                # The password goes to the registry that was named, and to nobody else.
                URL(f"{url}/versions" if self._settings.register else url, encoded=True),
                data=body,
                allow_redirects=False,
            ) as answer:
                status, fields = answer.status, _fields(await answer.read())
        except aiohttp.ClientConnectorCertificateError as error:
            reason = getattr(error.certificate_error, "verify_message", "") or str(error.certificate_error)
            raise Stop(
                f"the certificate of the schema registry {self._settings.url} is refused ({reason.rstrip('.')}): "
                f"name the authority that signed it in {_SECTION}.ca_file"
            ) from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            reason = " ".join(str(error).split()) or f"no answer within {_ANSWER_SECONDS:.0f} s"
            raise Retry(f"the schema registry {self._settings.url} cannot be reached ({reason})") from error
        if status != 200:
            raise self._refused(status, fields, subject)
        return self._schema_id(fields)

    def _refused(self, status: int, fields: dict[str, Any], subject: str) -> Retry | Stop:
        name = f"the schema registry {self._settings.url}"
        said = f"status {status}" if "message" not in fields else f"status {status}, {_printable(fields['message'])}"
        match status:
            case 401 | 403:
                return Stop(f"{name} does not let the worker in ({said}): check {_SECTION}.username and password_file")
            # The numbers begin with the status: no such subject, no such schema.
            case 404 if fields.get("error_code") in {40401, 40403} and not self._settings.register:
                return Stop(
                    f"{name} does not have schemas/article.v1.schema.json under the subject {subject}: register it "
                    f"there, or set {_SECTION}.register: true"
                )
            case 409 | 422:
                return Stop(f"{name} does not take the schema under the subject {subject} ({said})")
            case 429 | 500 | 502 | 503 | 504:
                return Retry(f"{name} cannot answer now ({said})")
            case _:
                return Stop(f"{name} does not answer as one ({said}): check {_SECTION}.url")

    def _schema_id(self, fields: dict[str, Any]) -> SchemaId:
        number = fields.get("id")
        if not isinstance(number, int) or not 0 <= number < 2**32:
            raise Stop(f"the schema registry {self._settings.url} answers without an id: check {_SECTION}.url")
        try:
            return SchemaId(number=number, guid=UUID(fields["guid"]))
        except (LookupError, TypeError, ValueError, AttributeError):
            return SchemaId(number=number)


def _tls_context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise Stop(f"{_SECTION}.ca_file: {ca_file} holds no PEM certificate") from error


def _fields(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _printable(text: object) -> str:
    return "".join(char if char.isprintable() else " " for char in str(text))[:200]
