"""Choosing conversations of a capture, for commands that write their packets."""

from __future__ import annotations

import asyncio
import stat
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from dissect.analysis.model import FlowDetail, FlowSummary
from dissect.detect.finding import Severity
from dissect.errors import CaptureError, UsageError
from dissect.pipeline import Pipeline, Settings
from dissect.progress import Progress
from dissect.redact import Redactor
from dissect.report.lua import Mark
from dissect.segments.decode import FIELDS, GENINFO, Row, seconds
from dissect.source import CaptureFile, Outcome, Tshark, filters, open_capture, read

Networks = tuple[IPv4Network | IPv6Network, ...]
Command = TypeVar("Command", bound=Callable[..., Any])

STREAM: Final = len(GENINFO) + FIELDS.index("tcp.stream")
"""Where a row has tshark's number of its TCP stream."""

TIME: Final = GENINFO.index("timestamp")
SEQUENCE: Final = len(GENINFO) + FIELDS.index("tcp.seq_raw")
"""Where a row has its time, and its raw TCP sequence number."""

NONE: Final = -1
"""Stands for the stream of a frame that has none, or was not seen."""

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

    @classmethod
    def of(
        cls,
        settings: Settings,
        *,
        client: tuple[str, ...],
        server: tuple[str, ...],
        flow: tuple[int, ...],
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
        )

    def wants(self, detail: FlowDetail) -> bool:
        """Whether a conversation is wanted."""
        flow = detail.summary
        return (
            (not self.flows or flow.flow in self.flows)
            and _within(self._real(flow.client.address), self.clients)
            and _within(self._real(flow.server.address), self.servers)
            and (not self.only_found or bool(detail.findings))
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
    _streams: array[int] = field(default_factory=lambda: array("i", [NONE]))
    """The TCP stream of each frame, by its number: four bytes a frame."""
    _sequences: array[int] = field(default_factory=lambda: array("I", [0]))
    _times: array[float] = field(default_factory=lambda: array("d", [0.0]))
    """The raw TCP sequence number and the time of each frame, likewise."""

    def see(self, rows: list[Row]) -> None:
        """Remember whose the frames are; a display filter leaves frames out."""
        streams, sequences, times = self._streams, self._sequences, self._times
        for row in rows:
            missing = int(row[0]) - len(streams)
            if missing > 0:
                streams.extend([NONE] * missing)
                sequences.extend([0] * missing)
                times.extend([0.0] * missing)
            streams.append(int(row[STREAM] or NONE))
            sequences.append(int(row[SEQUENCE] or 0))
            times.append(seconds(row[TIME]))

    def frames(self) -> Callable[[int], bool]:
        """Tells by its number whether a frame belongs to what was chosen."""
        wanted = {detail.summary.tcp_stream for detail in self.details}
        streams = self._streams
        return lambda frame: frame < len(streams) and streams[frame] in wanted

    def mark(self, frame: int) -> Mark:
        """By what a frame is known again."""
        return Mark(self._sequences[frame], self._times[frame])

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
    filters.check(tshark, settings.display_filter)
    file = open_capture(name)
    chosen = Chosen(readable_twice(file) if twice else file)
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
    pipeline = Pipeline(chosen.file.name, settings, ladders=False)

    def take() -> None:
        chosen.details += [detail for detail in pipeline.take() if choice.wants(detail)]

    def sink(rows: list[Row]) -> None:
        chosen.see(rows)
        pipeline.rows(rows)
        take()
        tick(pipeline.packets, pipeline.bytes_read)

    outcome = await read(tshark, chosen.file, sink, filters.options(settings.display_filter))
    pipeline.finish()
    take()
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


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise UsageError(
            f"{text!r} is no address and no network.", "Such as 192.0.2.10 or 2001:db8::/32."
        ) from None


def _within(address: str, networks: Networks) -> bool:
    return not networks or any(ip_address(address) in network for network in networks)
