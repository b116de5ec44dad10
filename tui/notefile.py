"""The file of notes: what is in it, and how it is read and written.

Such a file may be a stranger's: it is bounded when it is read, nothing in it is trusted, no
symbolic link is followed, and a file that is not one of ours is moved aside, never overwritten.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import math
import os
import stat
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dissect.escape import visible
from tui import files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dissect.analysis.model import FlowSummary

MOST_CHARS: Final = 4000
"""Of a comment."""
MOST_NOTES: Final = 50_000
"""Of one capture."""
MOST_BYTES: Final = 16 << 20
"""Of one file."""
ENDING: Final = ".seamark.json"
VERSION: Final = 1

_MOST_VERDICT: Final = 40
_MOST_END: Final = 100
_LOCK_TRIES: Final = 20
_LOCK_PAUSE: Final = 0.01
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_HEAD: Final = ("seamark", "version", "capture", "notes")
_TEXTS: Final = ("client", "server", "verdict", "comment")
_FIELDS: Final = ("client", "server", "start_us", "verdict", "comment", "changed")


class Note(NamedTuple):
    """What the user thinks of a flow."""

    comment: str
    verdict: str
    """One of ``VERDICTS``, nothing, or whatever a file says."""
    changed: float
    """Seconds since the epoch."""

    @property
    def line(self) -> str:
        """All of it, for a column."""
        return " / ".join(filter(None, (self.verdict, *self.comment.split("\n"))))


class Key(NamedTuple):
    """What a flow is known by."""

    client: str
    server: str
    start: int
    """Microseconds since the epoch."""


class Entry(NamedTuple):
    """A note as it lies in a file; an empty one says that there was one before."""

    note: Note
    more: dict[str, Any]
    """What another version has written beside it."""


class Page(NamedTuple):
    """What one file holds."""

    entries: dict[Key, Entry]
    others: list[Any]
    """What is no note to this version."""
    more: dict[str, Any]
    version: int


BLANK: Final = Page({}, [], {}, VERSION)


class Damaged(Exception):  # noqa: N818 - it is a state of a file, which is dealt with
    """A file that is not one of ours."""


def key(summary: FlowSummary) -> Key:
    """What a flow is known by, whatever number it has."""
    start = summary.start if math.isfinite(summary.start) else 0.0
    return Key(str(summary.client), str(summary.server), round(start * 1_000_000))


def tidy(comment: str) -> str:
    """A comment as it is kept: lines of what can be shown, without what surrounds them."""
    if comment.isprintable():
        return comment.strip()[:MOST_CHARS]
    lines = [
        "".join(char for char in line if char.isprintable()).rstrip()
        for line in comment.expandtabs().splitlines()
    ]
    return "\n".join(lines).strip()[:MOST_CHARS]


# ---- places -------------------------------------------------------------------------------------


def sidecar(capture: str) -> Path:
    """The file beside a capture."""
    path = Path(capture)
    return path.with_name(path.name + ENDING)


def state_file(capture: str, environ: Mapping[str, str]) -> Path:
    """The file for the same capture in the state directory."""
    named = environ.get("XDG_STATE_HOME", "")
    home = Path(environ.get("HOME") or "/", ".local", "state")
    folder = Path(named) if named.startswith("/") else home
    digest = hashlib.sha256(os.fsencode(Path(capture).absolute())).hexdigest()
    return folder / "seamark" / "notes" / f"{digest}.json"


class Stamp(NamedTuple):
    """What tells that a file is still the same."""

    changed: int
    size: int
    inode: int


def stamp(info: os.stat_result) -> Stamp:
    """The stamp of a file."""
    return Stamp(info.st_mtime_ns, info.st_size, info.st_ino)


def stamp_at(place: Path) -> Stamp | None:
    """The stamp of what lies at a place; None where that cannot be told, or nothing lies there."""
    try:
        return stamp(place.lstat())
    except OSError:
        return None


def put(place: Path, data: bytes) -> tuple[str, Stamp]:
    """Replace a file of ours; says where it is, and what it is known by.

    Raises:
        OSError: if it cannot be written there.
    """
    beside = place.name.endswith(ENDING)
    if not beside:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    info = files.replace(place, data)
    return f"kept in {visible(place.name if beside else str(place))}", stamp(info)


def move_aside(place: Path) -> Path:
    """Make room where a file lies that holds no notes; its new name.

    Raises:
        OSError: if it cannot be moved.
    """
    aside = Path(files.free(f"{place.name}.damaged", str(place.parent)))
    place.rename(aside)
    return aside


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other Seamarks from writing between our reading and our writing, where that works.

    Who holds the lock for longer than a moment is not waited for: merging loses little.
    """
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        yield
        return
    try:
        for _ in range(_LOCK_TRIES):
            with suppress(OSError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            time.sleep(_LOCK_PAUSE)
        yield
    finally:
        os.close(handle)


# ---- files --------------------------------------------------------------------------------------


def load(place: Path, now: float) -> Page:
    """What a file holds; a file that is not there holds nothing.

    Args:
        place: the file.
        now: no note was changed later than this.

    Raises:
        Damaged: if there is something that is no file of notes.
        OSError: if it cannot be read.
    """
    data = _bytes(place)
    if data is None:
        return BLANK
    try:
        read = json.loads(data)
    except (ValueError, RecursionError):
        raise Damaged("it is not JSON") from None
    if not isinstance(read, dict) or not isinstance(read.get("notes"), list):
        raise Damaged("it is something else")
    if len(read["notes"]) > MOST_NOTES:
        raise Damaged("it is too long")
    return _page(read, now)


def _bytes(place: Path) -> bytes | None:
    try:
        handle = os.open(place, _READ)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Damaged("it is a symbolic link") from None
        raise
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Damaged("it is no file")
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise Damaged("it is too long")
    return data


def _page(read: dict[str, Any], now: float) -> Page:
    entries: dict[Key, Entry] = {}
    others: list[Any] = []
    for each in read["notes"]:
        parsed = _parsed(each, now)
        if parsed is None:
            others.append(each)
        else:
            entries[parsed[0]] = parsed[1]
    version = read.get("version")
    more = {name: value for name, value in read.items() if name not in _HEAD}
    return Page(entries, others, more, version if isinstance(version, int) else VERSION)


def _parsed(each: Any, now: float) -> tuple[Key, Entry] | None:
    """A note of a file; None for what is none to this version."""
    if not isinstance(each, dict):
        return None
    client, server, verdict, comment = (each.get(name, "") for name in _TEXTS)
    start, changed = each.get("start_us"), each.get("changed")
    if not all(isinstance(text, str) for text in (client, server, verdict, comment)):
        return None
    if type(start) is not int or not isinstance(changed, (int, float)) or changed != changed:  # noqa: PLR0124 - not a number
        return None
    if max(len(client), len(server)) > _MOST_END:
        return None
    # A time in the future would win against every change that the user makes.
    moment = float(max(min(changed, now), 0.0))
    note = Note(tidy(comment), tidy(verdict)[:_MOST_VERDICT], moment)
    more = {name: value for name, value in each.items() if name not in _FIELDS}
    return Key(client, server, start), Entry(note, more)


def merged(known: Page, found: Page) -> Page:
    """Both, of each note the one that was changed last; ``found`` where that is the same."""
    entries = dict(known.entries)
    for each, entry in found.entries.items():
        if each not in entries or entry.note.changed >= entries[each].note.changed:
            entries[each] = entry
    others = list({json.dumps(each): each for each in (*known.others, *found.others)}.values())
    return Page(entries, others, {**known.more, **found.more}, max(known.version, found.version))


def dumped(page: Page, capture: str) -> bytes:
    """A page as it lies in a file: a note a line, in order of time."""
    head = {**page.more, "seamark": "notes", "version": VERSION, "capture": capture}
    lines = [json.dumps(_object(*item)) for item in sorted(page.entries.items(), key=_moment)]
    lines += map(json.dumps, page.others)
    body = ",\n  ".join(lines)
    return f'{json.dumps(head)[:-1]}, "notes": [\n  {body}\n]}}\n'.encode()


def _moment(item: tuple[Key, Entry]) -> tuple[int, str, str]:
    return item[0].start, item[0].client, item[0].server


def _object(which: Key, entry: Entry) -> dict[str, Any]:
    note = entry.note
    values = (*which, note.verdict, note.comment, round(note.changed, 3))
    return {**dict(zip(_FIELDS, values, strict=True)), **entry.more}
