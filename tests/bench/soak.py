"""Millions of packets through live mode, and the memory of every process while they pass.

A capture is written to ``dumpcap``, and by it to ``seamark live -``, again and again, each time
later and from other clients: what is remembered of clients, networks and flows has to be
forgotten again.  Nothing waits for real time, so that weeks of mail pass in minutes.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from terminal.pty_terminal import PtyTerminal, home

from bench.jobs import ROOT
from bench.sample import stat
from bench.table import MEGABYTE, markdown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bench.subject import Subject

STEPS: Final = 12
"""Lines of the table."""
INTERVAL: Final = 0.25
"""Seconds between two looks at the memory."""
GROWTH: Final = 1.15
"""How much larger the memory of our processes may be at the end than at a quarter of the way."""
MOST: Final = 300
"""Megabytes of our processes (design, section 5)."""
PATIENCE: Final = 120.0
"""Seconds to decode what was written last."""

PIECE: Final = 1 << 20
PAUSE: Final = 60
"""Seconds between the last packet of a round and the first of the next."""

_HEADER, _RECORD = 24, 16
_SOURCE, _PORTS = 14 + 12, 14 + 20
"""Where in a frame the addresses and the ports stand: Ethernet, and IPv4 without options."""
_SERVERS: Final = 203
"""The first byte of the addresses of all servers."""

_DUMPCAP: Final = ("dumpcap", "-q", "-P", "-i", "-", "-w", "-")
_LIVE: Final = (sys.executable, "-P", "-m", "tui", "live", "-")


class Rounds:
    """The bytes of a capture, again and again.

    Args:
        capture: made by ``generate``.
    """

    def __init__(self, capture: Subject) -> None:
        self._base = capture.path.read_bytes()
        self._starts: list[int] = []
        self._clients: list[tuple[int, int]] = []
        """Where clients' addresses and ports stand."""
        at = _HEADER
        while at < len(self._base):
            self._starts.append(at)
            self._look(at + _RECORD)
            at += _RECORD + struct.unpack_from("<I", self._base, at + 8)[0]
        first, last = (self._second(at) for at in (self._starts[0], self._starts[-1]))
        self._span = last - first + PAUSE
        self.packets = len(self._starts)

    def _second(self, start: int) -> int:
        return int(struct.unpack_from("<I", self._base, start)[0])

    def _look(self, frame: int) -> None:
        if self._base[frame + 12 : frame + 14] == b"\x08\x00":
            back = self._base[frame + _SOURCE] == _SERVERS
            self._clients.append((frame + _SOURCE + 4 * back, frame + _PORTS + 2 * back))

    @property
    def header(self) -> bytes:
        """What a capture begins with."""
        return self._base[:_HEADER]

    def round(self, number: int, packets: int) -> memoryview:
        """The packets of a round, at most so many; those of IPv4 come from ever new networks."""
        data = bytearray(self._base)
        for start in self._starts:
            struct.pack_into("<I", data, start, self._second(start) + number * self._span)
        for address, port in self._clients:
            high, low = data[port : port + 2]
            data[address : address + 3] = bytes((10, (number + high) % 256, low))
        end = self._starts[packets] if packets < self.packets else len(data)
        return memoryview(data)[_HEADER:end]


class Step(NamedTuple):
    """A stretch of the way."""

    packets: int
    """Written up to its end."""
    seconds: float
    memory: dict[str, int]
    """The highest resident set of each program in it, in bytes."""


class Way:
    """What is measured while packets are written.

    Args:
        roots: processes that are looked at, with all their descendants.
        total: packets that will be written.
    """

    def __init__(self, roots: Sequence[int], total: int) -> None:
        self.steps: list[Step] = []
        self.written = 0.0
        self._roots, self._total = roots, total
        self._begun = time.perf_counter()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look at the memory as long as the block runs."""
        over = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(over,), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()

    def _watch(self, over: threading.Event) -> None:
        highest: dict[str, int] = {}
        ended = False
        while not ended:
            ended = over.wait(INTERVAL)
            for program, size in memory(self._roots).items():
                highest[program] = max(size, highest.get(program, 0))
            behind = len(self.steps) + 1
            if ended or (behind < STEPS and self.written >= behind * self._total / STEPS):
                passed = time.perf_counter() - self._begun
                self.steps.append(Step(round(self.written), passed, highest))
                highest = {}


def memory(roots: Sequence[int]) -> dict[str, int]:
    """Bytes that are resident, by program, of some processes and their descendants."""
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208
    there = {pid: seen for pid in pids if (seen := stat(pid)) is not None}
    family, found = set(roots), dict[str, int]()
    while more := {pid for pid, seen in there.items() if seen.parent in family} - family:
        family |= more  # a child's number may be the lower one: they begin anew
    for pid in family & there.keys():
        program = _name(pid, there[pid].program)
        found[program] = found.get(program, 0) + _resident(pid)
    return {program: size for program, size in found.items() if size}


def _name(pid: int, program: str) -> str:
    """What a process is called in the table."""
    if program in {"tshark", "dumpcap"}:
        return program
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return program
    return {b"tui": "seamark", b"dissect.worker": "worker"}.get((*words, b"", b"", b"")[3], program)


def _resident(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return 0
    sizes = (line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(next(sizes, "0")) * 1024


class Soaked(NamedTuple):
    """What came of it."""

    steps: list[Step]
    total: int
    told: dict[str, object]
    """The last ``source`` of the JSON Lines; empty with the screen."""


def headless(capture: Subject, total: int, say: Callable[[str], object]) -> Soaked:
    """Through ``seamark live - --format jsonl``."""
    with ExitStack() as stack:
        pipe = stack.enter_context(
            subprocess.Popen(_DUMPCAP, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL)
        )  # fmt: skip
        live = stack.enter_context(
            subprocess.Popen((*_LIVE, "--format", "jsonl"), stdin=pipe.stdout,
                             stdout=subprocess.PIPE, cwd=ROOT)
        )  # fmt: skip
        assert pipe.stdin is not None
        assert pipe.stdout is not None
        assert live.stdout is not None
        pipe.stdout.close()
        told: list[bytes] = []
        reader = threading.Thread(target=_sources, args=(live.stdout, told))
        reader.start()
        way = Way((pipe.pid, live.pid), total)
        with way.watched():
            _write(pipe.stdin.fileno(), Rounds(capture), way, total, say)
            pipe.stdin.close()
            live.wait()
        reader.join()
    return Soaked(way.steps, total, json.loads(told[-1]) if told else {})


def _sources(lines: Iterator[bytes], told: list[bytes]) -> None:
    for line in lines:
        if line.startswith(b'{"type":"source"'):
            told[:] = [line]


def on_screen(capture: Subject, total: int, folder: Path, say: Callable[[str], object]) -> Soaked:
    """Through ``seamark live -`` with its screen, which keeps 20,000 flows."""
    shell = 'dumpcap -q -P -i - -w - 2>/dev/null <"$1" | exec "$2" -P -m tui live -'
    way_in = folder / "packets"
    os.mkfifo(way_in)
    command = ("sh", "-c", shell, "sh", str(way_in), sys.executable)
    env = {"PYTHONPATH": str(ROOT), **home(folder)}
    with PtyTerminal(command, size=(160, 45), env=env) as screen:
        way = Way((screen.process.pid,), total)
        with way.watched():
            with way_in.open("wb") as pipe:
                _write(pipe.fileno(), Rounds(capture), way, total, say)
            _until_complete(screen)
        screen.press("q", "q")
        screen.wait()
    return Soaked(way.steps, total, {})


def _until_complete(screen: PtyTerminal) -> None:
    end = time.monotonic() + PATIENCE
    while "complete" not in screen.text.split("\n")[0] and time.monotonic() < end:
        screen.chunks[:-1] = []
        time.sleep(INTERVAL)


def _write(pipe: int, rounds: Rounds, way: Way, total: int, say: Callable[[str], object]) -> None:
    """Write so many packets, as fast as they are taken."""
    os.write(pipe, rounds.header)
    number = left = 0
    for number, left in enumerate(range(total, 0, -rounds.packets)):
        packets = min(left, rounds.packets)
        data = rounds.round(number, packets)
        size = len(data)
        while data:
            written = os.write(pipe, data[:PIECE])
            data = data[written:]
            way.written += written / size * packets
        say(f"{way.written:,.0f} of {total:,} packets written")


def table(soaked: Soaked) -> str:
    """The memory of every process over time, and the budgets."""
    programs = sorted({name for step in soaked.steps for name in step.memory})
    head = ("packets", "s", *(f"{program} MB" for program in programs))
    rows = [
        (
            f"{step.packets:,}",
            f"{step.seconds:.0f}",
            *(f"{step.memory.get(name, 0) / MEGABYTE:.0f}" for name in programs),
        )
        for step in soaked.steps
    ]
    return "\n\n".join((markdown(head, rows), _counters(soaked), _budgets(soaked)))


def _counters(soaked: Soaked) -> str:
    told = soaked.told
    if not told:
        return f"{soaked.total:,} packets were written."
    return (
        f"{soaked.total:,} packets were written; {told['packets']:,} were seen, "
        f"{told['decoded']:,} decoded, {told['lost']:,} lost."
    )


def ours(step: Step) -> float:
    """Megabytes of our processes."""
    return sum(step.memory.get(name, 0) for name in ("seamark", "worker")) / MEGABYTE


def _budgets(soaked: Soaked) -> str:
    early, late = soaked.steps[(len(soaked.steps) - 1) // 4], soaked.steps[-1]
    growth, most = ours(late) / max(ours(early), 0.1), max(map(ours, soaked.steps))
    rows = [
        ("memory of our processes at the end over that at a quarter", f"{growth:.2f} times",
         f"{GROWTH:g} times", "pass" if growth <= GROWTH else "over"),
        ("memory of our processes", f"{most:.0f} MB", f"{MOST} MB",
         "pass" if most <= MOST else "over"),
    ]  # fmt: skip
    return markdown(("budget", "measured", "at most", ""), rows)
