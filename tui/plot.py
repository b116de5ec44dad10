"""A plot over time, as lines of text: numbers, and moments that are marked on the axis.

plotext draws it; here its text becomes pieces with our roles.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

import plotext

from tui import words
from tui.line import Line, Piece, Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui.look import Look

_LEAST: Final = 20
"""Cells below which no plot can be read."""
_LINES: Final = 2
"""Lines for one number beside the axis."""
_TICKS: Final = 12
"""Cells for one time below the axis."""
_CODES: Final = {"12": Role.CLIENT, "10": Role.GOOD, "9": Role.BAD}
"""What plotext calls ``blue+``, ``green+`` and ``red+`` in its escape sequences."""
_ESCAPE: Final = re.compile(r"\x1b\[([0-9;]*)m")
_PLAIN: Final = str.maketrans("┌┐└┘─│┤┬┴├┼", "++++-|+++++")


class Series(NamedTuple):
    """Numbers over time."""

    colour: str
    points: Sequence[tuple[float, float]]
    """Seconds since the epoch, and the number then."""
    signs: tuple[str, str]
    """What it is drawn with, and what where there is only ASCII: colour alone says nothing."""


def over_time(
    series: Sequence[Series], marks: Sequence[float], cells: int, height: int, look: Look
) -> list[Line]:
    """The plot.

    Args:
        series: one or two, drawn one over the other.
        marks: times, in seconds since the epoch, that are marked on the axis.
        cells: width.
        height: lines.
        look: how it is drawn.
    """
    times = [time for each in series for time, _ in each.points]
    if cells < _LEAST or not times:
        return []
    # Buckets are told by their beginning: what is marked in the last one lies behind it.
    low = min(*times, *marks, times[0])
    high = max(*times, *marks, low + 1)
    _begin(cells, height)
    for each in series:
        xs, ys = zip(*each.points, strict=True)
        plotext.plot(xs, ys, color=f"{each.colour}+", marker=each.signs[look.ascii_only])
    if marks:
        plotext.scatter(list(marks), [0] * len(marks), color="red+", marker=look.severities[3])
    ticks = _ticks(low, high, cells)
    plotext.xticks(ticks, [words.clock(time) for time in ticks])
    top = max(value for each in series for _, value in each.points) or 1
    plotext.ylim(0, top)
    numbers = _whole(top, height)
    plotext.yticks(numbers, [f"{number:,}" for number in numbers])
    return [_line(row, look) for row in plotext.build().split("\n")]


def _begin(cells: int, height: int) -> None:
    """A plot of its own: plotext holds one figure for all."""
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plotsize(cells, height)
    plotext.limitsize(width=False, height=False)


def _ticks(low: float, high: float, cells: int) -> list[float]:
    """Times for the axis, as many as can be read."""
    count = max(min((cells - 8) // _TICKS, 6), 2)
    return [low + (high - low) * at / (count - 1) for at in range(count)]


def _whole(top: float, height: int) -> list[int]:
    """Whole numbers for the other axis, round ones, at most every second line has one."""
    most = max(height // _LINES, 1)
    steps = (lead * 10**power for power in range(12) for lead in (1, 2, 5))
    step = next((step for step in steps if top / step <= most), int(top) or 1)
    return list(range(0, int(top) + 1, step))


def _line(row: str, look: Look) -> Line:
    """A line of plotext's, its colours as roles and nothing of it that steers a terminal."""
    pieces: list[Piece] = []
    role, at = Role.DIM, 0
    for match in _ESCAPE.finditer(row):
        pieces.append(_piece(row[at : match.start()], role, look))
        role, at = _role(match[1]), match.end()
    pieces.append(_piece(row[at:], role, look))
    return tuple(piece for piece in pieces if piece.text)


def _piece(text: str, role: Role, look: Look) -> Piece:
    return Piece(text.translate(_PLAIN) if look.ascii_only else text, role)


def _role(codes: str) -> Role:
    """The role of a colour: its number stands behind 38;5."""
    return _CODES.get(codes.rpartition(";")[2], Role.DIM)
