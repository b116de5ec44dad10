"""A configuration file with all that can be said, none of which is said yet.

A setting is a line that begins with ``#`` and its name; without that sign it says what holds
anyway, as far as there is a word for it.  All else behind a ``#`` and a blank is explanation.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

import click

from dissect.config import check, tables, toml
from dissect.detect.policy import DEFAULT
from dissect.detect.registry import RULES

WIDTH: Final = 90


class Entry(NamedTuple):
    """Something that can be set."""

    name: str
    value: Any
    about: str = ""


class Section(NamedTuple):
    """A table."""

    table: str
    about: str
    entries: tuple[Entry, ...]
    free: bool = False
    """Whether the table itself is one that there is only once it has been said."""


HEAD: Final = (
    "The settings of Seamark. A line that begins with # and a name is a setting with the value "
    "that holds anyway: take the # away to say otherwise. What the command line says wins over "
    "the environment, that over this file, and this file over what was chosen on the screen."
)


def sections(group: click.Group) -> list[Section]:
    """The tables of commands; that of the rules has what can be said of each."""
    return [section(name, each) for name, each in tables.commands(group).items()]


def section(table: str, command: click.Command) -> Section:
    """The table of one command."""
    context = click.Context(command)
    entries = tuple(
        Entry(name, _default(option, context), described(table, option))
        for name, option in tables.options(command).items()
    )
    about = f"{command.get_short_help_str(WIDTH).rstrip('.')}."
    return Section(table, about, (*entries, *(_rules() if table == tables.RULES else ())))


def _default(option: click.Option, context: click.Context) -> Any:
    """What holds where nothing is said; the nearest word where there is none for it."""
    value = option.get_default(context)
    if option.multiple:
        return list(value) if isinstance(value, list | tuple) else []
    if isinstance(value, str | int | float):
        return value
    return False if option.is_flag else ""


def described(table: str, option: click.Option) -> str:
    """What an option is for, what it takes, and its name in the environment."""
    parts = [option.help or "", check.values(option)]
    said = " ".join(f"{part.rstrip('.')}." for part in parts if part)
    return f"{said} {tables.variable(table, option.name or '')}"


def _rules() -> Iterator[Entry]:
    """A line for each rule, in the order of the registry."""
    for rule in RULES:
        name = rule.info.name
        treatment = {"severity": str(DEFAULT[name].severity), "once": False, "mute": False}
        yield Entry(name, treatment, f"{rule.info.summary}.")


def text(listed: Iterable[Section]) -> Iterator[str]:
    """The file's lines."""
    yield from _comment(HEAD)
    for section in listed:
        yield ""
        yield from _comment(section.about)
        yield ("#" if section.free else "") + toml.table(section.table)
        for entry in section.entries:
            yield from _comment(entry.about)
            yield f"#{toml.name(entry.name)} = {toml.value(entry.value)}"


def _comment(about: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(about, WIDTH, break_on_hyphens=False)]
