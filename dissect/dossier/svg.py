"""A ladder as SVG: two lines of life, an arrow for each thing said, the seam at its byte.

``xml.etree`` escapes what it writes.  Colours come from the style sheet of the page by class; each
piece of text is told its width, so that a mark stands at its byte in every font.
"""

from __future__ import annotations

import unicodedata
import xml.etree.ElementTree as ET
from typing import Final

from dissect.dossier.document import Ladder, Span, Step, Tone
from dissect.evidence import Side

WIDTH: Final = 800
LEFT: Final = 118
"""Where the client's line of life is."""
RIGHT: Final = 778
"""Where the server's is."""
CELL: Final = 7.2
"""Width of a character."""
LINE: Final = 17
"""Height of a line of text."""
ROW: Final = 30
"""Height of a step of one line, without what is between steps."""
TOP: Final = 58
PAD: Final = 10
"""Between a line of life and text."""
GAP: Final = 3
"""Between a seam and the bytes on either side."""
CUT: Final = 74
"""Room for the words before a seam."""
CELLS: Final = int((RIGHT - LEFT - 2 * PAD - CUT) / CELL)
"""Characters between the lines of life, at the least."""


def drawn(ladder: Ladder, name: str) -> str:
    """The picture.

    Args:
        ladder: what to draw.
        name: for its parts to refer to each other; unique on the page.
    """
    heights = [_height(step) for step in ladder.steps]
    height = TOP + sum(heights) + 20
    root = ET.Element(
        "svg", {
            "xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {WIDTH} {height}",
            "role": "img", "aria-labelledby": f"{name}-title {name}-desc", "class": "ladder",
        },
    )  # fmt: skip
    ET.SubElement(root, "title", {"id": f"{name}-title"}).text = ladder.title
    ET.SubElement(root, "desc", {"id": f"{name}-desc"}).text = ladder.description
    for x, who, host in ((LEFT, "client", ladder.client), (RIGHT, "server", ladder.server)):
        _line(root, x, TOP - 14, x, height - 6, "life")
        anchor = "start" if x == LEFT else "end"
        _text(root, x, 18, who, "who", anchor)
        _text(root, x, 36, host, "host", anchor)
    _text(root, 0, 36, "time", "margin")
    _text(root, LEFT - PAD, 36, "frame", "margin", "end")
    y = float(TOP)
    for step, size in zip(ladder.steps, heights, strict=True):
        _step(root, step, y, size)
        y += size
    return ET.tostring(root, encoding="unicode")


def _height(step: Step) -> float:
    """How much room a step takes."""
    below = bool(step.beside) and not _fits(step)
    return ROW + LINE * (len(step.lines) - 1 + below) + (LINE if step.seam else 0)


def _fits(step: Step) -> bool:
    """Whether what the bytes were fits beside them."""
    return bool(step.beside) and _cells(step.lines[0]) + 2 + _wide(step.beside) <= CELLS


def _step(root: ET.Element, step: Step, y: float, size: float) -> None:
    """One step from ``y`` on."""
    group = ET.SubElement(root, "g", {"class": "decisive" if step.decisive else "step"})
    if step.decisive:
        _box(group, LEFT + 2, y - 4, RIGHT - LEFT - 4, size, "spot")
    base = y + LINE - 4 + (LINE if step.seam else 0)
    _text(group, 0, base, step.time, "margin")
    _text(group, LEFT - PAD, base, step.frames, "margin", "end")
    x = _begin(step)
    for at, line in enumerate(step.lines):
        end = _spans(group, line, x, base + at * LINE, step)
        if _fits(step) and not at:
            _text(group, end + 2 * CELL, base, step.beside, "was")
    below = base + len(step.lines) * LINE
    if step.beside and not _fits(step):
        _text(group, min(x, RIGHT - PAD - _wide(step.beside) * CELL), below, step.beside, "was")
        below += LINE
    if step.side is not None:
        _arrow(group, step.side, below - LINE + 8)


def _begin(step: Step) -> float:
    """Where a step's text begins: what the server says stands at its side."""
    longest = max(map(_cells, step.lines))
    beside = _wide(step.beside) + 2 if _fits(step) else 0
    room = LEFT + PAD + (CUT if step.seam else 0)
    if step.side is Side.SERVER:
        return max(room, RIGHT - PAD - (longest + beside) * CELL)
    return room if step.side is Side.CLIENT else max(room, (LEFT + RIGHT - longest * CELL) / 2)


def _spans(group: ET.Element, line: tuple[Span, ...], x: float, y: float, step: Step) -> float:
    """A line of text with its marks; where it ends."""
    kind = "said" if step.side else "about"
    for span in line:
        if span.tone is Tone.SEAM:
            x += GAP
            _seam(group, x, y, step)
            x += GAP
            continue
        width = _wide(span.text) * CELL
        if span.tone is Tone.MASK:
            _box(group, x, y - LINE + 5, width, LINE - 1, "mask")
        _text(group, x, y, span.text, "masked" if span.tone is Tone.MASK else kind, width=width)
        x += width
    return x


def _seam(group: ET.Element, x: float, y: float, step: Step) -> None:
    """The boundary between two packets, through the text."""
    high = y - LINE - (LINE - 6 if step.seam else 0)
    _line(group, x, high, x, y + 9, "seam")
    if step.seam:
        before, after = step.seam
        _text(
            group, x - 5, y - LINE, f"frame {before} ends" if before != after else "", "cut", "end"
        )
        begins = f"frame {after} begins" if before != after else f"inferred, inside frame {after}"
        _text(group, x + 5, y - LINE, begins, "cut")


def _arrow(group: ET.Element, side: Side, y: float) -> None:
    """From the one who says it to the other."""
    start, end, back = (LEFT, RIGHT, -8) if side is Side.CLIENT else (RIGHT, LEFT, 8)
    _line(group, start, y, end, y, f"arrow {side.value}")
    head = f"M {end} {y} l {back} -4 l 0 8 z"
    ET.SubElement(group, "path", {"d": head, "class": f"head {side.value}"})


def _line(parent: ET.Element, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
    ends = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
    told = {name: f"{value:g}" for name, value in ends.items()}
    ET.SubElement(parent, "line", {**told, "class": kind})


def _box(parent: ET.Element, x: float, y: float, width: float, height: float, kind: str) -> None:
    sides = {"x": x, "y": y, "width": width, "height": height, "rx": 2}
    told = {name: f"{value:g}" for name, value in sides.items()}
    ET.SubElement(parent, "rect", {**told, "class": kind})


def _text(
    parent: ET.Element, x: float, y: float, text: str, kind: str, anchor: str = "start", *,
    width: float = 0,
) -> None:  # fmt: skip
    """Words, in as many units of width as they have cells."""
    if not text:
        return
    told = {"x": f"{x:g}", "y": f"{y:g}", "class": kind, "text-anchor": anchor}
    if width:
        told |= {"textLength": f"{width:g}", "lengthAdjust": "spacingAndGlyphs"}
    ET.SubElement(parent, "text", told).text = text


def _cells(line: tuple[Span, ...]) -> int:
    return sum(_wide(span.text) for span in line if span.tone is not Tone.SEAM)


def _wide(text: str) -> int:
    """Cells: East Asian wide characters have two (Unicode Standard Annex 11)."""
    return sum(1 + (unicodedata.east_asian_width(char) in "WF") for char in text)
