"""The tests' own wire: transcripts give the segments expected, mischief keeps what is said."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.mangle import (
    Lane,
    Mangled,
    duplicate,
    evidence,
    first_bytes,
    lane,
    overlap,
    reorder,
    resegment,
    seams,
    streams,
)
from support.pcap import Link
from support.script import ScriptError, play
from support.strategies import (
    byte_talks,
    chances,
    cut_positions,
    smtp_talks,
    some_settings,
    stuffed,
    talk_cuts,
)
from support.talk import Talk, Turn
from support.wire import IPV6, NEAR_WRAP, Conversation, Fate, Setting, interleave, to_pcap

from dissect.evidence import Endpoint, Seam, Side
from dissect.segments.segment import ACK, FIN, PSH, RST, SYN, Segment

if TYPE_CHECKING:
    from pathlib import Path

CLIENT = Lane(Endpoint("192.0.2.10", 33738), Endpoint("192.0.2.25", 25))
SERVER = CLIENT.back

GREETED = """
    S: 220 mx
    C: EHLO a
"""


def payloads(segments: list[Segment]) -> list[bytes]:
    """The payloads that are not empty."""
    return [s.payload for s in segments if s.payload]


def read_back(path: Path, *fields: str) -> list[list[str]]:
    """What tshark reads in a capture, with checksums verified."""
    chosen = [argument for field in fields for argument in ("-e", field)]
    checks = ("-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE")
    command = ("tshark", "-n", "-r", str(path), *checks, "-T", "fields", *chosen)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


# ---- transcripts -------------------------------------------------------------------------------


def test_lines_of_one_side_are_one_segment() -> None:
    """A pipelined group travels in one segment, each line with its CRLF."""
    segments = play("C: MAIL FROM:<a>\nC: RCPT TO:<b>\nS: 250 OK")
    assert payloads(segments) == [b"MAIL FROM:<a>\r\nRCPT TO:<b>\r\n", b"250 OK\r\n"]


def test_a_seam_begins_a_segment() -> None:
    """The bytes before and behind a seam mark come in different segments, without a gap."""
    first, second = play("C: RC¦PT TO:<b>", Setting(handshake=False))
    assert (first.payload, second.payload) == (b"RC", b"PT TO:<b>\r\n")
    assert (first.flags, second.flags) == (ACK, ACK | PSH)
    assert second.seq == first.seq + 2


def test_the_handshake_comes_first() -> None:
    """Frames are numbered from 1, and the first byte follows the initial sequence number."""
    segments = play("S: 220 mx")
    assert [s.flags for s in segments] == [SYN, SYN | ACK, ACK, ACK | PSH]
    assert [s.frame for s in segments] == [1, 2, 3, 4]
    assert [s.mss for s in segments] == [1460, 1460, 0, 0]
    assert (segments[3].seq, segments[3].ack) == (5_000_001, 1_000_001)


def test_data_is_acknowledged_by_the_answer() -> None:
    """An answer acknowledges all that came before it; with ``acks`` a bare segment does at once."""
    assert play(GREETED)[-1].ack == 5_000_001 + len(b"220 mx\r\n")
    assert [s.length for s in play(GREETED, Setting(acks=True))[3:]] == [8, 0, 8, 0]


def test_bytes_and_escapes() -> None:
    """A line of bytes has no CRLF added, and escapes stand for any byte."""
    assert payloads(play(r"C= a\r¦\n\x00\\é")) == [b"a\r", b"\n\x00\\\xc3\xa9"]


def test_silence_and_endings() -> None:
    """Silence moves the clock; FIN takes a sequence number, RST none."""
    segments = play("S: 220 mx\n... 30s\nS! FIN\nC! RST")
    greeting, fin, reset = segments[3:]
    assert fin.time - greeting.time == pytest.approx(30.0001)
    assert (fin.flags, reset.flags) == (ACK | FIN, ACK | RST)
    assert reset.ack == fin.seq + 1


def test_a_group_can_be_broken() -> None:
    """What follows ``--`` is sent on its own."""
    assert payloads(play("C: a\n--\nC: b")) == [b"a\r\n", b"b\r\n"]


def test_a_lost_line_stays_unacknowledged_until_it_is_resent() -> None:
    """The peer acknowledges what lies before the hole, and everything once it is filled."""
    segments = play("C? RCPT TO:<b>\nC: RSET\nS! ACK\nC* 0-13\nS! ACK")
    acks = [s.ack - 1_000_001 for s in segments if s.source_port == 25 and s.flags == ACK]
    assert acks == [0, 19]


def test_a_missed_line_is_acknowledged_but_not_captured() -> None:
    """The capture has a gap where the conversation has none."""
    segments = play("C- RCPT TO:<b>\nC: RSET\nS! ACK")
    assert payloads(segments) == [b"RSET\r\n"]
    assert segments[-1].ack - 1_000_001 == 19


def test_retransmissions() -> None:
    """A group can be sent again as it was, in part, or with other bytes."""
    segments = play("C: RC¦PT\nC* again\nC* 1-3\nC@2 XX")
    assert payloads(segments) == [b"RC", b"PT\r\n", b"RC", b"PT\r\n", b"CP", b"XX"]
    assert [s.seq - 1_000_001 for s in segments if s.payload] == [0, 2, 0, 2, 1, 2]


@pytest.mark.parametrize("line", ["X: a", "C: \\q", "... soon", "C! URG", "C* 3", "C@x y"])
def test_a_line_that_means_nothing(line: str) -> None:
    """The author of a transcript is told which line is wrong."""
    with pytest.raises(ScriptError, match="line 2"):
        play(f"C: a\n{line}")


# ---- settings ----------------------------------------------------------------------------------


def test_one_side_only() -> None:
    """A one-sided capture has the segments of one side, numbered anew."""
    segments = play(GREETED, Setting(only=Side.SERVER))
    assert {s.source_port for s in segments} == {25}
    assert [s.frame for s in segments] == [1, 2]


def test_the_mss_cuts_unless_offload_hides_it() -> None:
    """Segments are at most as large as the MSS, or as large as the sender likes."""
    assert [len(p) for p in payloads(play("C: 1234567", Setting(mss=4)))] == [4, 4, 1]
    assert [len(p) for p in payloads(play("C: 1234567", Setting(mss=4, offload=True)))] == [9]


def test_sequence_numbers_wrap() -> None:
    """Near the end of the sequence space a stream goes on at zero."""
    segments = play("C: EHLO a\nC: ¦RSET\nC: ¦NOOP", NEAR_WRAP)
    assert [s.seq for s in segments if s.payload] == [2**32 - 19, 2**32 - 11, 2**32 - 5]
    assert streams(segments)[lane(segments[-1])] == b"EHLO a\r\nRSET\r\nNOOP\r\n"


def test_a_snap_length_keeps_the_true_length() -> None:
    """A cut payload still says how long it was."""
    last = play("C: 1234567890", Setting(snaplen=60))[-1]
    assert (last.payload, last.length) == (b"123456", 12)


# ---- captures ----------------------------------------------------------------------------------

HARD = """
    S: 220 mx
    C: RC¦PT TO:<odd>
    S: 250 OK
    C: .
    C! FIN
    S! RST
"""


@pytest.mark.tshark
@pytest.mark.parametrize("setting", [Setting(), NEAR_WRAP, IPV6], ids=["plain", "wrap", "ipv6"])
@pytest.mark.parametrize("link", list(Link))
def test_tshark_reads_what_was_written(tmp_path: Path, setting: Setting, link: Link) -> None:
    """Every segment comes back from tshark with its bytes, numbers and right checksums."""
    written = play(HARD, setting)
    path = to_pcap(written, tmp_path / "a.pcap", link=link)
    rows = read_back(path, "tcp.checksum.status", "tcp.seq_raw", "tcp.payload", "_ws.malformed")
    assert rows == [["1", str(s.seq), s.payload.hex(), ""] for s in written]


@pytest.mark.tshark
def test_tshark_reads_ip_headers(tmp_path: Path) -> None:
    """IPv4 checksums, identification, TTL and a VLAN tag are as asked for."""
    written = play(HARD)
    path = to_pcap(written, tmp_path / "a.pcap", vlan=7)
    rows = read_back(path, "ip.checksum.status", "ip.id", "ip.ttl", "vlan.id")
    assert rows == [["1", f"0x{s.ip_id:04x}", str(s.ttl), "7"] for s in written]


@pytest.mark.tshark
def test_tshark_sees_a_snap_length(tmp_path: Path) -> None:
    """A cut frame is shorter in the file than it was on the wire."""
    path = to_pcap(play("C: 1234567890", Setting(snaplen=60)), tmp_path / "a.pcap")
    assert read_back(path, "frame.len", "frame.cap_len", "tcp.len")[-1] == ["66", "60", "12"]


# ---- mischief ----------------------------------------------------------------------------------


def test_seams_are_where_the_first_bringer_changes() -> None:
    """A retransmission with other boundaries makes no seam, and hides none."""
    segments = play("C: RC¦PT\nC* 0-6\nC: RSET")
    assert evidence(segments)[CLIENT] == (
        Seam(2, 4, 5, inferred=False),
        Seam(6, 5, 7, inferred=False),
    )


def test_resegment_cuts_where_it_is_told() -> None:
    """Old boundaries within a turn vanish, the wanted ones appear, turns stay apart."""
    segments = play("C: RC¦PT\nS: 250 OK\nC: RSET")
    made = resegment(segments, {CLIENT: {3, 8, 99}})
    assert made.seams[CLIENT] == {3, 6, 8}
    assert made.seams[SERVER] == frozenset()
    assert streams(made.segments) == streams(segments)


def test_flows_are_mangled_apart() -> None:
    """Two flows in one capture keep their own streams."""
    other = replace(Setting(), client=Endpoint("192.0.2.11", 40000), start=Setting().start + 0.001)
    both = interleave([play(HARD), play(HARD, other)])
    assert {s.tcp_stream for s in both} == {0, 1}
    for made in (reorder(both, Random(1)), duplicate(both, Random(1)), overlap(both, Random(1))):
        assert streams(made.segments) == streams(both)


def whole(segments: list[Segment], made: Mangled) -> None:
    """The mangled segments are well-formed, and say what the others say."""
    assert streams(made.segments) == streams(segments)
    assert seams(made.segments) == made.seams
    assert [s.frame for s in made.segments] == list(range(1, len(made.segments) + 1))
    times = [s.time for s in made.segments]
    assert times == sorted(times)
    assert all(s.length == len(s.payload) for s in made.segments)


def acknowledged_once_seen(segments: list[Segment]) -> None:
    """No segment acknowledges payload that the capture has not shown yet."""
    begun = {lane(s): s.seq + 1 for s in segments if s.flags & SYN}
    shown = dict.fromkeys(begun, 0)
    for s in segments:
        if s.flags & ACK and s.payload:
            assert (s.ack - begun[lane(s).back]) % 2**32 <= shown[lane(s).back]
        end = (s.seq - begun[lane(s)]) % 2**32 + s.length
        shown[lane(s)] = max(shown[lane(s)], end if s.payload else 0)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(smtp_talks(), chances(), some_settings(), st.data())
def test_mischief_keeps_what_is_said(
    talk: Talk, random: Random, setting: Setting, data: st.DataObject
) -> None:
    """Whatever is done to the segments, their first bytes in order are what was said."""
    segments = talk.play(setting, data.draw(talk_cuts(talk)))
    client, server = lane(segments[0]), lane(segments[0]).back
    cuts = {key: data.draw(cut_positions(len(streams(segments)[key]))) for key in (client, server)}
    moved = reorder(segments, random)
    for made in (
        resegment(segments, cuts, mss=setting.mss),
        duplicate(segments, random),
        overlap(segments, random),
        moved,
        overlap(moved.segments, random),
    ):
        whole(segments, made)
        acknowledged_once_seen(made.segments)
    assert streams(segments)[client] == talk.stream(Side.CLIENT)
    assert streams(segments)[server] == talk.stream(Side.SERVER)


@given(byte_talks(), some_settings(), st.data())
def test_any_bytes_can_be_said(talk: Talk, setting: Setting, data: st.DataObject) -> None:
    """The builder makes whole streams of any turns, cut anywhere."""
    segments = talk.play(setting, data.draw(talk_cuts(talk)))
    said = {b"".join(t.data for t in talk.turns if t.side is side) for side in Side}
    assert set(streams(segments).values()) == said - {b""}


@given(smtp_talks(), st.data())
def test_cuts_of_a_talk_are_seams(talk: Talk, data: st.DataObject) -> None:
    """Every cut that a talk is played with is a seam of its stream."""
    cuts = data.draw(talk_cuts(talk))
    found = seams(talk.play(cuts=cuts))
    assert set(cuts[Side.CLIENT]) <= found[CLIENT]
    assert set(cuts[Side.SERVER]) <= found[SERVER]


@given(smtp_talks(pipelined=False))
def test_the_truth_of_a_talk(talk: Talk) -> None:
    """Without pipelining each command opens a turn, and a message ends with a dot or a chunk."""
    said = [turn.data.split(b"\r\n")[0] for turn in talk.turns if turn.side is Side.CLIENT]
    assert set(talk.commands) <= set(said)
    assert talk.replies[0] == b"220"
    assert talk.replies[-1] == b"221"
    assert set(talk.accepted) <= set(talk.offered)


def test_dots_are_stuffed() -> None:
    """Only a dot that begins a line is doubled, also in the first line."""
    assert stuffed(b".a\r\nb.\r\n.\r\n") == b"..a\r\nb.\r\n..\r\n.\r\n"
    assert stuffed(b"") == b".\r\n"


def test_turns_of_a_talk() -> None:
    """A talk plays its turns between handshake and end."""
    talk = Talk(turns=(Turn(Side.SERVER, b"220 mx\r\n"), Turn(Side.CLIENT, b"QUIT\r\n")))
    flags = [s.flags for s in talk.play()]
    assert flags == [SYN, SYN | ACK, ACK, ACK | PSH, ACK | PSH, ACK | FIN, ACK | FIN, ACK]


def test_a_conversation_by_hand() -> None:
    """A speaker cuts, loses and resends, and knows what it has sent."""
    wire = Conversation(Setting(handshake=False))
    wire.open()
    wire.client.send(b"RCPT", cuts=(2,), fate=Fate.LOST)
    wire.client.resend()
    assert payloads(wire.segments) == [b"RC", b"PT", b"RC", b"PT"]
    assert wire.client.sent == b"RCPT"
    assert {b.frame for b in first_bytes(wire.segments)[CLIENT].values()} == {1, 2}
