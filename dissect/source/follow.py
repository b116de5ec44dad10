"""Reads a capture file while another program writes it, and then the next of its ring.

It looks again and again, and sleeps in between: that works on every file system, also where
nobody tells of changes.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from typing import Final

from dissect.source.clock import Offset
from dissect.source.parts import After
from dissect.source.ring import Member, Ring

PAUSE: Final = 0.05
"""Seconds between two looks at a file that has not grown."""

SEARCH: Final = 0.2
"""Seconds between two looks for the next file, at least."""

SHARE: Final = 20
"""So many times as long as a look for the next file takes is the time to the next: a directory
may hold very many."""

FINGER: Final = 512
"""Bytes at the beginning of a file that tell whether it is still the same: they reach to its first
packet."""


class Time:
    """The time that passes between two looks."""

    def now(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    async def sleep(self, seconds: float, over: asyncio.Event) -> None:
        """Wait, unless it is over."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), seconds)


class _File:
    """One file that is open; it is read to its end even where it has been deleted."""

    def __init__(self, folder: str, member: Member) -> None:
        self.member = member
        self._fd = os.open(os.path.join(folder, member.name), os.O_RDONLY | os.O_CLOEXEC)  # noqa: PTH118
        info = os.fstat(self._fd)
        self.member = member._replace(identity=(info.st_dev, info.st_ino))
        self._offset = 0
        self._head = b""

    def read(self, most: int) -> bytes | None:
        """What has not been read yet; None where its writer has begun it anew."""
        changed = os.fstat(self._fd).st_mtime_ns
        data = os.pread(self._fd, most, self._offset)
        head = os.pread(self._fd, FINGER, 0)
        if not head.startswith(self._head) or os.fstat(self._fd).st_size < self._offset + len(data):
            return None
        self._head = head
        self._offset += len(data)
        if not data:  # all of it as it was then is read
            self.member = self.member._replace(changed=changed)
        return data

    def close(self) -> None:
        """Close it, once."""
        os.close(self._fd)


class Following:
    """A growing capture, in parts: one for each file.

    Args:
        path: a file, what the files of a ring begin with, or their directory.
        time: seconds, and what sleeps for some of them.

    Raises:
        SeamarkError: if it cannot be followed.
    """

    def __init__(self, path: str, time: Time | None = None) -> None:
        self._time = time or Time()
        self._ring = Ring(path)
        self._folder = str(self._ring.folder)
        self._file: _File | None = None
        self._last = self._ring.first()
        self._next: tuple[Member, bool] | None = (self._last, True)
        self._search = 0.0
        self._cut = False
        self._over = asyncio.Event()

    async def read(self, most: int) -> bytes:
        """What was written; empty where the next file is there, or it is to end."""
        if self._file is None:
            await self.after()
        while not self._over.is_set():
            data = self._file.read(most) if self._file else None
            if data:
                return data
            if self._turned(anew=data is None):
                return b""
            await self._time.sleep(PAUSE, self._over)
        return b""

    def _turned(self, *, anew: bool) -> bool:
        """Whether the file that is open is over: begun anew, or another one is there."""
        assert self._file is not None
        if self._next is not None and not anew:
            return True  # it was read once more since the next one was seen
        if not anew and self._time.now() < self._search:
            return False
        self._last = self._file.member
        begun = self._time.now()
        found, whole = self._ring.after(self._last)
        now = self._time.now()
        self._search = now + max(SEARCH, SHARE * (now - begun))
        if found is None:
            return False
        if found.identity == self._last.identity and not anew:
            return False  # it has grown since it was read
        self._next, self._cut = (found, whole), anew
        return anew

    async def after(self) -> After:
        """The next file, if there is one."""
        while self._next is not None and not self._over.is_set():
            (member, whole), self._next = self._next, None
            whole = whole and not self._cut
            self._cut = False
            try:
                opened = _File(self._folder, member)
            except FileNotFoundError:  # the ring was faster
                self._next, self._cut = await self._later(member), True
                continue
            self._close()
            self._file = opened
            return After.NEXT if whole else After.CUT
        return After.NOTHING

    async def _later(self, member: Member) -> tuple[Member, bool] | None:
        """The file behind one that has gone, once it is there."""
        while not self._over.is_set():
            found, whole = self._ring.after(member)
            if found is not None:
                return found, whole
            await self._time.sleep(SEARCH, self._over)
        return None

    def stop(self) -> None:
        """Let it end, whatever was not read yet."""
        self._over.set()

    async def close(self) -> None:
        """Close what is open."""
        self._over.set()
        self._close()

    lasts = False
    why = ""
    clock: Offset | None = None
    dropped = (0, 0)
    """What was dropped stands in no file before its end."""

    def ask(self) -> None:
        """Nothing: there is nobody to answer."""

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
