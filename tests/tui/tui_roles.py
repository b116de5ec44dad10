"""How each role looks: ``python tests/tui/tui_roles.py THEME``, or within a test."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]

from tui import terminal  # noqa: E402 - found on the path set above

if __name__ == "__main__":
    terminal.prepare(os.environ)

from textual.app import App  # noqa: E402

from tui.line import Line, Piece, Role  # noqa: E402
from tui.settings import Screen  # noqa: E402
from tui.theme import VARIABLES, themes  # noqa: E402
from tui.widgets.line_view import LineView  # noqa: E402
from tui.widgets.lines import Band, Pane  # noqa: E402

if TYPE_CHECKING:
    from rich.style import Style
    from textual.app import ComposeResult

WHERE = ("header", "cursor", "list", "pane", "focus")
STYLES = Path(__file__).parents[2] / "tui" / "styles" / "seamark.tcss"


class Looks(NamedTuple):
    """What a piece of text is painted with."""

    colour: str
    ground: str
    weight: str


class _Roles(LineView):
    """Two lines with all roles; the first has the cursor."""

    def count(self) -> int:
        return 2

    def draw(self, at: int) -> Line:
        del at
        return every_role()


def every_role() -> Line:
    """A word for each role."""
    return tuple(Piece(f"{role.value} ", role) for role in Role)


class Roles(App[None]):
    """All roles, wherever there are some.

    Args:
        screen: what is set of the screen.
    """

    CSS_PATH = STYLES

    def __init__(self, screen: Screen) -> None:
        super().__init__()
        self._set = screen

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The stylesheet's own colours."""
        return VARIABLES

    def compose(self) -> ComposeResult:
        """A band, a list and a pane, as on the real screens."""
        yield Band(id="header")
        yield _Roles(id="main")
        yield Pane(id="pane")

    def on_mount(self) -> None:
        """Show all roles in all of them."""
        for theme in themes(self._set):
            self.register_theme(theme)
        self.theme = self._set.theme
        for lines in (self.query_one(Band), self.query_one(Pane)):
            lines.show(lambda _cells: [every_role()])
        self.query_one("#main").focus()


async def looks(screen: Screen) -> dict[str, dict[str, Looks]]:
    """How each role looks in each place, by ``WHERE``."""
    app = Roles(screen)
    async with app.run_test(size=(200, 24)) as pilot:
        await pilot.pause()
        found = _read(app)
        app.query_one(Pane).focus()
        await pilot.pause()
        return found | {"focus": _read(app)["pane"]}


def _read(app: Roles) -> dict[str, dict[str, Looks]]:
    strips = app.screen._compositor.render_strips(app.size)
    pane = app.query_one(Pane).region.y
    rows = {"header": 0, "cursor": 1, "list": 2, "pane": pane}
    return {
        where: {
            segment.text.strip(): _looks(segment.style)
            for segment in strips[row]
            if segment.text.strip().isalpha() and segment.style is not None
        }
        for where, row in rows.items()
    }


def _looks(style: Style) -> Looks:
    colour = "" if style.color is None else style.color.name
    ground = "" if style.bgcolor is None else style.bgcolor.name
    weights = ("bold", "dim", "italic", "underline", "reverse")
    return Looks(colour, ground, " ".join(word for word in weights if getattr(style, word)))


if __name__ == "__main__":
    print(json.dumps(asyncio.run(looks(Screen(theme=sys.argv[1])))))  # noqa: T201 - read by a test
