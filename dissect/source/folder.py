"""A folder of evidence that never outgrows its bounds: of our files there the oldest go first."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import Final

from dissect.errors import CaptureError
from dissect.escape import visible

PRIVATE_FOLDER: Final = 0o700
PRIVATE: Final = 0o600

SIZE: Final = 1 << 30
"""Bytes of all files, unless told otherwise."""

OURS: Final = re.compile(r"seamark_\d{8}T\d{6}\.\d{6}Z_[A-Za-z0-9._-]+\.pcapng")
"""Names of files that were written here; only those are counted and removed."""

TRIES: Final = 100
"""Names that are tried for one file."""


class TooLargeError(Exception):
    """A file that has no room even in an empty folder."""


class Folder:
    """Where evidence goes; made if it is not there.

    Args:
        path: the folder.
        size: bytes of all files of ours in it.
        files: how many of them.

    Raises:
        CaptureError: if it cannot be made, or not be written to.
    """

    def __init__(self, path: Path, size: int, files: int) -> None:
        self.path = path
        self._size, self._files = size, files
        self._held: dict[str, int] = {}
        self._total = 0
        shown = visible(str(path))
        try:
            path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            self._look()
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise CaptureError(
                f"Packets cannot be kept in {shown}: {why}.", "Choose another --keep-dir."
            ) from None
        if not os.access(path, os.W_OK | os.X_OK):
            raise CaptureError(f"This user may not write to {shown}.", "Choose another --keep-dir.")

    def _look(self) -> None:
        """Learn of what earlier runs have left, the oldest first."""
        self._held = ours(self.path)
        self._total = sum(self._held.values())

    def write(self, name: str, data: bytes) -> str:
        """Write a file that only its owner may read; older ones go to make room.

        Args:
            name: one of ``OURS``; where there is such a file, the new one gets a number.
            data: all of it.

        Returns:
            The name that it got.

        Raises:
            TooLargeError: if it is larger than all files together may be.
            OSError: if it cannot be written; nothing of it is left then.
        """
        if len(data) > self._size:
            raise TooLargeError
        self._make_room(len(data))
        name, file = self._create(name)
        try:
            try:
                rest = memoryview(data)
                while rest:
                    rest = rest[os.write(file, rest) :]
            finally:
                os.close(file)
        except BaseException:
            with contextlib.suppress(OSError):
                (self.path / name).unlink()
            raise
        self._held[name] = len(data)
        self._total += len(data)
        return name

    def _create(self, name: str) -> tuple[str, int]:
        """A new file, under a name that is free."""
        stem = name.removesuffix(".pcapng")
        how = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        for number in range(1, TRIES):
            free = f"{stem}_{number}.pcapng" if number > 1 else name
            with contextlib.suppress(FileExistsError):
                return free, os.open(self.path / free, how, PRIVATE)
        return name, os.open(self.path / name, how, PRIVATE)

    def _make_room(self, size: int) -> None:
        """Remove the oldest files, until one more of this size may be there."""
        while self._held and (self._total + size > self._size or len(self._held) >= self._files):
            name = next(iter(self._held))
            (self.path / name).unlink(missing_ok=True)
            self._total -= self._held.pop(name)


def ours(path: Path) -> dict[str, int]:
    """The files of ours in a folder with their bytes, the oldest first.

    Raises:
        OSError: if it cannot be read.
    """
    found = []
    with os.scandir(path) as entries:
        for entry in entries:
            if OURS.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                facts = entry.stat(follow_symlinks=False)
                found.append((facts.st_mtime_ns, entry.name, facts.st_size))
    return {name: size for _, name, size in sorted(found)}
