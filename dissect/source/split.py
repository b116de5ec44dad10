"""A capture as many files, each with its own frames, in one way through it.

Every file is a pcapng with all that describes the capture: interfaces, their statistics, comments.
Packets wait in memory and are appended file by file, so that one file at a time is open however
many there are.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from dissect.source import blocks, newfile
from dissect.source.comments import commented
from dissect.source.file import CaptureFile
from dissect.source.framed import Framed, framed, whole
from dissect.source.redacted import Rewrite
from dissect.source.tshark import Tshark

MOST: Final = 64 << 20
"""Bytes that wait."""

APPEND: Final = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(slots=True, kw_only=True)
class Part:
    """One of the files; the second half is known when it is written."""

    path: Path
    comment: str
    """Of the whole file; safe to show."""
    packets: int = 0
    places: dict[int, int] = field(default_factory=dict)
    """Where frames with comments are, by their numbers in the capture: numbers in this file."""


async def split(
    tshark: Tshark,
    capture: CaptureFile,
    owner: Callable[[int], int],
    parts: Mapping[int, Part],
    comments: Mapping[int, Sequence[str]],
    rewrite: Rewrite = iter,
) -> None:
    """Write new files that only their owner may read: all of them, or none.

    Args:
        tshark: editcap is looked for beside it.
        capture: a file that can be read a second time.
        owner: tells by its number, from 1, to which part a frame belongs, if to any.
        parts: by what ``owner`` says; all in one folder.
        comments: of frames, by their numbers; those that were there stay.
        rewrite: makes other blocks of those that are wanted.

    Raises:
        UsageError: if a file is there already.
        CaptureError: if they cannot be written, or the capture cannot be read.
        ToolError: if editcap is missing.
    """
    folder = next(iter(parts.values())).path.parent
    work = _Splitting(owner, parts, comments)
    try:
        async with whole(tshark, capture, folder) as file:
            wanted = (
                block
                for block in framed(file, capture.name)
                if not block.frame or owner(block.frame) in parts
            )
            await asyncio.to_thread(work.through, rewrite(wanted))
    except OSError as error:
        raise newfile.unwritable(folder / "file", error) from None
    finally:
        work.stop()


class _File:
    """A part while it is written."""

    __slots__ = ("described", "made", "part", "section", "waiting")

    def __init__(self, part: Part) -> None:
        self.part = part
        self.waiting = bytearray()
        self.made = False
        self.section = 0
        self.described = 0
        """The section of the capture that it is in, and how much of its description it has."""

    def flush(self) -> None:
        """Append what waits."""
        if self.made:
            with os.fdopen(os.open(self.part.path, APPEND), "wb") as out:
                out.write(self.waiting)
        else:
            with newfile.creating(self.part.path) as file:
                self.made = True
                with os.fdopen(file, "wb", closefd=False) as out:
                    out.write(self.waiting)
        self.waiting.clear()


class _Splitting:
    """One way through a capture."""

    def __init__(
        self,
        owner: Callable[[int], int],
        parts: Mapping[int, Part],
        comments: Mapping[int, Sequence[str]],
    ) -> None:
        self._owner, self._comments = owner, comments
        self._files = {key: _File(part) for key, part in parts.items()}
        self._section, self._head = 0, list[Framed]()
        self._held = 0
        self._stopped = False

    def stop(self) -> None:
        """Nobody waits for it any more."""
        self._stopped = True

    def through(self, found: Iterable[Framed]) -> None:
        """Write all; where that fails, what was written goes."""
        try:
            for block in found:
                if block.frame:
                    self._packet(block)
                else:
                    self._describe(block)
            self._end_section()
            self._flush()
        except BaseException:
            for file in self._files.values():
                if file.made:
                    file.part.path.unlink(missing_ok=True)
            raise

    def _packet(self, block: Framed) -> None:
        file = self._files[self._owner(block.frame)]
        part = file.part
        part.packets += 1
        said = self._comments.get(block.frame, ())
        if said:
            part.places[block.frame] = part.packets
        if file.section != self._section or file.described < len(self._head):
            self._catch_up(file)
        self._put(file, commented(block.data, block.order, said))

    def _put(self, file: _File, data: bytes) -> None:
        file.waiting += data
        self._held += len(data)
        if self._held > MOST:
            self._flush()

    def _describe(self, block: Framed) -> None:
        """A block that goes into every file."""
        if block.kind == blocks.SECTION:
            self._end_section()
            self._section += 1
            self._head = []
        self._head.append(block)

    def _end_section(self) -> None:
        """Statistics stand behind the packets."""
        for file in self._files.values():
            if file.section and file.section == self._section:
                self._catch_up(file)

    def _catch_up(self, file: _File) -> None:
        """Give a file what it lacks of the description of the section."""
        if file.section != self._section:
            file.section, file.described = self._section, 0
        more, file.described = self._head[file.described :], len(self._head)
        for data, order, kind, _ in more:
            said = [file.part.comment] if kind == blocks.SECTION else []
            self._put(file, commented(data, order, said))

    def _flush(self) -> None:
        if self._stopped:
            raise InterruptedError
        for file in self._files.values():
            if file.waiting:
                file.flush()
        self._held = 0
