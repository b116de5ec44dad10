"""Segments and source: tshark's rows become segments, and its PDML becomes rows."""

from __future__ import annotations

import pytest

from dissect.segments import ACK, FIELDS, PSH, Segment, decode
from dissect.source import pdml

BASE = {
    "ip.src": b"192.0.2.10", "ip.dst": b"192.0.2.25", "ip.ttl": b"64", "ip.id": b"0x0102",
    "tcp.srcport": b"40000", "tcp.dstport": b"25", "tcp.stream": b"7", "tcp.seq_raw": b"1000",
    "tcp.ack_raw": b"2000", "tcp.flags": b"0x0018", "tcp.window_size_value": b"502",
    "tcp.hdr_len": b"32", "tcp.len": b"4", "tcp.payload": b"51554954",
}  # fmt: skip
V6 = {"ip.src": b"", "ip.dst": b"", "ip.ttl": b"", "ip.id": b"", "ipv6.src": b"2001:db8::1",
      "ipv6.dst": b"2001:db8::2", "ipv6.hlim": b"60"}  # fmt: skip


def row(time: bytes = b"1795330288.5", **changed: bytes) -> tuple[bytes, ...]:
    """A row of tshark's fields, some of them other than usual."""
    fields = BASE | {name.replace("__", "."): value for name, value in changed.items()}
    return (b"9", b"70", time, *(fields.get(name, b"") for name in FIELDS))


def one(*rows: tuple[bytes, ...]) -> Segment:
    """The only segment of some rows."""
    (segment,) = decode(rows)
    return segment


def test_a_row_is_a_segment() -> None:
    """Every field arrives where it belongs."""
    segment = one(row())
    assert segment[:6] == (9, 1795330288.5, "192.0.2.10", 40000, "192.0.2.25", 25)
    assert segment[6:11] == (1000, 2000, ACK | PSH, b"QUIT", 4)
    assert (segment.header, segment.ttl, segment.ip_id, segment.tcp_stream) == (32, 64, 0x102, 7)


def test_ipv6() -> None:
    """Addresses and hop limit are those of IPv6, which has no identification."""
    segment = one(row(**{name.replace(".", "__"): value for name, value in V6.items()}))
    assert (segment.source, segment.destination) == ("2001:db8::1", "2001:db8::2")
    assert (segment.ttl, segment.ip_id) == (60, -1)


def test_times_may_be_written_out() -> None:
    """An ISO 8601 time is the same moment."""
    assert one(row(time=b"2026-11-22T06:51:28.500000+00:00")).time == 1795330288.5


def test_times_of_a_damaged_capture() -> None:
    """Microseconds that are none are left out; what is no time at all is the epoch."""
    assert one(row(time=b"1795337508.-1575905376")).time == 1795337508.0
    assert one(row(time=b"never")).time == 0.0


def test_what_is_no_tcp_of_its_own() -> None:
    """Frames without TCP, and headers quoted by ICMP, are no segments."""
    assert list(decode([row(tcp__srcport=b""), row(icmp__type=b"3"), row(icmpv6__type=b"1")])) == []


def test_a_cut_header() -> None:
    """Fields that the snap length cut off have a default; the sequence number is needed."""
    bare = dict.fromkeys(("tcp.ack_raw", "tcp.flags", "tcp.hdr_len", "tcp.len", "tcp.payload"), b"")
    segment = one(row(**{name.replace(".", "__"): value for name, value in bare.items()}))
    assert (segment.ack, segment.flags, segment.length) == (0, 0, 0)
    assert list(decode([row(tcp__seq_raw=b"")])) == []


def test_a_field_that_no_tshark_writes() -> None:
    """What cannot be read is a bug to be told, not a segment."""
    with pytest.raises(AssertionError):
        list(decode([row(tcp__seq_raw=b"many")]))


# ---- PDML --------------------------------------------------------------------------------------


def packet(number: int, *fields: tuple[str, str]) -> bytes:
    """One packet as tshark prints it."""
    lines = "".join(f'  <field name="{name}" value="{value}"/>\n' for name, value in fields)
    return (
        '<packet>\n  <proto name="geninfo" pos="0" showname="General information" size="74">\n'
        f'    <field name="num" pos="0" show="{number}" showname="Number" value="1" size="74"/>\n'
        '    <field name="len" pos="0" show="74" showname="Frame Length" value="4a" size="74"/>\n'
        '    <field name="caplen" pos="0" show="74" showname="Captured" value="4a" size="74"/>\n'
        '    <field name="timestamp" pos="0" show="Nov 22" showname="Captured Time"'
        f' value="1795337497.137139000" size="74"/>\n  </proto>\n{lines}</packet>\n\n'
    ).encode()


def fields(found: tuple[bytes, ...]) -> dict[str, bytes]:
    """The fields of a row that are there."""
    return {name: value for name, value in zip(FIELDS, found[3:], strict=True) if value}


def test_whole_packets() -> None:
    """One row a packet, absent fields empty, the prologue skipped."""
    text = b'<?xml version="1.0"?>\n<pdml>\n' + packet(1, ("ip.src", "a")) + packet(2)
    first, second = pdml.rows(text)
    assert first[:3] == (b"1", b"74", b"1795337497.137139000")
    assert (fields(first), fields(second)) == ({"ip.src": b"a"}, {})


def test_a_field_twice_is_the_innermost() -> None:
    """A tunnel's payload is read and not its envelope."""
    tunnel = packet(1, ("ip.src", "outer"), ("ip.src", "inner"), ("tcp.srcport", "25"))
    (found,) = pdml.rows(tunnel)
    assert fields(found) == {"ip.src": b"inner", "tcp.srcport": b"25"}


def test_values_of_several_lines() -> None:
    """Line breaks and escaped markup in a value close no packet."""
    said = "MAIL&lt;/packet&gt;\nx"
    found = pdml.rows(packet(1, ("smtp.req.command", said)) + packet(2))
    assert len(found) == 2
    assert fields(found[0])["smtp.req.command"] == said.encode()


@pytest.mark.parametrize(
    "text",
    [
        b"<packet>\nnonsense\n</packet>",
        b"nonsense</packet>",
        packet(1).replace(b'show="1"', b'show="one"'),
        packet(1).replace(b"geninfo", b"info").replace(b"timestamp", b"time"),
        packet(1) + b"<packet>\n</packet>",
    ],
)
def test_garbage(text: bytes) -> None:
    """A shape that is not known is a bug to be told, never a packet less."""
    with pytest.raises(AssertionError):
        pdml.rows(text)
