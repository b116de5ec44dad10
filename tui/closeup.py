"""A seam from close by: the two frames that meet there, as bytes and as TCP/IP saw them.

What Wireshark shows of each frame stands beside what is read in it here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from rich.cells import cell_len

from dissect.analysis.model import RowKind
from tui import headers, hexdump, present, reading, told, words
from tui.line import EMPTY, Line, Piece, Role, fit, width
from tui.senders import Frame

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dissect.analysis.frame import WireFacts
    from dissect.analysis.model import FlowDetail, Row
    from dissect.detect.finding import Finding
    from dissect.evidence import FrameFacts, Seam
    from tui.look import Look

WIDE: Final = 118
"""Cells from which on the two frames stand side by side: a screen of 120 columns."""
_LINES: Final = 2
_LINES_WIDE: Final = 5
_LABEL: Final = 10
_HANDSHAKE: Final = 3
_FRAGMENT: Final = "DATA fragment"
"""What Wireshark calls a frame in whose commands it has lost its way."""
_MOST_QUOTED: Final = 40
_MOST_PROTOCOL: Final = 12


class Subject(NamedTuple):
    """What is looked at."""

    detail: FlowDetail
    row: Row
    position: int = 0
    """Which of the row's seams."""
    wire: Mapping[int, WireFacts] = {}
    """What was read of frames again, as far as it has arrived."""
    missing: tuple[str, str] = ("", "")
    """Why more will not arrive, and what to do about it."""

    @property
    def seam(self) -> Seam:
        """The seam."""
        return self.row.seams[self.position]

    @property
    def frames(self) -> tuple[int, ...]:
        """The frames on both sides, and the flow's first, which may be its handshake."""
        first = self.detail.summary.first_frame
        both = (self.seam.before, self.seam.after)
        return tuple(dict.fromkeys((*both, *range(first, first + _HANDSHAKE))))

    @property
    def findings(self) -> list[Finding]:
        """The findings of the row, those with a seam first."""
        about = [found for found in self.detail.findings if self.row.number in found.rows]
        return sorted(about, key=lambda found: (found.seam is None, -found.severity))

    def facts(self, *, after: bool) -> FrameFacts | None:
        """What is known of the frame on one side, with its bytes at the seam."""
        frame = self.seam.after if after else self.seam.before
        at = self.seam.offset if after else self.seam.offset - 1
        known = [piece for piece in self.row.pieces if piece.frame == frame]
        here = [each for each in known if each.offset <= at < each.offset + len(each.excerpt)]
        return next(iter(here or known), None)


def lines(subject: Subject, cells: int, look: Look) -> list[Line]:
    """The whole close-up for a width; what matters most stands on the first screen."""
    parts = (
        _joined(subject, cells, look),
        _sides(subject, cells, look),
        _judged(subject, cells, look),
        headers.table(_frames(subject), cells, look),
        _handshake(subject, cells, look),
        [line for found in subject.findings for line in told.finding(found, cells, look)],
    )
    gap = [EMPTY] if cells >= WIDE else []
    first, second, third, *rest = parts
    shown = [*first, *gap, *second, *gap, *third]
    return [*shown, *(line for part in rest if part for line in (EMPTY, *part))]


def heading(subject: Subject, look: Look) -> str:
    """Which seam this is."""
    seam, row = subject.seam, subject.row
    what = look.words(row.verb) or row.kind.value
    where = f"row {row.number} {what}"
    which = f"seam {subject.position + 1}/{len(row.seams)}"
    at = seam.offset - row.offset
    return f"{where}  {which}  {seam.kind}, after {words.count(at, 'byte')} of the line"


def _label(name: str, role: Role = Role.DIM) -> Piece:
    return Piece(f"{name:<{_LABEL}}", role)


def _joined(subject: Subject, cells: int, look: Look) -> list[Line]:
    """The line as the receiver read it, with the seam, and what it was."""
    row = subject.row
    shown = present.shortened(present.drawn(present.content(row), look), cells - _LABEL, look)
    found = [(_label("line"), *shown)]
    if row.original:
        was = fit(look.words(row.original), cells - _LABEL, look.cut).rstrip()
        found.append((_label("original"), Piece(was, Role.ORIGINAL)))
    return found


# The two frames.


def _sides(subject: Subject, cells: int, look: Look) -> list[Line]:
    if cells < WIDE:
        before = _side(subject, cells, look, _LINES, after=False)
        return [*before, *_side(subject, cells, look, _LINES, after=True)]
    room = (cells - 3) // 2
    before = _side(subject, room, look, _LINES_WIDE, after=False)
    after = _side(subject, room, look, _LINES_WIDE, after=True)
    return _beside(before, after, room, look)


def _beside(left: list[Line], right: list[Line], room: int, look: Look) -> list[Line]:
    height = max(len(left), len(right))
    left = [*left, *[EMPTY] * (height - len(left))]
    right = [*right, *[EMPTY] * (height - len(right))]
    bar = Piece(f" {look.bar} ", Role.DIM)
    return [
        (*one, Piece(" " * max(room - width(one), 0)), bar, *other)
        for one, other in zip(left, right, strict=True)
    ]


def _side(subject: Subject, cells: int, look: Look, most: int, *, after: bool) -> list[Line]:
    """One frame: what Wireshark shows of it, what is read here, and its bytes at the seam."""
    frame = subject.seam.after if after else subject.seam.before
    facts = subject.facts(after=after)
    name = _label("after" if after else "before", Role.ACCENT)
    title = (name, Piece(f"frame {frame}", Role.TITLE))
    if facts is None:
        gone = (Piece(" " * _LABEL), Piece("its bytes were not kept", Role.DIM))
        return [title, *_readings(subject, frame, "", cells, look), gone]
    return [
        (*title, Piece(f"  {_when(facts, subject, after=after)}", Role.DIM)),
        *_readings(subject, frame, facts.wireshark, cells, look),
        *_dump(facts, subject, cells, look, most, after=after),
    ]


def _when(facts: FrameFacts, subject: Subject, *, after: bool) -> str:
    before = subject.facts(after=False)
    if after and before is not None:
        return f"{facts.time - before.time:+.6f}s after frame {before.frame}"
    return f"{words.clock(facts.time, digits=6)}  +{facts.time - subject.detail.summary.start:.6f}s"


def _readings(subject: Subject, frame: int, known: str, cells: int, look: Look) -> list[Line]:
    """The same frame, as Wireshark shows it and as it is read here."""
    room = cells - _LABEL
    here = reading.line(subject.detail.rows, frame, look)
    return [
        (_label("Wireshark"), *wireshark(subject.wire.get(frame), known, room, look)),
        (_label("here"), *present.shortened(here, room, look)),
    ]


def wireshark(wire: WireFacts | None, known: str, cells: int, look: Look) -> Line:
    """Wireshark's Protocol and Info columns of a frame.

    Args:
        wire: as far as they have arrived.
        known: what its SMTP dissector said when the capture was read; stands in for them.
        cells: the room.
        look: how it is drawn.
    """
    said = known if wire is None else wire.info
    name = look.words(wire.protocol[:_MOST_PROTOCOL]) if wire is not None else ""
    protocol = f"{fit(name, min(cell_len(name), _MOST_PROTOCOL), look.cut)}  " if name else ""
    room = max(cells - len(protocol), 1)
    info = fit(look.words(said[: 4 * room]) or "nothing of SMTP", room, look.cut).rstrip()
    return (Piece(protocol, Role.DIM), Piece(info))


def _dump(
    facts: FrameFacts, subject: Subject, cells: int, look: Look, most: int, *, after: bool
) -> list[Line]:
    """The excerpt's bytes on this side of the seam: the last before it, or the first behind."""
    seam, row = subject.seam, subject.row
    form = hexdump.form(cells, facts.offset + len(facts.excerpt), decimal=True)
    at = min(max(seam.offset - facts.offset, 0), len(facts.excerpt))
    size = form.per_line * most
    low, high = (at, at + size) if after else (max(at - size, 0), at)
    data = facts.excerpt[low:high]
    start = facts.offset + low
    hidden = _within(look.hidden(facts.excerpt), low, len(data))
    dump = hexdump.Dump(
        data, form, start, _masks(row, start),
        {0 if after else len(data): seam.inferred}, hidden,
    )  # fmt: skip
    return hexdump.lines(dump, look)


def _within(ranges: list[tuple[int, int]], low: int, size: int) -> tuple[tuple[int, int], ...]:
    return tuple((max(start - low, 0), min(end - low, size)) for start, end in ranges)


def _masks(row: Row, start: int) -> tuple[hexdump.Mark, ...]:
    """What a middlebox overwrote, by position in bytes that begin at a stream offset."""
    shift = row.offset - start
    return tuple(hexdump.Mark(low + shift, high + shift, Role.MASK) for low, high in row.masked)


# What that means.


def _judged(subject: Subject, cells: int, look: Look) -> list[Line]:
    """What Wireshark does not show, and what tells the senders of the two frames apart."""
    if subject.missing[0]:
        return _trouble(subject.missing, cells, look)
    if not {subject.seam.before, subject.seam.after} & subject.wire.keys():
        return [(_label(""), Piece(f"reading the two frames again {look.cut}", Role.DIM))]
    said = misread(subject)
    lines = told.paragraph("missed", said, cells, look, Role.MEDIUM) if said else []
    return [*lines, *_apart(subject, cells, look)]


def _trouble(missing: tuple[str, str], cells: int, look: Look) -> list[Line]:
    what, remedy = missing
    lines = told.paragraph("not read", what, cells, look, Role.BAD)
    return [*lines, *told.paragraph("remedy", remedy, cells, look)]


def misread(subject: Subject) -> str:
    """What Wireshark's Info columns leave out of what is read here; empty where nothing."""
    row, seam = subject.row, subject.seam
    if row.kind is not RowKind.COMMAND or seam.before == seam.after or seam.record:
        return ""
    infos = [_info(subject, frame) for frame in (seam.before, seam.after)]
    original = _as_it_was(row)
    if not all(infos) or any(original[:_MOST_QUOTED] in info for info in infos):
        return ""
    verb = row.original or row.verb
    said = []
    if _FRAGMENT in infos[0]:
        said.append(f'Wireshark shows "{_FRAGMENT}" for frame {seam.before} and no command in it')
    said.append(f"neither column shows the {verb} of row {row.number}: {original[:_MOST_QUOTED]}")
    return "; ".join(said)


def _info(subject: Subject, frame: int) -> str:
    wire = subject.wire.get(frame)
    return wire.info if wire is not None else ""


def _as_it_was(row: Row) -> str:
    """The command before something overwrote its verb."""
    text = row.text
    if row.original and len(row.masked) == 1:
        low, high = row.masked[0]
        text = text[:low] + row.original.encode() + text[high:]
    return text.decode("utf-8", "replace")


def _apart(subject: Subject, cells: int, look: Look) -> list[Line]:
    """What tells the two frames apart, or that nothing does."""
    seam = subject.seam
    if seam.record:
        frames = "one frame" if seam.before == seam.after else "two frames"
        said = f"a boundary of TLS records, which end in {frames}; only who has the keys can see it"
        return told.paragraph("senders", said, cells, look, Role.DIM)
    if seam.before == seam.after:
        said = (
            f"frame {seam.before} holds what several packets carried on the wire "
            "(segmentation offload): the seam is inferred from the MSS"
        )
        return told.paragraph("senders", said, cells, look, Role.DIM)
    return headers.senders(_frames(subject), cells, look)


def _frames(subject: Subject) -> tuple[Frame, ...]:
    """The two frames, or the one that holds both sides, as far as they were kept."""
    facts = [subject.facts(after=after) for after in (False, True)]
    known = {each.frame: Frame(each, subject.wire.get(each.frame)) for each in facts if each}
    return tuple(known.values())


def _handshake(subject: Subject, cells: int, look: Look) -> list[Line]:
    """What both ends announced when the connection was opened: MSS, window scale."""
    summary = subject.detail.summary
    first = range(summary.first_frame, summary.first_frame + _HANDSHAKE)
    known = [subject.wire[frame] for frame in first if frame in subject.wire]
    return [line for wire in known for line in headers.syn(wire, summary, cells, look)]
