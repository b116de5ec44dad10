"""The tables of the file, and which command each belongs to."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from dissect.errors import UsageError

RULES: Final = "rules"
"""The table that holds those of the rules, and the options of the command of that name."""

KEYS: Final = "keys"
THEMES: Final = "themes"
SCREENS: Final = (KEYS, THEMES)
"""Tables that only the screen understands."""

TUI: Final = "tui"
OPEN: Final = "open"
NAMES: Final = {OPEN: TUI}
"""Commands whose table is not called as they are: this one has no name that anybody types."""

WITHOUT: Final = frozenset({"doctor"})
"""Commands without a table: this one looks whether the file is right, and takes nothing from it."""


def commands(group: click.Group) -> dict[str, click.Command]:
    """The commands that have options, by the name of their table."""
    return {
        NAMES.get(name, name): command
        for name, command in group.commands.items()
        if options(command) and not isinstance(command, click.Group) and name not in WITHOUT
    }


def options(command: click.Command) -> dict[str, click.Option]:
    """What can be set of a command, by its name in the file; not what only its words can say."""
    return {
        each.name: each
        for each in command.params
        if isinstance(each, click.Option) and each.name and _is_setting(each)
    }


def _is_setting(option: click.Option) -> bool:
    return option.expose_value and option.allow_from_autoenv


def variable(table: str, option: str) -> str:
    """The name of an option in the environment."""
    return f"SEAMARK_{table}_{option}".upper()


def text(option: click.Option, value: str) -> Any:
    """A value from the environment, which for several has several words."""
    return option.type.split_envvar_value(value) if option.multiple else value


def load(file: Path) -> dict[str, Any]:
    """The tables of a file; none where there is no file.

    Raises:
        UsageError: if it cannot be read, or is no TOML.
    """
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{file} cannot be read: {error}", "Mend it or move it away.") from error


def of_rules(said: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The tables of rules, without the options of the command ``rules``."""
    both = said.get(RULES)
    if not isinstance(both, dict):
        return {}
    return {name: words for name, words in both.items() if isinstance(words, dict)}


def defaults(said: Mapping[str, Any]) -> dict[str, Any]:
    """The tables as click takes defaults: by command, and without those of the rules."""
    rules = of_rules(said)
    by_command = {name: said[table] for name, table in NAMES.items() if table in said}
    kept = {name: words for name, words in said.items() if name not in NAMES.values()}
    if isinstance(said.get(RULES), dict):
        kept[RULES] = {name: each for name, each in said[RULES].items() if name not in rules}
    return kept | by_command
