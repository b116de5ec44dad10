"""From all that was said to what the screen is made of: flags, file, and what was chosen before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from click.core import ParameterSource

from dissect import config
from dissect.config.tables import KEYS, OPEN, THEMES, TUI
from dissect.errors import UsageError
from tui import keymap, own_themes, settings, terminal
from tui.columns import completed, with_column
from tui.state import Chosen
from tui.theme import DEFAULT, NAMES, known

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    import click

    from dissect.config.problem import Problem
    from tui.state import State

_LOG: Final = "log"
_SAID: Final = frozenset({
    ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT, ParameterSource.DEFAULT_MAP,
})  # fmt: skip


def screen(
    context: click.Context, said: Mapping[str, Any], state: State, *, logged: bool = False
) -> settings.Screen:
    """What the user has set of the screen.

    Args:
        context: that of the command, which knows where each option comes from.
        said: the options of ``settings.NAMES``.
        state: what was chosen on the screen before; it counts where nothing else is said.
        logged: whether there are mail logs; their column is shown then, unless others were said.

    Raises:
        UsageError: for the first thing that cannot be meant.
    """
    file = {name: config.table(context, name) for name in (KEYS, THEMES)}
    file[TUI] = config.table(context, OPEN)
    refuse(problems(file))
    themes = file[THEMES]
    not_said = {name for name in said if context.get_parameter_source(name) not in _SAID}
    before = remembered(state.chosen, not_said, themes)
    columns = completed(before.columns) if before.columns else settings.columns(said["columns"])
    if logged and "columns" in not_said:
        columns = with_column(columns, _LOG)
    colour = not (said["no_color"] or terminal.colourless())
    theme = _theme(before.theme or said["theme"], themes)
    return settings.Screen(
        theme=theme if colour else terminal.BARE,
        ascii_only=terminal.ascii_only() if said["ascii"] is None else said["ascii"],
        mouse=not said["no_mouse"],
        colour=colour,
        low_rate=terminal.low_rate(slow=settings.RATES[said["rate"]]),
        privacy=said["privacy"],
        tail=said["tail"],
        columns=columns,
        sort=before.sort or settings.sort(said["sort"]),
        filter=said["filter"],
        keymap=keymap.parse(file[KEYS]).bindings(),
        themes=themes,
    )


def remembered(chosen: Chosen, names: Collection[str], own: Mapping[str, Any]) -> Chosen:
    """What was chosen of some options, without a theme that is gone or needs more colours.

    Args:
        chosen: what was.
        names: the options for which nothing else is said.
        own: the user's themes.
    """
    kept = {name: None for name in Chosen._fields if name not in names}
    if chosen.theme is not None and not _suits(chosen.theme, own):
        kept["theme"] = None
    return chosen._replace(**kept)


def problems(tables: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with what only the screen understands."""
    keys, themes, options = (_table(tables, name) for name in (KEYS, THEMES, TUI))
    yield from keymap.parse(keys).problems
    yield from own_themes.problems(themes)
    wrong = own_themes.wrong_choice(str(options.get("theme", settings.AUTO)), themes)
    if wrong is not None:
        yield wrong


def refuse(found: Iterable[Problem]) -> None:
    """Tell the first error among what is wrong with the file.

    Raises:
        UsageError: if there is one.
    """
    for problem in found:
        if not problem.harmless:
            raise problem.refusal(str(config.path()))


def _table(tables: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    words = tables.get(name)
    return words if isinstance(words, dict) else {}


def _theme(name: str, own: Mapping[str, Any]) -> str:
    """The theme to begin with.

    Raises:
        UsageError: if there is none that is called so.
    """
    wrong = own_themes.wrong_choice(name, own)
    if wrong is not None:
        raise UsageError(f"There is no theme called {name!r}.", wrong.hint)
    return terminal.theme() if name == settings.AUTO else name


def _suits(name: str, own: Mapping[str, Any]) -> bool:
    """Whether a theme that was chosen before is still there, and has colours for here."""
    base = own[name].get(own_themes.BASE, DEFAULT) if name in own else name
    few = terminal.colours() in {terminal.NONE, terminal.STANDARD}
    return base in NAMES and (known(base).ansi or not few)
