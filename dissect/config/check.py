"""What is wrong with the tables of the file, and with the environment: all of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import click

from dissect.config import tables
from dissect.config.problem import Problem
from dissect.detect import policy
from dissect.errors import UsageError


def problems(group: click.Group, said: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with some tables; those of ``tables.SCREENS`` are not looked into."""
    known = tables.commands(group)
    for name, words in said.items():
        if not isinstance(words, dict) or name not in {*known, *tables.SCREENS}:
            yield _no_table(name, words, known)
        elif name in known:
            yield from _options(name, words, known[name])
    yield from _rules(tables.of_rules(said))


def environment(group: click.Group, environ: Mapping[str, str]) -> Iterator[Problem]:
    """Variables that would be ignored in silence.

    What an option does not take is told when it is used: another command may never ask.
    """
    for table, command in tables.commands(group).items():
        known = [tables.variable(table, option) for option in tables.options(command)]
        start = tables.variable(table, "")
        for name in sorted(environ):
            if name.startswith(start) and name not in known:
                yield _no_variable(name, table, known)
    yield from _other_spelling(environ)


def _no_variable(name: str, table: str, known: list[str]) -> Problem:
    what = f"there is no setting called {name}."
    hint = policy.nearest(name, known) or f"Settings: {', '.join(known)}"
    return Problem(table, "", what, hint, place="environment")


def _other_spelling(environ: Mapping[str, str]) -> Iterator[Problem]:
    """Variables called by the command's name and not by its table's."""
    for command, table in tables.NAMES.items():
        wrong, right = tables.variable(command, ""), tables.variable(table, "")
        for name in sorted(environ):
            if name.startswith(wrong):
                what = f"there is no setting called {name}."
                hint = f"Did you mean {right}{name.removeprefix(wrong)}?"
                yield Problem(table, "", what, hint, place="environment")


def _no_table(name: str, words: object, known: Mapping[str, click.Command]) -> Problem:
    every = [*known, *tables.SCREENS]
    if name in every:
        hint = f"A table begins with [{name}]. Tables: {', '.join(every)}"
        return Problem(name, "", f"{name!r} is no table, but {_value(words)}.", hint)
    meant = f"Did you mean {tables.NAMES[name]}?" if name in tables.NAMES else ""
    hint = meant or policy.nearest(name, every) or f"Tables: {', '.join(every)}"
    return Problem(name, "", f"{name!r} is no table of a command.", hint)


def _options(name: str, said: Mapping[str, Any], command: click.Command) -> Iterator[Problem]:
    known = tables.options(command)
    context = click.Context(command, info_name=name)
    for option, value in said.items():
        if option in known:
            yield from _value_problems(name, known[option], value, context)
        elif not (name == tables.RULES and isinstance(value, dict)):
            yield _no_option(name, option, known)


def _no_option(name: str, option: str, known: Mapping[str, click.Option]) -> Problem:
    hint = policy.nearest(option, known) or f"Options: {', '.join(known)}"
    if name == tables.RULES and option in policy.DEFAULT:
        hint = f"What is said of a rule stands in a table: [rules.{option}]"
    elif option.replace("-", "_") in known:
        hint = f"Did you mean {option.replace('-', '_')}?"
    return Problem(name, option, f"{name} has no option {option!r}.", hint)


def _value_problems(
    table: str, option: click.Option, value: object, context: click.Context
) -> Iterator[Problem]:
    """What is wrong with a value, if anything."""
    name = option.name or ""
    wrong = shape(option, value) or _refusal(option, value, context)
    if wrong:
        yield Problem(table, name, f"{table}.{name} cannot be {_value(value)}.", wrong)


def shape(option: click.Option, value: object) -> str:
    """What an option takes, where that is another kind of value."""
    if option.multiple:
        return "" if isinstance(value, list) else f"It is a list: [{_value(value)}]"
    if option.is_flag:
        return "" if isinstance(value, bool) else "Values: true, false"
    listed = isinstance(value, list) and getattr(option.type, "takes_lists", False)
    if listed or (isinstance(value, str | int | float) and not isinstance(value, bool)):
        return ""
    return values(option) or "It is one word or number."


def _refusal(option: click.Option, value: object, context: click.Context) -> str:
    """What the option's type has against a value."""
    try:
        option.type_cast_value(context, value)
    except click.BadParameter as error:
        return values(option) or error.message
    return ""


def values(option: click.Option) -> str:
    """The values that can be meant, where they can be listed."""
    if isinstance(option.type, click.Choice):
        return f"Values: {', '.join(json.dumps(str(each)) for each in option.type.choices)}"
    return "Values: true, false" if option.is_flag else ""


def _value(value: object) -> str:
    return repr(value) if not isinstance(value, bool) else str(value).lower()


def _rules(said: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    """What is wrong with what is said of rules, word by word."""
    for rule, words in said.items():
        parts = [{key: value} for key, value in words.items()] if rule in policy.DEFAULT else [{}]
        for part in parts:
            yield from _rule(rule, part)


def _rule(rule: str, said: Mapping[str, Any]) -> Iterator[Problem]:
    try:
        policy.parse("", {rule: said})
    except UsageError as error:
        what = error.what.removeprefix(": ")
        yield Problem(f"{tables.RULES}.{rule}", next(iter(said), ""), what, error.remedy)
