"""The network may do what it likes: the same dialogue is read, with the seams that it made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from support.mangle import Lane, duplicate, lane, overlap, reorder, resegment
from support.strategies import chances, cut_positions, smtp_talks, some_settings, talk_cuts

from dissect.analysis import pack, unpack
from dissect.analysis.model import FlowDetail, Outcome, Row, RowKind
from dissect.evidence import Side
from dissect.pipeline import Pipeline
from properties.light import light

if TYPE_CHECKING:
    from random import Random

    from support.talk import Talk
    from support.wire import Setting

    from dissect.segments import Segment

LIGHT = light(40)
TCP_ONLY = (RowKind.RETRANSMISSION, RowKind.CLOSE, RowKind.OPEN)

FEW = 8
"""Frames at the seams of one line of which all must be shown; of very many, some are."""

Said = tuple[RowKind, Side | None, bytes, int | None]


def read(segments: list[Segment]) -> FlowDetail:
    """The only flow of a capture."""
    pipeline = Pipeline()
    for segment in segments:
        pipeline.segments((segment,))
    pipeline.finish()
    assert pipeline.bugs == []
    (detail,) = pipeline.take()
    return detail


def dialogue(detail: FlowDetail) -> list[Said]:
    """What was said: kind, side, text and partner of the rows that are no TCP."""
    rows = [row for row in detail.rows if row.kind not in TCP_ONLY]
    places = {row.number: place for place, row in enumerate(rows)}
    return [
        (r.kind, r.side, _text(r), places.get(-1 if r.partner is None else r.partner)) for r in rows
    ]


def _text(row: Row) -> bytes:
    """A row's text without what counts segments."""
    return row.text.split(b" in ")[0] if row.kind is RowKind.MESSAGE else row.text


def seams_inside(detail: FlowDetail, cuts: dict[Lane, frozenset[int]]) -> None:
    """Every line has the seams that lie inside it, and no others."""
    client = Lane(detail.summary.client, detail.summary.server)
    for row in detail.rows:
        if row.kind in (RowKind.COMMAND, RowKind.AUTH, RowKind.REPLY, RowKind.GREETING):
            made = cuts.get(client if row.side is Side.CLIENT else client.back, frozenset())
            inside = {cut for cut in made if row.offset < cut < row.offset + row.size}
            assert {seam.offset for seam in row.seams} == inside
            at_seams = {f for seam in row.seams for f in (seam.before, seam.after)}
            shown = {piece.frame for piece in row.pieces}
            assert shown == at_seams if len(at_seams) <= FEW else shown <= at_seams


@LIGHT
@given(smtp_talks(), some_settings(), st.data())
def test_any_segmentation_reads_the_same(talk: Talk, setting: Setting, data: st.DataObject) -> None:
    """However a conversation is cut, its rows are the same, and every cut is where it was made."""
    whole = talk.play(setting)
    client = lane(whole[0])
    sizes = {client: len(talk.stream(Side.CLIENT)), client.back: len(talk.stream(Side.SERVER))}
    cuts = {key: data.draw(cut_positions(size)) for key, size in sizes.items()}
    made = resegment(whole, cuts, mss=setting.mss)
    detail = read(made.segments)
    assert dialogue(detail) == dialogue(read(whole))
    seams_inside(detail, made.seams)


@LIGHT
@given(smtp_talks(), chances(), some_settings(), st.data())
def test_duplicates_read_the_same(
    talk: Talk, random: Random, setting: Setting, data: st.DataObject
) -> None:
    """Segments that come twice add no seams and change nothing."""
    segments = talk.play(setting, data.draw(talk_cuts(talk)))
    made = duplicate(segments, random)
    detail = read(made.segments)
    assert dialogue(detail) == dialogue(read(segments))
    seams_inside(detail, made.seams)


@LIGHT
@given(smtp_talks(), chances(), some_settings(), st.data())
def test_reordering_reads_the_same(
    talk: Talk, random: Random, setting: Setting, data: st.DataObject
) -> None:
    """Segments that overtake each other give the same rows and seams, and no retransmissions."""
    segments = talk.play(setting, data.draw(talk_cuts(talk)))
    made = reorder(segments, random)
    detail = read(made.segments)
    assert dialogue(detail) == dialogue(read(segments))
    seams_inside(detail, made.seams)
    assert RowKind.RETRANSMISSION not in {row.kind for row in detail.rows}


@LIGHT
@given(smtp_talks(), chances(), some_settings(), st.data())
def test_overlaps_read_the_same(
    talk: Talk, random: Random, setting: Setting, data: st.DataObject
) -> None:
    """Retransmissions with other boundaries change no word, and hide no seam."""
    segments = talk.play(setting, data.draw(talk_cuts(talk)))
    made = overlap(segments, random)
    detail = read(made.segments)
    assert dialogue(detail) == dialogue(read(segments))
    client = lane(segments[0])
    for row in detail.rows:
        if row.kind is RowKind.COMMAND:
            inside = {c for c in made.seams[client] if row.offset < c < row.offset + row.size}
            assert inside <= {seam.offset for seam in row.seams}


@LIGHT
@given(smtp_talks(), st.data())
def test_a_conversation_is_read_as_it_was_meant(talk: Talk, data: st.DataObject) -> None:
    """Commands, messages and recipients are those of the talk, however it is cut."""
    detail = read(talk.play(cuts=data.draw(talk_cuts(talk))))
    said = [row.text for row in detail.rows if row.kind is RowKind.COMMAND]
    meant = [
        c if not c.startswith(b"AUTH PLAIN A") else b"AUTH PLAIN " + b"#" * 20
        for c in talk.commands
    ]
    assert said == meant
    codes = [b"%d" % row.code for row in detail.rows if row.code]
    assert codes == list(talk.replies)
    assert detail.summary.messages == len(talk.messages)
    assert detail.summary.recipients == (len(talk.offered), len(talk.accepted))
    assert detail.summary.outcome is not Outcome.LOST


@LIGHT
@given(smtp_talks(), st.data())
def test_the_read_model_travels(talk: Talk, data: st.DataObject) -> None:
    """A ladder that was packed and unpacked is the same ladder."""
    detail = read(talk.play(cuts=data.draw(talk_cuts(talk))))
    assert unpack(pack(detail)) == detail
