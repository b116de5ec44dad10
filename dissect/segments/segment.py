"""One TCP segment, as the capture has it."""

from __future__ import annotations

from typing import NamedTuple

FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10
"""TCP control bits (RFC 9293 section 3.1)."""


class Segment(NamedTuple):
    """One frame that carries TCP; a tuple, because there is one for every packet."""

    frame: int
    """Frame number in the capture file, from 1."""
    time: float
    """Seconds since the epoch."""
    source: str
    source_port: int
    destination: str
    destination_port: int
    seq: int
    """Raw sequence number."""
    ack: int
    """Raw acknowledgment number; 0 without ACK."""
    flags: int
    payload: bytes
    """The payload bytes that the capture holds."""
    length: int
    """Payload bytes on the wire: more than ``len(payload)`` where the snap length cut them."""
    window: int = 0
    """As in the header, not scaled."""
    mss: int = 0
    """The MSS option (RFC 9293 section 3.7.1), 0 without one."""
    header: int = 20
    """Bytes of TCP header, options included."""
    ttl: int = 64
    """TTL or hop limit."""
    ip_id: int = -1
    """IPv4 identification, -1 for IPv6."""
    tcp_stream: int = 0
    """tshark's label, used only in display filters."""
    wireshark: str = ""
    """What Wireshark's SMTP dissector says of this frame: its command or reply code."""
    sack: tuple[tuple[int, int], ...] = ()
    """Left and right edges of its SACK blocks (RFC 2018), raw sequence numbers."""
