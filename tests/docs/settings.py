"""The tables of docs/settings.md: made from options, actions, columns and themes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from dissect.config import check, tables, template, toml
from tui import keymap
from tui.actions import ACTIONS
from tui.columns import COLUMNS
from tui.theme import COLOURS, GROUNDS, OWN, SEAMARK, TERMINAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ABOUT: Final = {
    "seamark": "dark, with one accent and a colour for each severity",
    "seamark-light": "the same on a light ground",
    "high-contrast": "black, and colours that differ from it by 7:1 at least",
    "terminal": "the terminal's own 16 colours, on its own background",
}
"""What our themes are."""


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Rows under a head, in Markdown."""
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *map(list, rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def code(words: str) -> str:
    """Words as they are typed, within a table."""
    fence = "``" if "`" in words else "`"
    return f"{fence}{words}{fence}".replace("|", "\\|") if words else ""


def prose(words: str) -> str:
    """Words within a table, where Markdown takes nothing for its own."""
    return "".join(f"\\{each}" if each in "\\|*_<>[]`" else each for each in words)


def options(group: click.Group, name: str) -> str:
    """The options of a command: its flags, its words in the file, values, default, meaning."""
    command = tables.commands(group)[name]
    entries = {entry.name: entry.value for entry in template.section(name, command).entries}
    rows = [
        (
            code(_flags(option)),
            code(option_name),
            _values(option),
            "detected" if option.default is None else code(toml.value(entries[option_name])),
            prose(option.help or ""),
        )
        for option_name, option in tables.options(command).items()
    ]
    return table(("option", f"in [{name}]", "values", "default", "meaning"), rows)


def _flags(option: click.Option) -> str:
    metavar = option.metavar or ""
    names = ", ".join(option.opts)
    off = "".join(f" / {name}" for name in option.secondary_opts)
    return f"{names}{off}{f' {metavar}' if metavar and not option.is_flag else ''}"


def _values(option: click.Option) -> str:
    """The words that can be meant; empty where they cannot be listed."""
    listed = check.values(option).removeprefix("Values: ").replace('"', "")
    many = "a list" if option.multiple else ""
    return ", ".join(code(word) for word in listed.split(", ") if word) or many


def columns(_group: click.Group) -> str:
    """The columns of the flow list."""
    rows = [
        (code(each.id), prose(each.title), _cells(each.least, each.most), _yes(each.usual))
        for each in COLUMNS
    ]
    return table(("column", "title", "cells", "shown at first"), rows)


def _cells(least: int, most: int) -> str:
    return f"{least}" if least == most else f"{least} to {most}"


def _yes(fact: bool) -> str:  # noqa: FBT001 - it is the whole question
    return "yes" if fact else ""


def actions(_group: click.Group) -> str:
    """All actions: their names in the file, their keys, and where they are."""
    rows = [
        (
            code(each.id),
            " ".join(code(key) for key in keymap.usual(each.id)),
            ", ".join(each.where) if each.where != keymap.SCREENS else "everywhere",
            prose(each.help),
        )
        for each in ACTIONS
    ]
    return table(("action", "keys", "screens", "what it does"), rows)


def screens(_group: click.Group) -> str:
    """The names of the screens."""
    return ", ".join(code(each) for each in keymap.SCREENS) + "."


def themes(_group: click.Group) -> str:
    """Our own themes."""
    assert set(ABOUT) == set(OWN)
    return table(("theme", "what it is"), ((code(name), ABOUT[name]) for name in OWN))


def textuals(_group: click.Group) -> str:
    """The names of Textual's themes."""
    from textual.theme import BUILTIN_THEMES  # noqa: PLC0415 - only here

    return ", ".join(code(name) for name in BUILTIN_THEMES) + "."


def colours(_group: click.Group) -> str:
    """What a theme colours."""
    rows = [
        (code(name), "ground" if name in GROUNDS else "words", each.what,
         code(SEAMARK[name]), code(TERMINAL[name]))
        for name, each in COLOURS.items()
    ]  # fmt: skip
    return table(("colour", "of", "what it is", "in seamark", "in terminal"), rows)


PARTS: Final[dict[str, Callable[[click.Group], str]]] = {
    "options tui": lambda group: options(group, "tui"),
    "options scan": lambda group: options(group, "scan"),
    "options export": lambda group: options(group, "export"),
    "options report": lambda group: options(group, "report"),
    "options split": lambda group: options(group, "split"),
    "options live": lambda group: options(group, "live"),
    "options log": lambda group: options(group, "log"),
    "options compare": lambda group: options(group, "compare"),
    "options rules": lambda group: options(group, "rules"),
    "columns": columns,
    "screens": screens,
    "actions": actions,
    "themes": themes,
    "textuals": textuals,
    "colours": colours,
}
"""The name of each part of the page, and what makes it."""
