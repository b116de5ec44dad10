"""Some frames of a capture, by their numbers, as a pcapng of their own with comments.

editcap turns every format that Wireshark reads into pcapng and keeps what stands in it: comments,
options, interfaces and their statistics.  It takes frame numbers and comments only as words of its
command line, which has no room for those of a long capture; so they are set here, block by block.
"""

from __future__ import annotations

import asyncio
import struct
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from dissect.errors import CaptureError
from dissect.escape import visible
from dissect.source import blocks
from dissect.source.comments import commented
from dissect.source.export import beside, check_writing
from dissect.source.file import CaptureFile
from dissect.source.newfile import creating, unwritable
from dissect.source.process import run, settle
from dissect.source.records import INTERFACE, Record, Records
from dissect.source.tshark import Tshark

PIECE: Final = 1 << 20
"""Bytes read at a time."""

NAMES, SECRETS = 4, 10
"""Types of blocks: resolved names, and keys for decryption."""

KNOWN: Final = blocks.PACKETS | {
    blocks.SECTION, INTERFACE, NAMES, blocks.STATISTICS, SECRETS
}  # fmt: skip
"""Blocks of which it is certain whether Wireshark counts them as frames."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comments:
    """What is to be said in the file; all of it safe to show."""

    capture: str
    """Of the whole file."""
    frames: Mapping[int, Sequence[str]] = field(default_factory=dict)
    """By the frame's number in the capture that is read."""


class Cut(NamedTuple):
    """What was written."""

    packets: int
    commented: int
    """Packets among them that got a comment."""


async def cut(
    tshark: Tshark,
    capture: CaptureFile,
    chosen: Callable[[int], bool],
    path: Path,
    comments: Comments,
) -> Cut:
    """Write the chosen frames to a new pcapng file that only its owner may read.

    Args:
        tshark: editcap is looked for beside it.
        capture: a file that can be read a second time.
        chosen: tells by its number, from 1, whether a frame is wanted.
        path: the new file.
        comments: of the file and of frames; those that were there stay.

    Raises:
        UsageError: if the file is there already.
        CaptureError: if it cannot be written, or the capture cannot be read; no file is left then.
        ToolError: if editcap is missing.
    """
    editcap = beside(tshark, "editcap", "Install Wireshark's command-line programs.")
    with creating(path) as file:
        try:
            # Beside the file, where there has to be room for it; it has no name.
            with tempfile.TemporaryFile(dir=path.parent) as whole:
                command = [editcap, "-F", "pcapng", capture.path, "-"]
                ran = await run(command, out=whole.fileno())
                check_writing(ran)
                settle(capture.name, ran, got=whole.seek(0, 2))
                whole.seek(0)
                work = _Cutting(capture.name, chosen, comments)
                return await asyncio.to_thread(work.through, whole, file)
        except OSError as error:
            raise unwritable(path, error) from None


class _Cutting:
    """One way through a capture."""

    def __init__(self, name: str, chosen: Callable[[int], bool], comments: Comments) -> None:
        self._name = name
        self._chosen = chosen
        self._comments = comments
        self._order = "<"
        self._frame = self._packets = self._commented = 0

    def through(self, whole: BinaryIO, file: int) -> Cut:
        """Copy what is chosen to a descriptor."""
        records = Records()
        with open(file, "wb", closefd=False) as out:
            while data := whole.read(PIECE):
                out.writelines(self._kept(records.feed(data)))
        if not self._packets:
            raise CaptureError(
                "No packet of these conversations is there.", "Has the file changed?"
            )
        return Cut(self._packets, self._commented)

    def _kept(self, records: list[Record]) -> Iterator[bytes]:
        """The records that are wanted, with their comments."""
        for record in records:
            if record.is_packet:
                yield self._packet(record.data)
            else:
                yield self._other(record.data)

    def _packet(self, data: bytes) -> bytes:
        """A packet with its comments; nothing where it is not wanted."""
        self._frame += 1
        if not self._chosen(self._frame):
            return b""
        self._packets += 1
        said = self._comments.frames.get(self._frame, ())
        self._commented += bool(said)
        return commented(data, self._order, said)

    def _other(self, data: bytes) -> bytes:
        """A block that describes the capture."""
        if data[:4] == blocks.SECTION.to_bytes(4, "big"):
            self._order = blocks.ORDERS[data[8:12]]
            return commented(data, self._order, [self._comments.capture])
        (kind,) = struct.unpack_from(f"{self._order}I", data)
        if kind not in KNOWN:
            raise CaptureError(
                f"{visible(self._name)} holds records that are no packets (type {kind:#x}), so its "
                "frames cannot be told by their numbers.",
                "Write its packets alone first: tshark -r CAPTURE -Y tcp -F pcap -w NEW",
            )
        return data
