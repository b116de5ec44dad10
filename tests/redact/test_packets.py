"""Packets: their structure stays, what is said is replaced, and what nobody reads is gone."""

from __future__ import annotations

import re
import struct
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties.light import light
from redact.same import KEY, Reading
from support import pcap
from support.mangle import duplicate, overlap, reorder
from support.pcap import Link
from support.script import play
from support.strategies import byte_talks, chances, smtp_talks, some_settings, talk_cuts
from support.wire import IPV6, Setting

from dissect.pipeline import Pipeline, Settings
from dissect.redact import Key, Packets, Redactor
from dissect.redact.checksum import is_right
from dissect.redact.spoken import Spoken

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from support.talk import Talk

    from dissect.segments import Segment

LINKS: Final = st.sampled_from(Link)
SECRET: Final = re.compile(
    rb"recipient\d|example|AGFsaWNl|YWxpY2|c2VjcmV0|a\.b\+c|alice|secret", re.IGNORECASE
)
"""What the talks of ``support.strategies`` name, and their credentials."""

CUT: Final = re.compile(SECRET.pattern.replace(rb"t\d", rb"t\d{4}@"), re.IGNORECASE)
"""The same across segments: ``No valid recipients`` may be cut in front of another ``554``."""

HEADS: Final = {Link.NULL: 4, Link.ETHERNET: 14, Link.RAW: 0, Link.LINUX_SLL: 16}

TALK: Final = r"""
S: 220 mx.example.net ESMTP
C: EHLO mail.example.org
S: 250 mx.example.net
C: MAIL FROM:<alice@example.org>
S: 250 OK
C: RCPT TO:<recipient1@example.net>
S: 250 OK
C: DATA
S: 354 go ahead
C: Subject: to alice
C:
C: the secret is here
C: .
S: 250 OK
"""


class Rewritten:
    """A capture of segments, and the packets that it becomes."""

    def __init__(self, segments: list[Segment]) -> None:
        redactor = Redactor(Key(KEY))
        self.address = redactor.address
        self.flows: dict[int, int] = {}
        transcripts = redactor.transcripts()
        pipeline = Pipeline("", Settings(redactor=redactor), transcripts=transcripts)
        pipeline.owners = owners = list[tuple[int, int]]()
        pipeline.segments(segments)
        pipeline.finish()
        self.flows |= dict(owners)
        self.packets: Packets = redactor.packets(transcripts)

    def frame(self, segment: Segment, data: bytes, link: int = Link.ETHERNET) -> bytes:
        """What a segment's frame becomes."""
        flow = self.flows.get(segment.frame, -1)
        return self.packets.rewritten(link, data, segment.frame, flow)

    def segment(self, segment: Segment, data: bytes) -> Segment:
        """A segment as it is in the frame that it has become."""
        start = len(data) - len(segment.payload)
        source, destination = map(self.address, (segment.source, segment.destination))
        return segment._replace(source=source, destination=destination, payload=data[start:])


def read(segments: list[Segment]) -> Reading:
    """What is found in segments."""
    pipeline = Pipeline("x")
    pipeline.segments(segments)
    pipeline.finish()
    return Reading(pipeline.take(), pipeline.verdicts(), pipeline.peers(), pipeline.bugs)


def checked(data: bytes, link: Link, *, six: bool) -> None:
    """The checksums of IP and TCP are right."""
    at = HEADS[link]
    size = 40 if six else 20
    addresses = data[at + 8 : at + 40] if six else data[at + 12 : at + 20]
    assert six or is_right(data[at : at + size])
    tcp = data[at + size :]
    assert is_right(addresses + struct.pack("!II", 6, len(tcp)), tcp)


def structure(data: bytes, link: Link, segment: Segment) -> tuple[bytes, bytes]:
    """What stays of a frame: IP without addresses and checksum, and TCP without checksum."""
    at = HEADS[link]
    size, names = (40, slice(8, 40)) if ":" in segment.source else (20, slice(10, 20))
    head, tcp = bytearray(data[at : at + size]), bytearray(data[at + size :])
    head[names] = b""
    tcp[16:18] = b""
    return bytes(head), bytes(tcp[: segment.header - 2])


@light(60)
@given(smtp_talks(), chances(), some_settings(), LINKS, st.data())
def test_the_same_is_read_and_nobody_is_named(
    talk: Talk, random: Random, setting: Setting, link: Link, data: st.DataObject
) -> None:
    """Whatever the network does, on every link: lengths, headers and checksums, too."""
    segments = talk.play(setting, data.draw(talk_cuts(talk)))
    segments = data.draw(st.sampled_from((overlap, duplicate, reorder)))(segments, random).segments
    rewritten, shown = Rewritten(segments), []
    for segment in segments:
        before = pcap.packet(segment, link=link)
        after = rewritten.frame(segment, before, link)
        assert len(after) == len(before)
        assert structure(after, link, segment) == structure(before, link, segment)
        checked(after, link, six=":" in segment.source)
        for address in (segment.source, segment.destination):
            assert ip_address(address).packed not in after
        shown.append(rewritten.segment(segment, after))
    one, two = read(segments), read(shown)
    assert one.bugs == two.bugs == []
    assert one.findings == two.findings
    assert one.ladders == two.ladders
    assert all(SECRET.search(segment.payload) is None for segment in shown)
    assert CUT.search(b"".join(segment.payload for segment in shown)) is None


@light(60)
@given(byte_talks(), LINKS, st.data())
def test_no_bytes_are_too_odd(talk: Talk, link: Link, data: st.DataObject) -> None:
    """Of what is no dialogue, packets stay as long, and only line ends stay of what is unread."""
    segments = talk.play(cuts=data.draw(talk_cuts(talk)))
    rewritten = Rewritten(segments)
    for segment in segments:
        before = pcap.packet(segment, link=link)
        after = rewritten.frame(segment, before, link)
        assert len(after) == len(before)
        assert structure(after, link, segment) == structure(before, link, segment)


@light(200)
@given(st.sampled_from((*Link, 276, 108)), st.binary(max_size=120), st.data())
def test_damaged_packets_stay_as_long(link: int, noise: bytes, data: st.DataObject) -> None:
    """Any bytes on any link, and packets of which some bytes are others, or that are cut."""
    packets = Redactor(Key(KEY)).packets(Redactor(Key(KEY)).transcripts())
    assert len(packets.rewritten(link, noise, 1, -1)) == len(noise)
    segment = data.draw(st.sampled_from(play(TALK)))
    frame = bytearray(pcap.packet(segment))
    for at, value in data.draw(st.lists(st.tuples(st.integers(12, 59), st.integers(0, 255)))):
        frame[at % len(frame)] = value
    cut = bytes(frame[: data.draw(st.integers(0, len(frame)))])
    assert len(packets.rewritten(Link.ETHERNET, cut, 1, -1)) == len(cut)


def test_a_wrong_checksum_stays_wrong() -> None:
    """As offload leaves it; and it does not tell of the bytes that were there."""
    segments = play(TALK)
    rewritten = Rewritten(segments)
    for segment in segments:
        after = rewritten.frame(segment, pcap.packet(segment, checksums=False))
        with pytest.raises(AssertionError):
            checked(after, Link.ETHERNET, six=False)
        assert is_right(after[14:34])


def test_repeats_that_differ_go_on_to_differ() -> None:
    """The same frames conflict, at the same offsets, and neither copy is told."""
    segments = play(TALK)
    lines = [s for s in segments if s.payload]
    again = [
        s._replace(payload=s.payload.replace(b"alice", b"maria").replace(b"secret", b"Secret"))
        for s in lines
    ]  # fmt: skip
    every = [s._replace(frame=at) for at, s in enumerate((*segments, *again), 1)]
    rewritten = Rewritten(every)
    shown = [rewritten.segment(s, rewritten.frame(s, pcap.packet(s))) for s in every]
    assert read(shown).findings == read(every).findings
    assert any(finding[1] == "conflicting-overlap" for finding in read(shown).findings)
    said = b"".join(segment.payload for segment in shown)
    assert re.search(rb"alice|maria|secret", said, re.IGNORECASE) is None


def test_fragments_are_read_together() -> None:
    """A datagram in two parts: its payload is replaced as the whole one's is."""
    segments = play(TALK)
    rewritten = Rewritten(segments)
    (segment,) = [s for s in segments if b"alice@" in s.payload]
    whole = pcap.packet(segment, link=Link.RAW)
    wanted = rewritten.frame(segment, whole, Link.RAW)
    cut = 20 + 40
    parts = [
        rewritten.frame(segment, fragment(whole, 20, cut, more=True), Link.RAW),
        rewritten.frame(segment, fragment(whole, cut, len(whole), more=False), Link.RAW),
    ]
    payload = len(segment.payload)
    assert (parts[0] + parts[1][20:])[-payload:] == wanted[-payload:]
    assert all(is_right(part[:20]) for part in parts)


def fragment(whole: bytes, start: int, end: int, *, more: bool) -> bytes:
    """A part of an IPv4 datagram (RFC 791)."""
    head = bytearray(whole[:20])
    struct.pack_into("!H", head, 2, 20 + end - start)
    struct.pack_into("!H", head, 6, 0x2000 * more | (start - 20) // 8)
    head[10:12] = bytes(2)
    value = ~(sum(struct.unpack("!10H", head)) % 0xFFFF) & 0xFFFF
    struct.pack_into("!H", head, 10, value)
    return bytes(head) + whole[start:end]


def in_vlan(frame: bytes) -> bytes:
    """Two tags, as providers set."""
    return frame[:12] + bytes.fromhex("88a80001 81000002") + frame[12:]


def in_pppoe(frame: bytes) -> bytes:
    """A session of PPP over Ethernet (RFC 2516)."""
    return frame[:12] + bytes.fromhex("8864 1100 0001 0000 0021") + frame[14:]


def in_gre(frame: bytes) -> bytes:
    """A tunnel of RFC 2784."""
    return frame[:14] + outer(47, bytes.fromhex("00000800") + frame[14:])


def in_ip(frame: bytes) -> bytes:
    """A tunnel of RFC 2003."""
    return frame[:14] + outer(4, frame[14:])


def outer(kind: int, data: bytes) -> bytes:
    """An IPv4 header around something."""
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(data), 1, 0, 64, kind, 0)
    return head + bytes([10, 7, 7, 1, 10, 7, 7, 2]) + data


def with_padding(frame: bytes) -> bytes:
    """A driver that pads with what was in memory."""
    return frame + b"alice"


@pytest.mark.parametrize("around", [in_vlan, in_pppoe, in_gre, in_ip, with_padding])
def test_what_is_around_is_looked_through(around: Callable[[bytes], bytes]) -> None:
    """The inner packet says what it says without it; outer addresses and padding go."""
    segments = play(TALK)
    rewritten = Rewritten(segments)
    (segment,) = [s for s in segments if b"alice@" in s.payload]
    bare = rewritten.frame(segment, pcap.packet(segment))
    after = rewritten.frame(segment, around(pcap.packet(segment)))
    assert bare[14:] in after
    assert b"alice" not in after
    assert bytes([10, 7, 7]) not in after


def test_an_error_quotes_what_is_shown() -> None:
    """ICMP: the quoted packet as it is shown, and the router's address replaced."""
    segments = play(TALK)
    rewritten = Rewritten(segments)
    (segment,) = [s for s in segments if b"alice@" in s.payload]
    quoted = pcap.packet(segment, link=Link.RAW)
    shown = rewritten.frame(segment, quoted, Link.RAW)
    error = outer(1, bytes.fromhex("0304 0000 0000 0514") + quoted)
    after = rewritten.frame(segment, error, Link.RAW)
    assert after[28:] == shown[:]
    assert bytes([10, 7, 7]) not in after


@pytest.mark.parametrize("data", [
    (
        "ffffffffffff 0a1b2c3d4e5f 0806 0001 0800 06 04 0001 0a1b2c3d4e5f 0a070701 000000000000"
        "0a070702 616c696365"
    ),
    (
        "0a1b2c3d4e60 0a1b2c3d4e5f 0800 4500 0021 0001 0000 4011 0000 0a070701 0a070702"
        "0035 0035 000d 1234 616c696365"
    ),
    (
        "0a1b2c3d4e60 0a1b2c3d4e5f 0800 4500 0021 0001 0000 4001 0000 0a070701 0a070702"
        "0800 0000 00010001 616c696365"
    ),
    "0a1b2c3d4e60 0a1b2c3d4e5f 88cc 616c696365",
    (
        "0a1b2c3d4e60 0a1b2c3d4e5f 0800 4500 002d 0001 0000 4006 0000 0a070701 0a070702"
        "1234 0050 00000001 00000001 5010 1000 0000 0000 616c696365"
    ),
], ids=["arp", "udp", "ping", "lldp", "http"])  # fmt: skip
def test_what_is_no_mail_does_not_leak(data: str) -> None:
    """Addresses of both layers are replaced, and payloads are gone."""
    redactor = Redactor(Key(KEY))
    before = bytes.fromhex(data)
    after = redactor.packets(redactor.transcripts()).rewritten(Link.ETHERNET, before, 1, -1)
    assert len(after) == len(before)
    assert b"alice" in before
    for gone in (b"alice", bytes([10, 7, 7]), bytes.fromhex("0a1b2c3d4e")):
        assert gone not in after


def test_tls_keeps_the_heads_of_its_records() -> None:
    """The server's name in a ClientHello goes; type, version and length stay."""
    hello = b"\x16\x03\x01\x00\x10" + b"mail.example.org"
    script = r"""
    S: 220 mx.example.net ESMTP
    C: STARTTLS
    S: 220 go ahead
    C= \x16\x03\x01\x00\x10mail.example.org
    """
    segments = play(script)
    rewritten = Rewritten(segments)
    (segment,) = [s for s in segments if s.payload == hello]
    assert rewritten.frame(segment, pcap.packet(segment)).endswith(hello[:5] + bytes(16))


def test_names_of_ipv6_go() -> None:
    """Both ends are replaced, behind an extension header, too."""
    segments = play(TALK, IPV6)
    rewritten = Rewritten(segments)
    (segment,) = [s for s in segments if b"alice@" in s.payload]
    plain = pcap.packet(segment, link=Link.RAW)
    longer = struct.pack("!H", len(plain) - 40 + 8)
    packet = plain[:4] + longer + b"\0" + plain[7:40] + b"\6\0alice!" + plain[40:]
    after = rewritten.frame(segment, packet, Link.RAW)
    assert after[48:] == rewritten.frame(segment, plain, Link.RAW)[40:]
    assert b"alice" not in after


@pytest.mark.parametrize(("options", "shown"), [
    ("020405b4 01 030307 0402 080a0000000100000002 00", "same"),
    ("4c0a 0101 c0a80107 0000 0101 00 616c69", "4c0a 0000 00000000 0000 0101 00 000000"),
    ("1e0c 3001 c0a80107 61626364", "1e0c 0000 00000000 00000000"),
    ("2212 616c696365616c69 6365616c69636561 0101", "2212 0000000000000000 0000000000000000 0101"),
    ("01 00 616c69636561", "01 00 000000000000"), ("0300 616c", "0000 0000"),
], ids=["usual", "optimiser", "multipath", "cookie", "behind the end", "no length"])  # fmt: skip
def test_tcp_options_keep_what_is_known(options: str, shown: str) -> None:
    """What TCP needs stays; addresses and cookies, and what stands behind the end, go."""
    data, wanted = map(bytes.fromhex, (options, options if shown == "same" else shown))
    (segment, *_) = play(TALK)
    plain = pcap.packet(segment, link=Link.RAW)[:40]
    size = (20 + len(data)) << 2
    packet = plain[:2] + struct.pack("!H", 40 + len(data)) + plain[4:32] + bytes((size,))
    after = Rewritten([]).frame(segment, packet + plain[33:] + data, Link.RAW)
    assert after[40:] == wanted


def test_ip_options_lose_what_they_hold() -> None:
    """A recorded route and a label go; their places stay, and so does Router Alert."""
    (segment, *_) = play(TALK)
    plain = pcap.packet(segment, link=Link.RAW)
    options = bytes.fromhex("070b08 c0a80107 c0a80108 8206 61626364 94040000 00 616c")
    head = bytes((0x45 + len(options) // 4,)) + plain[1:20]
    after = Rewritten([]).frame(segment, head + options + plain[20:], Link.RAW)
    shown = bytes.fromhex("070b08 00000000 00000000 8206 00000000 94040000 00 0000")
    assert after[20 : 20 + len(options)] == shown


def test_sequence_numbers_come_round() -> None:
    """A command behind more than 4 GiB of message data stands where it stood."""
    spoken, line = Spoken(), b"RCPT TO:<a@b>\r\n"
    spoken.base, step, place = 4_000_000_000, 1 << 30, (5 << 30) + 17
    spoken.put(0, b"DATA\r\n")
    spoken.put(place, line)
    near = 0
    for offset in (*range(100, place, step), place, place - 1):
        found = spoken.offset((spoken.base + offset) % (1 << 32), near)
        assert found == offset
        near = max(near, offset)
    assert spoken.payload(2, place, bytes(len(line))) == line
    assert spoken.payload(3, place - 1, b"xR") == b"-R"


def test_what_is_remembered_is_bounded() -> None:
    """The oldest goes, and is blank; what came last is there."""
    spoken = Spoken(10_000)
    for offset in range(0, 100_000, 20):
        spoken.put(offset, b"RCPT TO:<a@bcd.ef>\r\n"[:19])
    assert spoken._size <= 10_000
    assert spoken.payload(1, 99_980, bytes(19)) == b"RCPT TO:<a@bcd.ef>\r"
    assert spoken.payload(1, 40, b"MAIL FROM:<a@b.c>\r\n") == b"-" * 17 + b"\r\n"
