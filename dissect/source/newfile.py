"""New files and folders for what was found: for their owner alone, whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from dissect.errors import CaptureError, SeamarkError, UsageError
from dissect.escape import visible

PRIVATE: Final = 0o600
PRIVATE_FOLDER: Final = 0o700

NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


def unused(name: str) -> Path:
    """The path of a file that is not there; looked at before a long reading.

    Raises:
        UsageError: if it is there already.
    """
    path = Path(name)
    if os.path.lexists(path):
        raise _there_already(path)
    return path


@contextlib.contextmanager
def creating(path: Path) -> Iterator[int]:
    """A new file, open for writing; it goes away where what follows fails.

    Raises:
        UsageError: if it is there already.
        CaptureError: if it cannot be made.
    """
    try:
        file = os.open(path, NEW, PRIVATE)
    except FileExistsError:
        raise _there_already(path) from None
    except (OSError, ValueError) as error:
        raise unwritable(path, error) from None
    try:
        yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(file)


def write(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a new file.

    Raises:
        UsageError: if it is there already.
        CaptureError: if it cannot be written; nothing is left of it then.
    """
    with creating(path) as file:
        try:
            with open(file, "wb", closefd=False) as out:
                out.writelines(pieces)
        except OSError as error:
            raise unwritable(path, error) from None


def write_text(path: Path, pieces: Iterable[str]) -> None:
    """Write a new file of text; raises as ``write`` does."""
    write(path, (piece.encode("utf-8") for piece in pieces))


def folder(path: Path) -> None:
    """Make a folder that only its owner may look into, if it is not there.

    Raises:
        UsageError: if something else is there.
        CaptureError: if it cannot be made.
    """
    try:
        path.mkdir(mode=PRIVATE_FOLDER)
    except FileExistsError:
        if not path.is_dir():
            raise _there_already(path) from None
    except (OSError, ValueError) as error:
        raise unwritable(path, error) from None


def unused_folder(name: str) -> Path:
    """The path of a folder that is not there, or empty; looked at before a long reading.

    Raises:
        UsageError: if it is something else.
        CaptureError: if it cannot be looked into.
    """
    path = Path(name)
    if not os.path.lexists(path):
        return path
    if not path.is_dir():
        raise _there_already(path)
    try:
        full = any(path.iterdir())
    except OSError as error:
        raise unwritable(path / "file", error) from None
    if full:
        raise UsageError(f"{visible(str(path))} is not empty.", "Choose another folder.")
    return path


@contextlib.contextmanager
def empty_folder(path: Path) -> Iterator[None]:
    """A folder in which there is nothing yet; if it was made here, it goes where that fails.

    Raises:
        UsageError: if there is something in it.
        CaptureError: if it cannot be made.
    """
    made = not os.path.lexists(path)
    folder(path)
    unused_folder(str(path))
    try:
        yield
    except BaseException:
        if made:
            with contextlib.suppress(OSError):
                path.rmdir()
        raise


def unwritable(path: Path, error: OSError | ValueError) -> SeamarkError:
    """Why a file cannot be made, and what to do."""
    shown, parent = visible(str(path)), visible(str(path.parent))
    if isinstance(error, FileNotFoundError):
        return CaptureError(f"There is no folder {parent}.", f"Make it: mkdir -p {parent}")
    if isinstance(error, PermissionError):
        return CaptureError(f"This user may not write to {parent}.", "Choose another folder.")
    why = getattr(error, "strerror", None) or error
    return CaptureError(f"{shown} cannot be written: {why}.", "Choose another name.")


def _there_already(path: Path) -> UsageError:
    return UsageError(f"{visible(str(path))} is there already.", "Choose another name.")
