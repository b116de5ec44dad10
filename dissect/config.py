"""The user's configuration file: defaults for options, by command.

``$XDG_CONFIG_HOME/seamark/config.toml`` (or ``~/.config/seamark/config.toml``) has a table for
each command, with the long names of its options, ``_`` for ``-``:

    [scan]
    format = "jsonl"
    min_severity = "low"
    port = [26]
"""

from __future__ import annotations

import difflib
import os
import tomllib
from pathlib import Path
from typing import Any

import click

from dissect.errors import UsageError


def path() -> Path:
    """Where the file is, or would be."""
    folder = os.environ.get("XDG_CONFIG_HOME") or str(Path("~/.config").expanduser())
    return Path(folder, "seamark", "config.toml")


def defaults(group: click.Group) -> dict[str, Any]:
    """What the file says, as click takes defaults; empty where there is none.

    Raises:
        UsageError: if it is no TOML, or names a command or an option that there is not.
    """
    file = path()
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}", "Mend it or move it away.") from error
    for command, options in table.items():
        _check(file, group, command, options)
    return table


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
            near = difflib.get_close_matches(option, known, 1)
            hint = f"Did you mean {near[0]}?" if near else f"Options: {', '.join(known)}"
            raise UsageError(f"{file}: {name} has no option {option!r}.", hint)
