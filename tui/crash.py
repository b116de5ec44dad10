"""A bug of ours: the terminal is left sane, and what happened is written to a file."""

from __future__ import annotations

import os
import tempfile
import traceback
from pathlib import Path
from typing import Final

from dissect.escape import visible

_WHAT: Final = "Seamark has a bug and had to stop: {what}. Notes were saved as they were made."
_WHERE: Final = "What happened is in {path}; it holds no packets. Please report it."
_NOWHERE: Final = "What happened could not be written to a file."


def report(error: BaseException) -> str:
    """Write down how it came to an error; a sentence or two for the user.

    The file has the calls and the error's name, not its words: those may be a packet's.
    """
    what = type(error).__name__
    try:
        path = _write(error)
    except OSError:
        return f"seamark: {_WHAT.format(what=what)}\n  {_NOWHERE}"
    return f"seamark: {_WHAT.format(what=what)}\n  {_WHERE.format(path=visible(str(path)))}"


def _write(error: BaseException) -> Path:
    """A new file in the state directory, readable by the user alone."""
    state = os.environ.get("XDG_STATE_HOME") or str(Path("~/.local/state").expanduser())
    folder = Path(state, "seamark")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(".txt", "crash-", folder)
    calls = "".join(traceback.format_tb(error.__traceback__))
    with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
        file.write(f"{type(error).__module__}.{type(error).__qualname__}\n{calls}")
    return Path(name)
