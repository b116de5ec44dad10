"""The key of the mapping: a file that stays with the user.

It holds a random secret, from which all names follow, and the networks that were met, in their
order, from which documentation networks follow: there are few of those, and only a list can give
each to one network.  Whoever has the file can undo the redaction.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
from pathlib import Path
from typing import Final

from dissect.errors import UsageError
from dissect.escape import visible

TITLE: Final = "# Seamark's key of redaction. Keep it: whoever has it can undo what --redact did.\n"
MARK: Final = "secret "
BYTES: Final = 32
LARGEST: Final = 64 << 20
"""Bytes of a file that can be a key."""


class Key:
    """A secret, and the networks that were met.

    Args:
        secret: random bytes.
        path: the file that keeps networks; None keeps them in memory alone.
    """

    def __init__(self, secret: bytes, path: Path | None = None) -> None:
        self.secret = secret
        self.path = path
        self._numbers: dict[str, int] = {}
        self._counts: dict[bool, int] = {False: 0, True: 0}

    def number(self, network: str) -> int:
        """The number of a network among those of its family, from 0; a new one is remembered.

        Raises:
            UsageError: if it cannot be written into the file.
        """
        known = self._numbers.get(network)
        if known is None:
            if self.path is None:
                self.met(network)
            else:
                self._write(self.path, network)
            known = self._numbers[network]
        return known

    def met(self, network: str) -> None:
        """Give a network the next number, if it has none."""
        if network not in self._numbers:
            six = ":" in network
            self._numbers[network] = self._counts[six]
            self._counts[six] += 1

    def _write(self, path: Path, network: str) -> None:
        """Add a network to the file, behind those that others have added meanwhile."""
        try:
            with path.open("r+", encoding="ascii") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                for line in _networks(file.read()):
                    self.met(line)
                if network not in self._numbers:
                    file.write(network + "\n")
                    self.met(network)
        except (OSError, UnicodeError) as error:
            raise _unusable(path, error) from None


def open_key(path: Path | None = None) -> Key:
    """The key in a file; made, readable by its owner alone, where the file is not there.

    Args:
        path: of the file; None is the one in the state directory.

    Raises:
        UsageError: if it cannot be read or made, is no key, or others may read it.
    """
    path = path or _usual()
    try:
        if not os.path.lexists(path):
            _make(path)
        with open(path, "rb", opener=_at_once) as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(LARGEST).decode("ascii") if stat.S_ISREG(mode) else ""
    except (OSError, UnicodeError) as error:
        raise _unusable(path, error) from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UsageError(
            f"{visible(str(path))} can undo redactions, and others than you may read it.",
            f"chmod 600 {visible(str(path))}",
        )
    return _parsed(path, text)


def _at_once(path: str, flags: int) -> int:
    """Open a file without waiting, should it be a pipe."""
    return os.open(path, flags | os.O_NONBLOCK)


def _usual() -> Path:
    """The file in the state directory (XDG Base Directory Specification)."""
    state = os.environ.get("XDG_STATE_HOME", "")
    folder = Path(state) if state.startswith("/") else Path("~/.local/state").expanduser()
    return folder / "seamark" / "redact.key"


def _make(path: Path) -> None:
    """A new key; of two that make it at once one wins, and both use it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    words = f"{TITLE}{MARK}{secrets.token_hex(BYTES)}\n"
    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(file, "w", encoding="ascii") as out:
            out.write(words)
        if not path.exists():
            os.link(beside, path)
    except FileExistsError:
        pass
    finally:
        beside.unlink()


def _parsed(path: Path, text: str) -> Key:
    """A key from its file."""
    found = [line for line in text.splitlines() if line.startswith(MARK)]
    try:
        secret = bytes.fromhex(found[0].removeprefix(MARK))
    except (IndexError, ValueError):
        secret = b""
    if len(secret) != BYTES:
        raise UsageError(
            f"{visible(str(path))} is no key of redaction.",
            "Name a file that is not there yet, and it is made.",
        )
    key = Key(secret, path)
    for network in _networks(text):
        key.met(network)
    return key


def _networks(text: str) -> list[str]:
    """The networks in a file."""
    return [line for line in text.splitlines() if line and line[0] not in "#s"]


def _unusable(path: Path, error: Exception) -> UsageError:
    what = error.strerror if isinstance(error, OSError) else "not a text file"
    return UsageError(
        f"The key of redaction {visible(str(path))} cannot be used: {what}.",
        "Name another file with --redact-key.",
    )
