"""Configuration: one YAML file and the environment make one frozen `Config`, or a list of every mistake in them."""

from .kafka import Kafka, Security, Topics
from .loading import load, loads
from .problems import ConfigError, Problem
from .schema import Articles, Commit, Config, Fetch, Log, Schedule, Sqlite

__all__ = [
    "Articles",
    "Commit",
    "Config",
    "ConfigError",
    "Fetch",
    "Kafka",
    "Log",
    "Problem",
    "Schedule",
    "Security",
    "Sqlite",
    "Topics",
    "load",
    "loads",
]
