"""The network part of one client of kafka-python 3.0.12, with five things mended.

A constructor that fails does not close it; it forgets why a connection failed; it drops what a broker said last
when that and the end of the connection arrive together, which is how a broker says that it does not let us in;
`retry_backoff_ms` does not reach the part that asks for metadata; and a connection stays open that has something to
send when all is closed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kafka.net.compat import KafkaNetClient

if TYPE_CHECKING:
    from collections.abc import Callable


class Network:
    """Makes the network part, and keeps hold of it.

    Args:
        is_final: Whether it is of no use to try again after such a failure. Else the brokers that we were told of
            at first are tried until their time is over.
    """

    def __init__(self, is_final: Callable[[Exception], bool]) -> None:
        self.failure: Exception | None = None
        """Why the last connection failed."""
        self._is_final = is_final
        self._client: Any = None

    def __call__(self, **options: Any) -> Any:
        """What kafka-python calls to have it made."""
        self._client = KafkaNetClient(**options)
        manager = self._client._manager  # noqa: SLF001 - the only place that sees why a connection failed
        manager.cluster.config["retry_backoff_ms"] = options["retry_backoff_ms"]
        get_connection, build_transport = manager.get_connection, manager._build_transport  # noqa: SLF001 - as above

        def get_watched_connection(node_id: Any, *args: Any, **kwargs: Any) -> Any:
            if self.failure and self._is_final(self.failure) and manager.cluster.is_bootstrap(node_id):
                raise self.failure
            connection = get_connection(node_id, *args, **kwargs)
            if not connection.init_future.is_done:
                connection.init_future.add_errback(self._note)
            return connection

        async def build_patient_transport(*args: Any, **kwargs: Any) -> Any:
            return _closing(_patient(await build_transport(*args, **kwargs)), manager)

        manager.get_connection = get_watched_connection
        manager._build_transport = build_patient_transport  # noqa: SLF001 - as above
        return self._client

    def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            self._client.close()

    def _note(self, error: Exception) -> None:
        self.failure = error


def _patient(transport: Any) -> Any:
    """Have a transport hand over what it received before it says that the connection ended."""
    receive = transport._sock_recv  # noqa: SLF001 - as above
    ended: Exception | None = None

    def receive_first() -> tuple[bytes, Exception | None]:
        nonlocal ended
        if ended is not None:
            return b"", ended
        received, ended = receive()
        return received, None if received else ended

    transport._sock_recv = receive_first  # noqa: SLF001 - as above
    return transport


def _closing(transport: Any, manager: Any) -> Any:
    """Have a transport drop what is not sent when its manager closes: nobody would send it any more."""
    close = transport.close

    def close_at_once() -> None:
        if manager.closed:
            transport._write_buffer.clear()  # noqa: SLF001 - as above
        close()

    transport.close = close_at_once
    return transport
