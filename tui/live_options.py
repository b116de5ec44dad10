"""Options of ``seamark live`` for what runs beside the watch: evidence, a command, a bell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from dissect import cli
from dissect.commands.size import Size
from dissect.detect.finding import Severity
from dissect.errors import UsageError
from dissect.live import Beside, Keeping
from dissect.live.evidence import FILES
from dissect.live.tail import refuse_fixed
from dissect.maillog.zone import zone
from dissect.source import hook
from dissect.source.folder import SIZE

Command = TypeVar("Command", bound=Callable[..., Any])

DAMAGED: Final = "damaged"
OPTIONS: Final = (
    click.option(
        "--keep-dir", metavar="DIR", default="",
        help="Write the packets of damaged flows there when they end, a pcapng for each.",
    ),
    click.option(
        "--keep", type=click.Choice([DAMAGED, "all", "none"]), default=DAMAGED, show_default=True,
        help="Which flows go to --keep-dir.",
    ),
    click.option(
        "--keep-severity", type=click.Choice(cli.SEVERITIES), default="medium", show_default=True,
        help="A flow is damaged where a rule fired that is at or above it.",
    ),
    click.option(
        "--keep-size", type=Size(), default=SIZE, show_default="1G",
        help="What the files in --keep-dir may take together; the oldest go first.",
    ),
    click.option(
        "--keep-files", type=click.IntRange(min=1), default=FILES, show_default=True, metavar="N",
        help="How many they may be.",
    ),
    click.option(
        "--on-finding", metavar="CMD", default="",
        help="Run this for each finding at or above --fail-on, without a shell, with the finding "
             "as a line of JSON on its standard input; ten at once, then one a second.",
    ),
    click.option("--bell", is_flag=True, help="Ring for findings at or above --fail-on."),
)  # fmt: skip


def beside_options(command: Command) -> Command:
    """Add ``OPTIONS`` to a command."""
    command = cli.log_options(command)
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def beside(context: click.Context, options: dict[str, Any], fail_on: str) -> Beside:
    """What those options and the logs say, taken out of ``options``, but for the bell.

    Raises:
        SeamarkError: if they contradict each other, the command is none, or a log cannot be
            followed.
    """
    said = {name: options.pop(f"keep_{name}") for name in ("severity", "size", "files")}
    logs, timezone = options.pop("logs"), options.pop("timezone")
    zone(timezone)
    for log in logs:
        refuse_fixed(log)
    folder, which = options.pop("keep_dir"), options.pop("keep")
    command = options.pop("on_finding")
    source = context.get_parameter_source("keep")
    if not folder and which != "none" and source is click.core.ParameterSource.COMMANDLINE:
        raise UsageError(f"--keep {which} needs a place.", "Name one: --keep-dir DIR")
    said["severity"] = Severity.parse(said["severity"])
    keeping = Keeping(folder=folder, which=which, **said) if folder and which != "none" else None
    return Beside(
        keeping=keeping,
        command=hook.words(command) if command else (),
        lowest=Severity.parse(fail_on),
        logs=logs,
        zone=timezone,
    )
