"""A middlebox that masks one verb of a conversation is found at that verb and nowhere else."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from support.wire import Conversation

from dissect.detect.finding import Finding
from dissect.pipeline import Pipeline
from properties.light import light

LIGHT = light(80)

HELLO = b"250-mx.example.net\r\n250 PIPELINING\r\n"


class Group(NamedTuple):
    """A pipelined group: MAIL and its recipients, its cuts, and one verb to mask."""

    lines: tuple[bytes, ...]
    cuts: frozenset[int]
    masked: int


@st.composite
def groups(draw: st.DrawFn) -> Group:
    """Groups with few cuts, so that nobody types them."""
    count = draw(st.integers(2, 8))
    lines = (
        b"MAIL FROM:<a@example.org>",
        *(b"RCPT TO:<r%d@example.net>" % n for n in range(count)),
    )
    masked = draw(st.integers(0, count))
    size = sum(len(line) + 2 for line in lines)
    start = sum(len(line) + 2 for line in lines[:masked])
    near = st.integers(max(1, start - 2), min(start + 6, size - 1))
    cuts = draw(st.frozensets(st.one_of(st.integers(1, size - 1), near), max_size=6))
    return Group(lines, cuts, masked)


def findings(group: Group, *, mask: bytes = b"") -> list[tuple[str, bytes]]:
    """Rule and line of every finding, with the verb masked or left."""
    lines = list(group.lines)
    replies = [b"250 OK\r\n"] * len(lines)
    if mask:
        lines[group.masked] = mask * 4 + lines[group.masked][4:]
        replies[group.masked] = b"500 unrecognized command\r\n"
    wire = Conversation()
    wire.open()
    wire.server.send(b"220 mx.example.net ESMTP\r\n")
    wire.client.send(b"EHLO mail.example.org\r\n")
    wire.server.send(HELLO)
    wire.client.send(b"".join(line + b"\r\n" for line in lines), group.cuts)
    wire.server.send(b"".join(replies))
    wire.client.send(b"RSET\r\n")
    wire.server.send(b"250 OK\r\n")
    wire.client.send(b"QUIT\r\n")
    wire.server.send(b"221 Bye\r\n")
    wire.close()
    return told(wire)


def told(wire: Conversation) -> list[tuple[str, bytes]]:
    """What is found in a conversation, by the lines of the rows."""
    pipeline = Pipeline()
    pipeline.segments(wire.segments)
    pipeline.finish()
    assert pipeline.bugs == []
    (detail,) = pipeline.take()
    rows = {row.number: row.text for row in detail.rows}
    return sorted(_said(finding, rows) for finding in detail.findings)


def _said(finding: Finding, rows: dict[int, bytes]) -> tuple[str, bytes]:
    return finding.rule, rows[finding.rows[0]] if finding.rows else b""


def cut_at(group: Group, place: int) -> list[int]:
    """Where a line of the group is cut: offsets within it."""
    start = sum(len(line) + 2 for line in group.lines[:place])
    stop = start + len(group.lines[place]) + 2
    return sorted(cut - start for cut in group.cuts if start < cut < stop)


@LIGHT
@given(groups())
def test_a_clean_group_has_its_cuts_and_nothing_else(group: Group) -> None:
    """Seams inside lines are told, one finding a line, and nothing is called damaged."""
    cut = [("split-command", ln) for place, ln in enumerate(group.lines) if cut_at(group, place)]
    assert findings(group) == sorted(cut)


@LIGHT
@given(groups(), st.sampled_from((b"X", b"x", b"*")))
def test_one_masked_verb_is_one_finding(group: Group, letter: bytes) -> None:
    """The masked verb is found at its row, as split where a seam lies inside it."""
    expected = [
        ("split-command", line)
        for place, line in enumerate(group.lines)
        if cut_at(group, place) and place != group.masked
    ]
    line, cuts = letter * 4 + group.lines[group.masked][4:], cut_at(group, group.masked)
    if sum(cut < 4 for cut in cuts) == 1:  # in three pieces or more it was typed
        expected.append(("split-masked-verb", line))
    else:
        expected += [("masked-verb", line)] + [("split-command", line)] * bool(cuts)
    assert findings(group, mask=letter) == sorted(expected)
