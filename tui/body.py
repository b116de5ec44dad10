"""Message data line by line: headers, dots, odd line ends, and seams at their exact byte.

A line that begins with a dot is sent with a second one before it (RFC 5321, 4.5.2), and a line of
nothing but a dot ends the data; line ends other than CRLF are read differently by different
servers.  So dots and line ends are told apart here, and shown where they matter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dissect.analysis.frame import BodyLine, Message
from tui import present, words
from tui.line import Line, Piece, Role
from tui.present import Content, Marks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dissect.analysis.model import Row
    from tui.look import Look

CRLF: Final = b"\r\n"
LONGEST: Final = 998
"""Octets that a line may have beside its end (RFC 5321, 4.5.3.1.6)."""
_HEADER: Final = re.compile(rb"[!-9;-~]+:")
_MOST_SPOTS: Final = 64
"""Bare CRs that are marked in one line; the others are only visible."""
_CHUNK: Final = b"(BDAT)"
_ENDED: Final = "end of data"
_FOR_SOME: Final = "some servers end the data here"
_IN_THE_TEXT: Final = "end of data, though it belongs to the text: it was not stuffed"
_UNSTUFFED: Final = "dot not stuffed: the server takes it off"


@dataclass(frozen=True, slots=True)
class Body:
    """The message data of a row, unfolded.

    Args:
        message: its lines.
        chunk: whether it is a BDAT chunk, in which dots mean nothing.
        torn: whether the dot that ended it belonged to the text.
    """

    message: Message
    chunk: bool = False
    torn: bool = False

    def __len__(self) -> int:
        """Display lines: those of the message, and one that tells what is not shown."""
        return len(self.message.lines) + bool(missing(self))


def of(row: Row, message: Message, rules: frozenset[str]) -> Body:
    """The body of a row; ``rules`` are those that fired there."""
    return Body(message, row.text.endswith(_CHUNK), "unstuffed-dot" in rules)


def missing(body: Body) -> str:
    """What is not shown, in words; empty where all is."""
    left_out, gaps = body.message.left_out, body.message.gaps
    said = [
        f"{words.count(number, 'byte')} {what}"
        for number, what in ((left_out, "more not shown"), (gaps, "not in the capture"))
        if number
    ]
    if not said and not body.message.lines:
        return "no byte of it is in the capture"
    return ", ".join(said)


def drawn(body: Body, at: int, look: Look) -> Line:
    """One display line."""
    if at >= len(body.message.lines):
        return (Piece(f"{look.cut} {missing(body)}", Role.MEDIUM),)
    return present.drawn(_content(body, at), look)


def seams(body: Body, at: int) -> dict[int, bool]:
    """The seams of a display line, by position; True where one is inferred.

    That the data begins with a packet of its own is no seam in it.
    """
    if at >= len(body.message.lines):
        return {}
    line = body.message.lines[at]
    found = {seam.offset - line.offset: seam.inferred for seam in line.seams}
    return {spot: inferred for spot, inferred in found.items() if at or spot}


def notes(body: Body, at: int) -> Line:
    """What is to be said of a line beside it."""
    if at >= len(body.message.lines):
        return ()
    return tuple(Piece(f"  {said}", role) for said, role in _notes(body, at))


def facts(body: Body, at: int) -> list[str]:
    """What is known of a line, for the pane."""
    if at >= len(body.message.lines):
        return [missing(body)]
    line = body.message.lines[at]
    ending = "CRLF" if line.ending == CRLF else "LF" if line.ending else "no line end"
    found = [f"line {at + 1:,} of {len(body.message.lines):,}"]
    found += ["header"] if line.header and line.text else []
    found += [f"{words.count(len(line.text), 'byte')} and {ending} at offset {line.offset:,}"]
    for seam in line.seams:
        where = words.count(seam.offset - line.offset, "byte")
        what = f"{seam.kind} seam after {where}, frames {seam.before} and {seam.after}"
        found += [what] if seam.offset - line.offset in seams(body, at) else []
    return [*found, *(said for said, _ in _notes(body, at))]


def _content(body: Body, at: int) -> Content:
    """The bytes of a line; its end is there where it is odd, or cut by a seam."""
    line = body.message.lines[at]
    size = len(line.text)
    cuts = seams(body, at)
    ending = line.ending if line.ending != CRLF or any(size <= cut for cut in cuts) else b""
    marks = Marks(cuts, (), tuple(_tones(body, at)))
    return Content(line.text + ending, marks, size)


def _tones(body: Body, at: int) -> Iterator[tuple[int, int, Role]]:
    line = body.message.lines[at]
    size = len(line.text)
    if line.ending == b"\n":
        yield size, size + 1, Role.MEDIUM
    if _is_dotted(body, at):
        yield 0, 1, _dot_role(body, at)
    elif line.header and (name := _HEADER.match(line.text)):
        yield 0, name.end(), Role.KEY
    for spot in _bare_returns(line):
        yield spot, spot + 1, Role.MEDIUM


def _bare_returns(line: BodyLine) -> list[int]:
    """Where a CR stands that no LF follows; the first few."""
    spots: list[int] = []
    spot = line.text.find(b"\r")
    while spot >= 0 and len(spots) < _MOST_SPOTS:
        spots.append(spot)
        spot = line.text.find(b"\r", spot + 1)
    return spots


def _notes(body: Body, at: int) -> Iterator[tuple[str, Role]]:
    line = body.message.lines[at]
    last = at == len(body.message.lines) - 1 and not body.message.left_out
    if _is_dotted(body, at):
        yield _of_dot(body, at), _dot_role(body, at)
    if line.ending == b"\n":
        yield "bare LF", Role.MEDIUM
    elif not line.ending:
        yield ("no line end" if last else "the line goes on"), Role.DIM
    if b"\r" in line.text:
        yield "bare CR", Role.MEDIUM
    if len(line.text) > LONGEST:
        yield f"{len(line.text):,} bytes in a line", Role.MEDIUM


def _is_dotted(body: Body, at: int) -> bool:
    """Whether a line begins with a dot that means something; the rest of a long line does not."""
    if body.chunk or not body.message.lines[at].text.startswith(b"."):
        return False
    return at == 0 or bool(body.message.lines[at - 1].ending)


def _of_dot(body: Body, at: int) -> str:
    line = body.message.lines[at]
    if line.text.startswith(b".."):
        return "stuffed dot"
    if line.text != b".":
        return _UNSTUFFED
    if not _is_end(body, at):
        return _FOR_SOME
    return _IN_THE_TEXT if body.torn else _ENDED


def _dot_role(body: Body, at: int) -> Role:
    harmless = _of_dot(body, at) in {"stuffed dot", _ENDED}
    return Role.DIM if harmless else Role.MEDIUM


def _is_end(body: Body, at: int) -> bool:
    """Whether a dot stands between two CRLF."""
    before = body.message.lines[at - 1].ending if at else CRLF
    return body.message.lines[at].ending == CRLF == before
