"""How servers are asked, and what one poll may cost."""

from __future__ import annotations

import os
import secrets
from ipaddress import ip_network
from typing import TYPE_CHECKING

from worker.config import Fetch
from worker.edges.clock import SystemClock
from worker.edges.http import HttpFetcher
from worker.pipeline import Limits
from worker.runner import HubSettings, Manners
from worker.wiring.ledgers import MAX_EVENT_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from ipaddress import IPv4Network, IPv6Network

    from worker.config import Config

_EVERYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))


def fetcher_of(config: Config | None, allow_networks: Sequence[IPv4Network | IPv6Network]) -> HttpFetcher:
    """Asks servers on the public internet and on these networks; without a configuration, with its defaults."""
    fetch = Fetch() if config is None else config.fetch
    return HttpFetcher(
        user_agent=fetch.user_agent,
        timeout_seconds=fetch.timeout_seconds,
        connect_timeout_seconds=fetch.connect_timeout_seconds,
        idle_timeout_seconds=fetch.idle_timeout_seconds,
        max_body_bytes=fetch.max_body_bytes,
        max_fetching_bytes=fetch.max_fetching_bytes,
        concurrency=fetch.concurrency,
        allow_networks=allow_networks,
        proxy=None if fetch.proxy is None else fetch.proxy.url,
        proxy_environment=os.environ if fetch.proxy_from_environment else None,
        ca_file=fetch.ca_file,
        client_cert=fetch.client_cert,
        client_key=fetch.client_key,
        clock=SystemClock(),
    )


def manners_of(config: Config | None) -> Manners:
    """Asks servers for documents and pages; without a configuration on every network. It has to be closed."""
    fetch = Fetch() if config is None else config.fetch
    return Manners(
        fetcher_of(config, _EVERYWHERE if config is None else fetch.allow_networks),
        clock=SystemClock(),
        agent=agent_of(fetch),
        gap_seconds=fetch.host_gap_seconds,
    )


def limits_of(config: Config | None) -> Limits:
    """Caps on what one poll may cost."""
    return Limits(
        max_body_bytes=config.fetch.max_body_bytes if config else 5 * 2**20,
        max_event_bytes=config.kafka.max_event_bytes if config and config.kafka else MAX_EVENT_BYTES,
        max_entries=config.fetch.max_entries if config else Fetch().max_entries,
        max_pages=config.fetch.max_pages if config else Fetch().max_pages,
        tombstone_delay_seconds=config.kafka.tombstone_delay_seconds
        if config and config.kafka and config.kafka.topics.latest
        else None,
    )


def hubs_of(config: Config) -> HubSettings | None:
    """How to subscribe at hubs; None where that is not wanted."""
    websub = config.websub
    if websub.callback_url is None:
        return None
    return HubSettings(
        callback_url=websub.callback_url, lease_seconds=websub.lease_seconds, make_token=secrets.token_urlsafe
    )


def agent_of(fetch: Fetch) -> str:
    """The product name of the User-Agent: what a robots.txt calls us (RFC 9309, 2.2.1)."""
    return fetch.user_agent.partition("/")[0].partition(" ")[0]
