"""A frame as Wireshark dissects it: what of its tree is folded, and where our marks are in it."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from tui.hexdump import Mark
from tui.line import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dissect.analysis.frame import Node, Packet
    from dissect.analysis.model import Row
    from dissect.evidence import FrameFacts
    from tui.look import Look

Key = tuple[str, int]
"""A node in any frame: its name, and which of that name it is."""

_PAYLOAD: Final = "tcp.payload"
_SEQUENCE: Final = "tcp.seq"
_NUMBER: Final = re.compile(r"\d{1,10}")
_ADDRESSES: Final = frozenset(
    {"ip.src", "ip.dst", "ip.addr", "ipv6.src", "ipv6.dst", "ipv6.addr", "arp.src.proto_ipv4"}
)
"""Names of nodes whose bytes are an address."""
_MOST_NAME: Final = 80
_ORDER: Final = ("smtp", "imf", "tls", "tcp")
"""Protocols that the cursor stands on at first, the dearest one first."""


class Tree:
    """Wireshark's tree of a frame, folded.

    Args:
        nodes: the tree's lines, each before those beneath it.
        opened: the nodes that are unfolded, in this frame and in others; folding changes it.
    """

    def __init__(self, nodes: Sequence[Node], opened: set[Key]) -> None:
        self.nodes = nodes
        self._opened = opened
        self._keys = _keys(nodes)
        self._parents, self._ends = _shape(nodes)
        self.shown: list[int] = []
        """The nodes that are in sight, by index, in their order."""
        self._look()

    def _look(self) -> None:
        """Find out what is in sight; done once for each change."""
        self.shown = []
        at = 0
        while at < len(self.nodes):
            self.shown.append(at)
            at = at + 1 if self.is_open(at) else self._ends[at]

    def has_more(self, index: int) -> bool:
        """Whether there is something beneath a node."""
        return self._ends[index] > index + 1

    def is_open(self, index: int) -> bool:
        """Whether what is beneath a node is in sight."""
        return self.has_more(index) and self._keys[index] in self._opened

    def parent(self, index: int) -> int | None:
        """The node above."""
        return self._parents[index]

    def key(self, index: int) -> Key:
        """What a node is called in every frame."""
        return self._keys[index]

    def fold(self, index: int, *, unfold: bool) -> None:
        """Show or hide what is beneath a node."""
        if unfold and self.has_more(index):
            self._opened.add(self._keys[index])
        else:
            self._opened.discard(self._keys[index])
        self._look()

    def reveal(self, index: int) -> None:
        """Unfold what hides a node."""
        above = self._parents[index]
        while above is not None:
            self._opened.add(self._keys[above])
            above = self._parents[above]
        self._look()

    def line_of(self, index: int) -> int:
        """The line of a node, or of the nearest one above it that is in sight."""
        in_sight = {node: line for line, node in enumerate(self.shown)}
        above: int | None = index
        while above is not None and above not in in_sight:
            above = self._parents[above]
        return in_sight.get(above, 0) if above is not None else 0

    def find(self, key: Key) -> int | None:
        """The node that is called so, if the frame has it."""
        return self._keys.index(key) if key in self._keys else None

    def deepest(self, byte: int, *, shown: bool) -> int | None:
        """The deepest node that is about a byte of the frame.

        Args:
            byte: its position.
            shown: whether only nodes in sight count.
        """
        among = self.shown if shown else range(len(self.nodes))
        about = [at for at in among if _covers(self.nodes[at], byte)]
        return max(about, key=lambda at: (self.nodes[at].depth, -self.nodes[at].size), default=None)

    def first(self) -> int:
        """The node that matters most in a frame that is opened: its SMTP, or what carries it."""
        tops = {node.name: at for at, node in enumerate(self.nodes) if node.depth == 0}
        return next((tops[name] for name in _ORDER if name in tops), 0)


def _covers(node: Node, byte: int) -> bool:
    return node.start <= byte < node.start + node.size


def _keys(nodes: Sequence[Node]) -> list[Key]:
    seen: Counter[str] = Counter()
    found: list[Key] = []
    for node in nodes:
        name = (node.name or node.text.partition(":")[0])[:_MOST_NAME]
        found.append((name, seen[name]))
        seen[name] += 1
    return found


def _shape(nodes: Sequence[Node]) -> tuple[list[int | None], list[int]]:
    """By index: the node above, and the index behind the last one beneath."""
    parents: list[int | None] = []
    ends = [len(nodes)] * len(nodes)
    path: list[int] = []
    for at, node in enumerate(nodes):
        while path and nodes[path[-1]].depth >= node.depth:
            ends[path.pop()] = at
        parents.append(path[-1] if path else None)
        path.append(at)
    return parents, ends


def payload(packet: Packet) -> tuple[int, int] | None:
    """Where a frame's TCP payload begins and ends."""
    node = next((node for node in packet.nodes if node.name == _PAYLOAD and node.size), None)
    if node is None or node.start + node.size > len(packet.data):
        return None
    return node.start, node.start + node.size


def addresses(packet: Packet) -> list[tuple[int, int]]:
    """Where a frame's bytes are somebody's address."""
    return [
        (node.start, node.start + node.size) for node in packet.nodes if node.name in _ADDRESSES
    ]


def hidden(packet: Packet, look: Look) -> list[tuple[int, int]]:
    """Ranges of a frame that are not to be shown now: names in it, and addresses in its headers."""
    if not look.privacy.on:
        return []
    return [*look.hidden(packet.data), *addresses(packet)]


def seams(packet: Packet, rows: Iterable[Row]) -> dict[int, bool]:
    """Our seams in a frame, by position; True where one is inferred."""
    rows = _of(packet, rows)
    room = payload(packet) or (0, len(packet.data))
    shift = _shift(packet, rows)
    found: dict[int, bool] = {}
    for row in rows:
        for seam in row.seams:
            if packet.frame not in {seam.before, seam.after}:
                continue
            edge = room[0] if seam.after == packet.frame else room[1]
            at = edge if shift is None else seam.offset + shift
            if room[0] <= at <= room[1]:
                found[at] = seam.inferred
    return found


def masks(packet: Packet, rows: Iterable[Row]) -> list[Mark]:
    """What was overwritten in a frame, as far as rows with seams tell where they lie in it."""
    rows = _of(packet, rows)
    shift = _shift(packet, rows)
    if shift is None:
        return []
    low, high = payload(packet) or (0, len(packet.data))
    ranges = [
        (max(row.offset + start + shift, low), min(row.offset + end + shift, high))
        for row in rows for start, end in row.masked
    ]  # fmt: skip
    return [Mark(start, end, Role.MASK) for start, end in ranges if start < end]


def _of(packet: Packet, rows: Iterable[Row]) -> list[Row]:
    """The rows with a seam at an end of a frame, or inside it.

    What was inside TLS is not among them: its bytes do not stand in the frame.
    """
    frame = packet.frame
    cut = (row for row in rows if row.seams and not row.tls)
    return [row for row in cut if any(frame in (seam.before, seam.after) for seam in row.seams)]


def _shift(packet: Packet, rows: list[Row]) -> int | None:
    """What is added to a stream offset to get the position in the frame, where it is found."""
    for row in rows:
        for piece in row.pieces:
            if piece.frame == packet.frame and (at := _place(packet, row, piece)) is not None:
                return at - piece.offset
    return None


def _place(packet: Packet, row: Row, piece: FrameFacts) -> int | None:
    """Where a kept excerpt lies in its frame; one whose bytes repeat may fit at many places."""
    low, high = payload(packet) or (0, len(packet.data))
    data, excerpt = packet.data[:high], piece.excerpt
    if not excerpt:
        return None
    at = low + piece.offset - _first_offset(packet)
    if at >= low and data.startswith(excerpt, at):
        return at
    ends = [seam.offset for seam in row.seams if seam.before == piece.frame]
    last = piece.offset + len(excerpt) in ends
    at = data.rfind(excerpt, low) if last else data.find(excerpt, low)
    return at if at >= 0 else None


def _first_offset(packet: Packet) -> int:
    """Stream offset of the payload, as the tree's relative sequence number has it; a hint."""
    node = next((node for node in packet.nodes if node.name == _SEQUENCE), None)
    number = _NUMBER.search(node.text) if node is not None else None
    return int(number[0]) - 1 if number else 0


def known_frames(rows: Iterable[Row]) -> list[int]:
    """The frames that the ladder names, ascending."""
    rows = tuple(rows)
    named = {frame for row in rows for frame in row.frames}
    seams = {frame for row in rows for s in row.seams for frame in (s.before, s.after)}
    return sorted(named | seams)
