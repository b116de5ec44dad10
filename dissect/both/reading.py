"""Reads two captures, one after the other, and compares them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final, NamedTuple, Protocol

from dissect.compare import Budget, Comparison, Recorder, renamed, words
from dissect.compare import compare as laid
from dissect.compare.text import Source
from dissect.escape import visible
from dissect.redact import Redactor
from dissect.segments import decode
from dissect.segments.decode import Row
from dissect.source import CaptureFile, Outcome, Tshark, drops, read

PLACES: Final = ("inside", "outside")


class Watching(Protocol):
    """Is told how far the reading of a capture is."""

    def tick(self, packets: int, read: int, /) -> object:
        """Packets and bytes read so far."""


Watch = Callable[[str], AbstractContextManager[Watching]]
"""Begins to watch the reading of a capture, by its name."""


class Read(NamedTuple):
    """Two captures, compared."""

    found: Comparison
    sources: tuple[Source, Source]
    warnings: list[str]
    """What makes the comparison weaker, in sentences."""
    errors: list[str]
    """Why a capture was not read to its end, with what to do; empty where both were."""

    @property
    def unsure(self) -> bool:
        """Whether anything that both hold could not be compared."""
        return not self.found.pairs or any(pair.unsure for pair in self.found.pairs)


def read_both(
    tshark: Tshark,
    files: tuple[CaptureFile, CaptureFile],
    ports: tuple[int, ...],
    watch: Watch,
    redactor: Redactor | None = None,
) -> Read:
    """Read two captures that are open to their ends, and lay them over each other.

    Args:
        tshark: what decodes them.
        files: the inside and the outside one.
        ports: TCP ports that speak SMTP, beside the usual ones.
        watch: is told of the progress of each.
        redactor: replaces names and addresses in all that is given; None leaves them.
    """
    budget = Budget()
    recorders: list[Recorder] = []
    sources: list[Source] = []
    warnings: list[str] = []
    errors: list[str] = []
    for place, file in zip(PLACES, files, strict=True):
        recorder = Recorder(ports, budget, redactor)
        name = redactor.file(file.name) if redactor else file.name
        lost = drops.dropped(file)
        if lost:
            warnings.append(drops.warning(name, lost))
        with watch(file.name) as watching:
            outcome = _read(tshark, file, recorder, watching)
        if outcome.status != "complete":
            errors.append(f"{visible(file.name)}: {outcome.what}.\n  {outcome.remedy}".rstrip())
            warnings.append(f"{visible(name)}: {outcome.what}")
        recorders.append(recorder)
        sources.append(Source(place, name, outcome.packets, recorder.tracker.flows))
    found = laid(recorders[0], recorders[1])
    if redactor is not None:
        found = renamed(found, redactor.address)
    warnings += words.doubts(found)
    return Read(found, (sources[0], sources[1]), warnings, errors)


def _read(tshark: Tshark, file: CaptureFile, recorder: Recorder, watching: Watching) -> Outcome:
    """Read one capture to its end."""
    seen = [0, 0]

    def sink(rows: list[Row]) -> None:
        recorder.segments(decode(rows))
        seen[0] += len(rows)
        seen[1] += sum(int(row[1]) for row in rows) + 16 * len(rows)
        watching.tick(*seen)

    return asyncio.run(read(tshark, file, sink, ()))
