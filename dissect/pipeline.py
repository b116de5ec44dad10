"""Joins the rooms: rows in, flows and verdicts out.  No input or output of its own.

Finished flows are handed out once and forgotten, so that memory is bounded by what is open.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from dissect.analysis.builder import Builder
from dissect.analysis.ledger import Ledger
from dissect.analysis.model import FlowDetail, Peer, Verdict
from dissect.detect.context import Context
from dissect.detect.engine import Engine
from dissect.detect.policy import Policy
from dissect.dialogue import Session
from dissect.dialogue.events import DialogueEvent
from dissect.redact import Redactor, Transcripts
from dissect.segments import Segment, decode
from dissect.segments.decode import Row, quoted
from dissect.streams import Flow, StreamEvent, Tracker
from dissect.tls import Texts, said

BUGS: Final = 20
"""Reports of our own bugs that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the user asked of the dissector."""

    ports: frozenset[int] = frozenset()
    """Ports that speak SMTP, beside the usual ones."""
    policy: Policy = field(default_factory=Policy)
    """Which findings are reported, and how severe they are."""
    display_filter: str = ""
    """Wireshark's, handed to tshark; what it leaves out is never seen here."""
    keylog: str = ""
    """The path of a key log, with which tshark opens TLS; empty for none."""
    redactor: Redactor | None = None
    """Replaces names and addresses before a rule sees them; None shows them."""

    @property
    def shown_filter(self) -> str:
        """The display filter as it may be shown: it may name an address."""
        return "redacted" if self.display_filter and self.redactor else self.display_filter


class _Conversation:
    """Everything that one open flow needs."""

    __slots__ = ("builder", "context", "engine", "session", "transcript", "veil")

    def __init__(self, flow: Flow, pipeline: Pipeline) -> None:
        capture, history = pipeline.capture, pipeline.ledger.history
        self.veil = pipeline.redactor and pipeline.redactor.veil()
        self.transcript = pipeline.transcripts and pipeline.transcripts.open(flow)
        self.context = Context(
            flow=flow.number, client=flow.client, server=flow.server, start=flow.start,
            history=history, first_frame=flow.first_frame, midway=flow.midway,
        )  # fmt: skip
        self.session = Session(flow, pipeline.texts)
        self.engine = Engine(self.context)
        self.builder = Builder(flow, capture, self.session, ladder=pipeline.ladders)


class Pipeline:
    """Reads one capture.

    Args:
        capture: its name, as given by the user.
        settings: ports and policy.
        first_flow: number of its first flow, so that flows of several captures differ.
        ladders: whether flows come with their rows; reports have no use for them.
        ledger: what holds across captures; one of its own without.
        numbers: where numbers of flows come from, where several captures are read at once.
        transcripts: what hears the dialogues for the sake of their packets; of one redactor with
            that of ``settings``.
    """

    def __init__(
        self,
        capture: str = "",
        settings: Settings | None = None,
        *,
        first_flow: int = 0,
        ladders: bool = True,
        ledger: Ledger | None = None,
        numbers: Iterator[int] | None = None,
        transcripts: Transcripts | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.redactor = self.settings.redactor
        self.transcripts = transcripts
        self.capture = self.redactor.file(capture) if self.redactor else capture
        self.tracker = Tracker(self.settings.ports, first_flow, numbers)
        self.texts = Texts() if self.settings.keylog else None
        """What tshark reads in TLS; None where it has no keys."""
        self.ladders = ladders
        self.packets = 0
        self.bytes_read = 0
        """Of a capture file, estimated: frames with their record headers."""
        self.bugs: list[str] = []
        self.finished: list[FlowDetail] = []
        """Flows that are over and were not taken yet."""
        self.owners: list[tuple[int, int]] | None = None
        """Where a list is put: frames, and the numbers of the flows to which they belong."""
        self._open: dict[int, _Conversation] = {}
        self._tls: Counter[str] = Counter()
        """Flows in TLS, where there is a key log, by what it opened of them."""
        self.ledger = ledger or Ledger()
        self.ledger.history.capture = self.capture

    def rows(self, rows: list[Row]) -> None:
        """Take a batch of tshark's rows."""
        self.packets += len(rows)
        self.bytes_read += sum(int(row[1]) for row in rows) + 16 * len(rows)
        if self.texts is not None:
            rows = self.texts.take(rows)
        self.segments(decode(rows))
        if self.owners is not None:
            for frame, ends in quoted(rows):
                flow = self.tracker.ways.get(self._shown(ends))
                if flow is not None:
                    self.owners.append((frame, flow.number))

    def _shown(self, ends: tuple[str, int, str, int]) -> tuple[str, int, str, int]:
        """The ends of a connection as its flow has them."""
        if self.redactor is None:
            return ends
        address = self.redactor.address
        return address(ends[0]), ends[1], address(ends[2]), ends[3]

    def segments(self, segments: Iterable[Segment]) -> None:
        """Take a batch of segments; what each flow got of it is read in one go."""
        feed, last, owners = self.tracker.feed, None, self.owners
        moved: dict[int, tuple[Flow, list[StreamEvent]]] = {}
        if self.redactor:
            segments = map(self.redactor.segment, segments)
        for last in segments:
            for flow, events in feed(last):
                if owners is not None and not flow.over:
                    owners.append((flow.last_frame, flow.number))
                known = moved.get(flow.number)
                if known is None:
                    moved[flow.number] = (flow, events)
                elif events:
                    known[1].extend(events)
        for flow, events in moved.values():
            self._move(flow, events)
        if last is not None:
            self.idle(last.time)

    def idle(self, now: float) -> None:
        """End the flows whose time is over; ``now`` is the time of the capture."""
        for flow, events in self.tracker.expire(now):
            self._move(flow, events)

    def interrupt(self) -> None:
        """The source was away for a while: mark that in the flows that go on."""
        for flow, events in self.tracker.interrupt():
            self._move(flow, events)

    def finish(self) -> None:
        """The capture is over: end all flows."""
        for flow, events in self.tracker.finish():
            self._move(flow, events)

    def keys(self) -> str:
        """What is to be said of the key log, once the capture is over; empty for nothing."""
        return "" if self.texts is None else said(self._tls)

    def take(self) -> list[FlowDetail]:
        """The flows that are over since the last call; they are forgotten here."""
        finished, self.finished = self.finished, []
        return finished

    def changed(self, rows: int) -> list[FlowDetail]:
        """Open flows that have changed since the last call, up to about so many rows of them.

        Those that are left out are given by a later call.
        """
        found = []
        for conversation in self._open.values():
            builder = conversation.builder
            if builder.changed and rows > 0:
                builder.changed = False
                rows -= len(builder.ladder.events)
                found.append(self._detail(builder))
        return found

    def verdicts(self) -> tuple[Verdict, ...]:
        """What the flows that are over prove together."""
        return self.ledger.verdicts()

    def peers(self) -> tuple[Peer, ...]:
        """The clients of the flows that are over."""
        return self.ledger.peers()

    @property
    def flows(self) -> int:
        """Flows seen so far."""
        return self.tracker.flows

    @property
    def tcp_segments(self) -> int:
        """TCP segments seen so far, of any port."""
        return self.tracker.tcp_segments

    def _move(self, flow: Flow, events: list[StreamEvent]) -> None:
        """A flow has something new, or is over."""
        self.ledger.history.capture = self.capture  # others may be read at the same time
        conversation = self._open.get(flow.number)
        if conversation is None:
            conversation = self._open[flow.number] = _Conversation(flow, self)
        if events:
            self._read(conversation, events)
        else:
            conversation.builder.changed = True
        if flow.over:
            self._end(flow, conversation)

    def _read(self, conversation: _Conversation, events: list[StreamEvent]) -> None:
        """Let all rooms see what is new."""
        session, transcript = conversation.session, conversation.transcript
        told = transcript.feed(session, events) if transcript else session.feed(events)
        self._tell(conversation, told)

    def _tell(self, conversation: _Conversation, dialogue: list[DialogueEvent]) -> None:
        """Let the rules and the read model see what was said."""
        if conversation.veil:
            dialogue = conversation.veil.events(dialogue)
        findings = conversation.engine.feed(dialogue)
        builder = conversation.builder
        builder.product = conversation.context.product
        builder.add(dialogue, self.settings.policy.apply(findings))

    def _detail(self, builder: Builder) -> FlowDetail:
        """A flow as it is reported: rules that are told once have one finding."""
        detail, policy = builder.detail(), self.settings.policy
        if not policy.gathers:
            return detail
        return replace(detail, findings=policy.gathered(detail.findings))

    def _end(self, flow: Flow, conversation: _Conversation) -> None:
        """A flow is over: hand it out."""
        session = conversation.session
        told = session.finish()
        if conversation.transcript:
            conversation.transcript.end(session, told)
        self._tell(conversation, told)
        self.bugs = (self.bugs + conversation.engine.bugs)[:BUGS]
        del self._open[flow.number]
        detail = self._detail(conversation.builder)
        self.ledger.add(conversation.context, self.capture, detail.summary.severity)
        self._tls[conversation.session.within.state] += 1
        self.finished.append(detail)
