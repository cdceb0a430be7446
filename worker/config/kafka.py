"""The sections about Kafka: topics, brokers, and how they are reached."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator, SecretStr, ValidationInfo, field_validator

from .problems import Mistake
from .section import Count, ReadableFile, ReadSecret, Seconds, Section, Size, Text, matching
from .values import WRONG_PORT, address, duration_text, joined, split_commas

# Kafka takes underscores too, but names that differ only in "." and "_" collide in its metrics.
Topic = Annotated[
    str,
    matching(r"(?!\.{1,2}$)[a-zA-Z0-9.-]{1,249}", "must be 1 to 249 letters, digits, dots or dashes; no underscores"),
]
_SASL_CURES = {
    "mechanism": "write PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512",
    "username": "write the name to log in with",
    "password": "write password_file, or password",
}


def _server(value: object) -> str:
    name, port = address(value, example="localhost:9092")
    if port == 0:
        raise Mistake(WRONG_PORT)
    return joined(name, port)


class Topics(Section):
    """The topics that are written. Their names differ."""

    articles: Topic = "news.articles"
    feed_state: Topic = Field(default="news.feed-state", validate_default=True)
    dead_letters: Topic = Field(default="news.dead-letters", validate_default=True)

    @field_validator("feed_state", "dead_letters")
    @classmethod
    def _differ(cls, name: str, info: ValidationInfo) -> str:
        for other, taken in info.data.items():
            if taken == name:
                raise Mistake(f"is the name of the topic for {other} as well; give each its own")
        return name


class Security(Section):
    """How the brokers are reached: encryption, and who we say we are. Files are read when the configuration is."""

    protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = Field(default=None, validate_default=True)
    username: Text | None = Field(default=None, validate_default=True)
    password_file: ReadSecret | None = None
    password_given: SecretStr | None = Field(default=None, alias="password", validate_default=True)
    ca_file: ReadableFile | None = None
    cert_file: ReadableFile | None = None
    key_file: ReadableFile | None = None

    @property
    def password(self) -> SecretStr | None:
        """The password, from wherever it was given."""
        return self.password_file.secret if self.password_file else self.password_given

    @field_validator("protocol")
    @classmethod
    def _hides_passwords(cls, protocol: str) -> str:
        # PLAIN shows the password to whoever listens; SCRAM lets them guess at it offline (RFC 5802, 9).
        if protocol == "SASL_PLAINTEXT":
            raise Mistake("SASL_PLAINTEXT would expose the password on the network; use SASL_SSL")
        return protocol

    @field_validator("mechanism", "username", mode="after")
    @classmethod
    def _goes_with_sasl(cls, value: Any, info: ValidationInfo) -> Any:
        _check_sasl(info.field_name or "", info, given=value is not None)
        return value

    @field_validator("password_given")
    @classmethod
    def _one_password(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is not None and not value.get_secret_value():
            raise Mistake("must not be empty")
        if "password_file" in info.data:
            from_file = info.data["password_file"] is not None
            if value is not None and from_file:
                raise Mistake("password and password_file are both given; keep one")
            _check_sasl("password", info, given=value is not None or from_file)
        return value

    @field_validator("ca_file", "cert_file", "key_file")
    @classmethod
    def _goes_with_tls(cls, value: Any, info: ValidationInfo) -> Any:
        if info.data.get("protocol") == "PLAINTEXT":
            raise Mistake("is not used with protocol PLAINTEXT; set protocol: SSL or SASL_SSL")
        if info.field_name == "key_file" and info.data.get("cert_file", value) is None:
            raise Mistake("needs cert_file as well")
        return value


def _check_sasl(key: str, info: ValidationInfo, *, given: bool) -> None:
    protocol = info.data.get("protocol")
    if protocol == "SASL_SSL" and not given:
        raise Mistake(f"is needed with protocol SASL_SSL; {_SASL_CURES[key]}")
    if protocol in ("PLAINTEXT", "SSL") and given:
        raise Mistake(f"is not used with protocol {protocol}; set protocol: SASL_SSL")


class Kafka(Section):
    """Brokers, topics and limits. Sizes are those of one record before compression."""

    bootstrap_servers: Annotated[
        tuple[Annotated[str, PlainValidator(_server)], ...], BeforeValidator(split_commas)
    ] = ()
    topics: Topics = Topics()
    create_topics: bool = True
    partitions: Count = 12
    replication_factor: Count = 1
    transaction_timeout_seconds: Seconds = Field(default=30.0, alias="transaction_timeout")
    delivery_timeout_seconds: Seconds = Field(default=20.0, alias="delivery_timeout", validate_default=True)
    max_event_bytes: Size = 1_000_000
    compression: Literal["none", "lz4", "zstd", "gzip"] = "lz4"
    security: Security = Security()

    @field_validator("delivery_timeout_seconds")
    @classmethod
    def _ends_before_the_transaction(cls, value: float, info: ValidationInfo) -> float:
        # The broker aborts a transaction that outlives its timeout, and with it the records still on their way.
        limit = info.data.get("transaction_timeout_seconds", value)
        if value > limit:
            raise Mistake(f"{duration_text(value)} is above transaction_timeout ({duration_text(limit)})")
        return value
