"""Decisions: pure functions from values to values. No step knows another."""
