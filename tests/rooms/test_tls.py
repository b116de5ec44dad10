"""The room between the streams and the dialogue: records, what they say, and where that stands."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissect.evidence import Side
from dissect.segments import Segment
from dissect.streams import Chunk, Closing, Hole, Missing, Repeat
from dissect.tls import Inside, Records, Sealed, Texts, said
from dissect.tls.texts import COST, ROOM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dissect.streams import StreamEvent

TEXT, HANDSHAKE = 23, 22
TAG = 16


def record(content: bytes, kind: int = TEXT) -> bytes:
    """A TLS record as on the wire."""
    return bytes((kind, 3, 3)) + len(content).to_bytes(2, "big") + content


def sealed(text: bytes, number: int) -> bytes:
    """What stands in a record for a text; no two are the same."""
    return text[::-1] + number.to_bytes(TAG, "big")


def segment(frame: int) -> Segment:
    """A segment of which only the frame matters here."""
    return Segment(frame, frame / 8, "192.0.2.10", 33738, "192.0.2.25", 465, 0, 0, 0, b"", 0, 0)


def chunks(data: bytes, cuts: Sequence[int], side: Side = Side.CLIENT) -> list[Chunk]:
    """A stream as it comes when it is cut at some offsets; frames count from 1."""
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [
        Chunk(side, left, data[left:right], frame, frame / 8, (), segment(frame))
        for frame, (left, right) in enumerate(pairwise(edges), start=1)
    ]


def known(texts: Sequence[bytes]) -> tuple[Texts, bytes]:
    """Texts of which all is known, and the stream of their records."""
    contents = [sealed(text, number) for number, text in enumerate(texts)]
    found = Texts()
    found.add(zip(contents, texts, strict=True))
    return found, b"".join(map(record, contents))


def fed(inside: Inside, events: Sequence[StreamEvent]) -> list[StreamEvent | Sealed]:
    """All that a flow inside TLS gives for some events."""
    return [opened for event in events for opened in inside.feed(event)]


CUTS = st.lists(st.integers(0, 1 << 16), max_size=12)
TEXTS = st.lists(st.binary(max_size=60), min_size=1, max_size=8)


@given(st.lists(st.tuples(st.sampled_from(range(20, 25)), st.binary(max_size=90))), CUTS)
def test_records_are_the_same_however_they_are_cut(
    wanted: list[tuple[int, bytes]], cuts: list[int]
) -> None:
    """Kind and content, at the offsets that their sizes add up to."""
    stream = b"".join(record(content, kind) for kind, content in wanted)
    records = Records(0)
    found = [each for chunk in chunks(stream, cuts) for each in records.add(chunk)]
    assert [(each.kind, each.content) for each in found] == wanted
    assert [each.offset for each in found] == [0, *accumulate(each.size for each in found)][:-1]
    assert records.rest() is None


@given(st.binary(max_size=300), CUTS)
def test_bytes_of_any_kind_are_accounted_for(data: bytes, cuts: list[int]) -> None:
    """No bytes raise, and records, what is none and the rest make up the stream."""
    records = Records(7)
    found = [each for chunk in chunks(data, cuts) for each in records.add(chunk)]
    rest = records.rest()
    assert sum(each.size for each in (*found, *((rest,) if rest else ()))) == len(data)
    assert records.offset == 7 + len(data)


@given(TEXTS, CUTS)
def test_text_is_the_same_however_segments_cut_it(texts: list[bytes], cuts: list[int]) -> None:
    """A chunk for each record, seams where records meet, in the frames of their last bytes."""
    room, stream = known(texts)
    events = chunks(stream, cuts)
    found = fed(Inside(room, 0), events)
    assert [each.data for each in found if isinstance(each, Chunk)] == texts
    ends = accumulate(len(record(sealed(text, 0))) for text in texts)
    frames = [next(c.frame for c in events if end <= c.offset + len(c.data)) for end in ends]
    seams = [seam for each in found if isinstance(each, Chunk) for seam in each.seams]
    assert [(seam.before, seam.after) for seam in seams] == list(pairwise(frames))
    assert [seam.offset for seam in seams] == list(accumulate(map(len, texts)))[:-1]
    assert all(seam.record and seam.kind == "record" for seam in seams)


@given(TEXTS, st.data())
def test_offsets_inside_never_go_back(texts: list[bytes], data: st.DataObject) -> None:
    """What TCP says of the encrypted stream is put where it is in the text, in the same order."""
    room, stream = known(texts)
    inside = Inside(room, 0)
    fed(inside, chunks(stream, ()))
    offsets = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    moved = [inside.inner(Side.CLIENT, offset) for offset in offsets]
    assert moved == sorted(moved)
    assert inside.inner(Side.CLIENT, len(stream)) == sum(map(len, texts))


def test_a_record_that_is_not_read_seals_all_that_follows() -> None:
    """Half a dialogue would mislead, whichever side it is of."""
    room, stream = known([b"EHLO a\r\n", b"QUIT\r\n"])
    unread = sealed(b"MAIL", 9)
    room.add([(unread, None), (sealed(b"250 a\r\n", 5), b"250 a\r\n")])
    first, last = (
        stream[: len(record(sealed(b"EHLO a\r\n", 0)))],
        stream[-len(record(sealed(b"QUIT\r\n", 1))) :],
    )
    inside = Inside(room, 0)
    inside.begin(0)
    opened, *rest = fed(inside, chunks(first + record(unread) + last, ()))
    assert isinstance(opened, Chunk)
    assert [(each.lost, each.size) for each in rest if isinstance(each, Sealed)] == [
        (True, len(record(unread))), (False, len(last))
    ]  # fmt: skip
    assert inside.closed
    answer = fed(inside, chunks(record(sealed(b"250 a\r\n", 5)), (), Side.SERVER))
    assert [type(each) for each in answer] == [Sealed]


def test_what_tls_says_for_itself_is_no_row_inside() -> None:
    """A session ticket or an alert, once text has come, is neither text nor a loss."""
    room, stream = known([b"EHLO a\r\n"])
    inside = Inside(room, 0)
    ticket = record(b"ticket", HANDSHAKE) + record(sealed(b"ticket", 7))
    found = fed(inside, chunks(stream + ticket, ()))
    assert [type(each) for each in found] == [Chunk]
    assert not inside.closed


def test_a_hole_seals_what_follows() -> None:
    """Behind bytes that will not come no record can be found."""
    room, stream = known([b"EHLO a\r\n", b"QUIT\r\n"])
    inside = Inside(room, 0)
    hole = Hole(Side.CLIENT, 10, 5, 3, 0.5, Missing.UNSEEN)
    start, end = chunks(stream, (10,))
    found = fed(inside, (start, hole, end._replace(offset=15, data=end.data[5:])))
    assert [type(each) for each in found] == [Hole, Sealed]
    assert inside.closed


def test_what_tcp_sends_again_has_no_seams_inside() -> None:
    """The boundaries of a retransmission are none of the text, and its bytes are not shown."""
    room, stream = known([b"EHLO a\r\n"])
    inside = Inside(room, 0)
    (chunk,) = chunks(stream, ())
    repeat = Repeat(Side.CLIENT, 0, len(stream), 2, 0.25, differs=False, seams=(), copies=None)
    closing = Closing(Side.CLIENT, reset=False, offset=len(stream), frame=3, time=0.5)
    _, again, closed = fed(inside, (chunk, repeat, closing))
    assert isinstance(again, Repeat)
    assert isinstance(closed, Closing)
    assert (again.offset, again.length, closed.offset) == (
        0,
        len(b"EHLO a\r\n"),
        len(b"EHLO a\r\n"),
    )


def test_texts_that_nobody_claims_take_bounded_room() -> None:
    """Records of connections that are no mail are opened too: the oldest are forgotten."""
    room = Texts()
    size = ROOM // 8
    contents = [sealed(bytes(40), number) for number in range(12)]
    room.add((content, bytes(size - COST)) for content in contents)
    assert [room.has(content) for content in contents] == [False] * 4 + [True] * 8
    assert room.claim(contents[-1]) == bytes(size - COST)
    assert not room.has(contents[-1])


@pytest.mark.parametrize(
    ("flows", "words"),
    [
        ({}, "was not needed"),
        ({"": 4}, "was not needed"),
        ({"decrypted": 3, "": 1}, ""),
        ({"encrypted": 2}, "opens none of 2 conversations in TLS: "),
        ({"decrypted": 1200, "encrypted": 1}, "opens 1,200 of 1,201 conversations in TLS, 1 not"),
        ({"partly": 1}, "opens none of 1 conversation in TLS, 1 up to where a key or a packet"),
    ],
)  # fmt: skip
def test_what_a_key_log_was_good_for(flows: dict[str, int], words: str) -> None:
    """Nothing is said where all was opened; otherwise how many were, and why."""
    told = said(flows)
    assert words in told
    assert bool(told) is bool(words)
