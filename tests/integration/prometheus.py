"""Debian's Prometheus, which scrapes workers and is asked what it knows."""

from __future__ import annotations

import json
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from tests.integration.harness import until
from tests.integration.tools import tool
from worker.edges import broker

if TYPE_CHECKING:
    from collections.abc import Iterator

_RULES = Path(__file__).parents[2] / "deploy/prometheus/alerts.yaml"


class Prometheus:
    """A running server."""

    def __init__(self, base: str) -> None:
        self._base = base

    def ask(self, what: str, **parameters: str) -> Any:
        """The `data` of an answer of its API."""
        query = f"?{urlencode(parameters)}" if parameters else ""
        with urlopen(f"{self._base}/api/v1/{what}{query}", timeout=120) as answer:  # noqa: S310 - loopback
            said = json.load(answer)
        assert said["status"] == "success", said
        return said["data"]

    def query(self, expression: str) -> dict[tuple[str, ...], float]:
        """The values of an instant query by those of its labels, without name and job, in the order of the names."""
        return {
            tuple(value for name, value in sorted(series["metric"].items()) if name not in {"__name__", "job"}): float(
                series["value"][1]
            )
            for series in self.ask("query", query=expression)["result"]
        }

    def is_ready(self) -> bool:
        """Whether it answers."""
        try:
            with urlopen(f"{self._base}/-/ready", timeout=120) as answer:  # noqa: S310 - loopback
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False


@contextmanager
def scraping(folder: Path, *targets: str) -> Iterator[Prometheus]:
    """A Prometheus with our alerts that scrapes these addresses, host and port. Skips the test where there is none."""
    program = tool("prometheus", get="it is Debian's package prometheus")
    config = folder / "prometheus.yaml"
    config.write_text(
        json.dumps(
            {
                # A scrape has as long as its interval, at most: on a busy machine half a second is not enough.
                "global": {"scrape_interval": "2s", "scrape_timeout": "2s", "evaluation_interval": "500ms"},
                "rule_files": [str(_RULES)],
                "scrape_configs": [{"job_name": "dateline", "static_configs": [{"targets": list(targets)}]}],
            }
        )
    )
    address = f"127.0.0.1:{broker.free_port()}"
    with (folder / "prometheus.log").open("wb") as log:
        server = subprocess.Popen(
            [
                program,
                f"--config.file={config}",
                f"--storage.tsdb.path={folder / 'tsdb'}",
                f"--web.listen-address={address}",
            ],
            stdout=log,
            stderr=log,
        )
    try:
        prometheus = Prometheus(f"http://{address}")
        until(prometheus.is_ready, what=(folder / "prometheus.log").read_text)
        yield prometheus
    finally:
        server.kill()
        server.wait()
