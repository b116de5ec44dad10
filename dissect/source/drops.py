"""Packets that were dropped while a capture was made, as a pcapng file tells at its end.

Then a gap may be the capture's own fault, and not the network's.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Final

from dissect.escape import visible
from dissect.source import blocks
from dissect.source.blocks import SECTION, STATISTICS, Block
from dissect.source.file import CaptureFile

MOST: Final = 1_000
"""Blocks that are looked at; statistics stand behind the last packet."""

DROPS: Final = frozenset({5, 7})
"""Options: what the interface dropped, and what the operating system did."""

UNKNOWN: Final = (1 << 64) - 1
"""What some programs write for a number that they do not know."""

HEAD: Final = 12
"""Bytes of a block of statistics in front of its options: the interface, and the time."""


def dropped(capture: CaptureFile) -> int | None:
    """How many packets were dropped, over all interfaces; None where the file does not tell.

    Only a plain pcapng file can tell.  Never raises, whatever the file holds.
    """
    if not capture.size:
        return None
    try:
        with Path(capture.path).open("rb") as file:
            if file.read(4) != SECTION.to_bytes(4, "big"):
                return None
            return _sum(islice(blocks.backward(file), MOST))
    except (OSError, ValueError):
        return None


def warning(name: str, number: int) -> str:
    """What dropped packets mean; ``name`` is the capture's."""
    packets = "1 packet was" if number == 1 else f"{number:,} packets were"
    return f"{visible(name)}: {packets} dropped while capturing: gaps may be the capture's fault"


def _sum(found: Iterable[Block]) -> int | None:
    """The sum over interfaces; of several statistics of one, the last, which comes first here."""
    section, last = 0, dict[tuple[int, int], int]()
    for block in found:
        section += block.kind == SECTION
        if block.kind == STATISTICS and len(block.body) >= HEAD:
            interface = blocks.number(block.body[:4], block.order)
            lost = _lost(block)
            if lost is not None:
                last.setdefault((section, interface), lost)
    return sum(last.values()) if last else None


def _lost(block: Block) -> int | None:
    """What one block of statistics says was dropped."""
    told = [
        blocks.number(value, block.order)
        for code, value in blocks.options(block.body[HEAD:], block.order)
        if code in DROPS
    ]
    known = [number for number in told if number < UNKNOWN]
    return sum(known) if known else None
