"""One row of tshark fields to one ``Segment``.

The fields are few because each costs tshark about 4% of its time (``tcp.payload`` half of it).
Every row is a tuple of ``bytes`` in the order of ``GENINFO`` and ``FIELDS``, empty where the frame
has no such field.  Where a field occurs more than once the innermost is given, so that a tunnel's
payload is read and not its envelope.  Of a frame with both IPv4 and IPv6, IPv6 is taken for the
inner one (6in4); tshark does not say here which is which.
"""

from __future__ import annotations

import re
from binascii import unhexlify
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from dissect.segments import options as tcp
from dissect.segments.segment import SYN, Segment

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
    "tcp.options",
    "tcp.hdr_len",
    "tcp.len",
    "tcp.payload",
    "smtp.req.command",
    "smtp.response.code",
)
"""The fields that tshark is asked for, in this order."""

OPENED: Final = ("tls.app_data", "data.data")
"""Asked for too where there are keys: sealed records, and what tshark has read in them.

They stand behind ``FIELDS`` in a row, each the run of PDML that holds all its occurrences.
"""

Row = tuple[bytes, ...]

PLAIN: Final = len(GENINFO) + len(FIELDS)
"""Columns of a row without them."""

VALUE: Final = re.compile(rb'value="([0-9a-f]*)"')

_SRC, _DST, _SRC6, _DST6, _ICMP, _ICMP6, _SPORT, _DPORT = (
    (*GENINFO, *FIELDS).index(name)
    for name in (
        "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "icmp.type", "icmpv6.type", "tcp.srcport",
        "tcp.dstport",
    )
)  # fmt: skip

ORDINARY: Final = 24
"""Digits of the TCP options that most segments have: two fillers and timestamps."""

SACK_FIRST: Final = b"05"
"""How a SACK option begins, behind the two fillers; other orders are longer than ``ORDINARY``."""

FLAGS: Final = {f"0x{flags:04x}".encode(): flags for flags in range(1, 0x200)}
"""The TCP control bits as tshark writes them."""

DEFAULTS: Final = {
    "ip.ttl": b"0", "ipv6.hlim": b"0", "tcp.dstport": b"0", "tcp.stream": b"0",
    "tcp.ack_raw": b"0", "tcp.flags": b"0x0000", "tcp.window_size_value": b"0",
    "tcp.hdr_len": b"20", "tcp.len": b"",
}  # fmt: skip
"""What stands for a field that a cut header lacks; the payload's length for ``tcp.len``."""


def seconds(timestamp: bytes) -> float:
    """Seconds since the epoch, from what PDML calls the captured time.

    tshark writes a decimal number; an ISO 8601 time is understood as well, because 4.6 prints
    absolute times so in other places.  A damaged capture can hold times that are none: of those
    what stands before the point is taken, or 0.
    """
    for read in (float, _iso, lambda stamp: float(stamp.partition(b".")[0])):
        try:
            return read(timestamp)
        except ValueError:
            continue
    return 0.0


def _iso(timestamp: bytes) -> float:
    """Seconds since the epoch of an ISO 8601 time."""
    return datetime.fromisoformat(timestamp.decode("ascii", "replace")).timestamp()


def decode(rows: Iterable[Row]) -> Iterator[Segment]:
    """Yield a segment for every row that is TCP."""
    text: dict[bytes, str] = {}
    for row in rows:
        (
            number, _length, timestamp,
            source, destination, ttl, ip_id, source6, destination6, hlim, icmp, icmp6,
            sport, dport, stream, seq, ack, flags, window, options, header, length, payload,
            command, code,
        ) = row  # fmt: skip
        if not sport or not seq or icmp or icmp6:
            continue
        if source6:
            source, destination, ttl, ip_id = source6, destination6, hlim, b""
        try:
            bits = FLAGS.get(flags) or int(flags, 16)
            values = (
                int(number), float(timestamp),
                text.get(source) or _remember(text, source), int(sport),
                text.get(destination) or _remember(text, destination), int(dport),
                int(seq), int(ack), bits,
                unhexlify(payload), int(length), int(window),
                tcp.mss(unhexlify(options)) if bits & SYN else 0,
                int(header), int(ttl), int(ip_id or b"-1", 16), int(stream),
                _wireshark(command, code) if command or code else "",
                tcp.sack(unhexlify(options))
                if len(options) > ORDINARY or options[4:6] == SACK_FIRST
                else (),
            )  # fmt: skip
        except ValueError:
            yield from decode((_mended(row),))
        else:
            yield tuple.__new__(Segment, values)


def opened(rows: Iterable[Row]) -> Iterator[tuple[bytes, bytes | None]]:
    """Every TLS record with application data that tshark has come upon, and what it says.

    None where tshark could not read it; so it is for all of a frame in which the one kind is more
    than the other, because which belong together is not known then.
    """
    for row in rows:
        if not row[PLAIN]:
            continue
        sealed, texts = (list(map(unhexlify, VALUE.findall(run))) for run in row[PLAIN:])
        known = len(sealed) == len(texts)
        yield from zip(sealed, texts if known else [None] * len(sealed), strict=True)


def quoted(rows: Iterable[Row]) -> Iterator[tuple[int, tuple[str, int, str, int]]]:
    """The frames that are ICMP errors, and source and destination of the segment that each quotes.

    An error carries at least the ports of what it is about (RFC 792, RFC 4443 2.4).
    """
    for row in rows:
        if row[_SPORT] and row[_DPORT] and (row[_ICMP] or row[_ICMP6]):
            six = bool(row[_SRC6])
            source, target = row[_SRC6 if six else _SRC], row[_DST6 if six else _DST]
            ends = (source.decode("ascii", "replace"), target.decode("ascii", "replace"))
            yield int(row[0]), (ends[0], int(row[_SPORT]), ends[1], int(row[_DPORT]))


def _mended(row: Row) -> Row:
    """A row in which a field is missing or of another form, made such that it can be read.

    A header cut by the snap length lacks fields; some tsharks write times in ISO 8601.

    Raises:
        AssertionError: if a field holds what no tshark is known to write.
    """
    names = (*GENINFO, *FIELDS)
    fields = dict(zip(names, row, strict=True))
    mended = {name: fields[name] or default for name, default in DEFAULTS.items()}
    mended["timestamp"] = repr(seconds(fields["timestamp"])).encode()
    if not mended["tcp.len"]:
        mended["tcp.len"] = str(len(fields["tcp.payload"]) // 2).encode()
    fixed = tuple(mended.get(name, fields[name]) for name in names)
    if fixed == row:
        raise AssertionError(f"tshark wrote a field that cannot be read: {row[:3]!r}")
    return fixed


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
