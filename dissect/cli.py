"""The command line without a screen: options, exit codes, and ``seamark scan``.

Standard output is data, standard error is talk.  Every option can also be set in the
configuration file and by ``SEAMARK_*``; the command line wins, then the environment, then the
file.
"""

from __future__ import annotations

import gc
import os
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Self, TypeVar

import click

from dissect.detect.finding import Severity
from dissect.detect.policy import Policy, known
from dissect.errors import SeamarkError, UsageError
from dissect.pipeline import Settings
from dissect.report import FORMATS
from dissect.scan import Scan
from dissect.source import find_tshark

SEVERITIES: Final = [str(severity) for severity in Severity]

PATIENCE: Final = 1.0
"""Seconds before a progress bar appears."""

Command = TypeVar("Command", bound=Callable[..., Any])

OPTIONS: Final = (
    click.option(
        "--port", "ports", type=click.IntRange(1, 65535), multiple=True, metavar="PORT",
        help="A port that speaks SMTP, beside 25, 465, 587 and 2525 (repeatable).",
    ),
    click.option(
        "--rule", "only", multiple=True, metavar="NAME", help="Report only this rule (repeatable)."
    ),
    click.option(
        "--ignore", multiple=True, metavar="NAME", help="Do not report this rule (repeatable)."
    ),
    click.option(
        "--min-severity", "lowest", type=click.Choice(SEVERITIES), default="info",
        show_default=True, help="Leave out findings below it.",
    ),
)  # fmt: skip
"""What every command that reads captures takes."""


def reading_options(command: Command) -> Command:
    """Add ``OPTIONS`` to a command."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def settings(
    ports: tuple[int, ...], only: tuple[str, ...], ignore: tuple[str, ...], lowest: str
) -> Settings:
    """What those options say.

    Raises:
        UsageError: for a rule that there is not.
    """
    policy = Policy(only=known(only), ignore=known(ignore), lowest=Severity.parse(lowest))
    return Settings(ports=frozenset(ports), policy=policy)


@click.command()
@click.argument("captures", nargs=-1, required=True, metavar="CAPTURE...")
@click.option(
    "--format", "form", type=click.Choice(list(FORMATS)), default="text", show_default=True,
    help="Text for people; JSON Lines or CSV for programs.",
)  # fmt: skip
@click.option(
    "--fail-on", type=click.Choice(SEVERITIES), default="medium", show_default=True,
    help="Exit with 1 for findings at or above it.",
)  # fmt: skip
@reading_options
@click.pass_context
def scan(
    context: click.Context, /, captures: tuple[str, ...], form: str, fail_on: str, **options: Any
) -> None:
    """Read captures and report what middleboxes did to the mail in them.

    CAPTURE is a pcap or pcapng file, plain or compressed, or - for standard input.

    Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 wrong usage, 3 the environment or
    a capture failed (what was read before is still printed), 130 interrupted.
    """
    chosen = settings(**options)
    collect_seldom()
    if captures.count("-") > 1:
        raise UsageError("Standard input can be read only once.", "Name - once.")
    work = Scan(find_tshark(), chosen, FORMATS[form](sys.stdout.write, colour=_colour()))
    try:
        for name in captures:
            with _Progress(name) as progress:
                work.capture(name, progress.tick)
        interrupted = False
    except KeyboardInterrupt:
        interrupted = True
        work.warnings.append("interrupted: what was read before is shown")
    work.finish()
    sys.stdout.flush()
    for error in work.errors:
        click.echo(f"seamark: {_safe(error)}", err=True)
    context.exit(130 if interrupted else work.exit_code(Severity.parse(fail_on)))


def collect_seldom() -> None:
    """Let the collector of cycles run seldom: a flow's values hold none, and there are many."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _colour() -> bool:
    """Whether standard output takes colour (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and _terminal()


def _terminal() -> bool:
    return os.environ.get("TERM") != "dumb"


def _safe(text: str) -> str:
    """Text with the name of a file in it, which may hold anything."""
    from dissect.escape import visible  # noqa: PLC0415 - only for errors

    return "\n".join(visible(line) for line in text.split("\n"))


class _Progress:
    """A progress bar on standard error, once the reading takes longer than a second."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._begun = time.monotonic()
        self._bar: Any = None
        self._size = 0
        self._shown = sys.stderr.isatty()

    def __enter__(self) -> Self:
        path = Path(self._name)
        self._size = path.stat().st_size if path.is_file() else 0
        return self

    def tick(self, packets: int, read: int) -> None:
        """Packets and bytes read so far."""
        if not self._shown or time.monotonic() - self._begun < PATIENCE:
            return
        if self._bar is None:
            self._bar = click.progressbar(
                length=self._size or None, label=_safe(self._name)[-40:], file=sys.stderr,
                item_show_func=lambda count: f"{count or 0:,} packets",
            )  # fmt: skip
        self._bar.update(max(0, min(read, self._size) - self._bar.pos), packets)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.render_finish()


class Group(click.Group):
    """A group whose first word may be a capture: then it means ``open``."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """A command by its name; anything else is a capture to open."""
        if args and args[0] not in self.commands:
            return super().resolve_command(ctx, ["open", *args])
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Let options of ``open`` stand before its captures."""
        own = {name for parameter in self.get_params(ctx) for name in parameter.opts}
        if args and args[0] not in self.commands and args[0].split("=")[0] not in own:
            args = ["open", *args]
        return super().parse_args(ctx, args)


def configuration() -> dict[str, Any]:
    """The user's ``config.toml``: option names by command, as ``click`` takes defaults.

    Raises:
        UsageError: if it is no TOML.
    """
    folder = os.environ.get("XDG_CONFIG_HOME") or str(Path("~/.config").expanduser())
    path = Path(folder, "seamark", "config.toml")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}", "Mend it or move it away.") from error


def run(group: click.Group) -> int:
    """Run a command line; every error of ours becomes a sentence and an exit code."""
    try:
        group.main(
            standalone_mode=False,
            auto_envvar_prefix="SEAMARK",
            default_map=configuration(),
        )
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    except SeamarkError as error:
        click.echo(f"seamark: {_safe(str(error))}", err=True)
        return error.exit_code
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
        return 141
    return 0
