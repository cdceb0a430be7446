"""What a feed's requests carry beyond the usual: header fields and a login, either of which may be secret."""

import re
from base64 import b64encode
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    Field,
    InstanceOf,
    PlainValidator,
    SecretStr,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from .problems import Mistake
from .section import ReadSecret, SecretFile, Section, secret_file

# RFC 9110, 5.6.2 and 5.5.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_FIELD = re.compile(r"[!-~](?:[\t -~]*[!-~])?")
# They frame the message, or the worker's own behaviour rests on them.
_OURS = frozenset(
    {"host", "content-length", "connection", "transfer-encoding", "accept-encoding"}
    | {"te", "trailer", "upgrade", "keep-alive", "expect", "proxy-connection", "proxy-authorization"}
    | {"range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range"}
)
AUTHORIZATION = "Authorization"


def _name(text: str) -> str:
    if _TOKEN.fullmatch(text) is None:
        raise Mistake("is no name of a header: letters, digits and dashes")
    if text.lower() in _OURS:
        raise Mistake("the worker sets this header itself; remove it")
    return text


def _value(given: object) -> SecretFile | SecretStr:
    if isinstance(given, str):
        if _FIELD.fullmatch(given) is None:
            raise Mistake("must be visible ASCII characters, blanks only within")
        return SecretStr(given)
    if not isinstance(given, dict) or list(given) != ["file"]:
        raise Mistake("must be text in quotes, or {file: PATH}")
    found = secret_file(given["file"])
    if _FIELD.fullmatch(found.secret.get_secret_value()) is None:
        raise Mistake("the file must hold one line of visible ASCII characters")
    return found


_WRITTEN: dict[str, Any] = {
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "properties": {"file": {"type": "string"}},
            "required": ["file"],
            "additionalProperties": False,
        },
    ]
}
Headers = dict[
    Annotated[str, AfterValidator(_name)],
    Annotated[InstanceOf[SecretFile] | SecretStr, PlainValidator(_value), WithJsonSchema(_WRITTEN)],
]


class Auth(Section):
    """A login with HTTP's Basic scheme (RFC 7617)."""

    username: str = Field(min_length=1)
    password_file: ReadSecret | None = None
    password_given: SecretStr | None = Field(default=None, alias="password", validate_default=True)

    @field_validator("username")
    @classmethod
    def _ends_at_a_colon(cls, value: str) -> str:
        if ":" in value or not value.isprintable():
            raise Mistake("must have no colon and no control characters")
        return value

    @field_validator("password_given")
    @classmethod
    def _one_password(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if "password_file" not in info.data:
            return value
        if (value is None) == (info.data["password_file"] is None):
            both = "password and password_file are both given; keep one"
            raise Mistake("is needed; write password_file, or password" if value is None else both)
        return value

    @property
    def authorization(self) -> str:
        """The value of the header."""
        secret = self.password_file.secret if self.password_file else self.password_given
        password = secret.get_secret_value() if secret else ""
        return f"Basic {b64encode(f'{self.username}:{password}'.encode()).decode()}"


def sent(headers: Headers | None, auth: Auth | None) -> tuple[tuple[str, str], ...]:
    """The headers as they go on the wire."""
    fields: list[tuple[str, str]] = []
    for name, value in (headers or {}).items():
        secret: Any = value.secret if isinstance(value, SecretFile) else value
        fields.append((name, secret.get_secret_value()))
    if auth is not None:
        fields.append((AUTHORIZATION, auth.authorization))
    return tuple(fields)
