"""The gate: workers publish while they, the brokers and the network fail; then everything is counted."""

from __future__ import annotations

import contextlib
import heapq
import json
import random
import shutil
import threading
import time
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import TYPE_CHECKING, Any

from tests.chaos.group import Group
from tests.chaos.network import NETWORK_FAULTS
from tests.chaos.newsstand import Newsstand, last_editions
from tests.chaos.proxy import Proxy
from tests.chaos.report import Plan, Report
from tests.chaos.tally import Follower, judge, read_again
from tests.chaos.workers import Worker
from tests.integration.cluster import Cluster, Listener

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chaos.network import NetworkFault

SESSION_SECONDS = 6.0
TRANSACTION_SECONDS = 6.0
DELIVERY_SECONDS = 5.0

_PROXIED = "PROXIED"
_PARTITIONS = 12
_SETTLE_SECONDS = 90.0
_READY_SECONDS = 20.0
_END_SECONDS = 40.0
_CATCH_UP_SECONDS = 150.0
_STILL_SECONDS = 15.0
_GROUP_SECONDS = 60.0
_LOOK_SECONDS = 0.1
_MEASURE_SECONDS = 1.0
# So often the only worker is killed, to see what a restart takes when nothing else goes on.
_ALONE = 3
_PROGRESS_SECONDS = 10.0
_BROKER_PAUSE_SECONDS = 4.0
# A consumer is killed with each so many workers.
_CONSUMER_KILLED = 8
# What of the articles comes out while single requests are lost.
_NETWORK_SHARE = 0.2


def run(plan: Plan, progress: Callable[[str], None] = lambda _: None) -> Report:
    """Do all of it."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="chaos-")))
        proxy = stack.enter_context(Proxy())
        listener = Listener(name=_PROXIED, advertised_ports={1: proxy.port})
        cluster = stack.enter_context(Cluster(folder / "kafka", listeners=[listener]))
        proxy.upstream_port = cluster.port(_PROXIED)
        newsstand = stack.enter_context(Newsstand(feeds=plan.feeds, articles=plan.articles_each))
        gate = _Gate(plan=plan, folder=folder, cluster=cluster, proxy=proxy, newsstand=newsstand, progress=progress)
        stack.callback(gate.close)
        try:
            report = gate.run(stack)
        except BaseException:
            progress(f"logs: {_kept(folder)}")
            raise
        if report.violations():
            report.logs = _kept(folder)
        return report


def _kept(folder: Path) -> Path:
    """A copy of all logs, which stays."""
    logs = Path(mkdtemp(prefix="chaos-logs-"))
    for path in (*folder.glob("*.log"), *folder.glob("kafka/*/*.log")):
        shutil.copy(path, logs)
    return logs


class _Gate:
    def __init__(
        self,
        *,
        plan: Plan,
        folder: Path,
        cluster: Cluster,
        proxy: Proxy,
        newsstand: Newsstand,
        progress: Callable[[str], None],
    ) -> None:
        self._plan, self._cluster, self._proxy, self._newsstand = plan, cluster, proxy, newsstand
        self._progress = progress
        self._moments = random.Random(plan.seed)
        [direct], [proxied] = cluster.bootstrap(), cluster.bootstrap(_PROXIED)
        self._direct = direct
        self._config = _write_config(folder / "direct.yaml", direct, newsstand)
        self._proxied_config = _write_config(folder / "proxied.yaml", proxied, newsstand)
        self._workers = [
            Worker(name=f"w{number}", folder=folder, config=self._config, sabotage=plan.sabotage)
            for number in range(plan.workers)
        ]
        self._report = Report(
            plan=plan, done=dict.fromkeys(("kills", "zombies", "broker restarts", "consumers killed"), 0)
        )
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._outages: list[tuple[float, float]] = []
        self._broker: threading.Thread | None = None
        self._follower = Follower(direct, "chaos.articles")
        self._group = Group(direct, "chaos.articles", folder)
        self._released = 0.0
        self._began_seconds = time.monotonic()
        self._measured_seconds = self._told_seconds = 0.0

    def run(self, stack: contextlib.ExitStack) -> Report:
        self._settle()
        stack.enter_context(self._follower)
        stack.enter_context(self._group)
        share = 1.0 - _NETWORK_SHARE if self._plan.proxy else 1.0
        self._processes_fail(share)
        if self._plan.proxy:
            self._network_fails(share)
        self._catch_up()
        return self._count()

    def close(self) -> None:
        for worker in self._workers:
            worker.kill()
        if self._broker is not None:
            self._broker.join()

    def _settle(self) -> None:
        """One worker polls each feed for the first time, and is killed some times; then the others come."""
        first, *others = self._workers
        first.start()
        self._until(self._all_is_committed, "the first polls")
        first.restarts.clear()
        for _ in range(_ALONE):
            first.kill()
            first.start()
            self._until(lambda: first.working, "a commit of the only worker")
        self._report.restarts_alone = [*first.restarts]
        for worker in others:
            worker.start()
        self._until_all_commit()
        for worker in self._workers:
            worker.restarts.clear()
        self._progress(f"all {self._plan.feeds} feeds are known to {self._plan.workers} workers; now things fail")

    def _processes_fail(self, share: float) -> None:
        """Workers are killed and put to sleep, and the broker is started again, in a random order."""
        plan, done = self._plan, self._report.done
        faults = {"kills": self._kill, "zombies": self._put_to_sleep, "broker restarts": self._restart_broker}
        wanted = {"kills": plan.kills, "zombies": plan.zombies, "broker restarts": plan.broker_restarts}
        steps = [kind for kind, number in wanted.items() for _ in range(number)]
        self._moments.shuffle(steps)
        began = time.monotonic()
        for number, kind in enumerate(steps):
            due = began + plan.seconds * (number + self._moments.random()) / len(steps)
            out = share * (number + 1) / len(steps)
            while time.monotonic() < due:
                self._tick()
                self._release(min(out, share * (time.monotonic() - began) / plan.seconds))
            faults[kind]()
            self._release(out)
            done[kind] += 1
        while self._later or (self._broker is not None and self._broker.is_alive()):
            self._tick()

    def _kill(self) -> None:
        if self._report.done["kills"] % _CONSUMER_KILLED == _CONSUMER_KILLED // 2:
            self._group.kill()
            self._report.done["consumers killed"] += 1
        worker = self._victim()
        worker.kill()
        draw = self._moments.random()
        # At once, as a supervisor does it; or so late that the others have its shards.
        wait_seconds = 0.0 if draw < 0.8 else SESSION_SECONDS + 3 * self._moments.random()
        self._after(wait_seconds, worker.start)

    def _put_to_sleep(self) -> None:
        worker = self._victim()
        worker.sleep()
        self._after(SESSION_SECONDS + self._moments.uniform(1.0, 3.0), worker.wake)

    def _victim(self) -> Worker:
        """Mostly a worker that has committed since its start, so that there is something to break."""
        deadline = time.monotonic() + _READY_SECONDS * (self._moments.random() < 0.8)
        while True:
            awake = [worker for worker in self._workers if worker.awake]
            working = [worker for worker in awake if worker.working]
            if candidates := working or (awake if time.monotonic() >= deadline else []):
                return self._moments.choice(candidates)
            self._tick()

    def _restart_broker(self) -> None:
        """In turn killed and ended cleanly. The other faults go on meanwhile."""
        while self._broker is not None and self._broker.is_alive():
            self._tick()
        clean = self._report.done["broker restarts"] % 2 == 1

        def restart() -> None:
            began = time.time()
            (self._cluster.stop if clean else self._cluster.kill)(1)
            self._cluster.start(1)
            self._outages.append((began, time.time()))
            time.sleep(_BROKER_PAUSE_SECONDS)

        self._broker = threading.Thread(target=restart, name="broker")
        self._broker.start()

    def _network_fails(self, share: float) -> None:
        """All workers go through the proxy, and single requests of theirs fail, one way after the other."""
        for worker in self._workers:  # a rolling restart, at that
            worker.end(timeout_seconds=_END_SECONDS)
            worker.config = self._proxied_config
            worker.start()
        self._until_all_commit()
        for number, (name, fault) in enumerate(NETWORK_FAULTS.items()):
            self._one_network_fault(name, fault, share + (1 - share) * number / len(NETWORK_FAULTS))
            self._release(share + (1 - share) * (number + 1) / len(NETWORK_FAULTS))

    def _one_network_fault(self, name: str, fault: NetworkFault, share: float) -> None:
        part = (1 - share) / 2 / len(NETWORK_FAULTS)
        began = time.monotonic()

        def wait(seconds: float, until: Callable[[], bool] = lambda: False) -> None:
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline and not until():
                self._tick()
                self._release(share + part * min(1.0, (time.monotonic() - began) / 10.0))

        hits = fault(self._proxy, wait)
        self._report.done[name] = hits
        self._proxy.rules.clear()
        mended = time.monotonic()
        self._until_all_commit()
        self._report.recoveries_seconds[name] = time.monotonic() - mended

    def _catch_up(self) -> None:
        """Nothing fails any more: all that is out has to come."""
        began = time.monotonic()
        self._release(1.0)
        editions = last_editions(self._plan.articles_each)
        expected = {(feed, *last) for feed in range(self._plan.feeds) for last in editions.items()}
        missing, seen, still_since = expected, 0, began
        while missing and time.monotonic() < min(began + _CATCH_UP_SECONDS, still_since + _STILL_SECONDS):
            self._tick()
            missing = {one for one in missing if one not in self._follower.editions}
            # When the workers say that they have all of it, what is missing will hardly come.
            if len(self._follower.seen) > seen or not self._all_is_committed():
                seen, still_since = len(self._follower.seen), time.monotonic()
        self._report.catch_up_seconds = time.monotonic() - began
        self._wait_for_group(expected - missing)
        self._report.missing = [f"feed {feed} article {article}" for feed, article, _ in sorted(missing)[:10]]
        for worker in self._workers:
            worker.look()
            worker.end(timeout_seconds=_END_SECONDS)

    def _wait_for_group(self, expected: set[tuple[int, int, int]]) -> None:
        """Until the group has what there is, or takes over nothing more: it may wait for a session to end first."""
        still_since, known = time.monotonic(), 0
        while time.monotonic() < still_since + _GROUP_SECONDS:
            seen = self._group.seen()
            if {(one.feed, one.article, one.edition) for one in seen} >= expected:
                return
            if len(seen) > known:
                still_since, known = time.monotonic(), len(seen)
            for _ in range(10):
                self._tick()

    def _all_is_committed(self) -> bool:
        return all(feed["committed"] == feed["version"] for feed in self._newsstand.status())

    def _count(self) -> Report:
        report, plan = self._report, self._plan
        name, again = read_again(self._direct, "chaos.articles")
        seen = {
            "concurrent (kafka-python)": tuple(self._follower.seen),
            "group of two (docs/consuming.md)": self._group.seen(),
            f"final ({name})": again,
        }
        report.verdicts = {
            name: judge(messages, feeds=plan.feeds, articles=plan.articles_each) for name, messages in seen.items()
        }
        report.unconditional = [feed["unconditional"] for feed in self._newsstand.status()]
        for restart in (restart for worker in self._workers for restart in worker.restarts):
            overlaps = any(
                restart.started_seconds < end and restart.committed_seconds > began for began, end in self._outages
            )
            (report.restarts_outage if overlaps else report.restarts).append(restart)
        report.peak_bytes = max(worker.peak_bytes for worker in self._workers)
        report.moves = sum(worker.moves for worker in self._workers)
        report.ended = [line for worker in self._workers for line in worker.ends]
        report.crashes = [line for worker in self._workers for line in worker.crashes]
        report.seconds = time.monotonic() - self._began_seconds
        return report

    def _until_all_commit(self) -> None:
        since = time.time()
        self._until(lambda: all(worker.committed_since(since) for worker in self._workers), "a commit of each worker")

    def _until(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + _SETTLE_SECONDS
        while not condition():
            self._tick()
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} did not come within {_SETTLE_SECONDS:.0f} s\n{self._said()}")

    def _said(self) -> str:
        return "\n".join(f"{worker.name}: {line}" for worker in self._workers for line in worker.ends)

    def _after(self, seconds: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._later, (time.monotonic() + seconds, next(self._order), action))

    def _release(self, share: float) -> None:
        # Each step of 0.1 % is a request to the feeds.
        if share >= self._released + 0.001 or share == 1.0 > self._released:
            self._newsstand.release(share)
            self._released = share

    def _tick(self) -> None:
        """Do what is due, see how the workers are, and wait a moment."""
        while self._later and self._later[0][0] <= time.monotonic():
            heapq.heappop(self._later)[2]()
        self._group.look()
        for worker in self._workers:
            if not worker.look():
                self._after(1.0, worker.start)
        now = time.monotonic()
        if now >= self._measured_seconds + _MEASURE_SECONDS:
            self._measured_seconds = now
            for worker in self._workers:
                worker.measure()
        if now >= self._told_seconds + _PROGRESS_SECONDS:
            self._told_seconds = now
            done = ", ".join(f"{name} {number}" for name, number in self._report.done.items())
            self._progress(
                f"{now - self._began_seconds:4.0f} s  {self._released:4.0%} out, "
                f"{len(self._follower.seen)} messages seen; {done}"
            )
        time.sleep(_LOOK_SECONDS)


def _write_config(path: Path, bootstrap: str, newsstand: Newsstand) -> Path:
    """JSON is YAML."""
    config: dict[str, Any] = {
        "name": "chaos",
        "listen": "127.0.0.1:0",
        "fetch": {"allow_networks": ["127.0.0.0/8"], "timeout": 5, "host_gap": "1ms", "children": 1},
        "schedule": {"interval": "1s", "min_interval": "500ms", "max_interval": "2s"},
        "commit": {"max_delay": "50ms"},
        "drain_timeout": "15s",
        "kafka": {
            "bootstrap_servers": [bootstrap],
            "topics": {
                "articles": "chaos.articles",
                "feed_state": "chaos.feed-state",
                "dead_letters": "chaos.dead-letters",
            },
            "partitions": _PARTITIONS,
            "session_timeout": f"{SESSION_SECONDS:g}s",
            "transaction_timeout": f"{TRANSACTION_SECONDS:g}s",
            "delivery_timeout": f"{DELIVERY_SECONDS:g}s",
            "shard_grace": "4s",
        },
        "feeds": newsstand.feeds,
    }
    path.write_text(json.dumps(config))
    return path
