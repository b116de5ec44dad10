"""The seam close-up: both frames' bytes, what Wireshark shows of them, and who sent them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len
from tui_fakes import HOSTILE, case, founding, hostile, odd, plain, update
from tui_pilot import SIZES, running
from tui_wire import Wire

from dissect.analysis.frame import WireFacts
from dissect.analysis.model import FlowDetail, RowKind
from dissect.errors import CaptureError
from dissect.evidence import FrameFacts, Seam
from tui import closeup, headers, line, reading
from tui.line import Line, Role
from tui.look import ASCII, UNICODE, Look, look
from tui.screens.packet import PacketScreen
from tui.screens.seam import SeamScreen
from tui.senders import Frame, differences, name_of

sizes = pytest.mark.parametrize("size", SIZES)

_FRAGMENT = {12: "C: DATA fragment, 1448 bytes", 14: "C: XX TO:<recipient0006@cam.example.net>"}


def _subject(*wire: WireFacts, detail: FlowDetail | None = None) -> closeup.Subject:
    detail = detail or founding(0)
    row = next(row for row in detail.rows if row.seams)
    return closeup.Subject(detail, row, 0, {facts.frame: facts for facts in wire})


def _read(frame: int, info: str = "", **more: object) -> WireFacts:
    return WireFacts(frame, "SMTP", info or _FRAGMENT.get(frame, ""))._replace(**more)  # type: ignore[arg-type]


def _shown(subject: closeup.Subject, cells: int, look: Look = UNICODE) -> list[str]:
    return [line.text(each) for each in closeup.lines(subject, cells, look)]


def _frame(**more: object) -> Frame:
    facts = FrameFacts(12, 1.0, 1000, 1448, 0x18, 501, 64, 0x1A2B, 0, b"XX", "")
    return Frame(facts._replace(**more))  # type: ignore[arg-type]


# Without a screen.


def test_the_first_screen_holds_the_seam_in_bytes_and_both_readings() -> None:
    """At 80x24 what matters comes first: line, bytes, both Wireshark lines, what they leave out."""
    subject = _subject(_read(12), _read(14))
    assert _shown(subject, 78)[:16] == [
        "line      XX┊XX TO:<recipient0006@cam.example.net>",
        "original  RCPT",
        "before    frame 12  06:51:28.241999  +0.043999s",
        "Wireshark SMTP  C: DATA fragment, 1448 bytes",
        "here      C: XX┊ ⟵ RCPT  row 11",
        "    273  63 63 63 63 63 63 63 63  63 63 63 63 63 74 30 33   ccccccccccccct03",
        "    289  34 40 63 61 6d 2e 61 63  2e 75 6b 3e 0d 0a 58 58┊  4@cam.ac.uk>␍␊XX┊",
        "after     frame 14  +0.002000s after frame 12",
        "Wireshark SMTP  C: XX TO:<recipient0006@cam.example.net>",
        "here      C: ┊XX TO:<recipient0006@cam.example.net>  row 11",
        "    305 ┊58 58 20 54 4f 3a 3c 72  65 63 69 70 69 65 6e 74  ┊XX TO:<recipient",
        "    321  30 30 30 36 40 63 61 6d  2e 65 78 61 6d 70 6c 65   0006@cam.example",
        'missed    Wireshark shows "DATA fragment" for frame 12 and no command in it;',
        "          neither column shows the RCPT of row 11: RCPT",
        "          TO:<recipient0006@cam.example.net>",
        "senders   nothing tells the senders of the two frames apart",
    ]


def test_from_120_columns_on_the_frames_stand_side_by_side() -> None:
    """On a screen of 120 columns both titles share a line, and so do both dumps."""
    for cells in (closeup.WIDE, 158):
        shown = _shown(_subject(_read(12), _read(14)), cells)
        assert any("before" in each and "after     frame 14" in each for each in shown)
        assert any("58 58┊" in each for each in shown)
        assert any(each.count("Wireshark SMTP") == 2 for each in shown)
    assert not any("│" in each for each in _shown(_subject(), closeup.WIDE - 1))


def test_headers_stand_in_a_table_and_fill_when_they_come() -> None:
    """What the first reading kept is there at once; checksums, options and link addresses later."""
    early = _shown(_subject(), 78)
    assert "reading the two frames again …" in "".join(early)
    for words in ("ttl       64", "0x1a37", "0x1a39", "PSH ACK", "1448", "window    501"):
        assert any(words in each for each in early), words
    assert not any("tcp sum" in each for each in early)
    late = "\n".join(
        _shown(
            _subject(
                _read(12, tcp_checksum="0xb9b5", link=("02:00::10", "02:00::25")),
                _read(14, tcp_checksum="0x730c", options=("MSS 1460", "NOP")),
            ),
            78,
        )
    )
    for words in ("0xb9b5", "0x730c", "MSS 1460, NOP", "02:00::10", "+0.002000s", "none"):
        assert words in late, words


def test_frames_that_nobody_kept_are_named_and_not_invented() -> None:
    """A row whose frames were not kept shows the seam, and says what is missing."""
    subject = _subject()
    bare = subject._replace(row=subject.row._replace(pieces=()))
    shown = _shown(bare, 78)
    assert sum("its bytes were not kept" in each for each in shown) == 2
    assert "XX┊XX TO:" in shown[0]


def test_a_seam_inferred_inside_one_frame_shows_both_sides_of_it() -> None:
    """Segmentation offload leaves one frame; the bytes on both sides of the seam are its own."""
    subject = _subject(_read(12), detail=_offloaded())
    shown = "\n".join(_shown(subject, 78))
    assert "58 58¦" in shown
    assert "¦58 58 20 54" in shown
    assert "frame 12 holds what several packets carried on the wire" in " ".join(shown.split())
    assert shown.count("ttl       64") == 1
    assert "here      C: XX¦XX TO:<recipient0006@cam.example.net> ⟵ RCPT  row 11" in shown


def _offloaded() -> FlowDetail:
    """The founding case as its sender's own capture shows it: one large frame."""
    detail = founding(0)
    rows = []
    for row in detail.rows:
        if row.seams:
            seam = row.seams[0]
            row = row._replace(  # noqa: PLW2901 - the changed row is the one that is kept
                frames=(12,), seams=(Seam(seam.offset, 12, 12, inferred=True),),
                pieces=tuple(piece._replace(frame=12) for piece in row.pieces),
            )  # fmt: skip
        rows.append(row)
    return replace(detail, rows=tuple(rows))


def test_what_wireshark_reads_right_is_not_called_missed() -> None:
    """A frame whose Info column shows the command has nothing to be corrected."""
    info = "C: RCPT TO:<recipient0006@cam.example.net> | DATA"
    subject = _subject(_read(12, "C: 2 bytes"), _read(14, info))
    assert closeup.misread(subject) == ""
    half = _subject(_read(12, "C: 2 bytes"), _read(14))
    assert closeup.misread(half).startswith("neither column shows the RCPT of row 11")
    whole = half._replace(row=half.row._replace(kind=RowKind.REPLY))
    assert closeup.misread(whole) == ""


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ({}, {"ttl": 255}, "TTL 64 and 255: the second frame may come from something nearer"),
        ({"ttl": 128}, {"ttl": 57}, "TTL 128 and 57: the first frame may come from something"),
        ({"ttl": 57}, {"ttl": 56}, "TTL 57 and 56: another path, or something on the way"),
        ({}, {"ip_id": 0x9000}, "the IP id jumps by 30,165: another counter"),
        ({}, {"ip_id": 0}, "IP id 0x1a2b and 0x0000: one counts and one does not"),
        ({}, {"window": 64128}, "window 501 and 64,128: scaled differently"),
    ],
)
def test_facts_that_tell_senders_apart_are_explained(
    first: dict[str, int], second: dict[str, int], said: str
) -> None:
    """Each odd fact is said in one line with what it may mean, and marked in the table."""
    pair = (_frame(**first), _frame(frame=14, **second))
    found = differences(*pair)
    assert [each.said.startswith(said) for each in found] == [True]
    rows = [line.text(each) for each in headers.table(pair, 78, UNICODE)]
    assert [each.split()[0] for each in rows if "● differs" in each] == [found[0].fact.split()[0]]


def test_what_changes_with_every_frame_is_no_difference() -> None:
    """The next IP id, a wrapped one, other windows, SACK blocks and padding mean nothing."""
    options = ("NOP", "NOP", "timestamps 17, 3"), ("timestamps 18, 5", "NOP", "SACK 1-5")
    wire = [WireFacts(number, options=each) for number, each in enumerate(options)]
    one = _frame(ip_id=65535)._replace(wire=wire[0])
    other = _frame(ip_id=3, window=480, frame=14)._replace(wire=wire[1])
    assert differences(one, other) == []
    assert differences(_frame(ip_id=-1), _frame(ip_id=-1)) == []
    assert differences(_frame(ip_id=0), _frame(ip_id=0)) == []


def test_options_and_link_addresses_tell_senders_apart() -> None:
    """An option that only one has, another MSS or scale, and another neighbour are said."""
    ends = ("02:00:00:00:02:10", "02:00:00:00:02:25")
    usual = WireFacts(12, options=("MSS 1460", "window scale 7", "timestamps 1, 2"), link=ends)
    other = WireFacts(
        14, options=("MSS 1380", "window scale 2"), link=("02:00:00:00:02:99", ends[1])
    )
    said = [
        each.said
        for each in differences(_frame()._replace(wire=usual), _frame()._replace(wire=other))
    ]
    assert said == [
        "options: only the first frame has timestamps, as two senders would",
        "MSS 1460 and MSS 1380: announced by two systems",
        "window scale 7 and window scale 2: announced by two systems",
        "link from 02:00:00:00:02:10 and 02:00:00:00:02:99: the frames took different ways here",
    ]
    assert [name_of(each) for each in ("SACK permitted", "MSS: 5", "")] == [
        "SACK permitted",
        "MSS",
        "",
    ]


def test_the_handshake_tells_the_mss_of_both_ends() -> None:
    """SYN frames of the flow are told with their options; frames of other flows are not."""
    syn = "33738 → 25 [SYN] Seq=0 Win=64240 Len=0 MSS=1460"
    back = "25 → 33738 [SYN, ACK] Seq=0 Ack=1 MSS=1380"
    wire = (
        WireFacts(1, "TCP", syn, options=("MSS 1460", "window scale 7")),
        WireFacts(2, "TCP", back, options=("MSS 1380",)),
        WireFacts(3, "TCP", syn.replace("33738", "40404"), options=("MSS 9000",)),
        _read(12),
    )
    shown = "\n".join(_shown(_subject(*wire), 78))
    assert "SYN       of the client, frame 1: MSS 1460, window scale 7" in shown
    assert "SYN       of the server, frame 2: MSS 1380" in shown
    assert "9000" not in shown


def test_what_lies_in_a_frame_is_told_like_wireshark_tells_it() -> None:
    """Commands are counted by verb, replies by code; one alone is spelled out."""
    detail = plain(1)
    for frame, said in ((2, "S: 220 mx.example.net ESMTP Exim 4.96  row 1"),
                        (3, "C: EHLO mail.example.com  row 2"), (99, "")):  # fmt: skip
        assert line.text(reading.line(detail.rows, frame, UNICODE)) == said
    rows = tuple(row._replace(frames=(7,)) for row in founding(0).rows[4:9])
    assert line.text(reading.line(rows, 7, UNICODE)) == "C: MAIL, RCPT x4  rows 4-8"
    body = rows[0]._replace(kind=RowKind.MESSAGE, frames=(20, 30))
    assert "while message data came, frames 20-30" in line.text(reading.line([body], 25, ASCII))


@pytest.mark.parametrize("look", [UNICODE, ASCII])
@pytest.mark.parametrize("cells", [78, 118, 158])
def test_nothing_hostile_comes_through(look: Look, cells: int) -> None:
    """Escape sequences in rows, columns, options and addresses become words that fit."""
    bad = HOSTILE.decode("utf-8", "surrogateescape")
    evil = WireFacts(2, bad, bad, bad, bad, (bad, bad), (bad, bad))
    lines: list[Line] = []
    for detail in (hostile(0, 5000), founding(0), odd(1)):
        for row in detail.rows:
            for at in range(len(row.seams)):
                wire = {frame: evil._replace(frame=frame) for frame in range(1, 40)}
                subject = closeup.Subject(detail, row, at, wire, ("", ""))
                lines += closeup.lines(subject, cells, look)
                lines += closeup.lines(subject._replace(missing=(bad, bad)), cells, look)
    for pieces in lines:
        words = line.text(pieces)
        assert words.isprintable()
        assert words.isascii() or not look.ascii_only
        assert cell_len(words) <= cells


def test_privacy_hides_names_in_text_and_in_bytes() -> None:
    """While it is on, no name of the wire is readable anywhere in the close-up."""
    private = look(ascii_only=False)
    private.privacy.on = True
    shown = "\n".join(_shown(_subject(_read(12), _read(14)), 78, private))
    assert "recipient0006" not in shown
    assert "cam.example" not in shown
    assert "58 58 20 54 4f 3a 3c ··" in shown
    roles = {
        piece.role for each in closeup.lines(_subject(), 78, private) for piece in each
        if piece.text == "··"
    }  # fmt: skip
    assert roles == {Role.DIM}


# On the screen.


@sizes
async def test_the_closeup_fills_while_it_is_looked_at(size: tuple[int, int]) -> None:
    """The bytes are there at once; Wireshark's columns and the other headers come later."""
    wire = Wire(slow=True, infos=_FRAGMENT)
    async with running(update(case()), size=size, wireshark=wire) as seen:
        seen.app.show_seam(0, 11)
        await seen.until("58 58┊")
        assert "reading the two frames again" in seen.text
        await seen.until("row 11")
        wire.go()
        await seen.until("missed")
        for words in ("XX┊XX TO:", "58 58┊", "┊58 58 20", "here      C: XX┊ ⟵ RCPT", "missed"):
            assert words in seen.text, words
        assert seen.text.count("Wireshark SMTP") == 2
    assert wire.asked == [(12, 14, 1, 2, 3)]


@sizes
async def test_an_error_is_told_with_what_to_do(size: tuple[int, int]) -> None:
    """Where tshark cannot read the frames again, the rest stays, and the reason is in the line."""
    wire = Wire(fails=CaptureError("founding-behind.pcap is gone.", "put it back"))
    async with running(update(case()), size=size, wireshark=wire) as seen:
        seen.app.show_seam(0, 11)
        await seen.until("founding-behind.pcap is gone.")
        assert "remedy    put it back" in seen.text
        assert "┊58 58 20" in seen.text
        wire.fails = ValueError("a bug of ours")
        await seen.press("n")
        assert "no seam further on" in seen.text


async def test_a_bug_in_the_reading_is_told_too() -> None:
    """Whatever ends the reading becomes a line, never a screen that waits for ever."""
    async with running(update(case()), wireshark=Wire(fails=ValueError("odd \x1b[31m"))) as seen:
        seen.app.show_seam(0, 11)
        await seen.until("reading the frames again failed: ValueError")


async def test_frames_that_are_gone_are_told() -> None:
    """The answer comes, and tshark knows neither frame: the file is another one now."""
    wire = Wire()
    wire.gone = {12, 14}
    async with running(update(case()), wireshark=wire) as seen:
        seen.app.show_seam(0, 11)
        await seen.until("tshark does not find these frames")
        assert seen.text.count("Wireshark") >= 2


async def test_without_a_capture_file_the_closeup_says_so() -> None:
    """From standard input there is nothing to read again, and what was kept is shown."""
    async with running(update(case()), wireshark=None) as seen:
        seen.app.show_seam(0, 11)
        await seen.until("there is no capture file to read again")
        assert "C: DATA fragment, 1448 bytes" in seen.text
        assert "┊58 58 20" in seen.text


async def test_who_runs_through_seams_asks_for_the_last_one_only() -> None:
    """While keys come fast, a question that was not sent yet is dropped for the next one."""
    wire = Wire()
    async with running(update([_seams()]), wireshark=wire) as seen:
        seen.app.show_seam(0, 8)
        await seen.settle()
        for key in ("n", "p", "n"):
            await seen._pilot.press(key)
        await seen.until("Info of 14")
        assert "row 11" in seen.lines[0]
        await seen.press("p")
        assert "row 8" in seen.lines[0]
    assert len(wire.asked) <= 2


def _seams() -> FlowDetail:
    """Two rows with seams."""
    detail = founding(0)
    other = next(row for row in detail.rows if row.seams)
    rows = tuple(
        row._replace(seams=other.seams, pieces=other.pieces, offset=other.offset)
        if row.number == 8 else row
        for row in detail.rows
    )  # fmt: skip
    return replace(detail, rows=rows)


async def test_another_seam_is_shown_from_its_top() -> None:
    """The place stays while facts arrive, and goes back to the top with another seam."""
    async with running(update([_seams()]), wireshark=Wire(infos=_FRAGMENT)) as seen:
        seen.app.show_seam(0, 8)
        await seen.until("DATA fragment")
        await seen.press("pagedown")
        assert "tcp sum" in seen.text
        assert "line      XX┊XX" not in seen.text
        await seen.press("n")
        assert "line      XX┊XX" in seen.text


async def test_the_frame_before_the_seam_is_opened_as_a_packet() -> None:
    """Key f opens the packet view at the frame before the seam, and q comes back."""
    async with running(update(case()), wireshark=Wire()) as seen:
        seen.app.show_seam(0, 11)
        await seen.settle()
        await seen.press("f")
        assert isinstance(seen.app.screen, PacketScreen)
        assert seen.app.screen.frame == 12
        await seen.press("q")
        assert isinstance(seen.app.screen, SeamScreen)
