"""Reads captures/tls with their key logs, and tells from the packets alone where records end."""

from __future__ import annotations

import asyncio
import struct
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dissect.pipeline import Pipeline, Settings
from dissect.source import asked, find_tshark, open_capture, read

if TYPE_CHECKING:
    from dissect.analysis.model import FlowDetail, Row

FOLDER: Final = Path(__file__).resolve().parents[2] / "captures" / "tls"

SESSIONS: Final = ("starttls-1.2", "starttls-1.3", "implicit-1.2", "implicit-1.3", "masked-1.3")

SECRETS: Final = (b"AGFsaWNlAHNlY3JldA==", b"secret")
"""The client's credential, as it is sent and what it says."""

_RECORD_HEADER: Final = 24
_PACKET_HEADER: Final = 16
_ETHERNET: Final = 14


def capture(name: str) -> Path:
    """A capture."""
    return FOLDER / f"{name}.pcap"


def keys(name: str) -> Path:
    """The key log of its session."""
    return FOLDER / f"{name}.keys"


def whole(path: Path, keylog: Path | str = "") -> Pipeline:
    """A capture that was read to its end."""
    pipeline = Pipeline(path.name, Settings(keylog=str(keylog)))
    options = asked.options("", str(keylog), ())
    outcome = asyncio.run(read(find_tshark(), open_capture(str(path)), pipeline.rows, options))
    pipeline.finish()
    assert outcome.status == "complete", outcome
    assert pipeline.bugs == []
    return pipeline


@cache
def flow(path: Path, keylog: Path | str = "") -> FlowDetail:
    """The one flow of a capture."""
    (detail,) = whole(path, keylog).take()
    return detail


def inside(detail: FlowDetail) -> list[Row]:
    """The rows that came inside TLS."""
    return [row for row in detail.rows if row.tls]


def joined(*paths: Path) -> bytes:
    """Captures of one kind, one behind the other."""
    first, *rest = (path.read_bytes() for path in paths)
    return first + b"".join(data[_RECORD_HEADER:] for data in rest)


def records(path: Path, server_port: int) -> list[tuple[int, int, int, int]]:
    """The client's TLS records: type, bytes on the wire, and the frames of its first and last.

    By nothing but lengths: segments are put in the order of their sequence numbers, and what is no
    record, as the dialogue before STARTTLS, is stepped over.
    """
    stream, owners = _stream(path, server_port)
    found, at = [], 0
    while at + 5 <= len(stream):
        kind, major, _, size = struct.unpack(">BBBH", stream[at : at + 5])
        if kind not in range(20, 25) or major != 3:
            at = stream.index(b"\n", at) + 1
            continue
        end = at + 5 + size
        found.append((kind, end - at, owners[at], owners[end - 1]))
        at = end
    return found


def _stream(path: Path, server_port: int) -> tuple[bytes, list[int]]:
    """The client's bytes, and the frame that brought each."""
    data, at, frame = path.read_bytes(), _RECORD_HEADER, 0
    segments: dict[int, tuple[bytes, int]] = {}
    while at < len(data):
        frame += 1
        size = struct.unpack("<I", data[at + 8 : at + 12])[0]
        packet = data[at + _PACKET_HEADER + _ETHERNET : at + _PACKET_HEADER + size]
        at += _PACKET_HEADER + size
        header = (packet[0] & 15) * 4
        total = struct.unpack(">H", packet[2:4])[0]
        _, port, seq = struct.unpack(">HHI", packet[header : header + 8])
        payload = packet[header + (packet[header + 12] >> 4) * 4 : total]
        if port == server_port and payload:
            segments.setdefault(seq, (payload, frame))
    ordered = [segments[seq] for seq in sorted(segments)]
    stream = b"".join(payload for payload, _ in ordered)
    return stream, [frame for payload, frame in ordered for _ in payload]
