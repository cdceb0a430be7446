"""The section about traces."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, PlainValidator, ValidationInfo, field_validator

from .headers import Headers, sent
from .problems import Mistake
from .section import SecretFile, Section, Url


def _endpoint(value: object) -> str:
    wrong = Mistake("must be a URL such as http://127.0.0.1:4318, where OTLP over HTTP is taken")
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            raise wrong
    except ValueError:
        raise wrong from None
    # The exporter writes it into its own complaints.
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise Mistake("must have no user name, password or query; write secrets under tracing.headers")
    return parts._replace(path=parts.path.rstrip("/") or "/v1/traces").geturl()


class Tracing(Section):
    """Traces of polls, sent to `endpoint` by OTLP over HTTP. There are none without it.

    `sample_ratio` is the share of polls that are sent, 0 to 1.
    """

    endpoint: Annotated[str, PlainValidator(_endpoint, json_schema_input_type=Url)] | None = None
    headers: Headers | None = None
    sample_ratio: Annotated[float, Field(ge=0, le=1)] = 1.0

    @field_validator("headers")
    @classmethod
    def _have_somewhere_to_go(cls, headers: Headers | None, info: ValidationInfo) -> Headers | None:
        if headers and info.data.get("endpoint", "") is None:
            raise Mistake("is used with endpoint alone")
        return headers

    @property
    def sent_headers(self) -> tuple[tuple[str, str], ...]:
        """The headers as they go to the endpoint."""
        return sent(self.headers, None)

    @property
    def secret_files(self) -> tuple[Path, ...]:
        """The files that their values came from."""
        return tuple(value.path for value in (self.headers or {}).values() if isinstance(value, SecretFile))
