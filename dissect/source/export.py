"""Some packets of captures as a file of their own."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from dissect.errors import CaptureError, ToolError
from dissect.escape import visible
from dissect.source import blocks, filters
from dissect.source.file import CaptureFile
from dissect.source.newfile import creating, unwritable
from dissect.source.outcome import talk
from dissect.source.process import Ran, run, settle
from dissect.source.tshark import Tshark

STREAM: Final = "tcp.stream"

WRITING: Final = re.compile(rb"written to|while writing", re.IGNORECASE)
"""What tshark and mergecap say where they cannot write."""

ALONE: Final = "Save the flows of one capture at a time, and fewer of them."
"""What to do without mergecap."""

Wanted = Mapping[CaptureFile, Sequence[int]]
"""Captures, and tshark's numbers of the TCP streams that are wanted of each."""


async def export(tshark: Tshark, wanted: Wanted, path: Path, display_filter: str = "") -> int:
    """Write streams to a new pcapng file that only its owner may read; how many packets.

    Raises:
        UsageError: if the file is there already.
        CaptureError: if it cannot be written, or a capture cannot be read; no file is left then.
        ToolError: if a program is missing.
    """
    parts = [
        (capture, filters.both(display_filter, chosen))
        for capture, streams in wanted.items()
        for chosen in _filters(streams)
    ]
    with creating(path) as file:
        try:
            if len(parts) == 1:
                await _write(tshark, *parts[0], file)
            else:
                await _merged(tshark, parts, path.parent, file)
        except OSError as error:
            raise unwritable(path, error) from None
        count = await asyncio.to_thread(_count, path)
        if not count:
            raise CaptureError(
                "No packet of these conversations is there.", "Has the file changed?"
            )
    return count


def _filters(streams: Sequence[int]) -> list[str]:
    """The filters that choose streams, each short enough for a command."""
    parts: list[list[str]] = [[]]
    room = filters.LONGEST
    for word in filters.ranges(streams):
        room -= len(word) + 2
        if room < 0:
            parts.append([])
            room = filters.LONGEST - len(word) - 2
        parts[-1].append(word)
    return [filters.member(STREAM, part) for part in parts if part]


async def _write(tshark: Tshark, capture: CaptureFile, chosen: str, file: int) -> None:
    """Write the packets that a filter chooses of one capture."""
    command = [tshark.path, "-n", "-r", capture.path, "-Y", chosen, "-F", "pcapng", "-w", "-"]
    ran = await run(command, out=file)
    check_writing(ran)
    settle(capture.name, ran, got=1)


async def _merged(
    tshark: Tshark, parts: Sequence[tuple[CaptureFile, str]], folder: Path, file: int
) -> None:
    """Write the packets of several parts in the order of their time."""
    merge = beside(tshark, "mergecap", ALONE)
    # Beside the file, where there has to be room for it; only its owner may look into it.
    with tempfile.TemporaryDirectory(prefix=".seamark-", dir=folder) as name:
        pieces = [str(Path(name, f"{number}.pcapng")) for number in range(len(parts))]
        for piece, (capture, chosen) in zip(pieces, parts, strict=True):
            with open(piece, "xb") as part:  # noqa: PTH123, ASYNC230 - only opened; tshark writes
                await _write(tshark, capture, chosen, part.fileno())
        ran = await run([merge, "-F", "pcapng", "-w", "-", *pieces], out=file)
    check_writing(ran)
    if ran.code:
        raise CaptureError(f"mergecap failed: {_said(ran)}", "Save one capture's flows at a time.")


def beside(tshark: Tshark, name: str, remedy: str) -> str:
    """The program of Wireshark's that came with tshark, or another of that name.

    Raises:
        ToolError: if there is none, with what to do without it.
    """
    near = Path(tshark.path).with_name(name)
    found = str(near) if os.access(near, os.X_OK) else shutil.which(name)
    if found is None:
        raise ToolError(f"{name}, which comes with Wireshark, was not found.", remedy)
    return found


def check_writing(ran: Ran) -> None:
    """Tell a failure to write, as on a full disk, from one to read."""
    if ran.code and WRITING.search(ran.errors):
        raise CaptureError(f"The file cannot be written: {_said(ran)}", "Is the disk full? See df.")


def _said(ran: Ran) -> str:
    """What a program said at its end."""
    return visible(" ".join(line.strip() for line in talk(ran.errors))[-600:]) or "no reason given"


def _count(path: Path) -> int:
    """How many packets a pcapng file holds."""
    with path.open("rb") as file:
        return sum(block.kind in blocks.PACKETS for block in blocks.forward(file, body=0))
