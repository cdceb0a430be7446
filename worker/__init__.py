"""Dateline: from news feeds to one structured event message per article revision, in Kafka exactly once."""

__version__ = "0.1.0"
