"""The ladder: message data line by line, frames, following, and the facts of a row."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tui_fakes import HOSTILE, START, Script, founding, odd, plain, update
from tui_pilot import SIZES, Driver, running
from tui_wire import Wire

from dissect.analysis.frame import BodyLine, Message
from dissect.analysis.model import FlowDetail, Row, RowKind, Status
from dissect.errors import CaptureError
from dissect.evidence import Seam, Side
from tui import body, facts, line, status
from tui.body import Body
from tui.ladder import Ladder
from tui.lanes import Frame, Times, draw
from tui.line import Role
from tui.look import ASCII, UNICODE, Look, look
from tui.screens.compare import CompareScreen
from tui.screens.ladder import LadderScreen
from tui.screens.packet import PacketScreen
from tui.screens.seam import SeamScreen

sizes = pytest.mark.parametrize("size", SIZES)

MAIL = (
    b"Subject: start of term\r\n"
    b"To: somebody\r\n"
    b" and others\r\n"
    b"\r\n"
    b"Dear all,\r\n"
    b"..stuffed\r\n"
    b".lost\r\n"
    b"bare\n"
    b"re\rturn\r\n"
    b".\r\n"
)


def message(data: bytes, *seams: int, start: int = 500, **more: int) -> Message:
    """The lines of some message data, cut where packets end."""
    lines: list[BodyLine] = []
    at, header = 0, True
    for text in data.splitlines(keepends=True) if b"\r" not in data else _lines(data):
        size = 2 if text.endswith(b"\r\n") else 1 if text.endswith(b"\n") else 0
        inside = tuple(
            Seam(start + cut, 30 + number, 31 + number, inferred=False)
            for number, cut in enumerate(seams)
            if at <= cut < at + len(text)
        )
        words, ending = text[: len(text) - size], text[len(text) - size :]
        header = header and bool(words)
        lines.append(BodyLine(start + at, words, ending, inside, header))
        at += len(text)
    return Message(tuple(lines), **more)


def _lines(data: bytes) -> list[bytes]:
    parts = data.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _shown(unfolded: Body, look: Look = UNICODE) -> list[str]:
    return [
        line.text((*body.drawn(unfolded, at, look), *body.notes(unfolded, at)))
        for at in range(len(unfolded))
    ]


# Message data.


def test_message_data_is_shown_line_by_line() -> None:
    """Dots and odd line ends are told apart, and the line that ends the data."""
    assert _shown(Body(message(MAIL))) == [
        "Subject: start of term",
        "To: somebody",
        " and others",
        "",
        "Dear all,",
        "..stuffed  stuffed dot",
        ".lost  dot not stuffed: the server takes it off",
        "bare␊  bare LF",
        "re␍turn  bare CR",
        ".  end of data",
    ]


def test_header_names_stand_apart() -> None:
    """A header's name has a role; what continues it, and what only looks like one, has none."""
    unfolded = Body(message(b"To: x\r\n y: z\r\nno colon\r\n\r\nNot: a header\r\n.\r\n"))
    roles = [[piece.role for piece in body.drawn(unfolded, at, UNICODE)] for at in range(5)]
    assert roles == [[Role.KEY, Role.TEXT], [Role.TEXT], [Role.TEXT], [], [Role.TEXT]]


@pytest.mark.parametrize(
    ("cut", "shown"),
    [
        (0, ["text", "."]),
        (2, ["te┊xt", "."]),
        (4, ["text┊␍␊", "."]),
        (5, ["text␍┊␊", "."]),
        (6, ["text", "┊."]),
        (7, ["text", ".┊␍␊"]),
        (8, ["text", ".␍┊␊"]),
    ],
)
def test_seams_stand_at_their_byte_of_the_terminator_too(cut: int, shown: list[str]) -> None:
    """A boundary is drawn at every place in CRLF.CRLF; the one before the data is none in it."""
    unfolded = Body(message(b"text\r\n.\r\n", cut))
    lines = [line.text(body.drawn(unfolded, at, UNICODE)) for at in range(2)]
    assert lines == shown


@pytest.mark.parametrize(
    "data", [b"a\n.\r\nb\r\n.\r\n", b"a\r\n.\nb\r\n.\r\n", b"a\n.\nb\r\n.\r\n"]
)
def test_a_dot_between_odd_line_ends_is_called_ambiguous(data: bytes) -> None:
    """Only a dot between two CRLF ends the data for everybody."""
    notes = [line.text(body.notes(Body(message(data)), at)) for at in (1, 3)]
    assert notes[0].startswith("  some servers end the data here")
    assert notes[1] == "  end of data"


def test_a_dot_of_the_text_that_ended_the_data_is_told() -> None:
    """Where the rule says that the end was no end, the line says so too."""
    row = Row(1, RowKind.MESSAGE, Side.CLIENT, START, (1,), 0, 9, b"message data, 9 bytes")
    torn = body.of(row, message(b"text\r\n.\r\n"), frozenset({"unstuffed-dot"}))
    assert "it was not stuffed" in _shown(torn)[1]


def test_dots_mean_nothing_in_a_chunk() -> None:
    """BDAT needs no stuffing."""
    row = Row(1, RowKind.MESSAGE, Side.CLIENT, START, (1,), 0, 9, b"message data, 9 bytes (BDAT)")
    chunk = body.of(row, message(b"..x\r\n.\r\n"), frozenset())
    assert _shown(chunk) == ["..x", "."]


def test_what_is_not_shown_is_counted() -> None:
    """A last line tells of bytes that were left out, and of those that nobody captured."""
    cut = Body(message(b"text\r\n", left_out=1234, gaps=1))
    assert _shown(cut)[-1] == "… 1,234 bytes more not shown, 1 byte not in the capture"
    assert _shown(Body(Message(()))) == ["… no byte of it is in the capture"]


def test_long_lines_are_named_and_cut() -> None:
    """Lines beyond 998 octets, of a megabyte, and in several parts."""
    parts = Message((
        BodyLine(0, b"x" * 999, b"\r\n"),
        BodyLine(1001, b"y" * 1_000_000, b""),
        BodyLine(1_001_001, b".z", b"\r\n"),
        BodyLine(1_001_005, b"end", b""),
    ))  # fmt: skip
    notes = [line.text(body.notes(Body(parts), at)) for at in range(4)]
    assert notes == [
        "  999 bytes in a line",
        "  the line goes on  1,000,000 bytes in a line",
        "",
        "  no line end",
    ]
    assert line.width(body.drawn(Body(parts), 1, UNICODE)) < 5000


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
@given(data=st.binary(max_size=120), cuts=st.sets(st.integers(0, 119), max_size=5))
def test_hostile_message_data_stays_data(glyphs: Look, data: bytes, cuts: set[int]) -> None:
    """Whatever the bytes and wherever the packets end, nothing steers and nothing is lost."""
    unfolded = Body(message(data, *cuts))
    for text in _shown(unfolded, glyphs):
        assert text.isprintable()
        assert text.isascii() or not glyphs.ascii_only


def test_the_line_under_the_cursor_has_facts() -> None:
    """Where it lies in the data and in the stream, how it ends, and which frames meet in it."""
    unfolded = Body(message(MAIL, 26))
    assert body.facts(unfolded, 1) == [
        "line 2 of 10", "header", "12 bytes and CRLF at offset 524",
        "observed seam after 2 bytes, frames 30 and 31",
    ]  # fmt: skip
    offset = 500 + MAIL.index(b"bare")
    assert body.facts(unfolded, 7)[1:] == [f"4 bytes and LF at offset {offset}", "bare LF"]


def _with_message(*seams: int, data: bytes = MAIL) -> tuple[FlowDetail, Message, Row]:
    """A flow whose message data is known."""
    detail = plain(0)
    rows = list(detail.rows)
    at = next(index for index, row in enumerate(rows) if row.kind is RowKind.MESSAGE)
    told = message(data, *seams, start=rows[at].offset)
    cuts = tuple(seam for each in told.lines for seam in each.seams)
    ends = tuple(seam for seam in cuts if seam.offset > rows[at].offset + len(data) - 5)
    rows[at] = rows[at]._replace(size=len(data), seams=ends, frames=(30, 39))
    return replace(detail, rows=tuple(rows)), told, rows[at]


def test_unfolded_lines_stand_beneath_their_row() -> None:
    """They are lines of the row, with a seam's sign in the margin and nothing else there."""
    detail, told, row = _with_message(26)
    folded = Ladder(detail)
    ladder = Ladder(detail, {row.number: Body(told)})
    assert len(ladder) == len(folded) + 10
    lines = [line.text(draw(ladder, at, Frame(78, UNICODE))) for at in range(len(ladder))]
    first = ladder.line_of(row.number)
    assert "──▶ ▾ message data" in lines[first]
    assert lines[first + 2].split() == ["┊", "│", "To┊:", "somebody"]
    assert lines[first + 6].split("│ ")[1] == "..stuffed  stuffed dot"
    assert all(ladder.row(at) == row for at in range(first, first + 11))
    assert lines[first + 11 :] == [
        line.text(draw(folded, at, Frame(78, UNICODE))) for at in range(first + 1, len(folded))
    ]


def test_folded_data_shows_the_seam_that_cuts_its_end() -> None:
    """The terminator is drawn where a packet ends in it; other seams are counted."""
    detail, _, row = _with_message(len(MAIL) - 2)
    ladder = Ladder(detail)
    shown = line.text(draw(ladder, ladder.line_of(row.number), Frame(110, UNICODE)))
    assert "▸ message data, 812 bytes in 1 segment  ends ␍␊.┊␍␊" in shown


def test_frames_lead_to_rows_and_rows_to_frames() -> None:
    """A frame goes to the first row that it brought, or to the line of a message it begins."""
    detail, told, row = _with_message(26, 60)
    ladder = Ladder(detail, {row.number: Body(told)})
    first = ladder.line_of(row.number)
    assert ladder.of_frame(1) == 0
    assert ladder.of_frame(30) == first
    assert ladder.of_frame(31) == first + 2
    assert ladder.of_frame(35) == first
    assert ladder.of_frame(9999) is None
    assert [ladder.frame_of(first + at) for at in (0, 1, 2, 3, 10)] == [30, 30, 30, 31, 32]


def test_unended_message_data_stands_where_its_last_byte_came() -> None:
    """It is counted as a row only when the connection ends; that is not when it was sent."""
    talk = Script()
    talk.command(b"DATA")
    talk.about(RowKind.RESET, "resets the connection (RST)", Side.CLIENT)
    late = talk.say(RowKind.MESSAGE, b"message data without its end, 9 bytes in 1 segment")
    talk.rows[2] = late._replace(time=talk.rows[0].time + 0.001)
    rows = (*talk.rows, late._replace(number=3, time=0.0, frames=()))
    ladder = Ladder(replace(plain(0), rows=rows))
    assert [ladder.row(at).number for at in range(4)] == [0, 2, 1, 3]
    for times in Times:
        lines = [line.text(draw(ladder, at, Frame(78, UNICODE, times))) for at in range(4)]
        assert lines[3].split()[:2] == ["3", "──▶"]
        assert not any(" -" in text for text in lines)


def test_frames_that_do_not_fit_are_cut_plainly() -> None:
    """A run is told by its ends, and half a number is never shown."""
    talk = Script()
    for frames in ((5,), (5, 9), (5, 6, 7, 8), (12345, 12349), (123456, 123457, 123458)):
        talk.command(b"NOOP", frames=frames)
    talk.say(RowKind.MESSAGE, b"message data, 9 bytes", frames=(5, 9))
    detail = replace(plain(0), rows=tuple(talk.rows))
    ladder = Ladder(detail)
    shown = [line.text(draw(ladder, at, Frame(78, UNICODE))).split()[2] for at in range(6)]
    assert shown == ["5", "5,9", "5-8", "12345+", "123456+", "5-9"]


def test_a_tie_is_shown_beside_a_long_reply() -> None:
    """A reply too long for its lane yields cells to what it answers."""
    talk = Script()
    talk.reply(b"354 " + b"word " * 30, talk.command(b"DATA"))
    ladder = Ladder(replace(plain(0), rows=tuple(talk.rows)))
    shown = line.text(draw(ladder, 1, Frame(78, UNICODE)))
    assert shown.endswith("…  re 0 DATA")


def test_names_that_a_seam_cuts_are_hidden_whole() -> None:
    """Privacy hides a name before the line is cut at its marks, and the marks stay."""
    hiding = look(ascii_only=False)
    hiding.privacy.on = True
    talk = Script()
    talk.split(b"RCPT TO:<somebody@example.net>", 15)
    ladder = Ladder(replace(plain(0), rows=tuple(talk.rows)))
    shown = line.text(draw(ladder, 0, Frame(78, hiding)))
    assert "RCPT TO:<u1----┊--@n1--------->" in shown


# The facts of a row.


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"250 OK", "250: done"),
        (b"354 go", "354: go on"),
        (b"421 bye", "421: not now, to be tried again"),
        (b"550-5.1.1 nobody", "5.1.1: failure for good, address: no such mailbox"),
        (b"550-5.1.1", "5.1.1: failure for good, address: no such mailbox"),
        (b"452 4.5.3 many", "4.5.3: failure for now, mail protocol: too many recipients"),
        (b"250 2.99.99 eh", "2.99.99: success, unknown subject"),
        (b"250 1.2.3.4 no code", "250: done"),
        (b"999 what", ""),
        (b"hello", ""),
        (b"", ""),
    ],
)
def test_codes_have_a_meaning(text: bytes, said: str) -> None:
    """The enhanced code where there is one (RFC 3463), else the first digit."""
    assert status.meaning(text) == said


def _facts(ladder: Ladder, at: int) -> str:
    return " ".join(line.text(each) for each in facts.lines(ladder, at, 200, UNICODE))


def test_facts_tell_who_waited_how_long() -> None:
    """Between a command and its reply lies the server's time; some commands get none."""
    detail = plain(0)
    ladder = Ladder(detail)
    mail = ladder.line_of(4)
    assert "answered by row 5 after 4 ms" in _facts(ladder, mail)
    assert "answers row 4 after 4 ms · 250: done" in _facts(ladder, ladder.line_of(5))
    assert "e unfolds" in _facts(ladder, ladder.line_of(10))
    lonely = Ladder(replace(detail, rows=(detail.rows[2]._replace(partner=None),), left_out=7))
    assert "no answer to it was seen" in _facts(lonely, 0)
    assert "7 rows of this flow were not kept" in _facts(lonely, 0)


def test_facts_tell_long_words_whole() -> None:
    """What the lane cuts can be read in the pane, with its seam."""
    talk = Script()
    talk.split(b"RCPT TO:<" + b"a" * 60 + b"@example.net>", 2)
    ladder = Ladder(replace(plain(0), rows=tuple(talk.rows)))
    assert "RC┊PT TO:<" + "a" * 60 + "@example.net>" in _facts(ladder, 0)


# The screen.


class Mailbox(Wire):
    """Knows the data of one message, whatever it is asked for."""

    def __init__(self, told: Message, *, slow: bool = False) -> None:
        super().__init__(slow=slow)
        self.told = told
        self.asked_for: list[int] = []

    async def message(self, detail: FlowDetail, row: Row) -> Message:
        """Its lines, as soon as they may come."""
        del detail
        self.asked_for.append(row.number)
        await self._wait()
        return self.told


def _case(*seams: int, data: bytes = MAIL) -> tuple[list[FlowDetail], Message]:
    detail, told, _ = _with_message(*seams, data=data)
    return [detail, founding(1)], told


async def _to_message(seen: Driver) -> LadderScreen:
    screen = seen.app.screen
    if not isinstance(screen, LadderScreen):
        await seen.press("enter")
        screen = seen.app.screen
    assert isinstance(screen, LadderScreen)
    assert screen.ladder is not None
    screen.view.jump(screen.ladder.line_of(10))
    await seen.settle()
    return screen


@sizes
@pytest.mark.parametrize("key", ["e", "enter"])
async def test_message_data_unfolds_and_folds(size: tuple[int, int], key: str) -> None:
    """While it is read the row says so; then its lines are there, and the cursor has not moved."""
    details, told = _case(26)
    wire = Mailbox(told, slow=True)
    async with running(update(details), size=size, wireshark=wire) as seen:
        await _to_message(seen)
        before = seen.lines.index(seen.cursor)
        await seen.press(key)
        assert "reading…" in seen.cursor
        wire.go()
        await seen.until("To┊: somebody")
        assert "reading" not in seen.text
        assert "▾ message data" in seen.cursor
        assert "e folds it again" in seen.text
        assert size != SIZES[1] or seen.lines.index(seen.cursor) == before
        await seen.press("j", "j")
        assert "To┊: somebody" in seen.cursor
        assert "line 2 of 10" in seen.text
        await seen.press("e")
        assert "▸ message data" in seen.cursor
        assert "somebody" not in seen.text
        assert "250 OK id=1abc-0001" in seen.text


async def test_what_is_not_waited_for_any_more_does_not_unfold() -> None:
    """A second e, and another flow, forget the answer that is on its way."""
    details, told = _case()
    wire = Mailbox(told, slow=True)
    async with running(update(details), wireshark=wire) as seen:
        await _to_message(seen)
        await seen.press("e", "e")
        assert "reading" not in seen.text
        await seen.press("e", "space", "b")
        wire.go()
        await seen.settle()
        screen = await _to_message(seen)
        assert screen.view.bodies == {}
        assert "reading" not in seen.text


@sizes
@pytest.mark.parametrize(
    ("error", "words"),
    [
        (CaptureError("This capture is gone", "Save it first."), "This capture is gone. Save it"),
        (ValueError("\x1b[31m"), "Reading the message again failed"),
    ],
)
async def test_what_cannot_be_read_is_told(
    size: tuple[int, int], error: Exception, words: str
) -> None:
    """What happened and what to do, in the footer for a while and in the pane; then it is tried."""
    details, told = _case()
    wire = Mailbox(told)
    wire.fails = error
    async with running(update(details), size=size, wireshark=wire) as seen:
        await _to_message(seen)
        await seen.press("e")
        await seen.until(words)
        assert words in seen.lines[-1]
        assert "\x1b[31m" not in seen.text
        assert "reading…" not in seen.text
        wire.fails = None
        await seen.press("e")
        await seen.until("Dear all,")
        await seen.press("e")
        assert words.split(".", maxsplit=1)[0] not in "\n".join(seen.lines[:-1])


async def test_without_a_capture_to_read_again_the_key_says_so() -> None:
    """And on rows without message data too."""
    async with running(update(_case()[0]), wireshark=None) as seen:
        await _to_message(seen)
        await seen.press("e")
        assert "the capture cannot be read a second time here" in seen.text
        await seen.press("j", "e")
        assert "no message data in this row" in seen.text


async def test_a_seam_in_message_data_is_looked_at_closely() -> None:
    """Enter on a line with a seam that is known opens it; on others it says that there is none."""
    details, told = _case(len(MAIL) - 2)
    async with running(update(details), size=(160, 45), wireshark=Mailbox(told)) as seen:
        screen = await _to_message(seen)
        await seen.press("e")
        await seen.until("Dear all,")
        await seen.press("j", "enter")
        assert "no seam in this line" in seen.text
        screen.view.jump(screen.view.cursor + 9)
        await seen.settle()
        assert ".┊␍␊" in seen.cursor
        await seen.press("enter")
        assert isinstance(seen.app.screen, SeamScreen)


@sizes
async def test_twenty_thousand_lines_unfold(size: tuple[int, int]) -> None:
    """The last of them is reached at once, and the rows behind them are where they were."""
    details, told = _case(data=b"x" * 70 + b"\r\n" + b"line\r\n" * 20_000 + b".\r\n")
    async with running(update(details), size=size, wireshark=Mailbox(told)) as seen:
        await _to_message(seen)
        await seen.press("e")
        await seen.until("xxxxx")
        await seen.press("G")
        assert "closed by the client" in seen.cursor
        await seen.press("g", "e")
        assert "connection opened" in seen.cursor


def _grown(detail: FlowDetail, rows: int) -> FlowDetail:
    return replace(detail, rows=detail.rows[:rows])


def _around(seen: Driver) -> tuple[int, list[str]]:
    """Where the cursor is, and the lines above the pane without the scrollbar."""
    return seen.lines.index(seen.cursor), [text[:79] for text in seen.lines[2:10]]


@sizes
async def test_rows_that_come_never_move_what_is_looked_at(size: tuple[int, int]) -> None:
    """The cursor and its line stay; the header counts what came, until the end is in sight."""
    whole = founding(0, 60)
    async with running(update([_grown(whole, 50)], Status.LOADING), size=size) as seen:
        await seen.press("enter", "g", "j", "j")
        assert "new" not in seen.lines[0]
        before = _around(seen)
        seen.feed.more(update([_grown(whole, 80)], Status.LOADING))
        await seen.settle()
        assert _around(seen) == before
        assert "30 new" in seen.lines[0]
        await seen.press("G")
        assert "new" not in seen.lines[0]
        seen.feed.more(update([_grown(whole, 81)], Status.LOADING))
        await seen.settle()
        assert "1 new" in seen.lines[0]


@sizes
async def test_following_keeps_to_the_last_row(size: tuple[int, int]) -> None:
    """The key a goes to the end and stays there; going up by hand ends it."""
    whole = founding(0, 60)
    async with running(update([_grown(whole, 50)], Status.LOADING), size=size) as seen:
        await seen.press("enter", "a")
        assert "follow" in seen.lines[0]
        for count in (60, 100):
            seen.feed.more(update([_grown(whole, count)], Status.LOADING))
            await seen.settle()
            assert seen.cursor.split()[1] == str(count - 1)
        await seen.press("k")
        assert "follow" not in seen.lines[0]
        here = _around(seen)
        seen.feed.more(update([_grown(whole, 110)], Status.LOADING))
        await seen.settle()
        assert _around(seen) == here
        await seen.press("a", "a")
        assert "follow" not in seen.lines[0]


async def test_scrolling_away_ends_following_too() -> None:
    """Who has scrolled up is reading there."""
    whole = founding(0, 60)
    async with running(update([_grown(whole, 50)], Status.LOADING)) as seen:
        await seen.press("enter", "a")
        screen = seen.app.screen
        assert isinstance(screen, LadderScreen)
        screen.view.scroll_to(y=0, animate=False)
        await seen.settle()
        seen.feed.more(update([_grown(whole, 80)], Status.LOADING))
        await seen.settle()
        assert screen.view.scroll_offset.y == 0
        assert not screen.view.following


async def test_what_is_unfolded_stays_so_while_the_flow_grows() -> None:
    """Rows that come leave it; message data that has grown is read once more."""
    detail, told, row = _with_message()
    wire = Mailbox(told)
    shorter = _grown(detail, row.number + 1)
    async with running(update([shorter], Status.LOADING), size=(160, 45), wireshark=wire) as seen:
        await _to_message(seen)
        await seen.press("e")
        await seen.until("Dear all,")
        seen.feed.more(update([detail], Status.LOADING))
        await seen.settle()
        assert "Dear all," in seen.text
        assert wire.asked_for == [row.number]
        rows = [each._replace(size=900) if each == row else each for each in detail.rows]
        wire.told = message(b"Subject: longer now\r\n")
        seen.feed.more(update([replace(detail, rows=tuple(rows))], Status.LOADING))
        await seen.settle()
        await seen.until("longer now")
        assert wire.asked_for == [row.number] * 2
        await seen.press("space", "b")


@sizes
async def test_a_frame_is_gone_to(size: tuple[int, int]) -> None:
    """The ladder tells whether it holds a frame, and goes to the row that it brought."""
    async with running(size=size) as seen:
        await seen.press("enter")
        screen = seen.app.screen
        assert isinstance(screen, LadderScreen)
        assert screen.go_to_frame(14)
        await seen.settle()
        assert "XX┊XX TO:" in seen.cursor
        assert not screen.go_to_frame(999)
        await seen.settle()
        assert "XX┊XX TO:" in seen.cursor


async def test_the_packet_of_a_row_is_opened() -> None:
    """The key f opens the frame that brought the row."""
    async with running() as seen:
        await seen.press("enter", "n", "n", "n", "f")
        assert isinstance(seen.app.screen, PacketScreen)
        assert "frame 12" in seen.text


async def test_a_row_that_no_frame_brought_has_no_packet() -> None:
    """It says so instead."""
    detail = plain(0)
    rows = (detail.rows[0]._replace(frames=()), *detail.rows[1:])
    async with running(update([replace(detail, rows=rows)])) as seen:
        await seen.press("enter", "f")
        assert "no frame brought this row" in seen.text


async def test_flows_are_laid_side_by_side_from_here() -> None:
    """The marked flow if there is one, else one that fared otherwise, else a word."""
    async with running() as seen:
        await seen.press("enter", "c")
        screen = seen.app.screen
        assert isinstance(screen, CompareScreen)
        assert list(screen.flows.values()) == [0, 1]
        await seen.press("q")
        seen.app.session.mark((0, 7))
        await seen.press("c")
        screen = seen.app.screen
        assert isinstance(screen, CompareScreen)
        assert list(screen.flows.values()) == [0, 7]
    async with running(update([odd(0)])) as seen:
        await seen.press("enter", "c")
        assert isinstance(seen.app.screen, LadderScreen)
        assert "no flow to compare with" in seen.text


@sizes
async def test_a_click_moves_and_a_second_one_unfolds(size: tuple[int, int]) -> None:
    """The mouse does what Enter does."""
    details, told = _case()
    async with running(update(details), size=size, wireshark=Mailbox(told)) as seen:
        screen = await _to_message(seen)
        await seen.press("k")
        line = screen.view.cursor + 1 - screen.view.scroll_offset.y
        for _ in range(2):
            await seen._pilot.click("#main", offset=(40, line))
            await seen.settle()
        await seen.until("Dear all,")


async def test_hostile_message_data_reaches_no_terminal() -> None:
    """The last guard holds for unfolded lines, too."""
    details, told = _case(data=b"Subject: " + HOSTILE + b"\r\n\r\n" + HOSTILE + b"\r\n.\r\n")
    async with running(update(details), wireshark=Mailbox(told)) as seen:
        await _to_message(seen)
        await seen.press("e")
        await seen.until("Subject:")
        assert all(text.isprintable() for text in seen.lines)
