"""Wireshark's tree of one frame, to be folded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.line import Line, Piece, Role, fit
from tui.packet import Tree
from tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from dissect.analysis.frame import Node
    from tui.look import Look
    from tui.packet import Key

_INDENT: Final = 2
_MOST_INDENT: Final = 24


class PacketTree(LineView):
    """The tree, with the cursor on a node.

    Args:
        look: how it is drawn.
    """

    def __init__(self, look: Look, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(ascii_only=look.ascii_only, id=id)
        self._look = look
        self._bound: Key | None = None
        """The node under the cursor, as it is called in other frames too."""
        self.tree_of_nodes = Tree((), set())

    @property
    def index(self) -> int | None:
        """The node under the cursor, by index."""
        shown = self.tree_of_nodes.shown
        return shown[self.cursor] if self.cursor < len(shown) else None

    @property
    def node(self) -> Node | None:
        """The node under the cursor."""
        return None if self.index is None else self.tree_of_nodes.nodes[self.index]

    def show(self, tree: Tree) -> None:
        """Show a frame; the cursor goes to the node that it stood on in the frame before."""
        self.tree_of_nodes = tree
        if not tree.nodes:
            self.cursor = 0
            self.sync()
            return
        at = None if self._bound is None else tree.find(self._bound)
        self.select(tree.first() if at is None else at)

    def select(self, index: int) -> None:
        """Put the cursor on a node, or on what it is folded into; nobody is told."""
        self.cursor = self.tree_of_nodes.line_of(index)
        self._bind()
        self.sync()
        # A view can be scrolled once the screen knows how many lines it has got.
        self.call_after_refresh(self.show_line, self.cursor)

    def go(self, at: int) -> None:
        """Put the cursor on a line, and remember what it is."""
        super().go(at)
        self._bind()

    def fold(self, *, unfold: bool) -> None:
        """Unfold, or go to the first node beneath; fold, or go to the node above."""
        tree, index = self.tree_of_nodes, self.index
        if index is None:
            return
        if unfold and tree.is_open(index):
            self.go(self.cursor + 1)
        elif unfold or tree.is_open(index):
            tree.fold(index, unfold=unfold)
            self.sync()
        elif (above := tree.parent(index)) is not None:
            self.go(tree.line_of(above))

    def toggle(self) -> None:
        """Fold what is unfolded, and the other way round."""
        index = self.index
        if index is not None:
            self.tree_of_nodes.fold(index, unfold=not self.tree_of_nodes.is_open(index))
            self.sync()

    def count(self) -> int:
        """Number of lines."""
        return len(self.tree_of_nodes.shown)

    def draw(self, at: int) -> Line:
        """A node, as far in as it is deep."""
        tree = self.tree_of_nodes
        index = tree.shown[at]
        node = tree.nodes[index]
        indent = " " * min(_INDENT * node.depth, _MOST_INDENT)
        sign = self._sign(index)
        room = max(self.cells - len(indent) - 2, 1)
        said = fit(self._look.words(node.text[: 4 * room]), room, self._look.cut).rstrip()
        return (Piece(f"{indent}{sign} ", Role.ACCENT), Piece(said, _role(node)))

    def _sign(self, index: int) -> str:
        if not self.tree_of_nodes.has_more(index):
            return " "
        return self._look.opened if self.tree_of_nodes.is_open(index) else self._look.closed

    def _bind(self) -> None:
        index = self.index
        self._bound = None if index is None else self.tree_of_nodes.key(index)


def _role(node: Node) -> Role:
    """Protocols stand out, and what Wireshark adds of its own stands back."""
    if node.name.startswith("_ws."):
        return Role.MEDIUM
    if node.text.startswith("["):
        return Role.DIM
    return Role.TITLE if node.depth == 0 else Role.TEXT
