"""The sections about Kafka: topics, brokers, and how they are reached."""

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, PlainValidator, SecretStr, ValidationInfo, field_validator

from .problems import Mistake
from .section import Commas, Count, ReadableFile, ReadSecret, Seconds, Section, Size, Text, Url, matching
from .values import WRONG_PORT, address, duration_text, joined

# Kafka takes underscores too, but names that differ only in "." and "_" collide in its metrics.
Topic = Annotated[
    str,
    matching(r"(?!\.{1,2}$)[a-zA-Z0-9.-]{1,249}", "must be 1 to 249 letters, digits, dots or dashes; no underscores"),
]
_MECHANISMS = "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER"
_WRONG_INSTANCE = "must be 1 to 100 letters, digits, dots, dashes or underscores"
_NEEDS_URL = "is used with token_url alone"
_PASSWORD_CURES = {"username": "write the name to log in with", "password": "write password_file, or password"}


def _server(value: object) -> str:
    name, port = address(value, example="localhost:9092")
    if port == 0:
        raise Mistake(WRONG_PORT)
    return joined(name, port)


def _token_url(value: object) -> str:
    # RFC 6749, 3.2: the request carries the secret.
    parts = urlsplit(value) if isinstance(value, str) else None
    if parts is None or parts.scheme != "https" or not parts.hostname:
        raise Mistake("must be an https:// URL: it is sent the client secret")
    if parts.username is not None or parts.fragment:
        raise Mistake("must have neither credentials nor a fragment; write client_id and client_secret_file")
    return parts.geturl()


class Topics(Section):
    """The topics that are written. Their names differ."""

    articles: Topic = "news.articles"
    feed_state: Topic = Field(default="news.feed-state", validate_default=True)
    dead_letters: Topic = Field(default="news.dead-letters", validate_default=True)
    latest: Topic | None = None

    @field_validator("feed_state", "dead_letters", "latest")
    @classmethod
    def _differ(cls, name: str, info: ValidationInfo) -> str:
        for other, taken in info.data.items():
            if taken == name:
                raise Mistake(f"is the name of the topic for {other} as well; give each its own")
        return name


class Security(Section):
    """How the brokers are reached: encryption, and who we say we are. Files are read when the configuration is.

    The one exception is `token_file`: what it holds changes, so it is read at each login.
    """

    protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] | None = Field(
        default=None, validate_default=True
    )
    username: Text | None = Field(default=None, validate_default=True)
    password_file: ReadSecret | None = None
    password_given: SecretStr | None = Field(default=None, alias="password", validate_default=True)
    token_file: ReadableFile | None = None
    token_url: Annotated[str, PlainValidator(_token_url, json_schema_input_type=Url)] | None = Field(
        default=None, validate_default=True
    )
    client_id: Text | None = Field(default=None, validate_default=True)
    client_secret_file: ReadSecret | None = None
    client_secret_given: SecretStr | None = Field(default=None, alias="client_secret", validate_default=True)
    scope: Text | None = Field(default=None, validate_default=True)
    ca_file: ReadableFile | None = None
    cert_file: ReadableFile | None = None
    key_file: ReadableFile | None = None

    @property
    def password(self) -> SecretStr | None:
        """The password, from wherever it was given."""
        return self.password_file.secret if self.password_file else self.password_given

    @property
    def client_secret(self) -> SecretStr | None:
        """The client secret, from wherever it was given."""
        return self.client_secret_file.secret if self.client_secret_file else self.client_secret_given

    @field_validator("protocol")
    @classmethod
    def _hides_passwords(cls, protocol: str) -> str:
        # PLAIN shows the password to whoever listens; SCRAM lets them guess at it offline (RFC 5802, 9).
        if protocol == "SASL_PLAINTEXT":
            raise Mistake("SASL_PLAINTEXT would expose the password on the network; use SASL_SSL")
        return protocol

    @field_validator("mechanism")
    @classmethod
    def _goes_with_sasl(cls, mechanism: str | None, info: ValidationInfo) -> str | None:
        protocol = info.data.get("protocol")
        if protocol == "SASL_SSL" and mechanism is None:
            raise Mistake(f"is needed with protocol SASL_SSL; write {_MECHANISMS}")
        if protocol in ("PLAINTEXT", "SSL") and mechanism is not None:
            raise Mistake(_not_used_with(protocol))
        return mechanism

    @field_validator("username")
    @classmethod
    def _is_needed_with_a_password(cls, username: str | None, info: ValidationInfo) -> str | None:
        _check_password("username", info, given=username is not None)
        return username

    @field_validator("password_given", "client_secret_given")
    @classmethod
    def _one_secret(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is not None and not value.get_secret_value():
            raise Mistake("must not be empty")
        key = (info.field_name or "").removesuffix("_given")
        if f"{key}_file" not in info.data:
            return value
        from_file = info.data[f"{key}_file"] is not None
        if value is not None and from_file:
            raise Mistake(f"{key} and {key}_file are both given; keep one")
        given = value is not None or from_file
        if key == "password":
            _check_password(key, info, given=given)
        else:
            _check_client(info, given=given, cure="write client_secret_file, or client_secret")
        return value

    @field_validator("token_url")
    @classmethod
    def _one_source_of_tokens(cls, url: str | None, info: ValidationInfo) -> str | None:
        if "token_file" not in info.data or "mechanism" not in info.data:
            return url
        from_file = info.data["token_file"] is not None
        if url is not None and from_file:
            raise Mistake("token_url and token_file are both given; keep one")
        given = url is not None or from_file
        if info.data["mechanism"] == "OAUTHBEARER" and not given:
            raise Mistake("is needed with mechanism OAUTHBEARER; write token_url, or token_file")
        if info.data["mechanism"] != "OAUTHBEARER" and given:
            raise Mistake("tokens are used with mechanism OAUTHBEARER alone")
        return url

    @field_validator("client_id", "scope")
    @classmethod
    def _goes_with_a_token_url(cls, value: str | None, info: ValidationInfo) -> str | None:
        if info.field_name == "client_id":
            _check_client(info, given=value is not None, cure="write the name that the endpoint knows")
        elif value is not None and info.data.get("token_url", value) is None:
            raise Mistake(_NEEDS_URL)
        return value

    @field_validator("ca_file", "cert_file", "key_file")
    @classmethod
    def _goes_with_tls(cls, value: Any, info: ValidationInfo) -> Any:
        if info.data.get("protocol") == "PLAINTEXT":
            raise Mistake("is not used with protocol PLAINTEXT; set protocol: SSL or SASL_SSL")
        if info.field_name == "key_file" and info.data.get("cert_file", value) is None:
            raise Mistake("needs cert_file as well")
        return value


def _check_password(key: str, info: ValidationInfo, *, given: bool) -> None:
    protocol, mechanism = info.data.get("protocol"), info.data.get("mechanism")
    if protocol in ("PLAINTEXT", "SSL") and given:
        raise Mistake(_not_used_with(protocol))
    if mechanism == "OAUTHBEARER" and given:
        raise Mistake("is not used with mechanism OAUTHBEARER; write token_file, or token_url")
    if protocol == "SASL_SSL" and mechanism != "OAUTHBEARER" and not given:
        raise Mistake(f"is needed with protocol SASL_SSL; {_PASSWORD_CURES[key]}")


def _check_client(info: ValidationInfo, *, given: bool, cure: str) -> None:
    if "token_url" not in info.data:
        return
    if info.data["token_url"] is None and given:
        raise Mistake(_NEEDS_URL)
    if info.data["token_url"] is not None and not given:
        raise Mistake(f"is needed with token_url; {cure}")


def _not_used_with(protocol: str) -> str:
    return f"is not used with protocol {protocol}; set protocol: SASL_SSL"


def _registry_url(value: object) -> str:
    parts = urlsplit(value) if isinstance(value, str) else None
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Mistake("must be an http:// or https:// URL")
    if parts.username is not None or parts.query or parts.fragment:
        raise Mistake("must have neither credentials nor a query; write username and password_file")
    return parts.geturl()


class SchemaRegistry(Section):
    """A schema registry with Confluent's API; none without a URL."""

    url: Annotated[str, PlainValidator(_registry_url)] | None = None
    mode: Literal["prefix", "header"] = "prefix"
    subject: Annotated[
        str, matching(r"([^{}]|\{topic\})+", "must be text; {topic} in it stands for the name of the topic")
    ] = "{topic}-value"
    registers: bool = Field(default=True, alias="register")
    username: Text | None = None
    password_file: ReadSecret | None = None
    password_given: SecretStr | None = Field(default=None, alias="password", validate_default=True)
    ca_file: ReadableFile | None = None

    @property
    def password(self) -> SecretStr | None:
        """The password, from wherever it was given."""
        return self.password_file.secret if self.password_file else self.password_given

    @field_validator("username", "ca_file")
    @classmethod
    def _goes_with_https(cls, value: Any, info: ValidationInfo) -> Any:
        if not str(info.data.get("url", "https:")).startswith("https:"):
            raise Mistake("is used with an https:// URL alone")
        return value

    @field_validator("password_given")
    @classmethod
    def _completes_the_name(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if "username" not in info.data or "password_file" not in info.data:
            return value
        if value is not None and info.data["password_file"] is not None:
            raise Mistake("password and password_file are both given; keep one")
        given = bool(value and value.get_secret_value()) or info.data["password_file"] is not None
        if given != (info.data["username"] is not None):
            raise Mistake("username and password_file (or password) go together; write both")
        return value


class Kafka(Section):
    """Brokers, topics and limits. Sizes are those of one record before compression."""

    bootstrap_servers: Annotated[tuple[Annotated[str, PlainValidator(_server)], ...], Commas] = ()
    topics: Topics = Topics()
    create_topics: bool = True
    partitions: Count = 12
    replication_factor: Count = 1
    instance: Annotated[str, matching(r"[a-zA-Z0-9._-]{1,100}", _WRONG_INSTANCE)] | None = None
    session_timeout_seconds: Seconds = Field(default=10.0, alias="session_timeout")
    shard_grace_seconds: Seconds = Field(default=8.0, alias="shard_grace")
    leave_on_stop: bool = True
    transaction_timeout_seconds: Seconds = Field(default=10.0, alias="transaction_timeout", validate_default=True)
    delivery_timeout_seconds: Seconds = Field(default=8.0, alias="delivery_timeout", validate_default=True)
    tombstone_delay_seconds: Seconds = Field(default=604_800.0, alias="tombstone_delay")
    max_event_bytes: Size = 1_000_000
    compression: Literal["none", "lz4", "zstd", "gzip"] = "lz4"
    security: Security = Security()
    schema_registry: SchemaRegistry = SchemaRegistry()

    @field_validator("transaction_timeout_seconds")
    @classmethod
    def _ends_with_the_session(cls, value: float, info: ValidationInfo) -> float:
        # Whoever takes over a dead worker's shards waits until its last transaction is undone.
        limit = info.data.get("session_timeout_seconds", value)
        if value > limit:
            raise Mistake(f"{duration_text(value)} is above session_timeout ({duration_text(limit)})")
        return value

    @field_validator("delivery_timeout_seconds")
    @classmethod
    def _ends_before_the_transaction(cls, value: float, info: ValidationInfo) -> float:
        # The broker aborts a transaction that outlives its timeout, and with it the records still on their way.
        limit = info.data.get("transaction_timeout_seconds", value)
        if value > limit:
            raise Mistake(f"{duration_text(value)} is above transaction_timeout ({duration_text(limit)})")
        return value
