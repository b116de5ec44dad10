"""Which clients show, in the log alone, what an inspecting firewall does to mail.

A masked verb is the firewall's own trace.  A command that was not known in the middle of a mail
transaction, and a connection that was lost behind RCPT or DATA, are hints: hosts that send spam
leave the second, too.  Commands that come too soon but are whole are the client's own fault.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from dissect.maillog.entry import Entry, What

CAPTURE: Final = "sudo tcpdump -n -i any -s 0 -w {file} 'host {address} and tcp port 25'"
"""The next step. An address holds hexadecimal digits, dots and colons only."""

VERBS: Final = 10
"""Different masks of a client that are kept."""

KINDS: Final[tuple[tuple[str, bool, Callable[[Entry], bool]], ...]] = (
    ("masked_sync_errors", True, lambda e: e.said.what is What.SYNC_ERROR and e.masked),
    ("masked_commands", True, lambda e: e.said.what is What.UNRECOGNISED and e.masked),
    ("unknown_in_transaction", False,
     lambda e: e.said.what is What.UNRECOGNISED and e.said.after == "RCPT"),
    ("lost_after_rcpt", False, lambda e: e.said.what is What.LOST and e.said.after == "RCPT"),
    ("lost_after_data", False,
     lambda e: e.said.what is What.LOST and e.said.after in {"DATA", "BDAT"}),
)  # fmt: skip
"""What is counted: its name, whether it is the trace of a mask, and which entries are it."""

MASKS: Final = frozenset(name for name, mask, _ in KINDS if mask)


class Example(NamedTuple):
    """A line to look at."""

    file: str
    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """One client with something to look into."""

    client: str
    """Its address."""
    first: float
    last: float
    """Seconds since the epoch."""
    counts: tuple[tuple[str, int], ...]
    """By the names of ``KINDS``, in their order; those that are not 0."""
    verbs: tuple[str, ...]
    """The masks that were seen, sorted."""
    makes: tuple[str, ...]
    example: Example

    @property
    def masked(self) -> bool:
        """Whether there is the trace of a mask, and not only a hint."""
        return any(name in MASKS for name, _ in self.counts)

    @property
    def total(self) -> int:
        """All that was counted."""
        return sum(count for _, count in self.counts)

    @property
    def capture(self) -> str:
        """The command that captures this client's mail, for a shell."""
        name = f"mail-{self.client.replace(':', '-')}.pcap"
        return CAPTURE.format(file=name, address=self.client)


@dataclass(slots=True)
class _Trail:
    """What is known of one client so far."""

    first: float
    last: float
    example: Example
    telling: bool
    """Whether the example has a mask in it."""
    counts: Counter[str] = field(default_factory=Counter)
    verbs: set[str] = field(default_factory=set)
    makes: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Suspects:
    """Gathers suspects from the entries of some files.

    A line that stands in two files is counted once: Exim writes some into mainlog and rejectlog,
    and a rotated file may be there both plain and compressed.
    """

    unclear: int = 0
    """Lines with a mask whose client cannot be told."""
    _trails: dict[str, _Trail] = field(default_factory=dict)
    _counted: Counter[bytes] = field(default_factory=Counter)
    _here: Counter[bytes] = field(default_factory=Counter)

    def next_file(self) -> None:
        """What follows is of another file."""
        self._here.clear()

    def take(self, entry: Entry, file: str, number: int) -> None:
        """Look at an entry: line ``number`` of ``file``."""
        kind = next((name for name, _, fits in KINDS if fits(entry)), None)
        if kind is None or self._seen(entry):
            return
        if entry.said.client is None:
            self.unclear += kind in MASKS
            return
        telling = kind in MASKS
        example = Example(file, number, entry.text)
        trail = self._trails.setdefault(
            entry.said.client.address, _Trail(entry.time, entry.time, example, telling)
        )
        if telling and not trail.telling:
            trail.example, trail.telling = example, True
        trail.first, trail.last = min(trail.first, entry.time), max(trail.last, entry.time)
        trail.counts[kind] += entry.said.times
        trail.makes.add(entry.make)
        if telling and len(trail.verbs) < VERBS:
            trail.verbs.add(entry.verb)

    def _seen(self, entry: Entry) -> bool:
        """Whether another file had this line, and had it as often."""
        line = f"{entry.time}\n{entry.text}".encode("utf-8", "surrogateescape")
        key = hashlib.blake2b(line, digest_size=8).digest()
        self._here[key] += 1
        if self._here[key] <= self._counted[key]:
            return True
        self._counted[key] = self._here[key]
        return False

    def found(self) -> tuple[Suspect, ...]:
        """Those with masks first, then the most often seen."""
        suspects = (_suspect(address, trail) for address, trail in self._trails.items())
        return tuple(sorted(suspects, key=lambda s: (not s.masked, -s.total, s.client)))


def _suspect(address: str, trail: _Trail) -> Suspect:
    """A trail as a value."""
    return Suspect(
        client=address,
        first=trail.first,
        last=trail.last,
        counts=tuple((name, trail.counts[name]) for name, *_ in KINDS if trail.counts[name]),
        verbs=tuple(sorted(trail.verbs)),
        makes=tuple(sorted(trail.makes)),
        example=trail.example,
    )
