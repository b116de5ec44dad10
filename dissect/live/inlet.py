"""One source of packets: read, counted, and decoded."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from dissect.errors import SeamarkError
from dissect.escape import visible
from dissect.live.keep import Inbox
from dissect.source import Tshark
from dissect.source.decoder import Decoder
from dissect.source.descriptor import some
from dissect.source.follow import Following
from dissect.source.parts import After, Parts, Pipe
from dissect.source.reader import Sink
from dissect.source.records import Record, Records
from dissect.source.tap import Line

PIECE: Final = 1 << 18
"""Bytes read at a time."""

TAIL: Final = 4_096
"""Bytes kept of what the programs behind a source say."""

BY_KERNEL: Final = re.compile(rb"(\d+) packets? dropped by kernel")
BY_INTERFACE: Final = re.compile(rb"(\d+) packets? dropped by interface")
BY_DUMPCAP: Final = re.compile(rb"\(pcap:(\d+)/dumpcap:(\d+)/flushed:\d+/ps_ifdrop:(\d+)\)")
COUNTERS: Final = re.compile(rb"packets? (captured|received|dropped)|Packets captured|^File:")


class State(Enum):
    """Whether a source still gives packets."""

    CONNECTED = "connected"
    ENDED = "ended"
    """It has said all, or was told to end."""
    GONE = "gone"
    """It ended by itself, in the middle of a packet or with an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The state of a source, in numbers that add up: what was seen is decoded, lost or waiting."""

    name: str
    state: State
    packets: int
    """Seen, as they came from the capturing program."""
    decoded: int
    lost: int
    """Packets that a tshark took with it when it died."""
    dropped_kernel: int
    """Packets that the kernel dropped, because nobody took them in time."""
    dropped_interface: int
    error: str = ""
    """Why it is gone."""
    gaps: int = 0
    """How often packets may have passed and did not come, because it was away or too fast."""

    @property
    def waiting(self) -> int:
        """Packets that are seen and not decoded yet."""
        return self.packets - self.decoded - self.lost


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
        self.decoder = Decoder(tshark, sink, options)
        self._inbox = inbox
        self._interrupted = interrupted
        self._gaps = 0
        self._line = line
        self._parts: Parts = Pipe(line.out)
        self._state = State.CONNECTED
        self._error = ""
        self._said = b""
        self._told_to_end = False
        self._dropped = (0, 0)

    @property
    def source(self) -> Source:
        """How it stands."""
        return Source(
            name=self.name,
            state=self._state,
            packets=self.records.packets,
            decoded=self.decoder.decoded - self.decoder.lost,
            lost=self.decoder.lost,
            dropped_kernel=self._dropped[0],
            dropped_interface=self._dropped[1],
            error=self._error,
            gaps=self._gaps,
        )

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
        while True:
            while data := await self._parts.read(PIECE):
                await self._take(data)
            after = await self._parts.after()
            if after is After.NOTHING:
                return
            if after is After.CUT or self.records.left:
                await self._gap()
            self.records.again()

    async def _gap(self) -> None:
        """Packets may be missing between what came and what comes."""
        await self.decoder.finish()
        self._gaps += 1
        self._interrupted()

    async def _take(self, data: bytes) -> None:
        found = self.records.feed(data)
        if found:
            await self._decode(found)

    async def _decode(self, found: list[Record]) -> None:
        if self._inbox is not None:
            self._inbox.put(self.records.head, found)
        await self.decoder.feed(self.records.head, found)

    def _end(self) -> None:
        """No more comes: it was told to end, or something is wrong."""
        if self.records.left and not self._line.follow:
            self._gone(f"{visible(self.name)} was cut off in the middle of a packet")
        elif self._told_to_end or self._line.lifeline < 0:
            self._state = State.ENDED
        else:
            self._gone(f"{visible(self.name)} has ended by itself")

    def _gone(self, why: str) -> None:
        said = visible(" ".join(_reasons(self._said)))
        self._state = State.GONE
        self._error = f"{why}: {said}" if said else why

    async def listen(self) -> None:
        """Take in what the programs behind it say, so that they never wait for us."""
        if self._line.errors < 0:
            return
        with contextlib.suppress(OSError):
            while data := await some(self._line.errors, PIECE):
                self._said = (self._said + data)[-TAIL:]
                self._count()

    def _count(self) -> None:
        """Learn how many packets were dropped; each count is of all since the beginning."""
        kernel, interface = BY_KERNEL.findall(self._said), BY_INTERFACE.findall(self._said)
        if kernel or interface:
            self._dropped = (
                int(kernel[-1]) if kernel else 0,
                int(interface[-1]) if interface else 0,
            )
        for pcap, own, lost in BY_DUMPCAP.findall(self._said):
            self._dropped = (int(pcap) + int(own), int(lost))

    def ask(self) -> None:
        """Let it say how many packets were dropped so far."""
        if self._line.lifeline >= 0 and self._state is State.CONNECTED:
            with contextlib.suppress(OSError):
                os.write(self._line.lifeline, b"\n")

    def stop(self) -> None:
        """Let it end; what it has seen is still read."""
        self._told_to_end = True
        self._parts.stop()
        if self._line.lifeline >= 0:
            os.close(self._line.lifeline)
            self._line = self._line._replace(lifeline=-1)

    def close(self) -> None:
        """Close what is open."""
        self.stop()
        self._parts.close()
        self._line.close()
        self._line = self._line._replace(out=-1, errors=-1)


def _reasons(said: bytes) -> list[str]:
    """The last lines that are no counters."""
    lines = said.decode("utf-8", "replace").splitlines()
    words = [line.strip() for line in lines if line.strip()]
    return [line for line in words if not COUNTERS.search(line.encode())][-2:]
