"""``seamark log``: the suspects of mail logs, where there is no capture yet."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import click

from dissect import cli
from dissect.errors import LogError, UsageError
from dissect.escape import visible
from dissect.maillog import Reader, Suspects, open_log
from dissect.maillog.stamps import Clock
from dissect.maillog.zone import zone
from dissect.report.suspects import LogSummary, as_jsonl, as_text

if TYPE_CHECKING:
    from datetime import tzinfo

    from dissect.maillog.suspects import Suspect
    from dissect.redact import Redactor

FORMATS: Final = {"text": as_text, "jsonl": as_jsonl}
"""What ``--format`` can be."""


@dataclass(slots=True)
class _Work:
    """The reading of some logs."""

    zone: tzinfo | None
    redactor: Redactor | None = None
    suspects: Suspects = field(default_factory=Suspects)
    files: int = 0
    lines: int = 0
    understood: int = 0
    errors: list[LogError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    interrupted: bool = False

    def read(self, names: tuple[str, ...]) -> None:
        """Read logs; a failure is noted, and what was read before it counts."""
        try:
            for name in names:
                self._one(name)
        except KeyboardInterrupt:
            self.interrupted = True
            self.warnings.append("interrupted: what was read before is shown")

    def _one(self, name: str) -> None:
        """Read one log."""
        self.suspects.next_file()
        before = self.understood
        try:
            log = open_log(name)
            self.files += 1
            written = time.time() if log.written is None else log.written
            reader = Reader(Clock(written, self.zone))
            for number, line in enumerate(log.lines(), 1):
                self.lines += 1
                entry = reader.entry(line)
                if entry is not None:
                    self.understood += 1
                    self.suspects.take(entry, name, number)
        except LogError as error:
            self.errors.append(error)
            self.warnings.append(self._said(name, error.what))
            return
        if before == self.understood:
            self.warnings.append(
                self._said(name, f"{name}: no line of Exim, Postfix or Sendmail in it")
            )

    def _said(self, name: str, words: str) -> str:
        """Words about a file as they may be shown."""
        if self.redactor is None:
            return words
        shown = self.redactor.file(name)
        return words.replace(visible(name), visible(shown)).replace(name, shown)

    def found(self) -> tuple[Suspect, ...]:
        """The suspects as they may be shown."""
        found = self.suspects.found()
        return tuple(map(self.redactor.suspect, found)) if self.redactor else tuple(found)

    def summary(self) -> LogSummary:
        """What was read, and how it went."""
        found = self.suspects.found()
        masked = sum(suspect.masked for suspect in found)
        bad = "truncated" if self.understood else "failed"
        return LogSummary(
            files=self.files, lines=self.lines, understood=self.understood, masked=masked,
            hints=len(found) - masked, unclear=self.suspects.unclear,
            status=bad if self.errors or self.interrupted else "complete",
            warnings=tuple(self.warnings),
        )  # fmt: skip


@click.command()
@click.argument("logs", nargs=-1, required=True, metavar="LOG...")
@click.option(
    "--format", type=click.Choice(list(FORMATS)), default="text", show_default=True,
    help="Text for people; JSON Lines for programs.",
)  # fmt: skip
@click.option(
    "--timezone", metavar="ZONE", default="",
    help="Of stamps that have none, as Europe/London or UTC; otherwise that of this machine.",
)  # fmt: skip
@cli.redacting_options
@click.pass_context
def log(context: click.Context, /, logs: tuple[str, ...], **options: Any) -> None:
    """List the clients that mail logs make suspect, each with the capture to make.

    LOG is a log of Exim (mainlog, rejectlog), Postfix or Sendmail, plain or compressed with gzip,
    bzip2 or xz, or - for standard input. Name rotated files, too; lines that stand in two files
    count once.

    A masked verb (XXXX) is a firewall's trace. Unknown commands in a mail transaction and
    connections lost after RCPT or DATA are hints: senders of spam leave such lines, too. Where
    stamps have no year, it is told by when the file was written last.

    Exit codes: 0 no masked verbs, 1 masked verbs, 2 wrong usage, 3 a log could not be read (what
    was read before is still printed), 130 interrupted.
    """
    if logs.count("-") > 1:
        raise UsageError("Standard input can be read only once.", "Name - once.")
    work = _Work(zone(options["timezone"]), cli.redactor(context, options))
    cli.take_any_text()
    work.read(logs)
    summary = work.summary()
    FORMATS[options["format"]](sys.stdout.write, work.found(), summary)
    sys.stdout.flush()
    for error in work.errors:
        click.echo(f"seamark: {error}", err=True)
    context.exit(_exit_code(work, summary))


def _exit_code(work: _Work, summary: LogSummary) -> int:
    if work.interrupted:
        return cli.INTERRUPTED
    return 3 if work.errors else int(summary.masked > 0)
