"""Runs a command, and tells what its own processes cost from what the tsharks that it starts cost.

The kernel's account of a finished process (``wait4``) adds up all its children, so it cannot tell
Python from the tshark that Python started.  Two sources can, and both are used:

* ``/proc/PID/stat`` of every process of the tree, read 20 times a second: user CPU by process.
  ``/proc/PID/status`` beside it: ``VmHWM``, the highest resident set so far, which never falls, so
  that only growth in the last twentieth of a second escapes.
* ``/proc/PID/stat`` of the command itself between its end and its funeral (``waitid`` with
  ``WNOWAIT`` leaves it a zombie): the exact user CPU of its own, and of all children it buried.

A process is tshark's by the name of its program, and ours otherwise.
"""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

INTERVAL: Final = 0.05
"""Seconds between two samples."""

TSHARK: Final = frozenset({"tshark", "dumpcap"})

_PROC: Final = Path("/proc")
_TICKS: Final = os.sysconf("SC_CLK_TCK")


class Stat(NamedTuple):
    """What ``/proc/PID/stat`` says of a process (proc(5))."""

    program: str
    parent: int
    user: float
    """Seconds of user CPU, all threads."""
    children: float
    """Seconds of user CPU of the children that it waited for, and of theirs."""


class Cost(NamedTuple):
    """What a process cost, as of its last sample."""

    program: str
    user: float
    peak: int
    """Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a command cost."""

    code: int
    wall: float
    """Seconds."""
    own_user: float
    """Seconds of user CPU of all processes that are not tshark."""
    tshark_user: float
    own_peak: int
    """Bytes: the sum of the highest resident sets of all processes that are not tshark."""
    tshark_peak: int


def run(command: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None) -> Usage:
    """Run a command, its output thrown away, and account for it."""
    tree = Tree()
    started = time.perf_counter()
    with subprocess.Popen(
        command, cwd=cwd, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        with tree.watched(process.pid):
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            wall = time.perf_counter() - started
        last = stat(process.pid)
    return tree.usage(process.returncode, wall, last)


class Tree:
    """A process and its descendants, as far as samples have seen them."""

    def __init__(self) -> None:
        self._strangers = _pids()
        """Processes that are none of the tree: those that were there before it, and others."""
        self._root = 0
        self._costs: dict[int, Cost] = {}

    @contextmanager
    def watched(self, root: int) -> Iterator[None]:
        """Sample the tree below ``root`` as long as the block runs."""
        self._root = root
        self._costs[root] = Cost("", 0.0, 0)
        over = Event()
        watcher = Thread(target=self._watch, args=(over,), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()

    def _watch(self, over: Event) -> None:
        while not over.wait(INTERVAL):
            self.sample()

    def sample(self) -> None:
        """Look at all processes of the tree; parents are numbered before their children."""
        for pid in sorted(_pids() - self._strangers):
            seen = stat(pid)
            if seen is None:
                continue
            if pid not in self._costs and seen.parent not in self._costs:
                self._strangers.add(pid)
                continue
            before = self._costs.get(pid)
            peak = max(_peak(pid), before.peak if before else 0)
            self._costs[pid] = Cost(seen.program, seen.user, peak)

    def peaks(self) -> tuple[int, int]:
        """Bytes: the highest resident sets of all that is not tshark, added; tshark's highest."""
        costs = self._costs.values()
        ours = sum(cost.peak for cost in costs if cost.program not in TSHARK)
        return ours, max((cost.peak for cost in costs if cost.program in TSHARK), default=0)

    def usage(self, code: int, wall: float, last: Stat | None) -> Usage:
        """The account; ``last`` is the root's own, taken when it had ended."""
        costs = dict(self._costs)
        root = costs.pop(self._root)
        exact = last or Stat(root.program, 0, root.user, 0.0)
        if exact.program in TSHARK:
            return _usage(code, wall, (0.0, 0), (exact.user, root.peak))
        theirs = [cost for cost in costs.values() if cost.program in TSHARK]
        ours = [cost for cost in costs.values() if cost.program not in TSHARK]
        own, tshark = _split(exact.children, _user(ours), _user(theirs), seen=bool(theirs))
        own_peak = root.peak + sum(cost.peak for cost in ours)
        tshark_peak = max((cost.peak for cost in theirs), default=0)
        return _usage(code, wall, (exact.user + own, own_peak), (tshark, tshark_peak))


def _user(costs: Iterable[Cost]) -> float:
    return sum(cost.user for cost in costs)


def _split(children: float, ours: float, theirs: float, *, seen: bool) -> tuple[float, float]:
    """Seconds of the children that are ours and tshark's.

    Samples miss what a process does after its last one; the kernel's account of all children
    has it, and the remainder goes to tshark, if there was one.
    """
    if not seen:
        return max(children, ours), 0.0
    return ours, max(children - ours, theirs)


def _usage(code: int, wall: float, own: tuple[float, int], tshark: tuple[float, int]) -> Usage:
    return Usage(
        code=code,
        wall=wall,
        own_user=own[0],
        tshark_user=tshark[0],
        own_peak=own[1],
        tshark_peak=tshark[1],
    )


def _pids() -> set[int]:
    return {int(name) for name in os.listdir(_PROC) if name.isdigit()}  # noqa: PTH208 - names only


def stat(pid: int) -> Stat | None:
    """The account of a process or zombie; None if it is gone."""
    try:
        text = (_PROC / str(pid) / "stat").read_text("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    head, _, tail = text.rpartition(")")
    fields = tail.split()
    user, children = int(fields[11]) / _TICKS, int(fields[13]) / _TICKS
    return Stat(head.partition("(")[2], int(fields[1]), user, children)


def _peak(pid: int) -> int:
    """Bytes of the highest resident set so far; 0 of a zombie, or if it is gone."""
    try:
        status = (_PROC / str(pid) / "status").read_text("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return 0
    sizes = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(next(sizes, "0")) * 1024
