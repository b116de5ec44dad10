"""Inside TLS the dialogue is what it would be in the clear, however it is cut."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from support.wire import Conversation, Setting

from dissect.analysis.model import FlowDetail, RowKind
from dissect.evidence import Endpoint, Side
from dissect.pipeline import Pipeline, Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

RCPTS = b"".join(b"RCPT TO:<r%d@example.net>\r\n" % number for number in range(6))
SAID = (
    (Side.SERVER, b"220 mx.example.net ESMTP\r\n"),
    (Side.CLIENT, b"EHLO mail.example.org\r\n"),
    (Side.SERVER, b"250-mx.example.net\r\n250-PIPELINING\r\n250 AUTH PLAIN\r\n"),
    (Side.CLIENT, b"AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n"),
    (Side.SERVER, b"235 2.7.0 Welcome\r\n"),
    (Side.CLIENT, b"MAIL FROM:<a@example.org>\r\n" + RCPTS + b"DATA\r\n"),
    (Side.SERVER, b"250 Ok\r\n" * 7 + b"354 Go\r\n"),
    (Side.CLIENT, b"Subject: x\r\n\r\n..\r\ntext\r\n.\r\n"),
    (Side.SERVER, b"250 Queued\r\n"),
    (Side.CLIENT, b"QUIT\r\n"),
    (Side.SERVER, b"221 Bye\r\n"),
)
HELLO = bytes((22, 3, 1, 0, 8)) + bytes(8)
"""A handshake record: where TLS begins."""

CUTS = st.lists(st.lists(st.integers(1, 200), max_size=4), min_size=len(SAID), max_size=len(SAID))


def parts(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    """Data, cut at some of its offsets."""
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    return [data[left:right] for left, right in pairwise(edges)]


def clear(cuts: Sequence[Sequence[int]]) -> FlowDetail:
    """All that is said, in the clear and cut into segments."""
    wire = Conversation(Setting(server=Endpoint("192.0.2.25", 25)))
    wire.open()
    for (side, data), where in zip(SAID, cuts, strict=True):
        wire.speaker(side).send(data, where)
    wire.close()
    return read(Pipeline(), wire)


def inside(records: Sequence[Sequence[int]], segments: Sequence[Sequence[int]]) -> FlowDetail:
    """The same inside TLS on port 465, cut into records, and these into segments."""
    wire, pipeline = (
        Conversation(Setting(server=Endpoint("192.0.2.25", 465))),
        Pipeline(settings=Settings(keylog="any")),
    )
    assert pipeline.texts is not None
    wire.open()
    wire.client.send(HELLO)
    wire.server.send(HELLO)
    number = 0
    for (side, data), cuts, where in zip(SAID, records, segments, strict=True):
        sealed = b""
        for text in parts(data, cuts):
            number += 1
            content = text[::-1] + number.to_bytes(32, "big")
            pipeline.texts.add([(content, text)])
            sealed += bytes((23, 3, 3)) + len(content).to_bytes(2, "big") + content
        wire.speaker(side).send(sealed, where)
    wire.close()
    return read(pipeline, wire)


def read(pipeline: Pipeline, wire: Conversation) -> FlowDetail:
    """The flow of a conversation."""
    pipeline.segments(wire.segments)
    pipeline.finish()
    assert pipeline.bugs == []
    (detail,) = pipeline.take()
    return detail


def told(detail: FlowDetail) -> list[tuple[object, ...]]:
    """What was said, without where it lies and how it was cut."""
    return [
        (row.kind, row.side, row.verb, row.code, row.size,
         row.text if row.kind is not RowKind.MESSAGE else b"")
        for row in detail.rows
        if row.kind in {RowKind.GREETING, RowKind.COMMAND, RowKind.REPLY, RowKind.AUTH,
                        RowKind.MESSAGE}
    ]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(CUTS, CUTS)
def test_the_dialogue_is_that_of_the_clear(
    records: list[list[int]], segments: list[list[int]]
) -> None:
    """The same rows and outcome, credentials masked, and no finding but that lines are cut."""
    plain, sealed = clear(records), inside(records, segments)
    assert told(sealed) == told(plain)
    assert sealed.summary.outcome is plain.summary.outcome
    assert sealed.summary.recipients == plain.summary.recipients
    assert "AGFsaWNl" not in repr(sealed)
    cut = {"split-command", "split-reply", "split-terminator"}
    assert set(sealed.summary.rules) <= cut
    assert set(sealed.summary.rules) == set(plain.summary.rules) & cut


@settings(max_examples=40, deadline=None)
@given(CUTS, CUTS, CUTS)
def test_segments_change_nothing_inside(
    records: list[list[int]], one: list[list[int]], two: list[list[int]]
) -> None:
    """However TCP cuts the same records, what is told of the text and its seams is the same."""
    first, second = inside(records, one), inside(records, two)
    assert told(first) == told(second)
    seams = [
        [(row.verb, seam.offset) for row in detail.rows for seam in row.seams]
        for detail in (first, second)
    ]
    assert seams[0] == seams[1]
    assert {seam.kind for row in first.rows if row.tls for seam in row.seams} <= {"record"}
