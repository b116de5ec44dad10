"""Menus and prompts: what they show, what answers them, and what they refuse."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from textual import events
from textual.app import App

from tui.look import look
from tui.screens.menu import Choice, Menu
from tui.screens.prompt import Prompt, TypedLine
from tui.theme import THEME, VARIABLES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from textual.pilot import Pilot
    from textual.screen import Screen

SIZES = [(80, 24), (160, 45), (20, 6)]
FEW = (
    Choice("f", "filter", "what Wireshark takes"),
    Choice("d", "dialogue", "all that was said", value="talk"),
    Choice("", "nothing", "only the cursor gets here", value="none"),
)


class Host(App[int]):
    """An app with one screen to ask something on, in the stylesheet of the real one."""

    CSS_PATH = "../../tui/styles/seamark.tcss"

    def __init__(self, screen: Screen[str | None], *, ascii_only: bool) -> None:
        super().__init__()
        self.answers: list[str | None] = []
        self._first = screen
        self.set_class(ascii_only, "-ascii")

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The stylesheet's own colours."""
        return VARIABLES

    def on_mount(self) -> None:
        """Ask."""
        self.register_theme(THEME)
        self.theme = THEME.name
        self.push_screen(self._first, self.answers.append)

    @property
    def lines(self) -> list[str]:
        """What is on the screen."""
        strips = self.screen._compositor.render_strips(self.size)
        return ["".join(segment.text for segment in strip) for strip in strips]

    @property
    def text(self) -> str:
        """The whole screen."""
        return "\n".join(self.lines)


@asynccontextmanager
async def asking(
    screen: Screen[str | None], size: tuple[int, int] = (80, 24), *, ascii_only: bool = False
) -> AsyncIterator[tuple[Host, Pilot[int]]]:
    """A question on the screen."""
    app = Host(screen, ascii_only=ascii_only)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot


def menu(choices: tuple[Choice, ...] = FEW, *, ascii_only: bool = False, **more: Any) -> Menu:
    """A menu."""
    return Menu("copy", choices, look(ascii_only=ascii_only), **more)


def prompt(*, ascii_only: bool = False, **more: Any) -> Prompt:
    """A prompt."""
    return Prompt("write to", look(ascii_only=ascii_only), **more)


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("size", SIZES)
async def test_a_menu_shows_its_choices_at_any_size(
    size: tuple[int, int],
    ascii_only: bool,  # noqa: FBT001
) -> None:
    """Title, letters, titles and explanations are there, in ASCII where that is asked for."""
    async with asking(menu(ascii_only=ascii_only), size, ascii_only=ascii_only) as (app, _pilot):
        assert not ascii_only or app.text.isascii()
        if size[0] >= 80:
            for words in ("copy", "f  filter    what Wireshark takes", "d  dialogue", "Enter"):
                assert words in app.text


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (("f",), "f"),
        (("d",), "talk"),
        (("enter",), "f"),
        (("down", "enter"), "talk"),
        (("j", "j", "enter"), "none"),
        (("end", "up", "enter"), "talk"),
        (("up", "enter"), "f"),
        (("escape",), None),
        (("q",), None),
        (("d", "f", "enter"), "talk"),
    ],
)
async def test_letters_and_the_cursor_choose(keys: tuple[str, ...], answer: str | None) -> None:
    """A letter, or Enter on the cursor's line, answers once; Escape answers nothing."""
    async with asking(menu()) as (app, pilot):
        await pilot.press(*keys)
        await pilot.pause()
        assert app.answers == [answer]


@pytest.mark.parametrize("make", [menu, prompt])
async def test_it_can_be_left_before_it_is_there(make: Callable[[], Menu | Prompt]) -> None:
    """Where keys come faster than the panel is made, it answers nothing, and nothing breaks."""
    panel = make()
    async with asking(panel) as (app, pilot):
        await pilot.press("escape")
        again = make()
        app.push_screen(again, app.answers.append)
        again.action_leave()
        await pilot.pause()
        await pilot.pause()
        assert app.answers == [None, None]


async def test_a_letter_of_a_choice_goes_before_a_key_that_moves() -> None:
    """The letter j moves, except where a choice is called so."""
    async with asking(menu((Choice("a", "one"), Choice("j", "two")))) as (app, pilot):
        await pilot.press("j")
        await pilot.pause()
        assert app.answers == ["j"]


async def test_the_mouse_chooses_with_one_click() -> None:
    """A click on a line of the menu is the answer."""
    async with asking(menu()) as (app, pilot):
        await pilot.click("#main", offset=(5, 1))
        await pilot.pause()
        assert app.answers == ["talk"]


async def test_a_menu_begins_where_it_is_told() -> None:
    """The cursor stands on the present choice, so that Enter changes nothing."""
    async with asking(menu(chosen="talk")) as (app, pilot):
        await pilot.press("enter")
        await pilot.pause()
        assert app.answers == ["talk"]


async def test_more_choices_than_lines_scroll() -> None:
    """Of thirty choices those around the cursor are in sight, and the last one can be reached."""
    many = tuple(Choice("", f"choice {number}", value=str(number)) for number in range(30))
    async with asking(menu(many)) as (app, pilot):
        assert "choice 0" in app.text
        assert "choice 29" not in app.text
        assert "leaves it" in app.text
        await pilot.press("end")
        await pilot.pause()
        assert "choice 29" in app.text
        await pilot.press("enter")
        await pilot.pause()
        assert app.answers == ["29"]


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("size", SIZES)
async def test_a_prompt_takes_what_is_typed(
    size: tuple[int, int],
    ascii_only: bool,  # noqa: FBT001
) -> None:
    """What stands there at first can be completed, and Enter takes it."""
    screen = prompt(default="a.tx", about="a new file", ascii_only=ascii_only)
    async with asking(screen, size, ascii_only=ascii_only) as (app, pilot):
        assert not ascii_only or app.text.isascii()
        if size[0] >= 80:
            for words in ("write to", "a new file", "a.tx", "Enter takes it"):
                assert words in app.text
        await pilot.press("t", "enter")
        await pilot.pause()
        assert app.answers == ["a.txt"]


async def test_a_prompt_refuses_and_says_why() -> None:
    """What the check refuses is not taken; the reason goes away with the next letter."""
    screen = prompt(check=lambda words: "" if words.isdigit() else "That is no number.")
    async with asking(screen) as (app, pilot):
        await pilot.press("x", "enter")
        await pilot.pause()
        assert "That is no number." in app.text
        await pilot.press("ctrl+u", "7")
        await pilot.pause()
        assert "That is no number." not in app.text
        await pilot.press("enter")
        await pilot.pause()
        assert app.answers == ["7"]


async def test_escape_leaves_a_prompt() -> None:
    """Nothing is answered then."""
    async with asking(prompt(default="x")) as (app, pilot):
        await pilot.press("escape", "enter")
        await pilot.pause()
        assert app.answers == [None]


async def test_what_is_pasted_cannot_steer_the_terminal() -> None:
    """Escape sequences and reordering are left out, and lines become words of one line."""
    async with asking(prompt(default="a")) as (app, pilot):
        line = app.screen.query_one(TypedLine)
        line.post_message(events.Paste("b\x1b]52;c;eA==\x07\u202e\r\nc\x00"))
        await pilot.pause()
        await pilot.pause()
        assert line.value == "ab]52;c;eA== c"
        assert "4 characters that cannot be shown were left out" in app.text
        assert app.text.replace("\n", "").isprintable()
        line.value = "x" * 5000
        assert len(line.value) == 4000
