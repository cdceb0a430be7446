"""Import two libraries without what a worker has no use for: a tenth of its start.

aiohttp reads the system's certificates when it is imported, for requests without TLS settings of their own: all of ours
have them (`http_tls`, `schema_registry`). One that had none would trust nobody. structlog takes in rich, for tracebacks
with local variables: ours have none (`log`).
"""

from __future__ import annotations

import ssl
import sys


def import_libraries() -> None:
    """Import aiohttp and structlog, unless somebody has. No other thread may run yet."""
    _import_structlog()
    _import_aiohttp()


def _import_structlog() -> None:
    if "rich" in sys.modules:
        return
    sys.modules["rich"] = None  # type: ignore[assignment]  # so an import fails, as where it is not installed
    try:
        import structlog  # noqa: F401, PLC0415 - it is what all of this is for
    finally:
        del sys.modules["rich"]


def _import_aiohttp() -> None:
    original = ssl.create_default_context
    ssl.create_default_context = _trusting_nobody  # type: ignore[assignment]  # aiohttp gives it nothing
    try:
        import aiohttp  # noqa: F401, PLC0415 - as above
    finally:
        ssl.create_default_context = original


def _trusting_nobody() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
