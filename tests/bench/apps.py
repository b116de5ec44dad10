"""The programs whose screens are measured, and how each shows what is looked for.

A list of flows is not a list of packets: the two programs do not do the same.  What they have in
common is what the person before them feels: how soon there is a line, and how soon it is the next.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bench.jobs import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from terminal.picture import Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """A program with a screen."""

    name: str
    command: Callable[[Path], tuple[str, ...]]
    has_begun: Callable[[Picture], bool]
    """Whether there is a line to be seen."""
    has_loaded: Callable[[Picture], bool]
    """Whether it says that there is no more to come."""
    cursor: Callable[[Picture], int | None]
    """The line of the screen that the cursor is on."""
    env: Mapping[str, str | None] = field(default_factory=dict)
    warm_up: bool = False
    """Whether its first start makes a cache for all others."""


_ADDRESS: Final = re.compile(r"\d+\.\d+\.\d+\.\d+")
_PROGRESS: Final = re.compile(r"\d+ ?%")
_CURSOR: Final = "▌"


def _seamark_command(capture: Path) -> tuple[str, ...]:
    return (sys.executable, "-P", "-m", "tui", str(capture))


def _marked_line(picture: Picture) -> int | None:
    """The line with the cursor's mark in its first column."""
    rows = (row for row in range(picture.size[1]) if picture.cell(0, row).text == _CURSOR)
    return next(rows, None)


def _seamark_has_begun(picture: Picture) -> bool:
    row = _marked_line(picture)
    return row is not None and bool(_ADDRESS.search(picture.line(row)))


def _seamark_has_loaded(picture: Picture) -> bool:
    return "complete" in picture.line(0)


def _termshark_command(capture: Path) -> tuple[str, ...]:
    return ("termshark", "-r", str(capture))


_PACKETS: Final = 5
"""The line of termshark's first packet; above are its title, the filter in a frame, and titles."""
_SELECTED: Final = frozenset({"magenta", "brightmagenta"})
"""Backgrounds of the packet that is selected, in termshark's own theme, pyte's names of them."""


def _selected_line(picture: Picture) -> int | None:
    """The line of the packet that is selected."""
    rows = range(_PACKETS, picture.size[1])
    return next((row for row in rows if picture.cell(3, row).background in _SELECTED), None)


def _termshark_has_begun(picture: Picture) -> bool:
    return bool(re.search(r"\b(TCP|SMTP)\b", picture.line(_PACKETS)))


def _termshark_has_loaded(picture: Picture) -> bool:
    return _termshark_has_begun(picture) and not _PROGRESS.search(picture.line(2))


SEAMARK: Final = App(
    name="seamark",
    command=_seamark_command,
    has_begun=_seamark_has_begun,
    has_loaded=_seamark_has_loaded,
    cursor=_marked_line,
    env={"PYTHONPATH": str(ROOT)},
)
TERMSHARK: Final = App(
    name="termshark",
    command=_termshark_command,
    has_begun=_termshark_has_begun,
    has_loaded=_termshark_has_loaded,
    cursor=_selected_line,
    warm_up=True,
)
APPS: Final = (SEAMARK, TERMSHARK)
