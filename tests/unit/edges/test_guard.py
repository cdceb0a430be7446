from __future__ import annotations

import ipaddress
import socket

import pytest

from worker.edges.guard import AddressGuard, BlockedAddressError, GuardedResolver

STRICT = AddressGuard([])


def network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(text)


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "9.255.255.255",
        "93.184.215.14",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "::ffff:93.184.215.14",
        "2001:200::1",
        "2001:4860:4860::8888",
        "2606:4700::6810:84e5",
        "2a00:1450:4001:827::200e",
    ],
)
def test_a_public_address_may_be_visited(address: str) -> None:
    assert STRICT.check(address) is None


@pytest.mark.parametrize(
    ("address", "network_named"),
    [
        ("0.0.0.0", "0.0.0.0/8"),
        ("10.255.255.255", "10.0.0.0/8"),
        ("100.64.0.1", "100.64.0.0/10"),
        ("127.0.0.1", "127.0.0.0/8"),
        ("127.255.255.254", "127.0.0.0/8"),
        ("169.254.169.254", "169.254.0.0/16"),
        ("172.31.255.255", "172.16.0.0/12"),
        ("192.0.0.8", "192.0.0.0/24"),
        ("192.0.2.1", "192.0.2.0/24"),
        ("192.88.99.1", "192.88.99.0/24"),
        ("192.168.1.1", "192.168.0.0/16"),
        ("198.19.255.255", "198.18.0.0/15"),
        ("198.51.100.7", "198.51.100.0/24"),
        ("203.0.113.7", "203.0.113.0/24"),
        ("224.0.0.1", "224.0.0.0/4"),
        ("239.255.255.255", "224.0.0.0/4"),
        ("240.0.0.1", "240.0.0.0/4"),
        ("255.255.255.255", "240.0.0.0/4"),
        ("::", "::/128"),
        ("::1", "::1/128"),
        ("::127.0.0.1", "::/96"),
        ("::ffff:127.0.0.1", "127.0.0.0/8"),
        ("::ffff:a9fe:a9fe", "169.254.0.0/16"),
        ("64:ff9b::7f00:1", "64:ff9b::/96"),
        ("64:ff9b:1::1", "64:ff9b:1::/48"),
        ("100::1", "100::1/128"),
        ("2001::1", "2001::/32"),
        ("2001:20::1", "2001::/23"),
        ("2001:db8::1", "2001:db8::/32"),
        ("2002:7f00:1::1", "2002::/16"),
        ("3fff::1", "3fff::/20"),
        ("4000::1", "4000::1/128"),
        ("5f00::1", "5f00::/16"),
        ("fc00::1", "fc00::/7"),
        ("fdff::1", "fc00::/7"),
        ("fe80::1", "fe80::/10"),
        ("fe80::1%eth0", "fe80::/10"),
        ("fec0::1", "fec0::/10"),
        ("ff02::1", "ff00::/8"),
        ("2606:4700::1%eth0", "2606:4700::1/128"),
    ],
)
def test_any_other_address_is_denied_and_the_network_to_allow_is_named(address: str, network_named: str) -> None:
    reason = STRICT.check(address)

    assert reason is not None
    assert f"; add {network_named} to fetch.allow_networks" in reason
    assert AddressGuard([network(network_named)]).check(address) is None


def test_the_reason_is_one_clear_line() -> None:
    assert STRICT.check("127.0.0.1") == (
        "address 127.0.0.1 is private; add 127.0.0.0/8 to fetch.allow_networks to visit it"
    )


@pytest.mark.parametrize("text", ["", "localhost", "127.1", "0x7f000001", "2130706433", "127.0.0.1:80", "1.2.3.4\n"])
def test_what_is_no_address_is_denied(text: str) -> None:
    reason = STRICT.check(text)

    assert reason is not None
    assert "is not an IP address" in reason
    assert "\n" not in reason


@pytest.mark.parametrize(
    ("allowed", "address", "passes"),
    [
        ("127.0.0.0/8", "127.9.9.9", True),
        ("127.0.0.0/8", "::ffff:127.9.9.9", True),
        ("127.0.0.0/8", "::1", False),
        ("127.0.0.0/8", "10.0.0.1", False),
        ("127.0.0.0/8", "0.0.0.0", False),
        ("10.1.0.0/16", "10.1.2.3", True),
        ("10.1.0.0/16", "10.2.0.1", False),
        ("::ffff:10.0.0.0/104", "10.1.2.3", True),
        ("::ffff:10.0.0.0/104", "::ffff:10.1.2.3", True),
        ("::ffff:10.0.0.0/104", "127.0.0.1", False),
        ("0.0.0.0/0", "127.0.0.1", True),
        ("0.0.0.0/0", "224.0.0.1", True),
        ("0.0.0.0/0", "::ffff:127.0.0.1", True),
        ("0.0.0.0/0", "::1", False),
        ("::/0", "::1", True),
        ("::/0", "fe80::1%eth0", True),
        ("::/0", "64:ff9b::7f00:1", True),
        ("::/0", "127.0.0.1", False),
        ("::/0", "::ffff:127.0.0.1", False),
        ("fe80::/10", "fe80::1%eth0", True),
    ],
)
def test_an_allowed_network_opens_what_lies_in_it_and_no_more(allowed: str, address: str, passes: bool) -> None:  # noqa: FBT001 - a table
    assert (AddressGuard([network(allowed)]).check(address) is None) is passes


def test_the_socket_factory_makes_a_socket_of_the_family_asked_for() -> None:
    guard = AddressGuard([network("127.0.0.0/8")])

    made = guard.socket_factory((socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", 80)))

    with made:
        assert (made.family, made.type) == (socket.AF_INET, socket.SOCK_STREAM)


@pytest.mark.parametrize(
    ("family", "address"),
    [
        (socket.AF_INET, ("127.0.0.1", 80)),
        (socket.AF_INET6, ("::ffff:127.0.0.1", 80, 0, 0)),
        (socket.AF_INET6, ("fe80::1%eth0", 80, 0, 2)),
    ],
)
def test_the_socket_factory_refuses_a_denied_address(family: socket.AddressFamily, address: tuple[str, int]) -> None:
    with pytest.raises(BlockedAddressError, match=r"fetch\.allow_networks") as refused:
        STRICT.socket_factory((family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address))

    assert isinstance(refused.value, OSError)
    assert refused.value.reason == STRICT.check(address[0])


def answer_with(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    infos = [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, 80)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: infos)


async def test_a_name_keeps_those_of_its_addresses_that_may_be_visited(monkeypatch: pytest.MonkeyPatch) -> None:
    answer_with(monkeypatch, "10.0.0.1", "93.184.215.14", "127.0.0.1")

    results = await GuardedResolver(STRICT, max_lookups=1).resolve("mixed.example", 80)

    assert [result["host"] for result in results] == ["93.184.215.14"]


async def test_a_name_with_denied_addresses_only_is_blocked_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    answer_with(monkeypatch, "10.0.0.1", "127.0.0.1")

    with pytest.raises(BlockedAddressError, match=r"10\.0\.0\.1 is private; add 10\.0\.0\.0/8"):
        await GuardedResolver(STRICT, max_lookups=1).resolve("inside.example", 80)


async def test_an_ipv6_address_keeps_the_zone_it_was_found_in(monkeypatch: pytest.MonkeyPatch) -> None:
    infos = [(socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("fe80::1", 80, 0, 2))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: infos)

    results = await GuardedResolver(AddressGuard([network("fe80::/10")]), max_lookups=1).resolve("link.example", 80)

    assert [(result["host"], result["port"], result["family"]) for result in results] == [
        ("fe80::1%2", 80, socket.AF_INET6)
    ]


@pytest.mark.parametrize(
    "host",
    ["news.example", "news.example.", "0x7f.example", "127.0.0.1.example", "1.1.1.1", "1.1.1.1.", "2606:4700::1"],
)
def test_a_name_or_a_public_address_may_be_looked_up(host: str) -> None:
    assert STRICT.check_host(host) is None


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1.", "10.0.0.1", "::1", "::ffff:10.0.0.1", "fe80::1%eth0"])
def test_a_denied_address_is_refused_without_a_lookup(host: str) -> None:
    assert "; add " in (STRICT.check_host(host) or "")


@pytest.mark.parametrize(
    "host", ["127.1", "2130706433", "0x7f000001", "0x7f.1", "0X7F.1.", "017700000001", "1.1.1.01", "a.1"]
)
def test_a_host_that_ends_in_a_number_is_an_address_in_its_usual_form_or_nothing(host: str) -> None:
    """`inet_aton` and the resolvers built on it take most of these for addresses."""
    everywhere = AddressGuard([network("0.0.0.0/0")])
    assert everywhere.check_host(host) == f"{host} is not an IPv4 address in its usual form"


async def test_a_proxy_is_asked_for_a_name_only_when_all_its_addresses_may_be_visited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolver = GuardedResolver(STRICT, max_lookups=1)
    answer_with(monkeypatch, "93.184.215.14", "1.1.1.1")
    assert await resolver.refusal("public.example") is None

    answer_with(monkeypatch, "93.184.215.14", "10.0.0.1")
    assert "10.0.0.1 is private" in (await resolver.refusal("mixed.example") or "")
    assert "127.0.0.1 is private" in (await resolver.refusal("127.0.0.1") or "")
