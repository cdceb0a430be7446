"""What may go wrong with work that is done in a child process."""

from __future__ import annotations

from typing import Literal

ChildFailure = Literal[
    "deadline",  # it took too long
    "memory",  # it needed more memory than it may have, or its reply was too large
    "crashed",  # it ended, or its reply is not one that is accepted
]


class ChildFailed(Exception):
    """The child process is gone, and with it all that it held; `detail` is one line for people.

    Nothing is known about other input: another child takes its place. The same input would most likely do it again.
    """

    def __init__(self, kind: ChildFailure, detail: str) -> None:
        super().__init__(detail)
        self.kind: ChildFailure = kind
        self.detail = detail


class ChildError(Exception):
    """A Python exception in the child process: a fault of ours. The child lives on.

    The text is that of the exception; `traceback` is where it came from, as Python prints it.
    """

    def __init__(self, traceback: str) -> None:
        lines = traceback.strip().splitlines()
        super().__init__(lines[-1] if lines else "no traceback")
        self.traceback = traceback
