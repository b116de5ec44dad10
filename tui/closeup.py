"""A seam from close by: the two frames that meet there, as bytes and as TCP/IP saw them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tui import present, told, words
from tui.line import EMPTY, Line, Piece, Role, fit, width

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dissect.analysis.model import Row
    from dissect.detect.finding import Finding
    from dissect.evidence import FrameFacts, Seam
    from tui.look import Look

WIDE: Final = 120
"""From this width on the two frames stand side by side."""
_PER_LINE: Final = 16
_MOST_LINES: Final = 2
_MOST_LINES_WIDE: Final = 5
_LABEL: Final = 10


class Subject(NamedTuple):
    """What is looked at."""

    row: Row
    position: int
    """Which of the row's seams."""
    start: float
    """When the flow began."""
    findings: tuple[Finding, ...]
    info: Mapping[int, str]
    """What tshark's Info column says, by frame, as far as it has arrived."""

    @property
    def seam(self) -> Seam:
        """The seam."""
        return self.row.seams[self.position]

    def facts(self, frame: int) -> FrameFacts | None:
        """What is known of a frame."""
        return next((piece for piece in self.row.pieces if piece.frame == frame), None)


def lines(subject: Subject, cells: int, look: Look) -> list[Line]:
    """The whole close-up for a width."""
    return [
        *_joined(subject, cells, look),
        EMPTY,
        *_sides(subject, cells, look),
        EMPTY,
        *(line for found in subject.findings for line in told.finding(found, cells, look)),
    ]


def heading(subject: Subject, look: Look) -> str:
    """Which seam this is."""
    seam, row = subject.seam, subject.row
    what = look.words(row.verb) or row.kind.value
    where = f"row {row.number} {what}"
    which = f"seam {subject.position + 1}/{len(row.seams)}"
    at = seam.offset - row.offset
    return f"{where}  {which}  {seam.kind}, after {words.count(at, 'byte')} of the line"


def _joined(subject: Subject, cells: int, look: Look) -> list[Line]:
    """The line as the receiver read it, with the seam, and what it was."""
    row = subject.row
    room = cells - _LABEL
    shown = present.shortened(present.drawn(present.content(row), look), room, look)
    found = [(Piece(f"{'line':<{_LABEL}}", Role.DIM), *shown)]
    if row.original:
        before = (Piece(f"{'original':<{_LABEL}}", Role.DIM),)
        found.append((*before, Piece(look.words(row.original), Role.ORIGINAL)))
    return found


def _sides(subject: Subject, cells: int, look: Look) -> list[Line]:
    wide = cells >= WIDE
    room = (cells - 3) // 2 if wide else cells
    most = _MOST_LINES_WIDE if wide else _MOST_LINES
    before = _side(subject, subject.seam.before, room, look, most, after=False)
    after = _side(subject, subject.seam.after, room, look, most, after=True)
    return _beside(before, after, room, look) if wide else [*before, *after]


def _beside(left: list[Line], right: list[Line], room: int, look: Look) -> list[Line]:
    height = max(len(left), len(right))
    left = [*left, *[EMPTY] * (height - len(left))]
    right = [*right, *[EMPTY] * (height - len(right))]
    bar = Piece(f" {look.bar} ", Role.DIM)
    return [
        (*one, Piece(" " * max(room - width(one), 0)), bar, *other)
        for one, other in zip(left, right, strict=True)
    ]


def _side(
    subject: Subject, frame: int, cells: int, look: Look, most: int, *, after: bool
) -> list[Line]:
    """One frame: its facts, what Wireshark says of it, and its bytes at the seam."""
    facts = subject.facts(frame)
    name = "after" if after else "before"
    title = (Piece(f"{name:<{_LABEL}}", Role.ACCENT), Piece(f"frame {frame}", Role.TITLE))
    if facts is None:
        return [title, (Piece(" " * _LABEL), Piece("its bytes were not kept", Role.DIM))]
    return [
        (*title, Piece(f"  {_when(facts, subject)}", Role.DIM)),
        *_facts(facts, cells),
        *_wireshark(facts, subject, cells, look),
        *_dump(facts, subject, look, most, after=after),
    ]


def _when(facts: FrameFacts, subject: Subject) -> str:
    return f"{words.clock(facts.time, digits=6)}  +{facts.time - subject.start:.6f}s"


def _facts(facts: FrameFacts, cells: int) -> list[Line]:
    ident = "none" if facts.ip_id < 0 else f"0x{facts.ip_id:04x}"
    network = f"ttl {facts.ttl}  id {ident}  {words.flags(facts.flags)}"
    transport = f"seq {facts.seq}  length {facts.length}  window {facts.window}"
    indent = " " * _LABEL
    together = f"{indent}{transport}  {network}"
    shown = [together] if len(together) <= cells else [indent + transport, indent + network]
    return [(Piece(line),) for line in shown]


def _wireshark(facts: FrameFacts, subject: Subject, cells: int, look: Look) -> list[Line]:
    said = subject.info.get(facts.frame) or facts.wireshark or "nothing of SMTP"
    label = Piece(f"{'Wireshark':<{_LABEL}}", Role.DIM)
    return [(label, Piece(fit(look.words(said), cells - _LABEL, look.cut).rstrip()))]


def _dump(facts: FrameFacts, subject: Subject, look: Look, most: int, *, after: bool) -> list[Line]:
    """The excerpt's bytes on this side of the seam: the last before it, or the first behind."""
    at = min(max(subject.seam.offset - facts.offset, 0), len(facts.excerpt))
    size = _PER_LINE * most
    data = facts.excerpt[at : at + size] if after else facts.excerpt[max(at - size, 0) : at]
    start = facts.offset + (at if after else max(at - size, 0))
    parts = [data[low : low + _PER_LINE] for low in range(0, len(data), _PER_LINE)]
    edge = 0 if after else len(parts) - 1
    mark = Piece(look.inferred if subject.seam.inferred else look.seam, Role.SEAM)
    return [
        _hex(part, start + number * _PER_LINE, subject.row, look,
             before=mark if after and number == edge else None,
             behind=mark if not after and number == edge else None)
        for number, part in enumerate(parts)
    ]  # fmt: skip


def _hex(
    data: bytes, at: int, row: Row, look: Look, *, before: Piece | None, behind: Piece | None
) -> Line:
    """One line of a dump; the seam's mark stands in both columns."""
    blank = Piece(" ")
    left = before or blank
    roles = [_role(at + number, row) for number in range(len(data))]
    pairs = [Piece(f"{byte:02x}", role) for byte, role in zip(data, roles, strict=True)]
    hexes = [piece for pair in pairs for piece in (pair, blank)][:-1]
    chars = [_char(byte, role, look) for byte, role in zip(data, roles, strict=True)]
    rest = Piece(" " * (3 * (_PER_LINE - len(data))))
    return (
        Piece(f"{at:>{_LABEL - 1}} ", Role.DIM), left, *hexes, behind or blank, rest,
        left, *chars, behind or blank,
    )  # fmt: skip


def _char(byte: int, role: Role, look: Look) -> Piece:
    """One cell per byte, so that both columns keep step."""
    shown = look.words(bytes((byte,)))
    if len(shown) == 1:
        plain = shown.isascii()
        return Piece(shown, role if plain or role is Role.MASK else Role.ESCAPED)
    return Piece("\\" if byte == ord("\\") else ".", role if byte == ord("\\") else Role.ESCAPED)


def _role(at: int, row: Row) -> Role:
    masked = any(low <= at - row.offset < high for low, high in row.masked)
    return Role.MASK if masked else Role.TEXT
