"""Read-model values made by hand: the founding case and its neighbours, and a feed of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dissect.analysis import pack
from dissect.analysis.model import (
    Bucket,
    FlowDetail,
    FlowSummary,
    Moment,
    Outcome,
    Peer,
    Progress,
    Recipients,
    Retry,
    Row,
    RowKind,
    Status,
    Update,
    Verdict,
)
from dissect.detect.finding import Finding, SeamInside, Severity
from dissect.evidence import Endpoint, FrameFacts, Seam, Side

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

START = 1795330288.198
SERVER = Endpoint("198.51.100.25", 25)
HOSTILE = (
    b"RSET [/foo] [red]x[/] [@click=app.quit]go[/] \x1b]0;owned\x07 \x1b]52;c;ZXZpbA==\x07"
    b" \x9b31m \xc2\x9b5n \xe2\x80\xae\xe2\x80\x8b \xff\xfe \x00\t\x7f e\xcc\x81 \xf0\x9f\x87\xa6"
)


class Script:
    """Builds the rows of a flow one after the other, with running offsets, times and frames."""

    def __init__(self, start: float = START) -> None:
        self.rows: list[Row] = []
        self.time = start
        self.frame = 1
        self.offsets = {Side.CLIENT: 0, Side.SERVER: 0}

    def about(self, kind: RowKind, text: str, side: Side | None = None) -> Row:
        """A row about the flow."""
        return self._add(kind, side, text.encode(), 0, {})

    def say(self, kind: RowKind, text: bytes, side: Side | None = None, **more: Any) -> Row:
        """A row of either side; the line end is counted and not shown."""
        who = side or (Side.SERVER if kind in {RowKind.REPLY, RowKind.GREETING} else Side.CLIENT)
        return self._add(kind, who, text, len(text) + 2, more)

    def command(self, text: bytes, **more: Any) -> Row:
        """A command; the verb is its first word."""
        verb = text.split(b" ")[0].decode("latin-1").upper()
        return self.say(RowKind.COMMAND, text, verb=verb, **more)

    def reply(self, text: bytes, to: Row | None = None, **more: Any) -> Row:
        """A reply, tied to its command."""
        partner = None if to is None else to.number
        row = self.say(RowKind.REPLY, text, code=int(text[:3] or b"0"), partner=partner, **more)
        if to is not None:
            self.rows[to.number] = self.rows[to.number]._replace(partner=row.number)
        return row

    def split(self, text: bytes, at: int, *, inferred: bool = False, **more: Any) -> Row:
        """A command with a seam after ``at`` bytes of it."""
        offset = self.offsets[Side.CLIENT] + at
        before, after = self.frame, self.frame + 2
        seam = Seam(offset, before, after, inferred)
        head = b"c" * 20 + b"t034@cam.ac.uk>\r\n" + text[:at]
        pieces = (
            facts(
                before, self.time, offset - len(head), head, 1448, "C: DATA fragment, 1448 bytes"
            ),
            facts(after, self.time + 0.002, offset, text[at:] + b"\r\n", 812, ""),
        )
        row = self.command(text, frames=(before, after), seams=(seam,), pieces=pieces, **more)
        self.frame = after + 1
        return row

    def _add(
        self, kind: RowKind, side: Side | None, text: bytes, size: int, more: dict[str, Any]
    ) -> Row:
        self.time += 0.004
        offset = self.offsets[side] if side else 0
        fields: dict[str, Any] = {"frames": (self.frame,), **more}
        row = Row(
            len(self.rows), kind, side, self.time, offset=offset, size=size, text=text, **fields
        )
        self.rows.append(row)
        self.frame += 1
        if side:
            self.offsets[side] += size
        return row


def facts(
    frame: int, time: float, offset: int, excerpt: bytes, length: int, wireshark: str
) -> FrameFacts:
    """What is known of one frame."""
    return FrameFacts(
        frame=frame, time=time, seq=3_405_691_582 + offset, length=length, flags=0x18, window=501,
        ttl=64, ip_id=0x1A2B + frame, offset=offset, excerpt=excerpt, wireshark=wireshark,
    )  # fmt: skip


def founding(flow: int = 0, recipients: int = 12, split: int = 2) -> FlowDetail:
    """A message with many recipients, one RCPT of which is cut and masked, and then lost."""
    talk = Script(START + flow * 61.5)
    talk.about(RowKind.OPEN, "connection opened, MSS 1460")
    talk.say(RowKind.GREETING, b"220 " + b"*" * 36, code=220, masked=((4, 40),))
    ehlo = talk.command(b"EHLO exchange.example.org")
    keywords = (
        b"250-mx.example.net Hello exchange.example.org [192.0.2.10]\r\n250-SIZE 52428800\r\n"
        b"250-PIPELINING\r\n250-XXXXXXXA\r\n250 HELP"
    )
    mask = keywords.index(b"XXXXXXXA")
    talk.reply(keywords, ehlo, masked=((mask, mask + 8),), original="STARTTLS")
    commands = [talk.command(b"MAIL FROM:<list@example.org>", group=1)]
    cut = recipients // 2
    for number in range(recipients):
        address = b"<recipient%04d@cam.example.net>" % number
        if number == cut:
            masked = b"XX" + b"XX" if split == 2 else b"X" * 4
            commands.append(
                talk.split(
                    masked + b" TO:" + address, split, group=1, masked=((0, 4),), original="RCPT"
                )
            )
        else:
            commands.append(talk.command(b"RCPT TO:" + address, group=1))
    commands.append(talk.command(b"DATA", group=1))
    bad = commands[1 + cut]
    for command in commands[:-1]:
        word = b"500 unrecognized command" if command is bad else b"250 Accepted"
        refused = talk.reply(word, command)
        if command is bad:
            answer = refused
    talk.reply(b'354 Enter message, ending with "." on a line by itself', commands[-1])
    talk.say(RowKind.MESSAGE, b"message data, 12,345 bytes in 9 segments")
    talk.about(RowKind.RETRANSMISSION, "1,448 bytes of message data sent again", Side.CLIENT)
    talk.about(RowKind.RESET, "reset by the server", Side.SERVER)
    findings = _findings(flow, talk, bad, answer, recipients)
    summary = _summary(flow, talk, findings, recipients)
    return FlowDetail(summary=summary, rows=tuple(talk.rows), findings=findings)


def _findings(
    flow: int, talk: Script, bad: Row, answer: Row, recipients: int
) -> tuple[Finding, ...]:
    lost = f"recipient{recipients // 2:04d}@cam.example.net"
    seam = SeamInside(seam=bad.seams[0], within="verb", offset=bad.seams[0].offset - bad.offset)
    common: dict[str, Any] = {"flow": flow, "sources": ("PIX-06",)}
    return (
        Finding(
            rule="masked-banner", severity=Severity.LOW, confidence=0.9, frames=(2,),
            time=talk.rows[1].time, rows=(1,), observed=talk.rows[1].text,
            message="The greeting's text was overwritten with asterisks.",
            remedy=("no fixup protocol smtp 25",), **common,
        ),
        Finding(
            rule="masked-ehlo-keyword", severity=Severity.CRITICAL, confidence=0.95, frames=(4,),
            time=talk.rows[3].time, rows=(3,), observed=b"250-XXXXXXXA", original="STARTTLS",
            message="An EHLO keyword was overwritten; its length fits STARTTLS.",
            impact="All mail between the two goes in the clear.",
            remedy=("policy-map type inspect esmtp NAME / parameters / allow-tls",), **common,
        ),
        Finding(
            rule="split-masked-verb", severity=Severity.CRITICAL, confidence=0.99,
            frames=bad.frames, time=bad.time, rows=(bad.number,), observed=bad.text,
            original="RCPT", seam=seam,
            message="A packet boundary lies inside a RCPT whose letters were overwritten with X.",
            impact="The recipient got no mail, and the message will be tried again for ever.",
            remedy=("no fixup protocol smtp 25", "or, on an ASA: no inspect esmtp"), **common,
        ),
        Finding(
            rule="lost-recipient", severity=Severity.CRITICAL, confidence=0.98,
            frames=(*bad.frames, *answer.frames), time=answer.time, rows=(answer.number,),
            message="A recipient was refused because the RCPT was damaged.",
            impact=f"{lost} gets no mail.", recipients=(lost,), **common,
        ),
        Finding(
            rule="lost-transaction", severity=Severity.HIGH, confidence=0.9,
            frames=talk.rows[-1].frames, time=talk.rows[-1].time, rows=(len(talk.rows) - 1,),
            message="The connection was reset by the server in the message data.", **common,
        ),
    )  # fmt: skip


def _summary(
    flow: int, talk: Script, findings: tuple[Finding, ...], recipients: int
) -> FlowSummary:
    return FlowSummary(
        flow=flow, capture="founding-behind.pcap", tcp_stream=flow,
        client=Endpoint("192.0.2.10", 33738 + flow), server=SERVER,
        start=talk.rows[0].time - 0.004, end=talk.time, helo="exchange.example.org",
        banner=talk.rows[1].text.decode("latin-1"), reverse_path="list@example.org",
        outcome=Outcome.LOST, phase="data", recipients=Recipients(recipients, recipients - 1),
        bytes_client=talk.offsets[Side.CLIENT] + 12345, bytes_server=talk.offsets[Side.SERVER],
        first_frame=1, last_frame=talk.frame, frames=talk.frame,
        severity=max((found.severity for found in findings), default=None),
        rules=tuple(sorted({found.rule for found in findings})), closed=True,
    )  # fmt: skip


def plain(flow: int, client: str = "192.0.2.77", helo: str = "mail.example.com") -> FlowDetail:
    """A small message that passes."""
    talk = Script(START + flow * 61.5)
    talk.about(RowKind.OPEN, "connection opened, MSS 1460")
    talk.say(RowKind.GREETING, b"220 mx.example.net ESMTP Exim 4.96", code=220)
    for said, answer in (
        (
            b"EHLO " + helo.encode("utf-8", "surrogateescape"),
            b"250-mx.example.net\r\n250 SIZE 52428800",
        ),
        (b"MAIL FROM:<bob@example.com>", b"250 OK"),
        (b"RCPT TO:<alice@example.net>", b"250 Accepted"),
        (b"DATA", b"354 Go ahead"),
    ):
        talk.reply(answer, talk.command(said))
    body = talk.say(RowKind.MESSAGE, b"message data, 812 bytes in 1 segment")
    talk.reply(b"250 OK id=1abc-0001", body)
    talk.reply(b"221 bye", talk.command(b"QUIT"))
    talk.about(RowKind.CLOSE, "closed by the client")
    summary = replace(
        _summary(flow, talk, (), 1), client=Endpoint(client, 40000 + flow % 20000), helo=helo,
        reverse_path="bob@example.com", outcome=Outcome.DELIVERED, phase="quit", messages=1,
        recipients=Recipients(1, 1),
    )  # fmt: skip
    return FlowDetail(summary=summary, rows=tuple(talk.rows), findings=())


def odd(flow: int) -> FlowDetail:
    """A gap, an inferred seam, TLS and a split command that did no harm."""
    talk = Script(START + flow * 61.5)
    talk.about(RowKind.OPEN, "joined midway: the handshake is not in the capture")
    unknown = talk.say(RowKind.UNKNOWN, b"PT TO:<half@example.net>")
    talk.reply(b"250 Accepted", unknown)
    talk.about(RowKind.GAP, "1,460 bytes of the client are not in the capture")
    cut = talk.split(b"RCPT TO:<whole@example.net>", 2, inferred=True)
    talk.reply(b"250 Accepted", cut, retransmitted=1)
    talk.about(RowKind.TLS, "TLS begins; what follows is encrypted")
    seam = SeamInside(seam=cut.seams[0], within="verb", offset=2)
    found = Finding(
        rule="split-command", severity=Severity.INFO, confidence=0.6, flow=flow, frames=cut.frames,
        time=cut.time, rows=(cut.number,), observed=cut.text, seam=seam,
        message="A packet boundary lies inside RCPT, and it was accepted.",
    )  # fmt: skip
    summary = replace(
        _summary(flow, talk, (found,), 2), client=Endpoint("2001:db8:1::42", 51515),
        server=Endpoint("2001:db8:25::25", 587), outcome=Outcome.ENCRYPTED, phase="tls", helo="",
        recipients=Recipients(2, 2),
    )  # fmt: skip
    return FlowDetail(summary=summary, rows=tuple(talk.rows), findings=(found,))


def hostile(flow: int, size: int = 1_000_000) -> FlowDetail:
    """Bytes that want to steer the terminal, in every field that a packet can fill."""
    talk = Script(START)
    talk.say(RowKind.GREETING, b"220 " + HOSTILE)
    bad = talk.split(HOSTILE + b"A" * size, 7, masked=((2, 9),), original="RCPT\x1b[2J")
    talk.reply(b"500-" + HOSTILE + b"\r\n500 " + b"z" * size, bad)
    talk.reply(b"250-x\r\n" * 5000 + b"250 y", None)
    words = HOSTILE.decode("utf-8", "surrogateescape")
    found = Finding(
        rule="split-masked-verb", severity=Severity.HIGH, confidence=0.5, flow=flow, frames=(2, 4),
        time=START, rows=(bad.number,), observed=bad.text, original=words, message=words,
        impact=words, remedy=(words,), recipients=(words,),
        seam=SeamInside(seam=bad.seams[0], within="verb", offset=7),
    )  # fmt: skip
    summary = replace(
        _summary(flow, talk, (found,), 1), helo=words, banner=words, reverse_path=words,
    )  # fmt: skip
    return FlowDetail(summary=summary, rows=tuple(talk.rows), findings=(found,))


def clients() -> tuple[Peer, Peer]:
    """One that passes, and the one of the founding case."""
    bad = Peer(
        client="192.0.2.10", flows=3, damaged=3, messages_tried=3, messages_accepted=0,
        recipients_asked=84, recipients_accepted=81, recipients_delivered=0, width=60.0,
        rate=tuple(Bucket(START + 60 * at, 24, 0) for at in (0, 2, 9)),
        retries=(Retry("list@example.org", 12, 14, (Moment(START, 0), Moment(START + 122, 2))),),
        trouble=(Moment(START, 0), Moment(START + 122, 2), Moment(START + 300, 5)),
    )  # fmt: skip
    good = replace(
        bad, client="192.0.2.77", flows=8, damaged=0, messages_accepted=8, messages_tried=8,
        recipients_asked=8, recipients_accepted=8, recipients_delivered=8, retries=(), trouble=(),
    )  # fmt: skip
    return good, bad


def verdict() -> Verdict:
    """What stands between the two in the founding case."""
    return Verdict(
        capture="founding-behind.pcap", client="192.0.2.0/24", server="198.51.100.25",
        device="cisco-smtp-inspection", title="Cisco-style SMTP inspection", confidence=0.99,
        counts=(("verbs_with_seam", 6), ("verbs_with_seam_masked", 6), ("whole_verbs", 700),
                ("whole_verbs_masked", 0)),
        message="6 of 6 verbs with a seam inside were masked; 0 of 700 whole ones were.",
        remedy=("no fixup protocol smtp 25",), confirm=("A capture on the other side",),
        flows=(0, 1, 2),
    )  # fmt: skip


def progress(status: Status = Status.COMPLETE, **more: Any) -> Progress:
    """How the reading stands."""
    fields: dict[str, Any] = {
        "capture": "founding-behind.pcap", "packets": 12345, "bytes_read": 43, "bytes_total": 100,
    }  # fmt: skip
    return Progress(status=status, **{**fields, **more})


def update(details: Iterable[FlowDetail], status: Status = Status.COMPLETE, **more: Any) -> Update:
    """An update that brings whole flows."""
    flows = tuple(details)
    return Update(
        progress=progress(status, flows=len(flows)),
        summaries=tuple(detail.summary for detail in flows),
        details=tuple(pack(detail) for detail in flows),
        **more,
    )


def case() -> list[FlowDetail]:
    """The demo's flows: retried messages among small ones that pass."""
    flows = [
        founding(0),
        plain(1),
        founding(2, split=1),
        plain(3, "192.0.2.78", "news.example.com"),
    ]
    return [*flows, odd(4), founding(5, 60, 3), *(plain(number) for number in range(6, 12))]


def many(count: int, every: int = 100) -> Update:
    """A lot of flows, quickly: one of ``every`` is damaged."""
    bad, good = founding(0), plain(0)
    packed = {False: pack(good), True: pack(bad)}
    models = {False: good.summary, True: bad.summary}
    kinds = [number % every == 0 for number in range(count)]
    return Update(
        progress=progress(),
        summaries=tuple(
            replace(models[kind], flow=number, start=START + number)
            for number, kind in enumerate(kinds)
        ),
        details=tuple(packed[kind]._replace(flow=number) for number, kind in enumerate(kinds)),
    )


class FakeFeed:
    """Gives prepared updates; ``more`` adds one while the app runs, ``finish`` ends it."""

    def __init__(self, updates: Sequence[Update] = ()) -> None:
        self._queue: asyncio.Queue[Update | None] = asyncio.Queue()
        self.closed = self.stopped = 0
        for each in updates:
            self.more(each)

    def more(self, each: Update) -> None:
        """Give another update."""
        self._queue.put_nowait(each)

    async def updates(self) -> AsyncIterator[Update]:
        """The updates, until one says that it is the last."""
        while (each := await self._queue.get()) is not None:
            yield each
            if not each.progress.status.goes_on:
                return

    def stop(self) -> None:
        """Count the calls."""
        self.stopped += 1

    async def close(self) -> None:
        """Count the calls."""
        self.closed += 1
