"""The lines of a log file, plain or compressed, or of standard input."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import stat
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from dissect.errors import LogError
from dissect.escape import visible

LONGEST: Final = 8_192
"""Bytes of a line that are read; what is behind them is left out. Exim cuts its own at as many."""

_OPENERS: Final[tuple[tuple[bytes, Any], ...]] = (
    (b"\x1f\x8b", gzip.GzipFile),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ\x00", lzma.LZMAFile),
)
_ZSTANDARD: Final = b"\x28\xb5\x2f\xfd"
_MAGIC: Final = 6


@dataclass(frozen=True, slots=True)
class LogFile:
    """A log that is open."""

    name: str
    """As the user gave it."""
    written: float | None
    """When it was written last, seconds since the epoch; None for what is no file."""
    _stream: BinaryIO

    def close(self) -> None:
        """Close it, unread."""
        self._stream.close()

    def lines(self) -> Iterator[bytes]:
        """Its lines, cut at ``LONGEST``; the file is closed behind the last.

        Raises:
            LogError: where it cannot be read on; what was read before is good.
        """
        try:
            with self._stream as stream:
                while line := stream.readline(LONGEST):
                    yield line
                    while not line.endswith(b"\n") and len(line) == LONGEST:
                        line = stream.readline(LONGEST)
        except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
            raise LogError(
                f"{visible(self.name)} cannot be read to its end: {visible(str(error))}.",
                "What was read before is shown; fetch the file again.",
            ) from error


def open_log(name: str) -> LogFile:
    """Open a log; ``-`` is standard input.

    Raises:
        LogError: if there is no such file, it is a directory, or may not be read.
    """
    shown = visible(name)
    try:
        raw: Any = sys.stdin.buffer if name == "-" else Path(name).open("rb")  # noqa: SIM115
        info = os.fstat(raw.fileno())
        buffered = raw if hasattr(raw, "peek") else io.BufferedReader(raw)
        start = buffered.peek(_MAGIC)[:_MAGIC]
    except FileNotFoundError:
        raise LogError(f"{shown}: there is no such file.", "Check the path.") from None
    except PermissionError:
        raise LogError(
            f"{shown} may not be read by this user.",
            "Mail logs belong to root or to the group adm: use sudo, or ask for the group.",
        ) from None
    except IsADirectoryError:
        raise LogError(f"{shown} is a directory.", "Name the log files in it.") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise LogError(f"{shown} cannot be read: {why}.", "Check the path.") from error
    if start.startswith(_ZSTANDARD):
        raise LogError(f"{shown} is compressed with zstd.", "Use zstdcat FILE | seamark log -.")
    written = info.st_mtime if stat.S_ISREG(info.st_mode) else None
    return LogFile(name, written, _unpacked(buffered, start))


def packed(name: str) -> bool:
    """Whether a file is compressed.

    Raises:
        OSError: if it cannot be read.
    """
    with Path(name).open("rb") as file:
        start = file.read(_MAGIC)
    return any(start.startswith(magic) for magic, _ in _OPENERS)


def _unpacked(stream: Any, start: bytes) -> BinaryIO:
    """The stream as it was before it was compressed."""
    for magic, opener in _OPENERS:
        if start.startswith(magic):
            # Their own readline is slow, because each call takes a lock.
            packed = opener(fileobj=stream) if opener is gzip.GzipFile else opener(stream)
            return cast("BinaryIO", io.BufferedReader(packed))
    return cast("BinaryIO", stream)
