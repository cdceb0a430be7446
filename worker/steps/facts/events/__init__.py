"""What happened: events by type and PLOVER root, from triggers, clauses and the names about them."""

from worker.steps.facts.events.finding import find_events

__all__ = ["find_events"]
