"""Every setting with its value, and where that comes from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final, NamedTuple

import click
from click.core import ParameterSource

from dissect.config import tables, toml
from dissect.detect.policy import Table

DEFAULT: Final = "default"
FILE: Final = "file"
ENVIRONMENT: Final = "environment"
COMMAND_LINE: Final = "command line"
DETECTED: Final = "detected"
SCREEN: Final = "screen"
"""Chosen on the screen, and remembered."""

_SOURCES: Final = {
    ParameterSource.COMMANDLINE: COMMAND_LINE,
    ParameterSource.ENVIRONMENT: ENVIRONMENT,
    ParameterSource.DEFAULT_MAP: FILE,
}
_VALUES: Final = 44
"""The column at which sources stand, where values leave room."""


class Setting(NamedTuple):
    """One setting as it is now."""

    table: str
    option: str
    value: Any
    source: str
    variable: str = ""
    """Its name in the environment, where it has one."""

    def written(self) -> str:
        """A line of the file, with the source behind it."""
        said = f"{toml.name(self.option)} = {toml.value(self.value)}"
        named = f" {self.variable}" if self.source == ENVIRONMENT else ""
        return f"{said:<{_VALUES}}  # {self.source}{named}"

    def fields(self) -> dict[str, Any]:
        """For programs."""
        return {"type": "setting"} | self._asdict()


def of_command(
    table: str, command: click.Command, words: Sequence[str], root: click.Context
) -> list[Setting]:
    """The options of a command, if it were called with some words.

    Raises:
        click.ClickException: if it cannot be called so.
    """
    name = next((name for name, each in tables.NAMES.items() if each == table), table)
    context = command.make_context(name, [*words, *_missing(command)], parent=root)
    return [
        Setting(
            table, option, _plain(context.params.get(option)), _source(context, option),
            tables.variable(table, option),
        )
        for option in tables.options(command)
    ]  # fmt: skip


def _missing(command: click.Command) -> list[str]:
    """Words for what has to be there, and is no setting."""
    needed = [each for each in command.params if isinstance(each, click.Argument) and each.required]
    return ["--", *("-" for _ in needed)] if needed else []


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _source(context: click.Context, option: str) -> str:
    found = context.get_parameter_source(option)
    return _SOURCES.get(found, DEFAULT) if found is not None else DEFAULT


def of_rules(table: Table, said: Mapping[str, Any]) -> list[Setting]:
    """How each rule is reported, and which of them the file speaks of."""
    return [
        Setting(
            tables.RULES, name,
            {"severity": str(rule.severity), "once": rule.once, "mute": rule.mute},
            FILE if name in said else DEFAULT,
        )
        for name, rule in table.items()
    ]  # fmt: skip


def text(settings: Iterable[Setting]) -> Iterator[str]:
    """Lines that could stand in the file."""
    for table, group in groupby(settings, lambda each: each.table):
        yield toml.table(table)
        yield from (each.written() for each in group)
        yield ""


def lines(settings: Iterable[Setting]) -> Iterator[str]:
    """For programs: one JSON object a line."""
    return (json.dumps(each.fields(), separators=(",", ":")) for each in settings)
