"""An interface of a machine: how it stands, its addresses, what passes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class State(Enum):
    """Whether packets can pass."""

    UP = "up"
    NO_CARRIER = "no-carrier"
    """It is switched on, and nothing is at the other end."""
    DOWN = "down"
    """It is switched off: capturing there is refused."""
    UNKNOWN = "unknown"


class Counters(NamedTuple):
    """What has passed an interface: since it was made, or in a second."""

    packets_in: float
    bytes_in: float
    packets_out: float
    bytes_out: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """One interface."""

    name: str
    state: State
    addresses: tuple[str, ...] | None
    """With the length of their prefix; None where nothing there tells them."""
    rate: Counters | None
    """A second; None where it was not there all the time, or nothing tells its counters."""


def state(flags: Iterable[str], carrier: str) -> State:
    """What the names of flags say.

    Args:
        flags: those that are set.
        carrier: the one that tells that something is at the other end.
    """
    known = {*flags}
    if "UP" not in known:
        return State.DOWN
    return State.UP if carrier in known else State.NO_CARRIER
