"""The line in which a filter is typed: in an app of its own, at 80x24, in both sets of glyphs."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual import events, on
from textual.app import App
from textual.binding import Binding

from tui.filtering import Completion, FilterError, History, Known, complete, parse
from tui.filtering.drawn import CLOSED, State, draw
from tui.filtering.typed import Typed
from tui.line import EMPTY, text, width
from tui.look import ASCII, UNICODE, look
from tui.theme import VARIABLES
from tui.widgets.filter_line import FilterLine
from tui.widgets.lines import Lines

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from textual.app import ComposeResult
    from textual.pilot import Pilot

HOSTILE = "\x1b[2J\x1b]52;c;eA==\x07\u202e\u200b\ud800\x9b31m[@click=app.quit]x[/]"
KNOWN = Known(
    ("192.0.2.10", "192.0.2.77"), ("198.51.100.25",), ("mail.example.org", HOSTILE, "two words")
)


class Desk(App[None]):
    """A list, and the line below it; the list's keys are letters."""

    CSS = "#main { height: 1fr; }"
    BINDINGS: ClassVar[list[Binding]] = [  # type: ignore[assignment]
        Binding("q,tab,down,escape", "pressed"), Binding("f1", "pressed"),
    ]  # fmt: skip

    def __init__(self, history: History, *, plain: bool) -> None:
        super().__init__()
        self.look = look(ascii_only=plain)
        self.history = history
        self.said: list[tuple[str, str]] = []
        self.applied = parse("")
        self.pressed = 0

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The colours of the stylesheet."""
        return VARIABLES

    def compose(self) -> ComposeResult:
        """As a screen has them."""
        yield Lines(ascii_only=self.look.ascii_only, id="main")
        yield FilterLine(self.look, lambda: KNOWN, self.history, id="filter")

    def on_mount(self) -> None:
        """Fill the list."""
        self.query_one("#main", Lines).show(lambda _cells: [EMPTY])

    def action_pressed(self) -> None:
        """A key of the screen."""
        self.pressed += 1

    @on(FilterLine.Changed)
    def _changed(self, event: FilterLine.Changed) -> None:
        assert event.control is event.line
        self.said.append((event.text, str(event.error or event.filter)))
        if event.filter is not None:
            self.applied = event.filter

    @on(FilterLine.Submitted)
    def _submitted(self, event: FilterLine.Submitted) -> None:
        self.applied = event.filter
        self.query_one("#main").focus()

    @on(FilterLine.Closed)
    def _left(self, event: FilterLine.Closed) -> None:
        self.applied = event.before
        self.query_one("#main").focus()


class Driver:
    """The app's keys, and what is on its screen."""

    def __init__(self, app: Desk, pilot: Pilot[None]) -> None:
        self.app = app
        self._pilot = pilot
        self.line = app.query_one(FilterLine)

    async def open(self, words: str = "") -> None:
        """Show the line."""
        self.line.open(words)
        await self._pilot.pause()

    async def type(self, words: str) -> None:
        """Type words, a key for each letter."""
        for char in words:
            self.app.post_message(events.Key(char, char))
        await self._pilot.pause()

    async def press(self, *keys: str) -> None:
        """Press keys."""
        await self._pilot.press(*keys)
        await self._pilot.pause()

    async def paste(self, words: str) -> None:
        """Paste words."""
        self.app.post_message(events.Paste(words))
        await self._pilot.pause()

    async def click(self, x: int, y: int) -> None:
        """Click on a cell of the line."""
        await self._pilot.click(FilterLine, offset=(x, y))
        await self._pilot.pause()

    @property
    def lines(self) -> list[str]:
        """The line's lines as they are painted, checked to be harmless."""
        strips = self.app.screen._compositor.render_strips(self.app.size)
        if not self.line.display:
            return []
        strips = strips[self.line.region.y : self.line.region.bottom]
        for strip in strips:
            for segment in strip:
                assert segment.text.isprintable(), ascii(segment.text)
                assert segment.text.isascii() or not self.app.look.ascii_only
                assert "@click" not in (segment.style.meta if segment.style else {})
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    @property
    def cursor(self) -> str:
        """What stands under the cursor."""
        strips = self.app.screen._compositor.render_strips(self.app.size)
        return "|".join(
            segment.text
            for strip in strips[self.line.region.y :]
            for segment in strip
            if segment.style is not None and segment.style.reverse
        )


@asynccontextmanager
async def desk(
    history: History | None = None, *, plain: bool = False, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[Driver]:
    """The app, running."""
    app = Desk(history or History(kept=False), plain=plain)
    async with app.run_test(size=size) as pilot:
        yield Driver(app, pilot)


async def test_a_filter_is_typed_with_help() -> None:
    """Candidates above the line, what is wrong below it, and Tab to take what is meant."""
    async with desk() as seen:
        assert seen.lines == []
        await seen.open()
        assert len(seen.lines) == 1
        assert seen.lines[0].startswith(" / words, or field:value")
        await seen.type("sev")
        assert [line[:8].rstrip() for line in seen.lines] == [
            "▌sev:", " sev>=", " sev<=", " sev>", " sev<", " / sev"
        ]  # fmt: skip
        assert "1 of 7" in seen.lines[-2]
        await seen.press("down", "tab")
        assert seen.line.text == "sev>="
        assert seen.lines[0].startswith("▌critical ")
        await seen.press("down", "tab")
        assert seen.lines == [" / sev>=high"]
        assert seen.app.said[-1] == ("sev>=high", "severity>=high")
        await seen.press("enter")
        assert seen.lines == []
        assert seen.app.applied == parse("severity>=high")
        assert seen.app.history.entries == ("sev>=high",)
        assert seen.app.focused is seen.app.query_one("#main")
        assert seen.app.pressed == 0


async def test_a_bad_filter_is_marked_and_refused() -> None:
    """While it is typed the last good one stays; Enter says why, and does nothing else."""
    async with desk() as seen:
        await seen.open()
        await seen.type("flow:3 severity:")
        assert seen.app.applied == parse("flow:3 severity")
        await seen.type("hgih")
        assert seen.lines == [
            " / flow:3 severity:hgih",
            '                   ^^^^ "hgih" is no severity; did you mean high?',
        ]
        assert seen.app.applied == parse("flow:3 severity:h")
        assert seen.line.filter == parse("flow:3 severity:h")
        assert isinstance(seen.line.error, FilterError)
        await seen.press("enter")
        assert "no filter: " in "".join(seen.lines)
        assert seen.line.display
        assert seen.app.history.entries == ()
        await seen.press("backspace", "backspace", "backspace")
        assert "no filter" not in "".join(seen.lines)
        await seen.press("enter")
        assert seen.app.applied == parse("flow:3 severity:h")


async def test_the_last_place_has_its_mark() -> None:
    """Something missing at the very end is marked behind the text, or where it is wanted."""
    async with desk() as seen:
        await seen.open("a and (b")
        assert seen.lines[-1].strip() == "^ this parenthesis is not closed; ) is missing"
        assert seen.lines[-1].index("^") == seen.lines[-2].index("(")


async def test_escape_leaves_everything_as_it_was() -> None:
    """The filter of before is handed back."""
    async with desk() as seen:
        await seen.open("flow:3")
        await seen.type("0")
        assert seen.app.applied == parse("flow:30")
        await seen.press("escape")
        assert seen.app.applied == parse("flow:3")
        assert seen.lines == []
        await seen.open("flow:3")
        assert seen.line.text == "flow:3"


async def test_the_history_is_walked_while_no_candidates_are_shown(tmp_path: Path) -> None:
    """Up goes back, down returns to what was being typed."""
    history = History(tmp_path / "filters")
    for used in ("flow:1", "is:open", "outcome:lost"):
        history.add(used)
    async with desk(history) as seen:
        await seen.open()
        await seen.press("up")
        assert seen.lines == [" / outcome:lost"]
        assert seen.app.applied == parse("outcome:lost")
        await seen.press("up", "up", "up")
        assert seen.line.text == "flow:1"
        await seen.press("down")
        assert seen.line.text == "is:open"
        await seen.press("down", "down", "down")
        assert seen.line.text == ""
        await seen.paste("flow:1 ")
        assert seen.lines[0].startswith("▌and ")
        await seen.press("ctrl+u", "up")
        assert seen.line.text == "outcome:lost"


async def test_tab_lists_all_fields() -> None:
    """On an empty line nothing is in the way until it is asked for; the list scrolls."""
    async with desk() as seen:
        await seen.open()
        await seen.press("tab")
        assert seen.lines[0].startswith("▌rule: ")
        assert len(seen.lines) == 6
        await seen.press("pagedown", "pagedown")
        assert sum(line.startswith("▌") for line in seen.lines) == 1
        assert "11 of 28" in seen.lines[4]
        await seen.press("end", "pageup", "pageup", "up")
        assert seen.line.text == ""


async def test_values_of_the_capture_are_offered_and_privacy_hides_them() -> None:
    """Addresses and names, never such as steer; none while names are hidden."""
    async with desk() as seen:
        await seen.open("helo:")
        await seen.press("tab")
        assert [line.split("  ")[0] for line in seen.lines[:2]] == [
            "▌mail.example.org", ' "two words"'
        ]  # fmt: skip
        await seen.press("down", "tab")
        assert seen.line.filter == parse('helo:"two words"')
        await seen.press("escape")
        seen.app.look.privacy.on = True
        await seen.open("helo:")
        await seen.press("tab")
        assert "seen in this capture" not in "".join(seen.lines)


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("size", [(80, 24), (160, 45), (24, 8), (3, 3)])
async def test_nothing_that_is_pasted_steers_the_terminal(
    size: tuple[int, int],
    plain: bool,  # noqa: FBT001
) -> None:
    """Escape sequences, line ends, bidi and wide letters: words on one line, at any width."""
    async with desk(plain=plain, size=size) as seen:
        await seen.open(HOSTILE)
        await seen.paste(f"\n{HOSTILE}\r\n'é漢 \\d' text:/漢+(/ {HOSTILE * 20}")
        assert "\\d" in seen.line.text
        assert seen.lines
        for keys in (("home",), ("tab",), ("ctrl+right",) * 9, ("end",), ("enter",), ("up",)):
            await seen.press(*keys)
            assert seen.lines
            assert seen.app._exception is None
        assert seen.line.text.isprintable()


async def test_ascii_mode_has_no_other_glyphs() -> None:
    """Candidates, marks, and letters beyond ASCII."""
    async with desk(plain=True) as seen:
        await seen.open()
        await seen.type("severity>=")
        assert seen.lines[0].startswith(">critical ")
        await seen.type("é")
        assert seen.lines[0] == " / severity>=\\u00e9"
        assert seen.lines[1].index("^") == seen.lines[0].index("\\")


async def test_the_cursor_is_seen_where_typing_goes_on() -> None:
    """Behind the text, on a letter, and in a line that is longer than the screen."""
    async with desk() as seen:
        await seen.open("abc")
        assert seen.cursor == " "
        await seen.press("left")
        assert seen.cursor == "c"
        await seen.press("home", "right", "X")
        assert seen.line.text == "aXbc"
        assert seen.cursor == "b"
        await seen.press("end")
        await seen.paste(" 漢" * 60 + "z")
        assert seen.lines[-1].endswith("漢z")
        await seen.press("left")
        assert seen.cursor == "z"
        await seen.press("home")
        assert seen.lines[-1].startswith(" / aXbc 漢")
        seen.app.query_one("#main").focus()
        await seen.press("f1")
        assert seen.cursor == ""


async def test_the_screens_keys_wait_while_a_filter_is_typed() -> None:
    """Letters, Tab and arrows are the line's; F-keys are not."""
    async with desk() as seen:
        await seen.open()
        await seen.press("q", "space", "tab", "down", "ctrl+w", "ctrl+a", "ctrl+k")
        assert seen.app.pressed == 0
        await seen.press("f1")
        assert seen.app.pressed == 1
        assert seen.line.display


async def test_the_mouse_takes_a_candidate_and_puts_the_cursor() -> None:
    """One click each."""
    async with desk() as seen:
        await seen.open()
        await seen.type("severity>=")
        await seen.click(4, 1)
        assert seen.line.text == "severity>=high"
        await seen.click(5, 0)
        assert seen.cursor == "v"
        await seen.press("X")
        assert seen.line.text == "seXverity>=high"


async def test_opening_an_open_line_keeps_what_is_typed() -> None:
    """The key that opens it can be pressed again."""
    async with desk() as seen:
        await seen.open("flow:1")
        await seen.type("2")
        await seen.open("flow:1")
        assert seen.line.text == "flow:12"


_TEXTS = st.lists(
    st.sampled_from(
        ["severity", ">=", "high", " ", "é", "漢", "(", '"', "/", "and ", "x" * 30, "\\"]
    ),
    max_size=14,
).map("".join)


@settings(max_examples=200, deadline=None)
@given(
    _TEXTS,
    st.integers(0, 200),
    st.integers(1, 100),
    st.integers(1, 12),
    st.booleans(),
    st.booleans(),
)
def test_every_line_fits_its_width(
    words: str,
    cursor: int,
    cells: int,
    height: int,
    plain: bool,  # noqa: FBT001
    refused: bool,  # noqa: FBT001
) -> None:
    """Whatever is typed, wherever the cursor is: in sight, and with nothing beside it lost."""
    typed = Typed(words).go(cursor)
    error = None
    try:
        parse(words)
    except FilterError as caught:
        error = caught
    completion: Completion = complete(words, typed.cursor, KNOWN)
    chosen = len(completion.candidates) // 2 if completion.candidates else CLOSED
    state = State(typed, error, refused, completion, chosen, height)
    drawn = draw(state, cells, ASCII if plain else UNICODE)
    assert drawn.caret >= 0
    room = max(cells - 2, 1)
    assert drawn.caret <= room
    assert 1 <= len(drawn.lines) <= max(height, 1)
    for line in drawn.lines:
        assert text(line).isprintable()
        assert cells < 20 or width(line) <= cells, text(line)
