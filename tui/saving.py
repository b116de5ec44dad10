"""Flows in a file: packets, dialogues, or what was found; the name of the file tells which."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING, Final, NamedTuple

from dissect.errors import CaptureError
from dissect.escape import visible
from dissect.report import FORMATS
from tui import files
from tui.clipboard import clean
from tui.words import count

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
    from pathlib import Path

    from dissect.analysis.model import FlowDetail
    from tui.store import Store
    from tui.wireshark import Wireshark

    Transcript = Callable[[FlowDetail], str]
    """A flow's dialogue as text."""

_BUDGET: Final = 0.01
"""Seconds of work between two looks at the keys."""
BETWEEN: Final = "\n" + "-" * 76 + "\n\n"


class Source(NamedTuple):
    """Where flows come from."""

    store: Store
    wireshark: Wireshark | None
    transcript: Transcript


async def save(source: Source, flows: Sequence[int], path: Path) -> str:
    """Write flows to a new file; returns what to tell the user.

    Args:
        source: where they come from.
        flows: their numbers.
        path: ``.txt`` takes dialogues, ``.jsonl`` flows and findings, anything else packets.

    Raises:
        SeamarkError: if that cannot be done; there is no file then.
    """
    write = _WRITERS.get(path.suffix.lower(), _packets)
    return f"{await write(source, flows, path)} in {visible(str(path))}"


async def _packets(source: Source, flows: Sequence[int], path: Path) -> str:
    if source.wireshark is None:
        raise CaptureError(
            "The packets cannot be read again.",
            "A name that ends in .txt saves the dialogues, .jsonl the findings.",
        )
    summaries = [source.store.summaries[flow] for flow in flows]
    number = await source.wireshark.save(summaries, path)
    return f"{count(number, 'packet')} of {count(len(flows), 'flow')}"


async def _dialogues(source: Source, flows: Sequence[int], path: Path) -> str:
    written = 0
    with files.creating(path) as file:
        async for detail in details(source.store, flows):
            file.write(BETWEEN if written else "")
            file.write(clean(source.transcript(detail)).rstrip("\n") + "\n")
            written += 1
    return count(written, "dialogue")


async def _findings(source: Source, flows: Sequence[int], path: Path) -> str:
    written = found = 0
    with files.creating(path) as file:
        reporter = FORMATS["jsonl"](file.write)
        async for detail in details(source.store, flows):
            reporter.flow(detail)
            written += 1
            found += len(detail.findings)
    return f"{count(written, 'flow')} and {count(found, 'finding')}"


async def details(store: Store, flows: Sequence[int]) -> AsyncIterator[FlowDetail]:
    """The ladders of flows that have one, opened one by one; keys are answered in between."""
    end = perf_counter() + _BUDGET
    for flow in flows:
        detail = store.peek(flow)
        if detail is not None:
            yield detail
        if perf_counter() >= end:
            await asyncio.sleep(0)
            end = perf_counter() + _BUDGET


_WRITERS: Final[dict[str, Callable[[Source, Sequence[int], Path], Awaitable[str]]]] = {
    ".txt": _dialogues,
    ".jsonl": _findings,
}
"""By ending of the file's name."""
