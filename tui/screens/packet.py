"""One frame: Wireshark's tree and bytes, with what is read in it here beside its Info column."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.containers import Container

from dissect.analysis.frame import Packet
from dissect.errors import SeamarkError
from tui import closeup, hexdump, packet, present, reading, told, words
from tui.actions import PACKET, bindings
from tui.line import Line, Piece, Role, fit, spread, width
from tui.screens.desk import Desk
from tui.widgets.hex_view import HexView
from tui.widgets.line_view import LineView
from tui.widgets.lines import Band
from tui.widgets.packet_tree import PacketTree

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.timer import Timer

    from dissect.analysis.frame import WireFacts
    from dissect.analysis.model import FlowDetail, Row
    from tui.out import Subject

_SETTLE: Final = 0.05
"""Seconds that the keys rest before tshark is asked; who runs through frames starts none."""
_LABEL: Final = 10
_NO_CAPTURE: Final = (
    "there is no capture file to read a frame from",
    "write the capture to a file, and open that",
)
_NO_LADDER: Final = ("nothing more is known of this flow", "")


class PacketScreen(Desk):
    """A frame of a flow.

    Args:
        flow: the flow.
        frame: the capture's number of the frame.
    """

    WHERE: ClassVar[str] = PACKET
    BINDINGS = bindings(PACKET)
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual's own name and type
        (0, "-narrow"),
        (120, "-wide"),
        (150, "-roomy"),
        (190, "-broad"),
    ]
    # The bytes stand beside the tree in as many columns as leave the tree its room.
    CSS = """
    PacketScreen #both { layout: vertical; height: 1fr; width: 1fr; }
    PacketScreen #right { height: 9; width: 1fr; }
    PacketScreen #about { background: $background; height: 1; }
    PacketScreen #bytes { height: 1fr; width: 1fr; background: $surface; }
    PacketScreen.-tall #right { height: 18; }
    PacketScreen.-wide #both, PacketScreen.-roomy #both, PacketScreen.-broad #both
        { layout: horizontal; }
    PacketScreen.-wide #right { height: 1fr; width: 46; }
    PacketScreen.-roomy #right, PacketScreen.-broad #right { height: 1fr; width: 78; }
    """

    def __init__(self, flow: int, frame: int) -> None:
        super().__init__()
        self.flow = flow
        self.frame = frame
        self.packet: Packet | None = None
        """The frame, once it has arrived."""
        self._wire: WireFacts | None = None
        self._trouble = ("", "")
        self._rest: Timer | None = None
        self._dumped: tuple[object, ...] = (self,)
        """What the bytes were laid out for."""
        self._opened: set[packet.Key] = set()
        self._frames: tuple[FlowDetail | None, list[int]] = (None, [])

    def content(self) -> ComposeResult:
        """What both read in the frame, over its tree and its bytes."""
        plain = self.look.ascii_only
        yield Band(ascii_only=plain, id="titles")
        with Container(id="both"):
            yield PacketTree(self.look, id="main")
            with Container(id="right"):
                yield Band(ascii_only=plain, id="about")
                yield HexView(self.look, id="bytes")

    @property
    def view(self) -> PacketTree:
        """Wireshark's tree."""
        return self.query_one("#main", PacketTree)

    @property
    def bytes_view(self) -> HexView:
        """The frame's bytes."""
        return self.query_one("#bytes", HexView)

    @property
    def detail(self) -> FlowDetail | None:
        """The frame's flow."""
        return self.session.store.detail(self.flow)

    @property
    def rows(self) -> tuple[Row, ...]:
        """The flow's rows."""
        return self.detail.rows if self.detail is not None else ()

    def on_mount(self) -> None:
        """Ask for the frame."""
        self.pane.display = False
        super().on_mount()
        self._ask()

    def changed(self) -> None:
        """The flow may have grown, or names may be hidden now."""
        self.query_one("#header", Band).show(self._header)
        self.query_one("#titles", Band).show(self._titles)
        self._show_bytes()
        self._show_about()
        self.view.refresh()

    # Asking for a frame.

    def show_frame(self, frame: int) -> None:
        """Show another frame of the flow."""
        self.frame = frame
        self._ask()

    def go_to_frame(self, frame: int) -> bool:
        """Go to a frame; False where the flow cannot have it."""
        summary = self.session.store.summaries.get(self.flow)
        if summary is None or not summary.first_frame <= frame <= summary.last_frame:
            return False
        self.show_frame(frame)
        return True

    @property
    def here(self) -> int | None:
        """The flow that the frame is of."""
        return self.flow

    def taken(self) -> Subject:
        """The frame."""
        return self.about((self.flow,), frames=(self.frame,))

    def action_frame_step(self, step: int) -> None:
        """Go to the next or the previous frame that the ladder names."""
        frames = self._known()
        at = bisect_right(frames, self.frame) if step > 0 else bisect_left(frames, self.frame) - 1
        if not 0 <= at < len(frames):
            self.seamark.tell("no frame further on")
            return
        self.show_frame(frames[at])

    def _known(self) -> list[int]:
        """The frames that the ladder names; found once for each state of the flow."""
        detail = self.detail
        if self._frames[0] is not detail:
            self._frames = (detail, packet.known_frames(self.rows))
        return self._frames[1]

    def _ask(self) -> None:
        """Ask tshark for the frame; whatever was asked before is not waited for."""
        self.workers.cancel_group(self, "packet")
        self._wire = None
        self._trouble = self._hindrance()
        self._take(None)
        if self._rest is not None:
            self._rest.stop()
        if not self._trouble[0]:
            self._rest = self.set_timer(_SETTLE, self._start)

    def _hindrance(self) -> tuple[str, str]:
        """Why no frame can be read, and what to do about it."""
        if self.seamark.wireshark is None:
            return _NO_CAPTURE
        return _NO_LADDER if self.detail is None else ("", "")

    def _start(self) -> None:
        self.run_worker(self._read(), exclusive=True, group="packet", exit_on_error=False)

    async def _read(self) -> None:
        wireshark, detail, frame = self.seamark.wireshark, self.detail, self.frame
        if wireshark is None or detail is None:
            return
        try:
            found = await wireshark.facts(detail.summary, (frame,))
            self._wire = found.get(frame)
            self.query_one("#titles", Band).show(self._titles)
            self._take(await wireshark.packet(detail, frame))
        except SeamarkError as error:
            self._fail(error.what, error.remedy)
        except Exception as error:  # noqa: BLE001 - whatever ends it is told, and the rest stays
            self._fail(f"reading the frame failed: {error!r}", "")

    def _fail(self, what: str, remedy: str) -> None:
        self._trouble = (what, remedy or "press Enter to try again")
        self.changed()

    def _take(self, found: Packet | None) -> None:
        self.packet = found
        self.view.show(packet.Tree(found.nodes if found is not None else (), self._opened))
        self.changed()
        self._mark()
        # A frame is mostly opened for its seam.
        self.bytes_view.bring(min(self.bytes_view.seams, default=None))

    # The tree and the bytes follow each other.

    @on(LineView.Moved)
    def _moved(self, event: LineView.Moved) -> None:
        if event.view is self.bytes_view:
            self._select(shown=True)
        self._mark(follow=event.view is self.view)

    def _select(self, *, shown: bool) -> None:
        """Stand on the deepest node that is about the byte which is asked for."""
        tree = self.view.tree_of_nodes
        index = tree.deepest(self.bytes_view.byte, shown=shown)
        if index is None:
            return
        if not shown:
            tree.reveal(index)
        self.view.select(index)

    def _mark(self, *, follow: bool = True) -> None:
        """Mark the bytes of the node under the cursor."""
        node, size = self.view.node, len(self.bytes_view.data)
        mark = None
        if node is not None and node.size and node.start < size:
            end = min(node.start + node.size, size)
            mark = hexdump.Mark(node.start, end, Role.ACCENT, bracketed=True)
        self.bytes_view.mark(mark, follow=follow)
        self._show_about()

    def action_open(self) -> None:
        """Fold or unfold the node; in the bytes, unfold what is about them; or try again."""
        if self.packet is None:
            if self._trouble[0]:
                self._ask()
        elif self.focused is self.bytes_view:
            self._select(shown=False)
            self._mark(follow=False)
        else:
            self.view.toggle()

    def action_fold(self, unfold: bool) -> None:  # noqa: FBT001 - the table of actions calls it
        """Show or hide what is beneath the node."""
        self.view.fold(unfold=unfold)

    def action_other(self) -> None:
        """Move the keys to the bytes, or back."""
        (self.view if self.focused is self.bytes_view else self.bytes_view).focus()

    def _show_bytes(self) -> None:
        found = self.packet
        now = (found, self.detail, self.look.privacy.on)
        if all(one is other for one, other in zip(now, self._dumped, strict=False)):
            return
        self._dumped = now
        if found is None:
            self.bytes_view.show(hexdump.Dump(b""))
            return
        rows = self.rows
        self.bytes_view.show(
            hexdump.Dump(
                found.data, marks=tuple(packet.masks(found, rows)),
                seams=packet.seams(found, rows), hidden=tuple(packet.hidden(found, self.look)),
            )
        )  # fmt: skip

    # What stands above.

    def _show_about(self) -> None:
        self.query_one("#about", Band).show(self._about)

    def _about(self, cells: int) -> list[Line]:
        """Which bytes are marked, in words."""
        node, look = self.view.node, self.look
        name = look.words(node.name) if node is not None else ""
        where = ""
        if node is not None and node.size:
            where = f"bytes {node.start}-{node.start + node.size - 1}  "
        title = f" {where}{name} " if where or name else " "
        said = fit(title, min(len(title), max(cells - 4, 1)), look.cut)
        rest = look.rule * max(cells - 2 - len(said), 0)
        return [(Piece(look.rule * 2, Role.DIM), Piece(said, Role.ACCENT), Piece(rest, Role.DIM))]

    def _titles(self, cells: int) -> list[Line]:
        """What Wireshark shows beside what is there, and how the reading stands."""
        look, room = self.look, cells - _LABEL
        shown = closeup.wireshark(self._wire, "", room, look) if self._wire is not None else ()
        here = reading.line(self.rows, self.frame, look)
        nothing = (Piece("no row of the ladder lies in this frame", Role.DIM),)
        return [
            (Piece(f"{'Wireshark':<{_LABEL}}", Role.DIM), *shown),
            (
                Piece(f"{'here':<{_LABEL}}", Role.DIM),
                *present.shortened(here or nothing, room, look),
            ),
            *self._state(cells),
        ]

    def _state(self, cells: int) -> list[Line]:
        """That the frame is being read, what went wrong, or what was left out."""
        what, remedy = self._trouble
        if what:
            lines = told.paragraph("not read", what, cells, self.look, Role.BAD)
            return [*lines, *told.paragraph("remedy", remedy, cells, self.look)]
        if self.packet is None:
            return [(Piece(f"reading frame {self.frame} {self.look.cut}", Role.ACCENT),)]
        if self.packet.left_out:
            said = f"{words.count(self.packet.left_out, 'line')} of the tree were not kept"
            return [(Piece(said, Role.MEDIUM),)]
        return []

    def _header(self, cells: int) -> list[Line]:
        frames = self._known()
        at = bisect_left(frames, self.frame)
        known = at < len(frames) and frames[at] == self.frame
        which = f"  {at + 1} of {len(frames)} in the ladder" if known else "  not in the ladder"
        size = f"  {words.count(len(self.packet.data), 'byte')}" if self.packet is not None else ""
        left = (
            Piece(f"flow {self.flow} ", Role.ACCENT),
            Piece(f"frame {self.frame}", Role.TITLE),
            Piece(which, Role.DIM),
            Piece(size, Role.DIM),
        )
        summary = self.session.store.summaries[self.flow]
        ends = f"{summary.client} {self.look.between} {summary.server}"
        right = (Piece(self.look.words(ends), Role.DIM),)
        return [spread(left if width(left) <= cells else left[:2], right, cells)]
