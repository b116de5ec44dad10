"""A client in lines: its row in a table, and what is told of it beside the table."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tui import told, words
from tui.line import EMPTY, Line, Piece, Role, crop, fit, fit_middle, fit_right
from tui.plot import Series, over_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dissect.analysis.model import Peer, Retry, Verdict
    from tui.look import Look

_PLOT: Final = 9
"""Lines of a plot."""
_MOST_MOMENTS: Final = 8
_GAP: Final = 1


class Column(NamedTuple):
    """A column of the table."""

    title: str
    cells: int
    rank: int
    """The lower, the longer it stays when the terminal is narrow."""
    cell: Callable[[Peer], str]
    key: Callable[[Peer], Any]
    role: Callable[[Peer], Role] = lambda _peer: Role.TEXT


def lost(peer: Peer) -> int:
    """RCPTs that came to nothing."""
    return peer.recipients_asked - peer.recipients_delivered


COLUMNS: Final = (
    Column("client", 15, 0, lambda peer: peer.client, lambda peer: peer.client),
    Column("flows", 6, 3, lambda peer: f"{peer.flows:,}", lambda peer: peer.flows),
    Column(
        "damaged", 11, 1,
        lambda peer: f"{peer.damaged:,} {peer.share:4.0%}" if peer.damaged else "-",
        lambda peer: (peer.share, peer.damaged),
        lambda peer: Role.BAD if peer.damaged else Role.DIM,
    ),
    Column(
        "mail", 11, 4, lambda peer: f"{peer.messages_accepted:,}/{peer.messages_tried:,}",
        lambda peer: peer.messages_tried,
    ),
    Column(
        "rcpt asked", 10, 2, lambda peer: f"{peer.recipients_asked:,}",
        lambda peer: peer.recipients_asked,
    ),
    Column(
        "accepted", 9, 5, lambda peer: f"{peer.recipients_accepted:,}",
        lambda peer: peer.recipients_accepted,
    ),
    Column(
        "delivered", 9, 2, lambda peer: f"{peer.recipients_delivered:,}",
        lambda peer: peer.recipients_delivered,
        lambda peer: Role.BAD if lost(peer) else Role.TEXT,
    ),
    Column(
        "retried", 7, 3, lambda peer: str(len(peer.retries)) if peer.retries else "-",
        lambda peer: sum(retry.tries for retry in peer.retries),
        lambda peer: Role.MEDIUM if peer.retries else Role.DIM,
    ),
)  # fmt: skip
"""The first is a name and stands left; the others are numbers."""

USUAL: Final = COLUMNS[2]
"""What clients are sorted by at first."""


def placed(cells: int) -> tuple[Column, ...]:
    """The columns that fit; what is left over goes to the client's address."""
    room, shown = cells, []
    for column in sorted(COLUMNS, key=lambda column: column.rank):
        if column.cells + _GAP <= room:
            shown.append(column)
            room -= column.cells + _GAP
    first, *rest = [column for column in COLUMNS if column in shown] or [COLUMNS[0]]
    return (first._replace(cells=min(first.cells + room, 39)), *rest)


def row(peer: Peer, columns: tuple[Column, ...], look: Look) -> Line:
    """A client in a line of the table."""
    first, *rest = columns
    name = fit_middle(look.words(peer.client), first.cells, look.cut)
    cells = (
        Piece(" " + fit_right(column.cell(peer), column.cells, look.cut), column.role(peer))
        for column in rest
    )
    return (Piece(name), *cells)


def heading(columns: tuple[Column, ...], by: str, arrow: str) -> Line:
    """The titles; the sorted column carries an arrow."""
    first, *rest = columns
    titles = [fit(_title(first, by, arrow), first.cells, "")]
    titles += [" " + fit_right(_title(column, by, arrow), column.cells, "") for column in rest]
    roles = (Role.ACCENT if column.title == by else Role.DIM for column in columns)
    return tuple(Piece(title, role) for title, role in zip(titles, roles, strict=True))


def _title(column: Column, by: str, arrow: str) -> str:
    return column.title + (arrow if column.title == by else "")


def about(peer: Peer, verdict: Verdict | None, cells: int, look: Look) -> list[Line]:
    """What a client asked for over time, what it retried, and what is in its way."""
    lines = [*_rate(peer, cells, look)]
    for retry in peer.retries:
        lines += _retry(retry, cells, look)
    if verdict is not None:
        lines += [EMPTY, *told.verdict(verdict, cells, look)]
    return lines


def _rate(peer: Peer, cells: int, look: Look) -> list[Line]:
    """The plot under its legend."""
    series = [
        Series("blue", tuple(_points(peer, "asked")), ("hd", "o")),
        Series("green", tuple(_points(peer, "delivered")), ("•", "x")),
    ]
    marks = [moment.time for moment in peer.trouble]
    drawn = over_time(series, marks, cells, _PLOT, look)
    if not drawn:
        return [(Piece("no RCPT was asked for", Role.DIM),)]
    signs = ("o", "x") if look.ascii_only else ("▞", "•")
    legend = (
        Piece(f"RCPT in {words.span(peer.width)}: ", Role.TITLE),
        Piece(f"{signs[0]} asked for {peer.recipients_asked:,}  ", Role.CLIENT),
        Piece(f"{signs[1]} delivered {peer.recipients_delivered:,}  ", Role.GOOD),
        Piece(f"{look.severities[3]} damaged flows {peer.damaged:,}", Role.BAD),
    )
    return [crop(legend, 0, cells), *drawn]


def _points(peer: Peer, what: str) -> Iterator[tuple[float, float]]:
    """A bucket's number at its time; where nothing was asked for, the rate goes down to nothing."""
    for bucket, behind in pairwise((*peer.rate, None)):
        assert bucket is not None
        yield bucket.start, getattr(bucket, what)
        if behind is not None and behind.start - bucket.start > peer.width:
            yield bucket.start + peer.width, 0
            yield behind.start - peer.width, 0


def _retry(retry: Retry, cells: int, look: Look) -> list[Line]:
    """One envelope, and its tries in a row."""
    who = f"{retry.reverse_path or '<>'} {look.arrow} {words.count(retry.recipients, 'recipient')}"
    shown = retry.moments[-_MOST_MOMENTS:]
    more = f"{look.cut} " if retry.tries > len(shown) else ""
    tries = "  ".join(f"{look.severities[3]} {words.clock(each.time)}" for each in shown)
    label = f"{retry.tries} tries"
    return [
        *told.paragraph("retried", f"{who}, {label}, none accepted", cells, look),
        *told.paragraph(" ", more + tries, cells, look, Role.BAD),
    ]
