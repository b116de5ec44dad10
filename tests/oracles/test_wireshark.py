"""Wireshark's reading of each frame against ours, on the public captures and the bundled ones."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from dissect.again import Again
from dissect.analysis.model import FlowSummary, RowKind
from dissect.evidence import Endpoint, Side
from dissect.source import find_tshark, open_capture
from oracles.kinds import KINDS, REPLIES, Ours, differences, kind_of, said
from oracles.shared import BUNDLED, CAPTURES, FOLDER, reading
from oracles.wireshark import Frame, frames

pytestmark = [
    pytest.mark.tshark,
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
]

WRONG: Final = {
    "PcapPlusPlus__Smtp.pcap": (
        {2, 4, 5},
        "frame 2 is AUTH LOGIN and not an answer; of frames 4 and 5, the answers, nothing is told",
    ),
}
"""Frames in which Wireshark is right and we are not: bugs of ours."""

CHUNK: Final = re.compile(r"(?<=\S) \| DATA fragment, \d+ bytes$")
"""What Wireshark from 4.2 on says behind a BDAT of the octets in its frame."""

COLUMN: Final = 250
"""Characters beyond which the Info column is cut."""

EACH: Final = pytest.mark.parametrize("path", CAPTURES + BUNDLED, ids=lambda path: path.name)


def _kinds(path: Path) -> set[str]:
    """The kinds of differences in a capture."""
    return {kind.name for d in differences(path) if (kind := kind_of(d))}


def _unexplained(path: Path) -> dict[int, str]:
    """Frames with a difference that no kind explains."""
    return {d.theirs.number: str(d) for d in differences(path) if kind_of(d) is None}


@EACH
def test_frames_say_what_wireshark_says(path: Path) -> None:
    """Verbs, arguments, codes, text and AUTH answers of each frame, but for the known kinds."""
    expected = WRONG[path.name][0] if path.name in WRONG and path in CAPTURES else set()
    found = _unexplained(path)
    assert set(found) == expected, found


@pytest.mark.skipif(not CAPTURES, reason="the public captures are not beside the project")
@pytest.mark.parametrize("name", WRONG)
@pytest.mark.xfail(strict=True, reason="WRONG says why Wireshark is right")
def test_wireshark_is_not_right(name: str) -> None:
    """Nothing is read better by Wireshark."""
    assert _unexplained(FOLDER / name) == {}


@EACH
def test_the_info_column_is_our_lines(path: Path) -> None:
    """Frames that are read alike, with printable text, have our lines in Wireshark's summary."""
    unlike = {difference.theirs.number for difference in differences(path)}
    shown = frames(path)
    wrong = {}
    for number, ours in said(path).items():
        expected = _info(ours)
        if number in unlike or not expected.isprintable() or not expected.isascii():
            continue
        if not _shows(shown[number], expected):
            wrong[number] = (expected, shown[number].info)
    assert wrong == {}


def _info(ours: Ours) -> str:
    """The Info column of a frame with our commands and replies in it."""
    if ours.commands:
        return "C: " + " | ".join(row.text.decode("latin-1") for row in ours.commands)
    parts = []
    for row in ours.replies:
        first, *more = row.text.decode("latin-1").split("\r\n")
        parts += [first, *(line[4:] for line in more)]
    return "S: " + " | ".join(parts) if parts else ""


def _shows(frame: Frame, expected: str) -> bool:
    """Whether the column holds what is expected, as far as it goes.

    At the end of a message it holds what the message's own dissector says instead.
    """
    info = re.sub(r"^(?:\[[^]]*\] )*", "", frame.info).removesuffix(" | ")
    info = CHUNK.sub("", info)
    if not expected or not info.startswith(("C: ", "S: ")):
        return bool(info)
    shown, wanted = (re.sub(r"#+", "#", text).split() for text in (info, expected))
    return shown == wanted or (len(info) > COLUMN and expected.startswith(info[:COLUMN]))


def _silences(path: Path) -> Iterator[str]:
    """Sides of flows of which not every byte is in a row.

    Flows that Wireshark's analysis, the snap length or a start midway makes uncertain are left
    out: of those the bytes of the frames are not those of the stream.
    """
    for detail in reading(path).details:
        stream = detail.summary.tcp_stream
        here = [frame for frame in frames(path).values() if frame.stream == stream]
        doubtful = any(frame.cut or frame.analysed for frame in here)
        if doubtful or any(row.kind is RowKind.GAP for row in detail.rows):
            continue
        for side, end in (
            (Side.CLIENT, detail.summary.client),
            (Side.SERVER, detail.summary.server),
        ):
            sent = sum(frame.length for frame in here if frame.source == tuple(end))
            told = sum(row.size for row in detail.rows if row.side is side)
            if sent != told:
                yield f"{side.value} of stream {stream}: {told} of {sent} bytes"


@EACH
def test_every_byte_is_told(path: Path) -> None:
    """What a side has sent by Wireshark's count is in the rows, read or not."""
    assert list(_silences(path)) == []


@pytest.mark.skipif(not CAPTURES, reason="the public captures are not beside the project")
def test_every_kind_occurs() -> None:
    """No kind is there for nothing, of those that this version of Wireshark is said to have."""
    found = set[str]().union(*(_kinds(path) for path in CAPTURES + BUNDLED))
    assert {kind.name for kind in KINDS if kind.here} - found == set()


def test_replies_are_compared() -> None:
    """The comparison is of something: most frames of a bundled capture agree word for word."""
    path = next(path for path in BUNDLED if path.name == "clean-twin-behind.pcap")
    unlike = {difference.theirs.number for difference in differences(path)}
    alike = {number: ours for number, ours in said(path).items() if number not in unlike}
    assert sum(len(ours.replies) for ours in alike.values()) > 60
    assert sum(len(ours.commands) for ours in alike.values()) > 20
    assert {row.kind for ours in alike.values() for row in ours.replies} == set(REPLIES)


@pytest.mark.skipif(not CAPTURES, reason="the public captures are not beside the project")
def test_a_look_up_shows_no_credentials() -> None:
    """What Wireshark says of the answers of an AUTH exchange is masked like the answers."""
    capture = open_capture(str(FOLDER / "suricata-verify__bug-3616-smtp.pcap"))
    end = Endpoint("192.0.2.1", 1)
    flow = FlowSummary(
        flow=0, capture=capture.name, tcp_stream=0, client=end, server=end, start=0.0, end=0.0
    )
    told = asyncio.run(Again(find_tshark(), [capture]).facts(flow, (12, 14)))
    assert set(told) == {12, 14}
    assert "Z3VycGFydGFwQHBhdHJpb3RzLmlu" not in told[12].info
    assert "cHVuamFiQDEyMw==" not in told[14].info
