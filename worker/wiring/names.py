"""What a worker and its ledger are called."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from worker.config import Config

_TOPICS_SHOWN = 3


def ledger_name(config: Config) -> str:
    """Where this configuration publishes to, for people."""
    if config.kafka is None:
        return f"the SQLite file {config.sqlite.path}"
    topics = ", ".join(dict.fromkeys((config.kafka.topics.articles, *config.routed_topics[:_TOPICS_SHOWN])))
    more = "" if len(config.routed_topics) <= _TOPICS_SHOWN else " and more"
    return f"Kafka at {','.join(config.kafka.bootstrap_servers)}, topic {topics}{more}"


def instance_of(config: Config, port: int) -> str:
    """One worker among those of its name: by where it listens, unless it is named."""
    given = config.kafka.instance if config.kafka else None
    return given or re.sub("[^a-zA-Z0-9._-]", "-", f"{socket.gethostname()}-{port}")
