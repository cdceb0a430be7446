"""`python -m worker` is the `dateline` command."""

from worker.cli import main

main()
