"""Addresses: each gets one of its own, in a documentation range, beside its neighbours."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st

from dissect.redact import Key
from dissect.redact.addresses import Addresses

RANGES = [
    ip_network(each)
    for each in (
        "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15", "240.0.0.0/4",
        "2001:db8::/32", "3fff::/20",
    )
]  # fmt: skip

ADDRESSES = st.one_of(
    st.ip_addresses(v=4), st.ip_addresses(v=6), st.ip_addresses(network="10.0.0.0/22"),
    st.ip_addresses(network="2001:630:212::/60"),
)  # fmt: skip


def mapped() -> Addresses:
    """A mapping without a file."""
    return Addresses(Key(b"k" * 32))


def test_networks_get_documentation_networks_in_their_order() -> None:
    """RFC 5737's three first, then RFC 2544's, then RFC 1112's."""
    addresses = mapped()
    found = [addresses.address(f"10.{n >> 8}.{n & 255}.7").rpartition(".")[0] for n in range(517)]
    assert found[:5] == ["192.0.2", "198.51.100", "203.0.113", "198.18.0", "198.18.1"]
    assert found[514:] == ["198.19.255", "240.0.0", "240.0.1"]
    assert len(set(found)) == len(found)


def test_a_network_stays_together() -> None:
    """All 256 addresses of a /24 are those of another one; the first and the last stay so."""
    addresses = mapped()
    found = [addresses.address(f"131.111.8.{host}") for host in range(256)]
    assert sorted(found, key=IPv4Address) == [f"192.0.2.{host}" for host in range(256)]
    assert (found[0], found[255]) == ("192.0.2.0", "192.0.2.255")
    assert found[1:9] != [f"192.0.2.{host}" for host in range(1, 9)]


@given(st.lists(ADDRESSES, unique=True, max_size=50))
def test_no_two_addresses_become_one(chosen: list[IPv4Address | IPv6Address]) -> None:
    """The mapping leads back, and ends in a reserved range unless the address says no host."""
    addresses = mapped()
    found = {addresses.address(str(address)): str(address) for address in chosen}
    assert len(found) == len(chosen)
    for new, old in found.items():
        assert addresses.original(new) == old
        assert new == old or _reserved(new) or new.startswith(("fe80:", "::ffff:"))


HOSTS = st.one_of(
    st.ip_addresses(network="10.0.0.0/22"), st.ip_addresses(network="2001:630:212::/60")
)


@given(st.lists(st.tuples(HOSTS, HOSTS), max_size=20))
def test_neighbours_stay_neighbours(
    pairs: list[tuple[IPv4Address | IPv6Address, IPv4Address | IPv6Address]],
) -> None:
    """Two addresses share a /24, a /48 or a /64 if those that stand for them do."""
    addresses = mapped()
    for one, two in pairs:
        new = [ip_address(addresses.address(str(each))) for each in (one, two)]
        for length in (24,) if one.version == 4 else (48, 64):
            assert _together(one, two, length) == _together(new[0], new[1], length)


def test_what_says_no_host_stays() -> None:
    """Loopback, the unspecified address, multicast; a link-local one keeps its scope."""
    addresses = mapped()
    for address in ("127.0.0.1", "::1", "::", "255.255.255.255", "224.0.0.1", "ff02::1"):
        assert addresses.address(address) == address
    assert addresses.address("fe80::1").startswith("fe80::")
    assert addresses.address("fe80::1") != "fe80::1"
    assert addresses.address("no address") == "no address"


def test_link_layer_addresses_become_local_ones() -> None:
    """Locally administered; a group stays one, and broadcast and zeros stay."""
    addresses = mapped()
    assert addresses.mac(bytes.fromhex("00163e112233"))[:1] == b"\x02"
    assert addresses.mac(bytes.fromhex("01005e0000fb"))[:1] == b"\x03"
    for address in (b"\xff" * 6, bytes(6)):
        assert addresses.mac(address) == address


def _reserved(address: str) -> bool:
    return any(ip_address(address) in network for network in RANGES)


def _together(one: IPv4Address | IPv6Address, two: IPv4Address | IPv6Address, length: int) -> bool:
    """Whether two addresses have so many bits in common."""
    spare = one.max_prefixlen - length
    return one.version == two.version and int(one) >> spare == int(two) >> spare
