"""The help: keys from the table of actions, the glyphs, and what Seamark cannot see."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from dissect.detect.finding import Severity
from tui import told
from tui.actions import (
    COLUMNS,
    COMPARE,
    FINDINGS,
    FLOWS,
    HELP,
    LADDER,
    PACKET,
    PAIR,
    PAIRS,
    PEERS,
    SEAM,
    bindings,
)
from tui.filtering import help_lines
from tui.keymap import actions
from tui.line import EMPTY, Line, Piece, Role
from tui.look import SEVERITY_ROLES, Look
from tui.screens.board import Board
from tui.widgets.lines import Band, Lines

if TYPE_CHECKING:
    from textual.app import ComposeResult

_KEYS: Final = 22
_EXAMPLE: Final = 34
_SCREENS: Final = (FLOWS, LADDER, SEAM, PACKET, COMPARE, FINDINGS, PEERS, COLUMNS)
_OF_TWO: Final = (PAIRS, PAIR)
"""The screens of two captures that are compared; the others are not there then."""
_COSTS: Final = {
    Severity.CRITICAL: "mail is lost or can be read by others",
    Severity.HIGH: "mail is delayed or refused, or will be",
    Severity.MEDIUM: "it works, and is fragile",
    Severity.LOW: "odd, harmless alone",
    Severity.INFO: "a fact that explains others",
}
_BLIND: Final = (
    "What is encrypted, without its keys (--keylog): only sizes, times and the end are seen.",
    "What was not captured: with one side only, a gap or a cut snap length, rows say so.",
    "Who changed a byte: a capture on one side of a device shows damage, one on each proves it.",
    "Boundaries that segmentation offload has hidden are inferred from the MSS, and say so.",
    "Nothing here is a proof of delivery: the server's word is all that a capture holds.",
)


class HelpScreen(Board):
    """The help of a screen.

    Args:
        where: the screen that it was asked from; its keys stand first.
    """

    WHERE: ClassVar[str] = HELP
    BINDINGS = bindings(HELP)

    def __init__(self, where: str) -> None:
        super().__init__()
        self._where = where

    def content(self) -> ComposeResult:
        """The help's lines."""
        yield Lines(ascii_only=self.look.ascii_only, id="main")

    def on_mount(self) -> None:
        """Show it all at once; nothing in it changes."""
        self.pane.display = False
        super().on_mount()
        title = Piece(f"help: {self._where}", Role.ACCENT)
        self.query_one("#header", Band).show(lambda _cells: [(title,)])
        self.query_one("#main", Lines).show(self._lines)

    def action_open(self) -> None:
        """Enter goes back."""
        self.action_back()

    def _lines(self, cells: int) -> list[Line]:
        two = self._where in _OF_TWO
        order = sorted(_OF_TWO if two else _SCREENS, key=lambda where: where != self._where)
        lines: list[Line] = []
        for where in order:
            lines += [*self._keys(where, cells), EMPTY]
        for part in (_legend,) if two else (_language, _legend, _blind):
            lines += [*part(cells, self.look), EMPTY]
        return lines

    def _keys(self, where: str, cells: int) -> list[Line]:
        lines: list[Line] = [(Piece(f"Keys: {where}", Role.TITLE),)]
        for action in actions(where, self.seamark.settings.keymap):
            rest = told.paragraph("", action.help, cells - _KEYS - 2, self.look)
            keys = [action.key_words, *[""] * (len(rest) - 1)]
            lines += [
                (Piece(f"  {key:<{_KEYS}}", Role.KEY), *row)
                for key, row in zip(keys, rest, strict=True)
            ]
        return lines


def _language(cells: int, look: Look) -> list[Line]:
    """The filter language, by example."""
    lines: list[Line] = [(Piece("Filters ( / )", Role.TITLE),)]
    for example, meaning in help_lines():
        rest = told.paragraph("", meaning, cells - _EXAMPLE - 2, look)
        head = [example, *[""] * (len(rest) - 1)]
        if len(example) >= _EXAMPLE:
            lines.append((Piece(f"  {example}", Role.KEY),))
            head[0] = ""
        lines += [
            (Piece(f"  {words:<{_EXAMPLE}}", Role.KEY), *row)
            for words, row in zip(head, rest, strict=True)
        ]
    return lines


def _legend(cells: int, look: Look) -> list[Line]:
    lines: list[Line] = [(Piece("Signs", Role.TITLE),)]
    for severity in reversed(Severity):
        sign = Piece(f"  {look.glyph(severity)} {severity!s:<10}", SEVERITY_ROLES[severity])
        lines.append((sign, Piece(_COSTS[severity])))
    for pieces, said in _signs(look):
        gap = Piece(" " * max(14 - sum(len(piece.text) for piece in pieces), 1))
        lines.append((*pieces, gap, Piece(said)))
    return [line for line in lines if cells]


def _signs(look: Look) -> list[tuple[Line, str]]:
    """The ladder's glyphs; each is told apart by its shape as well as by its colour."""
    seam, inferred = Piece(look.seam, Role.SEAM), Piece(look.inferred, Role.SEAM)
    was = (Piece(f"{look.original} ", Role.DIM), Piece("RCPT", Role.ORIGINAL))
    unlike = (Piece("XX".join(look.unlike), Role.MASK),)
    arrows = (Piece(f"{look.to_server} ", Role.CLIENT), Piece(look.to_client, Role.SERVER))
    again = Piece(f"{look.again_to_server} {look.again_to_client}")
    signs: list[tuple[Line, str]] = [
        ((Piece("RC"), seam, Piece("PT")), "a seam: here one packet ended and the next began"),
        ((Piece("RC"), inferred, Piece("PT")), "a seam inferred from the MSS"),
        ((Piece("XXXX", Role.MASK),), "letters that something in between has overwritten"),
        (unlike, "bytes that are not the same on both sides of something (compare)"),
        (
            (Piece("= # < > ?" if look.ascii_only else "= ≠ < > ?"),),
            "between two columns: the same, changed, only inside, only outside, not compared",
        ),
        (was, "what they were, as far as it can be told"),
        ((Piece(look.words(b"\r\n"), Role.ESCAPED),), "bytes that are no letters, made visible"),
        (arrows, "said by the client, said by the server"),
        ((again,), "sent again (a retransmission)"),
        ((Piece("".join(look.group)),), "commands sent in one go, without waiting (pipelining)"),
        ((Piece("re 12 RCPT", Role.DIM),), "the reply to row 12"),
    ]
    return [((Piece("  "), *pieces), said) for pieces, said in signs]


def _blind(cells: int, look: Look) -> list[Line]:
    lines: list[Line] = [(Piece("What Seamark cannot see", Role.TITLE),)]
    for said in _BLIND:
        rows = told.paragraph("", said, cells - 4, look)
        lines += [
            (Piece(f"  {look.dot if at == 0 else ' '} "), *row) for at, row in enumerate(rows)
        ]
    return lines
