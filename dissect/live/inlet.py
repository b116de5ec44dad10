"""One source of packets: read, counted, and decoded."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from dissect.errors import SeamarkError
from dissect.escape import visible
from dissect.live.keep import Inbox
from dissect.live.lag import Lag, Now
from dissect.segments.decode import Row, seconds
from dissect.source import Tshark
from dissect.source.clock import Offset
from dissect.source.connection import Connection
from dissect.source.decoder import Decoder
from dissect.source.follow import Following
from dissect.source.parts import After, Parts
from dissect.source.reader import Sink
from dissect.source.records import Record, Records
from dissect.source.tap import Line

PIECE: Final = 1 << 18
"""Bytes read at a time."""


class State(Enum):
    """Whether a source still gives packets."""

    CONNECTED = "connected"
    RECONNECTING = "reconnecting"
    """It ended by itself, and is tried again and again."""
    ENDED = "ended"
    """It has said all, or was told to end."""
    GONE = "gone"
    """It ended by itself, in the middle of a packet or with an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The state of a source, in numbers that add up.

    What was seen is decoded, left out, lost or waiting.
    """

    name: str
    state: State
    packets: int
    """Seen, as they came from the capturing program."""
    decoded: int
    left_out: int = 0
    """Packets that did not pass the display filter."""
    lost: int
    """Packets that a tshark took with it when it died."""
    dropped_kernel: int
    """Packets that the kernel dropped, because nobody took them in time."""
    dropped_interface: int
    error: str = ""
    """Why it is gone, or away."""
    gaps: int = 0
    """How often packets may have passed and did not come, because it was away or too fast."""
    lag: float = 0.0
    """Seconds by which its newest packets are late, or those that wait."""
    lag_most: float = 0.0
    """Seconds by which any packet was late."""
    lag_since: str = "arrival"
    """Since when a packet is late: its ``capture``, or its ``arrival`` where the clock is
    unknown."""
    behind: bool = False
    """Whether it lags so much that this is told."""
    clock: Offset | None = None
    """Its clock; None where it is not known."""

    @property
    def waiting(self) -> int:
        """Packets that are seen and not decoded yet."""
        return self.packets - self.decoded - self.left_out - self.lost


class Inlet:
    """Reads a line to its end.

    Args:
        line: the descriptors; closed here.
        tshark: the decoder.
        sink: called with every batch of rows.
        options: more options of tshark's.
        inbox: takes the packets as well.
        interrupted: called where packets may be missing, behind all rows of those before.
    """

    def __init__(
        self,
        line: Line,
        tshark: Tshark,
        sink: Sink,
        options: tuple[str, ...] = (),
        inbox: Inbox | None = None,
        interrupted: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = line.name
        self.records = Records()
        self.decoder = Decoder(tshark, self._decoded, options)
        self._sink = sink
        self._lag = Lag()
        self._inbox = inbox
        self._interrupted = interrupted
        self._gaps = 0
        self._line = line
        self._parts: Parts = Connection(line)
        self._state = State.CONNECTED
        self._error = ""
        self._told_to_end = False

    @property
    def source(self) -> Source:
        """How it stands."""
        self._lag.look(self.decoder.decoded, _now())
        return Source(
            name=self.name,
            state=self._state,
            packets=self.records.packets,
            decoded=self.decoder.decoded - self.decoder.left_out - self.decoder.lost,
            left_out=self.decoder.left_out,
            lost=self.decoder.lost,
            dropped_kernel=self._parts.dropped[0],
            dropped_interface=self._parts.dropped[1],
            error=self._error,
            gaps=self._gaps,
            lag=self._lag.seconds,
            lag_most=self._lag.most,
            lag_since=self._lag.since,
            behind=self._lag.behind,
            clock=self._parts.clock,
        )

    def _decoded(self, rows: list[Row]) -> None:
        """Rows have come: pass them on, and see how late that was."""
        self._sink(rows)
        stamp = seconds(rows[-1][2])
        self._lag.decoded(self.decoder.decoded, stamp, self._parts.clock, _now())

    async def run(self) -> None:
        """Read until it ends; whatever goes wrong is in ``source``."""
        try:
            if self._line.follow:
                self._parts = Following(self._line.follow)
            await self._read()
            self._end()
        except SeamarkError as error:
            self._gone(str(error))
            await self._decode(self.records.saved)
        except OSError as error:
            self._gone(f"{self.name} cannot be read: {error.strerror}")
        finally:
            await self.decoder.finish()
            self.stop()

    async def _read(self) -> None:
        """Read all parts."""
        more = True
        while more:
            while data := await self._parts.read(PIECE):
                await self._take(data)
            more = await self._more()

    async def _more(self) -> bool:
        """Whether another part comes; packets that are missed in between are marked at once."""
        away = self._parts.lasts
        if away:
            await self._gap()
            why = "" if self._changing else self._because("has ended by itself")
            self._state, self._error = State.RECONNECTING, why
            self.records.again()
        after = await self._parts.after()
        if after is After.NOTHING:
            return False
        if not away and (after is After.CUT or self.records.left):
            await self._gap()
        self._state, self._error = State.CONNECTED, ""
        self.records.again()
        return True

    async def _gap(self) -> None:
        """Packets may be missing between what came and what comes."""
        await self.decoder.finish()
        self._gaps += 1
        self._interrupted()

    async def _take(self, data: bytes) -> None:
        found = self.records.feed(data)
        if found:
            self._lag.arrived(self.records.packets, _now())
            await self._decode(found)

    async def _decode(self, found: list[Record]) -> None:
        if self._inbox is not None:
            self._inbox.put(self.records.head, found)
        await self.decoder.feed(self.records.head, found)

    def _end(self) -> None:
        """No more comes: it was told to end, or something is wrong."""
        if self._state is State.RECONNECTING:
            self._state = State.GONE
        elif self.records.left and not self._line.follow:
            self._gone(self._because("was cut off in the middle of a packet"))
        elif self._told_to_end or self._line.lifeline < 0:
            self._state = State.ENDED
        else:
            self._gone(self._because("has ended by itself"))

    def _because(self, what: str) -> str:
        """What happened to it, with what was said about it."""
        why = self._parts.why
        return f"{visible(self.name)} {what}{': ' if why else ''}{why}"

    def _gone(self, why: str) -> None:
        self._state = State.GONE
        self._error = why

    def ask(self) -> None:
        """Let it say how many packets were dropped so far."""
        if self._state is State.CONNECTED:
            self._parts.ask()

    @property
    def _changing(self) -> bool:
        """Whether it was cut to capture something else."""
        return isinstance(self._parts, Connection) and self._parts.changing

    def change(self, bpf: str) -> Awaitable[SeamarkError | None] | None:
        """Capture something else from now on, with a gap; what is answered says why it cannot.

        None for a source that is not connected, or that nobody can open anew.
        """
        if self._state is not State.CONNECTED or not isinstance(self._parts, Connection):
            return None
        return self._parts.change(bpf)

    def stop(self) -> None:
        """Let it end; what it has seen is still read."""
        self._told_to_end = True
        self._parts.stop()

    async def close(self) -> None:
        """Close what is open."""
        self.stop()
        await self._parts.close()


def _now() -> Now:
    return Now(time.monotonic(), time.time())
