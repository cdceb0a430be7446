"""Configuration: one YAML file and the environment make one frozen `Config`, or a list of every mistake in them."""

from .changes import Changes, changes
from .fetch import Fetch, Proxy, Websub
from .kafka import Kafka, SchemaRegistry, Security, Topics
from .loading import load, loads
from .location import location
from .problems import ConfigError, Mistake, Problem
from .schema import Articles, Commit, Config, Log, Schedule, Sqlite
from .tracing import Tracing

__all__ = [
    "Articles",
    "Changes",
    "Commit",
    "Config",
    "ConfigError",
    "Fetch",
    "Kafka",
    "Log",
    "Mistake",
    "Problem",
    "Proxy",
    "Schedule",
    "SchemaRegistry",
    "Security",
    "Sqlite",
    "Topics",
    "Tracing",
    "Websub",
    "changes",
    "load",
    "loads",
    "location",
]
