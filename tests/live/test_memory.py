"""The memory of packets: bounded, the oldest clean flows go first, and what went is counted."""

from __future__ import annotations

import struct
from typing import Final

from hypothesis import given
from hypothesis import strategies as st
from support.script import play

from dissect.live import Memory
from dissect.live.keep import OVERHEAD, Inbox
from dissect.pipeline import Pipeline
from dissect.segments.decode import FIELDS, GENINFO, Row, quoted
from dissect.segments.fragments import FRAGMENTED
from dissect.source import blocks
from dissect.source.pcapng import Packet, pcapng
from dissect.source.records import Record, Records

HEAD: Final = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
NAMES: Final = (*GENINFO, *FIELDS)


def packet(number: int, size: int = 60) -> Record:
    """A packet of a pcap that tells its number."""
    data = number.to_bytes(4, "big") * (size // 4)
    return Record(struct.pack("<IIII", number, 0, len(data), len(data)) + data)


def row(number: int, **fields: str) -> Row:
    """A row of tshark's; names of fields with _ for a point."""
    said = {"num": str(number), **{name.replace("_", "."): text for name, text in fields.items()}}
    return tuple(said.get(name, "").encode() for name in NAMES)


def tcp(number: int, **fields: str) -> Row:
    """A row of a frame that is TCP."""
    return row(number, **{"tcp_srcport": "25", **fields})


def give(inbox: Inbox, owners: dict[int, int], size: int = 60) -> None:
    """Packets that come and are claimed at once."""
    inbox.put(HEAD, [packet(number, size) for number in owners])
    inbox.claim([tcp(number) for number in owners], owners.items())


def numbers(file: bytes) -> list[int]:
    """The packets of a file, by what stands in them."""
    records = Records()
    found = [record.data for record in records.feed(file) if record.is_packet]
    assert records.left == 0
    return [int.from_bytes(data[28:32], "big") for data in found]


def test_a_packet_waits_until_it_is_known_whose_it_is() -> None:
    """What was held on probation is claimed late, and in any order."""
    memory = Memory()
    inbox = memory.source("lo")
    inbox.put(HEAD, [packet(number) for number in range(1, 6)])
    inbox.claim([tcp(5), tcp(2)], [(2, 7), (5, 7)])
    inbox.claim([tcp(1), tcp(3)], [(1, 8), (3, 7)])
    assert memory.frames(7) == (2, 3, 5)
    assert numbers(memory.pcapng(7)) == [2, 3, 5]
    assert numbers(memory.pcapng(8)) == [1]
    assert memory.pcapng(9) == b""
    assert memory.missing(7) == memory.missing(8) == 0


def test_the_oldest_clean_flow_goes_first() -> None:
    """Then the next one; damaged ones stay as long as there is a clean one."""
    room = 10 * (76 + OVERHEAD)
    memory = Memory(most=room)
    inbox = memory.source("lo")
    give(inbox, dict.fromkeys(range(1, 4), 0))
    memory.mark(0)
    give(inbox, dict.fromkeys(range(4, 8), 1))
    give(inbox, dict.fromkeys(range(8, 14), 2))
    assert memory.size <= room
    assert memory.frames(0) == (1, 2, 3)
    assert (memory.frames(1), memory.missing(1)) == ((), 4)
    assert memory.frames(2) == tuple(range(8, 14))
    memory.mark(2)
    give(inbox, {14: 3, 15: 3})
    assert (memory.frames(3), memory.missing(3)) == ((), 2)
    memory.mark(3)
    give(inbox, dict.fromkeys(range(16, 20), 3))
    assert (memory.frames(0), memory.missing(0)) == ((), 3)
    assert memory.frames(2) == tuple(range(8, 14))
    assert memory.frames(3) == tuple(range(16, 20))


def test_of_a_long_flow_the_middle_goes() -> None:
    """Its opening and its end stay; the file says how many packets are missing."""
    memory = Memory(per_flow=10 * (76 + OVERHEAD))
    inbox = memory.source("lo")
    for number in range(1, 101):
        give_one(inbox, number)
    assert memory.frames(0) == (1, 2, 3, 4, 5, 96, 97, 98, 99, 100)
    assert memory.missing(0) == 90
    file = memory.pcapng(0)
    assert b"no room for 90 packets" in file
    assert numbers(file) == list(memory.frames(0))


def give_one(inbox: Inbox, number: int) -> None:
    """One packet of flow 0."""
    inbox.put(HEAD, [packet(number)])
    inbox.claim([tcp(number)], [(number, 0)])


def test_what_nobody_claims_is_bounded() -> None:
    """Packets that belong to no flow push each other out; one claimed too late is counted."""
    memory = Memory()
    inbox = memory.source("lo")
    for number in range(1, 200):
        inbox.put(HEAD, [packet(number, 400_000)])
    assert inbox.held <= 32 << 20
    inbox.claim([tcp(1), tcp(199)], [(1, 0), (199, 0)])
    assert memory.frames(0) == (199,)
    assert memory.missing(0) == 1


def test_fragments_go_with_their_datagram() -> None:
    """Of IPv4 by their identification, of IPv6 by their addresses; those of others do not."""
    memory = Memory()
    inbox = memory.source("lo")
    inbox.put(HEAD, [packet(number) for number in range(1, 8)])
    four = {"ip_src": "192.0.2.1", "ip_dst": "192.0.2.2"}
    six = {"ipv6_src": "2001:db8::1", "ipv6_dst": "2001:db8::2"}
    rows = [
        row(1, **four, ip_id="0x0007"),
        row(2, **four, ip_id="0x0008"),
        row(3, **six),
        row(4, **six, icmpv6_type="2"),
        row(5, **four, ip_id="0x0007"),
        tcp(6, **four, ip_id="0x0007"),
        tcp(7, **six),
    ]
    inbox.claim(rows[:3], [])
    inbox.claim(rows[3:], [(6, 0), (7, 1)])
    assert memory.frames(0) == (1, 5, 6)
    assert memory.frames(1) == (3, 7)
    assert memory.missing(0) == memory.missing(1) == 0


def test_fragments_without_an_end_are_bounded() -> None:
    """A flood of them, each of a datagram of its own or all of one, leaves no trace."""
    inbox = Memory().source("lo")
    for number in range(5_000):
        inbox.claim([row(number, ip_src="192.0.2.1", ip_dst="192.0.2.2", ip_id=hex(number))], [])
        inbox.claim([row(number, ipv6_src="2001:db8::1", ipv6_dst="2001:db8::2")], [])
    assert inbox.fragments <= FRAGMENTED + 65


@given(st.data())
def test_whatever_happens_the_numbers_add_up(data: st.DataObject) -> None:
    """Each packet of a flow is there or counted, and the size is that of what is there."""
    memory = Memory(most=4_000, per_flow=2_000, lasting=True)
    inbox = memory.source("lo")
    given: dict[int, int] = {}
    number = 0
    for _ in range(data.draw(st.integers(1, 30))):
        flow = data.draw(st.integers(0, 4))
        match data.draw(st.sampled_from(["give", "give", "give", "mark", "forget"])):
            case "mark":
                memory.mark(flow)
            case "forget":
                memory.forget(flow)
                given.pop(flow, None)
            case _:
                number += 1
                inbox.put(HEAD, [packet(number, data.draw(st.integers(1, 400)) * 4)])
                inbox.claim([tcp(number)], [(number, flow)])
                given[flow] = given.get(flow, 0) + 1
        assert memory.size <= 4_000
    for flow in range(5):
        frames = memory.frames(flow)
        assert len(frames) + memory.missing(flow) == given.get(flow, 0)
        assert numbers(memory.pcapng(flow)) == list(frames)
        memory.forget(flow)
    assert memory.size == 0


def section(order: str, options: bytes = b"") -> bytes:
    """The head of a section that claims a length."""
    body = struct.pack(f"{order}IHHQ", 0x1A2B3C4D, 1, 0, 4_711) + options
    size = 12 + len(body)
    return struct.pack(f"{order}II", 0x0A0D0D0A, size) + body + struct.pack(f"{order}I", size)


def interface(order: str, link: int) -> bytes:
    """An interface of some link type."""
    return struct.pack(f"{order}IIHHII", 1, 20, link, 0, 262144, 20)


def block(order: str, index: int, word: bytes) -> Record:
    """A packet of some interface."""
    body = struct.pack(f"{order}IIIII", index, 0, 1, len(word), len(word)) + word
    size = 12 + len(body)
    return Record(struct.pack(f"{order}II", 6, size) + body + struct.pack(f"{order}I", size))


def test_sections_and_interfaces_go_along() -> None:
    """Interfaces that come later, and sections of other byte orders, stand in front of packets."""
    memory = Memory()
    inbox = memory.source("ring")
    one, two = section("<"), section(">", struct.pack(">HH4sHH", 3, 4, b"BSD.", 0, 0))
    records = [
        Record(one, is_packet=False), Record(interface("<", 1), is_packet=False),
        block("<", 0, b"1111"), Record(interface("<", 113), is_packet=False),
        block("<", 1, b"2222"), Record(two, is_packet=False),
        Record(interface(">", 101), is_packet=False), block(">", 0, b"3333"),
    ]  # fmt: skip
    inbox.put(two, records)
    inbox.claim([tcp(1), tcp(2), tcp(3)], [(1, 0), (2, 0), (3, 0)])
    found = Records().feed(memory.pcapng(0))
    kinds = [int.from_bytes(each.data[:4], "little") for each in found]
    assert kinds == [blocks.SECTION, 1, 6, 1, 6, blocks.SECTION, 1 << 24, 6 << 24]
    assert [each.data for each in found if each.is_packet] == [
        record.data for record in records if record.is_packet
    ]
    assert found[0].data[16:24] == found[5].data[16:24] == b"\xff" * 8
    assert b"BSD." in found[5].data


def test_a_pcap_keeps_its_resolution_and_link_type() -> None:
    """Nanoseconds in the other byte order, and bits above the link type that are no part of it."""
    head = struct.pack(">IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 0x24000071)
    data = struct.pack(">IIII", 1_700_000_000, 123_456_789, 5, 1500) + b"hello"
    described, found = Records().feed(pcapng([Packet(head, data)], name="eth0"))[1:]
    link, _, snap = struct.unpack_from(">HHI", described.data, 8)
    assert (link, snap) == (113, 65535)
    options = dict(blocks.options(described.data[16:-4], ">"))
    assert options == {2: b"eth0", 9: b"\x09"}
    high, low, size, whole = struct.unpack_from(">IIII", found.data, 12)
    assert (high << 32 | low, size, whole) == (1_700_000_000_123_456_789, 5, 1500)
    assert found.data[28:-4] == b"hello\x00\x00\x00"


def test_an_error_names_the_segment_that_it_quotes() -> None:
    """Of either version of IP; what is no ICMP, or quotes no port, names none."""
    four = {"ip_src": "192.0.2.1", "ip_dst": "192.0.2.2"}
    six = {"ipv6_src": "2001:db8::1", "ipv6_dst": "2001:db8::2"}
    ports = {"tcp_srcport": "40000", "tcp_dstport": "25"}
    rows = [
        row(1, **four, **ports),
        row(2, **four, **ports, icmp_type="3"),
        row(3, **six, **ports, icmpv6_type="2"),
        row(4, **four, icmp_type="8"),
    ]
    assert list(quoted(rows)) == [
        (2, ("192.0.2.1", 40000, "192.0.2.2", 25)),
        (3, ("2001:db8::1", 40000, "2001:db8::2", 25)),
    ]


def test_a_flow_that_ends_names_no_frame_again() -> None:
    """A SYN that ends one flow and begins the next is the next one's alone."""
    once = play("S: 220 mx ESMTP\nC: QUIT\nS: 221 Bye\nC! FIN\nS! FIN")
    far, frames = 5_000_000, len(once)
    again = [
        each._replace(
            time=each.time + 3, seq=each.seq + far, ack=each.ack and each.ack + far,
            frame=each.frame + frames,
        )
        for each in once
    ]  # fmt: skip
    pipeline = Pipeline()
    given = []
    for batch in (once, again):
        pipeline.owners = []
        pipeline.segments(batch)
        given.append(pipeline.owners)
    assert given[0] == [(each.frame, 0) for each in once]
    assert given[1] == [(each.frame, 1) for each in again]
