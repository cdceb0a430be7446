"""A proxy between a client and one Kafka broker that loses, holds back and delays single requests and answers.

It reads the frames of Kafka's protocol (https://kafka.apache.org/protocol): a length of four bytes, then the key and
the version of an API and a correlation id. Answers come in the order of the requests, with the same id. The broker
must advertise the proxy's port (`tests.integration.cluster.Listener.advertised_ports`), else clients go round it.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
import threading
from dataclasses import dataclass, field
from enum import Enum, IntEnum, auto
from io import BytesIO
from typing import TYPE_CHECKING, Self

from worker.edges.broker import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

_MAX_FRAME_BYTES = 64 * 1024 * 1024
_STOP_SECONDS = 10.0
_ANSWER_SECONDS = 20.0


class Api(IntEnum):
    """Keys of those APIs that tests interfere with."""

    PRODUCE = 0
    FETCH = 1
    LIST_OFFSETS = 2
    METADATA = 3
    OFFSET_FETCH = 9
    FIND_COORDINATOR = 10
    JOIN_GROUP = 11
    HEARTBEAT = 12
    LEAVE_GROUP = 13
    SYNC_GROUP = 14
    INIT_PRODUCER_ID = 22
    ADD_PARTITIONS_TO_TXN = 24
    ADD_OFFSETS_TO_TXN = 25
    END_TXN = 26
    DESCRIBE_TRANSACTIONS = 65
    TXN_OFFSET_COMMIT = 28


class Fault(Enum):
    """What happens to a request."""

    DROP = auto()
    """It is lost; the connection goes on."""
    LOSE_ANSWER = auto()
    """The broker gets it, the answer is lost; the connection goes on."""
    CUT = auto()
    """It is lost with its connection."""
    CUT_BEFORE_ANSWER = auto()
    """The broker gets it and answers; then the connection is cut, and the answer is lost."""
    HOLD = auto()
    """The connection is cut; the broker gets the request when `Rule.release` is called."""
    DELAY = auto()
    """It and what follows on its connection arrive late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A request that went by."""

    api: int
    version: int
    correlation_id: int
    client_id: str
    topics: tuple[str, ...]
    """Where it writes to; empty for what is not Produce."""


@dataclass(slots=True, kw_only=True)
class Rule:
    """What happens to the next requests of one API, or of any. Made by `Proxy.add`."""

    proxy: Proxy = field(repr=False)
    api: Api | None
    fault: Fault
    topic: str | None
    matches: Callable[[Sent], bool] | None
    times: int | None
    delay_seconds: float
    hits: list[Sent] = field(default_factory=list)
    hit: threading.Event = field(default_factory=threading.Event)
    """Is set once the rule was applied."""
    held: list[_Held] = field(default_factory=list, repr=False)

    def takes(self, request: Sent) -> bool:
        """Whether the rule applies; if so, that counts."""
        if self.api not in (None, request.api) or (self.topic is not None and self.topic not in request.topics):
            return False
        if (self.matches is not None and not self.matches(request)) or len(self.hits) == self.times:
            return False
        self.hits.append(request)
        self.hit.set()
        return True

    def release(self) -> None:
        """Let what is held go on to the broker, and return when the broker has answered."""
        self.proxy.run(self._release())

    def remove(self) -> None:
        """Have it apply no more."""
        self.proxy.rules.remove(self)

    async def _release(self) -> None:
        while self.held:
            await self.held.pop(0).release()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A request, and the connection on which it is still to arrive."""

    frame: bytes
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def release(self) -> None:
        self.writer.write(self.frame)
        await asyncio.wait_for(_read_frame(self.reader), _ANSWER_SECONDS)
        self.writer.close()


class Proxy:
    """Listens on 127.0.0.1, in a thread of its own, while it is used as a context."""

    def __init__(self, port: int | None = None) -> None:
        self.port = port or free_port()
        self.upstream_port = 0
        """Where the broker is. May be set later than the proxy starts, and anew."""
        self.rules: list[Rule] = []
        """The first that takes a request decides."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy-{self.port}", daemon=True)
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        self.run(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_STOP_SECONDS)
        self._loop.close()

    def add(
        self,
        api: Api | None,
        fault: Fault,
        *,
        topic: str | None = None,
        matches: Callable[[Sent], bool] | None = None,
        times: int | None = None,
        delay_seconds: float = 0.0,
    ) -> Rule:
        """Interfere from now on.

        Args:
            api: With which requests; None for all.
            fault: How.
            topic: Only those Produce requests that write to this topic, too.
            matches: Only those for which this is true.
            times: With so many at most.
            delay_seconds: For how long, with `Fault.DELAY`.
        """
        rule = Rule(
            proxy=self, api=api, fault=fault, topic=topic, matches=matches, times=times, delay_seconds=delay_seconds
        )
        self.rules.append(rule)
        return rule

    def cut(self) -> None:
        """Cut all connections; new ones are taken."""
        self.run(self._cut())

    def run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Do something on the proxy's thread, from another one."""
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(_STOP_SECONDS + _ANSWER_SECONDS)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)

    async def _end(self) -> None:
        assert self._server is not None
        self._server.close()
        for rule in self.rules:
            for held in rule.held:
                held.writer.close()
        await self._cut()
        await self._loop.shutdown_asyncgens()

    async def _cut(self) -> None:
        connections = tuple(self._connections)
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            upstream = await asyncio.open_connection("127.0.0.1", self.upstream_port)
        except OSError:
            writer.close()  # as the broker itself would refuse
        else:
            await _Connection(self.rules, (reader, writer), upstream).serve()
        finally:
            self._connections.discard(task)


class _Connection:
    """One connection of a client, and the one to the broker that belongs to it."""

    def __init__(
        self,
        rules: list[Rule],
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        broker: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self._rules = rules
        self._from_client, self._to_client = client
        self._from_broker, self._to_broker = broker
        self._lost_answers: dict[int, Fault] = {}
        self._keep_broker = False

    async def serve(self) -> None:
        """Return when either side has ended."""
        both = [asyncio.ensure_future(self._requests()), asyncio.ensure_future(self._answers())]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            pass  # cut
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            # Abort, not close: a network that breaks delivers nothing that was still to be sent.
            self._to_client.transport.abort()
            if not self._keep_broker:
                self._to_broker.close()

    async def _requests(self) -> None:
        while (frame := await _read_frame(self._from_client)) is not None:
            request = parse(frame)
            rule = next((rule for rule in tuple(self._rules) if rule.takes(request)), None)
            match rule.fault if rule else None:
                case Fault.DROP:
                    continue
                case Fault.CUT:
                    return
                case Fault.HOLD if rule:
                    self._keep_broker = True
                    rule.held.append(_Held(frame=frame, reader=self._from_broker, writer=self._to_broker))
                    return
                case Fault.DELAY if rule:
                    await asyncio.sleep(rule.delay_seconds)
                case Fault.LOSE_ANSWER | Fault.CUT_BEFORE_ANSWER if rule:
                    self._lost_answers[request.correlation_id] = rule.fault
            self._to_broker.write(frame)
            await self._to_broker.drain()

    async def _answers(self) -> None:
        while (frame := await _read_frame(self._from_broker)) is not None:
            fault = self._lost_answers.pop(struct.unpack_from(">i", frame, 4)[0], None)
            if fault is Fault.CUT_BEFORE_ANSWER:
                return
            if fault is None:
                self._to_client.write(frame)
                await self._to_client.drain()


async def _read_frame(reader: asyncio.StreamReader) -> bytes | None:
    """A frame with its length; None when the connection ended."""
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        head = await reader.readexactly(4)
        size = struct.unpack(">i", head)[0]
        assert 0 < size < _MAX_FRAME_BYTES, f"not Kafka's protocol: a frame of {size} bytes"
        return head + await reader.readexactly(size)
    return None


def parse(frame: bytes) -> Sent:
    """What a frame asks for."""
    body = BytesIO(frame[4:])
    api, version, correlation_id, size = struct.unpack(">hhih", body.read(10))
    client_id = body.read(max(0, size)).decode()
    # From version 13 on topics have no names but ids (KIP-516).
    topics = tuple(_produce_topics(body, flexible=version >= 9)) if api == Api.PRODUCE and version < 13 else ()
    return Sent(api=api, version=version, correlation_id=correlation_id, client_id=client_id, topics=topics)


def _produce_topics(body: BytesIO, *, flexible: bool) -> list[str]:
    """The topics of a Produce request. From version 9 on it is in the compact form of KIP-482."""
    if flexible:
        _skip_tags(body)
    body.read(_size(body, 2, flexible=flexible))  # the transactional id
    body.read(6)  # acks and timeout
    topics = []
    for _ in range(_size(body, 4, flexible=flexible)):
        topics.append(body.read(_size(body, 2, flexible=flexible)).decode())
        for _ in range(_size(body, 4, flexible=flexible)):
            body.read(4)  # the partition
            body.seek(_size(body, 4, flexible=flexible), 1)  # the records
            if flexible:
                _skip_tags(body)
        if flexible:
            _skip_tags(body)
    return topics


def _size(body: BytesIO, width: int, *, flexible: bool) -> int:
    """The length of what follows; 0 for null."""
    if flexible:
        return max(0, _varint(body) - 1)
    return max(0, int.from_bytes(body.read(width), "big", signed=True))


def _varint(body: BytesIO) -> int:
    value = shift = 0
    while True:
        [byte] = body.read(1)
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value
        shift += 7


def _skip_tags(body: BytesIO) -> None:
    for _ in range(_varint(body)):
        _varint(body)
        body.seek(_varint(body), 1)
