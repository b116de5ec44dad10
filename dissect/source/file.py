"""A capture that can be opened, or the reason why not, before tshark is asked.

tshark ends with exit code 0 for an empty file, so what can be seen from outside is seen here.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dissect.errors import CaptureError
from dissect.escape import visible
from dissect.source.rights import unprivileged

PLAIN: Final = (
    b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d",
    b"\x0a\x0d\x0d\x0a",
)  # fmt: skip
"""The first bytes of pcap (both byte orders, micro- and nanoseconds) and of pcapng."""


@dataclass(frozen=True, slots=True)
class CaptureFile:
    """A capture to read."""

    name: str
    """As the user gave it."""
    path: str
    """For tshark: ``-`` or a path that cannot be taken for an option."""
    size: int
    """Bytes, if reading can be measured by them; 0 for standard input and compressed files."""
    descriptor: int = -1
    """Of an open file that ``path`` names and a reader has to inherit; -1 for others."""

    @property
    def start(self) -> dict[str, Any]:
        """What the start of a program needs so that it can read this.

        What has no path of its own came live, from whoever: it is read without rights.
        """
        return {"pass_fds": (self.descriptor,), **unprivileged()} if self.descriptor >= 0 else {}


def held(name: str, descriptor: int) -> CaptureFile:
    """A capture in an open file that has no name."""
    return CaptureFile(name, f"/dev/fd/{descriptor}", 0, descriptor)


def open_capture(name: str) -> CaptureFile:
    """Look at a capture from outside.

    Raises:
        CaptureError: if there is no such file, it is a directory, empty, or may not be read.
    """
    if name == "-":
        return CaptureFile("-", "-", 0)
    shown = visible(name)
    try:
        info = os.stat(name)  # noqa: PTH116 - its errors are the messages below
        if stat.S_ISDIR(info.st_mode):
            raise CaptureError(f"{shown} is a directory.", "Name the capture files in it.")
        if not stat.S_ISREG(info.st_mode):
            return CaptureFile(name, _path(name), 0)
        with Path(name).open("rb") as file:
            magic = file.read(4)
    except FileNotFoundError:
        raise CaptureError(f"{shown}: there is no such file.", "Check the path.") from None
    except PermissionError:
        raise CaptureError(
            f"{shown} may not be read by this user.", "Ask its owner for the right to read it."
        ) from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise CaptureError(f"{shown} cannot be read: {why}.", "Check the path.") from error
    if not magic:
        raise CaptureError(f"{shown} is empty: 0 bytes.", "Was the capture stopped too early?")
    return CaptureFile(name, _path(name), info.st_size if magic in PLAIN else 0)


def _path(name: str) -> str:
    """A path that tshark cannot take for standard input or an option."""
    return f"./{name}" if name.startswith("-") else name
