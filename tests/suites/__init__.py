"""How far parsing agrees with public suites of feed parsers, beside feedparser alone: `python -m tests.suites`."""
