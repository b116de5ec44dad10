"""How a filter that is being typed looks: candidates, the line itself, and what is wrong with it.

severity:                       the worst finding's severity
server:                         the server's address   2 of 2
/ rcpt:bob and sever
/ severity>=hgih
            ^^^^ severity is never "hgih"; did you mean high?
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from rich.cells import cell_len

from dissect import escape
from tui.filtering.scan import Kind, scan
from tui.line import Line, Piece, Role, fit, wrap

if TYPE_CHECKING:
    from tui.filtering.complete import Candidate, Completion
    from tui.filtering.error import FilterError
    from tui.filtering.typed import Typed
    from tui.look import Look

PROMPT: Final = "/ "
CLOSED: Final = -1
"""The place of the chosen candidate while none are shown."""
MOST: Final = 5
"""Candidates in sight."""
_PLACEHOLDER: Final = "words, or field:value    Tab fields, Up used before, Esc close"
_TEXT: Final = 30
"""Cells for a candidate, where its meaning stands beside it."""
_LINES: Final = 2
"""Lines that a message may take when it does not fit beside its mark."""
_ROLES: Final = {
    Kind.FIELD: Role.ACCENT,
    Kind.OPERATOR: Role.KEY,
    Kind.AND: Role.KEY,
    Kind.OR: Role.KEY,
    Kind.NOT: Role.KEY,
    Kind.OPEN: Role.DIM,
    Kind.CLOSE: Role.DIM,
    Kind.REGEX: Role.SERVER,
    Kind.QUOTED: Role.CLIENT,
}


class State(NamedTuple):
    """What is to be drawn."""

    typed: Typed
    error: FilterError | None
    refused: bool
    """Whether the error was met with Enter, and not only in passing."""
    completion: Completion
    chosen: int
    height: int
    """Lines that there is room for; the line that is typed in is always drawn."""
    about: str = ""
    """What is wanted, where the text is not in the filter language."""


class Drawn(NamedTuple):
    """Lines, and where things are in them."""

    lines: tuple[Line, ...] = ()
    prompt: int = 0
    """Which line is typed in."""
    caret: int = 0
    """The cell of the cursor in it."""
    top: int = 0
    """Which candidate stands in the first line."""
    places: tuple[int, ...] = (0,)
    """By place in the text, its end included: its cell; negative for what is out of sight."""


def draw(state: State, cells: int, look: Look) -> Drawn:
    """The lines for a width."""
    line, places = _line(state, cells, look)
    message = _message(state, places, cells, look)[: max(state.height - 1, 0)]
    height = min(MOST, state.height - 1 - len(message))
    top = _top(state, height)
    offered = _candidates(state, top, height, cells, look)
    return Drawn((*offered, line, *message), len(offered), places[state.typed.cursor], top, places)


def _shown(words: str, look: Look) -> str:
    """Words that were typed, or are ours; a backslash stays one."""
    plain = look.ascii_only
    return "".join(
        char if char == "\\" else escape.visible(char, ascii_only=plain) for char in words
    )


def _top(state: State, height: int) -> int:
    """The first candidate in sight: the chosen one stands in the middle, where it can."""
    last = len(state.completion.candidates) - height
    return min(max(state.chosen - height // 2, 0), max(last, 0))


def _candidates(state: State, top: int, height: int, cells: int, look: Look) -> list[Line]:
    """The candidates in sight, each with what it means."""
    if state.chosen == CLOSED or height < 1:
        return []
    offered = state.completion.candidates
    shown = offered[top : top + height]
    count = f"  {state.chosen + 1} of {len(offered)}"
    tails = [*[""] * (len(shown) - 1), count]
    return [
        _candidate(candidate, tail, cells, look)
        for candidate, tail in zip(shown, tails, strict=True)
    ]


def _candidate(candidate: Candidate, tail: str, cells: int, look: Look) -> Line:
    text, about = _shown(candidate.text, look), _shown(candidate.about, look)
    room = max(cells - len(tail), 1)
    column = max(min(_TEXT, room), 1)
    if cell_len(text) <= column:
        text = fit(text, column, look.cut)
    rest = max(room - cell_len(text) - 1, 0)
    if not rest:
        return (Piece(fit(text, room, look.cut)), Piece(tail, Role.DIM))
    return (Piece(text), Piece(f" {fit(about, rest, look.cut)}{tail}", Role.DIM))


def _line(state: State, cells: int, look: Look) -> tuple[Line, tuple[int, ...]]:
    """The line that is typed in, the part of it that has the cursor, and its places."""
    text, cursor = state.typed
    room = max(cells - len(PROMPT) - 1, 1)
    forms = [_shown(char, look) for char in text]
    ends = [0]
    for form in forms:
        ends.append(ends[-1] + cell_len(form))
    first = next(place for place, end in enumerate(ends) if ends[cursor] - end <= room)
    places = tuple(end - ends[first] for end in ends)
    prompt = Piece(PROMPT, Role.KEY if state.error is None else Role.BAD)
    if not text:
        return (prompt, Piece(fit(_PLACEHOLDER, room, look.cut), Role.DIM)), places
    roles = [Role.TEXT] * len(text) if state.about else _roles(text, state.error)
    seen = [place for place in range(first, len(text)) if places[place + 1] <= room + 1]
    return (prompt, *(Piece(forms[place], roles[place]) for place in seen)), places


def _roles(text: str, error: FilterError | None) -> list[Role]:
    """By place in the text: what stands there, and what is wrong."""
    wrong = range(error.at, error.at + error.size) if error is not None else range(0)
    return [
        Role.BAD if place in wrong else _ROLES.get(bit.kind, Role.TEXT)
        for bit in scan(text)
        for place in range(bit.start, bit.end)
    ]


def _message(state: State, places: tuple[int, ...], cells: int, look: Look) -> list[Line]:
    """What is wrong, under the place; while it is typed it is said quietly."""
    error = state.error
    if error is None:
        said = _shown(state.about, look)
        return [(Piece(part, Role.DIM),) for part in wrap(said, cells)[:_LINES]] if said else []
    last = cells - len(PROMPT) - 1
    start = min(max(places[error.at], 0), last)
    end = min(places[min(error.at + error.size, len(places) - 1)], last + 1)
    mark = " " * (len(PROMPT) + start) + "^" * max(end - start, 1)
    role = Role.BAD if state.refused else Role.MEDIUM
    said = ("no filter: " if state.refused else "") + _shown(str(error), look)
    if len(mark) + 1 + cell_len(said) <= cells:
        return [(Piece(mark, Role.BAD), Piece(f" {said}", role))]
    under = [(Piece(part, role),) for part in wrap(said, cells)[:_LINES]]
    return [(Piece(mark, Role.BAD),), *under]
