"""The flow list's columns: what each shows, its width, its sort key, and how dear it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from dissect.analysis.model import FlowSummary, LogLine, Outcome
from tui import logged, words
from tui.line import Piece, Role, fit, fit_middle, fit_right
from tui.look import SEVERITY_ROLES, SEVERITY_WORDS, Look

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

GAP: Final = 1
_SHORT: Final = {Outcome.PARTLY: "partly"}
_OUTCOME_ROLES: Final = {
    Outcome.DELIVERED: Role.GOOD,
    Outcome.PARTLY: Role.MEDIUM,
    Outcome.LOST: Role.BAD,
    Outcome.REJECTED: Role.MEDIUM,
}


class Beside(Protocol):
    """What is known of a flow beside its summary."""

    def note(self, flow: int) -> str:
        """The user's own words on the flow of that number."""
        ...

    def verdict(self, flow: FlowSummary) -> str:
        """What stands between its two ends."""
        ...

    def log(self, flow: int) -> tuple[LogLine, ...]:
        """What mail logs say of the flow of that number."""
        ...

    def source(self, flow: FlowSummary) -> str:
        """Where its packets come from, in short."""
        ...


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
    cell: Callable[[FlowSummary, Look, Beside], Piece]
    key: Callable[[FlowSummary], Any] | None
    """What flows are sorted by; None where that takes more than the summary."""
    numeric: bool = False
    address: bool = False
    """Whether both ends of what stands in it tell something."""
    usual: bool = True
    """Whether it is shown until the user chooses."""
    rich_key: Callable[[FlowSummary, Beside], Any] | None = None
    """What flows are sorted by where ``key`` is None; without it, the words in the cell."""

    def order(self, look: Look, beside: Beside) -> Callable[[FlowSummary], Any]:
        """What flows are sorted by, when something is known beside their summaries."""
        if self.key is not None:
            return self.key
        rich = self.rich_key
        if rich is not None:
            return lambda flow: rich(flow, beside)
        return lambda flow: self.cell(flow, look, beside).text

    def fitted(self, piece: Piece, cells: int, look: Look) -> Piece:
        """The cell's piece in exactly ``cells`` cells."""
        place = fit_middle if self.address else fit_right if self.numeric else fit
        return Piece(place(piece.text, cells, look.cut), piece.role)


def _number(flow: FlowSummary, _look: Look, _beside: Beside) -> Piece:
    return Piece(str(flow.flow), Role.DIM)


def _severity(flow: FlowSummary, look: Look, _beside: Beside) -> Piece:
    if flow.severity is None:
        return Piece("")
    word = SEVERITY_WORDS[flow.severity]
    return Piece(f"{look.glyph(flow.severity)} {word}", SEVERITY_ROLES[flow.severity])


def _start(flow: FlowSummary, _look: Look, _beside: Beside) -> Piece:
    return Piece(words.clock(flow.start), Role.DIM)


def _client(flow: FlowSummary, look: Look, _beside: Beside) -> Piece:
    return Piece(look.words(flow.client.address))


def _port(flow: FlowSummary, _look: Look, _beside: Beside) -> Piece:
    return Piece(str(flow.client.port), Role.DIM)


def _server(flow: FlowSummary, look: Look, _beside: Beside) -> Piece:
    return Piece(look.words(flow.server.address))


def _helo(flow: FlowSummary, look: Look, _beside: Beside) -> Piece:
    return Piece(look.name(flow.helo))


def _sender(flow: FlowSummary, look: Look, _beside: Beside) -> Piece:
    return Piece(look.words(flow.reverse_path))


def _outcome(flow: FlowSummary, _look: Look, _beside: Beside) -> Piece:
    words_ = _SHORT.get(flow.outcome, flow.outcome.value)
    return Piece(words_, _OUTCOME_ROLES.get(flow.outcome, Role.TEXT))


def _recipients(flow: FlowSummary, _look: Look, _beside: Beside) -> Piece:
    offered, accepted = flow.recipients.offered, flow.recipients.accepted
    if not offered:
        return Piece("-", Role.DIM)
    return Piece(f"{accepted}/{offered}", Role.BAD if accepted < offered else Role.TEXT)


def _bytes(flow: FlowSummary, _look: Look, _beside: Beside) -> Piece:
    return Piece(words.size(flow.bytes_client + flow.bytes_server), Role.DIM)


def _duration(flow: FlowSummary, _look: Look, _beside: Beside) -> Piece:
    return Piece(words.span(flow.duration), Role.DIM)


def _findings(flow: FlowSummary, look: Look, _beside: Beside) -> Piece:
    if not flow.rules:
        return Piece("")
    role = Role.TEXT if flow.severity is None else SEVERITY_ROLES[flow.severity]
    return Piece(look.words(f"{len(flow.rules)} {', '.join(flow.rules)}"), role)


def _phase(flow: FlowSummary, _look: Look, _beside: Beside) -> Piece:
    return Piece(flow.phase, Role.DIM)


def _messages(flow: FlowSummary, _look: Look, _beside: Beside) -> Piece:
    return Piece(str(flow.messages), Role.TEXT if flow.messages else Role.DIM)


def _product(flow: FlowSummary, look: Look, _beside: Beside) -> Piece:
    return Piece(look.words(flow.product), Role.DIM)


def _frames(flow: FlowSummary, _look: Look, _beside: Beside) -> Piece:
    return Piece(f"{flow.first_frame}-{flow.last_frame}", Role.DIM)


def _capture(flow: FlowSummary, look: Look, beside: Beside) -> Piece:
    return Piece(look.words(beside.source(flow)), Role.DIM)


def _verdict(flow: FlowSummary, look: Look, beside: Beside) -> Piece:
    return Piece(look.words(beside.verdict(flow)), Role.HIGH)


def _note(flow: FlowSummary, look: Look, beside: Beside) -> Piece:
    return Piece(look.words(beside.note(flow.flow)), Role.ACCENT)


def _log(flow: FlowSummary, look: Look, beside: Beside) -> Piece:
    told = logged.told(beside.log(flow.flow))
    return Piece(look.words(told.words), told.role)


def _log_rank(flow: FlowSummary, beside: Beside) -> tuple[int, int, int]:
    return logged.told(beside.log(flow.flow)).rank


def _rank(flow: FlowSummary) -> int:
    return -1 if flow.severity is None else flow.severity


COLUMNS: Final = (
    Column("flow", "#", 4, 6, 8, _number, lambda flow: flow.flow, numeric=True),
    Column("severity", "sev", 6, 6, 0, _severity, _rank),
    Column("time", "time", 8, 8, 4, _start, lambda flow: flow.start),
    Column("client", "client", 15, 39, 1, _client, lambda flow: flow.client, address=True),
    Column("port", "port", 5, 5, 10, _port, lambda flow: flow.client.port, numeric=True),
    Column("server", "server", 15, 39, 5, _server, lambda flow: flow.server, address=True),
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
    Column("log", "log", 12, 24, 6, _log, None, usual=False, rich_key=_log_rank),
    Column("messages", "mail", 4, 5, 12, _messages, lambda flow: flow.messages, numeric=True,
           usual=False),
    Column("phase", "phase", 8, 8, 12, _phase, lambda flow: flow.phase, usual=False),
    Column("product", "product", 8, 16, 13, _product, lambda flow: flow.product, usual=False),
    Column("frames", "frames", 9, 15, 13, _frames, lambda flow: flow.first_frame, usual=False),
    Column("capture", "source", 12, 40, 3, _capture, lambda flow: flow.capture, usual=False),
    Column("verdict", "verdict", 12, 40, 12, _verdict, None, usual=False),
    Column("note", "note", 12, 40, 12, _note, None, usual=False),
)  # fmt: skip


BY_ID: Final = {column.id: column for column in COLUMNS}


class Choice(NamedTuple):
    """A column as the user wants it."""

    column: str
    shown: bool = True
    cells: int = 0
    """Its width; 0 for what is there."""


USUAL: Final = tuple(Choice(column.id, column.usual) for column in COLUMNS)
"""The columns as they come."""


def with_column(choices: Iterable[Choice], column: str) -> tuple[Choice, ...]:
    """The same with one more shown, where it stands."""
    return tuple(
        choice._replace(shown=True) if choice.column == column else choice for choice in choices
    )


def with_source(choices: Iterable[Choice]) -> tuple[Choice, ...]:
    """The same as they come where flows come from several sources: the source stands in front."""
    return tuple(
        sorted(
            with_column(choices, _WHENCE),
            key=lambda choice: choice.column not in {"flow", "severity", _WHENCE},
        )
    )


_WHENCE: Final = "capture"
AS_THEY_COME: Final = (USUAL, with_column(USUAL, "log"))
"""The columns of a user who has not chosen any, without and with mail logs."""


class Placed(NamedTuple):
    """A column that is shown, and its width."""

    column: Column
    cells: int


def layout(width: int, choices: tuple[Choice, ...] = USUAL) -> tuple[Placed, ...]:
    """The columns that fit ``width``, the dearest first, with what is left shared out."""
    wanted = {choice.column: choice.cells for choice in choices if choice.shown}
    shown: list[Column] = []
    widths: dict[str, int] = {}
    for column in sorted((BY_ID[name] for name in wanted), key=lambda column: column.rank):
        least = wanted[column.id] or column.least
        if least + GAP <= width:
            shown.append(column)
            widths[column.id] = least
            width -= least + GAP
    _share([column for column in shown if not wanted[column.id]], widths, width)
    return tuple(Placed(BY_ID[name], widths[name]) for name in wanted if name in widths)


def completed(choices: Iterable[Choice]) -> tuple[Choice, ...]:
    """All columns: the chosen ones in their order, then the others, hidden."""
    chosen = [choice for choice in choices if choice.column in BY_ID]
    named = {choice.column for choice in chosen}
    rest = (Choice(column.id, shown=False) for column in COLUMNS if column.id not in named)
    return (*chosen, *rest)


_GROWING: Final = (
    ("client", 15), ("server", 15), ("capture", 20), ("findings", 22), ("helo", 24), ("flow", 5)
)  # fmt: skip


def _share(shown: list[Column], widths: dict[str, int], room: int) -> None:
    """First to a comfortable width each, then to the widest that is of use."""
    by_id = {column.id: column for column in shown}
    targets = [*_GROWING, *((column.id, column.most) for column in reversed(shown))]
    for name, target in targets:
        if name in by_id:
            more = min(room, max(min(target, by_id[name].most) - widths[name], 0))
            widths[name] += more
            room -= more
