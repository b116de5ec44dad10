"""The flow list's columns: what each shows, its width, its sort key, and how dear it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dissect.analysis.model import FlowSummary, Outcome
from tui import words
from tui.line import Piece, Role, fit, fit_right
from tui.look import SEVERITY_ROLES, SEVERITY_WORDS, Look

if TYPE_CHECKING:
    from collections.abc import Callable

GAP: Final = 1
_SHORT: Final = {Outcome.PARTLY: "partly"}
_OUTCOME_ROLES: Final = {
    Outcome.DELIVERED: Role.GOOD,
    Outcome.PARTLY: Role.MEDIUM,
    Outcome.LOST: Role.BAD,
    Outcome.REJECTED: Role.MEDIUM,
}


class Column(NamedTuple):
    """One column of the flow list."""

    id: str
    title: str
    least: int
    """Cells that it needs to be of use."""
    most: int
    """Cells beyond which more would be empty."""
    rank: int
    """The lower, the longer it stays when the terminal is narrow."""
    cell: Callable[[FlowSummary, Look], Piece]
    key: Callable[[FlowSummary], Any]
    numeric: bool = False

    def fitted(self, piece: Piece, cells: int, look: Look) -> Piece:
        """The cell's piece in exactly ``cells`` cells."""
        place = fit_right if self.numeric else fit
        return Piece(place(piece.text, cells, look.cut), piece.role)


def _number(flow: FlowSummary, _look: Look) -> Piece:
    return Piece(str(flow.flow), Role.DIM)


def _severity(flow: FlowSummary, look: Look) -> Piece:
    if flow.severity is None:
        return Piece("")
    word = SEVERITY_WORDS[flow.severity]
    return Piece(f"{look.glyph(flow.severity)} {word}", SEVERITY_ROLES[flow.severity])


def _start(flow: FlowSummary, _look: Look) -> Piece:
    return Piece(words.clock(flow.start), Role.DIM)


def _client(flow: FlowSummary, look: Look) -> Piece:
    return Piece(look.words(flow.client.address))


def _port(flow: FlowSummary, _look: Look) -> Piece:
    return Piece(str(flow.client.port), Role.DIM)


def _server(flow: FlowSummary, look: Look) -> Piece:
    return Piece(look.words(flow.server.address))


def _helo(flow: FlowSummary, look: Look) -> Piece:
    return Piece(look.words(flow.helo))


def _sender(flow: FlowSummary, look: Look) -> Piece:
    return Piece(look.words(flow.reverse_path))


def _outcome(flow: FlowSummary, _look: Look) -> Piece:
    words_ = _SHORT.get(flow.outcome, flow.outcome.value)
    return Piece(words_, _OUTCOME_ROLES.get(flow.outcome, Role.TEXT))


def _recipients(flow: FlowSummary, _look: Look) -> Piece:
    offered, accepted = flow.recipients.offered, flow.recipients.accepted
    if not offered:
        return Piece("-", Role.DIM)
    return Piece(f"{accepted}/{offered}", Role.BAD if accepted < offered else Role.TEXT)


def _bytes(flow: FlowSummary, _look: Look) -> Piece:
    return Piece(words.size(flow.bytes_client + flow.bytes_server), Role.DIM)


def _duration(flow: FlowSummary, _look: Look) -> Piece:
    return Piece(words.span(flow.duration), Role.DIM)


def _findings(flow: FlowSummary, look: Look) -> Piece:
    if not flow.rules:
        return Piece("")
    role = Role.TEXT if flow.severity is None else SEVERITY_ROLES[flow.severity]
    return Piece(look.words(f"{len(flow.rules)} {', '.join(flow.rules)}"), role)


def _rank(flow: FlowSummary) -> int:
    return -1 if flow.severity is None else flow.severity


COLUMNS: Final = (
    Column("flow", "#", 4, 6, 8, _number, lambda flow: flow.flow, numeric=True),
    Column("severity", "sev", 6, 6, 0, _severity, _rank),
    Column("time", "time", 8, 8, 4, _start, lambda flow: flow.start),
    Column("client", "client", 15, 39, 1, _client, lambda flow: flow.client),
    Column("port", "port", 5, 5, 10, _port, lambda flow: flow.client.port, numeric=True),
    Column("server", "server", 15, 39, 5, _server, lambda flow: flow.server),
    Column("helo", "helo", 14, 30, 8, _helo, lambda flow: flow.helo),
    Column("sender", "sender", 12, 36, 11, _sender, lambda flow: flow.reverse_path),
    Column("outcome", "outcome", 9, 9, 2, _outcome, lambda flow: flow.outcome.value),
    Column(
        "recipients", "rcpt", 5, 7, 6, _recipients, lambda flow: flow.recipients, numeric=True
    ),
    Column(
        "bytes", "bytes", 6, 6, 9, _bytes, lambda flow: flow.bytes_client + flow.bytes_server,
        numeric=True,
    ),
    Column("duration", "dur", 6, 6, 9, _duration, lambda flow: flow.duration, numeric=True),
    Column("findings", "findings", 9, 60, 7, _findings, lambda flow: (len(flow.rules), flow.rules)),
)  # fmt: skip


class Placed(NamedTuple):
    """A column that is shown, and its width."""

    column: Column
    cells: int


def layout(width: int) -> tuple[Placed, ...]:
    """The columns that fit ``width``, the dearest first, with what is left shared out."""
    shown: list[Column] = []
    room = width
    for column in sorted(COLUMNS, key=lambda column: column.rank):
        if column.least + GAP <= room:
            shown.append(column)
            room -= column.least + GAP
    widths = {column.id: column.least for column in shown}
    _share(shown, widths, room)
    return tuple(Placed(column, widths[column.id]) for column in COLUMNS if column in shown)


_GROWING: Final = (("client", 15), ("server", 15), ("findings", 22), ("helo", 24), ("flow", 5))


def _share(shown: list[Column], widths: dict[str, int], room: int) -> None:
    """First to a comfortable width each, then to the widest that is of use."""
    by_id = {column.id: column for column in shown}
    targets = [*_GROWING, *((column.id, column.most) for column in reversed(shown))]
    for name, target in targets:
        if name in by_id:
            more = min(room, max(min(target, by_id[name].most) - widths[name], 0))
            widths[name] += more
            room -= more
