"""Rows, seams, masks and close-ups as lines of safe text, without a terminal."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from tui_fakes import HOSTILE, founding, hostile, odd, plain, verdict

from dissect.analysis.model import FlowDetail, Row, RowKind
from dissect.evidence import Seam, Side
from tui import facts, line, present, told, words
from tui.ladder import Ladder
from tui.lanes import Frame, Times, draw, heading
from tui.line import Line, Piece, Role
from tui.look import ASCII, UNICODE, Look

_LOOKS = [UNICODE, ASCII]


def _row(text: bytes, *seams: int, masked: tuple[tuple[int, int], ...] = ()) -> Row:
    return Row(
        0, RowKind.COMMAND, Side.CLIENT, 0.0, (1,), 100, len(text) + 2, text, masked=masked,
        seams=tuple(Seam(100 + at, 1, 2, inferred=False) for at in seams),
    )  # fmt: skip


def _drawn(row: Row, look: Look = UNICODE) -> str:
    return line.text(present.drawn(present.content(row), look))


@pytest.mark.parametrize(
    ("text", "seam", "shown"),
    [
        (b"XXXX TO:<a@b>", 2, "XX┊XX TO:<a@b>"),
        (b"\x00\tRCPT", 2, "␀␉┊RCPT"),
        ("漢字RCPT".encode(), 6, "漢字┊RCPT"),
        ("é".encode() + b"RCPT", 1, "\\xc3┊\\xa9RCPT"),
        (b"\xff\xfeRCPT", 1, "\\xff┊\\xfeRCPT"),
        (b"QUIT", 4, "QUIT┊␍␊"),
        (b"QUIT", 5, "QUIT␍┊␊"),
        (b"QUIT", 6, "QUIT"),
    ],
)
def test_a_seam_is_drawn_at_its_byte(text: bytes, seam: int, shown: str) -> None:
    """Wide, escaped and cut characters before a seam do not move it; the CRLF has room for it."""
    assert _drawn(_row(text, seam)) == shown


@given(st.binary(max_size=60), st.data())
def test_marks_never_change_the_words(text: bytes, data: st.DataObject) -> None:
    """Without the seams, the words are the bytes before and behind each of them."""
    seams = data.draw(st.sets(st.integers(1, max(len(text), 1)), max_size=4))
    inside = sorted(at for at in seams if at < len(text))
    edges = [0, *inside, len(text)]
    parts = [UNICODE.words(text[low:high]) for low, high in pairwise(edges)]
    assert _drawn(_row(text, *inside)) == "┊".join(parts)


def test_masked_letters_and_seams_have_roles_of_their_own() -> None:
    """Masked letters, the seam in them, and the rest are told apart."""
    row = _row(b"XXXX TO:<a@b>", 2, masked=((0, 4),))
    pieces = present.drawn(present.content(row), UNICODE)
    assert [piece.role for piece in pieces] == [Role.MASK, Role.SEAM, Role.MASK, Role.TEXT]


def test_a_long_line_keeps_its_seam_in_sight() -> None:
    """At 80 columns and at a megabyte, the seam stays on the screen, with what is around it."""
    for length in (200, 3000, 1_000_000):
        row = _row(b"a" * length + b"RC" + b"PT" + b"b" * length, length + 2)
        shown = present.shortened(present.drawn(present.content(row), UNICODE), 50, UNICODE)
        assert "RC┊PT" in line.text(shown)
        assert line.width(shown) <= 50
        assert line.text(shown).startswith("aaaa")


def _details() -> list[FlowDetail]:
    return [founding(0), plain(1), odd(2), hostile(3, 20_000)]


def _is_safe(pieces: Line, look: Look) -> bool:
    text = line.text(pieces)
    return text.isprintable() and (not look.ascii_only or text.isascii())


@pytest.mark.parametrize("look", _LOOKS)
@pytest.mark.parametrize("width", [20, 46, 78, 110, 158])
def test_every_line_of_every_ladder_is_safe_and_fits(look: Look, width: int) -> None:
    """Whatever the flow, the width and the glyphs: no control character, no overlong line."""
    for detail in _details():
        ladder = Ladder(detail)
        for times in Times:
            frame = Frame(width, look, times)
            assert _is_safe(heading(ladder, frame), look)
            for at in range(len(ladder)):
                pieces = draw(ladder, at, frame)
                assert _is_safe(pieces, look)
                assert width < 78 or line.width(pieces) <= width


@pytest.mark.parametrize("look", _LOOKS)
@pytest.mark.parametrize("width", [40, 78, 158])
def test_findings_verdicts_and_facts_are_safe(look: Look, width: int) -> None:
    """Panes let no control character through, whatever their width."""
    lines: list[Line] = told.verdict(verdict(), width, look)
    for detail in _details():
        ladder = Ladder(detail)
        for finding in detail.findings:
            lines += told.finding(finding, width, look)
        for at in range(min(len(ladder), 200)):
            lines += facts.lines(ladder, at, width, look)
    assert all(_is_safe(pieces, look) for pieces in lines)


def test_a_group_is_bracketed_and_replies_name_their_command() -> None:
    """The first, middle and last command of a pipelining group, and the replies' partners."""
    ladder = Ladder(founding(0))
    lines = [line.text(draw(ladder, at, Frame(110, UNICODE))) for at in range(len(ladder))]
    assert [sum(sign in row for row in lines) for sign in "┌└"] == [1, 1]
    assert any("500 unrecognized command  re 11 XXXX" in row for row in lines)
    assert any("XX┊XX TO:<recipient0006@cam.example.net>  ⟵ RCPT" in row for row in lines)
    assert any("─▶▶ 1,448 bytes" in row for row in lines)


def test_an_inferred_seam_looks_different() -> None:
    """A seam that only the MSS tells of has a sign of its own, in both alphabets."""
    ladder = Ladder(odd(0))
    for look, shown in ((UNICODE, "RC¦PT"), (ASCII, "RC:PT")):
        rows = [line.text(draw(ladder, at, Frame(110, look))) for at in range(len(ladder))]
        assert any(shown in row for row in rows)


def test_a_reply_of_a_hundred_thousand_lines_is_cut() -> None:
    """A hostile reply cannot fill the ladder, and what is left out is counted."""
    ladder = Ladder(hostile(0, 10))
    assert len(ladder) < 400
    last = line.text(draw(ladder, len(ladder) - 1, Frame(110, UNICODE)))
    assert "4,801 more lines" in last


def test_a_flow_without_rows_has_an_empty_ladder() -> None:
    """A summary that comes before its rows does no harm."""
    detail = FlowDetail(summary=plain(0).summary, rows=(), findings=founding(0).findings)
    ladder = Ladder(detail)
    assert len(ladder) == 0
    assert ladder.line_of(7) == 0
    assert heading(ladder, Frame(78, UNICODE))


@given(st.text(), st.integers(0, 40), st.integers(1, 30))
def test_cropping_and_fitting_keep_to_the_cells(text: str, start: int, cells: int) -> None:
    """Cut words never occupy more cells than they were given, wide characters included."""
    safe = UNICODE.words(text)
    assert line.width(line.crop((Piece(safe),), start, cells)) <= cells
    assert cell_len(line.fit(safe, cells)) == cells
    assert all(cell_len(row) <= max(cells, 2) for row in line.wrap(safe, cells))


def test_words_for_numbers() -> None:
    """Sizes, spans, flags and frames are short and plain."""
    assert [words.size(n) for n in (0, 1023, 2048, 5 << 20)] == ["0", "1023", "2.0k", "5.0M"]
    assert [words.span(s) for s in (0.5, 12, 75, 7300)] == ["0.50s", "12.0s", "1m15s", "2h01m"]
    assert words.flags(0x12) == "SYN ACK"
    assert words.flags(0) == "none"
    assert words.frames((1, 2, 3, 4, 5, 6)) == "1,2,3,+3"
    assert words.clock(1795330288.198, digits=3).endswith(":28.198")
    assert words.count(1, "flow") == "1 flow"


def test_hostile_words_stay_words() -> None:
    """Markup and escape sequences come out as the characters that they are."""
    shown = UNICODE.words(HOSTILE)
    assert "[@click=app.quit]go[/]" in shown
    assert "␛]52;c;ZXZpbA==␇" in shown


def test_our_words_are_never_marked() -> None:
    """A seam in folded message data has no place in the words that stand for it; it is counted."""
    row = Row(
        0, RowKind.MESSAGE, Side.CLIENT, 0.0, (1, 9), 100, 5000, b"message data, 5,000 bytes",
        seams=(Seam(104, 1, 2, inferred=False), Seam(4000, 2, 3, inferred=False)),
    )  # fmt: skip
    assert _drawn(row) == "message data, 5,000 bytes"
    detail = FlowDetail(summary=plain(0).summary, rows=(row,), findings=())
    shown = line.text(draw(Ladder(detail), 0, Frame(78, UNICODE)))
    assert "message data, 5,000 bytes  2 seams ┊" in shown


def test_each_masked_keyword_has_its_own_original_beside_it() -> None:
    """Originals are told line by line where there is one for each mask."""
    text = b"250-mx\r\n250-XXXXXXXA\r\n250 XXXB"
    row = Row(
        0, RowKind.REPLY, Side.SERVER, 0.0, (1,), 0, len(text) + 2, text, code=250,
        masked=((12, 20), (26, 30)), original="STARTTLS, HELP",
    )  # fmt: skip
    ladder = Ladder(FlowDetail(summary=plain(0).summary, rows=(row,), findings=()))
    shown = [line.text(draw(ladder, at, Frame(78, UNICODE))) for at in range(3)]
    assert [text.rpartition("⟵ ")[2] for text in shown[1:]] == ["STARTTLS", "HELP"]
    assert "⟵" not in shown[0]


def test_a_verdict_keeps_its_device_where_the_line_is_short() -> None:
    """The two ends are the first to go."""
    assert told.verdict_words(verdict(), 40, UNICODE) == "Cisco-style SMTP inspection (0.99)"
    assert told.verdict_words(verdict(), 80, UNICODE).endswith("192.0.2.0/24 ⇄ 198.51.100.25")


@pytest.mark.parametrize("cells", [0, 1, 8, 20, 80])
def test_a_long_path_keeps_its_end(cells: int) -> None:
    """A path yields from its beginning, so that the file's name and the state stay in sight."""
    path = "../captures/日本/of-a-long-name.pcap"
    shown = line.fit_tail(path, cells)
    assert cell_len(shown) <= cells
    assert path.endswith(shown.lstrip("…"))


@pytest.mark.parametrize(("words_", "cells", "shown"), [
    ("192.0.2.1", 15, "192.0.2.1      "),
    ("2001:db8:85a3:8d3:1319:8a2e:370:7348", 15, "2001:db…70:7348"),
    ("2001:db8:85a3:8d3:1319:8a2e:370:7348", 39, "2001:db8:85a3:8d3:1319:8a2e:370:7348   "),
    ("2001:db8::1", 6, "2001:…"),
])  # fmt: skip
def test_both_ends_of_an_address_are_seen(words_: str, cells: int, shown: str) -> None:
    """The network in front, and the host behind, which tells neighbours apart."""
    assert line.fit_middle(words_, cells) == shown
