"""One row of tshark fields to one ``Segment``.

The fields are few because each costs tshark about 4% of its time (``tcp.payload`` half of it).
Every row is a tuple of ``bytes`` in the order of ``GENINFO`` and ``FIELDS``, empty where the frame
has no such field.  Where a field occurs more than once the innermost is given, so that a tunnel's
payload is read and not its envelope.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from dissect.segments.segment import Segment

GENINFO: Final = ("num", "len", "timestamp")
"""What PDML says of every frame without being asked: its number, length and time."""

FIELDS: Final = (
    "ip.src",
    "ip.dst",
    "ip.ttl",
    "ip.id",
    "ipv6.src",
    "ipv6.dst",
    "ipv6.hlim",
    "icmp.type",
    "icmpv6.type",
    "tcp.srcport",
    "tcp.dstport",
    "tcp.stream",
    "tcp.seq_raw",
    "tcp.ack_raw",
    "tcp.flags",
    "tcp.window_size_value",
    "tcp.options.mss_val",
    "tcp.hdr_len",
    "tcp.len",
    "tcp.payload",
    "smtp.req.command",
    "smtp.response.code",
)
"""The fields that tshark is asked for, in this order."""

Row = tuple[bytes, ...]


def seconds(timestamp: bytes) -> float:
    """Seconds since the epoch, from what PDML calls the captured time.

    tshark writes a decimal number; an ISO 8601 time is understood as well, because 4.6 prints
    absolute times so in other places.

    Raises:
        ValueError: for anything else.
    """
    try:
        return float(timestamp)
    except ValueError:
        from datetime import datetime  # noqa: PLC0415 - only for tsharks that print ISO 8601

        return datetime.fromisoformat(timestamp.decode()).timestamp()


def decode(rows: Iterable[Row]) -> Iterator[Segment]:
    """Yield a segment for every row that is TCP."""
    text: dict[bytes, str] = {}
    for row in rows:
        (
            number, _length, timestamp,
            source, destination, ttl, ip_id, source6, destination6, hlim, icmp, icmp6,
            sport, dport, stream, seq, ack, flags, window, mss, header, length, payload,
            command, code,
        ) = row  # fmt: skip
        if not sport or not seq or icmp or icmp6:
            continue
        if source6:
            source, destination, ttl, ip_id = source6, destination6, hlim, b""
        data = bytes.fromhex(payload.decode("ascii")) if payload else b""
        yield Segment(
            int(number),
            seconds(timestamp),
            text.get(source) or _remember(text, source),
            int(sport),
            text.get(destination) or _remember(text, destination),
            int(dport),
            int(seq),
            int(ack or 0),
            int(flags or b"0", 16),
            data,
            int(length) if length else len(data),
            int(window or 0),
            int(mss or 0),
            int(header or 20),
            int(ttl or 0),
            int(ip_id, 16) if ip_id else -1,
            int(stream or 0),
            _wireshark(command, code) if command or code else "",
        )


def _remember(text: dict[bytes, str], address: bytes) -> str:
    """The address as text, made once for all the rows that carry it."""
    word = address.decode("ascii", "replace") or "?"
    if address and len(text) < 10_000:  # noqa: PLR2004 - bounds a batch with forged addresses
        text[address] = word
    return word


def _wireshark(command: bytes, code: bytes) -> str:
    """Wireshark's own reading of the frame, in its words."""
    if command:
        return f"command {command.decode('utf-8', 'replace')}"
    return f"response {code.decode('ascii', 'replace')}" if code else ""
