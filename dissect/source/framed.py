"""A whole capture as blocks of pcapng, its packets by their frame numbers.

editcap turns every format that Wireshark reads into pcapng and keeps what stands in it: comments,
options, interfaces and their statistics.  It takes frame numbers and comments only as words of its
command line, which has no room for those of a long capture; so they are set here, block by block.
"""

from __future__ import annotations

import contextlib
import struct
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from dissect.errors import CaptureError
from dissect.escape import visible
from dissect.source import blocks
from dissect.source.export import beside, check_writing
from dissect.source.file import CaptureFile
from dissect.source.process import run, settle
from dissect.source.records import INTERFACE, Records
from dissect.source.tshark import Tshark

PIECE: Final = 1 << 20
"""Bytes read at a time."""

NAMES, SECRETS = 4, 10
"""Types of blocks: resolved names, and keys for decryption."""

KNOWN: Final = blocks.PACKETS | {
    blocks.SECTION, INTERFACE, NAMES, blocks.STATISTICS, SECRETS
}  # fmt: skip
"""Blocks of which it is certain whether Wireshark counts them as frames."""


class Framed(NamedTuple):
    """A block as it stands in the file."""

    data: bytes
    order: str
    """``<`` or ``>``."""
    kind: int
    frame: int
    """The number of a packet, from 1; 0 for a block that describes the capture."""


@contextlib.asynccontextmanager
async def whole(tshark: Tshark, capture: CaptureFile, folder: Path) -> AsyncIterator[BinaryIO]:
    """All of a capture as pcapng, in a file without a name.

    Args:
        tshark: editcap is looked for beside it.
        capture: a file that can be read a second time.
        folder: where there has to be room for it.

    Raises:
        CaptureError: if it cannot be read or written.
        ToolError: if editcap is missing.
    """
    editcap = beside(tshark, "editcap", "Install Wireshark's command-line programs.")
    with tempfile.TemporaryFile(dir=folder) as file:
        ran = await run([editcap, "-F", "pcapng", capture.path, "-"], out=file.fileno())
        check_writing(ran)
        settle(capture.name, ran, got=file.seek(0, 2))
        file.seek(0)
        yield file


def framed(file: BinaryIO, name: str) -> Iterator[Framed]:
    """The blocks of a pcapng.

    Args:
        file: at its beginning.
        name: the capture's, for errors.

    Raises:
        CaptureError: if it holds blocks of which it is not known whether they are frames.
    """
    records, frame, order = Records(), 0, "<"
    while data := file.read(PIECE):
        for record in records.feed(data):
            if record.data[:4] == blocks.SECTION.to_bytes(4, "big"):
                order = blocks.ORDERS[record.data[8:12]]
            (kind,) = struct.unpack_from(f"{order}I", record.data)
            if kind not in KNOWN:
                raise _unknown(name, kind)
            frame += record.is_packet
            yield Framed(record.data, order, kind, frame if record.is_packet else 0)


def _unknown(name: str, kind: int) -> CaptureError:
    return CaptureError(
        f"{visible(name)} holds records that are no packets (type {kind:#x}), so its frames "
        "cannot be told by their numbers.",
        "Write its packets alone first: tshark -r CAPTURE -Y tcp -F pcap -w NEW",
    )
