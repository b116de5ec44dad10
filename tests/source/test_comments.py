"""Comments in blocks of pcapng: what is there already stays, whatever it is."""

from __future__ import annotations

import io
import struct

from hypothesis import given
from hypothesis import strategies as st

from dissect.source import blocks
from dissect.source.comments import MOST, commented

ORDERS = st.sampled_from("<>")
OPTIONS = st.lists(st.tuples(st.integers(1, 0xFFFF), st.binary(max_size=40)), max_size=4)
TEXTS = st.lists(st.text(max_size=60), min_size=1, max_size=3)


def packet(order: str, data: bytes, options: list[tuple[int, bytes]], *, end: bool) -> bytes:
    """An enhanced packet block."""
    body = struct.pack(f"{order}IIIII", 0, 1, 2, len(data), len(data))
    body += data + bytes(-len(data) % 4)
    for code, value in options:
        body += struct.pack(f"{order}HH", code, len(value)) + value + bytes(-len(value) % 4)
    body += bytes(4) if end and options else b""
    size = struct.pack(f"{order}I", blocks.FRAME + len(body))
    return struct.pack(f"{order}I", blocks.ENHANCED) + size + body + size


def section(order: str) -> bytes:
    """A section's header that says a length."""
    body = struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, 4096)
    size = struct.pack(f"{order}I", blocks.FRAME + len(body))
    return blocks.SECTION.to_bytes(4, "big") + size + body + size


def told(block: blocks.Block, at: int) -> list[tuple[int, bytes]]:
    """The options of a block."""
    return list(blocks.options(block.body[at:], block.order))


@given(ORDERS, st.binary(max_size=50), OPTIONS, TEXTS, st.booleans())
def test_packets_keep_bytes_and_options(
    order: str,
    data: bytes,
    options: list[tuple[int, bytes]],
    texts: list[str],
    end: bool,  # noqa: FBT001
) -> None:
    """The packet and its options come first, then the comments, in their order."""
    whole = section(order) + commented(packet(order, data, options, end=end), order, texts)
    _, block = blocks.forward(io.BytesIO(whole))
    assert blocks.captured(block) == data
    ours = [(1, text.encode("utf-8", "replace")) for text in texts]
    assert told(block, 20 + len(data) + -len(data) % 4) == options + ours


@given(ORDERS, TEXTS)
def test_a_section_forgets_its_length(order: str, texts: list[str]) -> None:
    """Its blocks become longer, so that the length would be wrong."""
    (block,) = blocks.forward(io.BytesIO(commented(section(order), order, texts)))
    assert block.body[8:16] == b"\xff" * 8
    assert [text for _, text in told(block, 16)] == [text.encode() for text in texts]


@given(ORDERS, st.binary(max_size=9), OPTIONS)
def test_without_comments_nothing_changes(
    order: str, data: bytes, options: list[tuple[int, bytes]]
) -> None:
    """A block that gets none is the same bytes."""
    block = packet(order, data, options, end=True)
    assert commented(block, order, []) == block


def test_a_long_comment_is_cut_at_a_character() -> None:
    """What is left is UTF-8, and no longer than people read."""
    block = commented(packet("<", b"", [], end=False), "<", ["x" + "€" * MOST])
    _, found = blocks.forward(io.BytesIO(section("<") + block))
    (value,) = [value for _, value in told(found, 20)]
    assert MOST - 3 < len(value) <= MOST
    assert set(value.decode()) == {"x", "€"}
