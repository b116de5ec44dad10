"""Choosing conversations of a capture, for commands that write their packets."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from dissect.analysis.model import FlowDetail, FlowSummary
from dissect.commands.frames import Frames
from dissect.detect.finding import Severity
from dissect.errors import CaptureError, UsageError
from dissect.escape import visible
from dissect.pipeline import Pipeline, Settings
from dissect.progress import Progress
from dissect.redact import Redactor, Transcripts
from dissect.segments.decode import Row
from dissect.source import (
    CaptureFile,
    Outcome,
    Rewrite,
    Tshark,
    asked,
    open_capture,
    read,
    redacted,
)  # fmt: skip

Networks = tuple[IPv4Network | IPv6Network, ...]
FAILED: Final = 3

Command = TypeVar("Command", bound=Callable[..., Any])

OPTIONS: Final = (
    click.option(
        "--client", multiple=True, metavar="ADDRESS",
        help="Only conversations that this address or network opened (repeatable).",
    ),
    click.option(
        "--server", multiple=True, metavar="ADDRESS",
        help="Only conversations with this address or network (repeatable).",
    ),
    click.option(
        "--flow", multiple=True, type=click.IntRange(0), metavar="N",
        help="Only the conversation that scan calls flow N (repeatable).",
    ),
)  # fmt: skip


def choosing_options(command: Command) -> Command:
    """Add ``OPTIONS`` to a command."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which conversations are wanted: those that all of it holds for."""

    clients: Networks = ()
    servers: Networks = ()
    flows: frozenset[int] = frozenset()
    only_found: bool = False
    """Whether only those with a finding that is wanted."""
    redactor: Redactor | None = None
    """What has replaced the addresses of conversations; the user names real ones."""
    matches: Callable[[FlowDetail], bool] | None = None
    """What else has to hold."""
    ladders: bool = False
    """Whether ``matches`` looks at the ladder of a conversation."""

    @classmethod
    def of(
        cls,
        settings: Settings,
        *,
        client: tuple[str, ...],
        server: tuple[str, ...],
        flow: tuple[int, ...],
        **more: Any,
    ) -> Choice:
        """What the options say.

        Raises:
            UsageError: for what is no address.
        """
        policy = settings.policy
        return cls(
            clients=tuple(map(_network, client)),
            servers=tuple(map(_network, server)),
            flows=frozenset(flow),
            only_found=bool(policy.only) or policy.lowest > Severity.INFO,
            redactor=settings.redactor,
            **more,
        )

    def wants(self, detail: FlowDetail) -> bool:
        """Whether a conversation is wanted."""
        flow = detail.summary
        return (
            (not self.flows or flow.flow in self.flows)
            and _within(self._real(flow.client.address), self.clients)
            and _within(self._real(flow.server.address), self.servers)
            and (not self.only_found or bool(detail.findings))
            and (self.matches is None or self.matches(detail))
        )

    def _real(self, address: str) -> str:
        """An address as it is in the capture."""
        return self.redactor.original(address) if self.redactor else address


@dataclass(slots=True)
class Chosen:
    """A capture that was read, and what was chosen of it."""

    file: CaptureFile
    details: list[FlowDetail] = field(default_factory=list)
    """The conversations, without their ladders."""
    outcome: Outcome | None = None
    frames: Frames = field(default_factory=Frames)
    redactor: Redactor | None = None
    """What replaces names and addresses, if anything does."""
    transcripts: Transcripts | None = None
    """Of the conversations, where their packets are to be redacted."""

    @property
    def name(self) -> str:
        """The capture's, as it may be shown."""
        return self.redactor.file(self.file.name) if self.redactor else self.file.name

    @property
    def rewrite(self) -> Rewrite:
        """What becomes of the packets."""
        if self.redactor is None or self.transcripts is None:
            return iter
        packets = self.redactor.packets(self.transcripts)
        return redacted(packets, self.frames.flow, self.name)

    def wanted(self) -> Callable[[int], bool]:
        """Tells by its number whether a frame belongs to what was chosen."""
        flows = {detail.summary.flow for detail in self.details}
        return lambda frame: self.frames.flow(frame) in flows

    @property
    def flows(self) -> list[FlowSummary]:
        """The conversations in a line each."""
        return [detail.summary for detail in self.details]


def choose(
    tshark: Tshark, name: str, settings: Settings, choice: Choice, *, twice: bool = True
) -> Chosen:
    """Read a capture, and choose.

    Args:
        tshark: from ``find_tshark``.
        name: the capture.
        settings: how it is read.
        choice: what is wanted of it.
        twice: whether its packets are to be read once more.

    Raises:
        UsageError: for a display filter that tshark does not take.
        CaptureError: if it cannot be read or not twice, or nothing of it was chosen.
    """
    asked.check(tshark, settings.display_filter, settings.keylog)
    file = open_capture(name)
    redactor = settings.redactor
    chosen = Chosen(readable_twice(file) if twice else file, redactor=redactor)
    if redactor and twice:
        chosen.transcripts = redactor.transcripts()
    with Progress(name) as progress:
        chosen.outcome = asyncio.run(_read(tshark, chosen, settings, choice, progress.tick))
    if chosen.outcome.status == "failed":
        raise CaptureError(f"{chosen.outcome.what}.", chosen.outcome.remedy)
    if not chosen.details:
        raise CaptureError(
            "No conversation was chosen: there is no SMTP, or none that all options hold for.",
            "seamark scan CAPTURE lists the conversations; --port names another port.",
        )
    return chosen


async def _read(
    tshark: Tshark,
    chosen: Chosen,
    settings: Settings,
    choice: Choice,
    tick: Callable[[int, int], object],
) -> Outcome:
    pipeline = Pipeline(
        chosen.file.name, settings, ladders=choice.ladders, transcripts=chosen.transcripts
    )

    def take() -> None:
        for detail in pipeline.take():
            if choice.wants(detail):
                chosen.details.append(replace(detail, rows=()))
            elif chosen.transcripts:
                chosen.transcripts.drop(detail.summary.flow)

    def sink(rows: list[Row]) -> None:
        pipeline.owners = owners = list[tuple[int, int]]()
        pipeline.rows(rows)
        chosen.frames.see(rows, owners)
        take()
        tick(pipeline.packets, pipeline.bytes_read)

    wanted = settings.display_filter, settings.keylog, settings.ports
    outcome = await read(tshark, chosen.file, sink, asked.options(*wanted))
    pipeline.finish()
    take()
    if keys := pipeline.keys():
        click.echo(f"seamark: {visible(chosen.file.name)}: {keys}", err=True)
    return outcome


def readable_twice(file: CaptureFile) -> CaptureFile:
    """A capture that can be read a second time.

    Raises:
        CaptureError: for standard input and pipes.
    """
    if file.path == "-" or not stat.S_ISREG(Path(file.path).stat().st_mode):
        raise CaptureError(
            "A capture on standard input or in a pipe can be read only once.",
            "Save it in a file first.",
        )
    return file


def ended(chosen: Chosen) -> int:
    """The exit code, and what was wrong with a capture that was cut short."""
    outcome = chosen.outcome
    if outcome is None or outcome.status == "complete":
        return 0
    click.echo(f"seamark: {visible(chosen.file.name)}: {outcome.what}.", err=True)
    return FAILED


def counted(number: int, what: str) -> str:
    """A number of things, in words."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise UsageError(
            f"{text!r} is no address and no network.", "Such as 192.0.2.10 or 2001:db8::/32."
        ) from None


def _within(address: str, networks: Networks) -> bool:
    return not networks or any(ip_address(address) in network for network in networks)
