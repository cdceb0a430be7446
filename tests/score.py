"""`make score`: the facts against public data that lies outside the project. Never part of `make test`."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

# Grows with the facts that the message has.
_SETS = ("dateline_formats", "dateline_modern", "dateline_reuters21578")


def main() -> int:
    """Run the scorer beside the data on every set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the data sets; ../score lies beside it")
    arguments = parser.parse_args()
    scorer = arguments.data.resolve().parent / "score" / "score.py"
    if not scorer.is_file():
        print(f"make score: no scorer at {scorer}; name the data: make score DATA=folder", file=sys.stderr)
        return 1
    command = f"{sys.executable} -m worker extract"
    for name in _SETS:
        print(f"{name}:", flush=True)
        subprocess.run(
            [sys.executable, str(scorer), "dateline", "--split", "dev", "--cmd", command, "--data", name], check=True
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
