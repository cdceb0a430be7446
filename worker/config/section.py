"""What all sections of the configuration share: their base, and the types of their keys."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    InstanceOf,
    PlainValidator,
    SecretStr,
    WithJsonSchema,
    model_validator,
)
from pydantic.fields import FieldInfo

from worker.model.feed import Backfill

from .problems import Mistake
from .values import backfill, duration, duration_or_auto, duration_or_off, network, size, split_commas


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretFile:
    """A file that holds one secret, and what was in it when the configuration was loaded."""

    path: Path
    secret: SecretStr


class Section(BaseModel):
    """A mapping of the file. A key without a value counts as not given."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, data: object) -> object:
        if not isinstance(data, dict) or None not in data.values():
            return data
        known = keys(cls)
        return {key: value for key, value in data.items() if value is not None or key not in known}


def keys(section: type[BaseModel]) -> tuple[str, ...]:
    """The keys of a section, as the file writes them."""
    return tuple(field.alias or name for name, field in section.model_fields.items())


def subsection(field: FieldInfo) -> type[Section] | None:
    """The section that a key holds, None if it holds a value."""
    for option in (field.annotation, *get_args(field.annotation)):
        if isinstance(option, type) and issubclass(option, Section):
            return option
    return None


def matching(pattern: str, message: str) -> AfterValidator:
    """Text that the pattern covers whole; anything else is a mistake with this message."""
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if compiled.fullmatch(text) is None:
            raise Mistake(message)
        return text

    return AfterValidator(check)


def _path(value: object) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        raise Mistake("must be the path of a file")
    try:
        # Path("./~") has forgotten the dot.
        return Path(value).expanduser() if value[0] == "~" else Path(value)
    except RuntimeError:
        raise Mistake(f"{value.partition('/')[0]} has no home directory here; write the whole path") from None


def _contents(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Mistake(f"the file cannot be read: {(error.strerror or 'unknown error').lower()}") from None


def _readable(value: object) -> Path:
    path = _path(value)
    _contents(path)
    return path


def secret_file(value: object) -> SecretFile:
    """The secret in a file, without the line end after it.

    Raises:
        Mistake: if it cannot be read, or holds nothing.
    """
    path = _path(value)
    try:
        secret = _contents(path).decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise Mistake("the file is not UTF-8") from None
    if not secret:
        raise Mistake("the file is empty")
    return SecretFile(path=path, secret=SecretStr(secret))


# What an editor is told of the written forms; the validators know them better.
_NUMBER = r"[0-9]+(\.[0-9]+)?"
_DURATION = rf"^({_NUMBER}|(?=.)({_NUMBER}d)?({_NUMBER}h)?({_NUMBER}m)?({_NUMBER}s)?({_NUMBER}ms)?)$"


def _written(pattern: str, *, number: str | None, words: tuple[str | bool, ...] = ()) -> WithJsonSchema:
    text: dict[str, Any] = {"type": "string", "pattern": pattern}
    numbers = [] if number is None else [{"type": number, "minimum": 0}]
    return WithJsonSchema({"anyOf": [text, *numbers, *([{"enum": list(words)}] if words else [])]})


Seconds = Annotated[float, BeforeValidator(duration), _written(_DURATION, number="number")]
SecondsOrAuto = Annotated[
    float | Literal["auto"], PlainValidator(duration_or_auto), _written(_DURATION, number="number", words=("auto",))
]
SecondsOrOff = Annotated[
    float | Literal["off"], PlainValidator(duration_or_off), _written(_DURATION, number="number", words=("off", False))
]
Size = Annotated[int, BeforeValidator(size), _written(rf"^{_NUMBER}([kKmMgG][iI]?)?[bB]?$", number="number")]
Count = Annotated[int, Field(ge=1)]
Text = Annotated[str, Field(min_length=1)]
Content = Literal["feed", "page"]
FirstPoll = Annotated[
    InstanceOf[Backfill],
    BeforeValidator(backfill),
    _written("^(all|none|[1-9][0-9]{0,6}|[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ].+)?)$", number="integer"),
]
FilePath = Annotated[Path, PlainValidator(_path, json_schema_input_type=str)]
ReadableFile = Annotated[Path, PlainValidator(_readable, json_schema_input_type=str)]
ReadSecret = Annotated[SecretFile, PlainValidator(secret_file, json_schema_input_type=str)]
Network = Annotated[IPv4Network | IPv6Network, PlainValidator(network, json_schema_input_type=str)]
Url = Annotated[str, WithJsonSchema({"type": "string", "pattern": "^[hH][tT][tT][pP][sS]?://."})]
Commas = BeforeValidator(split_commas, json_schema_input_type=list[str] | str)
