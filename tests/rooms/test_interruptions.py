"""A source that was away for a while: marked in the flows that it cut, and believed by no rule."""

from __future__ import annotations

import pytest
from support.script import play

from dissect.analysis.model import FlowDetail, RowKind
from dissect.pipeline import Pipeline

GREETED = "S: 220 mx ESMTP\nC: EHLO a\nS: 250-mx\nS: 250 PIPELINING\n"
FORGOTTEN = GREETED + "C: NOOP\nS: 250 OK\n... 360s\nC? MAIL FROM:<a>\nS! RST\n"
IN_VAIN = (
    GREETED + "C: MAIL FROM:<a>\nC: RCPT TO:<b>\nS: 250\nS: 250\nC: DATA\nS: 354\n"
    "C? Subject: hello\\r\\n\\r\\n\\{2900}a\n... 1s\nC* again\n... 2s\nC* again\n... 4s\nC* again\n"
)


def watched(script: str, *, cut: int | None) -> FlowDetail:
    """The flow of a transcript whose source is away before its segment number ``cut``."""
    segments = play(script)
    pipeline = Pipeline()
    if cut is not None:
        pipeline.segments(segments[:cut])
        pipeline.interrupt()
        segments = segments[cut:]
    pipeline.segments(segments)
    pipeline.finish()
    (detail,) = pipeline.take()
    return detail


def rules(detail: FlowDetail) -> set[str]:
    """The rules that spoke."""
    return {finding.rule for finding in detail.findings}


def test_it_is_a_row_and_a_finding() -> None:
    """Both name the last frame before it."""
    whole = len(play(GREETED))
    detail = watched(GREETED + "C: QUIT\nS: 221 Bye\n", cut=whole)
    (row,) = [row for row in detail.rows if row.kind is RowKind.GAP]
    assert row.text == b"the capture was interrupted here"
    (finding,) = detail.findings
    assert (finding.rule, finding.rows) == ("capture-gap", (row.number,))
    assert finding.frames == row.frames == (whole,)
    assert "interrupted" in finding.message


def test_a_second_one_is_a_row_of_its_own() -> None:
    """The finding stays one: it says what the capture cannot tell."""
    pipeline = Pipeline()
    pipeline.segments(play(GREETED))
    pipeline.interrupt()
    pipeline.interrupt()
    pipeline.finish()
    (detail,) = pipeline.take()
    assert len([row for row in detail.rows if row.kind is RowKind.GAP]) == 2
    assert rules(detail) == {"capture-gap"}


@pytest.mark.parametrize(
    ("script", "rule", "back"),
    [(FORGOTTEN, "idle-timeout-reset", 2), (IN_VAIN, "path-mtu-black-hole", 0)],
)
def test_silence_proves_nothing(script: str, rule: str, back: int) -> None:
    """What a rule concludes from silence, it does not where nobody listened."""
    assert rule in rules(watched(script, cut=None))
    quiet = rules(watched(script, cut=len(play(script)) - back))
    assert rule not in quiet
    assert "capture-gap" in quiet


def test_a_command_without_a_reply_is_not_blamed() -> None:
    """The reply may have passed meanwhile."""
    script = GREETED + "C: NOOP\n... 400s\nC! FIN\nS! FIN\n"
    assert "unanswered-command" in rules(watched(script, cut=None))
    assert "unanswered-command" not in rules(watched(script, cut=len(play(script)) - 3))


def test_bytes_that_passed_meanwhile_are_a_hole() -> None:
    """They are counted as ever, and the dialogue is read on behind them."""
    script = GREETED + "C- MAIL FROM:<a>\nS- 250 OK\n... 5s\nC: QUIT\nS: 221 Bye\nC! FIN\nS! FIN\n"
    detail = watched(script, cut=len(play(GREETED)))
    texts = [row.text for row in detail.rows if row.kind is RowKind.GAP]
    assert b"the capture was interrupted here" in texts
    assert any(b"bytes are not in the capture" in text for text in texts)
    assert any(row.text.startswith(b"QUIT") for row in detail.rows)


def test_a_conversation_that_is_over_is_not_marked() -> None:
    """Nothing of it can be missing."""
    script = GREETED + "C: QUIT\nS: 221 Bye\nC! FIN\nS! FIN\n"
    detail = watched(script, cut=len(play(script)))
    assert detail.findings == ()
