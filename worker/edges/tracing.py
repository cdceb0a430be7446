"""Traces by OpenTelemetry, an extra (`pip install 'dateline[otel]'`): without it this module cannot be imported.

What a poll needs is wrapped from outside: a worker without tracing runs none of this. Attributes name feeds and hosts,
never an address: private feeds have secrets in theirs. No server is told of a trace, only our own collector and
topics are.
"""

from __future__ import annotations

import threading
import time
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span, SpanKind, StatusCode, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from worker.model.children import ChildFailed
from worker.model.errors import DatelineError
from worker.model.fetch import FetchFailure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from opentelemetry.trace import Tracer

    from worker.model.event import Batch, PollReport
    from worker.model.fetch import Fetched, Request
    from worker.model.shards import Restored
    from worker.ports import Conversation, Fetcher, Ledger, NextHop, Readers

_EXPORT_SECONDS = 5.0
# What a reader is asked for, in the words of docs/architecture.md.
_READING = {"begin": "read", "settle": "extract", "digest": "read page"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TracingSettings:
    """Where spans go (OTLP over HTTP, the whole URL), and the share of polls, 0 to 1, whose spans do."""

    endpoint: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    sample_ratio: float = 1.0
    service: str
    instance: str
    version: str


class OtelTracing:
    """Implements `worker.ports.Tracing`, and wraps the edges whose work has spans of its own."""

    def __init__(self, settings: TracingSettings) -> None:
        exporter = OTLPSpanExporter(
            endpoint=settings.endpoint, headers=dict(settings.headers) or None, timeout=_EXPORT_SECONDS
        )
        resource = Resource.create(
            {
                "service.name": settings.service,
                "service.instance.id": settings.instance,
                "service.version": settings.version,
            }
        )
        sampler = ParentBased(TraceIdRatioBased(settings.sample_ratio))
        self._provider = TracerProvider(sampler=sampler, resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("dateline", settings.version)

    @contextmanager
    def poll(self, feed_id: str) -> Iterator[PollTrace]:
        """A trace of its own, until the context ends. What is logged meanwhile has its id."""
        with self._tracer.start_as_current_span(
            "poll", attributes={"dateline.feed.id": feed_id}, record_exception=False, set_status_on_exception=False
        ) as span:
            trace = PollTrace(span)
            with structlog.contextvars.bound_contextvars(trace_id=trace.traceparent.split("-")[1]):
                yield trace

    def fetcher(self, fetcher: Fetcher) -> Fetcher:
        """The same, with a span for each request that a poll makes."""
        return _TracedFetcher(fetcher, self._tracer)

    def readers(self, readers: Readers) -> Readers:
        """The same, with a span for each call."""
        return _TracedReaders(readers, self._tracer)

    def ledger(self, ledger: Ledger) -> Ledger:
        """The same, with a span in each poll's trace for the commit that writes its batch."""
        return _TracedLedger(ledger, self._tracer)

    def close(self) -> None:
        """Send what waits, within a few seconds, or give it up."""
        sending = threading.Thread(target=self._provider.shutdown, name="traces", daemon=True)
        sending.start()
        sending.join(_EXPORT_SECONDS)


class PollTrace:
    """Implements `worker.ports.Trace`."""

    def __init__(self, span: Span) -> None:
        self._span = span
        carrier: dict[str, str] = {}
        TraceContextTextMapPropagator().inject(carrier)
        self.traceparent = carrier["traceparent"]

    def finished(self, report: PollReport) -> None:
        """What the poll came to."""
        self._span.set_attribute("dateline.outcome", report.outcome)
        for name in ("entries", "published", "revised", "withdrawn", "rejected"):
            self._span.set_attribute(f"dateline.{name}", getattr(report, name))
        if report.reason is not None:
            self._span.set_attribute("dateline.reason", report.reason)


class _TracedFetcher:
    def __init__(self, fetcher: Fetcher, tracer: Tracer) -> None:
        self._fetcher = fetcher
        self._tracer = tracer

    async def fetch(self, request: Request, hop: NextHop | None = None) -> Fetched:
        if not get_current_span().get_span_context().is_valid:
            return await self._fetcher.fetch(request, hop)  # for no poll: a hub was asked
        with self._tracer.start_as_current_span(
            "fetch",
            kind=SpanKind.CLIENT,
            attributes={
                "dateline.document": request.kind,
                "http.request.method": "GET",
                "server.address": _host(request.url),
            },
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            fetched = await self._fetcher.fetch(request, hop)
            if isinstance(fetched, FetchFailure):
                _failed(span, fetched.kind)
            else:
                span.set_attribute("http.response.status_code", fetched.status)
                span.set_attribute("http.response.body.size", len(fetched.body))
                if fetched.status >= 400:
                    _failed(span, str(fetched.status))
            return fetched

    async def close(self) -> None:
        await self._fetcher.close()


class _TracedReaders:
    def __init__(self, readers: Readers, tracer: Tracer) -> None:
        self._readers = readers
        self._tracer = tracer

    def session(self) -> AbstractAsyncContextManager[Conversation]:
        return self._traced()

    @asynccontextmanager
    async def _traced(self) -> AsyncIterator[Conversation]:
        async with self._readers.session() as reading:
            yield _TracedConversation(reading, self._tracer)


class _TracedConversation:
    def __init__(self, reading: Conversation, tracer: Tracer) -> None:
        self._reading = reading
        self._tracer = tracer

    async def call(self, method: str, *args: object) -> object:
        with self._tracer.start_as_current_span(
            _READING.get(method, method), record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                return await self._reading.call(method, *args)
            except ChildFailed as error:
                _failed(span, error.kind)
                raise


class _TracedLedger:
    def __init__(self, ledger: Ledger, tracer: Tracer) -> None:
        self._ledger = ledger
        self._tracer = tracer

    async def open(self) -> None:
        await self._ledger.open()

    async def restore(self) -> Restored:
        return await self._ledger.restore()

    async def moving(self) -> frozenset[int]:
        return await self._ledger.moving()

    async def commit(self, batches: Sequence[Batch]) -> None:
        began_ns, problem = time.time_ns(), None
        try:
            await self._ledger.commit(batches)
        except DatelineError as error:
            problem = type(error).__name__
            raise
        finally:
            for batch in batches:
                self._tell(batch, began_ns, problem, polls=len(batches))

    async def ping(self) -> bool:
        return await self._ledger.ping()

    async def close(self) -> None:
        await self._ledger.close()

    def _tell(self, batch: Batch, began_ns: int, problem: str | None, *, polls: int) -> None:
        """One commit writes many polls: each trace gets a span of it."""
        if batch.traceparent is None:
            return
        parent = TraceContextTextMapPropagator().extract({"traceparent": batch.traceparent})
        attributes = {"dateline.events": len(batch.events), "dateline.polls": polls}
        span = self._tracer.start_span("commit", context=parent, start_time=began_ns, attributes=attributes)
        if problem is not None:
            _failed(span, problem)
        span.end()


def _host(url: str) -> str:
    """The host of a URL that may not even be one; ASCII, as one odd span would cost all that travel with it."""
    try:
        return (urlsplit(url).hostname or "").encode("ascii", "replace").decode()
    except ValueError:
        return ""


def _failed(span: Span, kind: str) -> None:
    # No description and no exception: they repeat what strangers wrote.
    span.set_attribute("error.type", kind)
    span.set_status(StatusCode.ERROR)
