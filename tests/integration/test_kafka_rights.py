"""The rights of docs/operations.md: they suffice, and each that is missing is named."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType as PatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)

from tests.contracts import batch, dead_letter, event, started, values
from tests.integration.cluster import Authority, Cluster, Listener, let_go_of_sockets
from tests.integration.harness import run_cli, until
from tests.integration.test_kafka_ledger import make_settings, read
from tests.integration.test_kafka_security import OAUTH, unsecured_token
from worker.edges.kafka_ledger import KafkaLedger
from worker.edges.kafka_tokens import FileTokens
from worker.edges.kafka_topics import ensure_topics
from worker.model.errors import Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pytest_httpserver import HTTPServer

    from worker.edges.kafka_client import KafkaSettings

pytestmark = [
    pytest.mark.kafka,
    # kafka-python leaves a socket whose connection failed to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <s:ResourceWarning"),
]

_DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "operations.md"
_RESOURCES = {
    "--topic": ResourceType.TOPIC,
    "--group": ResourceType.GROUP,
    "--transactional-id": ResourceType.TRANSACTIONAL_ID,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """One operation on one resource, as the document has it."""

    operation: str
    kind: str
    name: str
    prefixed: bool

    def __str__(self) -> str:
        return f"{self.operation} {self.kind.strip('-')} {self.name}"


def rights_of(user: str) -> list[Right]:
    """Those that the commands of the document give to a user."""
    found = []
    for line in re.findall(rf"^kafka-acls .*User:{user} .*$", _DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE):
        words = shlex.split(line)
        [kind] = [word for word in words if word in _RESOURCES]
        found += [
            Right(
                operation=words[at + 1],
                kind=kind,
                name=words[words.index(kind) + 1],
                prefixed="--resource-pattern-type prefixed" in line,
            )
            for at, word in enumerate(words)
            if word == "--operation"
        ]
    assert found
    return found


RUN, READ, SETUP = rights_of("dateline"), rights_of("reader"), rights_of("setup")
LETTERS, STATES, OPERATOR = rights_of("letters"), rights_of("states"), rights_of("operator")

# One entry is an article, the other gives a dead letter.
_FEED = """<rss version="2.0"><channel><title>Feed</title><item><title>One</title><link>https://news.example/1</link>
<description>Words.</description></item><item><description/></item></channel></rss>"""


@pytest.fixture(autouse=True)
def _no_sockets_left(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    let_go_of_sockets(caplog)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def cluster(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    sasl = {
        **authority.broker_settings(),
        "sasl.enabled.mechanisms": "OAUTHBEARER",
        "oauthbearer.sasl.jaas.config": OAUTH,
    }
    listener = Listener(name="SASL", protocol="SASL_SSL", settings=sasl)
    settings = {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",  # the broker itself, and the tests
    }
    with Cluster(tmp_path_factory.mktemp("rights") / "kafka", listeners=[listener], settings=settings) as cluster:
        yield cluster


@pytest.fixture
def existing(cluster: Cluster) -> KafkaSettings:
    """Topics that exist, and a connection that may do everything."""
    [server] = cluster.bootstrap()
    settings = replace(make_settings(server), create_topics=False)
    ensure_topics(settings)
    return settings


@pytest.fixture
def limited(
    cluster: Cluster, authority: Authority, tmp_path: Path
) -> Callable[[KafkaSettings, Sequence[Right]], KafkaSettings]:
    """Settings of a user of its own that has these rights and no other."""

    def limited(settings: KafkaSettings, rights: Sequence[Right]) -> KafkaSettings:
        user = f"user-{uuid4().hex}"
        allow(cluster, settings, user, rights)
        (tmp_path / user).write_text(unsecured_token(user))
        return replace(
            settings,
            bootstrap_servers=cluster.bootstrap("SASL"),
            security={
                "security_protocol": "SASL_SSL",
                "sasl_mechanism": "OAUTHBEARER",
                "sasl_oauth_token_provider": FileTokens(tmp_path / user),
                "ssl_cafile": str(authority.path),
            },
        )

    return limited


def name_in(settings: KafkaSettings, right: Right) -> str:
    """What is called otherwise here than in the document."""
    return {
        "news.articles": settings.articles_topic,
        "news.feed-state": settings.feed_state_topic,
        "news.dead-letters": settings.dead_letters_topic,
        "dateline.dateline": f"dateline.{settings.name}",
        "dateline.": f"{settings.name}.",
        "dateline.command": f"{settings.name}.command",
    }[right.name]


def allow(cluster: Cluster, settings: KafkaSettings, user: str, rights: Sequence[Right]) -> None:
    acls = [
        ACL(
            principal=f"User:{user}",
            host="*",
            operation=ACLOperation[re.sub(r"(?<!^)(?=[A-Z])", "_", right.operation).upper()],
            permission_type=ACLPermissionType.ALLOW,
            resource_pattern=ResourcePattern(
                _RESOURCES[right.kind],
                name_in(settings, right),
                PatternType.PREFIXED if right.prefixed else PatternType.LITERAL,
            ),
        )
        for right in rights
    ]
    anything = ResourcePatternFilter(ResourceType.ANY, None, PatternType.ANY)
    of_user = ACLFilter(f"User:{user}", None, ACLOperation.ANY, ACLPermissionType.ANY, anything)
    admin: Any = cluster.admin()
    try:
        admin.create_acls(acls)
        until(lambda: len(admin.describe_acls(of_user)[0]) == len(acls))
    finally:
        admin.close()


async def work(settings: KafkaSettings) -> None:
    """What a worker does, from its beginning to its end."""
    ledger = KafkaLedger(settings)
    try:
        await started(ledger)
        await ledger.commit([batch(event(value=b"article"), rejected=(dead_letter(),))])
        assert await ledger.ping() is True
        await started(ledger)
    finally:
        await ledger.close()


async def test_a_worker_and_a_consumer_need_no_more_than_the_documented_rights(
    existing: KafkaSettings, limited: Callable[[KafkaSettings, Sequence[Right]], KafkaSettings]
) -> None:
    await work(limited(existing, RUN))

    assert values(await read(limited(existing, READ), 1)) == [b"article"]


async def test_a_worker_that_may_create_topics_does_not_need_to_when_they_exist(
    existing: KafkaSettings, limited: Callable[[KafkaSettings, Sequence[Right]], KafkaSettings]
) -> None:
    await work(limited(replace(existing, create_topics=True), RUN))


@pytest.mark.parametrize("missing", RUN, ids=str)
async def test_a_worker_that_lacks_a_right_names_it(
    existing: KafkaSettings, limited: Callable[[KafkaSettings, Sequence[Right]], KafkaSettings], missing: Right
) -> None:
    settings = limited(existing, [right for right in RUN if right != missing])

    with pytest.raises(Stop) as caught:
        await work(settings)

    line = str(caught.value)
    assert "\n" not in line
    assert re.search(rf"\b{missing.operation}\b", line)
    assert name_in(existing, missing) in line


async def test_a_consumer_that_lacks_its_right_names_it(
    existing: KafkaSettings, limited: Callable[[KafkaSettings, Sequence[Right]], KafkaSettings]
) -> None:
    with pytest.raises(Stop, match=rf"topic {existing.articles_topic} does not exist, or must not be read"):
        await read(limited(existing, []), 0)


def test_topics_are_created_with_the_documented_rights(
    cluster: Cluster, limited: Callable[[KafkaSettings, Sequence[Right]], KafkaSettings]
) -> None:
    [server] = cluster.bootstrap()

    assert len(ensure_topics(limited(make_settings(server), SETUP))) == 3


@pytest.mark.parametrize("missing", SETUP, ids=str)
def test_a_right_that_is_missing_to_create_topics_is_named(
    cluster: Cluster, limited: Callable[[KafkaSettings, Sequence[Right]], KafkaSettings], missing: Right
) -> None:
    """What a topic is like matters when it exists, so that is looked at in a second run."""
    [server] = cluster.bootstrap()
    everything = make_settings(server)
    if missing.operation == "DescribeConfigs":
        ensure_topics(everything)
    settings = limited(everything, [right for right in SETUP if right != missing])

    with pytest.raises(Stop) as caught:
        ensure_topics(settings)

    assert re.search(rf"\b{missing.operation}\b", str(caught.value))
    assert name_in(everything, missing) in str(caught.value)


# Commands


@pytest.fixture
def write_config(
    existing: KafkaSettings,
    limited: Callable[[KafkaSettings, Sequence[Right]], KafkaSettings],
    authority: Authority,
    httpserver: HTTPServer,
    tmp_path: Path,
) -> Callable[[Sequence[Right] | None], Path]:
    """A configuration with one feed, as a user with these rights; with None, of an SQLite ledger alone."""
    httpserver.expect_request("/feed").respond_with_data(_FEED, content_type="application/rss+xml")

    def write(rights: Sequence[Right] | None) -> Path:
        config: dict[str, Any] = {
            "name": existing.name,
            "listen": "127.0.0.1:0",
            "fetch": {"allow_networks": ["127.0.0.0/8"]},
            "sqlite": {"path": str(tmp_path / "ledger.db")},
            "feeds": [{"id": "feed", "url": httpserver.url_for("/feed")}],
        }
        if rights is not None:
            settings = limited(existing, rights)
            config["kafka"] = {
                "bootstrap_servers": [*settings.bootstrap_servers],
                "create_topics": False,
                "topics": {
                    "articles": existing.articles_topic,
                    "feed_state": existing.feed_state_topic,
                    "dead_letters": existing.dead_letters_topic,
                },
                "security": {
                    "protocol": "SASL_SSL",
                    "mechanism": "OAUTHBEARER",
                    "token_file": str(settings.security["sasl_oauth_token_provider"]._path),
                    "ca_file": str(authority.path),
                },
            }
        path = tmp_path / f"{uuid4().hex}.yaml"
        path.write_text(json.dumps(config))
        return path

    return write


def said(*arguments: str | Path) -> str:
    """What a command says that is to succeed."""
    done = run_cli(*map(str, arguments))
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.mark.long
def test_the_commands_need_no_more_than_the_documented_rights(
    existing: KafkaSettings, write_config: Callable[[Sequence[Right] | None], Path], tmp_path: Path
) -> None:
    """From a file to Kafka, a look at what is there, a backup and back, more shards, and a replay."""
    said("run", "--once", "-c", write_config(None))
    operator, letters, states = map(write_config, (OPERATOR, LETTERS, STATES))

    assert "1 article, 1 dead letter and 1 feed state published" in said("forward", "-c", operator)
    [letter] = map(json.loads, said("dlq", "list", "-c", letters).splitlines())
    assert "empty_entry" in said("dlq", "show", letter["id"], "-c", letters)
    assert "feed" in said("state", "show", "feed", "-c", states)
    said("state", "export", "-c", states, "-o", tmp_path / "backup.jsonl")
    assert "1 there already" in said("state", "import", tmp_path / "backup.jsonl", "-c", operator)
    count = existing.partitions + 1
    assert f"{count} partitions" in said("state", "reshard", "--partitions", str(count), "-c", operator)
    assert "1 dead letter, 0 articles published" in said("dlq", "replay", "--all", "-c", operator)


@pytest.mark.parametrize("missing", [right for right in OPERATOR if str(right) not in map(str, RUN)], ids=str)
async def test_a_command_that_lacks_a_right_names_it(
    existing: KafkaSettings, write_config: Callable[[Sequence[Right] | None], Path], missing: Right
) -> None:
    """Those beyond what a worker needs."""
    if missing.operation == "Read":
        await work(existing)  # no right is needed to find that there is no dead letter
    config = write_config([right for right in OPERATOR if right != missing])
    command = {
        "Alter": ("state", "reshard", "--partitions", str(existing.partitions + 1)),
        "Read": ("dlq", "replay", "--all"),
        "Write": ("state", "reshard", "--partitions", str(existing.partitions + 1)),
    }[missing.operation]

    done = await asyncio.to_thread(run_cli, *command, "-c", str(config))

    assert done.returncode == 1
    line = done.stderr.splitlines()[-1]
    assert re.search(rf"\b{missing.operation}\b", line)
    assert name_in(existing, missing) in line
