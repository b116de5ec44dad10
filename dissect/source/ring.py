"""Which capture files belong together: one that grows, or a ring of them.

tcpdump ``-C`` puts a number behind the name, and ``-W`` lets it begin again; dumpcap ``-b`` puts a
number and a time into it.  Files are ordered by when they were last written: each is complete when
the next is begun, whatever its name says.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from dissect.errors import CaptureError, UsageError
from dissect.escape import visible
from dissect.source.file import PLAIN

DUMPCAP: Final = re.compile(
    r"(?P<stem>.+)_(?:(?P<number>\d{5,})_\d{14}|\d{14}_(?P<other>\d{5,}))(?P<end>\.\w+)?"
)
"""dumpcap's names: ``mail_00001_20260101120000.pcapng``, or with the time in front."""

NONE: Final = -1
"""The number of a file that has none."""


class Member(NamedTuple):
    """A file of a ring; in the order of when they were written."""

    changed: int
    """Nanoseconds since the epoch."""
    number: int
    name: str
    identity: tuple[int, int]
    """Device and inode: what stays the same when it is renamed."""
    wraps: bool = False
    """Whether numbers begin again behind the highest."""


class Ring:
    """The files that one capturing program writes.

    Args:
        path: one of them, or what their names begin with; a directory for all in it.

    Raises:
        SeamarkError: if there can be none, or it cannot be followed.
    """

    def __init__(self, path: str) -> None:
        _check(path)
        self.path = path
        whole = Path(path)
        if whole.is_dir():
            self.folder, name = whole, ""
        else:
            self.folder, name = whole.parent, whole.name
        self._patterns = _patterns(name)
        self._prefix = name
        self._loose = not whole.is_file() and not self._listed(self._patterns)

    def first(self) -> Member:
        """The file to begin with: the one that was named, or the oldest.

        Raises:
            CaptureError: if there is none.
        """
        there = self.members()
        named = [member for member in there if member.name == self._prefix]
        if not there or (Path(self.path).is_file() and not named):
            raise CaptureError(
                f"{visible(self.path)}: there is no such file, and no capture whose name begins "
                "like that.",
                "Start the capture first, and name its file, or what its files begin with.",
            )
        return (named or there)[0]

    def after(self, last: Member) -> tuple[Member | None, bool]:
        """The file that was written next, and whether none is missing in between.

        Args:
            last: the one that was read, as it was when it was read.
        """
        there = self.members()
        since = (last.changed, last.number, last.name)
        later = [member for member in there if member[:3] > since]
        if not later:
            return None, True
        return later[0], _follows(last, later[0], there)

    def members(self) -> list[Member]:
        """All of them, the one that was written last at the end."""
        patterns = [re.compile(re.escape(self._prefix) + ".*")] if self._loose else self._patterns
        return sorted(self._listed(patterns))

    def _listed(self, patterns: Iterable[re.Pattern[str]]) -> list[Member]:
        found = []
        for entry in os.scandir(self.folder):
            match = next(filter(None, (p.fullmatch(entry.name) for p in patterns)), None)
            if match is None or entry.name.startswith("."):
                continue
            try:
                info = entry.stat()
                if entry.is_file() and (entry.name == self._prefix or _is_capture(entry.path)):
                    found.append(_member(entry.name, info, match))
            except FileNotFoundError:
                continue  # the ring has gone on
        return found


def _patterns(name: str) -> tuple[re.Pattern[str], ...]:
    """How the files of a ring can be called of which one, or the option -w, is called ``name``."""
    if not name:
        return (re.compile(".*"),)
    known = DUMPCAP.fullmatch(name)
    path = Path(name)
    stem, end = (known["stem"], known["end"] or "") if known else (path.stem, path.suffix)
    places = r"_(?:(?P<number>\d{5,})_\d{14}|\d{14}_(?P<other>\d{5,}))"
    dumpcap = re.compile(re.escape(stem) + places + re.escape(end))
    if known:
        return (dumpcap,)
    base = re.escape(name.rstrip("0123456789"))
    return (re.compile(rf"{base}(?P<turn>\d*)"), dumpcap)


def _member(name: str, info: os.stat_result, match: re.Match[str]) -> Member:
    """A file; tcpdump's first has no number, and is number 0."""
    groups = match.groupdict()
    number = int(next(filter(None, groups.values()), 0)) if groups else NONE
    identity = (info.st_dev, info.st_ino)
    return Member(info.st_mtime_ns, number, name, identity, "turn" in groups)


def _follows(last: Member, found: Member, there: Iterable[Member]) -> bool:
    """Whether one file comes right behind another, in a ring that may have begun again."""
    if NONE in (last.number, found.number) or found.number == last.number + 1:
        return True
    numbers = [member.number for member in there]
    return found.wraps and found.number == min(numbers) and last.number >= max(numbers)


def _is_capture(path: str) -> bool:
    """Whether it is one by its first bytes, as far as there are any."""
    try:
        with Path(path).open("rb") as file:
            magic = file.read(4)
    except PermissionError:
        return True  # whoever reads it is told
    return len(magic) < len(PLAIN[0]) or magic in PLAIN


def _check(path: str) -> None:
    """Look at what was named from outside.

    Raises:
        CaptureError: if it cannot be read.
        UsageError: if it is no capture that can grow.
    """
    named, shown = Path(path), visible(path)
    if not named.parent.is_dir():
        raise CaptureError(f"{shown}: there is no such directory.", "Check the path.")
    if named.exists() and not (named.is_file() or named.is_dir()):
        raise UsageError(f"{shown} is no regular file.", "From a pipe: seamark live - < PIPE")
    try:
        if named.is_file() and not _is_capture(path):
            raise UsageError(
                f"{shown} is no pcap and no pcapng, or is compressed, and cannot be followed.",
                "Whole captures, compressed ones too: seamark FILE",
            )
        if named.is_file():
            named.open("rb").close()
    except OSError as error:
        raise CaptureError(
            f"{shown} cannot be read: {error.strerror}.", "Ask its owner for the right to read it."
        ) from None
