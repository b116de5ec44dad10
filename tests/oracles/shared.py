"""The public captures beside the project, each read once, and the index of what others expect.

They are not part of the project; where they are not there, ``NEEDED`` skips.
"""

from __future__ import annotations

import asyncio
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from dissect.analysis.model import FlowDetail, RowKind, Verdict
from dissect.evidence import Side
from dissect.pipeline import Pipeline
from dissect.source import Outcome, find_tshark, open_capture, read

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER: Final = Path(__file__).resolve().parents[3] / "shared" / "captures"
CAPTURES: Final = sorted(FOLDER.glob("*.pcap*")) if FOLDER.is_dir() else []
BUNDLED: Final = sorted((Path(__file__).resolve().parents[2] / "captures").glob("*.pcap*"))

NEEDED: Final = [
    pytest.mark.tshark,
    pytest.mark.skipif(not CAPTURES, reason="the public captures are not beside the project"),
]

Entry = dict[str, Any]

DATA: Final = "."
"""The index's word for the end of message data."""
DATA_BARE: Final = ".~"
"""Its word for one that is not CRLF.CRLF."""
ANSWER: Final = "AUTHRESP"
WORD: Final = 20
"""Letters that the index keeps of a verb."""
VERBS: Final = 60
CODES: Final = 80
"""Verbs and codes that it keeps of a stream."""


class Reading(NamedTuple):
    """All that the dissector says of one capture."""

    outcome: Outcome
    details: tuple[FlowDetail, ...]
    verdicts: tuple[Verdict, ...]
    bugs: tuple[str, ...]

    def flow(self, tcp_stream: int) -> FlowDetail | None:
        """The flow with tshark's number, if it was followed."""
        return next((d for d in self.details if d.summary.tcp_stream == tcp_stream), None)


@cache
def reading(path: Path) -> Reading:
    """Dissect a capture as ``seamark`` does without options, once for all tests."""
    pipeline = Pipeline(path.name)
    outcome = asyncio.run(read(find_tshark(), open_capture(str(path)), pipeline.rows))
    pipeline.finish()
    return Reading(
        outcome, tuple(pipeline.take()), pipeline.verdicts(), tuple(pipeline.bugs)
    )  # fmt: skip


@cache
def index() -> dict[str, Entry]:
    """The index by file name; empty where the captures are not there."""
    if not CAPTURES:
        return {}
    return {entry["file"]: entry for entry in json.loads((FOLDER / "index.json").read_text())}


def peers(name: str) -> Iterator[tuple[str, Any]]:
    """Capture and expectation of each entry of the index that has one of a peer."""
    for file, entry in index().items():
        if name in entry["peers"]:
            yield file, entry["peers"][name]


def verbs(detail: FlowDetail) -> list[str]:
    """What the client said, in the index's words."""
    said = []
    for row in detail.rows:
        if row.kind is RowKind.COMMAND:
            said.append(row.verb.strip()[:WORD])
        elif row.kind is RowKind.AUTH:
            said.append(ANSWER)
        elif row.kind is RowKind.MESSAGE and not row.text.endswith(b"(BDAT)"):
            said.append(DATA)
    return said[:VERBS]


def codes(detail: FlowDetail) -> list[str]:
    """What the server said."""
    replies = (RowKind.GREETING, RowKind.REPLY)
    return [f"{row.code:03}" for row in detail.rows if row.kind in replies][:CODES]


def end(detail: FlowDetail) -> str:
    """How it ended: both FINs, or a reset and whose came last, or one FIN, or not at all."""
    fins = {row.side for row in detail.rows if row.kind is RowKind.CLOSE}
    resets = {row.side for row in detail.rows if row.kind is RowKind.RESET}
    if fins == set(Side):
        return "FIN-both"
    for word, sides in (("RST", resets), ("FIN", fins)):
        if sides:
            return f"{word}-cli" if Side.CLIENT in sides else f"{word}-srv"
    return "open"


def tls(detail: FlowDetail) -> bool:
    """Whether TLS was spoken."""
    return any(row.kind is RowKind.TLS for row in detail.rows)
