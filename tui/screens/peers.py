"""All clients: what they asked for over time, what was delivered, and what they tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on

from tui import peers, told, words
from tui.actions import PEERS, bindings
from tui.line import Line, Piece, Role, spread
from tui.screens.board import state
from tui.screens.desk import Desk
from tui.widgets.line_view import LineView
from tui.widgets.lines import Band, Lines
from tui.widgets.peer_table import PeerTable

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from dissect.analysis.model import Peer, Verdict
    from tui.out import Subject

_NOTHING = "No client so far: clients are counted when their flows are over."


class PeersScreen(Desk):
    """The clients."""

    WHERE: ClassVar[str] = PEERS
    BINDINGS = bindings(PEERS)

    def content(self) -> ComposeResult:
        """The table under its titles, or a word where it is empty."""
        yield Band(ascii_only=self.look.ascii_only, id="titles")
        yield PeerTable(self.session, self.look, id="main")
        yield Lines(ascii_only=self.look.ascii_only, id="empty")

    @property
    def table(self) -> PeerTable:
        """The clients."""
        return self.query_one("#main", PeerTable)

    def changed(self) -> None:
        """Clients have come, or changed."""
        self.query_one("#header", Band).show(self._header)
        self.table.sync()
        self.retitle()
        empty = self.query_one("#empty", Lines)
        empty.display = not self.table.count()
        self.table.display = not empty.display
        empty.show(lambda cells: told.paragraph("", _NOTHING, cells, self.look))
        self._tell()

    def retitle(self) -> None:
        """The columns' titles."""
        self.query_one("#titles", Band).show(lambda _cells: [self.table.heading()])

    @on(LineView.Moved)
    def _moved(self) -> None:
        self._tell()

    def _tell(self) -> None:
        peer = self.table.peer
        self.tell(None if peer is None else peer.client, self._about)

    def _about(self, cells: int) -> list[Line]:
        peer = self.table.peer
        return [] if peer is None else peers.about(peer, self._verdict(peer), cells, self.look)

    def _verdict(self, peer: Peer) -> Verdict | None:
        """What is in the client's way: the verdict on one of its flows."""
        flows = (self.session.store.summaries.get(moment.flow) for moment in peer.trouble)
        found = (self.session.verdict_of(flow) for flow in flows if flow is not None)
        return next(filter(None, found), None)

    def _header(self, cells: int) -> list[Line]:
        clients = self.session.store.peers
        damaged = sum(bool(peer.damaged) for peer in clients)
        lost = sum(map(peers.lost, clients))
        parts = (
            Piece("peers ", Role.ACCENT),
            Piece(words.count(len(clients), "client"), Role.TITLE),
            Piece(f"  {damaged:,} with damage", Role.BAD if damaged else Role.DIM),
            Piece(f"  {lost:,} RCPTs came to nothing", Role.MEDIUM if lost else Role.DIM),
        )
        return [spread(parts, state(self.session)[:3], cells)]

    def taken(self) -> Subject:
        """The client under the cursor."""
        peer = self.table.peer
        return self.about((), clients=() if peer is None else (peer.client,))

    def action_open(self) -> None:
        """List the client's flows."""
        peer = self.table.peer
        if peer is not None:
            self.seamark.filter_flows(f"client:{peer.client}")

    def action_finding(self, step: int) -> None:
        """Go to the next damaged client."""
        if not self.table.step(step):
            self.seamark.tell("no client with damage further on")

    def action_sort(self, step: int) -> None:
        """Sort by a neighbouring column."""
        self.table.sort(step)
        self.changed()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self.table.turn()
        self.changed()
