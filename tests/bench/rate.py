"""The highest rate of packets that a live capture bears without losing one.

In a network namespace of its own the frames of a capture are sent at some rate for some seconds,
and captured there, or over ssh.
The capture bears it if it has seen every one of them, nothing was dropped, and it was never far
behind.  The rate is doubled until it does not, and then closed in on.
"""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, NamedTuple

from lab.needs import missing
from lab.network import cable
from live.conftest import Sshd
from live.seamark_live import Live

from bench.table import markdown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

FIRST: Final = 1_000
HIGHEST: Final = 256_000
CLOSER: Final = 3
"""How often the gap between what it bears and what it does not is halved."""

LATE: Final = 5.0
"""Seconds behind which it is taken not to bear it."""

DRAIN: Final = 2.0
"""Seconds for the last packets to arrive."""

SEND: Final = """
import socket, struct, sys, time
path, rate, seconds = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
data, frames, at = open(path, "rb").read(), [], 24
while at < len(data):
    size = struct.unpack_from("<I", data, at + 8)[0]
    if size <= 1514:
        frames.append(data[at + 16 : at + 16 + size])
    at += 16 + size
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
    sender.bind(("near", 0))
    sent, total, begun = 0, int(rate * seconds), time.perf_counter()
    while sent < total:
        due = min(total, int((time.perf_counter() - begun) * rate))
        for number in range(sent, due):
            sender.send(frames[number % len(frames)])
        sent = max(sent, due)
        time.sleep(0.002)
    print(sent, time.perf_counter() - begun)
"""
"""Sends the frames of a capture in turn, at a rate, for some seconds."""


class Tried(NamedTuple):
    """What became of one rate."""

    wanted: int
    rate: float
    """Packets a second that were really sent."""
    sent: int
    seen: int
    dropped: int
    late: float
    """Seconds by which a packet was late, at most."""

    @property
    def is_borne(self) -> bool:
        """Whether no packet was lost, and none was very late."""
        return self.seen == self.sent and not self.dropped and self.late < LATE


class Way(NamedTuple):
    """How the packets come to us."""

    words: tuple[str, ...] = ()
    """Behind ``seamark live``."""
    env: Mapping[str, str] = {}
    """What to add to its environment."""


LOCAL: Final = Way()


@contextmanager
def _ssh(name: str) -> Iterator[Way]:
    """Through a real sshd in a namespace, with keys that are thrown away."""
    with TemporaryDirectory(prefix="seamark-bench-") as folder, ExitStack() as stack:
        server = Sshd(Path(folder), before=("ip", "netns", "exec", name))
        server.start()
        stack.callback(server.stop)
        yield Way(("--ssh", f"root@127.0.0.1:{server.port}", "--batch"), server.env)


WAYS: Final[Mapping[str, Callable[[str], AbstractContextManager[Way]]]] = {
    "local": lambda _: nullcontext(LOCAL),
    "over ssh": _ssh,
}
"""How packets come from a namespace, by what it is called."""


def search(
    capture: Path, seconds: float, say: Callable[[str], object], way: str = "local"
) -> list[Tried]:
    """Try rates; empty where there can be no namespace, and ``say`` is told why.

    Args:
        capture: whose frames are sent.
        seconds: for which each rate lasts.
        say: is told of each rate.
        way: one of ``WAYS``.
    """
    if reason := missing():
        say(reason)
        return []
    tried: list[Tried] = []

    def bears(rate: int) -> bool:
        with cable() as name, WAYS[way](name) as there:
            tried.append(_try(name, capture, rate, seconds, there))
        say(f"{way}, {rate:,} a second: {'borne' if tried[-1].is_borne else 'too many'}")
        return tried[-1].is_borne

    good, bad = 0, FIRST
    while bad <= HIGHEST and bears(bad):
        good, bad = bad, bad * 2
    for _ in range(CLOSER if good and bad <= HIGHEST else 0):
        middle = (good + bad) // 2
        good, bad = (middle, bad) if bears(middle) else (good, middle)
    return tried


def _try(name: str, capture: Path, rate: int, seconds: float, way: Way = LOCAL) -> Tried:
    where = ("ip", "netns", "exec", name)
    told = ("-i", "near", "-f", "tcp", "--format", "jsonl")
    with Live(*way.words, *told, before=where, **way.env) as run:
        run.until_said('"state":"connected"')
        words = (*where, sys.executable, "-c", SEND, str(capture), str(rate), str(seconds))
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        sent, took = done.stdout.split()
        time.sleep(DRAIN)
        run.end()
    source = run.objects("source")[-1]
    return Tried(
        wanted=rate,
        rate=int(sent) / float(took),
        sent=int(sent),
        seen=source["packets"],
        dropped=sum(source["dropped"].values()),
        late=source["lag"]["most"],
    )


def table(tried: list[Tried], way: str = "local") -> str:
    """Each rate, and the highest that was borne."""
    head = ("packets/s", "sent", "seen", "dropped", "late s", "")
    rows = [
        (f"{each.rate:,.0f}", f"{each.sent:,}", f"{each.seen:,}", f"{each.dropped:,}",
         f"{each.late:.1f}", "borne" if each.is_borne else "")
        for each in sorted(tried)
    ]  # fmt: skip
    best = max((each.rate for each in tried if each.is_borne), default=0.0)
    told = f"Highest rate without a loss, {way}: {best:,.0f} packets a second."
    return f"{markdown(head, rows)}\n\n{told}"
