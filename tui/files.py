"""Files that the user asks for: new ones, for the user's eyes alone, whole or not at all.

Nothing here follows a symbolic link when it writes, and nothing overwrites a file of that name,
except ``replace``, which is for files of our own.
"""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from dissect.errors import CaptureError, UsageError
from dissect.escape import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

_MODE: Final = 0o600
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_CAPTURES: Final = (".gz", ".zst", ".lz4", ".pcapng", ".pcap", ".cap", ".dmp")
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_STEM: Final = 60
_LONGEST_NAME: Final = 255
_MOST_TRIED: Final = 10_000


def path(words: str) -> Path:
    """The path of a file that can be written, as somebody typed it; ``~`` is the home folder.

    Raises:
        UsageError: if no new file can be made there.
    """
    if not words.strip():
        raise UsageError("A file name is missing.")
    if not words.isprintable():
        raise UsageError("A file name holds characters that cannot be shown.")
    target = _expanded(words.strip())
    if len(os.fsencode(target.name)) > _LONGEST_NAME:
        raise UsageError("The file name is too long.")
    if not target.parent.is_dir():
        raise UsageError(f"There is no folder {visible(str(target.parent))}.")
    if target.is_dir():
        raise UsageError(f"{visible(str(target))} is a folder.")
    if os.path.lexists(target):
        raise _there_already(target)
    return target


def wrong(words: str) -> str:
    """Why no file can be written there, or nothing: what ``path`` raises, for a prompt."""
    try:
        path(words)
    except UsageError as error:
        return error.what
    except (OSError, ValueError) as error:
        return f"That cannot be a path: {_why(error)}."
    return ""


def free(name: str, folder: str = "") -> str:
    """``name``, or ``name-2`` and so on before its ending where there is such a file already.

    Args:
        name: a file name of ours.
        folder: where; the current one if empty.
    """
    first = Path(folder, name)
    tried = (first.with_stem(f"{first.stem}-{number}") for number in range(2, _MOST_TRIED))
    found = first
    while os.path.lexists(found):
        found = next(tried, found)
    return str(found)


def stem(capture: str) -> str:
    """What names of files about a capture begin with: its own, made harmless."""
    name = Path(capture).name
    for ending in _CAPTURES:
        name = name.removesuffix(ending)
    return _UNSAFE.sub("_", name).lstrip(".-_")[:_LONGEST_STEM] or "capture"


@contextmanager
def creating(target: Path) -> Iterator[IO[str]]:
    """A new file to write text into; it is removed again where that fails.

    Raises:
        UsageError: if there is a file of that name.
        CaptureError: if it cannot be written.
    """
    try:
        handle = os.open(target, _NEW, _MODE)
    except FileExistsError:
        raise _there_already(target) from None
    except OSError as error:
        raise _not_written(target, error) from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            yield file
    except BaseException as error:
        with suppress(OSError):
            target.unlink()
        if isinstance(error, OSError):
            raise _not_written(target, error) from error
        raise


def create(target: Path, text: str) -> None:
    """Write a new file; raises as ``creating`` does."""
    with creating(target) as file:
        file.write(text)


def replace(target: Path, data: bytes) -> os.stat_result:
    """Put a file in the place of another in one step, so that there is always one of them.

    A symbolic link of that name is replaced, not followed.

    Returns:
        What the file is known by from now on.

    Raises:
        OSError: if the folder cannot be written.
    """
    handle, name = tempfile.mkstemp(".tmp", f".{target.name[:_LONGEST_STEM]}.", target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            info = os.fstat(file.fileno())
        Path(name).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    return info


@contextmanager
def passing(text: str, name: str) -> Iterator[Path]:
    """A file for another program, in a folder of its own, which is gone afterwards.

    The folder also takes what an editor leaves beside the file.

    Raises:
        CaptureError: if there is no room for it.
    """
    try:
        folder = tempfile.TemporaryDirectory(prefix="seamark-", ignore_cleanup_errors=True)
    except OSError as error:
        raise _not_written(Path(tempfile.gettempdir()), error) from error
    with folder as where:
        target = Path(where, name)
        create(target, text)
        yield target


def _expanded(words: str) -> Path:
    try:
        return Path(words).expanduser()
    except RuntimeError:
        raise UsageError("There is no such home folder.") from None


def _there_already(target: Path) -> UsageError:
    return UsageError(
        f"There is already a file {visible(str(target))}.",
        "Nothing is overwritten: choose another.",
    )


def _not_written(target: Path, error: OSError) -> CaptureError:
    return CaptureError(f"{visible(str(target))} cannot be written: {_why(error)}.")


def _why(error: Exception) -> str:
    return visible(getattr(error, "strerror", None) or str(error))
