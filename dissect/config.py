"""The user's configuration file: defaults for options, by command, and the treatment of rules.

``$XDG_CONFIG_HOME/seamark/config.toml`` (or ``~/.config/seamark/config.toml``) has a table for
each command, with the long names of its options, ``_`` for ``-``, and one for each rule that is
to be reported otherwise than it is by default:

    [scan]
    format = "jsonl"
    min_severity = "low"
    port = [26]

    [rules.split-command]
    severity = "low"
    once = true
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

from dissect.detect import policy
from dissect.errors import UsageError

RULES: Final = "rules"
"""The table that holds those of the rules, and the options of the command of that name."""


class Said(NamedTuple):
    """What the file says."""

    defaults: dict[str, Any]
    """As click takes defaults; empty where there is no file."""
    table: policy.Table


def path() -> Path:
    """Where the file is, or would be."""
    folder = os.environ.get("XDG_CONFIG_HOME") or str(Path("~/.config").expanduser())
    return Path(folder, "seamark", "config.toml")


def read(group: click.Group) -> Said:
    """What the file says.

    Raises:
        UsageError: if it is no TOML, or names a command, an option or a rule that there is not.
    """
    file = path()
    tables = _tables(file)
    rules = _take_rules(tables)
    for command, options in tables.items():
        _check(file, group, command, options)
    return Said(tables, policy.parse(str(file), rules))


def _tables(file: Path) -> dict[str, Any]:
    """The tables of the file; none where there is no file."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}", "Mend it or move it away.") from error


def _take_rules(tables: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Take the tables of rules from among the options of the command ``rules``."""
    both = tables.get(RULES)
    if not isinstance(both, dict):
        return {}
    taken = {name: words for name, words in both.items() if isinstance(words, dict)}
    tables[RULES] = {name: value for name, value in both.items() if name not in taken}
    return taken


def _check(file: Path, group: click.Group, name: str, options: object) -> None:
    """Refuse what would be ignored in silence."""
    command = group.commands.get(name)
    if command is None or not isinstance(options, dict):
        shown = [word for word, each in group.commands.items() if not each.hidden]
        raise UsageError(
            f"{file}: {name!r} is no table of a command.", f"Tables: {', '.join(shown)}"
        )
    known = [parameter.name or "" for parameter in command.params]
    for option in options:
        if option not in known:
            hint = policy.nearest(option, known) or f"Options: {', '.join(known)}"
            if name == RULES and option in policy.DEFAULT:
                hint = f"What is said of a rule stands in a table: [rules.{option}]"
            raise UsageError(f"{file}: {name} has no option {option!r}.", hint)
