"""The bytes themselves, where the damage is."""

from __future__ import annotations

from typing import Final

from dissect.analysis.model import Row
from dissect.dossier import hexes
from dissect.dossier.case import Case
from dissect.dossier.document import Block, Inline, Section, Table, said
from dissect.dossier.spans import WIRE
from dissect.evidence import FrameFacts

FLAGS: Final = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")
"""TCP's flags, from the lowest bit on (RFC 9293 section 3.1)."""

FRAGMENT: Final = "DATA fragment"
"""What Wireshark calls a frame in whose commands it has lost its way."""


def section(case: Case) -> Section | None:
    """The frames on both sides of the seam, or the line that was damaged."""
    row = _row(case)
    if row is None or case.decisive is None or row.kind not in WIRE:
        return None  # other rows say in our words what happened
    finding = case.decisive.finding
    seam = finding.seam.seam if finding.seam else None
    if seam is None or not any(each.offset == seam.offset for each in row.seams):
        held = hexes.of_line(row)
        blocks: tuple[Block, ...] = (held,) if held else ()
        what = "Marked is what the finding is about."
    else:
        blocks = (*hexes.at_seam(row, seam), *_facts(row))
        what = (
            "The bar is the boundary between the two packets; marked is the verb that it cuts. "
            "Offsets count the bytes of this direction, from 0."
        )
    if not blocks:
        return None
    return Section("frames", "The bytes", (said(what), *blocks, *_wireshark(case)))


def _row(case: Case) -> Row | None:
    """The row that the decisive finding is about."""
    if case.ladder is None or case.decisive is None:
        return None
    wanted = case.decisive.finding.rows[0]
    return next((row for row in case.ladder.rows if row.number == wanted), None)


def _facts(row: Row) -> tuple[Table, ...]:
    """The headers of the frames at the seam: who sent them, as far as TCP/IP tells."""
    pieces = {piece.frame: piece for piece in row.pieces}
    if not pieces:
        return ()
    head = ("frame", "seconds later", "sequence number", "bytes", "flags", "TTL", "IP id")
    first = min(piece.time for piece in pieces.values())
    rows = tuple(_fact(piece, first) for piece in pieces.values())
    return (Table("The frames, as TCP and IP see them", head, rows, named=True),)


def _fact(piece: FrameFacts, first: float) -> tuple[Inline, ...]:
    flags = " ".join(name for bit, name in enumerate(FLAGS) if piece.flags >> bit & 1)
    return (
        str(piece.frame),
        f"{piece.time - first:.6f}",
        str(piece.seq),
        str(piece.length),
        flags,
        str(piece.ttl),
        f"0x{piece.ip_id:04x}" if piece.ip_id >= 0 else "none (IPv6)",
    )


def _wireshark(case: Case) -> tuple[Block, ...]:
    """What Wireshark's own columns do not show."""
    lost = [frame for frame, info in case.infos if FRAGMENT in info]
    if not lost:
        return ()
    return (
        said(
            f'Wireshark\'s Info column shows "{FRAGMENT}" for frame {lost[0]} and no command in '
            "it: look at the bytes, not at that column."
        ),
    )
