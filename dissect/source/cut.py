"""Some frames of a capture, by their numbers, as a pcapng of their own with comments."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from dissect.errors import CaptureError
from dissect.source import blocks
from dissect.source.comments import commented
from dissect.source.file import CaptureFile
from dissect.source.framed import Framed, framed, whole
from dissect.source.newfile import creating, unwritable
from dissect.source.redacted import Rewrite
from dissect.source.tshark import Tshark


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
    rewrite: Rewrite = iter,
) -> Cut:
    """Write the chosen frames to a new pcapng file that only its owner may read.

    Args:
        tshark: editcap is looked for beside it.
        capture: a file that can be read a second time.
        chosen: tells by its number, from 1, whether a frame is wanted.
        path: the new file.
        comments: of the file and of frames; those that were there stay.
        rewrite: makes other blocks of those that are wanted.

    Raises:
        UsageError: if the file is there already.
        CaptureError: if it cannot be written, or the capture cannot be read; no file is left then.
        ToolError: if editcap is missing.
    """
    with creating(path) as file:
        try:
            async with whole(tshark, capture, path.parent) as packets:
                work = _Cutting(comments)
                wanted = _wanted(framed(packets, capture.name), chosen)
                return await asyncio.to_thread(work.through, rewrite(wanted), file)
        except OSError as error:
            raise unwritable(path, error) from None


def _wanted(found: Iterator[Framed], chosen: Callable[[int], bool]) -> Iterator[Framed]:
    """The chosen packets, and all blocks that are none."""
    return (block for block in found if not block.frame or chosen(block.frame))


class _Cutting:
    """One way through a capture."""

    def __init__(self, comments: Comments) -> None:
        self._comments = comments
        self._packets = self._commented = 0

    def through(self, found: Iterator[Framed], file: int) -> Cut:
        """Copy blocks to a descriptor."""
        with open(file, "wb", closefd=False) as out:
            out.writelines(map(self._kept, found))
        if not self._packets:
            raise CaptureError(
                "No packet of these conversations is there.", "Has the file changed?"
            )
        return Cut(self._packets, self._commented)

    def _kept(self, block: Framed) -> bytes:
        """A block with its comments."""
        if not block.frame:
            said = [self._comments.capture] if block.kind == blocks.SECTION else []
            return commented(block.data, block.order, said)
        self._packets += 1
        said = list(self._comments.frames.get(block.frame, ()))
        self._commented += bool(said)
        return commented(block.data, block.order, said)
