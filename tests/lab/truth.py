"""What really happened: from the middleboxes' logs, the server's log, and what the sender reports.

Nothing here reads SMTP out of a capture: a capture is only searched for the sequence numbers that
the middleboxes wrote down, and for the places in its stream that the sender reported, to say in
which frames a change or a fault can be seen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab import packet
from lab.case import PLACES
from lab.middlebox import SMTP
from lab.servers import MAKES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.pcapfile import Frame
    from lab.run import Recorded
    from lab.server import Account

_ADDRESS = re.compile(r"TO:<([^>]+)>")


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
class Fault:
    """Something that the sender itself did wrong."""

    client: int
    """Port of the client."""
    kind: str
    """See `lab.manners.Deed`."""
    offset: int
    """Of its first octet, in all that the client has sent, from 0."""
    text: str


@dataclass(frozen=True)
class Truth:
    """Everything that one recorded case is known to hold."""

    changes: tuple[dict[str, str | int], ...]
    account: Account
    """What the server says."""
    faults: tuple[Fault, ...]
    """What the sender says of itself."""

    @property
    def clients(self) -> list[int]:
        """Ports of the clients that the server saw, in order."""
        return list(self.account.clients)

    @property
    def accepted(self) -> set[int]:
        """Ports of the clients from whom the server took a message."""
        return {receipt.client for receipt in self.account.receipts}

    @property
    def synchronisation(self) -> list[int]:
        """Ports of the clients that the server dropped for talking too soon."""
        return list(self.account.hasty)

    @property
    def lost(self) -> dict[int, str]:
        """By client: the masked recipient who is not among those that the server took mail for."""
        reached = {receipt.client: receipt.recipients for receipt in self.account.receipts}
        masked = [(verb.client, addressee(verb)) for verb in (*self.split(), *self.whole())]
        return {
            port: recipient
            for port, recipient in masked
            if recipient and port in reached and recipient not in reached[port]
        }

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

    def misread(self) -> list[Verb]:
        """The masked BDAT: behind each of them, the server took a message for commands."""
        return [verb for verb in self.whole() if verb.original.upper() == "BDAT"]

    def echoed(self) -> list[Verb]:
        """The verbs, masked in one packet, whose mask the server quoted to the client."""
        quoted = {(quote.client, quote.line) for quote in self.account.quoted}
        return [verb for verb in self.whole() if (verb.client, verb.masked + verb.rest) in quoted]

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


def truth(recorded: Recorded) -> Truth:
    """The truth about one recorded case.

    A second box masks once more what the first one has masked: X for X, and that is no change.
    """
    changed = (row for row in recorded.changes if row["before"] != row["after"])
    account = MAKES[recorded.server].account(recorded.mainlog)
    faults = (
        Fault(int(row["port"]), deed["kind"], deed["offset"], deed["text"])
        for row in recorded.attempts
        for deed in row["deeds"]
    )
    return Truth(tuple(changed), account, tuple(faults))


def addressee(verb: Verb) -> str:
    """Whom a RCPT is about; empty for other commands."""
    match = _ADDRESS.search(verb.rest)
    return match[1] if match else ""


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


def resets(frames: Sequence[Frame], client: int, sequence: int, *, to: str) -> list[int]:
    """The numbers of the frames that are a reset with a certain sequence number."""
    return [
        frame.number
        for frame in frames
        if client in frame.segment.ports
        and (frame.segment.ports[1] == SMTP) is (to == "server")
        and frame.segment.flags & packet.RST
        and frame.segment.sequence == sequence
    ]


def said(frames: Sequence[Frame], client: int, offset: int) -> list[int]:
    """The numbers of the frames with one octet of all that a client sent, counted from 0."""
    first = next(
        (
            frame.segment.sequence + 1
            for frame in frames
            if frame.segment.ports[0] == client and frame.segment.flags & packet.SYN
        ),
        None,
    )
    return [] if first is None else holders(frames, client, first + offset, to="server")
