"""Traces, for which OpenTelemetry has to be installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker import __version__
from worker.model.errors import Stop
from worker.wiring.names import instance_of

if TYPE_CHECKING:
    from worker.config import Config
    from worker.edges.tracing import OtelTracing


def check_packages(config: Config) -> None:
    """See that what this configuration asks for can be had of the packages that are installed.

    Raises:
        Stop: if one is missing.
    """
    if config.tracing.endpoint is None:
        return
    try:
        import worker.edges.tracing  # noqa: F401 - whether it is there
    except ModuleNotFoundError as error:
        raise Stop(
            f"tracing.endpoint is set, but OpenTelemetry is not installed ({error.name} is missing): "
            "pip install 'dateline[otel]', or remove tracing.endpoint"
        ) from error


def tracing_of(config: Config) -> OtelTracing | None:
    """Sends traces where the configuration wants them; None where it does not.

    Raises:
        Stop: if OpenTelemetry is missing.
    """
    if config.tracing.endpoint is None:
        return None
    check_packages(config)
    from worker.edges.tracing import OtelTracing, TracingSettings

    return OtelTracing(
        TracingSettings(
            endpoint=config.tracing.endpoint,
            headers=config.tracing.sent_headers,
            sample_ratio=config.tracing.sample_ratio,
            service=config.name,
            instance=instance_of(config, config.listen_port),
            version=__version__,
        )
    )
