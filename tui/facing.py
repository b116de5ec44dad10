"""A pair of flows from two captures in words: what one has in a row beside what the other has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dissect.compare import ladder, rows, words
from dissect.evidence import Side
from tui import hexdump, present, told
from tui.line import Line, Piece, Role, crop, fit, text, width, wrap
from tui.words import count, frames

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dissect.compare.ladder import Laid, Part, Step
    from dissect.compare.overview import Item, Overview
    from tui.look import Look

PLACES: Final = ("inside", "outside")
UNLIKE: Final = Role.MASK
"""Bytes that are not the same on both sides; brackets tell it, too."""
MIDDLE: Final = 3
"""Cells between the two columns."""
_SIGNS: Final = {
    rows.SAME: ("=", "="), rows.CHANGED: ("≠", "#"), rows.INSIDE: ("<", "<"),
    rows.OUTSIDE: (">", ">"), rows.UNSURE: ("?", "?"),
}  # fmt: skip
"""What stands between the columns, and its twin in ASCII."""
_ROLES: Final = {
    rows.SAME: Role.DIM, rows.UNSURE: Role.MEDIUM, rows.CHANGED: Role.BAD,
    rows.INSIDE: Role.BAD, rows.OUTSIDE: Role.BAD,
}  # fmt: skip
_SPOTS: Final = frozenset({Role.SEAM, UNLIKE})
_LABEL: Final = 10
_MOST_LINES: Final = 8
_LEAST: Final = 5
"""Cells below which no bytes are shown."""
_TRAITS: Final = {"ttl": "TTL", "mss": "MSS", "window": "window", "options": "TCP options"}


# ---- a row --------------------------------------------------------------------------------------


def draw(step: Step, cells: int, look: Look) -> Line:
    """One row of both columns."""
    room = (cells - MIDDLE) // 2
    if step.folded:
        return (Piece(fit(f"  {_folded(step, look)}", cells, look.cut), Role.DIM),)
    left, right = (_half(step, part, room, look) for part in (step.one, step.two))
    sign = Piece(f" {_SIGNS[step.kind][look.ascii_only]} ", _ROLES[step.kind])
    return (*left, Piece(" " * max(room - width(left), 0)), sign, *right)


def _folded(step: Step, look: Look) -> str:
    folded = count(step.folded, "row")
    if step.kind == rows.SAME:
        return f"{look.cut} {folded}, the same on both sides"
    return f"{look.cut} {folded} more are not shown; --format jsonl has every difference"


def _half(step: Step, part: Part | None, cells: int, look: Look) -> Line:
    """A column of a row: who speaks, and the words."""
    if part is None:
        said = "not captured" if step.kind == rows.UNSURE and step.change < 0 else ""
        return (Piece(f"  {said}"[:cells], Role.DIM),) if said and _both(step) else ()
    client = step.side is Side.CLIENT
    who = Piece("C " if client else "S ", Role.CLIENT if client else Role.SERVER)
    room = cells - width((who,))
    shown = present.shortened(said_in(part, look), room, look, _SPOTS)
    return (who, *crop(shown, 0, room))


def _both(step: Step) -> bool:
    """Whether the row stands in both streams, though one capture lacks its bytes."""
    return (step.one is None) != (step.two is None)


def said_in(part: Part, look: Look) -> Line:
    """The words of one side, with seams, and brackets around what the other side has not so."""
    if part.about:
        return (Piece(part.about, UNLIKE if part.about == "RST" else Role.DIM),)
    data, marked = part.view.text, part.marks
    seams = dict.fromkeys(part.view.seams, False)
    end = _line_end(data, (*seams, *(edge for pair in marked for edge in _last(pair))))
    marks = present.Marks(seams, tuple((low, min(high, end)) for low, high in marked if low < end))
    shown = present.drawn(present.Content(data[:end], marks, end), look)
    if part.view.length > len(data):
        shown = (*shown, Piece(look.cut, Role.DIM))
    return bracketed(shown, look)


def _last(pair: tuple[int, int]) -> tuple[int, ...]:
    """Where a mark has to be seen: a whole line needs no sign at its end."""
    low, high = pair
    return (low,) if not low else (low, high - 1)


def _line_end(data: bytes, spots: Sequence[int]) -> int:
    """Where the words end: before the line end, unless something in it is to be seen."""
    bare = len(data.removesuffix(b"\n").removesuffix(b"\r"))
    return len(data) if any(at >= bare for at in spots) or not bare else bare


def bracketed(pieces: Line, look: Look) -> Line:
    """Brackets around each run of what is marked, so that it is seen without colour."""
    found: list[Piece] = []
    opened = False
    for at, piece in enumerate(pieces):
        inside = piece.role is UNLIKE
        seam = piece.role is Role.SEAM and opened and pieces[at + 1 : at + 2] and (
            pieces[at + 1].role is UNLIKE
        )  # fmt: skip
        if inside and not opened:
            found.append(Piece(look.unlike[0], UNLIKE))
        elif opened and not inside and not seam:
            found.append(Piece(look.unlike[1], UNLIKE))
        opened = inside or bool(seam)
        found.append(piece)
    return (*found, Piece(look.unlike[1], UNLIKE)) if opened else tuple(found)


# ---- what stands over the columns, and below them ------------------------------------------------


def heading(item: Item, cells: int, look: Look) -> list[Line]:
    """Both ends at either place, and what of TCP/IP is not the same."""
    room = (cells - MIDDLE) // 2
    names = [f"{place}  {ends(item, at, look)}" for at, place in enumerate(PLACES)]
    titles = [Piece(fit(name, room, look.cut), Role.TITLE) for name in names]
    lines: list[Line] = [(titles[0], Piece(" " * MIDDLE), titles[1])]
    facts = "; ".join(tcp(item))
    if facts:
        lines.append((Piece(fit(facts, cells, look.cut), Role.MEDIUM),))
    return lines


def ends(item: Item, at: int, look: Look) -> str:
    """Client and server as one capture has them."""
    tape = (item.one, item.two)[at]
    if tape is None:
        return ""
    return f"{look.words(str(tape.client))} {look.arrow} {look.words(str(tape.server))}"


def tcp(item: Item) -> list[str]:
    """What of TCP/IP is not the same on both sides."""
    facts = [
        f"{each.side.value}'s {_TRAITS[each.name]} {each.one} inside, {each.two} outside"
        for each in item.traits
    ]
    if item.translated:
        facts.insert(0, "other addresses or ports (NAT)")
    if item.renumbered:
        facts.append("other sequence numbers")
    if item.relayed:
        facts.append("two TCP connections")
    return facts


def about(step: Step, laid: Laid, cells: int, look: Look, *, digits: bool) -> list[Line]:
    """What became of a row, and its words, or its bytes, at both places.

    Args:
        step: the row.
        laid: the pair that it is of.
        cells: the width.
        look: how it is drawn.
        digits: show the bytes in hex.
    """
    lines = told.paragraph("", _verdict(step, laid), cells, look, Role.TITLE)
    for place, part in zip(PLACES, (step.one, step.two), strict=True):
        if part is not None:
            lines += _hex(place, part, cells, look) if digits else _whole(place, part, cells, look)
    return lines


def _verdict(step: Step, laid: Laid) -> str:
    if 0 <= step.change < len(laid.changes):
        return words.title(laid.changes[step.change])
    who = step.side.value
    if step.kind == rows.UNSURE:
        return f"{who}: not compared, as one capture does not hold it"
    return f"{who}: the same on both sides"


def _where(part: Part) -> str:
    brought = part.view.frames
    return f"byte {part.view.offset:,}" + (f", frames {frames(brought)}" if brought else "")


def _whole(place: str, part: Part, cells: int, look: Look) -> list[Line]:
    """The words of a side as long as they are, in lines that keep their marks."""
    lines: list[Line] = [(Piece(f"{place:<{_LABEL}}", Role.DIM), Piece(_where(part), Role.DIM))]
    shown, room = said_in(part, look), max(cells - _LABEL, 8)
    total = width(shown)
    starts = range(0, min(total, room * _MOST_LINES), room)
    return [*lines, *((Piece(" " * _LABEL), *crop(shown, start, room)) for start in starts)]


def _hex(place: str, part: Part, cells: int, look: Look) -> list[Line]:
    """The bytes of a side."""
    head: Line = (Piece(f"{place:<{_LABEL}}", Role.DIM), Piece(_where(part), Role.DIM))
    view = part.view
    if part.about or not view.text:
        return [head, (Piece(" " * _LABEL), Piece(part.about, Role.DIM))]
    marks = tuple(hexdump.Mark(low, high, UNLIKE, bracketed=True) for low, high in part.marks)
    dump = hexdump.Dump(
        view.text, hexdump.form(cells, view.offset + len(view.text), decimal=True), view.offset,
        marks, dict.fromkeys(view.seams, False), tuple(look.hidden(view.text)),
    )  # fmt: skip
    return [head, *hexdump.lines(dump, look)]


# ---- the list -----------------------------------------------------------------------------------


def sign(item: Item, look: Look) -> Piece:
    """How a flow fared, in one glyph."""
    kind = rows.CHANGED if item.places else rows.UNSURE if item.unsure else rows.SAME
    if item.pair < 0:
        kind = rows.INSIDE if item.two is None else rows.OUTSIDE
    return Piece(_SIGNS[kind][look.ascii_only], _ROLES[kind])


def fate(item: Item) -> Line:
    """What became of a flow, in a few words."""
    if item.pair < 0:
        return (Piece(f"only {PLACES[item.one is None]}", Role.BAD),)
    parts = [f"{octets:,} B {kind}" for kind, octets in item.octets]
    parts += ["another TLS session"] if item.tls else []
    parts += ["RST on one side"] if item.resets else []
    short = list(dict.fromkeys(_TRAITS[each.name] for each in item.traits))
    short += ["NAT"] if item.translated else []
    short += ["renumbered"] if item.renumbered else []
    found = [Piece(", ".join(parts) or "nothing changed", Role.BAD if parts else Role.GOOD)]
    found += [Piece("  not all compared", Role.MEDIUM)] if item.unsure else []
    return (*found, *((Piece(f"  {' '.join(short)}", Role.MEDIUM),) if short else ()))


def brief(item: Item, cells: int, look: Look) -> Line:
    """The first difference of a flow as it was sent and as it arrived; nothing under privacy.

    A name that is cut is not recognised as one, so nothing is left to be hidden there.
    """
    if item.first is None or look.privacy.on:
        return ()
    arrow = Piece(f" {look.arrow} ", Role.DIM)
    texts = [view for view in item.first if view.text]
    room = (cells - width((arrow,)) * (len(texts) - 1)) // max(len(texts), 1)
    if room < _LEAST:
        return ()
    shown = [present.shortened(said_in(ladder.Part(view), look), room, look) for view in texts]
    return (*shown[0], arrow, *shown[1]) if shown[1:] else shown[0]


def verdict(told_of: Overview, cells: int, look: Look) -> list[Line]:
    """What is between the two captures."""
    role = Role.BAD if told_of.differs else Role.GOOD if told_of.family == "none" else Role.MEDIUM
    name = words.name(told_of.family)
    return told.paragraph("", f"Between them: {name}. {told_of.message}", cells, look, role)


def details(item: Item, told_of: Overview, cells: int, look: Look) -> list[Line]:
    """All that is known of a flow without its bytes."""
    lines: list[Line] = [(Piece(text(fate(item)), Role.TITLE),)]
    for at, place in enumerate(PLACES):
        tape = (item.one, item.two)[at]
        shown = f"{ends(item, at, look)}  {tape.filter}" if tape else "nothing of this flow"
        wrapped = wrap(shown, max(cells - _LABEL, 8))
        labels = [place, *[""] * (len(wrapped) - 1)]
        lines += [
            (Piece(f"{label:<{_LABEL}}", Role.DIM), Piece(row))
            for label, row in zip(labels, wrapped, strict=True)
        ]
    lines += told.paragraph("TCP/IP", "; ".join(tcp(item)), cells, look)
    lines += told.paragraph("unsure", "; ".join(item.unsure), cells, look, Role.MEDIUM)
    lines += told.paragraph("clocks", told_of.clocks, cells, look, Role.DIM)
    lines += told.paragraph("all", told_of.numbers, cells, look, Role.DIM)
    lines += told.paragraph(" ", "; ".join(told_of.traits), cells, look, Role.DIM)
    for warning in told_of.warnings:
        lines += told.paragraph("note", warning, cells, look, Role.MEDIUM)
    return lines
