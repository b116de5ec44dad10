"""A capture cut into its packets, however it arrives."""

from __future__ import annotations

import shutil
import struct
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissect.errors import CaptureError
from dissect.source.records import LARGEST, Record, Records

CAPTURE = (Path(__file__).parents[2] / "captures" / "founding-behind.pcap").read_bytes()
PACKETS = 42
"""Enough of them to be cut anywhere."""


def first(packets: int) -> bytes:
    """The beginning of the capture."""
    records = Records()
    found = records.feed(CAPTURE)[:packets]
    return records.head + b"".join(record.data for record in found)


BEGINNING = first(PACKETS)


def in_pieces(data: bytes, cuts: list[int]) -> tuple[Records, list[Record]]:
    """What comes of a capture that arrives in pieces."""
    records, found = Records(), []
    for left, right in pairwise([0, *sorted(cuts), len(data)]):
        found += records.feed(data[left:right])
    return records, found


@given(st.lists(st.integers(0, len(BEGINNING)), max_size=30))
def test_pieces_make_no_difference(cuts: list[int]) -> None:
    """Wherever it is cut on its way, the same packets come, and put together they are the file."""
    records, found = in_pieces(BEGINNING, cuts)
    assert len(found) == records.packets == PACKETS
    assert records.head + b"".join(record.data for record in found) == BEGINNING
    assert records.left == 0


def test_what_is_cut_off_is_left() -> None:
    """Of a packet that was not sent whole, the bytes are counted and not given."""
    records = Records()
    assert len(records.feed(BEGINNING[:-1])) == PACKETS - 1
    assert records.left > 16


@pytest.mark.parametrize("order", "<>")
def test_both_byte_orders(order: str) -> None:
    """A capture of a machine with the other byte order has the same packets."""
    head = struct.pack(f"{order}IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
    packet = struct.pack(f"{order}IIII", 1, 2, 3, 3) + b"abc"
    records = Records()
    assert records.feed(head + packet * 2) == [Record(packet), Record(packet)]
    assert records.head == head


@pytest.mark.skipif(shutil.which("editcap") is None, reason="editcap is not installed")
def test_pcapng_has_the_same_packets(tmp_path: Path) -> None:
    """Blocks that are no packets are passed on and not counted; the head has the interfaces."""
    plain, blocked = tmp_path / "a.pcap", tmp_path / "a.pcapng"
    plain.write_bytes(BEGINNING)
    subprocess.run(("editcap", "-F", "pcapng", str(plain), str(blocked)), check=True)
    records, found = in_pieces(blocked.read_bytes(), [5, 90, 200, 1000])
    assert records.packets == sum(record.is_packet for record in found) == PACKETS
    assert b"".join(record.data for record in found) == blocked.read_bytes()
    assert blocked.read_bytes().startswith(records.head)


def test_a_banner_is_told() -> None:
    """Text in front of the capture is shown, harmless, with what to do about it."""
    with pytest.raises(CaptureError) as told:
        Records().feed(b"Welcome to \x1b[31mmail1!\r\n" + BEGINNING)
    assert "Welcome to" in told.value.what
    assert "\x1b" not in told.value.what
    assert "start files" in told.value.remedy


def test_damage_leaves_what_came_before() -> None:
    """A length that no packet has ends it; the packets in front are kept."""
    bad = struct.pack("<IIII", 1, 2, LARGEST + 1, LARGEST + 1)
    records = Records()
    with pytest.raises(CaptureError, match="damaged"):
        records.feed(BEGINNING + bad)
    assert len(records.saved) == PACKETS


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    """Whatever comes behind a header, it is packets, or damage that is told."""
    for head in (BEGINNING[:24], b"\x0a\x0d\x0d\x0a"):
        records = Records()
        try:
            records.feed(head + data)
        except CaptureError as error:
            assert error.what  # noqa: PT017 - either way is right
