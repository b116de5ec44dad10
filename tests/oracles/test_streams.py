"""The index's own reading of the public captures against our dialogue."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import pytest

from dissect.analysis.model import FlowDetail, RowKind
from oracles import shared
from oracles.disagreements import DISAGREEMENTS, Disagreement, known
from oracles.shared import CAPTURES, FOLDER, NEEDED, index, reading

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = NEEDED

NAMES: Final = [path.name for path in CAPTURES] or ["none"]
BUGS: Final = [entry for entry in DISAGREEMENTS if entry.oracle == "streams" and entry.truth]

ANSWERS: Final = {
    220: ("STARTTLS",), 221: ("QUIT",), 334: ("AUTH", ""), 235: ("AUTH", ""), 354: ("DATA",),
}  # fmt: skip
"""What a reply with such a code can answer (RFC 5321 section 4.3.2, RFC 3207 section 4, RFC 4954
section 4); a 220 answers nothing but STARTTLS where it is no greeting."""

"""Captures in which a reply is paired with a command that it cannot answer: bugs of ours."""


def _differences(name: str) -> Iterator[str]:
    """What the index and we read otherwise, stream by stream."""
    got = reading(FOLDER / name)
    for stream in index()[name]["streams"]:
        number = stream["tcp_stream"]
        detail = got.flow(number)
        if detail is None:
            yield f"stream {number} is not followed"
            continue
        ours, theirs = _ours(detail), _theirs(stream)
        yield from (f"{what} of stream {number}" for what in ours if ours[what] != theirs[what])


def _ours(detail: FlowDetail) -> dict[str, Any]:
    return {
        "verbs": shared.verbs(detail), "codes": shared.codes(detail), "end": shared.end(detail),
        "tls": shared.tls(detail), "port": str(detail.summary.server.port),
    }  # fmt: skip


def _theirs(stream: dict[str, Any]) -> dict[str, Any]:
    verbs = [shared.DATA if verb == shared.DATA_BARE else verb for verb in stream["verbs"]]
    return {what: stream[what] for what in ("codes", "end", "tls", "port")} | {"verbs": verbs}


@pytest.mark.parametrize("name", NAMES)
def test_dialogues_are_those_of_the_index(name: str) -> None:
    """Verbs, codes, end and TLS of each stream, but for what is explained."""
    assert set(_differences(name)) == known("streams", name)


@pytest.mark.parametrize("name", NAMES)
def test_no_other_flows_are_followed(name: str) -> None:
    """The flows are those that the index knows to be SMTP."""
    streams = {stream["tcp_stream"] for stream in index()[name]["streams"]}
    assert {detail.summary.tcp_stream for detail in reading(FOLDER / name).details} <= streams


@pytest.mark.parametrize("entry", BUGS, ids=lambda entry: entry.capture)
@pytest.mark.xfail(strict=True, reason="each entry of the table says why")
def test_what_nobody_reads_right(entry: Disagreement) -> None:
    """Where the index is wrong as well, what the frames say is what counts."""
    stream = int(entry.what.rpartition(" ")[2])
    detail = reading(FOLDER / entry.capture).flow(stream)
    assert detail is not None
    assert tuple(shared.verbs(detail)) == entry.truth


@pytest.mark.parametrize("name", NAMES)
def test_replies_answer_what_they_can_answer(name: str) -> None:
    """A code that only one verb can get is never the answer to another one."""
    wrong = []
    for detail in reading(FOLDER / name).details:
        rows = {row.number: row for row in detail.rows}
        for row in detail.rows:
            asked = rows.get(row.partner) if row.partner is not None else None
            if (
                row.kind is RowKind.REPLY
                and asked
                and asked.verb not in ANSWERS.get(row.code, (asked.verb,))
            ):
                wrong.append((row.frames, row.code, asked.verb))
    assert wrong == []


@pytest.mark.parametrize("entry", DISAGREEMENTS, ids=lambda e: f"{e.oracle}-{e.capture}")
def test_disagreements_are_explained(entry: Disagreement) -> None:
    """Each names a capture that there is, says who is right, and names its proof."""
    assert entry.capture in index()
    assert entry.right in ("we", "they", "both", "nobody")
    assert re.search(r"\bframes? \d|\bport \d", entry.why, re.IGNORECASE)
