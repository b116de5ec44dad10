"""What holds of any two captures: masks are found exactly, and cuts are no difference."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.wire import Conversation

from dissect.compare import Comparison, Recorder, compare
from dissect.compare.align import align, by_line
from dissect.compare.ladder import Part, ladder
from dissect.evidence import Side
from properties.light import light

TEXT = (
    b"EHLO mail.example.org\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\n"
    b"RCPT TO:<c@example.net>\r\nRSET\r\nNOOP\r\nQUIT\r\n"
)
PLACES = st.integers(0, len(TEXT) - 1)
CUTS = st.frozensets(st.integers(1, len(TEXT) - 1), max_size=12)
LINES = st.lists(st.sampled_from([b"a\r\n", b"bb\r\n", b"cc\r\n", b"250 OK\r\n", b"\r\n", b"x"]))


def spoken(text: bytes, cuts: frozenset[int]) -> Recorder:
    """A capture in which a client says a text in one go."""
    wire = Conversation()
    wire.open()
    wire.server.send(b"220 mx.example.net ESMTP\r\n")
    wire.client.send(text, cuts)
    wire.server.send(b"221 mx.example.net closing connection\r\n")
    wire.close()
    recorder = Recorder()
    recorder.segments(wire.segments)
    return recorder


def octets(found: Comparison) -> set[int]:
    """The octets of the client that are said to have changed."""
    (pair,) = found.pairs
    assert all(change.side is Side.CLIENT and change.runs for change in pair.changes)
    return {
        change.one.offset + at
        for change in pair.changes
        for left, length in change.runs
        for at in range(left, left + length)
    }


@light(150)
@given(st.frozensets(PLACES, max_size=len(TEXT)), st.sampled_from(b"Xx* "), CUTS, CUTS)
def test_a_mask_of_any_bytes_is_found_exactly(
    masked: frozenset[int], letter: int, cuts: frozenset[int], others: frozenset[int]
) -> None:
    """Line ends and whole streams included, and however the two sides are cut."""
    after = bytes(letter if at in masked else octet for at, octet in enumerate(TEXT))
    found = compare(spoken(TEXT, cuts), spoken(after, others))
    assert octets(found) == {at for at in masked if TEXT[at] != letter}


@light(60)
@given(CUTS, CUTS)
def test_cuts_are_no_difference(cuts: frozenset[int], others: frozenset[int]) -> None:
    """The same bytes are the same mail under any segmentation."""
    found = compare(spoken(TEXT, cuts), spoken(TEXT, others))
    assert (found.family, found.complete) == ("none", True)


@light(300)
@given(LINES, LINES)
def test_differences_lead_from_one_stream_to_the_other(one: list[bytes], two: list[bytes]) -> None:
    """Between the differences the bytes are the same, so nothing is left out or told twice."""
    ours, theirs = b"".join(one), b"".join(two)
    for edits in (align(ours, theirs), by_line(ours, theirs)):
        at = other = 0
        for edit in edits:
            assert ours[at : edit.start] == theirs[other : edit.other_start]
            assert edit.cost > 0
            at, other = edit.end, edit.other_end
        assert ours[at:] == theirs[other:]


@light(150)
@given(LINES, LINES)
def test_rows_hold_every_byte_of_both_streams_once(one: list[bytes], two: list[bytes]) -> None:
    """Whatever came, went or was changed, and what they mark is all that is not the same."""
    ours, theirs = b"".join(one), b"".join(two)
    found = compare(spoken(ours, frozenset()), spoken(theirs, frozenset()))
    for pair in found.pairs:
        streams = [bytearray(), bytearray()]
        for step in ladder(pair):
            assert step.kind != "same" or (step.one and step.two)
            for stream, part in zip(streams, (step.one, step.two), strict=True):
                if step.side is Side.CLIENT and part is not None:
                    stream.extend(part.view.text)
            if step.kind in {"same", "changed"} and step.one and step.two:
                assert kept(step.one) == kept(step.two)
        assert [bytes(stream) for stream in streams] == [ours, theirs]


def kept(part: Part) -> bytes:
    """A row's bytes without those that are marked."""
    marked = {at for low, high in part.marks for at in range(low, high)}
    return bytes(octet for at, octet in enumerate(part.view.text) if at not in marked)
