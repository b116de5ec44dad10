"""The packet view: Wireshark's tree, the bytes beside it, and what is read in the frame here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tui_fakes import HOSTILE, case, founding, hostile, plain, update
from tui_pilot import SIZES, Driver, running
from tui_wire import HEAD, Wire, nodes

from dissect.analysis.frame import Node, Packet
from dissect.analysis.model import FlowDetail, Row, RowKind
from dissect.errors import CaptureError
from dissect.evidence import Seam
from tui import hexdump, line, packet, reading
from tui.hexdump import Dump, Form, Mark
from tui.line import Role
from tui.look import ASCII, UNICODE, Look, look
from tui.packet import Tree
from tui.screens.packet import PacketScreen
from tui.widgets.hex_view import HexView
from tui.widgets.packet_tree import PacketTree

if TYPE_CHECKING:
    from collections.abc import Sequence

sizes = pytest.mark.parametrize("size", SIZES)
looks = pytest.mark.parametrize("look", [UNICODE, ASCII])

_DATA = bytes.fromhex("0200 9b5c 1b5d") + b"MAIL FROM:<a@b.example>\r\nXX TO:\xff"


def _lines(dump: Dump, look: Look = UNICODE) -> list[str]:
    return [line.text(each).rstrip() for each in hexdump.lines(dump, look)]


# The dump.


def test_a_dump_has_offsets_digits_and_text() -> None:
    """Sixteen bytes a line; only line ends and tabs have a sign, all else is itself or a dot."""
    assert _lines(Dump(_DATA)) == [
        "0000  02 00 9b 5c 1b 5d 4d 41  49 4c 20 46 52 4f 4d 3a   ...\\.]MAIL FROM:",
        "0010  3c 61 40 62 2e 65 78 61  6d 70 6c 65 3e 0d 0a 58   <a@b.example>␍␊X",
        "0020  58 20 54 4f 3a ff                                  X TO:.",
    ]
    assert _lines(Dump(_DATA, Form(8, 6, decimal=True), 1000))[2:] == [
        "  1016  3c 61 40 62 2e 65 78 61   <a@b.exa",
        "  1024  6d 70 6c 65 3e 0d 0a 58   mple>␍␊X",
        "  1032  58 20 54 4f 3a ff         X TO:.",
    ]


@pytest.mark.parametrize(("look", "seam", "guess"), [(UNICODE, "┊", "¦"), (ASCII, "|", ":")])
def test_seams_stand_in_both_columns(look: Look, seam: str, guess: str) -> None:
    """At a line's start, inside it, and at the very end; an inferred one looks different."""
    shown = _lines(Dump(_DATA, seams={6: True, 16: False, 38: False}), look)
    assert f"5d{guess}4d" in shown[0]
    assert f"]{guess}MAIL" in shown[0]
    assert f"0010 {seam}3c" in shown[1]
    assert f"{seam}<a@b" in shown[1]
    assert f"ff{seam}" in shown[2]
    assert shown[2].endswith(f"X TO:.{seam}")


def test_marked_bytes_are_told_by_more_than_colour() -> None:
    """Brackets stand where a marked range begins and ends, also over several lines."""
    shown = _lines(Dump(_DATA, marks=(Mark(6, 31, Role.ACCENT, bracketed=True),)))
    assert "1b 5d[4d 41" in shown[0]
    assert shown[1].startswith("0010  3c")
    assert "3e 0d 0a]58" in shown[1]
    full = _lines(Dump(_DATA, marks=(Mark(0, 16, Role.ACCENT, bracketed=True),)))
    assert "[02 00" in full[0]
    assert "4d 3a]" in full[0]
    assert "[" not in full[1][:60]


@looks
def test_hidden_bytes_are_not_there_in_any_form(look: Look) -> None:
    """Of hidden ranges only the length is shown: on the screen and in what is copied."""
    hidden = ((17, 28),)
    shown = "\n".join(_lines(Dump(_DATA, hidden=hidden), look))
    assert "a@b" not in shown
    assert "61 40" not in shown
    assert f"3c {look.dot * 2} {look.dot * 2}" in shown
    copied = hexdump.plain(_DATA, hidden=lambda _: hidden)
    assert "61 40" not in copied
    assert "<..........." in copied


def test_a_plain_dump_is_what_other_programs_read() -> None:
    """Offsets, digits and ASCII, as Wireshark and text2pcap write and read them."""
    assert hexdump.plain(_DATA[:18]) == (
        "0000  02 00 9b 5c 1b 5d 4d 41 49 4c 20 46 52 4f 4d 3a   ...\\.]MAIL FROM:\n"
        "0010  3c 61                                             <a\n"
    )
    assert hexdump.plain(b"AB", text=False) == "0000  41 42\n"
    assert hexdump.plain(b"") == ""


@looks
@given(st.binary(max_size=100), st.sets(st.integers(0, 100), max_size=5), st.integers(40, 90))
def test_every_byte_has_its_cells_and_nothing_steers(
    look: Look, data: bytes, seams: set[int], cells: int
) -> None:
    """Whatever the bytes are: safe text within the width, and each byte is found in its place."""
    form = hexdump.form(cells, len(data))
    dump = Dump(data, form, seams=dict.fromkeys((at for at in seams if at <= len(data)), False))
    for number in range(dump.height):
        shown = line.text(hexdump.line(dump, number, look))
        assert shown.isprintable()
        assert shown.isascii() or not look.ascii_only
        # A mark inside the text column moves what follows by its own cell.
        assert len(shown) <= max(cells, form.width) + len(dump.seams)
        low = number * form.per_line
        for column, char in enumerate(shown):
            byte = hexdump.byte_at(dump, number, column)
            if byte is not None:
                assert low <= byte < low + form.per_line
                assert char in f"{data[byte]:02x}{chr(data[byte])}.␍␊␉"
        found = {hexdump.byte_at(dump, number, at) for at in range(len(shown))} - {None}
        assert len(found) == min(form.per_line, len(data) - low)


# The tree.


def _tree(opened: set[packet.Key] | None = None) -> Tree:
    return Tree(nodes(b"MAIL\r\nRCPT\r\n"), set() if opened is None else opened)


def _names(tree: Tree) -> list[str]:
    return [tree.nodes[at].name for at in tree.shown]


def test_a_tree_is_folded_to_its_protocols_at_first() -> None:
    """Unfolding a node shows the next level only; folding takes all beneath away."""
    tree = _tree()
    protocols = ["frame", "eth", "ip", "tcp", "smtp"]
    assert _names(tree) == protocols
    tree.fold(tree.shown[2], unfold=True)
    assert _names(tree)[2:7] == ["ip", "ip.flags", "ip.ttl", "ip.src", "ip.dst"]
    flags = tree.shown[3]
    assert tree.has_more(flags)
    tree.fold(flags, unfold=True)
    assert _names(tree)[4] == "ip.flags.df"
    assert not tree.has_more(tree.shown[4])
    assert tree.parent(flags) == tree.shown[2]
    tree.fold(tree.shown[2], unfold=False)
    assert _names(tree) == protocols


def test_what_is_unfolded_stays_so_in_the_next_frame() -> None:
    """Nodes are remembered by name, and by which of that name they are."""
    opened: set[packet.Key] = set()
    tree = _tree(opened)
    tree.fold(4 + 9, unfold=True)
    second = [at for at, node in enumerate(tree.nodes) if node.name == "smtp.command_line"][1]
    tree.fold(second, unfold=True)
    again = _tree(opened)
    assert _names(again)[4:] == [
        "smtp",
        "smtp.command_line",
        "smtp.command_line",
        "smtp.req.command",
    ]
    assert again.find(tree.key(second)) == second
    assert again.find(("nfs", 0)) is None


def test_the_deepest_node_about_a_byte_is_found() -> None:
    """In sight or anywhere; revealing it unfolds what it is beneath."""
    tree = _tree()
    at = tree.deepest(20, shown=True)
    assert at is not None
    assert tree.nodes[at].name == "ip"
    deep = tree.deepest(20, shown=False)
    assert deep is not None
    assert tree.nodes[deep].name == "ip.flags.df"
    assert tree.line_of(deep) == tree.shown.index(at)
    tree.reveal(deep)
    assert tree.shown[tree.line_of(deep)] == deep
    assert tree.deepest(10_000, shown=False) is None


def test_odd_trees_are_shown_as_they_are() -> None:
    """No nodes, depths that jump, names that are missing: still one line for each node."""
    assert Tree((), set()).shown == []
    odd = Tree((Node(3, "a: 1", "", 0, 0), Node(1, "b", "", 0, 0), Node(5, "c", "", 0, 0)), set())
    assert odd.shown == [0, 1]
    odd.fold(1, unfold=True)
    assert odd.shown == [0, 1, 2]
    assert odd.key(0) == ("a", 0)


# Seams and masks in a frame.


def _seam_row(detail: FlowDetail) -> Row:
    return next(row for row in detail.rows if row.seams)


def _packet(payload: bytes, frame: int = 12, padding: bytes = b"") -> Packet:
    return Packet(frame, HEAD + payload + padding, nodes(payload))


def test_seams_lie_at_their_byte_of_the_frame() -> None:
    """Before a seam its frame ends, behind one it begins; padding does not matter."""
    rows = founding(0).rows
    excerpts = {piece.frame: piece.excerpt for piece in _seam_row(founding(0)).pieces}
    before = _packet(b"XX\r\n" + excerpts[12], 12, b"\x00" * 6)
    end = len(HEAD) + 4 + len(excerpts[12])
    assert packet.seams(before, rows) == {end: False}
    assert packet.masks(before, rows) == [Mark(end - 2, end, Role.MASK)]
    after = _packet(excerpts[14] + b"XX\r\n", 14)
    assert packet.seams(after, rows) == {len(HEAD): False}
    assert packet.masks(after, rows) == [Mark(len(HEAD), len(HEAD) + 2, Role.MASK)]
    assert packet.seams(_packet(b"250 OK\r\n", 15), rows) == {}


def test_a_seam_inferred_inside_a_frame_lies_inside() -> None:
    """An excerpt on either side tells where."""
    row = _seam_row(founding(0))
    seam = row.seams[0]
    pieces = tuple(piece._replace(frame=12) for piece in row.pieces)
    one = row._replace(
        frames=(12,), pieces=pieces, seams=(Seam(seam.offset, 12, 12, inferred=True),)
    )
    whole = _packet(b"abc" + pieces[0].excerpt + pieces[1].excerpt)
    assert packet.seams(whole, [one]) == {len(HEAD) + 3 + len(pieces[0].excerpt): True}


def test_where_the_excerpt_is_not_found_the_payload_tells() -> None:
    """A cut frame, or one whose bytes were not kept: the seam is at an end of the payload."""
    rows = founding(0).rows
    assert packet.seams(_packet(b"?" * 8, 14), rows) == {len(HEAD): False}
    assert packet.seams(_packet(b"?" * 8, 12), rows) == {len(HEAD) + 8: False}
    assert packet.masks(_packet(b"?" * 8, 12), rows) == []


def test_bytes_that_repeat_are_placed_by_their_sequence_number() -> None:
    """An excerpt of one letter fits everywhere; Wireshark's relative number tells where it is."""
    row = _seam_row(founding(0))
    pieces = tuple(
        piece._replace(frame=12, offset=offset, excerpt=b"A" * 96)
        for piece, offset in zip(row.pieces, (2904, 3000), strict=True)
    )
    one = row._replace(pieces=pieces, seams=(Seam(3000, 12, 12, inferred=True),))
    found = _packet(b"A" * 5000)
    relative = Node(1, "Sequence Number: 501    (relative sequence number)", "tcp.seq", 38, 4)
    numbered = found._replace(nodes=(*found.nodes, relative))
    assert packet.seams(numbered, [one]) == {len(HEAD) + 2500: True}


def test_long_message_data_is_read_in_the_frames_at_its_seams() -> None:
    """Its row names the first and the last frame; a seam in between names its own."""
    row = _seam_row(founding(0))
    body = row._replace(kind=RowKind.MESSAGE, text=b"message data", frames=(3, 30), masked=())
    assert packet.known_frames([body]) == [3, 12, 14, 30]
    assert line.text(reading.line([body], 14, UNICODE)) == "C: message data  row 11"
    assert packet.seams(_packet(b"?" * 8, 14), [body]) == {len(HEAD): False}


def test_the_ladder_knows_some_frames() -> None:
    """All that rows and their seams name, once and in order."""
    frames = packet.known_frames(founding(0).rows)
    assert frames == sorted(set(frames))
    assert {12, 14} <= set(frames)
    assert 13 not in frames


# On the screen.


async def _open(seen: Driver, frame: int = 12, flow: int = 0) -> PacketScreen:
    seen.app.show_packet(flow, frame)
    await seen.settle()
    screen = seen.app.screen
    assert isinstance(screen, PacketScreen)
    return screen


async def _asked(seen: Driver, questions: Sequence[object]) -> None:
    """Wait until something was asked; a bound, not a time, makes this fail."""
    for _ in range(500):
        if questions:
            return
        await seen._pilot.pause(0.02)
    raise AssertionError(f"nothing was asked on:\n{seen.text}")


def _cursor(seen: Driver) -> str:
    return seen.cursor.strip("▌> ")


@sizes
async def test_both_readings_stand_over_the_tree_and_the_bytes(size: tuple[int, int]) -> None:
    """The protocols are folded, the cursor is on SMTP, and the seam is in sight in the bytes."""
    wire = Wire(infos={12: "C: DATA fragment, 1448 bytes"})
    async with running(update(case()), size=size, wireshark=wire) as seen:
        await _open(seen)
        await seen.until("Simple Mail Transfer")
        for words in (
            "flow 0 frame 12", "in the ladder", "Wireshark SMTP  C: DATA fragment, 1448 bytes",
            "here      C: XX┊ ⟵ RCPT  row 11", "▸ Internet Protocol Version 4",
            "bytes 54-98  smtp", "58 58┊", "XX┊", "Enter fold", "n/p frame",
        ):  # fmt: skip
            assert words in seen.text, words
        assert _cursor(seen).startswith("▸ Simple Mail Transfer")
        assert "Time to Live" not in seen.text


async def test_keys_fold_and_unfold_and_the_bytes_follow() -> None:
    """Right unfolds and goes in, left goes out and folds, Enter does either; the mark follows."""
    async with running(update(case()), size=(160, 45), wireshark=Wire()) as seen:
        await _open(seen)
        await seen.until("Simple Mail Transfer")
        await seen.press("up", "up", "right")
        assert _cursor(seen).startswith("▾ Internet Protocol")
        assert "Time to Live: 64" in seen.text
        assert "bytes 14-33  ip " in seen.text
        assert "08 00[45 00" in seen.text
        await seen.press("right")
        assert _cursor(seen).startswith("▸ 010. .... = Flags")
        assert "[40]" in seen.text
        await seen.press("enter", "right")
        assert _cursor(seen).startswith(".1.. .... = Don't fragment: Set")
        await seen.press("left", "left", "left", "left")
        assert _cursor(seen).startswith("▸ Internet Protocol")
        await seen.press("enter")
        assert "▸ 010. .... = Flags" in seen.text
        await seen.press("left", "end")
        assert _cursor(seen).startswith("▸ Simple Mail")


async def test_what_is_unfolded_and_marked_stays_with_the_next_frame() -> None:
    """The next frame opens as the last one was left, with the cursor on the same node."""
    async with running(update(case()), size=(160, 45), wireshark=Wire()) as seen:
        screen = await _open(seen)
        await seen.until("Simple Mail Transfer")
        await seen.press("up", "up", "right", "j", "j")
        assert _cursor(seen).startswith("Time to Live")
        await seen.press("n")
        await seen.until("frame 14")
        await seen.until("Info of 14")
        await seen.until("Time to Live")
        assert screen.frame == 14
        assert _cursor(seen).startswith("Time to Live")


async def test_frames_of_the_ladder_are_walked() -> None:
    """Keys n and p go from one frame that a row names to the next, and say where they end."""
    wire = Wire()
    async with running(update([plain(0)]), wireshark=wire) as seen:
        screen = await _open(seen, 3)
        await seen.until("EHLO")
        await seen.press("n")
        await seen.until("Info of 4")
        assert "here      S: 250-mx.example.net" in seen.text
        await seen.press("p", "p")
        assert screen.frame == 2
        await seen.press("2", "n")
        assert screen.frame == 4
        await seen.press("p", "p", "p", "p", "p")
        assert "no frame further on" in seen.text
        assert screen.frame == 1


async def test_a_frame_that_is_not_waited_for_any_more_is_cancelled() -> None:
    """While one frame is read another is asked for: the first reading ends, the second is shown."""
    wire = Wire(slow=True)
    async with running(update([founding(0)]), wireshark=wire) as seen:
        screen = await _open(seen, 12)
        await seen.until("reading frame 12 …")
        await _asked(seen, wire.asked)
        await seen.press("n")
        assert "reading frame 14 …" in seen.text
        wire.go()
        await seen.until("Simple Mail Transfer")
        assert screen.packet is not None
        assert screen.packet.frame == 14
        assert wire.read == [14]
        assert "reading" not in seen.text


async def test_a_reading_that_has_begun_is_cancelled_too() -> None:
    """The tree is being read when the next frame is wanted: tshark is not left to itself."""
    wire = _SlowTree()
    async with running(update([founding(0)]), wireshark=wire) as seen:
        await _open(seen, 12)
        await _asked(seen, wire.read)
        await seen.until("Info of 12")
        await seen.press("n", "q")
        assert wire.cancelled[0] == 12


class _SlowTree(Wire):
    """Knows the columns at once, and the tree never."""

    def __init__(self) -> None:
        super().__init__(slow=True)

    async def facts(self, capture: str, frames: tuple[int, ...]) -> dict[int, object]:  # type: ignore[override]
        """At once."""
        del capture
        return {frame: self._facts(frame) for frame in frames}


@sizes
async def test_errors_are_lines_and_enter_tries_again(size: tuple[int, int]) -> None:
    """What happened and what to do; when it is mended, Enter shows the frame."""
    wire = Wire(fails=CaptureError("founding-behind.pcap is gone.", "put it back"))
    async with running(update(case()), size=size, wireshark=wire) as seen:
        await _open(seen)
        await seen.until("founding-behind.pcap is gone.")
        assert "remedy    put it back" in seen.text
        assert "here      C: XX┊" in seen.text
        wire.fails = ValueError("a bug")
        await seen.press("enter")
        await seen.until("reading the frame failed: ValueError('a bug')")
        assert "press Enter to try again" in seen.text
        wire.fails = None
        await seen.press("enter")
        await seen.until("Simple Mail Transfer")
        assert "not read" not in seen.text


async def test_without_a_capture_file_the_view_says_so() -> None:
    """From standard input no frame can be read again; what is read here is still told."""
    async with running(update(case()), wireshark=None) as seen:
        await _open(seen)
        assert "there is no capture file to read a frame from" in seen.text
        assert "here      C: XX┊" in seen.text
        await seen.press("enter", "right", "left", "o", "down", "enter", "n")
        assert "frame 14" in seen.lines[0]


@sizes
async def test_the_bytes_take_the_keys_and_lead_to_their_node(size: tuple[int, int]) -> None:
    """In the bytes a line selects the node in sight that is about it, and Enter the deepest one."""
    async with running(update(case()), size=size, wireshark=Wire()) as seen:
        screen = await _open(seen)
        await seen.until("Simple Mail Transfer")
        await seen.press("o", "home", "j")
        assert isinstance(screen.focused, HexView)
        assert any(each.lstrip().find("▌0010") >= 0 for each in seen.lines)
        assert screen.view.node is not None
        assert screen.view.node.name == "ip"
        await seen.press("enter")
        assert screen.view.node.name == "ip"
        await seen.press("tab")
        assert isinstance(screen.app.focused, PacketTree)


async def test_a_click_moves_and_a_second_one_folds() -> None:
    """In the tree a click is a move and then Enter; in the bytes it unfolds what it hits."""
    async with running(update(case()), size=(160, 45), wireshark=Wire()) as seen:
        screen = await _open(seen)
        await seen.until("Simple Mail Transfer")
        row = next(at for at, each in enumerate(seen.lines) if "Internet Protocol" in each)
        await seen._pilot.click(offset=(10, row))
        await seen.settle()
        assert _cursor(seen).startswith("▸ Internet Protocol")
        await seen._pilot.click(offset=(10, row))
        await seen.settle()
        assert _cursor(seen).startswith("▾ Internet Protocol")
        await seen.press("left")
        bytes_row = next(at for at, each in enumerate(seen.lines) if " 0010  " in each)
        column = seen.lines[bytes_row].index("0010") + 6 + 3 * 6
        await seen._pilot.click(offset=(column, bytes_row))
        await seen.settle()
        assert screen.view.node is not None
        assert screen.view.node.name == "ip.ttl"
        await seen._pilot.click(offset=(column, bytes_row + 30))
        await seen.settle()
        assert seen.app._exception is None


async def test_a_jump_goes_to_any_frame_between_the_first_and_the_last() -> None:
    """Frames outside of the flow are refused; one that no row names is shown all the same."""
    async with running(update(case()), wireshark=Wire()) as seen:
        screen = await _open(seen)
        assert not screen.go_to_frame(0)
        assert not screen.go_to_frame(10_000)
        assert screen.go_to_frame(13)
        await seen.until("Info of 13")
        assert "not in the ladder" in seen.lines[0]
        assert "no row of the ladder lies in this frame" in seen.text


async def test_lines_that_were_not_kept_are_counted() -> None:
    """A tree of too many lines is cut where it is read, and that is said."""
    wire = Wire()
    wire.trees[12] = _packet(b"MAIL\r\n")._replace(left_out=77)
    async with running(update(case()), wireshark=wire) as seen:
        await _open(seen)
        await seen.until("77 lines of the tree were not kept")


async def test_a_tree_of_4000_nodes_is_computed_once_for_each_fold() -> None:
    """Moving and painting ask for what is in sight; only folding finds it out anew."""
    wire = Wire()
    many = tuple(Node(1, f"line {number}", f"x.{number}", 54, 1) for number in range(4000))
    wire.trees[12] = Packet(12, HEAD + b"MAIL\r\n", (*nodes(b"MAIL\r\n"), *many))
    async with running(update(case()), wireshark=wire) as seen:
        screen = await _open(seen)
        await seen.until("Simple Mail Transfer")
        await seen.press("right")
        shown = screen.view.tree_of_nodes.shown
        assert len(shown) > 4000
        await seen.press("end", "pageup", "home", "j")
        assert screen.view.tree_of_nodes.shown is shown
        await seen.press("end")
        assert _cursor(seen) == "line 3999"
        await seen.press("left")
        assert _cursor(seen).startswith("▾ Simple Mail")


async def test_privacy_hides_addresses_in_tree_and_bytes() -> None:
    """Names in the payload, and the addresses that Wireshark has found in the header."""
    async with running(update(case()), size=(160, 45), wireshark=Wire()) as seen:
        screen = await _open(seen, 14)
        await seen.until("Simple Mail Transfer")
        assert "c0 00 02 0a" in seen.text
        assert "recipient0006" in seen.text
        seen.app.look.privacy.on = True
        screen.changed()
        await seen.settle()
        for words in ("c0 00 02 0a", "recipient0006", "192.0.2.10", "72 65 63 69 70"):
            assert words not in seen.text, words


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("size", [(80, 24), (160, 45), (20, 6)])
async def test_no_hostile_tree_reaches_the_terminal(
    size: tuple[int, int],
    ascii_only: bool,  # noqa: FBT001
) -> None:
    """Escape sequences in texts, names and bytes: words on the screen, and no exception."""
    bad = HOSTILE.decode("utf-8", "surrogateescape")
    wire = Wire(infos=dict.fromkeys(range(20), bad))
    evil = tuple(Node(depth, bad * 50, bad, 0, 1 << 40) for depth in (0, 1, 2, 1, 9))
    wire.trees[1] = Packet(1, HOSTILE * 20, evil)
    async with running(update([hostile(0, 5000)]), size=size, wireshark=wire) as seen:
        if ascii_only:
            seen.app.look = look(ascii_only=True)
            seen.app.set_class(True, "-ascii")  # noqa: FBT003 - Textual's own
        await _open(seen, 1)
        for _ in range(20):
            await seen._pilot.pause(0.02)
        for keys in (("right",), ("j", "right"), ("o", "j", "enter"), ("end",), ("n",)):
            await seen.press(*keys)
            assert seen.app._exception is None
            for strip in seen.strips:
                for segment in strip:
                    assert segment.text.isprintable()
                    assert not segment.control
                    assert segment.text.isascii() or not ascii_only
