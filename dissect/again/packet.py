"""One frame as Wireshark reads it, with the credentials of its flow masked.

Bytes are masked where the dialogue masked them.  Of the tree, a line that is made from masked
bytes loses its value; where a frame has anything to hide, so does every line that is not made
from bytes which are known to be in the frame, because it may come from a buffer in which tshark
has put frames together or decoded them.
"""

from __future__ import annotations

import re
from typing import Final

from dissect.again.ears import Heard, Place, Span
from dissect.again.forms import SHORTEST, Forms
from dissect.analysis.frame import Node, Packet
from dissect.source import Element, Tree

MASK: Final = "#"

LONGEST: Final = 64
"""Signs of a mask in a line."""

HEADERS: Final = frozenset({
    "frame", "eth", "vlan", "ieee8021ad", "sll", "null", "raw", "ppp", "pppoes", "mpls", "gre",
    "vxlan", "geneve", "ip", "ipv6", "tcp",
})  # fmt: skip
"""Protocols in front of a payload; what they show of it is in PAYLOADS."""

PAYLOADS: Final = frozenset({
    "tcp.payload", "tcp.segment_data", "tcp.segments", "tcp.segment", "tcp.segment.count",
    "tcp.reassembled.length",
})  # fmt: skip
"""Fields that are about payload, and say no more of it than where it is."""

SIZED: Final = re.compile(
    r"[A-Za-z ]+ \(\d+ bytes?\)|Frame: \d+, payload: \d+-\d+ \(\d+ bytes?\)|[A-Za-z ]+: \d+"
    r"|\d+ Reassembled TCP Segments \(\d+ bytes\):(?: #\d+\(\d+\),?)+(?: \[.*\])?"
)
"""What these say."""

PIECES: Final = (".segment", ".fragment")
"""How fields end that name a frame whose payload was put together with this one's."""

LABEL: Final = re.compile(r"[A-Za-z][A-Za-z /_-]{0,40}: ")
"""What stands in front of a value."""

TLS: Final = "tls"

KEYED: Final = ("tls.segment", "tls.reassembled")
"""How fields begin that hold decrypted bytes; those of a certificate need no key."""

PAYLOAD: Final = "tcp.payload"


class Masker:
    """Makes a packet from a tree.

    Args:
        frame: its number.
        tree: as tshark tells it.
        heard: what the flow says of its credentials.
    """

    def __init__(self, frame: int, tree: Tree, heard: Heard) -> None:
        self._frame = frame
        self._tree = tree
        self._heard = heard
        self._place = heard.places.find(frame)
        self._forms = Forms(heard.values)
        self._here = _verified(tree)
        """The lines that are made from bytes of the frame."""
        self._hidden = self._found()
        self._careful = bool(self._hidden) or self._joined()
        """Whether lines may show what is hidden."""

    def packet(self) -> Packet:
        """The packet, masked."""
        data = bytearray(self._tree.data)
        for left, right in self._hidden:
            data[left:right] = MASK.encode() * (right - left)
        protocol, nodes = "", []
        for element, here in zip(self._tree.elements, self._here, strict=True):
            protocol = element.name if not element.depth else protocol
            text = self._text(element, protocol, here=here)
            start, size = (element.start, element.size) if here else (0, 0)
            nodes.append(Node(element.depth, text, element.name, start, size))
        return Packet(self._frame, bytes(data), tuple(nodes), self._tree.left_out)

    def _found(self) -> list[Span]:
        """The ranges of the frame that may not be shown."""
        if self._place is None:
            return self._behind() if self._foreign() else []
        hidden = self._heard.hidden(self._place)
        start = self._payload(self._place)
        if start is None:
            return self._behind() if hidden else []
        size = len(self._tree.data)
        return [(min(start + left, size), min(start + right, size)) for left, right in hidden]

    def _foreign(self) -> bool:
        """Whether a frame is not of the flow and carries something; what, nobody has read."""
        return any(
            each.name == PAYLOAD or (not each.depth and each.name not in HEADERS)
            for each in self._tree.elements
        )

    def _behind(self) -> list[Span]:
        """All that lies behind the headers."""
        ends = [
            each.start + each.size
            for each, here in zip(self._tree.elements, self._here, strict=True)
            if here and each.protocol and each.name in HEADERS - {"frame"}
        ]
        return [(max(ends, default=0), len(self._tree.data))]

    def _payload(self, place: Place) -> int | None:
        """Where the payload begins in the frame, if it lies there whole."""
        for each, here in zip(reversed(self._tree.elements), reversed(self._here), strict=True):
            if each.name == PAYLOAD:
                return each.start if here and each.size <= place.size else None
        return None

    def _joined(self) -> bool:
        """Whether the tree shows what other frames hide, or what was decrypted."""
        if self._place is not None and self._heard.encrypted(self._place) and self._decrypted():
            return True
        frames = [
            int(each.show)
            for each in self._tree.elements
            if each.name.endswith(PIECES) and each.show.isdigit()
        ]
        places = filter(None, map(self._heard.places.find, frames))
        return any(self._heard.hidden(place) for place in places)

    def _decrypted(self) -> bool:
        """Whether tshark has keys, so that the tree shows what is said under TLS."""
        return any(
            each.name.startswith(KEYED)
            or (each.protocol and not each.depth and each.name not in HEADERS | {TLS})
            for each in self._tree.elements
        )

    def _text(self, element: Element, protocol: str, *, here: bool) -> str:
        """The text of a line, masked where it may show something."""
        text = element.text
        if not self._careful:
            return _mask(element) if self._forms.sent_in(text) else text
        if (
            protocol in HEADERS
            and element.name not in PAYLOADS
            and not self._touches(element, here)
        ):
            return _mask(element) if self._forms.sent_in(text) else text
        if element.name in PAYLOADS and SIZED.fullmatch(text):
            return text
        if element.protocol:
            first, comma, _ = text.partition(",")
            short = first if comma else text
            return _mask(element) if self._forms.told_in(short) else short
        if not here:
            return _mask(element)
        text = self._without(element)
        return _mask(element) if self._forms.told_in(text) else text

    def _without(self, element: Element) -> str:
        """The text of a line without the hidden bytes that it is made from, or without a value."""
        text, end = element.text, element.start + element.size
        for left, right in self._hidden:
            piece = self._tree.data[max(left, element.start) : min(right, end)]
            shown = piece.decode("utf-8", "replace")
            if not piece or left >= end or right <= element.start:
                continue
            if len(piece) < SHORTEST or shown not in text or piece.hex() in text.lower():
                return _mask(element)
            text = text.replace(shown, MASK * len(shown))
        return text

    def _touches(self, element: Element, here: bool) -> bool:  # noqa: FBT001
        """Whether a line is about hidden bytes."""
        end = element.start + element.size
        return here and any(left < end and element.start < right for left, right in self._hidden)


def _mask(element: Element) -> str:
    """A line without its value; what its field is called is no secret."""
    label = LABEL.match(element.text) if element.name else None
    head = label[0] if label else ""
    return head + MASK * min(LONGEST, max(1, len(element.text) - len(head)))


def _verified(tree: Tree) -> list[bool]:
    """Of each line, whether it is about bytes of the frame, and not of another buffer.

    A line that tells its bytes is compared with the frame's; any other is taken for what the
    lines beneath it are, and without those for what the one above it is.
    """
    elements = tree.elements
    found = [_matches(each, tree.data) for each in elements]
    below: dict[int, bool] = {}
    for at in range(len(elements) - 1, -1, -1):
        depth = elements[at].depth
        beneath = below.pop(depth + 1, None)
        for deeper in [each for each in below if each > depth]:
            del below[deeper]
        if found[at] is None and beneath is not None:
            found[at] = beneath and _inside(elements[at], tree.data)
        if found[at] is not None and elements[at].size:
            below[depth] = bool(found[at]) and below.get(depth, True)
    return _from_above(tree, found)


def _from_above(tree: Tree, found: list[bool | None]) -> list[bool]:
    """Give lines that nothing is known of what is known of the line above them."""
    path: list[bool] = []
    known: list[bool] = []
    for element, here in zip(tree.elements, found, strict=True):
        del path[element.depth :]
        above = path[-1] if path else True
        sure = (above and _inside(element, tree.data)) if here is None else here
        path.append(sure)
        known.append(sure)
    return known


def _matches(element: Element, data: bytes) -> bool | None:
    """Whether a line's bytes are the frame's; None where it tells none."""
    if not element.value:
        return None
    whole = data[element.start : element.start + len(element.value)]
    return whole == element.value and _inside(element, data)


def _inside(element: Element, data: bytes) -> bool:
    """Whether a line's bytes lie in the frame."""
    return element.start + element.size <= len(data)
