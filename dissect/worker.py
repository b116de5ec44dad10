"""The dissector as a process of its own, so that a screen beside it never waits for it.

Writes to standard output: for each ``Update`` its length in four bytes, the most significant
first, and its pickle.  The last one has a status that does not go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pickle
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import Any, BinaryIO, Final

import click

from dissect import cli
from dissect.analysis import logged, pack
from dissect.analysis.ledger import Ledger
from dissect.analysis.model import FlowDetail, FlowLog, Peer, Progress, Status, Update
from dissect.detect import policy as policies
from dissect.errors import LogError, SeamarkError
from dissect.escape import visible
from dissect.live import KEEP, Attached, Beside, Limits, Memory, Updates, Watch
from dissect.live.orders import LONGEST, Orders
from dissect.maillog import Logbook, Span
from dissect.maillog.zone import zone
from dissect.pipeline import Pipeline, Settings
from dissect.scan import read_log
from dissect.segments.decode import Row
from dissect.source import (
    CaptureFile,
    Outcome,
    asked,
    drops,
    filters,
    find_tshark,
    open_capture,
    read,
)
from dissect.source.tap import Line, line, words

TICK: Final = 0.2
"""Seconds between updates while a capture loads."""

BATCH: Final = 400
"""Flows in one update, so that the reader is never busy for long."""

PEERS: Final = 2.0
"""Seconds between updates of the clients, which cost more."""

MOST_PEERS: Final = 1_000
"""Clients that are told of while a capture loads, the most damaged first; at its end all are."""

ROWS: Final = 20_000
"""Rows of open flows sent in one tick; the rest waits for the next."""

PACKETS: Final = 128 << 20
"""Bytes of packets of a live capture that are kept for a screen."""

REDACTED: Final = " (redacted)"
"""Stands behind the names of sources whose names and addresses are replaced."""

NICE: Final = 5
"""The screen goes first."""


@dataclass(slots=True)
class Worker:
    """Reads captures and tells of them."""

    out: BinaryIO
    settings: Settings
    captures: tuple[str, ...]
    logs: tuple[str, ...] = ()
    """Mail logs; they are read behind the captures, so that flows are seen at once."""
    zone: tzinfo | None = None
    """Of stamps that have none; None is that of this machine."""
    title: str = ""
    """What the captures are called together; empty for their names."""
    ledger: Ledger = field(init=False)
    packets: int = 0
    flows: int = 0
    read: int = 0
    total: int = 0
    dropped: int | None = None
    warnings: list[str] = field(default_factory=list)
    told: float = 0.0
    told_peers: float = 0.0
    book: Logbook = field(default_factory=Logbook)
    """Takes the flows that are over, where there are logs."""

    def __post_init__(self) -> None:
        """One ledger for all captures."""
        self.ledger = Ledger(several=len(self.captures) > 1)
        if self.settings.display_filter:
            self.warnings.append(filters.warning(self.settings.display_filter))

    def run(self) -> None:
        """Read all captures; the last update says how it went."""
        status, error = Status.COMPLETE, ""
        try:
            tshark = find_tshark()
            files = [open_capture(name) for name in self.captures]
            self.total = sum(file.size for file in files) if all(f.size for f in files) else 0
            for file in files:
                outcome = asyncio.run(self._capture(tshark, file))
                if outcome.status != "complete":
                    status = Status(outcome.status)
                    error = f"{visible(file.name)}: {outcome.what}.\n{outcome.remedy}".strip()
            self._tie()
        except SeamarkError as failure:
            status, error = Status.FAILED, str(failure)
        last = replace(self._progress(status), error=error)
        self._send(Update(progress=last, peers=self.ledger.peers()))

    async def _capture(self, tshark: Any, file: CaptureFile) -> Outcome:
        """Read one capture to its end."""
        self._lost(file)
        pipeline = Pipeline(file.name, self.settings, first_flow=self.flows, ledger=self.ledger)
        packets, before = self.packets, self.read

        def sink(rows: list[Row]) -> None:
            pipeline.rows(rows)
            self.packets, self.read = packets + pipeline.packets, before + pipeline.bytes_read
            self.flows = pipeline.flows
            if time.monotonic() - self.told > TICK:
                self._tell(pipeline)

        self._send(Update(progress=self._progress(Status.LOADING)))
        wanted = self.settings.display_filter, self.settings.keylog, self.settings.ports
        outcome = await read(tshark, file, sink, asked.options(*wanted))
        pipeline.finish()
        keys = pipeline.keys()
        self.warnings += [f"{visible(file.name)}: {keys}"] if keys else []
        self.flows = pipeline.flows
        self.warnings.extend(pipeline.bugs)
        self._tell(pipeline)
        return outcome

    def _tie(self) -> None:
        """Read the mail logs, and tell which flow each line is about."""
        if not self.logs:
            return
        for name in self.logs:
            self._send(Update(progress=self._progress(Status.LOADING, reading=name)))
            try:
                self.warnings += read_log(self.book, name, self.zone)
            except LogError as error:
                self.warnings.append(error.what)
        ties = self.book.ties()
        progress = self._progress(Status.LOADING)
        for part in parts(logged.logs(ties)):
            self._send(Update(progress=progress, logs=part))
        self._send(Update(progress=progress, log=logged.facts(ties)))

    def _lost(self, file: CaptureFile) -> None:
        """Learn of packets that were dropped while a capture was made."""
        lost = drops.dropped(file)
        if lost is not None:
            self.dropped = (self.dropped or 0) + lost
        if lost:
            self.warnings.append(drops.warning(file.name, lost))

    def _tell(self, pipeline: Pipeline) -> None:
        """Send what has changed."""
        over = pipeline.take()
        self._batches(over)
        if self.logs:
            for flow in (detail.summary for detail in over):
                self.book.flow(Span(flow.flow, *flow.client, flow.start, flow.end))
        self._batches(pipeline.changed(ROWS))
        verdicts = self.ledger.verdicts()
        progress = self._progress(Status.LOADING)
        self._send(Update(progress=progress, verdicts=verdicts, peers=self._peers()))
        self.told = time.monotonic()

    def _peers(self) -> tuple[Peer, ...] | None:
        """The clients, where they were not told of for a while."""
        if time.monotonic() - self.told_peers < PEERS:
            return None
        self.told_peers = time.monotonic()
        return self.ledger.peers()[:MOST_PEERS]

    def _batches(self, details: list[FlowDetail]) -> None:
        """Send flows, a batch at a time."""
        for start in range(0, len(details), BATCH):
            part = details[start : start + BATCH]
            self._send(
                Update(
                    progress=self._progress(Status.LOADING),
                    summaries=tuple(detail.summary for detail in part),
                    details=tuple(pack(detail) for detail in part),
                )
            )

    def _progress(self, status: Status, reading: str = "") -> Progress:
        """How far the reading is."""
        return Progress(
            capture=self.title or ", ".join(self.captures),
            status=status,
            packets=self.packets,
            bytes_read=min(self.read, self.total),
            bytes_total=self.total,
            flows=self.flows,
            warnings=tuple(self.warnings),
            dropped=self.dropped,
            reading=reading,
        )

    def _send(self, update: Update) -> None:
        send(self.out, update)


def parts(logs: Iterable[FlowLog]) -> Iterator[tuple[FlowLog, ...]]:
    """The same in parts that are quick to take in."""
    part: list[FlowLog] = []
    lines = 0
    for log in logs:
        if part and lines + len(log.lines) > BATCH:
            yield tuple(part)
            part, lines = [], 0
        part.append(log)
        lines += len(log.lines)
    if part:
        yield tuple(part)


def send(out: BinaryIO, told: object) -> None:
    """Write one update, or an answer to what was asked for, whole."""
    blob = pickle.dumps(told, 5)
    out.write(len(blob).to_bytes(4, "big") + blob)
    out.flush()


def watch(
    out: BinaryIO,
    settings: Settings,
    lines: list[Line],
    limits: Limits,
    keep: int,
    beside: Beside,
    first_flow: int = 0,
) -> None:
    """Watch sources until standard input ends; SIGINT ends those that there are.

    The lines of standard input are orders (``dissect.live.orders``).
    """
    wanted, redactor = settings.shown_filter, settings.redactor
    said = [filters.warning(wanted)] if wanted else []
    memory = Memory(PACKETS, lasting=True, redactor=redactor)
    suffix = REDACTED if redactor else ""
    listener = Updates(lambda update: send(out, update), keep, said, memory, suffix)
    try:
        attached = Attached(beside, listener, memory, redactor=redactor)
        watching = Watch(
            find_tshark(), settings, attached.listener, limits, ladders=True,
            memory=attached.memory, grows=True, first_flow=first_flow,
        )  # fmt: skip
    except SeamarkError as failure:
        name = title(lines, settings)
        send(out, Update(progress=Progress(capture=name, status=Status.FAILED, error=str(failure))))
        return
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(_serve(out, attached, watching, lines))


def title(lines: Iterable[Line], settings: Settings) -> str:
    """What live sources are called together."""
    return ", ".join(each.name for each in lines) + (REDACTED if settings.redactor else "")


async def _serve(out: BinaryIO, attached: Attached, watching: Watch, lines: list[Line]) -> None:
    orders = Orders(attached, watching, lambda told: send(out, told))
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    loop.add_signal_handler(signal.SIGINT, watching.end)
    if attached.keeps and task is not None:  # what is open is written before it ends
        loop.add_signal_handler(signal.SIGTERM, task.cancel)
    reader = asyncio.StreamReader(LONGEST)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    await orders.serve(lines, reader)


@click.command()
@click.argument("captures", nargs=-1)
@click.option("--live", is_flag=True, help="Watch sources; without it captures are read.")
@click.option("--line", "lines", multiple=True, type=line, help="A live source that is open.")
@click.option("--first-flow", type=int, default=0, help="Number of the first flow.")
@click.option("--title", default="", help="What the captures are called together.")
@click.option("--keep-flows", type=int, default=KEEP)
@click.option("--duration", type=float, default=0.0)
@click.option("--count", type=int, default=0)
@click.option("--stop-on", multiple=True)
@click.option(
    "--beside", type=json.loads, default="{}", metavar="JSON", help="What runs beside it."
)
@click.option("--policy", type=json.loads, default="{}", metavar="JSON", help="The rules' table.")
@cli.log_options
@cli.redacting_options
@cli.reading_options
@click.pass_context
def main(
    context: click.Context, /, captures: tuple[str, ...], policy: dict[str, Any], **options: Any
) -> None:
    """Read captures for a screen that listens on standard output."""
    live, lines, first = options.pop("live"), list(options.pop("lines")), options.pop("first_flow")
    keep = options.pop("keep_flows")
    logs, stamps = options.pop("logs"), zone(options.pop("timezone"))
    said, title = options.pop("beside"), options.pop("title")
    beside = Beside.read(said) if said else Beside()
    limits = Limits(
        duration=options.pop("duration"),
        packets=options.pop("count"),
        rules=frozenset(options.pop("stop_on")),
    )
    redactor = cli.redactor(context, options)
    settings = cli.settings(policies.parse("--policy", policy), redactor=redactor, **options)
    cli.collect_seldom()
    with contextlib.suppress(OSError):
        os.nice(NICE)
    with contextlib.suppress(BrokenPipeError):
        if live:
            watch(sys.stdout.buffer, settings, lines, limits, keep, beside, first)
            return
        Worker(sys.stdout.buffer, settings, captures, logs, stamps, title).run()


def live_arguments(
    lines: Sequence[Line],
    settings: Settings,
    limits: Limits,
    keep: int = KEEP,
    beside: Beside | None = None,
    first_flow: int = 0,
) -> list[str]:
    """The words that start a worker which watches these sources; it inherits their descriptors.

    Without any, it waits for an order; ``first_flow`` is the number of its first flow.
    """
    more = ["--live", "--first-flow", str(first_flow)]
    more += [f"--line={word}" for word in words(lines)]
    more += [f"--stop-on={rule}" for rule in sorted(limits.rules)]
    if beside is not None:
        more.append(f"--beside={json.dumps(beside.written())}")
    more += ["--duration", str(limits.duration), "--count", str(limits.packets)]
    return [*arguments((), settings)[:-1], *more, "--keep-flows", str(keep)]


def arguments(
    captures: Iterable[str],
    settings: Settings,
    logs: Sequence[str] = (),
    timezone: str = "",
    title: str = "",
) -> list[str]:
    """The words that start a worker for these captures and logs, behind the interpreter's name.

    ``-P`` keeps the current folder, which may hold captures of strangers, off the import path.
    The worker reads no configuration file: all that it has to know stands in these words.
    """
    policy = settings.policy
    words = ["-P", "-m", "dissect.worker", "--min-severity", str(policy.lowest)]
    words += ["--policy", json.dumps(policies.written(policy.table))]
    if settings.display_filter:
        words.append(f"--display-filter={settings.display_filter}")
    if settings.redactor:
        words += ["--redact", f"--redact-key={settings.redactor.key.path}"]
    if settings.keylog:
        words.append(f"--keylog={settings.keylog}")
    for option, values in (
        ("--port", sorted(settings.ports)),
        ("--rule", sorted(policy.only)),
        ("--ignore", sorted(policy.ignore)),
    ):
        words += [part for value in values for part in (option, str(value))]
    words += [f"--log={name}" for name in logs]
    words += [f"--timezone={timezone}"] if timezone else []
    words += [f"--title={title}"] if title else []
    return [*words, "--", *captures]


if __name__ == "__main__":
    main()
