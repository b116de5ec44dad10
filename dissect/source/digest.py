"""The checksum of a file, by which anybody can tell that it is the same."""

from __future__ import annotations

import hashlib
from pathlib import Path

from dissect.errors import CaptureError
from dissect.escape import visible
from dissect.source.file import CaptureFile


def digest(capture: CaptureFile) -> tuple[int, str]:
    """Bytes of a capture file as it lies there, and its SHA-256 in hexadecimal digits.

    Raises:
        CaptureError: if it cannot be read.
    """
    try:
        with Path(capture.path).open("rb") as file:
            found = hashlib.file_digest(file, "sha256")
            return file.tell(), found.hexdigest()
    except OSError as error:
        why = error.strerror or error
        raise CaptureError(f"{visible(capture.name)} cannot be read: {why}.") from error
