"""The user's configuration file: defaults for options, by command, and the treatment of rules.

``$XDG_CONFIG_HOME/seamark/config.toml`` (or ``~/.config/seamark/config.toml``) has a table for
each command, with the long names of its options, ``_`` for ``-``, and one for each rule that is
to be reported otherwise than it is by default; the screen's own options stand in ``[tui]``, and
there are tables that only the screen understands:

    [scan]
    format = "jsonl"
    min_severity = "low"
    port = [26]

    [rules.split-command]
    severity = "low"
    once = true

    [tui]
    theme = "high-contrast"

What is wrong is found by ``check`` and told one by one; a command refuses the first of it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

from dissect.config import check, tables
from dissect.detect import policy

FREE: Final = frozenset({"config", "doctor", "-h", "--help", "--version"})
"""First words that are obeyed whatever the file says: for mending it, or for asking how."""


class Said(NamedTuple):
    """What the file says."""

    defaults: dict[str, Any]
    """As click takes defaults; empty where there is no file."""
    table: policy.Table


NOTHING: Final = Said({}, policy.DEFAULT)
"""What no file says."""


def path() -> Path:
    """Where the file is, or would be."""
    folder = os.environ.get("XDG_CONFIG_HOME") or str(Path("~/.config").expanduser())
    return Path(folder, "seamark", "config.toml")


def read(group: click.Group) -> Said:
    """What the file says.

    Raises:
        UsageError: if it is no TOML, or it or the environment names a command, an option or a
            rule that there is not, or gives an option what it does not take.
    """
    file = path()
    said = tables.load(file)
    problems = [*check.problems(group, said), *check.environment(group, os.environ)]
    for problem in problems:
        if not problem.harmless:
            raise problem.refusal(str(file))
    return understood(said)


def understood(said: Mapping[str, Any]) -> Said:
    """What tables without problems say."""
    rules = tables.of_rules(said)
    return Said(tables.defaults(said), policy.parse(str(path()), rules))


def table(context: click.Context, name: str) -> Mapping[str, Any]:
    """What the file says in a table that is no command's."""
    found = (context.find_root().default_map or {}).get(name)
    return found if isinstance(found, Mapping) else {}
