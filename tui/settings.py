"""What the user has set of the screen: the options, and one value that the app is made from.

An option is called the same on the command line, in the table ``[tui]`` of the configuration file,
and in the environment as ``SEAMARK_TUI_*``.  Keys and themes have tables of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from dissect.detect.policy import nearest

if TYPE_CHECKING:
    from tui.columns import Choice

    ParamType = click.ParamType[str]
else:
    ParamType = click.ParamType  # older ones take no type

Command = TypeVar("Command", bound=Callable[..., Any])

AUTO: Final = "auto"
RATES: Final[dict[str, bool | None]] = {AUTO: None, "fast": False, "slow": True}
"""Whether to repaint seldom; None for what the connection suggests."""
_DIRECTIONS: Final = {"": False, "asc": False, "desc": True}
_LEAST, _MOST = 3, 500
"""Cells of a column."""


def _usual() -> tuple[Choice, ...]:
    from tui.columns import USUAL  # noqa: PLC0415 - other commands start without rich

    return USUAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """What the user has set of the screen."""

    theme: str = "seamark"
    """One of those that ``tui.theme.themes`` makes."""
    ascii_only: bool = False
    mouse: bool = True
    colour: bool = True
    low_rate: bool = False
    """Repaint seldom, for slow lines."""
    privacy: bool = False
    """Begin with addresses and names hidden."""
    tail: bool = False
    """Keep the cursor on the last flow as new ones come."""
    columns: tuple[Choice, ...] = field(default_factory=_usual)
    sort: tuple[str, bool] = ("flow", False)
    """A column of the flow list, and whether its order is turned round."""
    filter: str = ""
    """One that can be parsed; empty for none."""
    keymap: Mapping[str, str] = field(default_factory=dict)
    """The user's keys, as ``App.set_keymap`` takes them."""
    themes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """The user's own themes, as the file has them."""


# ---- what options take --------------------------------------------------------------------------


class _Words(ParamType):
    """A text that has to be understood; the value is the text itself."""

    name = "text"
    takes_lists = False
    """Whether the file may have a list in place of words with commas between."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text, if it can be meant."""
        text = ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        wrong = self.wrong(text)
        if wrong:
            self.fail(wrong, param, ctx)
        return text

    def wrong(self, text: str) -> str:
        """What is wrong with a text, in a sentence; empty where nothing is."""
        raise NotImplementedError


class _Columns(_Words):
    """Columns of the flow list, and their widths."""

    name = "list"
    takes_lists = True

    def wrong(self, text: str) -> str:
        return next(filter(None, map(_wrong_column, _split(text))), "")


class _Sort(_Words):
    """A column of the flow list, and a direction."""

    def wrong(self, text: str) -> str:
        name, _, direction = text.partition(":")
        if direction not in _DIRECTIONS:
            return f"{direction!r} is no direction: asc or desc."
        return _unknown_column(name.strip())


class _Filter(_Words):
    """A filter of the flow list."""

    def wrong(self, text: str) -> str:
        from tui.filtering import FilterError, parse  # noqa: PLC0415 - most never need it

        try:
            parse(text)
        except FilterError as error:
            return f"{error} (at character {error.at + 1})."
        return ""


def _split(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _wrong_column(word: str) -> str:
    name, colon, cells = word.partition(":")
    if colon and not (cells.isascii() and cells.isdecimal() and _LEAST <= int(cells) <= _MOST):
        return f"{word!r}: a width is a number from {_LEAST} to {_MOST}."
    return _unknown_column(name)


def _unknown_column(name: str) -> str:
    from tui.columns import BY_ID  # noqa: PLC0415 - other commands start without rich

    if name in BY_ID:
        return ""
    hint = nearest(name, BY_ID) or f"Columns: {', '.join(BY_ID)}"
    return f"There is no column called {name!r}. {hint}"


def columns(text: str) -> tuple[Choice, ...]:
    """All columns as a text that has been checked wants them."""
    from tui.columns import Choice, completed  # noqa: PLC0415 - other commands start without rich

    words = [word.partition(":") for word in _split(text)]
    said = {name: Choice(name, cells=int(cells or 0)) for name, _, cells in words}
    return completed(said.values()) if said else _usual()


def usual_columns() -> str:
    """Those that are shown where nothing is said, in the words of the option."""
    return ",".join(each.column for each in _usual() if each.shown)


def sort(text: str) -> tuple[str, bool]:
    """A column, and whether its order is turned round."""
    name, _, direction = text.partition(":")
    return name.strip(), _DIRECTIONS[direction]


# ---- the options --------------------------------------------------------------------------------

OPTIONS: Final = (
    click.option(
        "--theme", metavar="NAME", default=AUTO, show_default=True,
        help="The colours: seamark, seamark-light, high-contrast, terminal (its own 16), one of "
             "Textual's, or one of yours; auto takes what suits the terminal.",
    ),
    click.option("--no-color", is_flag=True, help="No colours, as with NO_COLOR set."),
    click.option(
        "--ascii/--unicode", default=None,
        help="Draw with ASCII alone, or with lines and arrows; as a rule the terminal decides.",
    ),
    click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal."),
    click.option(
        "--rate", type=click.Choice(list(RATES)), default=AUTO, show_default=True,
        help="How often to repaint: fast is ten times a second, slow twice; auto is slow inside "
             "ssh.",
    ),
    click.option("--privacy", is_flag=True, help="Begin with addresses and names hidden."),
    click.option(
        "--columns", type=_Columns(), metavar="LIST", default=usual_columns,
        help="The columns of the flow list, with commas between, each with a width if wanted: "
             "severity,client:20,outcome.",
    ),
    click.option(
        "--sort", type=_Sort(), metavar="COLUMN[:desc]", default="flow", show_default=True,
        help="The column by which flows are sorted.",
    ),
    click.option(
        "--filter", type=_Filter(), metavar="TEXT", default="",
        help="List only the flows that this filter wants.",
    ),
    click.option("--tail", is_flag=True, help="Keep the cursor on the last flow as new ones come."),
)  # fmt: skip

NAMES: Final = (
    "theme", "no_color", "ascii", "no_mouse", "rate", "privacy", "columns", "sort", "filter",
    "tail",
)  # fmt: skip
"""Their names as arguments, and in the file."""

LOOKS: Final = NAMES[:6]
"""Those that are not about the list of flows."""


def screen_options(command: Command) -> Command:
    """Add ``OPTIONS`` to a command."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def look_options(command: Command) -> Command:
    """Add those of ``OPTIONS`` that are not about the list of flows."""
    for option in reversed(OPTIONS[: len(LOOKS)]):
        command = option(command)
    return command


def as_words_alone(command: click.Command) -> click.Command:
    """Let a command's ``OPTIONS`` be no settings of its own: their table in the file is another."""
    for each in command.params:
        if isinstance(each, click.Option) and each.name in NAMES:
            each.allow_from_autoenv = False
    return command
