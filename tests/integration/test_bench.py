"""`make bench` itself, where it is stopped before its end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.kafka
@pytest.mark.long
def test_a_bench_that_is_told_to_end_leaves_no_kafka_behind(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks", "publishing", "whole", "--rounds", "1000"],
        env=os.environ | {"TMPDIR": str(tmp_path)},
    ) as bench:
        while not (records := [*tmp_path.rglob("process.json")]):
            assert bench.poll() is None
            time.sleep(0.1)
        kafka = psutil.Process(json.loads(records[0].read_text())["pid"])
        assert kafka.is_running()
        bench.terminate()
    assert bench.returncode == 128 + 15
    assert not kafka.is_running()
