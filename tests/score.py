"""`make score`: the facts against public data that lies outside the project. Never part of `make test`."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

# Tasks of the scorer, with the set of those that have one set each.
_SETS: tuple[tuple[str, str | None], ...] = (
    ("seed", None),
    ("dateline", "dateline_formats"),
    ("dateline", "dateline_modern"),
    ("dateline", "dateline_reuters21578"),
    ("fulltext", "fulltext_aeb"),
    ("fulltext", "fulltext_fundus"),
    ("paragraphs", "fulltext_fundus"),
    ("neardup", "neardup_reuters"),
    ("langid", "langid_lingua"),
    ("quotes", None),
    ("attributions", None),
    ("dates", None),
    ("figures", None),
    ("entities", None),
    ("places", None),
    ("events", None),
)


def main() -> int:
    """Run the scorer beside the data on every set, or on those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", help="tasks or sets, such as langid or fulltext_aeb; all when none is named")
    parser.add_argument("--data", type=Path, required=True, help="the folder of the data sets; ../score lies beside it")
    arguments = parser.parse_args()
    known = {name for pair in _SETS for name in pair if name} | {"feeds"}
    if unknown := sorted(set(arguments.sets) - known):
        parser.error(f"no set {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    scorer = arguments.data.resolve().parent / "score" / "score.py"
    if not scorer.is_file():
        print(f"make score: no scorer at {scorer}; name the data: make score DATA=folder", file=sys.stderr)
        return 1
    command = f"{sys.executable} -m worker extract"
    for task, name in _SETS:
        if arguments.sets and not {task, name} & set(arguments.sets):
            continue
        print(f"{task} {name or ''}:", flush=True)
        only = [] if name is None else ["--data", name]
        subprocess.run([sys.executable, str(scorer), task, "--split", "dev", "--cmd", command, *only], check=True)
    if not arguments.sets or "feeds" in arguments.sets:
        print("feeds:", flush=True)
        subprocess.run([sys.executable, "-m", "tests.suites", "--data", str(arguments.data)], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
