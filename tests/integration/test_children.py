from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from tests.integration.harness import until
from worker.edges.child_main import REPLY, RESULT
from worker.edges.children import Children, Conversation
from worker.model.children import ChildError, ChildFailed
from worker.model.errors import Stop
from worker.model.feed import Feed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TASKS = "tests.integration.child_tasks"
# Long enough for an answer on a busy machine; what is stuck takes this long.
DEADLINE_SECONDS = 2.0

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits and /proc are those of Linux")


@asynccontextmanager
async def children(*, count: int = 1, task: str = "Work", **more: Any) -> AsyncIterator[tuple[Children, list[str]]]:
    """A running pool, and why its children were replaced. It leaves no process behind."""
    replaced: list[str] = []
    settings = {"preload": f"{TASKS}:load", "deadline_seconds": DEADLINE_SECONDS, "memory_bytes": 64 * 2**20, **more}
    pool = Children(f"{TASKS}:{task}", count=count, replaced=replaced.append, **settings)
    await pool.start()
    mine = psutil.Process().children(recursive=True)
    try:
        yield pool, replaced
    finally:
        await pool.close()
        assert not [process for process in mine if alive(process.pid)]


async def ask(pool: Children, method: str, *args: object) -> Any:
    async with pool.session() as conversation:
        return await conversation.call(method, *args)


async def failure(pool: Children, method: str, *args: object) -> ChildFailed:
    with pytest.raises(ChildFailed) as caught:
        await ask(pool, method, *args)
    return caught.value


async def error(conversation: Conversation, method: str, *args: object) -> ChildError:
    with pytest.raises(ChildError) as caught:
        await conversation.call(method, *args)
    return caught.value


def alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


async def test_a_call_is_answered_from_another_process():
    async with children() as (pool, replaced):
        assert await ask(pool, "pid") not in {os.getpid(), None}
        assert await ask(pool, "echo", {"a": (1, b"\x00", None)}) == {"a": (1, b"\x00", None)}
        assert replaced == []


async def test_types_of_the_model_go_both_ways():
    feed = Feed(
        id="a",
        url="https://a.example/",
        shard_key="a.example",
        interval_seconds=1,
        min_interval_seconds=1,
        max_interval_seconds=1,
    )
    async with children() as (pool, _):
        assert await ask(pool, "feed", feed) == feed


async def test_a_document_of_megabytes_goes_both_ways():
    document = os.urandom(5 * 2**20)
    async with children() as (pool, _):
        assert await ask(pool, "echo", document) == document


async def test_a_conversation_has_an_object_of_its_own():
    async with children() as (pool, _):
        async with pool.session() as conversation:
            assert [await conversation.call("count") for _ in range(3)] == [1, 2, 3]
        assert await ask(pool, "count") == 1


async def test_what_all_need_is_loaded_once_and_not_in_the_worker():
    async with children(count=2) as (pool, _):
        async with pool.session() as one, pool.session() as other:
            answers = [await one.call("loaded"), await other.call("loaded")]
            assert await one.call("pid") != await other.call("pid")
        template = psutil.Process().children()[0].pid
        assert answers == [([template], template)] * 2
    assert TASKS not in sys.modules


async def test_a_child_has_little_of_its_surroundings(monkeypatch):
    monkeypatch.setenv("DATELINE_KAFKA__SECURITY__PASSWORD", "secret")
    async with children() as (pool, _):
        found = await ask(pool, "surroundings")
    assert not [name for name in found["environment"] if name.startswith("DATELINE")]
    assert found["input"] == ""
    assert found["output"] == ["/dev/null", "/dev/null"]
    # Standard streams, the connection, and the listing itself.
    assert found["open"] == 5
    assert (found["core"], found["file"], found["processes"]) == ((0, 0), (0, 0), (0, 0))
    # Two seconds for the call, one for rounding, one of grace.
    assert found["cpu"] in {3, 4}
    assert found["oom"].strip() == "1000"


@pytest.mark.parametrize("method", ["loop", "backtrack"])
async def test_a_call_without_end_is_ended(method):
    async with children() as (pool, replaced):
        pid = await ask(pool, "pid")
        began = time.monotonic()
        async with pool.session() as conversation:
            with pytest.raises(ChildFailed, match=f"{method}: no end after 2 s") as caught:
                await conversation.call(method)
            took_seconds = time.monotonic() - began
            # Others need not wait until this conversation has ended.
            assert await ask(pool, "pid") != pid
            with pytest.raises(ChildFailed, match="no end after 2 s"):
                await conversation.call("pid")
        assert caught.value.kind == "deadline"
        assert took_seconds < DEADLINE_SECONDS + 1
        assert not alive(pid)
        assert replaced == ["deadline"]


async def test_waiting_for_a_free_child_is_not_counted():
    """Four calls of one second each in one child, which has two seconds for each call."""
    async with children() as (pool, replaced):
        answers = await asyncio.gather(*(ask(pool, "sleep", 1.0) for _ in range(4)))
        assert len(set(answers)) == 1
        assert replaced == []


@pytest.mark.parametrize(
    "method", ["one_large_block", "many_small_blocks", "memory_error_behind_another", "expat_has_no_memory"]
)
async def test_a_want_of_memory_is_named_as_such(method):
    async with children(deadline_seconds=20.0) as (pool, replaced):
        failed = await failure(pool, method)
        assert (failed.kind, failed.detail) == ("memory", f"{method}: no more memory to be had")
        assert await ask(pool, "count") == 1
        assert replaced == ["memory"]


async def test_memory_is_counted_beyond_what_was_loaded():
    async with children(memory_bytes=64 * 2**20) as (pool, _):
        assert await ask(pool, "take", 48 * 2**20) == 48 * 2**20
        assert (await failure(pool, "take", 80 * 2**20)).kind == "memory"


@pytest.mark.parametrize(
    ("method", "argument", "kind", "detail"),
    [
        ("exit", 3, "crashed", "exit: ended with 3"),
        ("exit", 0, "crashed", "exit: ended with 0"),
        ("kill", signal.SIGABRT, "crashed", "kill: ended by signal 6 (Aborted)"),
        ("kill", 40, "crashed", "kill: ended by signal 40 (Real-time signal 6)"),
        # What the kernel sends when the machine has no more memory, and when the processor time is used up.
        ("kill", signal.SIGKILL, "memory", "kill: killed by the system, for want of memory"),
        ("kill", signal.SIGXCPU, "deadline", "kill: no more processor time"),
    ],
)
async def test_how_a_child_ended_is_told(method, argument, kind, detail):
    async with children() as (pool, replaced):
        failed = await failure(pool, method, int(argument))
        assert (failed.kind, failed.detail) == (kind, detail)
        assert await ask(pool, "count") == 1
        assert replaced == [kind]


async def test_a_crash_in_a_library_costs_only_its_child():
    async with children(count=2) as (pool, replaced):
        async with pool.session() as conversation:
            await conversation.call("count")
            failed = await failure(pool, "segfault")
            assert (failed.kind, failed.detail) == ("crashed", "segfault: ended by signal 11 (Segmentation fault)")
            assert await conversation.call("count") == 2
        assert replaced == ["crashed"]


async def test_an_exception_is_raised_here_and_the_child_lives_on():
    async with children() as (pool, replaced):
        async with pool.session() as conversation:
            pid = await conversation.call("pid")
            caught = await error(conversation, "fail")
            assert str(caught) == "ValueError: no such thing\\ud800"
            assert 'in fail\n    raise ValueError("no such thing' in caught.traceback
            assert str(await error(conversation, "leave")) == "SystemExit: no way out"
            assert "has no attribute 'missing'" in str(await error(conversation, "missing"))
            assert "pickle" in str(await error(conversation, "unpicklable"))
            assert await conversation.call("pid") == pid
        assert replaced == []


async def test_an_object_that_cannot_be_made_is_an_exception_of_the_first_call():
    async with children(task="Unusable") as (pool, replaced):
        async with pool.session() as conversation:
            assert str(await error(conversation, "anything")) == "RuntimeError: cannot be made"
        assert replaced == []


async def test_a_reply_that_is_too_large_is_not_read():
    async with children(max_reply_bytes=2**20) as (pool, replaced):
        assert len(await ask(pool, "large", 2**20 - 100)) == 2**20 - 100
        failed = await failure(pool, "large", 2**20)
        assert failed.kind == "memory"
        assert failed.detail.endswith("more than 1048576")
        assert await ask(pool, "count") == 1
        assert replaced == ["memory"]


async def test_a_reply_cannot_name_code_to_run(tmp_path):
    async with children() as (pool, replaced):
        failed = await failure(pool, "hostile", str(tmp_path / "was_here"))
        assert (failed.kind, failed.detail) == (
            "crashed",
            "hostile: its reply is not accepted: posix.system is not accepted",
        )
        assert not (tmp_path / "was_here").exists()
        assert replaced == ["crashed"]


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (REPLY.pack(RESULT, 2**63), "memory"),
        (REPLY.pack(RESULT, 9) + b"no pickle", "crashed"),
        (REPLY.pack(RESULT, 0), "crashed"),
        (REPLY.pack(RESULT, 100) + b"half", "deadline"),
        (b"R", "deadline"),
    ],
)
async def test_a_reply_of_any_bytes_is_survived(sent, kind):
    async with children() as (pool, _):
        assert (await failure(pool, "hostile_bytes", sent)).kind == kind
        assert await ask(pool, "count") == 1


async def test_an_answer_that_nobody_asked_for_is_not_given_to_the_next():
    async with children() as (pool, replaced):
        assert await ask(pool, "unasked") == "done"
        await asyncio.sleep(0.5)  # what is to be seen is that nothing comes of it
        assert await ask(pool, "count") == 1
        assert len(replaced) == 1


async def test_what_a_document_makes_a_library_print_is_not_seen(capfd):
    async with children() as (pool, _):
        await ask(pool, "print", "hello")
    assert capfd.readouterr() == ("", "")


async def test_a_child_is_replaced_after_so_many_conversations():
    async with children(max_tasks=3) as (pool, replaced):
        pids = [await ask(pool, "pid") for _ in range(7)]
        assert [pids.index(pid) for pid in pids] == [0, 0, 0, 3, 3, 3, 6]
        assert replaced == ["retired", "retired"]


async def test_a_child_is_killed_when_nobody_waits_for_its_answer():
    async with children() as (pool, replaced):
        pid = await ask(pool, "pid")
        call = asyncio.create_task(ask(pool, "loop"))
        await asyncio.sleep(0.1)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert await ask(pool, "pid") != pid
        assert not alive(pid)
        assert replaced == ["cancelled"]


async def test_who_stops_waiting_for_a_free_child_costs_none():
    async with children() as (pool, replaced):
        async with pool.session() as conversation:
            waiting = asyncio.create_task(ask(pool, "pid"))
            await asyncio.sleep(0.05)
            waiting.cancel()
            pid = await conversation.call("pid")
        assert await ask(pool, "pid") == pid
        assert replaced == []


async def _broken_off(pool: Children) -> None:
    async with pool.session() as conversation:
        await conversation.call("count")
        raise KeyError


async def test_an_error_between_calls_leaves_the_child_to_others():
    async with children() as (pool, replaced):
        pid = await ask(pool, "pid")
        with pytest.raises(KeyError):
            await _broken_off(pool)
        assert await ask(pool, "pid") == pid
        assert replaced == []


async def test_children_work_side_by_side():
    async with children(count=3) as (pool, _):
        began = time.monotonic()
        pids = await asyncio.gather(*(ask(pool, "sleep", 1.0) for _ in range(3)))
        assert len(set(pids)) == 3
        assert time.monotonic() - began < 2


async def test_quick_conversations_are_answered_beside_two_that_are_stuck():
    async with children(count=4, deadline_seconds=5.0) as (pool, replaced):
        stuck = [asyncio.create_task(failure(pool, "loop")) for _ in range(2)]
        await asyncio.sleep(0.1)
        answers = await asyncio.gather(*(ask(pool, "echo", number) for number in range(50)))
        assert answers == list(range(50))
        assert not any(task.done() for task in stuck)
        assert [failed.kind for failed in await asyncio.gather(*stuck)] == ["deadline", "deadline"]
        assert replaced == ["deadline", "deadline"]


async def test_a_child_that_was_killed_while_idle_is_not_used():
    async with children() as (pool, replaced):
        pid = await ask(pool, "pid")
        os.kill(pid, signal.SIGKILL)
        until(lambda: not alive(pid))
        assert await ask(pool, "pid") != pid
        assert replaced == ["memory"]


async def test_signals_of_the_terminal_and_of_the_service_manager_are_for_the_worker():
    async with children() as (pool, replaced):
        async with pool.session() as conversation:
            template = psutil.Process().children()[0].pid
            pid = await conversation.call("pid")
            assert isinstance(pid, int)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                os.kill(template, number)
                os.kill(pid, number)
            assert await conversation.call("pid") == pid
        assert os.getpgid(template) != os.getpgid(0)
        assert replaced == []


async def test_the_pool_goes_on_when_its_template_dies():
    async with children(count=2) as (pool, replaced):
        template = psutil.Process().children()[0]
        busy = asyncio.create_task(failure(pool, "loop"))
        await asyncio.sleep(0.1)
        before = {process.pid for process in template.children()}
        template.kill()
        failed = await busy
        assert (failed.kind, failed.detail) == ("crashed", "loop: its template process ended")
        pids = set(await asyncio.gather(*(ask(pool, "sleep", 0.2) for _ in range(2))))
        assert len(pids) == 2
        assert not pids & before
        assert not [pid for pid in before if alive(pid)]
        assert sorted(replaced) == ["crashed", "crashed", "template"]


@pytest.mark.parametrize(
    ("factory", "preload", "problem"),
    [
        ("tests.integration.missing:Work", None, "ModuleNotFoundError: No module named 'tests.integration.missing'"),
        (f"{TASKS}:Missing", None, f"AttributeError: module '{TASKS}' has no attribute 'Missing'"),
        (f"{TASKS}:Work", f"{TASKS}:fail_to_load", "ValueError: the lexicon is damaged"),
        (f"{TASKS}:Work", f"{TASKS}:die_while_loading", "ended with 7"),
    ],
)
async def test_what_cannot_be_loaded_stops_the_worker_with_one_line(factory, preload, problem):
    pool = Children(factory, preload=preload, count=1, deadline_seconds=1.0, memory_bytes=2**26)
    with pytest.raises(Stop) as caught:
        await pool.start()
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)
    await pool.close()
    assert psutil.Process().children() == []


async def test_children_that_cannot_be_limited_stop_the_worker():
    """No system has a number for so much memory."""
    pool = Children(f"{TASKS}:Work", preload=None, count=2, deadline_seconds=1.0, memory_bytes=2**70)
    with pytest.raises(Stop, match=r"cannot start 2 processes .*: a child could not be limited: ended with 1"):
        await pool.start()
    assert psutil.Process().children() == []


async def test_closing_ends_what_is_stuck():
    """That no process is left is checked as the pool ends."""
    async with children(count=2) as (pool, _):
        stuck = asyncio.create_task(failure(pool, "loop"))
        await asyncio.sleep(0.1)
        waiting = [asyncio.create_task(failure(pool, "loop")) for _ in range(3)]
        began = time.monotonic()
        await pool.close()
        assert [(await task).kind for task in waiting] == ["crashed"] * 3
        assert (await stuck).kind == "crashed"
        assert time.monotonic() - began < DEADLINE_SECONDS


WORKER = f"""
import asyncio
from worker.edges.children import Children

async def main():
    pool = Children("{TASKS}:Work", preload=None, count=3, deadline_seconds=60.0, memory_bytes=2**26)
    await pool.start()
    async with pool.session() as idle, pool.session() as busy:
        await idle.call("pid")
        call = asyncio.create_task(busy.call("loop"))
        await asyncio.sleep(0.1)
        print("ready", flush=True)
        await call

asyncio.run(main())
"""


def test_no_process_survives_the_worker():
    """Killed with SIGKILL, while one child is busy, one in a conversation and one free."""
    worker = subprocess.Popen([sys.executable, "-c", WORKER], stdout=subprocess.PIPE)
    with worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"ready\n"
        started = psutil.Process(worker.pid).children(recursive=True)
        worker.kill()
    assert len(started) == 4
    until(lambda: not any(alive(process.pid) for process in started))


def test_a_ctrl_c_is_for_the_worker_to_answer():
    """As from a terminal: SIGINT to the whole foreground group. The children die because the worker ends."""
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER], stdout=subprocess.PIPE, stderr=subprocess.PIPE, process_group=0
    )
    with worker:
        assert worker.stdout is not None
        assert worker.stderr is not None
        assert worker.stdout.readline() == b"ready\n"
        started = psutil.Process(worker.pid).children(recursive=True)
        os.killpg(worker.pid, signal.SIGINT)
        said = worker.stderr.read()
        # Its own, and nothing of the template or the children.
        assert said.count(b"Traceback") == 2, said.decode()
        assert said.endswith(b"\nKeyboardInterrupt\n")
    until(lambda: not any(alive(process.pid) for process in started))
