"""Streams: bytes in order with their seams, whatever TCP did to the segments."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from support.script import play
from support.wire import NEAR_WRAP, SEQUENCE_SPACE, Conversation, Fate, Setting, renumber

from dissect.evidence import Seam, Side
from dissect.pipeline import Pipeline
from dissect.segments import ACK, FIN, PSH, RST, SYN, Segment
from dissect.streams import Chunk, Closing, Flow, Hole, Missing, Repeat, StreamEvent, Tracker

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

    from dissect.streams.half import Half

MIDWAY = Setting(handshake=False)


def by_flow(segments: Iterable[Segment]) -> list[list[StreamEvent]]:
    """The events of each flow, in order of appearance."""
    tracker = Tracker()
    found: dict[int, list[StreamEvent]] = {}
    for segment in segments:
        for flow, events in tracker.feed(segment):
            found.setdefault(flow.number, []).extend(events)
    for flow, events in tracker.finish():
        found.setdefault(flow.number, []).extend(events)
    return [found[number] for number in sorted(found)]


def read(segments: Iterable[Segment]) -> list[StreamEvent]:
    """The events of the only flow."""
    (events,) = by_flow(segments)
    return events


def said(events: list[StreamEvent], side: Side = Side.CLIENT) -> bytes:
    """All bytes of one side."""
    return b"".join(e.data for e in events if type(e) is Chunk and e.side is side)


def seams(events: list[StreamEvent], side: Side = Side.CLIENT) -> list[Seam]:
    """The seams of one side's chunks."""
    return [seam for e in events if type(e) is Chunk and e.side is side for seam in e.seams]


def repeats(events: list[StreamEvent]) -> list[Repeat]:
    """What came again."""
    return [e for e in events if type(e) is Repeat]


def holes(events: list[StreamEvent]) -> list[Hole]:
    """What did not come."""
    return [e for e in events if type(e) is Hole]


def closings(events: list[StreamEvent]) -> list[tuple[Side, bool]]:
    """Who ended the connection, and whether by a reset."""
    return [(e.side, e.reset) for e in events if type(e) is Closing]


def swapped(segments: list[Segment], one: int, two: int) -> list[Segment]:
    """Two segments change places, and their frame numbers stay in order."""
    moved = list(segments)
    moved[one], moved[two] = moved[two], moved[one]
    times = [s.time for s in segments]
    return [s._replace(time=t) for s, t in zip(renumber(moved), times, strict=True)]


# ---- seams -------------------------------------------------------------------------------------


def test_a_seam_names_both_frames() -> None:
    """The boundary between two segments is a seam at the second's first byte."""
    assert seams(read(play("C: RC¦PT TO:<b>"))) == [Seam(2, 4, 5, inferred=False)]


def test_a_handshake_before_the_first_byte_is_no_seam() -> None:
    """The first byte has nothing before it."""
    assert seams(read(play("S: 220 mx")), Side.SERVER) == []


def test_offload_hides_seams_that_the_mss_tells() -> None:
    """Multiples of the MSS inside a larger segment are inferred seams of that frame."""
    events = read(play(f"C: {'x' * 2500}", Setting(mss=1000, offload=True)))
    assert seams(events) == [Seam(1000, 4, 4, inferred=True), Seam(2000, 4, 4, inferred=True)]


def test_a_segment_of_the_mss_hides_nothing() -> None:
    """Exactly one MSS is no offload."""
    assert seams(read(play(f"C= {'x' * 1460}", Setting(offload=True)))) == []


def test_options_leave_less_room() -> None:
    """A header with timestamps lowers the largest payload of a segment by their 12 bytes."""
    segments = play(f"C= {'x' * 2000}", Setting(mss=1000, offload=True))
    events = read([s._replace(header=32) if s.payload else s for s in segments])
    assert [seam.offset for seam in seams(events)] == [988, 1976]


# ---- retransmission ----------------------------------------------------------------------------


def test_a_retransmission_is_a_repeat() -> None:
    """The same bytes again are no new bytes and, cut as before, no new seams."""
    events = read(play("C: RC¦PT\nC* again"))
    assert said(events) == b"RCPT\r\n"
    again = [(e.offset, e.length, e.frame, e.differs, e.seams) for e in repeats(events)]
    assert again == [(0, 2, 6, False, ()), (2, 4, 7, False, ())]


def test_other_cuts_of_a_retransmission_are_seams_too() -> None:
    """A boundary that only the second transmission has is told with the repeat."""
    (again,) = repeats(read(play("C: RCPT TO:<b>\nC* 2-16")))
    assert [seam.offset for seam in again.seams] == [2]
    assert again.seams[0].after == 5


def test_overlap_with_new_bytes_behind() -> None:
    """A segment that reaches back brings its new bytes only."""
    events = read(play("C= RCPT\nC@2 PTxy"))
    assert said(events) == b"RCPTxy"
    assert [(e.offset, e.length, e.differs) for e in repeats(events)] == [(2, 2, False)]
    assert seams(events)[-1] == Seam(4, 4, 5, inferred=False)


def test_overlap_with_other_bytes() -> None:
    """The first copy of a byte wins, and the difference is told."""
    events = read(play("C= RCPT\nC@0 XXXX"))
    assert said(events) == b"RCPT"
    assert [(e.offset, e.length, e.differs) for e in repeats(events)] == [(0, 4, True)]


def test_a_keep_alive_is_no_repeat() -> None:
    """One garbage byte before the edge only asks whether the peer is there."""
    assert repeats(read(play(r"C: NOOP" + "\n" + r"C@5 \x00"))) == []


# ---- order -------------------------------------------------------------------------------------


def test_reordered_segments_are_put_in_order() -> None:
    """Segments that overtook each other give the same bytes and seams, and no repeats."""
    segments = play("C: RC¦PT¦ TO:<b>")
    events = read(swapped(segments, 3, 4))
    assert said(events) == b"RCPT TO:<b>\r\n"
    assert [seam.offset for seam in seams(events)] == [2, 4]
    assert repeats(events) == []
    assert holes(events) == []


def test_the_answer_never_comes_before_its_cause() -> None:
    """Where the capture shows a reply before the command that it acknowledges, order is kept."""
    segments = play("C: NOOP\nS: 250 OK")
    sides = [e.side for e in read(swapped(segments, 3, 4)) if type(e) is Chunk]
    assert sides == [Side.CLIENT, Side.SERVER]


def test_sequence_numbers_wrap() -> None:
    """A stream goes on at sequence number zero."""
    events = read(play("C: EHLO a¦bc\nC: RSET\nS: 250 OK\nS: 250 OK\nC: NOOP", NEAR_WRAP))
    assert said(events) == b"EHLO abc\r\nRSET\r\nNOOP\r\n"
    assert said(events, Side.SERVER) == b"250 OK\r\n250 OK\r\n"
    assert holes(events) == []


# ---- holes -------------------------------------------------------------------------------------


def test_an_acknowledged_hole_was_not_captured() -> None:
    """The peer had the bytes: the capture is what lost them."""
    events = read(play("C- RCPT TO:<b>\nC: RSET\nS: 250 OK\n... 5s\nS! ACK"))
    assert [(h.offset, h.length, h.missing) for h in holes(events)] == [(0, 13, Missing.UNSEEN)]
    assert said(events) == b"RSET\r\n"


def without(segments: list[Segment], payload: bytes) -> list[Segment]:
    """The capture without the segment of that payload: swallowed on the way."""
    return renumber(s for s in segments if s.payload != payload)


def test_a_hole_that_nobody_acknowledged_was_lost() -> None:
    """The bytes never arrived at the peer."""
    events = read(without(play("C: one\nC? two\nC: three\nS! ACK"), b"two\r\n"))
    assert [(h.offset, h.length, h.missing) for h in holes(events)] == [(5, 5, Missing.LOST)]
    assert said(events) == b"one\r\nthree\r\n"


def test_a_late_segment_fills_its_hole() -> None:
    """A hole is none while its bytes may still come."""
    events = read(without(play("C: one\nC? two\nC: three\n... 1s\nC* 5-10"), b"no such"))
    assert said(events) == b"one\r\ntwo\r\nthree\r\n"
    first, *_, last = play("C: one\n--\nC: two\n--\nC: three")[3:]
    late = [*play("C: one")[:3], first, last, *play("C: one\n--\nC: two")[4:]]
    assert said(read(renumber(late))) == b"one\r\ntwo\r\nthree\r\n"
    assert holes(read(renumber(late))) == []


def test_the_snap_length_cuts() -> None:
    """Bytes that were on the wire and not in the file are a hole of their own kind."""
    events = read(play("C: 1234567890", Setting(snaplen=60)))
    assert [(h.offset, h.length, h.missing) for h in holes(events)] == [(6, 6, Missing.CUT)]


# ---- endings -----------------------------------------------------------------------------------


def test_a_fin_waits_for_the_bytes_before_it() -> None:
    """The end comes behind what is missing."""
    events = read(play("C- QUIT\nC! FIN\nS! ACK"))
    assert [type(e) for e in events] == [Hole, Closing]
    assert closings(events) == [(Side.CLIENT, False)]


def test_a_fin_with_the_last_bytes() -> None:
    """A FIN on a segment with payload stands behind it."""
    segments = play("C: QUIT")
    events = read([*segments[:-1], segments[-1]._replace(flags=ACK | PSH | FIN)])
    assert said(events) == b"QUIT\r\n"
    assert closings(events) == [(Side.CLIENT, False)]


def test_a_retransmitted_fin_is_one_end() -> None:
    """A FIN that is sent again ends nothing twice."""
    segments = play("C: QUIT\nC! FIN")
    assert closings(read(renumber([*segments, segments[-1]]))) == [(Side.CLIENT, False)]


def test_a_reset_ends_at_once() -> None:
    """A RST is told where it stands, also ahead of the stream."""
    events = read(play("C: NOOP\nC- QUIT\nS! RST"))
    assert closings(events) == [(Side.SERVER, True)]


# ---- nonsense ----------------------------------------------------------------------------------


def odd(segments: list[Segment], *, seq: int = -1, ack: int = -1) -> list[Segment]:
    """The capture with a copy of its last segment, changed, in front of that segment."""
    last = segments[-1]
    other = last._replace(seq=last.seq if seq < 0 else seq, ack=last.ack if ack < 0 else ack)
    return renumber([*segments[:-1], other, last])


def test_a_sequence_number_far_away_is_no_part_of_the_stream() -> None:
    """Bytes from half the sequence space away are not waited for."""
    segments = play("C: NOOP\nC: RSET")
    events = read(odd(segments, seq=(segments[-1].seq + (1 << 31)) % SEQUENCE_SPACE))
    assert said(events) == b"NOOP\r\nRSET\r\n"
    assert holes(events) == []


def test_a_bogus_acknowledgment_delays_nothing() -> None:
    """A segment that acknowledges what cannot have been sent is taken all the same."""
    segments = play("S: 220 mx\nC: EHLO a\nS: 250 mx")
    events = read(odd(segments, ack=(segments[-1].ack + (1 << 30)) % SEQUENCE_SPACE))
    assert said(events, Side.SERVER) == b"220 mx\r\n250 mx\r\n"


def test_a_bogus_acknowledgment_proves_no_arrival() -> None:
    """What was lost stays lost when a segment acknowledges far more than was ever sent."""
    segments = without(play("C: one\nC? two\nC: three\nS! ACK\nS! ACK"), b"two\r\n")
    events = read(odd(segments, ack=segments[-1].ack + (1 << 30)))
    assert [h.missing for h in holes(events)] == [Missing.LOST]


# ---- flows -------------------------------------------------------------------------------------


def test_a_port_that_is_used_again_is_another_flow() -> None:
    """A SYN with another sequence number between the same ports begins a new connection."""
    second = replace(Setting(), client_isn=77, server_isn=99, start=Setting().start + 60)
    segments = renumber([*play("C: NOOP\nC! RST"), *play("C: RSET", second)])
    assert [said(events) for events in by_flow(segments)] == [b"NOOP\r\n", b"RSET\r\n"]


def test_a_retransmitted_syn_is_the_same_flow() -> None:
    """A SYN that is sent again opens nothing."""
    segments = play("C: NOOP")
    assert len(by_flow(renumber([segments[0], *segments]))) == 1


def test_who_is_the_client_without_a_handshake() -> None:
    """The side without the mail port is the client, whoever speaks first."""
    for script in ("C: NOOP\nS: 250 OK", "S: 250 OK\nC: NOOP"):
        assert said(read(play(script, MIDWAY))) == b"NOOP\r\n"


def test_a_flow_on_another_port_is_known_by_its_hello() -> None:
    """Any port is followed from its first byte once it greets and is greeted like SMTP."""
    there = replace(Setting(), server=Setting().server._replace(port=10025))
    assert said(read(play("S: 220 mx\nC: EHLO a\nS: 250 mx\nC: QUIT", there))) == (
        b"EHLO a\r\nQUIT\r\n"
    )
    assert by_flow(play("S: SSH-2.0-x\nC: SSH-2.0-y", there)) == []


def test_the_last_acknowledgment_is_no_new_flow() -> None:
    """Segments behind the end of a connection open none."""
    segments = play("C: QUIT\nS: 221 Bye\nS! FIN\nC! FIN\nS! ACK\n... 20s\nS! ACK\nC! RST")
    assert len(by_flow(segments)) == 1


def test_data_in_a_syn_counts() -> None:
    """TCP Fast Open brings bytes with the SYN; they are the first of the stream."""
    segments = play("C: EHLO a")
    first = segments[0]._replace(payload=b"EHLO ", length=5)
    rest = segments[3]._replace(seq=segments[3].seq + 5, payload=b"a\r\n", length=3)
    assert said(read([first, *segments[1:3], rest])) == b"EHLO a\r\n"
    assert first.flags & SYN
    assert not first.flags & RST


def test_waiting_costs_one_look_a_segment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for a reply that the capture lost is not looked at again for every segment."""
    looks = 0
    early = Flow._early

    def counted(peer: Half, segment: Segment) -> bool:
        nonlocal looks
        looks += 1
        return early(peer, segment)

    monkeypatch.setattr(Flow, "_early", staticmethod(counted))
    wire = Conversation(Setting(acks=True, step=0.0, rtt=0.0))
    wire.open()
    wire.server.send(b"220 mx\r\n", fate=Fate.MISSED)
    for number in range(400):
        wire.client.send(b"NOOP %d\r\n" % number)
    pipeline = Pipeline()
    pipeline.segments(wire.segments)
    pipeline.finish()

    assert len(wire.segments) > 800
    assert looks < 4 * len(wire.segments)
