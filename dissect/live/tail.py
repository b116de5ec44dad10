"""A log that grows: what is written to it from now on, over all its rotations."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import tzinfo
from pathlib import Path
from typing import Final

from dissect.errors import UsageError
from dissect.escape import visible
from dissect.maillog.files import LONGEST, open_log, packed
from dissect.maillog.logbook import Line
from dissect.maillog.reader import Reader
from dissect.maillog.stamps import Clock

PIECE: Final = 1 << 18
"""Bytes read at a time."""

MOST: Final = 16
"""Pieces that one look reads, at most; the rest waits for the next."""

STRANGE: Final = 1_000
"""Lines of which none was understood, from which on it is said that this is no mail log."""


class Tail:
    """The lines that are written to a log while it is watched.

    A log that is renamed is read to its end, and then the one that has its name; one that is cut
    off is read anew from its beginning.  One that has gone is waited for.

    Args:
        name: of the file.
        zone: of stamps that have none; None is that of this machine.
        now: seconds since the epoch.

    Raises:
        LogError: if it cannot be read.
        UsageError: if it cannot grow.
    """

    def __init__(
        self, name: str, zone: tzinfo | None = None, now: Callable[[], float] = time.time
    ) -> None:
        self.name = name
        self._now = now
        self._clock = Clock(now(), zone)
        self._reader = Reader(self._clock)
        self._rest = b""
        self._number = self._strange = 0
        self._turned = False
        self._trouble = ""
        self._news: list[str] = []
        refuse_fixed(name)
        self._file = os.open(name, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        self._skip = self._to_end()

    def _to_end(self) -> bool:
        """Pass over what is there, and count its lines; whether the last has no end yet."""
        last = b"\n"
        while data := os.read(self._file, PIECE):
            self._number += data.count(b"\n")
            last = data[-1:]
        return last != b"\n"

    def news(self) -> list[str]:
        """What is to be told of the file, once."""
        told, self._news = self._news, []
        return told

    def read(self) -> list[Line]:
        """The lines that name a client and were written since."""
        self._clock.advance(self._now())
        found: list[Line] = []
        for _ in range(MOST):
            data = self._more()
            if not data:
                break
            found += self._lines(data)
        return found

    def _more(self) -> bytes:
        try:
            data = os.read(self._file, PIECE)
            if not data and self._is_another():
                data = os.read(self._file, PIECE)
        except OSError as error:
            self._tell(f"{visible(self.name)} cannot be read: {error.strerror}")
            return b""
        self._trouble = "" if data else self._trouble
        return data

    def _is_another(self) -> bool:
        """At the end: go on with another file, or with the same from its beginning.

        A server writes to the old file until it is told of the new one, so that is read once more
        when the new one has something.
        """
        here = os.fstat(self._file)
        try:
            there = Path(self.name).stat()
        except FileNotFoundError:
            self._tell(f"{visible(self.name)} has gone; it is waited for")
            return False
        if (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino):
            if there.st_size >= os.lseek(self._file, 0, os.SEEK_CUR):
                return False
            os.lseek(self._file, 0, os.SEEK_SET)
        elif not there.st_size or not self._turned:
            self._turned = there.st_size > 0
            return False
        else:
            new = os.open(self.name, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            os.close(self._file)
            self._file = new
        self._turned, self._rest, self._number, self._skip = False, b"", 0, False
        return True

    def _tell(self, words: str) -> None:
        """Once, until it can be read again."""
        if words != self._trouble:
            self._news.append(words)
        self._trouble = words

    def _lines(self, data: bytes) -> Iterator[Line]:
        *whole, rest = (self._rest + data).split(b"\n")
        self._rest = rest[:LONGEST]
        for text in whole:
            self._number += 1
            if self._skip:
                self._skip = False
                continue
            entry = self._reader.entry(text[:LONGEST])
            self._understood(yes=entry is not None)
            if entry is not None and entry.said.client is not None:
                yield Line(self.name, self._number, entry)

    def _understood(self, *, yes: bool) -> None:
        if yes:
            self._strange = STRANGE
        elif self._strange < STRANGE:
            self._strange += 1
            if self._strange == STRANGE:
                self._news.append(f"{visible(self.name)}: no line of Exim, Postfix or Sendmail yet")

    def close(self) -> None:
        """Close the file, once."""
        os.close(self._file)


def refuse_fixed(name: str) -> None:
    """Look at what was named from outside.

    Raises:
        LogError: if it cannot be read.
        UsageError: if it is no file that can grow.
    """
    if name == "-":
        raise UsageError("A log on standard input cannot be followed.", "Name its file.")
    file = open_log(name)
    file.close()
    if file.written is None or packed(name):
        raise UsageError(
            f"{visible(name)} is no file that grows.",
            "Name the log that is written now; the older ones are for: seamark CAPTURE --log",
        )
