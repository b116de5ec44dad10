"""Addresses, networks, addresses with a port, and parts of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from dissect.evidence import Endpoint

_PART: Final = re.compile(r"[0-9A-Fa-f.:\[\]]+")
_WITH_PORT: Final = re.compile(r"\[([^\]]+)\](?::(\d{1,5}))?|(\d+\.\d+\.\d+\.\d+):(\d{1,5})")
_FOUR: Final = re.compile(r"\d+\.\d+\.\d+\.\d+")
_REMEMBERED: Final = 65_536
HOW: Final = "write an address, a network as 192.0.2.0/24 or 2001:db8::/32, or address:port"

Is = Callable[["Endpoint"], bool]
Number = tuple[int, int]
"""Version and address; comparable within a version and between them."""


@lru_cache(_REMEMBERED)
def number(address: str) -> Number:
    """An address as a number; what is none gets one that no network holds."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return (0, 0)
    return (parsed.version, int(parsed))


def network(words: str) -> Is | None:
    """Whether an endpoint is in the network that is called so; None for what is none."""
    try:
        found = ip_network(words, strict=False)
    except ValueError:
        return None
    low = (found.version, int(found.network_address))
    high = (found.version, int(found.broadcast_address))
    return lambda end: low <= number(end.address) <= high


def endpoint(words: str) -> Is:
    """Whether an endpoint is what the words say.

    Raises:
        ValueError: if that can be no address, nor a part of one.
    """
    if "/" in words:
        return _network(words)
    match = _WITH_PORT.fullmatch(words)
    address, port = (match[1] or match[3], match[2] or match[4]) if match else (words, None)
    wanted = number(address)
    if not wanted[0]:
        return _part(words)
    if port is None:
        return lambda end: number(end.address) == wanted
    place = int(port)
    return lambda end: end.port == place and number(end.address) == wanted


def _network(words: str) -> Is:
    found = network(words)
    if found is None:
        raise ValueError("that is no network")
    return found


def _part(words: str) -> Is:
    if not _PART.fullmatch(words) or _FOUR.fullmatch(words):
        raise ValueError("that is no address")
    low = words.lower()
    return lambda end: low in str(end)
