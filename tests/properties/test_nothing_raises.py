"""Traffic never raises: any bytes, any sequence numbers, any flags."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from support.strategies import byte_talks, some_settings, talk_cuts

from dissect.analysis import pack, unpack
from dissect.evidence import Side
from dissect.pipeline import Pipeline
from dissect.segments import ACK, FIN, PSH, RST, SYN, Segment
from properties.light import light

if TYPE_CHECKING:
    from support.talk import Talk
    from support.wire import Setting

LIGHT = light(120)

SNIPPETS = (
    b"220 mx\r\n", b"250 OK\r\n", b"250-a\r\n250 b\r\n", b"354 go\r\n", b"334 \r\n", b"500 x\r\n",
    b"421 bye\r\n", b"221\r\n", b"554 SMTP synchronization error\r\n", b'500 "XXXX TO:<b>"\r\n',
    b"EHLO a\r\n", b"HELO a\r\n", b"MAIL FROM:<a@b>\r\n", b"RCPT TO:<c@d>\r\n", b"DATA\r\n",
    b"XXXX TO:<c@d>\r\n", b"XXXXXXXX\r\n", b"\r\n.\r\n", b".\r\n", b"BDAT 5 LAST\r\n",
    b"BDAT 9\r\n",
    b"AUTH LOGIN\r\n", b"AUTH PLAIN AGEAYg==\r\n", b"STARTTLS\r\n", b"\x16\x03\x01\x00\x02hi",
    b"XEXCH50 4 2\r\n", b"QUIT\r\n", b"RSET\r\n", b"RC", b"PT TO:<c@d>", b"\r", b"\n", b"\0",
)  # fmt: skip
"""What leads a reader into each of its states."""

OFFSETS = st.one_of(
    st.integers(-8, 80), st.sampled_from((-(1 << 31), (1 << 31) - 1, 1 << 30, 5 << 20, 3 << 20))
)


class Odd(NamedTuple):
    """A segment of a hostile or broken stack."""

    side: Side
    payload: bytes
    jump: int
    """How far its sequence number is from where its stream stands."""
    ack: int
    """The same of its acknowledgment."""
    flags: int
    cut: int
    """Bytes that the snap length cut."""
    wait: float


def payloads() -> st.SearchStrategy[bytes]:
    """SMTP out of place, or any bytes."""
    known = st.lists(st.sampled_from(SNIPPETS), max_size=4).map(b"".join)
    return st.one_of(known, st.binary(max_size=30))


def flags() -> st.SearchStrategy[int]:
    """Mostly data, and every combination that stacks never send."""
    common = st.sampled_from((ACK | PSH, ACK, SYN, SYN | ACK, FIN | ACK, RST, RST | ACK))
    return st.one_of(common, st.integers(0, 255))


ODD = st.builds(
    Odd,
    st.sampled_from(Side),
    payloads(),
    st.one_of(st.just(0), OFFSETS),
    st.one_of(st.just(0), OFFSETS),
    flags(),
    st.sampled_from((0, 0, 0, 1, 9)),
    st.sampled_from((0.001, 0.001, 3.0, -1.0, 20000.0)),
)


def segments(odd: list[Odd]) -> list[Segment]:
    """The capture that they make, on one pair of ports."""
    edges, time, made = {Side.CLIENT: 1000, Side.SERVER: 5000}, 1000.0, []
    ends = {Side.CLIENT: ("192.0.2.10", 40000), Side.SERVER: ("192.0.2.25", 25)}
    for frame, one in enumerate(odd, start=1):
        time += one.wait
        length = len(one.payload) + one.cut
        made.append(
            Segment(
                frame, time, *ends[one.side], *ends[one.side.other],
                seq=(edges[one.side] + one.jump) % (1 << 32),
                ack=(edges[one.side.other] + one.ack) % (1 << 32),
                flags=one.flags, payload=one.payload, length=length,
            )
        )  # fmt: skip
        edges[one.side] += length if not one.jump else 0
    return made


def holds(found: Pipeline, frames: set[int]) -> None:
    """Nothing crashed, and all evidence exists."""
    assert found.bugs == []
    for detail in found.take():
        rows = {row.number for row in detail.rows}
        assert len(rows) == len(detail.rows)
        for finding in detail.findings:
            assert set(finding.frames) <= frames
            assert set(finding.rows) <= rows
            assert 0 <= finding.confidence <= 1
        for row in detail.rows:
            assert set(row.frames) <= frames
            assert row.partner is None or row.partner in rows
        assert unpack(pack(detail)) == detail


@LIGHT
@given(st.lists(ODD, max_size=25))
def test_any_segments(odd: list[Odd]) -> None:
    """Whatever a stack sends, all rooms read it, and evidence is true."""
    made = segments(odd)
    pipeline = Pipeline()
    for segment in made:
        pipeline.segments((segment,))
    pipeline.changed(1000)
    pipeline.finish()
    pipeline.verdicts()
    holds(pipeline, {segment.frame for segment in made})


@LIGHT
@given(byte_talks(), some_settings(), st.data())
def test_any_bytes(talk: Talk, setting: Setting, data: st.DataObject) -> None:
    """Two sides that speak anything but SMTP are read without a word."""
    made = talk.play(setting, data.draw(talk_cuts(talk)))
    pipeline = Pipeline()
    pipeline.segments(made)
    pipeline.finish()
    holds(pipeline, {segment.frame for segment in made})


@LIGHT
@given(st.lists(st.tuples(st.sampled_from(Side), payloads()), max_size=12), st.data())
def test_smtp_out_of_place(said: list[tuple[Side, bytes]], data: st.DataObject) -> None:
    """Real commands and replies in any order, cut anywhere, are read without a word."""
    odd = []
    for side, payload in said:
        at = data.draw(st.integers(0, len(payload)))
        odd += [Odd(side, part, 0, 0, ACK | PSH, 0, 0.001) for part in (payload[:at], payload[at:])]
    made = segments(odd)
    pipeline = Pipeline()
    pipeline.segments(made)
    pipeline.finish()
    holds(pipeline, {segment.frame for segment in made})
