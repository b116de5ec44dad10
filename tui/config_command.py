"""``seamark config``: what is set and where, what is wrong with it, and what could be said."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click

from dissect import cli, config
from dissect.config import check, shown, tables, template
from dissect.config.problem import Problem
from dissect.detect.policy import nearest
from dissect.errors import UsageError
from tui import terminal

FORMATS: Final = click.option(
    "--format", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="Text for people; for programs one JSON object a line.",
)  # fmt: skip

WRONG: Final = 2


@click.group("config")
def config_() -> None:
    """Show the settings, check them, or write a file to begin with.

    Settings are said on the command line, in the environment as SEAMARK_*, and in a file; what
    stands first in this list wins.
    """


@config_.command("path")
def path_() -> None:
    """Print where the file is, or would be."""
    _print([str(config.path())])


@config_.command(context_settings={"ignore_unknown_options": True})
@FORMATS
@click.argument("table", required=False)
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[OPTION]...")
@click.pass_context
def show(context: click.Context, /, table: str | None, words: tuple[str, ...], **how: Any) -> None:
    """Print every setting with its value, and where that comes from.

    TABLE is one of the file's, such as scan, tui, rules or keys; without it all are shown. Behind
    the name of a command its options are taken as if it were called with them; behind -- also
    those that are called like the ones of this command.

    Exit codes: 0, or 2 where something is wrong with the settings.
    """
    root = context.find_root()
    commands = tables.commands(_group(root))
    _check_table(table, words, commands)
    root.default_map = config.read(_group(root)).defaults
    wanted = {table: commands[table]} if table in commands else {} if table else commands
    every = [
        *(
            each
            for name, one in wanted.items()
            for each in shown.of_command(name, one, words, root)
        ),
        *(each for each in _others() if table in {None, each.table.partition(".")[0]}),
    ]
    _print((shown.lines if how["format"] == "json" else shown.text)(_resolved(every)))


@config_.command()
@FORMATS
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.pass_context
def validate(context: click.Context, /, file: Path | None, **how: Any) -> None:
    """Print all that is wrong with a file, ours unless FILE names another.

    Exit codes: 0 for a file that can be used, or where there is none and none was named; 2 for
    errors.
    """
    place = file or config.path()
    if not place.exists():
        if file is not None:
            raise UsageError(f"no file at {place}", "seamark config template prints one.")
        _print([f"no file at {place}"] if how["format"] == "text" else [])
        return
    found = list(problems(_group(context.find_root()), place))
    _print(_told(found, str(place), how["format"]))
    context.exit(0 if all(each.harmless for each in found) else WRONG)


@config_.command("template")
@click.pass_context
def template_(context: click.Context) -> None:
    """Print a file with every setting, its meaning and its default, none of them in force."""
    terminal.prepare()
    from tui.sections import screens  # noqa: PLC0415 - Textual reads its switches at import

    _print(template.text([*template.sections(_group(context.find_root())), *screens()]))


def problems(group: click.Group, file: Path) -> Iterator[Problem]:
    """All that is wrong with a file."""
    terminal.prepare()
    from tui import chosen  # noqa: PLC0415 - Textual reads its switches at import

    try:
        said = tables.load(file)
    except UsageError as error:
        yield Problem("", "", error.what.removeprefix(f"{file} "), error.remedy)
        return
    yield from check.problems(group, said)
    yield from chosen.problems(said)


def _check_table(
    name: str | None, words: tuple[str, ...], commands: Mapping[str, click.Command]
) -> None:
    """Refuse a table that there is not, and options of what takes none."""
    known = [*commands, *tables.SCREENS]
    if name is not None and name not in known:
        hint = nearest(name, known) or f"Tables: {', '.join(known)}"
        raise UsageError(f"There is no table called {name!r}.", hint)
    if words and name not in commands:
        raise UsageError(f"{name} is no command, and takes no options.", "Leave them out.")


def _others() -> Iterator[shown.Setting]:
    """The settings that are no options: of the rules, and of the screen."""
    terminal.prepare()
    from tui import chosen, sections  # noqa: PLC0415 - Textual reads its switches at import

    said = tables.load(config.path())
    chosen.refuse(chosen.problems(said))
    yield from shown.of_rules(config.understood(said).table, tables.of_rules(said))
    yield from sections.settings(said)


def _resolved(every: list[shown.Setting]) -> Iterator[shown.Setting]:
    """With what was chosen on the screen, and tables as wholes."""
    from tui import chosen, sections  # noqa: PLC0415 - Textual reads its switches at import
    from tui.state import Chosen, State  # noqa: PLC0415

    first = {each.table: at for at, each in reversed(list(enumerate(every)))}
    together = sorted(every, key=lambda each: first[each.table])
    own = tables.load(config.path()).get(tables.THEMES, {})
    before = chosen.remembered(State.load().chosen, Chosen._fields, own)
    return sections.resolved(together, before)


def _told(found: list[Problem], file: str, form: str) -> list[str]:
    """The problems as text or JSON; good news only as text."""
    if form == "json":
        return [json.dumps(each.fields(file), separators=(",", ":")) for each in found]
    return [each.written(file) for each in found] or [f"{file}: nothing is wrong"]


def _group(root: click.Context) -> click.Group:
    assert isinstance(root.command, click.Group)
    return root.command


def _print(lines: Iterable[str]) -> None:
    cli.take_any_text()
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()
