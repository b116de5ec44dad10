"""The folder of evidence: whether a live capture may write there, and has the room."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from dissect.doctor.check import Check, missing, ok, warning
from dissect.errors import CaptureError
from dissect.source.folder import ours

OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH

LARGER: Final = ("KiB", "MiB", "GiB", "TiB")


def keeping(folder: str, size: int) -> Iterator[Check]:
    """Look at the folder of ``--keep-dir``, without making it or writing to it.

    Args:
        folder: as the user names it.
        size: bytes that its files may have together.
    """
    path = Path(folder).absolute()
    there = next(each for each in (path, *path.parents) if os.path.lexists(each))
    error = _unusable(path, there)
    if error is not None:
        yield missing("keep-dir", error)
        return
    yield _place(path, there)
    yield _room(path, there, size)


def _unusable(path: Path, there: Path) -> CaptureError | None:
    """Why nothing could be written there."""
    if not there.is_dir():
        return CaptureError(f"{there} is no folder.", "Choose another --keep-dir.")
    if os.access(there, os.W_OK | os.X_OK) and (there != path or os.access(there, os.R_OK)):
        return None
    make = f'sudo install -d -m 700 -o "$(id -un)" {shlex.quote(str(path))}'
    if os.statvfs(there).f_flag & os.ST_RDONLY:
        make = "Choose another --keep-dir: that file system is mounted read-only."
    doing = "write to" if there == path else f"make {path} in"
    return CaptureError(f"This user may not {doing} {there}.", make)


def _place(path: Path, there: Path) -> Check:
    """Who else could take evidence away."""
    if there != path:
        return ok("keep-dir", f"{path} is not there yet; a live capture makes it")
    if path.stat().st_mode & OTHERS_WRITE:
        what = f"Other users may write to {path}, and take evidence away."
        return warning("keep-dir", what, f"chmod go-w {shlex.quote(str(path))}")
    return ok("keep-dir", f"{path} can be written to")


def _room(path: Path, there: Path, size: int) -> Check:
    """Whether the disk is full before the folder is."""
    held = sum(ours(path).values()) if there == path else 0
    free = shutil.disk_usage(there).free
    words = f"{_bytes(free)} free and {_bytes(held)} written, for --keep-size {_bytes(size)}"
    if free + held >= size:
        return ok("keep-size", words)
    what = f"Only {words}: the disk is full before the oldest files go."
    return warning("keep-size", what, f"--keep-size {max(1, (free + held) * 9 // 10 >> 20)}M")


def _bytes(count: int) -> str:
    """In the unit in which it has up to four digits."""
    size, unit = float(count), "bytes"
    for larger in LARGER:
        if size < 1 << 10:
            break
        size, unit = size / (1 << 10), larger
    return f"{size:.{unit != 'bytes':d}f} {unit}"
