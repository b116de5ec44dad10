"""Analysis: rows, outcomes, verdicts, and the read model's way through a process boundary."""

from __future__ import annotations

import pytest
from support.script import play
from support.wire import Setting

from dissect.analysis import pack, unpack
from dissect.analysis.inspection import INSPECTION
from dissect.analysis.model import FlowDetail, Outcome, Row, RowKind
from dissect.analysis.pairs import network
from dissect.analysis.verdicts import confidence
from dissect.detect.tally import Tally
from dissect.pipeline import Pipeline

GREETED = "S: 220 mx\nC: EHLO a\nS: 250-mx\nS: 250 PIPELINING\n"
MAIL = GREETED + "C: MAIL FROM:<a>\nC: RCPT TO:<b>\nC: RCPT TO:<c>\nS: 250\nS: 250\nS: 250\n"
DATA = MAIL + "C: DATA\nS: 354\nC: body\nC: .\n"
END = "\nC! FIN\nS! FIN"


def read(script: str, setting: Setting | None = None) -> FlowDetail:
    """The flow of a transcript."""
    pipeline = Pipeline()
    pipeline.segments(play(script, setting))
    pipeline.finish()
    (detail,) = pipeline.take()
    return detail


def again(script: str) -> list[Row]:
    """The rows of retransmissions."""
    return [row for row in read(script).rows if row.kind is RowKind.RETRANSMISSION]


# ---- rows --------------------------------------------------------------------------------------


def test_partners_point_at_each_other() -> None:
    """A command and its reply are linked both ways."""
    rows = {row.number: row for row in read(DATA + "S: 250").rows}
    linked = [row for row in rows.values() if row.partner is not None]
    assert len(linked) == 2 * 6
    assert all(rows[row.partner].partner == row.number for row in linked if row.partner is not None)


def test_group_brackets_are_for_several() -> None:
    """Commands sent together share a group, one alone has none."""
    groups = [row.group for row in read(MAIL).rows if row.kind is RowKind.COMMAND]
    assert groups[0] is None
    assert groups[1] is not None
    assert groups[1:] == [groups[1]] * 3


@pytest.mark.parametrize("times", [2, 16, 17, 18, 40])
def test_a_run_of_retransmissions_is_one_row(times: int) -> None:
    """However often it is sent again, it is one row that counts."""
    (row,) = again(GREETED + "C: NOOP" + "\nC* again" * times)
    assert row.retransmitted == times
    assert row.size == 6 * times


def test_a_conflict_is_not_hidden_by_its_neighbours() -> None:
    """That bytes came again and differ is still said when they come once more as they were."""
    rows = again(GREETED + "C: NOOP\nC@8 XXXX\nC* again")
    assert any(b"different" in row.text for row in rows)


def test_a_retransmitted_command_says_so() -> None:
    """Its row counts how often."""
    rows = read(GREETED + "C: NOOP\nC* again\nC* again\nS: 250").rows
    assert [row.retransmitted for row in rows if row.verb == "NOOP"] == [2]


def test_a_masked_verb_is_marked() -> None:
    """The range that was overwritten, and what it was."""
    (row,) = [row for row in read(GREETED + "C: XXXX TO:<b>").rows if row.verb == "XXXX"]
    assert (row.masked, row.original) == (((0, 4),), "RCPT")


def test_masked_keywords_are_marked() -> None:
    """Each range in a reply of several lines starts at its keyword."""
    rows = read("S: 220 mx\nC: EHLO a\nS: 250-mx\nS: 250-SIZE\nS: 250 XXXXXXXA").rows
    (row,) = [row for row in rows if row.kind is RowKind.REPLY]
    assert [row.text[a:b] for a, b in row.masked] == [b"XXXXXXXA"]


def test_a_long_line_is_capped() -> None:
    """What is shown of a line is bounded, and its size is true."""
    (row,) = [r for r in read(GREETED + "C: NOOP " + "x" * 9000).rows if r.verb == "NOOP"]
    assert len(row.text) == 1024
    assert row.size == 9007


# ---- outcomes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        (DATA + "S: 250 queued" + END, Outcome.DELIVERED),
        (DATA + "S: 554 spam" + END, Outcome.REJECTED),
        (DATA + "S! RST", Outcome.LOST),
        (MAIL, Outcome.OPEN),
        (MAIL + END, Outcome.LOST),
        (
            DATA + "S: 250 queued\nC: MAIL FROM:<d>\nC: RCPT TO:<e>\nS: 250\nS: 250\nS! RST",
            Outcome.LOST,
        ),
        (DATA + "S: 250 q\nC: MAIL FROM:<d>\nS: 550 no" + END, Outcome.PARTLY),
        ("S: 554 go away\nC: QUIT\nS: 221" + END, Outcome.REJECTED),
        ("S: 220 mx\nC: QUIT\nS: 221" + END, Outcome.EMPTY),
        ("S: 220 mx", Outcome.OPEN),
        (GREETED + "C: STARTTLS\nS: 220\nC= \\x16\\x03\\x01\\x00\\x01x" + END, Outcome.ENCRYPTED),
    ],
)
def test_what_became_of_the_mail(script: str, outcome: Outcome) -> None:
    """The outcome of each kind of end."""
    assert read(script).summary.outcome is outcome


def test_a_summary_counts() -> None:
    """Names, phases, recipients and messages are those of the dialogue."""
    summary = read(DATA + "S: 250 queued" + END).summary
    assert (summary.helo, summary.reverse_path, summary.phase) == ("a", "a", "data")
    assert (summary.messages, summary.recipients) == (1, (2, 2))
    assert summary.closed


def test_the_read_model_is_packed() -> None:
    """A detail that was packed is the same again."""
    detail = read(DATA + "S: 250 queued")
    assert unpack(pack(detail)) == detail
    assert pack(detail).flow == detail.summary.flow


# ---- verdicts ----------------------------------------------------------------------------------


def test_no_evidence_is_no_confidence() -> None:
    """A clean tally proves nothing."""
    assert confidence(INSPECTION, Tally(whole_verbs=700, verbs_with_seam=6)) == 0


def test_contradicting_cases_lower_the_confidence() -> None:
    """Split verbs that were not masked speak against the box."""
    sure = confidence(INSPECTION, Tally(verbs_with_seam=6, verbs_with_seam_masked=6))
    less = confidence(INSPECTION, Tally(verbs_with_seam=60, verbs_with_seam_masked=6))
    assert sure == pytest.approx(0.95)
    assert less == pytest.approx(0.095)


def test_kinds_of_evidence_add_up() -> None:
    """Independent evidence is joined, and nothing is ever quite certain."""
    one = confidence(INSPECTION, Tally(hellos=1, hellos_masked=1, hellos_ordinal=1))
    both = confidence(
        INSPECTION,
        Tally(
            hellos=1, hellos_masked=1, hellos_ordinal=1, verbs_with_seam=1, verbs_with_seam_masked=1
        ),
    )
    assert one < both <= 0.99


def test_greetings_alone_are_no_proof() -> None:
    """Servers hide their own banners."""
    assert confidence(INSPECTION, Tally(greetings=9, greetings_masked=9)) < 0.5


def test_networks() -> None:
    """Clients are put together by /24 and /64."""
    assert network("192.0.2.10") == "192.0.2.0/24"
    assert network("2001:db8::10") == "2001:db8::/64"
    assert network("?") == "?"
