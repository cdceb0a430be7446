"""Files of text, as configurations and lists of feeds are."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from .problems import Mistake, Problem

if TYPE_CHECKING:
    from pathlib import Path


def contents(path: Path) -> bytes:
    """What is in a file.

    Raises:
        Mistake: if it cannot be read.
    """
    try:
        return path.read_bytes()
    except IsADirectoryError:
        raise Mistake("is a directory; name the file in it") from None
    except FileNotFoundError:
        raise Mistake("there is no such file; check the path") from None
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise Mistake(f"cannot be read: {reason}; check the path and the file's mode") from None


def decoded(content: bytes, file: str) -> str | Problem:
    """The text, or where it stops being UTF-8."""
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start].decode()
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        return Problem(file=file, line=line, column=column, message="is not UTF-8 from here on; save the file as UTF-8")
