"""The tables of the file that the screen has: what they hold now, and what they could."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from dissect.config import shown
from dissect.config.shown import Setting
from dissect.config.tables import KEYS, THEMES, TUI
from dissect.config.template import Entry, Section
from tui import keymap, keys, terminal
from tui.actions import ACTIONS
from tui.own_themes import BASE
from tui.theme import COLOURS, DEFAULT, SEAMARK

if TYPE_CHECKING:
    from tui.state import Chosen

ABOUT_KEYS: Final = (
    'Keys: a key, a list of keys, or "" for none, for each action. Digits are numbers before '
    "another key. What shall hold on one screen alone stands in a table of that screen, such as "
    f"[{KEYS}.ladder]. Screens: {', '.join(keymap.SCREENS)}."
)
ABOUT_THEMES: Final = (
    f"A theme of your own: another one, said by {BASE}, with some other colours. Choose it with "
    f'theme = "mine" in [{TUI}].'
)


def screens() -> list[Section]:
    """The tables that only the screen has, for the template."""
    actions = tuple(
        Entry(action.id, _value(keymap.usual(action.id)), f"{action.help} ({_where(action.where)})")
        for action in ACTIONS
    )
    colours = [Entry(name, SEAMARK[name], _sentence(each.what)) for name, each in COLOURS.items()]
    base = Entry(BASE, DEFAULT, "The theme whose colours hold where none is said.")
    return [
        Section(KEYS, ABOUT_KEYS, actions),
        Section(f"{THEMES}.mine", ABOUT_THEMES, (base, *colours), free=True),
    ]


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


def _where(screens_: tuple[str, ...]) -> str:
    return "everywhere" if screens_ == keymap.SCREENS else ", ".join(screens_)


def _value(words: tuple[str, ...]) -> Any:
    """Keys in the shortest way that the file has for them."""
    return list(words) if words[1:] else "".join(words)


def settings(file: Mapping[str, Any]) -> Iterator[Setting]:
    """The keys of all actions, those of single screens, and the user's themes.

    Args:
        file: its tables, in which nothing is wrong.
    """
    said = file.get(KEYS, {})
    for action in ACTIONS:
        mine = action.id in said and not isinstance(said[action.id], dict)
        value = _written(said[action.id]) if mine else _value(keymap.usual(action.id))
        yield Setting(KEYS, action.id, value, shown.FILE if mine else shown.DEFAULT)
    for where, words in said.items():
        for name, value in words.items() if isinstance(words, dict) else ():
            yield Setting(f"{KEYS}.{where}", name, _written(value), shown.FILE)
    for theme, words in file.get(THEMES, {}).items():
        for name, value in words.items():
            yield Setting(f"{THEMES}.{theme}", name, value, shown.FILE)


def _written(said: Any) -> Any:
    """Keys as they are written everywhere else."""
    words = said if isinstance(said, list) else [said]
    return _value(tuple(keys.written(keys.read(word)) for word in words if word))


def resolved(every: Iterable[Setting], remembered: Chosen) -> Iterator[Setting]:
    """With what was chosen on the screen, and what the terminal decides."""
    words = _chosen(remembered)
    for each in every:
        if each.table != TUI or each.source != shown.DEFAULT:
            yield each
        elif words.get(each.option) is not None:
            yield each._replace(value=words[each.option], source=shown.SCREEN)
        elif each.value is None:
            yield each._replace(value=terminal.ascii_only(), source=shown.DETECTED)
        else:
            yield each


def _chosen(remembered: Chosen) -> dict[str, str | None]:
    """What was chosen on the screen, in the words of the options."""
    columns, sort = remembered.columns, remembered.sort
    shown_ = [each for each in columns or () if each.shown]
    words = (f"{each.column}:{each.cells}" if each.cells else each.column for each in shown_)
    return {
        "columns": ",".join(words) if columns else None,
        "sort": None if sort is None else f"{sort[0]}:desc" if sort[1] else sort[0],
        "theme": remembered.theme,
    }
