"""Which addresses may be visited: the public Internet, and what `fetch.allow_networks` names besides.

A feed's URL, its redirects and the name servers behind them are other people's, and a worker often stands where
private services listen. So the check is made on the address that a socket is about to be connected to: a check of
the URL alone is passed by `0x7f.1`, by full-width digits and by any name that resolves to 127.0.0.1.

A proxy looks names up for itself. There the check is made on what they resolve to here, and none of the addresses may
be a forbidden one. A name that does not resolve here, or to something else than at the proxy, passes: where that
matters, the proxy must refuse private addresses as well.
"""

from __future__ import annotations

import asyncio
import errno
import functools
import ipaddress
import re
import socket
from typing import TYPE_CHECKING, Any

from aiohttp.abc import AbstractResolver, ResolveResult

from worker.edges.call_thread import CallThread

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiohttp import AddrInfoType

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# The IANA special-purpose registries (RFC 6890 and its updates), and multicast. `ipaddress` alone will not do: its
# tables differ between Python versions, and `is_global` holds for multicast, NAT64 and 6to4.
_SPECIAL_IPV4 = tuple(
    (ipaddress.IPv4Network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "unspecified"),  # Linux connects 0.0.0.0 to loopback
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared (carrier-grade NAT)"),
        ("127.0.0.0/8", "private"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "for documentation"),
        ("192.88.99.0/24", "reserved"),  # 6to4 relays, RFC 7526
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "for benchmarks"),
        ("198.51.100.0/24", "for documentation"),
        ("203.0.113.0/24", "for documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)

# The more specific network comes first. All that is not 2000::/3 is no global unicast (RFC 4291, 2.4).
_SPECIAL_IPV6 = tuple(
    (ipaddress.IPv6Network(network), kind)
    for network, kind in (
        ("::1/128", "private"),
        ("::/128", "unspecified"),
        ("::/96", "reserved"),  # an IPv4 address inside, RFC 4291, 2.5.5.1
        ("64:ff9b::/96", "translated to IPv4 (NAT64)"),
        ("64:ff9b:1::/48", "translated to IPv4 (NAT64)"),
        ("2001::/32", "tunnelled (Teredo)"),
        ("2001::/23", "reserved"),
        ("2001:db8::/32", "for documentation"),
        ("2002::/16", "tunnelled (6to4)"),
        ("3fff::/20", "for documentation"),
        ("5f00::/16", "reserved"),  # segment routing, RFC 9602
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "private"),
        ("ff00::/8", "multicast"),
    )
)
_GLOBAL_UNICAST_IPV6 = ipaddress.IPv6Network("2000::/3")
EVERYWHERE: tuple[Network, ...] = (ipaddress.IPv4Network("0.0.0.0/0"), ipaddress.IPv6Network("::/0"))
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")

# A last label like this makes the host an IPv4 address to whoever looks it up (inet_aton), or nothing at all.
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")


class BlockedAddressError(OSError):
    """A connection to an address that may not be visited was refused here, before any packet was sent.

    An OSError, because that is what connecting code expects of a failed attempt.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(errno.EACCES, reason)
        self.reason = reason


class AddressGuard:
    """Lets through what is globally reachable, and what lies in `allow_networks`.

    `0.0.0.0/0` in `allow_networks` opens all of IPv4, `::/0` all of IPv6. An IPv4-mapped address (`::ffff:0:0/96`) is
    the IPv4 address inside it, on both sides: no packet of it travels as IPv6.
    """

    def __init__(self, allow_networks: Iterable[Network]) -> None:
        self._allowed = tuple(_unmapped_network(network) for network in allow_networks)

    def check(self, address: str) -> str | None:
        """Judge a numeric address, with or without an IPv6 zone.

        Returns:
            None when it may be visited, else one line that says why not and what would allow it.
        """
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return f"{address[:60]!r} is not an IP address"
        return self._judged(address, parsed)

    def _judged(self, address: str, parsed: Address) -> str | None:
        judged = _unmapped(parsed)
        if any(judged in network for network in self._allowed if network.version == judged.version):
            return None
        found = _special(judged)
        if found is None:
            return None
        network, kind = found
        return f"address {address} is {kind}; add {network} to fetch.allow_networks to visit it"

    def check_host(self, host: str) -> str | None:
        """Judge the host of a URL as far as that goes without looking it up.

        Returns:
            None for a name and for an address that may be visited, else one line as from `check`.
        """
        bare = host.removesuffix(".")
        if ":" in bare:
            return self.check(bare)
        # First, since nearly all hosts are names: parsing one as an address takes ten times as long.
        if not _NUMBER.fullmatch(bare.rpartition(".")[2]):
            return None
        try:
            parsed = ipaddress.IPv4Address(bare)
        except ValueError:
            return f"{host[:60]} is not an IPv4 address in its usual form"
        return self._judged(bare, parsed)

    def socket_factory(self, addr_info: AddrInfoType) -> socket.socket:
        """Make the socket for one address, for `aiohttp.TCPConnector(socket_factory=...)`.

        Raises:
            BlockedAddressError: the address may not be visited.
        """
        family, kind, protocol, _, address = addr_info
        reason = self.check(address[0])
        if reason is not None:
            raise BlockedAddressError(reason)
        return socket.socket(family, kind, protocol)


class GuardedResolver(AbstractResolver):
    """Asks the system's resolver, and leaves addresses out of its answer that may not be visited.

    It is not the wall (literal addresses are never resolved, the socket factory stops those). It keeps a name with some
    forbidden addresses usable, and the reason clear when all of them are.

    A lookup cannot be broken off, and a dead name server keeps one for half a minute. So each has a thread to itself,
    and goes on there when nobody waits for it any more: names that hang take no place from the others.

    Args:
        guard: judges the addresses.
        max_lookups: at once, those that nobody waits for included.
    """

    def __init__(self, guard: AddressGuard, *, max_lookups: int) -> None:
        self._guard = guard
        self._places = asyncio.Semaphore(max_lookups)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Look a name up to connect to it.

        Raises:
            OSError: the name does not resolve.
            BlockedAddressError: it does, but to nothing that may be visited.
        """
        addresses = await self._look_up(host, family)
        reasons = [self._guard.check(address) for address in addresses]
        allowed = [address for address, reason in zip(addresses, reasons, strict=True) if reason is None]
        for reason in reasons:
            if not allowed and reason is not None:
                raise BlockedAddressError(reason)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in allowed
        ]

    async def refusal(self, host: str) -> str | None:
        """Why a proxy must not be asked for a host; None when it may, as far as can be told from here."""
        reason = self._guard.check_host(host)
        if reason is not None:
            return reason
        try:
            addresses = await self._look_up(host, socket.AF_UNSPEC)
        except (OSError, UnicodeError):
            return None  # where all goes through a proxy, names of the Internet often do not resolve
        return next((reason for reason in map(self._guard.check, addresses) if reason is not None), None)

    async def close(self) -> None:
        """Nothing to close: the threads are daemons and end by themselves."""

    async def _look_up(self, host: str, family: socket.AddressFamily) -> list[str]:
        await self._places.acquire()
        call = functools.partial(
            socket.getaddrinfo, host, None, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
        )
        try:
            thread = CallThread("lookup")
        except RuntimeError as error:
            self._places.release()
            raise OSError(errno.EAGAIN, "there is no thread left for a lookup") from error
        lookup = asyncio.wrap_future(thread.submit(call))
        thread.end()
        lookup.add_done_callback(self._leave)
        await asyncio.wait([lookup])  # which leaves it alone when the waiting is cancelled
        return [_numeric(family, address) for family, _, _, _, address in lookup.result()]

    def _leave(self, lookup: asyncio.Future[Any]) -> None:
        self._places.release()
        if not lookup.cancelled():
            lookup.exception()  # it is told to those who wait; there may be none


def _numeric(family: int, address: tuple[object, ...]) -> str:
    zone = address[3] if family == socket.AF_INET6 else 0
    return f"{address[0]}%{zone}" if zone else str(address[0])


def _unmapped(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _unmapped_network(network: Network) -> Network:
    if isinstance(network, ipaddress.IPv6Network) and network.subnet_of(_MAPPED):
        # The prefix counts the 96 bits that are the same in all of them.
        return ipaddress.IPv4Network((int(network.network_address) & 0xFFFFFFFF, network.prefixlen - 96))
    return network


def _special(address: Address) -> tuple[Network, str] | None:
    """The network that keeps an address from being visited, and what is said of it; None for a public address."""
    if isinstance(address, ipaddress.IPv4Address):
        for network4, kind in _SPECIAL_IPV4:
            if address in network4:
                return network4, kind
        return None if address.is_global else (ipaddress.IPv4Network(int(address)), "reserved")
    for network6, kind in _SPECIAL_IPV6:
        if address in network6:
            return network6, kind
    own = ipaddress.IPv6Network(int(address))
    if address.scope_id is not None:
        # A zone makes an address one of this machine's links, whatever its prefix says.
        return own, "bound to a network interface"
    return None if address in _GLOBAL_UNICAST_IPV6 and address.is_global else (own, "reserved")
