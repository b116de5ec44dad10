"""The table of clients; the cursor is bound to a client and not to a place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui import peers
from tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from dissect.analysis.model import Peer
    from tui.line import Line
    from tui.look import Look
    from tui.session import Session


class PeerTable(LineView):
    """The clients of a session.

    Args:
        session: whose clients.
        look: how they are drawn.
    """

    def __init__(self, session: Session, look: Look, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(ascii_only=look.ascii_only, id=id)
        self._session = session
        self._look = look
        self._made: tuple[Peer, ...] | None = None
        self._rows: list[Peer] = []
        self._bound = ""
        self.column = peers.USUAL
        self.reverse = True

    @property
    def peer(self) -> Peer | None:
        """The client under the cursor."""
        return self._rows[self.cursor] if self.cursor < len(self._rows) else None

    def count(self) -> int:
        """Number of clients."""
        return len(self._rows)

    def draw(self, at: int) -> Line:
        """A client in a line."""
        return peers.row(self._rows[at], peers.placed(self.cells), self._look)

    def heading(self) -> Line:
        """The titles."""
        arrow = self._look.down if self.reverse else self._look.up
        return peers.heading(peers.placed(self.cells), self.column.title, arrow)

    def go(self, at: int) -> None:
        """Put the cursor on a place, and remember whose it is."""
        super().go(at)
        self._bind()

    def sync(self) -> None:
        """Take new clients in; the cursor stays on its own."""
        if self._made is not self._session.store.peers:
            self._made = self._session.store.peers
            self._order()
        super().sync()
        self._bind()

    def sort(self, step: int) -> None:
        """Order by a neighbouring column in sight."""
        titles = [column.title for column in peers.placed(self.cells)]
        at = titles.index(self.column.title) if self.column.title in titles else 0
        title = titles[(at + step) % len(titles)]
        self.column = next(column for column in peers.COLUMNS if column.title == title)
        self._again()

    def turn(self) -> None:
        """Turn the order round."""
        self.reverse = not self.reverse
        self._again()

    def step(self, step: int) -> bool:
        """Go to the next damaged client; False where there is none."""
        at = self.cursor + step
        while 0 <= at < len(self._rows):
            if self._rows[at].damaged:
                self.jump(at)
                return True
            at += step
        return False

    def _again(self) -> None:
        self._order()
        self.sync()
        self.show_line(self.cursor)

    def _order(self) -> None:
        self._rows = sorted(self._session.store.peers, key=lambda peer: peer.client)
        self._rows.sort(key=self.column.key, reverse=self.reverse)
        names = [peer.client for peer in self._rows]
        if self._bound in names:
            self.cursor = names.index(self._bound)

    def _bind(self) -> None:
        self._bound = self.peer.client if self.peer is not None else ""
