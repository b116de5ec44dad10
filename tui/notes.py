"""The user's own words on flows, kept in a file beside the capture.

Where the capture's folder cannot be written, they are kept in the state directory.  Both places
are read; of two notes on a flow the one that was changed last counts.  A flow is known by its two
ends and its first moment, so that it is found again however the capture is read.
"""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dissect.errors import SeamarkError
from dissect.escape import visible
from tui.notefile import (
    BLANK,
    MOST_BYTES,
    MOST_NOTES,
    VERSION,
    Damaged,
    Entry,
    Note,
    Page,
    Stamp,
    dumped,
    key,
    load,
    locked,
    merged,
    move_aside,
    put,
    sidecar,
    stamp_at,
    state_file,
    tidy,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from dissect.analysis.model import FlowSummary

__all__ = ["VERDICTS", "Note", "Notes", "NotesError"]

VERDICTS: Final = ("damaged", "harmless", "unclear", "reported")
"""What the user can make of a flow."""
_NO_ENTRY: Final = Entry(Note("", "", 0.0), {})


class NotesError(SeamarkError):
    """Notes cannot be kept."""


class Notes:
    """The notes on some captures.

    Args:
        captures: as the user named them; ``-`` has no place for notes.
        environ: tells of the state directory.
        clock: tells the time, in seconds since the epoch.
    """

    def __init__(
        self,
        captures: Sequence[str],
        environ: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._alone = len(captures) == 1
        self._books = {name: _Book(name, environ, clock) for name in captures if name != "-"}

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with files that were found, for the user."""
        return tuple(problem for book in self._books.values() for problem in book.problems)

    def of(self, summary: FlowSummary) -> Note | None:
        """The note on a flow."""
        book = self._book(summary)
        return None if book is None else book.note(summary)

    def set(
        self, *flows: FlowSummary, comment: str | None = None, verdict: str | None = None
    ) -> str:
        """Change the notes on flows, and keep them at once.

        Args:
            flows: which flows.
            comment: the new comment; None leaves it as it is.
            verdict: the new verdict; None leaves it as it is.

        Returns:
            Where they are kept, and what had to be moved out of the way.

        Raises:
            NotesError: if that cannot be done; what cannot be kept is not changed.
        """
        by_book: dict[str, list[FlowSummary]] = {}
        for flow in flows:
            book = self._book(flow)
            if book is None:
                raise NotesError(
                    "Notes need a capture that is a file.",
                    "Save the flows (S), and open what was saved.",
                )
            by_book.setdefault(book.name, []).append(flow)
        told = [self._books[name].change(some, comment, verdict) for name, some in by_book.items()]
        return "; ".join(told)

    def search(self, words: str, flows: Iterable[FlowSummary]) -> Iterator[int]:
        """The numbers of those flows whose verdict or comment holds some words."""
        wanted = words.casefold()
        for flow in flows:
            note = self.of(flow)
            if note is not None and wanted in note.line.casefold():
                yield flow.flow

    def _book(self, summary: FlowSummary) -> _Book | None:
        """The capture's; the only one there is, however the capture is called."""
        if self._alone:
            return next(iter(self._books.values()), None)
        return self._books.get(summary.capture)


class _Book:
    """The notes on one capture, in memory and in its two files."""

    def __init__(self, name: str, environ: Mapping[str, str], clock: Callable[[], float]) -> None:
        self.name = name
        self._problems: dict[Path, str] = {}
        self._seen: dict[Path, Stamp | None] = {}
        """What lay at a place when it was read."""
        self._damaged: set[Path] = set()
        self._clock = clock
        self._sidecar = sidecar(name)
        self._places = (self._sidecar, state_file(name, environ))
        self._page = BLANK
        self._read()

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with files that were found."""
        return tuple(filter(None, self._problems.values()))

    def note(self, summary: FlowSummary) -> Note | None:
        """The note on a flow, where there is one now."""
        entries = self._page.entries
        if not entries:
            return None
        entry = entries.get(key(summary))
        return entry.note if entry is not None and (entry.note[:2] != ("", "")) else None

    def change(self, flows: Iterable[FlowSummary], comment: str | None, verdict: str | None) -> str:
        """Change notes, after reading what another Seamark may have written meanwhile."""
        with locked(self._sidecar.parent):
            self._read()
            page = self._changed(self._page, flows, comment, verdict)
            told = self._keep(page)
        self._page = page
        return told

    def _read(self) -> None:
        """Know what the files hold as well as what is known."""
        for place in reversed(self._places):  # where both were changed at once the sidecar wins
            mark = stamp_at(place)
            if place in self._seen and self._seen[place] == mark:
                continue
            self._seen[place] = mark
            self._problems[place] = self._take(place)

    def _take(self, place: Path) -> str:
        """Take in what a file holds; what is wrong with it."""
        self._damaged.discard(place)
        try:
            self._page = merged(self._page, load(place, self._clock()))
        except Damaged as why:
            self._damaged.add(place)
            return f"{visible(str(place))} holds no notes: {why}."
        except OSError as error:
            return f"{visible(str(place))} cannot be read: {error.strerror}."
        return ""

    def _changed(
        self, page: Page, flows: Iterable[FlowSummary], comment: str | None, verdict: str | None
    ) -> Page:
        entries = dict(page.entries)
        for flow in flows:
            old = entries.get(key(flow), _NO_ENTRY)
            said = old.note.comment if comment is None else tidy(comment)
            judged = old.note.verdict if verdict is None else verdict
            # Later than what it replaces, even where a clock was put back.
            moment = max(self._clock(), old.note.changed + 1e-3)
            entries[key(flow)] = Entry(Note(said, judged, moment), old.more)
        if len(entries) + len(page.others) > MOST_NOTES:
            raise NotesError(f"A capture can have {MOST_NOTES:,} notes.", "Remove some.")
        return page._replace(entries=entries)

    def _keep(self, page: Page) -> str:
        """Write the page beside the capture, or else into the state directory."""
        if page.version > VERSION:
            raise NotesError(
                f"The notes on {visible(self.name)} were written by a newer Seamark.",
                "Open the capture with that one.",
            )
        data = dumped(page, Path(self.name).name)
        if len(data) > MOST_BYTES:
            raise NotesError("The notes are too long to be kept.", "Shorten some.")
        failed = ""
        for place in self._places:
            try:
                return self._put(place, data)
            except OSError as error:
                failed = f"{visible(str(place))}: {error.strerror}"
        raise NotesError(
            f"The note cannot be kept: {failed}.",
            "Make room, or make the capture's folder writable.",
        )

    def _put(self, place: Path, data: bytes) -> str:
        """Write to one place; says what was done there."""
        if self._problems.get(place) and place not in self._damaged:
            raise PermissionError(errno.EACCES, "what lies there cannot be read")
        aside = move_aside(place) if place in self._damaged else None
        told, self._seen[place] = put(place, data)
        self._damaged.discard(place)
        self._problems[place] = ""
        return f"{told}; what was there is now {visible(aside.name)}" if aside else told
