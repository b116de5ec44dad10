"""What really happened, from the middleboxes' logs of their changes and from Exim's log.

Nothing here reads SMTP out of a capture: a capture is only searched for the sequence numbers that
the middleboxes wrote down, to say in which frames a change can be seen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab import packet
from lab.cases import PLACES
from lab.middlebox import SMTP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.pcapfile import Frame
    from lab.run import Recorded

_PORT = re.compile(r"\]:(\d+)")
_UNKNOWN = re.compile(r'SMTP syntax error in "X+ TO:<([^>]+)>"')
_SYNC = "SMTP protocol synchronization error"
_STARTTLS = "STARTTLS"


@dataclass(frozen=True)
class Verb:
    """One masked verb."""

    client: int
    """Port of the client."""
    sequence: int
    """Absolute sequence number of its first byte."""
    original: str
    masked: str
    rest: str
    """What follows the verb on its line."""
    offset: int = 0
    """Bytes of the verb before the packet boundary; 0 where there is no boundary inside."""
    box: int = 0
    """Number of the middlebox that masked it, from the sender's side."""


@dataclass(frozen=True)
class Truth:
    """Everything that one recorded case is known to hold."""

    changes: tuple[dict[str, str | int], ...]
    mainlog: tuple[str, ...]

    @property
    def clients(self) -> list[int]:
        """Ports of the clients that Exim saw, in order."""
        return list(dict.fromkeys(self._ports("SMTP connection from [")))

    @property
    def accepted(self) -> set[int]:
        """Ports of the clients whose message Exim took."""
        return set(self._ports(" <= "))

    @property
    def synchronisation(self) -> list[int]:
        """Ports of the clients that Exim dropped for talking too soon."""
        return self._ports(_SYNC)

    @property
    def lost(self) -> dict[int, str]:
        """By client: the recipient that Exim refused while it took the message for the others."""
        return {port: to for port, to in self._refused().items() if port in self.accepted}

    def split(self) -> list[Verb]:
        """The masked verbs with a packet boundary inside."""
        heads, tails = self._verbs("head"), self._verbs("tail")
        return [
            Verb(
                head.client,
                head.sequence,
                head.original + tail.original,
                head.masked + tail.masked,
                tail.rest,
                len(head.original),
                head.box,
            )
            for head in heads
            for tail in tails
            if (head.client, head.box) == (tail.client, tail.box)
            and packet.distance(head.sequence, tail.sequence) == len(head.original)
        ]

    def whole(self) -> list[Verb]:
        """The masked verbs that one packet held."""
        return self._verbs("whole")

    def of_kind(self, kind: str) -> list[dict[str, str | int]]:
        """The middleboxes' changes of one kind."""
        return [change for change in self.changes if change["kind"] == kind]

    def keywords(self, client: int) -> list[str]:
        """The EHLO keywords that were masked for one client."""
        rows = self.of_kind("keyword")
        return [str(row["before"]) for row in rows if row["client"] == client]

    def _verbs(self, part: str) -> list[Verb]:
        return [
            Verb(
                int(row["client"]),
                int(row["seq"]),
                str(row["before"]),
                str(row["after"]),
                str(row["rest"]),
                box=int(row["box"]),
            )
            for row in self.of_kind("verb")
            if row["part"] == part
        ]

    def _refused(self) -> dict[int, str]:
        found = ((_UNKNOWN.search(line), _PORT.search(line)) for line in self.mainlog)
        return {int(port.group(1)): verb.group(1) for verb, port in found if verb and port}

    def _ports(self, words: str) -> list[int]:
        found = (_PORT.search(line) for line in self.mainlog if words in line)
        return [int(match.group(1)) for match in found if match]


def truth(recorded: Recorded) -> Truth:
    """The truth about one recorded case.

    A second box masks once more what the first one has masked: X for X, and that is no change.
    """
    changed = (row for row in recorded.changes if row["before"] != row["after"])
    return Truth(tuple(changed), tuple(recorded.mainlog.splitlines()))


def passed(box: int, side: str, *, to: str) -> bool:
    """Whether what goes to the `server` or the `client` has been through a box at some place."""
    behind = PLACES.index(side) > box
    return behind is (to == "server")


def holders(frames: Sequence[Frame], client: int, sequence: int, *, to: str) -> list[int]:
    """The numbers of the frames in which one byte of a stream can be seen."""
    return [
        frame.number
        for frame in frames
        if client in frame.segment.ports
        and (frame.segment.ports[1] == SMTP) is (to == "server")
        and 0 <= packet.distance(frame.segment.sequence, sequence) < len(frame.segment.payload)
    ]
