"""`make chaos`: workers are killed again and again while they publish; nothing may be lost or come twice.

A first form of the gate: one worker at a time, kill -9 at random moments, a real broker that is killed as well.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
from pytest_httpserver import HTTPServer

from tests.integration.harness import Deployment, Process, changing
from worker.edges import broker

if TYPE_CHECKING:
    from worker.model.event import Published


def main() -> int:
    """Print a table and exit with 1 if an article was lost or came twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20, help="how many workers are killed (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments at which they are (default: %(default)s)")
    arguments = parser.parse_args()
    moments = random.Random(arguments.seed)
    feeds, articles = 10, 100
    port = broker.free_port()
    with tempfile.TemporaryDirectory() as folder, HTTPServer(port=0, threaded=True) as server:
        state_dir = Path(folder) / "state"
        broker.start(port=port, state_dir=state_dir, progress=print)
        try:
            deployment = Deployment(Path(folder), f"127.0.0.1:{port}")
            config = deployment.write(changing(server, feeds=feeds, articles=articles))
            for kill in range(arguments.kills):
                process = Process(config)
                time.sleep(moments.uniform(0.5, 3.0))
                process.kill()
                if kill % 5 == 4:
                    broker.stop(port=port, state_dir=state_dir, timeout_seconds=0)
                    broker.start(port=port, state_dir=state_dir)
                print(f"kill {kill + 1} of {arguments.kills}", flush=True)
            process = Process(config)
            expected = {f"f{feed}-{article}" for feed in range(feeds) for article in range(articles)}
            deadline = time.monotonic() + 120
            while not {guid for guid, _ in _seen(deployment.records())} >= expected and time.monotonic() < deadline:
                time.sleep(0.5)
            process.end()
            counted = Counter(_seen(deployment.records()))
        finally:
            broker.stop(port=port, state_dir=state_dir)
    lost = len(expected - {guid for guid, _ in counted})
    twice = sum(count - 1 for count in counted.values())
    print(f"kills {arguments.kills}  articles {len(expected)}  lost {lost}  duplicates {twice}")
    return 1 if lost or twice else 0


def _seen(records: list[Published]) -> list[tuple[str, int]]:
    messages = [orjson.loads(record.value) for record in records]
    return [(message["source"]["guid"], message["revision"]) for message in messages]


if __name__ == "__main__":
    sys.exit(main())
