"""Comparisons with names and addresses replaced: the same differences, and nobody is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from cli.command import CAPTURES
from cli.fakes import needs_tshark
from hypothesis import given
from hypothesis import strategies as st
from properties.light import light
from support.wire import Conversation

from dissect.compare import Budget, Comparison, Recorder, compare, jsonl, renamed, text
from dissect.compare.ladder import ladder
from dissect.compare.text import Source
from dissect.compare.view import View
from dissect.redact import Key, Redactor
from rooms.test_compare import case, segments

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dissect.compare import Change, Pair
    from dissect.segments import Segment

CASES: Final = sorted(path.name[:-12] for path in CAPTURES.glob("*-before.pcap"))
pytestmark = needs_tshark

NAMED: Final = ("cam.example", "mail.example", "registrar", "recipient0", "colleagues")
"""What stands in the captures of the lab, and must not be told."""

SOURCES: Final = Source("inside", "a.pcap", 1, 1), Source("outside", "b.pcap", 1, 1)


def redacted(one: Iterable[Segment], two: Iterable[Segment]) -> Comparison:
    """Compare two captures, and give nobody away."""
    redactor = Redactor(Key(b"k" * 32))
    budget = Budget(1 << 24)
    recorders = Recorder((), budget, redactor), Recorder((), budget, redactor)
    for recorder, each in zip(recorders, (one, two), strict=True):
        recorder.segments(each)
    return renamed(compare(*recorders), redactor.address)


def hidden(name: str) -> Comparison:
    """A case of the lab, redacted."""
    return redacted(segments(f"{name}-before"), segments(f"{name}-behind"))


def facts(found: Comparison) -> list[object]:
    """All that a comparison says but names."""

    def place(view: View) -> tuple[object, ...]:
        return view.offset, view.length, len(view.text), view.seams, view.frames

    def told(change: Change) -> tuple[object, ...]:
        views = place(change.one), place(change.two)
        return change.kind, change.side, views, change.runs, change.octets, change.reset

    def pair_(pair: Pair) -> tuple[object, ...]:
        translated = (pair.one.client, pair.one.server) != (pair.two.client, pair.two.server)
        changes = [told(change) for change in pair.changes]
        return changes, pair.traits, pair.renumbered, pair.unsure, pair.compared, translated

    return [
        found.family, found.counts, found.offset, found.nearer,
        len(found.only_one), len(found.only_two), [pair_(pair) for pair in found.pairs],
    ]  # fmt: skip


def views(found: Comparison) -> Iterator[View]:
    """Everything that is shown of the bytes."""
    for pair in found.pairs:
        for change in pair.changes:
            yield from (change.one, change.two)
        for step in ladder(pair, found.offset):
            yield from (part.view for part in (step.one, step.two) if part is not None)


@pytest.mark.parametrize("name", CASES)
def test_the_same_differs_and_nobody_is_named(name: str) -> None:
    """In every case of the lab: in the bytes, and in all that is written of them."""
    found, real, address = hidden(name), case(name), Redactor(Key(b"k" * 32)).address
    assert facts(found) == facts(real)
    for pair, was in zip(found.pairs, real.pairs, strict=True):
        ends = [end.address for tape in (was.one, was.two) for end in (tape.client, tape.server)]
        told = [end.address for tape in (pair.one, pair.two) for end in (tape.client, tape.server)]
        assert told == [address(end) for end in ends]
    written: list[str] = [view.text.decode("latin-1") for view in views(found)]
    for write in (text.write, jsonl.write):
        write(found, SOURCES, [], written.append)
    said = "\n".join(written)
    assert [each for each in NAMED if each in said.lower()] == []


@pytest.mark.parametrize("name", CASES)
def test_what_is_marked_is_what_is_not_the_same(name: str) -> None:
    """Names that were replaced are alike where the bytes are, and unlike where those are."""
    for pair in hidden(name).pairs:
        for step in ladder(pair):
            if step.one is None or step.two is None or step.kind not in {"same", "changed"}:
                continue
            rest = [
                bytes(c for at, c in enumerate(part.view.text) if not marked(at, part.marks))
                for part in (step.one, step.two)
            ]
            assert rest[0] == rest[1]
            if step.change >= 0 and pair.changes[step.change].runs:
                ones = zip(step.one.view.text, step.two.view.text, strict=True)
                differ = [at for at, (one, two) in enumerate(ones) if one != two]
                assert differ == [
                    at for at in range(len(step.one.view.text)) if marked(at, step.one.marks)
                ]


def marked(at: int, marks: tuple[tuple[int, int], ...]) -> bool:
    """Whether a byte is marked."""
    return any(low <= at < high for low, high in marks)


def said(*lines: bytes) -> list[Segment]:
    """A client's lines to a server that wants all that it is offered."""
    wire = Conversation()
    wire.open()
    wire.server.send(b"220 mx.example.net ESMTP\r\n")
    for line in lines:
        wire.client.send(line)
        if line in {b"DATA\r\n", b"STARTTLS\r\n"}:
            wire.server.send(b"354 go on\r\n" if line.startswith(b"DATA") else b"220 go on\r\n")
    wire.close()
    return wire.segments


LINES: Final = st.lists(
    st.sampled_from([
        b"EHLO secret.example\r\n", b"MAIL FROM:<secret@secret.example>\r\n",
        b"RCPT TO:<secret@secret.example>\r\n", b"XXXX TO:<secret@secret.example>\r\n",
        b"DATA\r\n", b"XXXX\r\n", b"secret words\r\n", b"Subject: secret\r\n", b".\r\n",
        b"BDAT 14 LAST\r\n", b"AUTH PLAIN c2VjcmV0IHNlY3JldA==\r\n", b"STARTTLS\r\n", b"secret",
    ]),
    max_size=6,
)  # fmt: skip


@light(100)
@given(LINES, LINES)
def test_no_name_gets_out_whatever_is_said(one: list[bytes], two: list[bytes]) -> None:
    """Commands, message data, halves of lines and credentials, the same on both sides or not."""
    found = redacted(said(*one), said(*two))
    for view in views(found):
        assert b"secret" not in view.text.lower()
        assert b"c2VjcmV0" not in view.text


def test_a_change_under_redaction_is_still_a_change() -> None:
    """A byte of message data that was replaced is shown as another one, though both are blank."""
    lines = (b"EHLO a.example\r\n", b"MAIL FROM:<a@a.example>\r\n", b"RCPT TO:<b@b.example>\r\n",
             b"DATA\r\n")  # fmt: skip
    one, two = said(*lines, b"dear all,\r\n"), said(*lines, b"dear alf,\r\n")
    wire = redacted(one, two)
    (change,) = wire.pairs[0].changes
    assert change.runs == ((7, 1),)
    assert change.one.text[7:8] == b"-"
    assert change.two.text[7:8] == b"+"
