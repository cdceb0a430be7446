"""Other people's commands that check what is deployed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def tool(name: str, *, get: str) -> str:
    """The path of a command, here or beside the interpreter; else the test is skipped and says how to get it."""
    path = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if path is None:
        pytest.skip(f"{name} is not installed: {get}")
    return path


def output_of(*command: str | Path, cwd: Path | None = None, given: bytes = b"") -> str:
    """What a command prints on both streams, with this on its standard input. It has to succeed."""
    done = subprocess.run(
        command, input=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False, cwd=cwd
    )
    output = done.stdout.decode()
    assert done.returncode == 0, output
    return output
