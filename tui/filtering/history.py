"""The filters that were used: kept in a file of the user's own, and read again next time."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, Final

from tui.filtering.parse import LONGEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST: Final = 200
"""Filters that are kept."""
_BYTES: Final = MOST * LONGEST * 4
"""The most that is read of the file."""


def place(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Where the filters are kept; None where the user has no home."""
    state = environ.get("XDG_STATE_HOME", "")
    if not Path(state).is_absolute():
        try:
            state = str(Path.home() / ".local" / "state")
        except RuntimeError:
            return None
    return Path(state, "seamark", "filters")


class History:
    """The filters that were used, the newest last.

    The file is the user's alone, and is written anew as a whole.  Where it cannot be read or
    written, the filters are remembered until the end of the run.

    Args:
        path: the file; None for the usual one.
        kept: whether there is a file at all.
    """

    def __init__(self, path: Path | None = None, *, kept: bool = True) -> None:
        self._path = path or place() if kept else None
        self._entries = _cleaned(_read(self._path))

    @property
    def entries(self) -> tuple[str, ...]:
        """The filters, the newest last."""
        return tuple(self._entries)

    def add(self, text: str) -> None:
        """Remember a filter; one that is known already becomes the newest."""
        text = text.strip()
        if not _is_kept(text):
            return
        # Another Seamark may have written since.
        self._entries = _cleaned([*self._entries, *_read(self._path), text])
        if self._path is not None:
            with suppress(OSError):
                _write(self._path, self._entries)


def _is_kept(text: str) -> bool:
    """Whether a text may be in the file: one line, nothing that steers a terminal."""
    return bool(text) and len(text) <= LONGEST and text.isprintable()


def _cleaned(texts: Iterable[str]) -> list[str]:
    """The texts that may be kept, without duplicates: the last of each, the newest of all."""
    newest_first = dict.fromkeys(
        text for each in reversed(list(texts)) if _is_kept(text := each.strip())
    )
    return list(newest_first)[:MOST][::-1]


def _read(path: Path | None) -> list[str]:
    """The lines of the file; none where it is no file that can be read."""
    if path is None:
        return []
    try:
        # A pipe in its place is not waited for.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:  # noqa: PTH123
            if not S_ISREG(os.fstat(file.fileno()).st_mode):
                return []
            return file.read(_BYTES).decode("utf-8", "replace").split("\n")
    except OSError:
        return []


def _write(path: Path, texts: list[str]) -> None:
    """Put a new file in the place of the old one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".filters-", dir=path.parent)
    try:
        with open(handle, "wb") as file:  # noqa: PTH123 - mkstemp gives a descriptor
            file.write("".join(f"{text}\n" for text in texts).encode("utf-8", "replace"))
        Path(name).replace(path)
    except OSError:
        with suppress(OSError):
            Path(name).unlink()
        raise
