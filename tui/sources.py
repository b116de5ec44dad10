"""The sources of a live capture, as a header tells of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from tui.line import Line, Piece, Role, crop, fit, spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dissect.analysis.model import SourceState
    from tui.look import Look

_SOURCES: Final = 3
"""Lines about sources, at most."""

_LATE: Final = 5.0
"""Seconds from which on a lag is worth a look."""

_CONNECTION: Final = {
    "connected": Role.GOOD,
    "reconnecting": Role.MEDIUM,
    "gone": Role.BAD,
}


def sources(told: Sequence[SourceState], cells: int, look: Look) -> list[Line]:
    """The sources of a live capture, a line each; of many, those that need a look."""
    first = sorted(told, key=_is_well)[:_SOURCES]
    lines = [_source(each, cells, look) for each in first]
    if len(told) > _SOURCES:
        more = f"  +{len(told) - _SOURCES}"
        kept = crop(lines[-1], 0, cells - len(more))
        lines[-1] = spread(kept, (Piece(more, Role.DIM),), cells)
    return lines


def _is_well(source: SourceState) -> bool:
    return source.state == "connected" and not source.lost and not source.dropped


def _source(source: SourceState, cells: int, look: Look) -> Line:
    """A source: what became of its packets, how late they are, and its clock."""
    counts = (
        ("left out", source.left_out, Role.DIM),
        ("waiting", source.waiting, Role.MEDIUM),
        ("lost", source.lost, Role.BAD),
        ("dropped", source.dropped, Role.BAD),
    )
    name = look.words(source.name)
    name = fit(name, min(cell_len(name), cells // 3), look.cut)
    pieces = (
        Piece(f"{name}  ", Role.TITLE),
        Piece(source.state, _CONNECTION.get(source.state, Role.DIM)),
        Piece(f"  {source.decoded:,}/{source.seen:,} decoded"),
        *(Piece(f"  {number:,} {what}", role) for what, number, role in counts if number),
        Piece(f"  {source.lag:.1f} s late", Role.MEDIUM if source.lag >= _LATE else Role.DIM),
        Piece(f"  {look.words(source.clock)}" if source.clock else "", Role.DIM),
    )
    return crop(pieces, 0, cells)
