"""A conversation as two captures have it, in the rows that matter: two columns, or a diff."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from dissect.compare import ladder, rows
from dissect.dossier.case import Show, many
from dissect.dossier.document import Facing, Row, Span, Tone
from dissect.dossier.spans import spans
from dissect.evidence import Side

AROUND: Final = 3
"""Rows before and behind one that is not the same."""

MOST: Final = 60
"""Rows that are shown."""

WORDS: Final = {
    rows.SAME: "the same", rows.CHANGED: "changed", rows.INSIDE: "only inside",
    rows.OUTSIDE: "only outside", rows.UNSURE: "not in both captures",
}  # fmt: skip
"""What a row is, between the two columns."""

WIDEST: Final = 70
"""Characters of a line of the diff."""

CUT: Final = "..."


def shown(steps: Sequence[ladder.Step], show: Show) -> tuple[Row, ...]:
    """The rows that are not the same, with what stands around them, and how many are left out."""
    differ = [at for at, step in enumerate(steps) if step.kind != rows.SAME] or [0]
    near = {at + shift for at in differ for shift in range(-AROUND, AROUND + 1)}
    kept = sorted(at for at in near if 0 <= at < len(steps))[:MOST]
    found, before = [], -1
    for at in kept:
        found += _left_out(steps[before + 1 : at])
        found += _left_out(steps[at : at + 1]) if steps[at].folded else [_row(steps[at], show)]
        before = at
    return (*found, *_left_out(steps[before + 1 :]))


def _left_out(steps: Sequence[ladder.Step]) -> list[Row]:
    """Rows that are only counted."""
    count = sum(max(step.folded, 1) for step in steps)
    unlike = sum(step.kind != rows.SAME for step in steps)
    what = "the same on both sides" if not unlike else "of which not all are the same"
    return [Row(None, f"{many(count, 'row')}, {what}")] if count else []


def _row(step: ladder.Step, show: Show) -> Row:
    """One row."""
    one, two = (_line(part, show) for part in (step.one, step.two))
    return Row(step.side, WORDS[step.kind], one, two)


def _line(part: ladder.Part | None, show: Show) -> tuple[Span, ...]:
    """What one side has; nothing where it has none."""
    if part is None:
        return ()
    if part.about:
        return (Span(part.about, Tone.MASK if part.about == "RST" else Tone.PLAIN),)
    data = part.view.text
    bare = len(data.removesuffix(b"\n").removesuffix(b"\r"))
    if bare and all(at < bare for at in (*part.view.seams, *(low for low, _ in part.marks))):
        data = data[:bare]
    marks = [(low, min(high, len(data))) for low, high in part.marks]
    line = spans(data, part.view.seams, marks, show)
    return (*line, Span(CUT)) if part.view.length > len(part.view.text) else line


def diff(block: Facing) -> Iterator[str]:
    """The rows as those of a diff: < is the inside, > the outside; ``^`` is under what differs."""
    yield f"<   inside   {block.one}"
    yield f">   outside  {block.two}"
    for row in block.rows:
        if row.side is None:
            yield f"    ({row.what})"
            continue
        who = "C" if row.side is Side.CLIENT else "S"
        same = row.what == WORDS[rows.SAME]
        for sign, line in (("=", row.one),) if same else (("<", row.one), (">", row.two)):
            if line:
                yield from _signed(f"{sign} {who} ", line)


def _signed(head: str, line: tuple[Span, ...]) -> Iterator[str]:
    """A line, and what is not the same beneath it."""
    text = "".join(span.text for span in line)
    marks = "".join(("^" if span.tone is Tone.MASK else " ") * len(span.text) for span in line)
    room = WIDEST - len(head)
    if len(text) > room:
        first = marks.find("^")
        start = max(0, first - room // 3) if first >= room - len(CUT) else 0
        text, marks = _cut(text, start, room), f"{' ' * 3 * bool(start)}{marks[start:]}"[:room]
    yield f"{head}{text}"
    if marks.strip():
        yield f"{' ' * len(head)}{marks}".rstrip()


def _cut(text: str, start: int, room: int) -> str:
    """A part of a text, with a sign where something is left out."""
    found = f"{CUT * bool(start)}{text[start:]}"
    return found if len(found) <= room else f"{found[: room - len(CUT)]}{CUT}"
