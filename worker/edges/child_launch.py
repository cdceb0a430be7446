"""Start a template process (`worker.edges.child_main`). It loads little, so that the process can begin at once."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import dataclass

from worker.model.errors import Stop

# What the processes get of the worker's environment: nothing that may hold a password.
_ENVIRONMENT = ("HOME", "LANG", "LC_", "LD_LIBRARY_PATH", "PATH", "PYTHON", "TMPDIR", "TZ", "VIRTUAL_ENV")
# glibc gives large blocks back at once, and gets them anew, zeroed, for the next document: that took half of the time
# of a call with 1 MB. So much may stay with each child (mallopt(3)).
_KEPT_BYTES = str(16 * 2**20)
_MALLOC = {"MALLOC_MMAP_THRESHOLD_": _KEPT_BYTES, "MALLOC_TRIM_THRESHOLD_": _KEPT_BYTES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """A template process that may still be loading. It ends with the thread that launched it."""

    process: subprocess.Popen[bytes]
    control: socket.socket

    def end(self) -> None:
        """End it and let go of it."""
        self.control.close()
        reap(self.process)


def launch(factory: str, preload: str | None) -> Launched:
    """Start a template process without waiting for it. What its children may use, `start_template` tells it.

    Raises:
        Stop: if it cannot be started.
    """
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    module = "worker.edges.child_main"
    command = [sys.executable, "-P", "-m", module, str(theirs.fileno()), factory, preload or ""]
    try:
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - the command is our own
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env=_environment(),
                process_group=0,  # a Ctrl-C is for the worker
            )
    except OSError as error:
        ours.close()
        raise Stop(f"cannot start a process to read documents in: {error}; give the worker more processes") from error
    return Launched(process=process, control=ours)


def reap(process: subprocess.Popen[bytes]) -> None:
    """Wait for a process that is ending, or end it. Its own status is kept if it has one."""
    process.kill()
    process.wait()


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name.startswith(_ENVIRONMENT)}
    # The same modules as here, wherever this was started from.
    return {**kept, **_MALLOC, "PYTHONPATH": os.pathsep.join(sys.path)}
