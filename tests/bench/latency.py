"""How long after a packet has passed what it means is told: as a line, and as a row on the screen.

Conversations are held on loopback, one after the other.  A line is timed from the moment before
the packet is sent that completes a masked verb to the moment when its finding can be read; a row
from the moment before the client connects to the picture that counts one flow more.
"""

from __future__ import annotations

import re
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, NamedTuple

from live.conftest import Sshd
from live.seamark_live import Live
from live.talk import mail_server, steps, talk
from terminal.pty_terminal import PtyTerminal, home, seamark

from bench.apps import SEAMARK
from bench.screen_table import percentile
from bench.session import SIZE
from bench.table import markdown
from bench.watch import SEED, Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from terminal.picture import Picture

FOUND: Final = "split-masked-verb"
COMPLETES: Final = b"XX"
"""How the packet begins that completes the masked verb."""

BUDGET: Final = 150.0
"""Milliseconds from the wire to a row on the screen, in the median (design, section 5)."""

PATIENCE: Final = 30.0
WARM: Final = 3
"""Conversations before those that are measured."""

_FLOWS: Final = re.compile(r"(\d+) flows?\b")
_PAUSE: Final = 0.3
"""Seconds between two conversations, at most: they do not march in step with our looks."""


class Latency(NamedTuple):
    """What was measured."""

    title: str
    seconds: Sequence[float]
    trouble: str = ""


class _Timed(Live):
    """A run whose lines have the time at which they could be read."""

    def _read(self) -> None:
        self.times: list[float] = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.times.append(time.perf_counter())
            self.lines.append(line)

    def findings(self) -> list[float]:
        """When each finding could be read."""
        return [at for at, line in zip(self.times, list(self.lines), strict=False) if FOUND in line]


def measure(probes: int, say: Callable[[str], object]) -> Iterator[Latency]:
    """Local and over ssh, to a line, and to a row on the screen."""
    cases: tuple[tuple[str, Callable[[], list[float]]], ...] = (
        ("wire to line, local", lambda: _to_line(probes)),
        ("wire to line, over ssh", lambda: _with_ssh(_to_line, probes)),
        ("wire to row on the screen, local", lambda: _to_row(probes)),
        ("wire to row on the screen, over ssh", lambda: _with_ssh(_to_row, probes)),
    )
    for title, case in cases:
        try:
            found = Latency(title, case())
        except (AssertionError, OSError) as error:
            found = Latency(title, (), str(error).splitlines()[0] if str(error) else "it failed")
        say(f"{title}: {found.trouble or f'{median(found.seconds) * 1000:.0f} ms'}")
        yield found


def _where(port: int) -> tuple[str, ...]:
    return ("-i", "lo", "-f", f"tcp port {port}", "--port", str(port))


def _to_line(probes: int, *more: str, **env: str) -> list[float]:
    with mail_server() as port, _Timed(*_where(port), *more, **env) as run:
        run.until_said("connected")
        took = [_line(run, port) for _ in range(WARM + probes)]
        run.end()
    return took[WARM:]


def _line(run: _Timed, port: int) -> float:
    """One conversation: seconds from the packet to the line."""
    sent = [0.0]

    def about_to(piece: bytes) -> None:
        if piece.startswith(COMPLETES):
            sent[0] = time.perf_counter()

    known = len(run.findings())
    for _ in steps(port, about_to):
        pass
    end = time.perf_counter() + PATIENCE
    while len(found := run.findings()) == known and time.perf_counter() < end:
        time.sleep(0.002)
    assert len(found) > known, "no finding was told"
    return found[known] - sent[0]


def _with_ssh(measure: Callable[..., list[float]], probes: int) -> list[float]:
    """Through a real sshd on loopback, with keys that are thrown away."""
    with TemporaryDirectory(prefix="seamark-bench-") as folder, ExitStack() as stack:
        server = Sshd(Path(folder))
        server.start()
        stack.callback(server.stop)
        there = ("--ssh", f"root@127.0.0.1:{server.port}", "--batch")
        return measure(probes, *there, **server.env)


def _to_row(probes: int, *more: str, **env: str) -> list[float]:
    random = Random(SEED)
    with (
        TemporaryDirectory(prefix="seamark-bench-") as folder,
        mail_server() as port,
        _screen(port, *more, **home(Path(folder)), **env) as (terminal, watch),
    ):
        assert watch.until(lambda picture: "live" in picture.line(0), PATIENCE) is not None
        watch.idle(1.0)
        took = [_row(watch, port, random) for _ in range(WARM + probes)]
        terminal.press("q", "q")
        terminal.wait()
    return took[WARM:]


@contextmanager
def _screen(port: int, *more: str, **env: str | None) -> Iterator[tuple[PtyTerminal, Watch]]:
    app = replace(SEAMARK, has_loaded=lambda _picture: False)
    with seamark("live", *_where(port), *more, size=SIZE, env=env) as terminal:
        yield terminal, Watch(terminal, app, SIZE)


def _row(watch: Watch, port: int, random: Random) -> float:
    """One conversation: seconds from its first packet to its row."""
    watch.idle(random.uniform(0, _PAUSE))
    known = _flows(watch.picture)
    speaker = threading.Thread(target=talk, args=(port,))
    begun = time.perf_counter()
    speaker.start()
    seen = watch.until(lambda picture: _flows(picture) > known, PATIENCE)
    speaker.join()
    watch.idle(_PAUSE)
    assert seen is not None, "no row was shown"
    return seen - begun


def _flows(picture: Picture) -> int:
    found = _FLOWS.search(picture.line(1))
    return int(found[1]) if found else 0


def table(found: Sequence[Latency]) -> str:
    """Percentiles, and the budget."""
    head = ("what", "probes", "50 % ms", "95 % ms", "99 % ms", "most ms")
    notes = "".join(f"\n\n{each.title}: {each.trouble}" for each in found if each.trouble)
    budget = [
        (f"{each.title}, median", f"{median(each.seconds) * 1000:.0f} ms", f"{BUDGET:g} ms",
         "pass" if median(each.seconds) * 1000 <= BUDGET else "over")
        for each in found
        if each.seconds
    ]  # fmt: skip
    judged = markdown(("budget", "measured", "at most", ""), budget)
    return markdown(head, [_row_of(each) for each in found]) + notes + "\n\n" + judged


def _row_of(each: Latency) -> tuple[str, ...]:
    if not each.seconds:
        return (each.title, "not measured", "", "", "", "")
    shares = (*(percentile(each.seconds, part) for part in (50, 95, 99)), max(each.seconds))
    return (each.title, str(len(each.seconds)), *(f"{share * 1000:.0f}" for share in shares))
