"""ICMP errors quote a TCP header, and tshark files them under that header's connection."""

from __future__ import annotations

import asyncio
import shutil
import struct
import subprocess
from typing import TYPE_CHECKING, Final

from cli.fakes import needs_tshark
from support import pcap
from support.script import play

from dissect.detect.finding import Severity
from dissect.pipeline import Pipeline
from dissect.segments import Segment
from dissect.source import find_tshark, open_capture, read

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs_tshark

DIALOGUE: Final = """
S: 220 mx.example.net ESMTP Postfix
C: EHLO mail.example.org
S: 250-mx.example.net
S: 250 PIPELINING
C: MAIL FROM:<a@example.org>
C: RCPT TO:<b@example.net>
C: DATA
S: 250 2.1.0 Ok
S: 250 2.1.5 Ok
S: 354 End data with <CR><LF>.<CR><LF>
C? Subject: x\\r\\n\\r\\n\\{1380}a
C* 81-1481
C* 81-1481
C* 81-781
C* 781-1477
C: .
S: 250 2.0.0 Ok: queued as 4B1C
C: QUIT
S: 221 2.0.0 Bye
C! FIN
S! FIN
"""
"""A segment of full size is lost until the sender is told of the smaller MTU."""

ROUTER: Final = bytes([192, 0, 2, 1])
ECHO_OF: Final = 528
"""Bytes of the packet that the ICMP error quotes; routers may quote as much (RFC 1812)."""


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    return ~(total % 0xFFFF or 0xFFFF) & 0xFFFF


def too_big(segment: Segment) -> bytes:
    """The frame with which a router says that a packet needs fragmentation (RFC 1191)."""
    frame = pcap.packet(segment)
    quoted = frame[pcap.ETHERNET_HEADER :][:ECHO_OF]
    bare = struct.pack("!BBHHH", 3, 4, 0, 0, 1300) + quoted
    icmp = bare[:2] + struct.pack("!H", checksum(bare)) + bare[4:]
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(icmp), 7, 0, 64, 1, 0)
    header += ROUTER + quoted[12:16]
    header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    return frame[6:12] + frame[:6] + frame[12:14] + header + icmp


def capture(folder: Path) -> tuple[Path, list[int]]:
    """A capture with a router's ICMP error behind each large segment; the errors' frames."""
    path, number, errors = folder / "icmp.pcap", 0, []
    with path.open("wb") as file:
        file.write(pcap.file_header())
        for segment in play(DIALOGUE):
            file.write(pcap.record(segment, pcap.packet(segment)))
            number += 1
            if segment.length > 1300:
                file.write(pcap.record(segment._replace(length=0, payload=b""), too_big(segment)))
                number += 1
                errors.append(number)
    return path, errors


def test_an_icmp_error_is_no_segment(tmp_path: Path) -> None:
    """A router's errors have the flow's number in tshark; no row and no finding comes of them."""
    path, errors = capture(tmp_path)
    tshark = shutil.which("tshark")
    assert tshark is not None
    command = [tshark, "-n", "-r", str(path), "-Y", "tcp.stream eq 0 and icmp"]
    command += ["-T", "fields", "-e", "frame.number"]
    filed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    assert [int(line) for line in filed.stdout.split()] == errors

    pipeline = Pipeline("icmp")
    outcome = asyncio.run(read(find_tshark(), open_capture(str(path)), pipeline.rows))
    pipeline.finish()
    (flow,) = pipeline.take()

    assert outcome.status == "complete"
    assert flow.summary.outcome.value == "delivered"
    assert not {frame for row in flow.rows for frame in row.frames} & set(errors)
    assert [f.rule for f in flow.findings if f.severity >= Severity.MEDIUM] == []
