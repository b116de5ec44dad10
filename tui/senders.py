"""What tells two frames of one direction apart: a hint that not both came from the endpoint.

A hint and no proof: each is said with what it may mean.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dissect.analysis.frame import WireFacts
    from dissect.evidence import FrameFacts

_FIRST_TTLS: Final = (32, 64, 128, 255)
"""What systems set a packet's TTL to."""
_FEW_HOPS: Final = 2
_JUMP: Final = 1000
"""Steps of the IP id that other traffic of the same host hardly explains between two frames."""
_IDS: Final = 1 << 16
_UNSCALED: Final = 16
"""How many times larger a window is where one sender does not scale it."""
_IN_PASSING: Final = frozenset({"nop", "end of options", "sack"})
"""Options that come and go with any sender, in lower case."""
_ANNOUNCED: Final = ("mss", "window scale")
"""Options whose values a system announces, in lower case."""
_NAME: Final = re.compile(r"[^\d:(=]*")


class Frame(NamedTuple):
    """What is known of a frame's headers."""

    facts: FrameFacts
    wire: WireFacts | None = None
    """None until it has been read again."""


class Difference(NamedTuple):
    """A fact that differs."""

    fact: str
    """Its name in the table of facts."""
    said: str


def differences(first: Frame, second: Frame) -> list[Difference]:
    """What differs between two frames of one sender, and what that may mean."""
    return [*_of_facts(first.facts, second.facts), *_of_wire(first.wire, second.wire)]


def _of_facts(first: FrameFacts, second: FrameFacts) -> Iterator[Difference]:
    if first.ttl != second.ttl:
        yield Difference("ttl", f"TTL {first.ttl} and {second.ttl}: {_ttl(first.ttl, second.ttl)}")
    if min(first.ip_id, second.ip_id) >= 0:
        yield from _ids(first.ip_id, second.ip_id)
    low, high = sorted((first.window, second.window))
    if low and high >= low * _UNSCALED:
        said = f"window {first.window:,} and {second.window:,}: "
        yield Difference("window", f"{said}scaled differently, as two senders would")


def _ttl(first: int, second: int) -> str:
    """Who may be nearer, by the steps that are missing from a usual first TTL."""
    hops = (_hops(first), _hops(second))
    if abs(hops[0] - hops[1]) <= _FEW_HOPS and _usual(first) == _usual(second):
        return "another path, or something on the way that speaks for the sender"
    nearer = "second" if (hops[1], -second) < (hops[0], -first) else "first"
    return f"the {nearer} frame may come from something nearer"


def _usual(ttl: int) -> int:
    return next((most for most in _FIRST_TTLS if ttl <= most), _FIRST_TTLS[-1])


def _hops(ttl: int) -> int:
    return _usual(ttl) - ttl


def _ids(first: int, second: int) -> Iterator[Difference]:
    steps = (second - first) % _IDS
    jump = min(steps, _IDS - steps)
    if bool(first) != bool(second):
        said = f"IP id 0x{first:04x} and 0x{second:04x}: one counts and one does not"
        yield Difference("ip id", f"{said}, as two senders would")
    elif jump > _JUMP:
        said = f"the IP id jumps by {jump:,}: another counter, unless the sender draws it at random"
        yield Difference("ip id", said)


def _of_wire(first: WireFacts | None, second: WireFacts | None) -> Iterator[Difference]:
    if first is None or second is None:
        return
    yield from _options(first.options, second.options)
    for fact, one, other in (
        ("link from", first.link[0], second.link[0]),
        ("link to", first.link[1], second.link[1]),
    ):
        if one and other and one != other:
            said = f"{fact} {one} and {other}: the frames took different ways here"
            yield Difference(fact, said)


def _options(first: tuple[str, ...], second: tuple[str, ...]) -> Iterator[Difference]:
    before, after = _kinds(first), _kinds(second)
    only = [_only("first", before, after), _only("second", after, before)]
    if said := "; ".join(filter(None, only)):
        yield Difference("options", f"options: {said}, as two senders would")
    for name in _ANNOUNCED:
        if name in before and name in after and before[name] != after[name]:
            said = f"{before[name]} and {after[name]}"
            yield Difference("options", f"{said}: announced by two systems")


def _only(which: str, these: dict[str, str], those: dict[str, str]) -> str:
    names = [name_of(option) for name, option in these.items() if name not in those]
    return f"only the {which} frame has {', '.join(names)}" if names else ""


def _kinds(options: tuple[str, ...]) -> dict[str, str]:
    """Options by name in lower case, in their order, without those that come and go."""
    named = {name_of(option).lower(): option for option in options}
    return {name: option for name, option in named.items() if name not in _IN_PASSING}


def name_of(option: str) -> str:
    """An option without its values: ``timestamps`` for ``timestamps 17, 4``."""
    found = _NAME.match(option)
    return found[0].strip(" ,-") if found else option
