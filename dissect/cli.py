"""The command line without a screen: options, exit codes, and ``seamark scan``.

Standard output is data, standard error is talk.  Every option can also be set in the
configuration file and by ``SEAMARK_*``; the command line wins, then the environment, then the
file.  A command finds the table of the rules, as the file has it, in its context.
"""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Callable, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from click.core import ParameterSource

from dissect import config
from dissect.analysis.ledger import Ledger
from dissect.detect.finding import Severity
from dissect.detect.policy import DEFAULT, Policy, Table, known
from dissect.errors import SeamarkError, UsageError
from dissect.maillog import Logbook
from dissect.maillog.zone import zone
from dissect.pipeline import Settings
from dissect.progress import Progress
from dissect.redact import Redactor, open_key
from dissect.report import FORMATS
from dissect.scan import Scan
from dissect.source import asked, find_tshark
from dissect.source import keylog as keylogs

SEVERITIES: Final = [str(severity) for severity in Severity]

INTERRUPTED: Final = 130
CLOSED_PIPE: Final = 141
"""What a shell says of a program that SIGPIPE ended."""

Command = TypeVar("Command", bound=Callable[..., Any])

OPTIONS: Final = (
    click.option(
        "--port", type=click.IntRange(1, 65535), multiple=True, metavar="PORT",
        help="A port that speaks SMTP, beside 25, 465, 587 and 2525 (repeatable).",
    ),
    click.option(
        "-Y", "--display-filter", metavar="FILTER", default="",
        help="Let tshark pass only what this Wireshark display filter wants. Choose whole "
             "conversations (ip.addr, tcp.stream): packets left out look like gaps.",
    ),
    click.option(
        "--keylog", metavar="FILE", default="",
        help="Secrets of TLS sessions, as SSLKEYLOGFILE has them: tshark opens STARTTLS and "
             "implicit TLS with them, and the dialogue goes on inside.",
    ),
    click.option(
        "--rule", multiple=True, metavar="NAME",
        help="Report only this rule, muted or not (repeatable).",
    ),
    click.option(
        "--ignore", multiple=True, metavar="NAME", help="Do not report this rule (repeatable)."
    ),
    click.option(
        "--min-severity", type=click.Choice(SEVERITIES), default="info", show_default=True,
        help="Leave out findings below it.",
    ),
)  # fmt: skip
"""What every command that reads captures takes."""


LOG_OPTIONS: Final = (
    click.option(
        "--log", "logs", multiple=True, metavar="FILE",
        help="A log of Exim, Postfix or Sendmail; its lines are shown under their flows "
             "(repeatable).",
    ),
    click.option(
        "--timezone", metavar="ZONE", default="",
        help="Of stamps in --log that have none, as Europe/London or UTC; otherwise this "
             "machine's.",
    ),
)  # fmt: skip
"""What commands take that lay mail logs beside captures."""


def log_options(command: Command) -> Command:
    """Add ``LOG_OPTIONS`` to a command."""
    for option in reversed(LOG_OPTIONS):
        command = option(command)
    return command


def reading_options(command: Command) -> Command:
    """Add ``OPTIONS`` to a command."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


REDACT: Final = "Replace addresses and names by others that mean nobody; see docs/redaction.md."

KEY: Final = click.option(
    "--redact-key", metavar="FILE", default="",
    help="What --redact keeps its secret in; made where it is not there. Without it one in "
         "the state directory.",
)  # fmt: skip


def redacting_options(command: Command) -> Command:
    """Add ``--redact`` and its key to a command."""
    return click.option("--redact", is_flag=True, help=REDACT)(KEY(command))


def redacted_options(command: Command) -> Command:
    """The same for a command whose output is made to be given away: on by default."""
    option = click.option("--redact/--no-redact", default=True, show_default=True, help=REDACT)
    return option(KEY(command))


def redactor(context: click.Context, options: dict[str, Any]) -> Redactor | None:
    """What those options say, which are taken out of a command's options.

    Raises:
        UsageError: for a key that cannot be used, or that nothing uses.
    """
    wanted, name = options.pop("redact"), options.pop("redact_key")
    if wanted:
        return Redactor(open_key(Path(name) if name else None))
    if context.get_parameter_source("redact_key") is ParameterSource.COMMANDLINE:
        raise UsageError("--redact-key goes with --redact.", "Without it nothing is redacted.")
    return None


def settings(
    table: Table | None,
    /,
    port: tuple[int, ...],
    display_filter: str,
    keylog: str,
    rule: tuple[str, ...],
    ignore: tuple[str, ...],
    min_severity: str,
    *,
    redactor: Redactor | None = None,
) -> Settings:
    """What those options say, and the table of the rules.

    Raises:
        UsageError: for a rule that there is not, or a key log that is none.
        CaptureError: for a key log that cannot be read.
    """
    policy = Policy(
        only=known(rule), ignore=known(ignore), lowest=Severity.parse(min_severity),
        table=table or DEFAULT,
    )  # fmt: skip
    return Settings(
        ports=frozenset(port), policy=policy, display_filter=display_filter,
        keylog=keylogs.check(keylog, display_filter), redactor=redactor,
    )  # fmt: skip


@click.command()
@click.argument("captures", nargs=-1, required=True, metavar="CAPTURE...")
@click.option(
    "--format", type=click.Choice(list(FORMATS)), default="text", show_default=True,
    help="Text for people; JSON Lines or CSV for programs.",
)  # fmt: skip
@click.option(
    "--fail-on", type=click.Choice(SEVERITIES), default="medium", show_default=True,
    help="Exit with 1 for findings at or above it.",
)  # fmt: skip
@log_options
@redacting_options
@reading_options
@click.pass_context
def scan(
    context: click.Context, /, captures: tuple[str, ...], fail_on: str, **options: Any
) -> None:
    """Read captures and report what middleboxes did to the mail in them.

    CAPTURE is a pcap or pcapng file, plain or compressed, or - for standard input.

    Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 wrong usage, 3 the environment or
    a capture or a log failed (what was read before is still printed), 130 interrupted.
    """
    form = FORMATS[options.pop("format")]
    logs, stamps = options.pop("logs"), zone(options.pop("timezone"))
    chosen = settings(context.obj, redactor=redactor(context, options), **options)
    refuse_twice(captures, logs)
    collect_seldom()
    take_any_text()
    reporter = form(sys.stdout.write, colour=colour())
    tshark = find_tshark()
    asked.check(tshark, chosen.display_filter, chosen.keylog)
    book = Logbook() if logs else None
    work = Scan(tshark, chosen, reporter, Ledger(several=len(captures) > 1), book)
    interrupted = _read_all(work, captures, logs, stamps)
    work.finish()
    sys.stdout.flush()
    for error in work.errors:
        click.echo(f"seamark: {error}", err=True)
    context.exit(INTERRUPTED if interrupted else work.exit_code(Severity.parse(fail_on)))


def refuse_twice(captures: Sequence[str], logs: Sequence[str]) -> None:
    """Standard input can be one of them.

    Raises:
        UsageError: if it is to be more.
    """
    if (*captures, *logs).count("-") > 1:
        raise UsageError("Standard input can be read only once.", "Name - once.")


def _read_all(
    work: Scan, captures: tuple[str, ...], logs: tuple[str, ...], stamps: tzinfo | None
) -> bool:
    """Read captures, then logs, one after another; whether the user has interrupted."""
    try:
        for name in captures:
            with Progress(name) as progress:
                work.capture(name, progress.tick)
        for name in logs:
            work.log(name, stamps)
    except KeyboardInterrupt:
        work.interrupted()
        return True
    return False


def collect_seldom() -> None:
    """Let the collector of cycles run seldom: a flow's values hold none, and there are many."""
    gc.freeze()
    gc.set_threshold(500_000, 50, 100)


def take_any_text() -> None:
    """Let standard output escape what its charset lacks, such as control pictures."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def colour() -> bool:
    """Whether standard output takes colour (https://no-color.org)."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not plain


def without_others(words: Sequence[str], command: click.Command, other: click.Command) -> list[str]:
    """The words for a command as another takes them: without the options that it lacks."""
    takes, known = _words_behind(command), _words_behind(other)
    kept: list[str] = []
    rest = list(words)
    while rest and rest[0] != "--":
        name, equals, _ = rest[0].partition("=")
        size = 1 if equals else 1 + takes.get(name, 0)
        if name not in takes or name in known:
            kept += rest[:size]
        del rest[:size]
    return kept + rest


def _words_behind(command: click.Command) -> dict[str, int]:
    """How many words of a value stand behind each option."""
    options = [each for each in command.params if isinstance(each, click.Option)]
    return {
        name: 0 if each.is_flag else each.nargs
        for each in options
        for name in (*each.opts, *each.secondary_opts)
    }


class Group(click.Group):
    """A group whose first word may be a capture.

    Then it means ``open``, or where standard output is no terminal, ``scan``.
    """

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """A command by its name; anything else is a capture, and one that grows is live."""
        if args and args[0] in self.commands and args[0] != "open":
            return super().resolve_command(ctx, args)
        words = args[1:] if args[:1] == ["open"] else args
        if "--follow" in words:
            return super().resolve_command(ctx, ["live", *words])
        if sys.stdout.isatty() or not {"-h", "--help"}.isdisjoint(words):
            return super().resolve_command(ctx, ["open", *words])
        quiet = without_others(words, self.commands["open"], self.commands["scan"])
        return super().resolve_command(ctx, ["scan", *quiet])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Let options of ``open`` stand before its captures.

        No word at all, on a terminal, opens the screen, which asks what to capture.
        """
        own = {name for parameter in self.get_params(ctx) for name in parameter.opts}
        if not args and sys.stdin.isatty() and sys.stdout.isatty():
            args = ["live"]
        if args and args[0] not in self.commands and args[0].split("=")[0] not in own:
            args = ["open", *args]
        return super().parse_args(ctx, args)


def run(group: click.Group) -> int:
    """Run a command line; every error of ours becomes a sentence and an exit code."""
    try:
        free = not config.FREE.isdisjoint(sys.argv[1:2])
        said = config.NOTHING if free else config.read(group)
        code = group.main(
            standalone_mode=False,
            auto_envvar_prefix="SEAMARK",
            default_map=said.defaults,
            obj=said.table,
        )
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except SeamarkError as error:
        click.echo(f"seamark: {error}", err=True)
        return error.exit_code
    except (BrokenPipeError, SystemExit):  # click turns the first into the second
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
        return CLOSED_PIPE
    return code if isinstance(code, int) else 0
