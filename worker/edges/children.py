"""Child processes that can be killed: where documents of strangers are parsed.

A document can make a parser run for hours, take all memory or crash (measured: 32 KB are enough for the first). In a
child of its own it costs that child only: the worker kills it when its time is up, and forks another from a template
process, in milliseconds.

Not a sandbox: a child runs as the worker's user. What it replies is not believed either (`child_reply`).
"""

from __future__ import annotations

import asyncio
import contextlib
import pickle
import time
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from worker.edges.child import Child, TooLargeError, explained
from worker.edges.child_main import RESULT
from worker.edges.child_reply import read_reply
from worker.edges.child_template import TemplateGone, Work, start_template
from worker.model.children import ChildError, ChildFailed
from worker.model.errors import Stop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

    from worker.edges.child_launch import Launched
    from worker.edges.child_template import Template
    from worker.model.children import ChildFailure

_T = TypeVar("_T")

MODEL = frozenset({"worker.model."})

_RETRY_SECONDS = 1.0
# What is told of an error holds words of the document.
_TRACEBACK_BYTES = 20_000
_WORDS_CHARACTERS = 200


class Children:
    """A pool of child processes.

    Args:
        factory: what a conversation talks to, as an import path such as `package.module:Class`: each conversation has
            an object of its own, made without arguments.
        preload: the import path of a function that loads what all of them need. It is called once, in the template
            process: the memory is shared.
        count: how many children; as many documents are read side by side.
        deadline_seconds: how long one call may take. Waiting for a free child is not counted.
        memory_bytes: what one child may allocate beyond what was preloaded (Linux only).
        max_tasks: a child is replaced after so many conversations, as memory gets fragmented.
        max_reply_bytes: no reply may be larger.
        allowed: beginnings of the names of modules whose types may be replied; see `child_reply`.
        replaced: told each time a child is replaced, and why: deadline, memory, crashed, cancelled (nobody waits for
            the answer any longer), retired (`max_tasks`); and `template`, when that had to be started again.
        called: told of each call, however it ended: the method, and the seconds that it took.
        launched: the first template, if it was launched with the same factory and preload already.
    """

    def __init__(  # noqa: PLR0913 - the limits of a child
        self,
        factory: str,
        *,
        preload: str | None,
        count: int,
        deadline_seconds: float,
        memory_bytes: int,
        max_tasks: int = 200,
        max_reply_bytes: int = 64 * 2**20,
        allowed: frozenset[str] = MODEL,
        replaced: Callable[[str], None] = lambda _: None,
        called: Callable[[str, float], None] = lambda *_: None,
        launched: Launched | None = None,
    ) -> None:
        self.deadline_seconds = deadline_seconds
        self.max_reply_bytes = max_reply_bytes
        self.allowed = allowed
        self.called = called
        self._work = Work(
            factory=factory, preload=preload, memory_bytes=memory_bytes, deadline_seconds=deadline_seconds
        )
        self._count = count
        self._max_tasks = max_tasks
        self._replaced = replaced
        self._log = structlog.get_logger()
        self._launched = launched
        self._template: Template | None = None
        self._starting = asyncio.Lock()
        self._children: set[Child] = set()
        # The child that was used last is used next: its memory is warm. None says that there will be no more.
        self._free: asyncio.LifoQueue[Child | None] = asyncio.LifoQueue()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    async def start(self) -> None:
        """Start the template, which loads everything, and the children.

        Raises:
            Stop: if the factory or what is preloaded cannot be loaded, or the system has no room for the processes.
        """
        try:
            launched, self._launched = self._launched, None
            self._template = await start_template(self._work, ended=self._template_ended, launched=launched)
            for _ in range(self._count):
                self._free.put_nowait(await self._fork(self._template))
        except (OSError, TemplateGone) as error:
            await self.close()
            what = f"cannot start {self._count} processes to read documents in"
            raise Stop(f"{what}: {str(error) or 'their template has ended'}; allow the worker more") from error
        except BaseException:
            await self.close()
            raise

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[Conversation]:
        """A conversation with a fresh object, in the next child that is free.

        Raises:
            ChildFailed: the pool was closed.
        """
        child = await self._free_child()
        child.conversations += 1
        conversation = Conversation(self, child)
        try:
            yield conversation
        finally:
            if conversation.end():
                if child.conversations >= self._max_tasks:
                    self.replace(child, "retired")
                else:
                    self._free.put_nowait(child)

    async def close(self) -> None:
        """End all processes. Idempotent. Conversations that are open, or wait for a child, fail."""
        self._closed = True
        if self._launched is not None:
            self._launched.end()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._template is not None:
            await self._template.close()
        for child in self._children:
            child.hang_up()
        self._children.clear()
        self._free.put_nowait(None)

    def replace(self, child: Child, why: str | None) -> asyncio.Task[tuple[ChildFailure, str]]:
        """Kill a child and have another take its place; how it ended. Without `why` it has ended by itself."""
        if why is not None:
            self._replaced(why)
        return self._do(self._replace(child, why))

    async def _replace(self, child: Child, why: str | None) -> tuple[ChildFailure, str]:
        self._children.discard(child)
        child.hang_up()
        try:
            kind, detail = explained(await child.template.end(child.pid))
        except TemplateGone:
            kind, detail = "crashed", "its template process ended"
        if why is None:
            self._replaced(kind)
        self._do(self._fill())
        return kind, detail

    async def _fill(self) -> None:
        """Fork a child, as soon as that is possible."""
        while not self._closed:
            try:
                self._free.put_nowait(await self._fork(await self._running_template()))
            except (OSError, Stop, TemplateGone) as error:
                self._log.warning("child_not_started", detail=str(error) or "the template process ended")
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                return

    async def _running_template(self) -> Template:
        async with self._starting:
            if self._template is None or not self._template.running:
                self._template = await start_template(self._work, ended=self._template_ended)
            return self._template

    async def _fork(self, template: Template) -> Child:
        child = Child(template, *await template.fork())
        self._children.add(child)
        try:
            await child.greeting()
        except (OSError, EOFError) as error:
            self._children.discard(child)
            child.hang_up()
            _, how = explained(await template.end(child.pid))
            raise ChildProcessError(f"a child could not be limited: {how}") from error
        return child

    async def _free_child(self) -> Child:
        while (child := await self._free.get()) is not None:
            if child.is_quiet():
                return child
            self.replace(child, None)
        self._free.put_nowait(None)  # for the next one who waits
        raise ChildFailed("crashed", "the worker is stopping")

    def _template_ended(self) -> None:
        """The children have ended with it. Those that are busy are noticed by whoever talks to them."""
        if self._closed:
            return
        self._log.warning("child_template_ended")
        self._replaced("template")
        while not self._free.empty():
            if (child := self._free.get_nowait()) is not None:
                self.replace(child, None)

    def _do(self, work: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


class Conversation:
    """Calls to one object in a child, one at a time."""

    def __init__(self, pool: Children, child: Child) -> None:
        self._pool = pool
        self._child = child
        self._over: tuple[ChildFailure, str] | None = None

    async def call(self, method: str, *args: object) -> object:
        """Call a method of the object; what it returns. Arguments and result are pickled.

        Raises:
            ChildFailed: it took too long, took too much, or crashed. Further calls raise it again.
            ChildError: the method raised.
        """
        if self._over is not None:
            raise ChildFailed(*self._over)
        request = pickle.dumps((method, args), pickle.HIGHEST_PROTOCOL)
        began_seconds = time.monotonic()
        try:
            async with asyncio.timeout(self._pool.deadline_seconds):
                what, payload = await self._child.ask(request, max_reply_bytes=self._pool.max_reply_bytes)
        except TimeoutError:
            raise await self._failed("deadline", f"{method}: no end after {self._pool.deadline_seconds:g} s") from None
        except TooLargeError as error:
            raise await self._failed("memory", f"{method}: {error}") from None
        except (OSError, EOFError):
            raise await self._failed(None, method) from None
        except BaseException:
            # Cancelled: the child may be in the middle of it.
            self._over = ("crashed", "the call was cancelled")
            self._pool.replace(self._child, "cancelled")
            raise
        finally:
            self._pool.called(method, time.monotonic() - began_seconds)
        if what != RESULT:
            raise ChildError(payload[-_TRACEBACK_BYTES:].decode(errors="replace"))
        try:
            return read_reply(payload, allowed=self._pool.allowed)
        except Exception as error:  # noqa: BLE001 - bytes of a stranger: reading them may raise anything
            why = " ".join(str(error)[:_WORDS_CHARACTERS].split())
            raise await self._failed("crashed", f"{method}: its reply is not accepted: {why}") from None

    def end(self) -> bool:
        """End it; whether the child can be used again."""
        usable = self._over is None
        if usable:
            self._child.forget()
            self._over = ("crashed", "the conversation is over")
        return usable

    async def _failed(self, kind: ChildFailure | None, detail: str) -> ChildFailed:
        self._over = (kind or "crashed", detail)
        ended = self._pool.replace(self._child, kind)
        if kind is not None:
            return ChildFailed(kind, detail)
        found, how = await asyncio.shield(ended)
        self._over = (found, f"{detail}: {how}")
        return ChildFailed(*self._over)
