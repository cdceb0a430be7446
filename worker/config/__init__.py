"""Configuration: one YAML file and the environment make one frozen `Config`, or a list of every mistake in them."""

from .changes import Changes, changes
from .fetch import Fetch, Proxy, Websub
from .kafka import Kafka, SchemaRegistry, Security, Topics
from .loading import load, loads
from .problems import ConfigError, Problem
from .schema import Articles, Commit, Config, Log, Schedule, Sqlite

__all__ = [
    "Articles",
    "Changes",
    "Commit",
    "Config",
    "ConfigError",
    "Fetch",
    "Kafka",
    "Log",
    "Problem",
    "Proxy",
    "Schedule",
    "SchemaRegistry",
    "Security",
    "Sqlite",
    "Topics",
    "Websub",
    "changes",
    "load",
    "loads",
]
