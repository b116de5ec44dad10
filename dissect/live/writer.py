"""Writes files of evidence beside the watch, in their order: a disk that is slow stops nothing.

What waits to be written is bounded.  Where that is full the watch waits for a moment, so that
nothing is lost behind a stream that comes faster than a disk; where a disk does not answer at all
it goes on, as it does where a disk is full.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from dissect.errors import CaptureError
from dissect.live.keep import Contents
from dissect.source.folder import Folder, TooLargeError

RETRY: Final = 60.0
"""Seconds until writing is tried again where it has failed."""

WAITING: Final = 64 << 20
"""Bytes of packets that wait to be written, unless one flow alone has more."""

PATIENCE: Final = 5.0
"""Seconds for which the watch waits where that many do, before flows are given up."""

LAST: Final = 60.0
"""Seconds without a file written, from which on the end does not wait any longer."""

TOO_SLOW: Final = "the disk does not answer in time"


class _Job(NamedTuple):
    name: str
    contents: Contents


class Writer:
    """A thread that writes to one folder.

    After a failure it writes nothing for a while; what should have been written is counted.

    Args:
        folder: where to.
        shown: its name, safe to show.
        clock: seconds that pass.
    """

    def __init__(self, folder: Folder, shown: str, clock: Callable[[], float]) -> None:
        self._folder, self._shown, self._clock = folder, shown, clock
        self._change = threading.Condition()
        """Held for all that is below."""
        self._jobs: deque[_Job] = deque()
        self._size = 0
        self._news: list[str] = []
        self._again = 0.0
        """When to try again; 0 while nothing has failed."""
        self._fault: BaseException | None = None
        self._thread: threading.Thread | None = None
        self._over = self._given_up = False
        self.written = self.refused = 0
        """Flows that are files, and flows that should be and are not."""
        self.why = ""
        """Why the last of those is not."""

    def put(self, name: str, contents: Contents | None) -> None:
        """Let a flow be written; returns at once unless too many wait.

        Args:
            name: of the file.
            contents: None, or without packets, where they are not there any more.
        """
        with self._change:
            self._raise()
            if self._pauses():
                self.refused += 1
            elif contents is None or not contents.packets:
                self._refuse("there was no room for their packets in memory")
            elif self._change.wait_for(lambda: self._has_room(contents.size), PATIENCE):
                self._jobs.append(_Job(name, contents))
                self._size += contents.size
                self._begin()
            else:
                self._refuse(TOO_SLOW)
                self._failed()

    def news(self) -> list[str]:
        """What is to be told, once."""
        with self._change:
            self._raise()
            told, self._news = self._news, []
            return told

    def settle(self) -> None:
        """Wait until nothing waits, for as long as something gets done."""
        with self._change:
            while self._jobs and not self._given_up and self._fault is None:
                left = len(self._jobs)
                if not self._change.wait_for(partial(self._gets_on, left), LAST):
                    self._given_up = True
                    self.refused += left
                    self.why = TOO_SLOW
            self._raise()

    def close(self) -> None:
        """Let the thread end, once nothing waits."""
        with self._change:
            self._over = True
            self._change.notify_all()

    def _begin(self) -> None:
        if self._thread is None:
            # A daemon: a disk that never answers does not keep the program from ending.
            self._thread = threading.Thread(target=self._run, name="evidence", daemon=True)
            self._thread.start()
        self._change.notify_all()

    def _has_room(self, size: int) -> bool:
        return not self._jobs or self._size + size <= WAITING or self._fault is not None

    def _gets_on(self, left: int) -> bool:
        return len(self._jobs) < left or self._fault is not None

    def _raise(self) -> None:
        """What has ended the thread ends the watch."""
        if self._fault is not None:
            raise self._fault

    def _run(self) -> None:
        """Write what comes, until the end."""
        try:
            while (job := self._next()) is not None:
                why, broken = self._write(job)
                with self._change:
                    self._done(job, why, broken=broken)
        except BaseException as fault:  # noqa: BLE001 - told where it can be: by ``_raise``
            with self._change:
                self._fault = fault
                self._change.notify_all()

    def _next(self) -> _Job | None:
        """The oldest that waits; None at the end."""
        with self._change:
            self._change.wait_for(lambda: self._jobs or self._over)
            return self._jobs[0] if self._jobs and not self._given_up else None

    def _write(self, job: _Job) -> tuple[str, bool]:
        """Why it was not written, if it was not; and whether the next would not be, either."""
        with self._change:
            if self._pauses():
                return self.why, False
        try:
            self._folder.write(job.name, job.contents.pcapng())
        except TooLargeError:
            return "larger than --keep-size", False
        except CaptureError as error:
            return error.what, False
        except OSError as error:
            return error.strerror or str(error), True
        return "", False

    def _done(self, job: _Job, why: str, *, broken: bool) -> None:
        if self._given_up:
            return  # counted already
        self._jobs.popleft()
        self._size -= job.contents.size
        self._change.notify_all()
        if why:
            self._refuse(why)
        else:
            self.written += 1
            self._recovered()
        if broken:
            self._failed()

    def _pauses(self) -> bool:
        """Whether nothing is tried now."""
        return self._again > 0 and self._clock() < self._again

    def _refuse(self, why: str) -> None:
        self.refused += 1
        self.why = why

    def _failed(self) -> None:
        """Stop writing for a while; say so where it is news."""
        first, self._again = not self._again, self._clock() + RETRY
        if first:
            self._news.append(
                f"Packets cannot be kept in {self._shown}: {self.why}. Watching goes on; "
                f"it is tried again every {RETRY:.0f} seconds."
            )

    def _recovered(self) -> None:
        if self._again:
            self._again = 0.0
            self._news.append(f"Packets are kept again; {flows(self.refused)} not kept so far")


def flows(count: int) -> str:
    """So many flows."""
    return f"{count:,} flow{'s' * (count != 1)}"
