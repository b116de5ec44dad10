"""A capture of very many short conversations: what a list of flows has to bear.

Frames are copied and not built: only the client's address and port, the sequence numbers and the
time differ from one flow to the next, and the checksums are wrong, which tshark does not mind.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from support.pcap import ETHERNET_HEADER, file_header, packet
from support.script import play
from support.wire import START, Setting

from bench.subject import Subject
from dissect.evidence import Endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CLIENTS: Final = 250
DAMAGED_EVERY: Final = 100
GAP: Final = 0.25
"""Seconds from one flow to the next: more than one lasts, so that frames are in order."""
_FIRST_PORT: Final = 1024
_CLIENT: Final = Endpoint("192.0.2.10", 33738)

CLEAN: Final = """
    S: 220 mx.example.net ESMTP
    C: QUIT
    S: 221 bye
"""
DAMAGED: Final = """
    S: 220 ****************************
    C: QU¦XX
    S: 500 unrecognized command
"""


class Frame(NamedTuple):
    """A frame of a conversation that many have."""

    offset: float
    """Seconds since the conversation began."""
    data: bytes
    address: int
    """Where the client's address stands in it, and then its port."""
    port: int

    def of(self, number: int) -> bytes:
        """The same of another client."""
        client = struct.pack("!4B", 198, 18, number // CLIENTS % 250, number % CLIENTS + 1)
        port = struct.pack("!H", _FIRST_PORT + number // CLIENTS)
        data = self.data
        data = data[: self.address] + client + data[self.address + 4 :]
        return data[: self.port] + port + data[self.port + 2 :]


def _frames(talk: str) -> list[Frame]:
    segments = play(talk, Setting(client=_CLIENT))
    start = segments[0].time
    network, transport = ETHERNET_HEADER + 12, ETHERNET_HEADER + 20
    return [
        Frame(
            segment.time - start,
            packet(segment, checksums=False),
            network if segment.source == _CLIENT.address else network + 4,
            transport if segment.source == _CLIENT.address else transport + 2,
        )
        for segment in segments
    ]


def _records(flows: int) -> Iterator[bytes]:
    kinds = _frames(CLEAN), _frames(DAMAGED)
    for number in range(flows):
        for frame in kinds[number % DAMAGED_EVERY == 0]:
            seconds = START + number * GAP + frame.offset
            micros = divmod(round(seconds * 1_000_000), 1_000_000)
            data = frame.of(number)
            yield struct.pack("<IIII", *micros, len(data), len(data)) + data


def crowd(folder: Path, *, flows: int) -> Subject:
    """A capture of so many flows in a folder; it is made if it is not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"crowd-{flows}.pcap"
    clean, damaged = len(_frames(CLEAN)), len(_frames(DAMAGED))
    bad = -(-flows // DAMAGED_EVERY)
    if not path.exists():
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            file.write(file_header())
            file.writelines(_records(flows))
        part.rename(path)
    return Subject(path, (flows - bad) * clean + bad * damaged, flows)
