"""Display filters: Wireshark's language, handed to tshark as it is written."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from dissect.errors import ToolError, UsageError
from dissect.escape import visible
from dissect.source.outcome import talk
from dissect.source.tshark import Tshark, install_command

EMPTY: Final = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1)
"""A capture of Ethernet without packets."""

PATIENCE: Final = 60
"""Seconds that tshark gets for it; the first start after an installation is slow."""

LONGEST: Final = 60_000
"""Bytes of a filter: well below what Linux takes as one word of a command (128 KiB)."""

INDENT: Final = "    "
"""What tshark writes in front of the filter, and of the line that points into it."""

HELP: Final = "The language: man wireshark-filter"

WARNING: Final = (
    "the display filter {filter} is on: packets that it leaves out look like gaps; choose whole "
    "conversations (tcp.stream, ip.addr)"
)


def check(tshark: Tshark, display_filter: str) -> None:
    """Let tshark look at a display filter before anything is read.

    Raises:
        UsageError: if tshark does not take it, with tshark's words and where it breaks.
        ToolError: if tshark cannot be asked.
    """
    if not display_filter:
        return
    if "\0" in display_filter or len(display_filter.encode(errors="replace")) > LONGEST:
        raise UsageError(f"No display filter has NULs or more than {LONGEST:,} bytes.")
    try:
        said = subprocess.run(  # noqa: S603 - tshark's own path, and one word that it takes as data
            [tshark.path, "-n", "-r", "-", "-Y", display_filter],
            input=EMPTY, capture_output=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise ToolError(f"tshark cannot be asked: {error}.", install_command()) from None
    if said.returncode:
        raise _refusal(*talk(said.stderr) or ("no reason given",))


def _refusal(what: str, *where: str) -> UsageError:
    """What tshark says of a filter, and the lines that show where it breaks."""
    words = visible(what.removeprefix("tshark: "))
    lines = [f"  {visible(line.rstrip().removeprefix(INDENT))}" for line in where]
    shown = "\n  ".join([*lines, HELP]).lstrip()
    return UsageError(f"tshark does not take this display filter: {words}", shown)


def options(display_filter: str) -> tuple[str, ...]:
    """What tells tshark of a filter; nothing without one."""
    return ("-Y", display_filter) if display_filter else ()


def warning(display_filter: str) -> str:
    """What a reading with a display filter is to be seen with."""
    return WARNING.format(filter=visible(display_filter))


def both(one: str, two: str) -> str:
    """The filter that passes what both pass; the first may be empty."""
    return f"({one}) and ({two})" if one else two


def ranges(numbers: Iterable[int]) -> list[str]:
    """Numbers as the members of a set: ``1..4`` for a run of them."""
    ordered = sorted(set(numbers))
    breaks = [at for at, (a, b) in enumerate(pairwise(ordered), start=1) if b != a + 1]
    edges = [0, *breaks, len(ordered)]
    runs = [(ordered[a], ordered[b - 1]) for a, b in pairwise(edges) if a < b]
    return [str(a) if a == b else f"{a}..{b}" for a, b in runs]


def member(field: str, members: Iterable[str]) -> str:
    """The filter that passes frames of which a field is in a set."""
    return f"{field} in {{{', '.join(members)}}}"
