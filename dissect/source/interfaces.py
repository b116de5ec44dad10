"""The interfaces of a machine, with what passes them in a second; it takes no rights.

Linux tells it in ``/proc/net/dev`` (proc_pid_net(5)) and by ``ip``, or without that in
``/sys/class/net``; the BSDs and macOS by ``ifconfig`` and ``netstat``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from dissect.errors import CaptureError
from dissect.source import ifconfig
from dissect.source.facts import Facts, ask, fetch, script
from dissect.source.interface import Counters, Interface, State, state
from dissect.source.tap import Tap

# The shell reads /proc by itself: hosts of containers have hundreds of interfaces, and a process
# for each would take longer than the second.  A name is read where the counters are: /sys may be
# that of another network namespace.
SCRIPT: Final = script(r"""
snap() {
  u=; { read -r u x </proc/uptime; } 2>/dev/null; say clock "$u";
  if [ -r /proc/net/dev ]; then
    while read -r l; do say counters "$l"; done </proc/net/dev;
  else
    netstat -ibn 2>/dev/null | while IFS= read -r l; do say netstat "$l"; done;
  fi;
};
snap;
sleep 1;
snap;
if ip -o link >/dev/null 2>&1; then
  ip -o link | while IFS= read -r l; do say link "$l"; done;
  ip -o addr | while IFS= read -r l; do say address "$l"; done;
else
  ifconfig -a 2>/dev/null | while IFS= read -r l; do say ifconfig "$l"; done;
  for d in /sys/class/net/*; do
    s=; f=; { read -r s <"$d/operstate"; read -r f <"$d/flags"; } 2>/dev/null;
    if [ -n "$f" ]; then say sys "${d##*/} $f $s"; fi;
  done;
fi;
""")

COUNTERS: Final = re.compile(
    r"(\S+?):\s*(\d{1,20})\s+(\d{1,20})(?:\s+\d{1,20}){6}\s+(\d{1,20})\s+(\d{1,20})\s"
)
"""A line of ``/proc/net/dev``: eight numbers received, eight sent, bytes and packets first."""

LINK: Final = re.compile(r"\d+: (\S+?)(?:@\S+)?: <([^>]*)>")
"""A line of ``ip -o link``; behind an @ stands what the interface is made upon."""

ADDRESS: Final = re.compile(r"\d+: (\S+?)(?:@\S+)?\s+inet6? (\S+)")
"""A line of ``ip -o addr``; that of a tunnel names its own end first."""

SYS: Final = re.compile(r"(\S+) 0x([0-9a-f]{1,8}) ?(\S*)")
"""What the script tells of a folder of ``/sys/class/net``: the flags, and the state."""

UP: Final = 1
"""The flag of netdevice(7), in ``/sys/class/net/NAME/flags``."""

CARRIED: Final = frozenset({"up", "unknown"})
"""States of RFC 2863 in which packets may pass; drivers without a carrier say unknown."""

CLOCK: Final = re.compile(r"[0-9]{1,12}\.[0-9]{2}")
"""Seconds since the start, from ``/proc/uptime``."""

NOMINAL: Final = 1.0
"""Seconds that the script sleeps."""

TELL_ADDRESSES: Final = frozenset({"link", "ifconfig"})


class Listing(NamedTuple):
    """The interfaces of a machine, those that are up first, the busiest of them first."""

    interfaces: tuple[Interface, ...]
    seconds: float
    """Between the two readings of the counters."""
    has_any: bool
    """Whether one capture can take all of them, as ``any``; only Linux has that."""


def interfaces(tap: Tap) -> Listing:
    """Ask the machine of a capture; takes a second.

    Raises:
        SeamarkError: if it cannot be asked, or names no interface.
    """
    return _some(tap, listing(ask(tap, SCRIPT)))


async def fetched(tap: Tap) -> Listing:
    """The same while others go on, and without asking the user anything.

    Raises:
        SeamarkError: if it cannot be asked, or names no interface.
    """
    return _some(tap, listing(await fetch(tap, SCRIPT)))


def _some(tap: Tap, found: Listing) -> Listing:
    """A listing that is not empty."""
    if not found.interfaces:
        where = tap.host or "This machine"
        what = f"{where} names no interface: there is no /proc/net/dev, no ip and no ifconfig."
        raise CaptureError(what, "tcpdump -D lists them.")
    return found


def listing(found: Facts) -> Listing:
    """What the facts say."""
    first, second = _readings(found)
    seconds = _elapsed(first.one("clock"), second.one("clock"))
    before, after = dict(_counters(first)), dict(_counters(second))
    states, addresses = dict(_states(found)), _addresses(found)
    every = (
        Interface(
            name=name,
            state=states.get(name, State.UNKNOWN),
            addresses=None if addresses is None else tuple(addresses.get(name, ())),
            rate=_rate(before.get(name), after.get(name), seconds),
        )
        for name in dict.fromkeys([*after, *states])
    )
    has_any = next(second.every("counters"), None) is not None
    return Listing(tuple(sorted(every, key=_order)), seconds, has_any)


def _readings(found: Facts) -> tuple[Facts, Facts]:
    """The facts of the first reading, and of the second with all that follows."""
    starts = [at for at, (name, _) in enumerate(found.pairs) if name == "clock"]
    middle = starts[-1] if starts else 0
    return found._replace(pairs=found.pairs[:middle]), found._replace(pairs=found.pairs[middle:])


def _elapsed(first: str, second: str) -> float:
    """Seconds by the machine's own clock, where it tells hundredths; otherwise the nominal one."""
    if not CLOCK.fullmatch(first) or not CLOCK.fullmatch(second):
        return NOMINAL
    seconds = float(second) - float(first)
    return seconds if seconds > 0 else NOMINAL


def _counters(reading: Facts) -> Iterator[tuple[str, Counters]]:
    """What has passed each interface."""
    for line in reading.every("counters"):
        if found := COUNTERS.match(line):
            came, packets, went, sent = map(int, found.groups()[1:])
            yield found[1], Counters(packets, came, sent, went)
    yield from ifconfig.counters(list(reading.every("netstat")))


def _rate(before: Counters | None, after: Counters | None, seconds: float) -> Counters | None:
    """What passed in a second, unless the counters began anew meanwhile."""
    if before is None or after is None:
        return None
    passed = [late - early for early, late in zip(before, after, strict=True)]
    return Counters(*(each / seconds for each in passed)) if min(passed) >= 0 else None


def _states(found: Facts) -> Iterator[tuple[str, State]]:
    """How each interface stands; what comes later is truer."""
    yield from ifconfig.states(found.every("ifconfig"))
    for line in found.every("sys"):
        if told := SYS.fullmatch(line):
            flags = ["UP"] if int(told[2], 16) & UP else []
            yield told[1], state([*flags, *CARRIED.intersection({told[3]})], told[3])
    for line in found.every("link"):
        if link := LINK.match(line):
            yield link[1], state(link[2].split(","), "LOWER_UP")


def _addresses(found: Facts) -> dict[str, list[str]] | None:
    """The addresses of each interface; None where no program is there to tell them."""
    if TELL_ADDRESSES.isdisjoint(name for name, _ in found.pairs):
        return None
    told: dict[str, list[str]] = {}
    parts = (ADDRESS.match(line) for line in found.every("address"))
    for name, address in [
        *((each[1], each[2]) for each in parts if each),
        *ifconfig.addresses(found.every("ifconfig")),
    ]:
        told.setdefault(name, []).append(address)
    return told


def _order(each: Interface) -> tuple[bool, float, str]:
    busy = each.rate.packets_in + each.rate.packets_out if each.rate else 0.0
    return each.state is not State.UP, -busy, each.name
