"""Dialogue: what was said, which reply answers which command, and finding one's feet again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.script import play
from support.wire import Setting

from dissect.analysis.model import FlowDetail, Outcome, Row, RowKind
from dissect.escape import visible
from dissect.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Sequence

HELLO = """
    S: 220 mx.example.net ESMTP
    C: EHLO mail.example.org
    S: 250-mx.example.net
    S: 250-STARTTLS
    S: 250 PIPELINING
"""
MIDWAY = Setting(handshake=False)


def read(script: str, setting: Setting | None = None) -> FlowDetail:
    """The flow of a transcript."""
    pipeline = Pipeline()
    pipeline.segments(play(script, setting))
    pipeline.finish()
    assert pipeline.bugs == []
    (detail,) = pipeline.take()
    return detail


def talk(detail: FlowDetail) -> list[tuple[str, str]]:
    """Commands and the first line of their answers, in order."""
    rows = {row.number: row for row in detail.rows}
    asked = [row for row in detail.rows if row.kind in (RowKind.COMMAND, RowKind.MESSAGE)]
    return [(_first(row), _first(rows[row.partner]) if row.partner else "") for row in asked]


def _first(row: Row) -> str:
    if row.kind is RowKind.MESSAGE:
        return "(message)"
    return visible(row.text.split(b"\r\n")[0])


def kinds(rows: Sequence[Row]) -> list[str]:
    """The kinds of rows."""
    return [row.kind.value for row in rows]


# ---- pairing -----------------------------------------------------------------------------------


def test_pipelined_replies_find_their_commands() -> None:
    """Replies answer commands in their order, however they are grouped."""
    detail = read(
        HELLO
        + """
        C: MAIL FROM:<a@example.org>
        C: RCPT TO:<b@example.net>
        C: RCPT TO:<c@example.net>
        S: 250 one
        --
        S: 250 two
        S: 550 three
        """
    )
    assert [answer for _, answer in talk(detail)[1:]] == ["250 one", "250 two", "550 three"]
    group = {row.group for row in detail.rows if row.verb in ("MAIL", "RCPT")}
    assert len(group) == 1
    assert group != {None}


def test_a_command_alone_is_in_no_group() -> None:
    """Group brackets are for commands that were sent together."""
    assert [row.group for row in read(HELLO).rows if row.kind is RowKind.COMMAND] == [None]


def test_a_reply_of_several_lines_is_one_reply() -> None:
    """A reply ends with the line that has a blank behind its code."""
    (row,) = [row for row in read(HELLO).rows if row.kind is RowKind.REPLY]
    assert row.text == b"250-mx.example.net\r\n250-STARTTLS\r\n250 PIPELINING"
    assert row.code == 250


def test_a_bare_code_and_a_bare_newline_are_replies() -> None:
    """Real servers send both."""
    detail = read(HELLO + "C: NOOP\nS: 250\nC: RSET\nS= 250 OK\\n")
    assert talk(detail)[1:] == [("NOOP", "250"), ("RSET", "250 OK")]


def test_commands_may_end_in_a_bare_newline() -> None:
    """The line ends at its LF."""
    assert talk(read(HELLO + "C= NOOP\\nRSET\\n\nS: 250 a\nS: 250 b"))[1:] == [
        ("NOOP", "250 a"),
        ("RSET", "250 b"),
    ]


# ---- what is no command ------------------------------------------------------------------------


def test_message_data_is_no_dialogue() -> None:
    """Lines of a message are not read, and its end is answered."""
    detail = read(
        HELLO
        + """
        C: MAIL FROM:<a@example.org>
        C: RCPT TO:<b@example.net>
        C: DATA
        S: 250 a
        S: 250 b
        S: 354 c
        C: QUIT
        C: ..
        C: .hidden
        C: RCPT TO:<trap@example.net>
        C: .
        C: QUIT
        S: 250 d
        S: 221 e
        """
    )
    assert talk(detail)[3:] == [("DATA", "354 c"), ("(message)", "250 d"), ("QUIT", "221 e")]
    assert detail.summary.recipients == (1, 1)
    assert detail.summary.outcome is Outcome.DELIVERED


def test_an_empty_message_ends_with_its_first_line() -> None:
    """The line end of DATA is the first half of CRLF.CRLF."""
    detail = read(HELLO + "C: DATA\nS: 354 go\nC: .\nS: 250 ok\nC: NOOP\nS: 250 noop")
    assert talk(detail)[1:] == [("DATA", "354 go"), ("(message)", "250 ok"), ("NOOP", "250 noop")]


def test_data_that_is_refused_is_followed_by_commands() -> None:
    """Without 354 there is no message."""
    detail = read(HELLO + "C: DATA\nS: 503 no\nC: NOOP\nS: 250 ok")
    assert talk(detail)[1:] == [("DATA", "503 no"), ("NOOP", "250 ok")]


def test_chunks_are_skipped() -> None:
    """BDAT says how many octets follow, whatever they look like."""
    detail = read(
        HELLO
        + """
        C: MAIL FROM:<a@example.org>
        C: RCPT TO:<b@example.net>
        C: BDAT 6
        C= QUIT\\r\\n
        C: BDAT 0 LAST
        S: 250 a
        S: 250 b
        S: 250 c
        S: 250 d
        """
    )
    assert [said for said, _ in talk(detail) if said != "(message)"][3:] == [
        "BDAT 6",
        "BDAT 0 LAST",
    ]
    assert detail.summary.messages == 1


def test_a_login_in_steps() -> None:
    """Answers to 334 are masked, each a row of its own, and commands go on behind them."""
    detail = read(
        HELLO
        + """
        C: AUTH LOGIN
        S: 334 VXNlcm5hbWU6
        C: YWxpY2U=
        S: 334 UGFzc3dvcmQ6
        C: c2VjcmV0
        S: 235 ok
        C: NOOP
        S: 250 ok
        """
    )
    answers = [row.text for row in detail.rows if row.kind is RowKind.AUTH]
    assert answers == [b"########", b"########"]
    assert talk(detail)[-1] == ("NOOP", "250 ok")


def test_tls_behind_starttls() -> None:
    """Both sides are opaque from the ClientHello on."""
    detail = read(
        HELLO
        + """
        C: STARTTLS
        S: 220 go
        C= \\x16\\x03\\x01\\x00\\x02hi
        S= \\x16\\x03\\x03\\x00\\x02ho
        C= \\x17\\x03\\x03QUIT\\r\\n
        """
    )
    assert kinds(detail.rows)[-3:] == ["tls", "tls", "tls"]
    assert detail.summary.outcome is Outcome.ENCRYPTED
    assert detail.summary.phase == "tls"


def test_cleartext_behind_starttls() -> None:
    """A capture that was decrypted goes on readable."""
    detail = read(HELLO + "C: STARTTLS\nS: 220 go\nC: EHLO a\nS: 250 mx\nC: QUIT\nS: 221 bye")
    assert talk(detail)[1:] == [
        ("STARTTLS", "220 go"),
        ("EHLO a", "250 mx"),
        ("QUIT", "221 bye"),
    ]


def test_tls_from_the_first_byte() -> None:
    """A client that speaks TLS at once is not read as SMTP."""
    detail = read("C= \\x16\\x03\\x01\\x00\\x02hi\nS= \\x16\\x03\\x03\\x00\\x02ho")
    assert set(kinds(detail.rows)) == {"tls"}


# ---- holes and beginnings ----------------------------------------------------------------------


def test_replies_behind_a_gap_in_them_find_their_commands() -> None:
    """354 can only answer DATA: it is the foothold behind replies that were not captured."""
    detail = read(
        HELLO
        + """
        C: MAIL FROM:<a@example.org>
        C: RCPT TO:<b@example.net>
        C: DATA
        S- 250 a
        S: 250 b
        S: 354 c
        C: body
        C: .
        S: 250 d
        """
    )
    assert dict(talk(detail))["DATA"] == "354 c"
    assert dict(talk(detail))["(message)"] == "250 d"


def test_commands_behind_a_gap_in_them_are_read_again() -> None:
    """The next line that can only be a command ends the gap."""
    detail = read(HELLO + "C- RCPT TO:<b>\nC: RSET\nS: 250 a\nS: 250 b\n... 5s\nC: QUIT\nS: 221 c")
    said = [said for said, _ in talk(detail)]
    assert said[-1] == "QUIT"
    assert "gap" in kinds(detail.rows)


def test_a_gap_inside_a_message_only_counts() -> None:
    """The end of the message is found behind it."""
    detail = read(HELLO + "C: DATA\nS: 354 a\nC: x\nC- y\nC: z\nC: .\nS: 250 b\nC: NOOP\nS: 250 c")
    assert talk(detail)[-2:] == [("(message)", "250 b"), ("NOOP", "250 c")]


@pytest.mark.parametrize("verb", ["EHLO a", "MAIL FROM:<a>", "RCPT TO:<b>", "RSET", "QUIT"])
def test_midway_at_a_command(verb: str) -> None:
    """A line that can only be a command is one, also where the capture begins."""
    detail = read(f"C: {verb}\nS: 250 ok", MIDWAY)
    assert [said for said, _ in talk(detail)] == [verb]


def test_midway_the_first_command_finds_its_reply() -> None:
    """The reply to the first command of the capture is in the capture."""
    assert talk(read("C: RCPT TO:<b>\nS: 250 ok", MIDWAY)) == [("RCPT TO:<b>", "250 ok")]


def test_midway_at_data_reads_the_message() -> None:
    """A capture that begins with DATA or with its 354 has the message behind it."""
    for first in ("C: DATA\nS: 354 go", "S: 354 go"):
        detail = read(f"{first}\nC: QUIT\nC: body\nC: .\nS: 250 ok", MIDWAY)
        assert talk(detail)[-1] == ("(message)", "250 ok")
        assert detail.summary.messages == 1


def test_midway_in_a_message_reads_no_traps_before_its_end() -> None:
    """Until something certain comes, the bytes are unknown."""
    detail = read("C: Dear all,\nC: no command here\nC: .\nS: 250 queued", MIDWAY)
    assert "unknown" in kinds(detail.rows)
    assert all(row.verb in ("", ".") for row in detail.rows)


def test_an_unfinished_message_has_a_row() -> None:
    """Message data that the end cut off is in the ladder."""
    detail = read(HELLO + "C: DATA\nS: 354 go\nC: half a message\nC! RST")
    assert "message" in kinds(detail.rows)


def test_bytes_of_an_unfinished_line_are_in_the_ladder() -> None:
    """A line that the end cut off is not forgotten without a trace."""
    detail = read(HELLO + "C= RCPT TO:<half\nC! RST")
    assert any(row.side and row.side.value == "client" and row.size == 13 for row in detail.rows)
