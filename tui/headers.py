"""The facts of frames' headers that tell endpoints from injectors, in a table and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dissect.detect.finding import Severity
from tui import told, words
from tui.line import Line, Piece, Role, fit
from tui.look import SEVERITY_ROLES
from tui.senders import Frame, differences, name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dissect.analysis.frame import WireFacts
    from dissect.analysis.model import FlowSummary
    from tui.look import Look

_LABEL: Final = 10
_LEAST_COLUMN: Final = 20
_MOST_COLUMN: Final = 40
_NOTE: Final = 14
_PAIR: Final = 2
_STAMPS: Final = "timestamps"
_WARNING: Final = SEVERITY_ROLES[Severity.MEDIUM]


def senders(frames: Sequence[Frame], cells: int, look: Look) -> list[Line]:
    """What tells the senders of two frames apart, or that nothing does."""
    if len(frames) != _PAIR:
        return []
    found = differences(*frames)
    if not found:
        said = "nothing tells the senders of the two frames apart"
        return told.paragraph("senders", said, cells, look, Role.DIM)
    labels = ["senders", *[" "] * (len(found) - 1)]
    return [
        line
        for label, each in zip(labels, found, strict=True)
        for line in told.paragraph(label, each.said, cells, look, _WARNING)
    ]


def table(frames: Sequence[Frame], cells: int, look: Look) -> list[Line]:
    """The facts of one frame or two, one fact a line; those that tell senders apart are marked."""
    if not frames:
        return []
    odd = {each.fact for each in differences(*frames)} if len(frames) == _PAIR else set()
    column = min(max((cells - _LABEL - _NOTE) // 2, _LEAST_COLUMN), _MOST_COLUMN)
    titles = [Piece(fit(f"frame {each.facts.frame}", column), Role.TITLE) for each in frames]
    rows = [_fact(name, frames, column, look, odd=name in odd) for name in _FACTS]
    return [(_label("headers", Role.ACCENT), *titles), *filter(None, rows)]


def syn(wire: WireFacts, summary: FlowSummary, cells: int, look: Look) -> list[Line]:
    """What an end announced when it opened the connection; nothing for any other frame."""
    ports = (summary.client.port, summary.server.port)
    if "[SYN" not in wire.info or not all(str(port) in wire.info for port in ports):
        return []
    name = "client" if wire.info.lstrip().startswith(str(ports[0])) else "server"
    options = ", ".join(wire.options) or "no options"
    said = f"of the {name}, frame {wire.frame}: {options}"
    return told.paragraph("SYN", said, cells, look)


def _label(name: str, role: Role = Role.DIM) -> Piece:
    return Piece(f"{name:<{_LABEL}}", role)


def _fact(name: str, frames: Sequence[Frame], column: int, look: Look, *, odd: bool) -> Line:
    values = [look.words(_FACTS[name](frame)) for frame in frames]
    if not any(values):
        return ()
    role = _WARNING if odd else Role.TEXT
    cells = [Piece(fit(value, column - 1, look.cut) + " ", role) for value in values]
    note = f"{look.glyph(Severity.MEDIUM)} differs" if odd else _between(name, frames)
    return (_label(name), *cells, Piece(note, role))


def _between(name: str, frames: Sequence[Frame]) -> str:
    """The time from one frame to the other, beside their times."""
    if name != "time" or len(frames) != _PAIR:
        return ""
    return f"{frames[1].facts.time - frames[0].facts.time:+.6f}s"


def _wire(name: str) -> Callable[[Frame], str]:
    return lambda frame: str(getattr(frame.wire, name)) if frame.wire is not None else ""


def _link(end: int) -> Callable[[Frame], str]:
    return lambda frame: frame.wire.link[end] if frame.wire is not None else ""


def _options(frame: Frame) -> str:
    if frame.wire is None:
        return ""
    return ", ".join(map(_brief, frame.wire.options)) or "none"


def _brief(option: str) -> str:
    """An option as it stands in a column; the values of timestamps are in nobody's way."""
    name = name_of(option)
    return name if name.lower() == _STAMPS else option


_FACTS: Final[dict[str, Callable[[Frame], str]]] = {
    "ttl": lambda frame: str(frame.facts.ttl),
    "ip id": lambda frame: "none" if frame.facts.ip_id < 0 else f"0x{frame.facts.ip_id:04x}",
    "ip sum": _wire("ip_checksum"),
    "tcp sum": _wire("tcp_checksum"),
    "flags": lambda frame: words.flags(frame.facts.flags),
    "sequence": lambda frame: str(frame.facts.seq),
    "length": lambda frame: str(frame.facts.length),
    "window": lambda frame: str(frame.facts.window),
    "options": _options,
    "link from": _link(0),
    "link to": _link(1),
    "time": lambda frame: words.clock(frame.facts.time, digits=6),
}
"""By name: a fact in words; empty where it is not known."""
