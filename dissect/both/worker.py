"""The comparison as a process of its own, so that a screen beside it never waits for it.

Writes to standard output, each with its length before it as ``dissect.worker`` does: ``Update``
while it reads, one ``Overview``, a last ``Update``, and a ``Laid`` for each number of a pair that
stands on a line of standard input, until that ends.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

import click

from dissect import cli, worker
from dissect.analysis.model import Progress, Status, Update
from dissect.both.reading import Read, read_both
from dissect.compare.ladder import Laid, ladder
from dissect.compare.overview import overview
from dissect.errors import SeamarkError
from dissect.redact import Redactor
from dissect.source import find_tshark, open_capture

TICK: Final = 0.2
"""Seconds between updates while the captures are read."""


class _Teller:
    """Tells how far the reading of both captures is."""

    def __init__(self, out: BinaryIO, title: str, total: int) -> None:
        self.progress = Progress(capture=title, status=Status.LOADING, bytes_total=total)
        self._out = out
        self._before = (0, 0)
        self._seen = (0, 0)
        self._told = 0.0

    def __call__(self, _name: str) -> Self:
        """The next capture."""
        self._before = tuple(a + b for a, b in zip(self._before, self._seen, strict=True))  # type: ignore[assignment]
        self._seen = (0, 0)
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:  # fmt: skip
        """Nothing is to be closed."""

    def tick(self, packets: int, read: int) -> None:
        """Packets and bytes of this capture."""
        self._seen = packets, read
        if time.monotonic() - self._told > TICK:
            self._told = time.monotonic()
            self.send(Status.LOADING)

    def send(self, status: Status, error: str = "", warnings: Sequence[str] = ()) -> None:
        """Send an update."""
        packets, read = (a + b for a, b in zip(self._before, self._seen, strict=True))
        told = Progress(
            capture=self.progress.capture, status=status, packets=packets,
            bytes_read=min(read, self.progress.bytes_total),
            bytes_total=self.progress.bytes_total, error=error, warnings=tuple(warnings),
        )  # fmt: skip
        worker.send(self._out, Update(progress=told))


def run(
    out: BinaryIO, names: tuple[str, str], ports: tuple[int, ...], redactor: Redactor | None = None
) -> Read | None:
    """Compare two captures and tell of it; None where there is nothing to tell."""
    teller = _Teller(out, " | ".join(names), 0)
    try:
        tshark = find_tshark()
        files = open_capture(names[0]), open_capture(names[1])
        if all(file.size for file in files):
            teller = _Teller(out, " | ".join(names), sum(file.size for file in files))
        teller.send(Status.LOADING)
        done = read_both(tshark, files, ports, teller, redactor)
    except SeamarkError as failure:
        teller.send(Status.FAILED, str(failure))
        return None
    worker.send(out, overview(done.found, done.sources, done.warnings))
    status = Status.TRUNCATED if done.errors else Status.COMPLETE
    teller.send(status, "\n".join(done.errors), done.warnings)
    return done


def answer(out: BinaryIO, done: Read) -> None:
    """Send the pairs that are asked for, until nobody asks any more."""
    pairs = done.found.pairs
    for line in sys.stdin.buffer:
        number = int(line)
        if 0 <= number < len(pairs):
            pair = pairs[number]
            worker.send(out, Laid(number, ladder(pair, done.found.offset), pair.changes))


@click.command()
@click.argument("inside")
@click.argument("outside")
@click.option("--port", type=int, multiple=True)
@cli.redacting_options
@click.pass_context
def main(
    context: click.Context, /, inside: str, outside: str, port: tuple[int, ...], **options: Any
) -> None:
    """Compare captures for a screen that listens on standard output."""
    cli.collect_seldom()
    with contextlib.suppress(OSError):
        os.nice(worker.NICE)
    with contextlib.suppress(BrokenPipeError):
        redactor = cli.redactor(context, options)
        done = run(sys.stdout.buffer, (inside, outside), port, redactor)
        if done is not None:
            answer(sys.stdout.buffer, done)


def arguments(
    inside: str, outside: str, ports: Sequence[int], redacted: Sequence[str] = ()
) -> list[str]:
    """The words that start this for two captures, behind the interpreter's name.

    Args:
        inside: the name of a capture.
        outside: that of the other one.
        ports: TCP ports that speak SMTP, beside the usual ones.
        redacted: options of ``cli.redacting_options``.

    ``-P`` keeps the current folder, which may hold captures of strangers, off the import path.
    """
    said = [f"--port={port}" for port in ports]
    return ["-P", "-m", "dissect.both.worker", *said, *redacted, "--", inside, outside]


if __name__ == "__main__":
    main()
