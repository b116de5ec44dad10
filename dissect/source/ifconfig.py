"""What ``ifconfig -a`` and ``netstat -ibn`` print: of the BSDs, of macOS, of net-tools and busybox.

Each interface begins a line with its name; what belongs to it is indented.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from dissect.source.interface import Counters, State, state

HEAD: Final = re.compile(r"(\S+?):? +(?:flags=\w*<([^>]*)>|Link encap:)")
"""The first line of an interface; old net-tools and busybox put the flags elsewhere."""

ADDRESS: Final = re.compile(r"\s+inet6? (?:addr: ?)?([0-9a-fA-F.:]+)(?:%\S+)?(/\d+)?(.*)")
MASK: Final = re.compile(
    r"netmask (?:0x([0-9a-fA-F]{8})|([0-9.]{7,15}))|prefixlen (\d{1,3})|Mask:([0-9.]{7,15})"
)

NO_CARRIER: Final = frozenset({"status: inactive", "status: no carrier"})
"""What the BSDs say of the medium."""

NUMBER: Final = re.compile(r"[0-9]{1,20}")

COLUMNS: Final = ("Ipkts", "Ibytes", "Opkts", "Obytes")
"""Those of ``netstat`` that count what a ``Counters`` holds, in its order."""


def states(lines: Iterable[str]) -> Iterator[tuple[str, State]]:
    """How each interface stands; what comes later is truer."""
    name = ""
    for line in lines:
        if head := HEAD.match(line):
            name = head[1]
            yield name, state(head[2].split(","), "RUNNING") if head[2] else State.UNKNOWN
        elif line.strip() in NO_CARRIER:
            yield name, State.NO_CARRIER


def addresses(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The addresses, each behind the name of its interface."""
    name = ""
    for line in lines:
        if head := HEAD.match(line):
            name = head[1]
        elif found := ADDRESS.match(line):
            yield name, found[1] + (found[2] or _prefix(found[3]))


def _prefix(rest: str) -> str:
    """The length of a prefix, with its slash, from how a mask is written."""
    mask = MASK.search(rest)
    if mask is None:
        return ""
    if mask[3]:
        return f"/{mask[3]}"
    if mask[1]:
        return f"/{int(mask[1], 16).bit_count()}"
    parts = (mask[2] or mask[4]).split(".")
    return f"/{sum(int(part).bit_count() for part in parts if part)}"


def counters(lines: list[str]) -> Iterator[tuple[str, Counters]]:
    """What has passed each interface, from ``netstat``.

    Columns are counted from the right, because that of the address may be empty; the line with
    the network ``<Link#N>`` is that of the whole interface, and a star says that it is down.
    """
    head = lines[0].split() if lines else []
    if not {*COLUMNS} <= {*head}:
        return
    places = [head.index(title) - len(head) for title in COLUMNS]
    for line in lines[1:]:
        cells = line.split()
        if len(cells) < len(head) - 1 or not cells[2].startswith("<Link"):
            continue
        numbers = [cells[at] for at in places]
        if all(map(NUMBER.fullmatch, numbers)):
            yield cells[0].rstrip("*"), Counters(*map(int, numbers))
