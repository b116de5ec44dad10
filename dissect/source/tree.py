"""One frame whole: its bytes, and Wireshark's protocol tree of it.

One tshark gives both: PDML, which has the tree but not the bytes, on its standard output, and
beside it a capture of the one frame.
"""

from __future__ import annotations

import asyncio
import io
import re
from binascii import Error, unhexlify
from typing import Final, NamedTuple
from xml.parsers import expat

from dissect.errors import CaptureError
from dissect.escape import visible
from dissect.source import blocks, filters
from dissect.source.file import CaptureFile
from dissect.source.process import ASIDE, run, settle
from dissect.source.tshark import Tshark

ELEMENTS: Final = 4_000
"""Lines of a tree that are kept."""

TEXT: Final = 500
"""Characters of a line that are kept."""

SKIPPED: Final = "geninfo"
"""What PDML says of every frame beside its tree."""

WRAPPER: Final = "fake-field-wrapper"
"""What PDML puts around fields that stand beside the protocols."""

ILLEGAL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that no XML may hold, and packets do."""

REFERENCE: Final = re.compile(r"&#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}));")
"""A character by its number."""

INSTEAD: Final = "\N{REPLACEMENT CHARACTER}"


class Element(NamedTuple):
    """A line of the tree, as tshark tells it."""

    depth: int
    name: str
    text: str
    show: str
    """Its value in short, as tshark writes it in a display filter."""
    start: int
    size: int
    """Where it lies in its buffer, which may be another one than the frame."""
    value: bytes | None
    """The bytes that it is made from; None where it tells none."""
    protocol: bool


class Tree(NamedTuple):
    """One frame."""

    data: bytes
    """From its link layer on, as far as it was captured."""
    elements: tuple[Element, ...]
    left_out: int
    """Lines that were not kept."""


async def tree(tshark: Tshark, capture: CaptureFile, frame: int, display_filter: str = "") -> Tree:
    """Read one frame, and no further.

    Raises:
        CaptureError: if the capture cannot be read, or has no such frame.
        ToolError: if tshark cannot be started.
    """
    chosen = filters.both(display_filter, f"frame.number == {frame}")
    ran = await run(
        [tshark.path, "-n", "-r", capture.path, "-c", str(frame), "-Y", chosen,
         "-T", "pdml", "-F", "pcapng", "-w", ASIDE],
        start=capture.start,
    )  # fmt: skip
    data = next(filter(None, map(blocks.captured, blocks.forward(io.BytesIO(ran.aside)))), None)
    settle(capture.name, ran, data is not None)
    if data is None:
        raise CaptureError(
            f"{visible(capture.name)}: frame {frame} is not there.", "Has the file changed?"
        )
    reader = _Reader()
    await asyncio.to_thread(reader.read, ran.out)
    return Tree(data, tuple(reader.elements), reader.left_out + ran.cut)


class _Reader:
    """Takes the tree out of PDML."""

    def __init__(self) -> None:
        self.elements: list[Element] = []
        self.left_out = 0
        self._depth = 0
        self._hidden = 0
        """Open elements from the outermost hidden one inwards."""
        self._open: list[str] = []

    def read(self, pdml: bytes) -> None:
        """Read what there is; damage ends it, because tshark may have been stopped."""
        parser = expat.ParserCreate(encoding="utf-8")
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.EntityDeclHandler = _refuse
        try:
            parser.Parse(_legal(pdml), True)  # noqa: FBT003 - the last piece; no keyword there
        except expat.ExpatError:
            self.left_out += 1

    def _begin(self, tag: str, told: dict[str, str]) -> None:
        self._open.append(tag)
        if self._hidden or told.get("hide") == "yes" or told.get("name") == SKIPPED:
            self._hidden += 1
        elif tag in {"proto", "field"} and told.get("name") != WRAPPER:
            self._keep(tag, told)
            self._depth += 1
        else:
            self._open[-1] = ""

    def _end(self, _tag: str) -> None:
        kept = self._open.pop()
        if self._hidden:
            self._hidden -= 1
        elif kept:
            self._depth -= 1

    def _keep(self, tag: str, told: dict[str, str]) -> None:
        if len(self.elements) >= ELEMENTS:
            self.left_out += 1
            return
        name, show = told.get("name", ""), told.get("show", "")
        text = told.get("showname") or show or name
        hexed = told.get("unmaskedvalue") or told.get("value", "")
        self.elements.append(
            Element(
                self._depth, name, text[:TEXT], show[:TEXT], _number(told.get("pos", "")),
                _number(told.get("size", "")), _bytes(hexed), tag == "proto",
            )
        )  # fmt: skip


def _refuse(*_: object) -> None:
    """An entity, of which tshark writes none: nothing behind it is read."""
    raise expat.ExpatError("an entity")


def _legal(pdml: bytes) -> bytes:
    """PDML that a parser takes, whatever the packets hold."""
    text = ILLEGAL.sub(INSTEAD, pdml.decode("utf-8", "replace"))
    return REFERENCE.sub(_referred, text).encode()


def _referred(match: re.Match[str]) -> str:
    """A reference to a character that XML may hold; most that tshark writes are quotes."""
    code = int(match[1], 16) if match[1] else int(match[2])
    plain = ord(" ") <= code < 0xD800  # noqa: PLR2004 - the first surrogate
    return match[0] if plain else INSTEAD


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


def _bytes(text: str) -> bytes | None:
    try:
        return unhexlify(text) if text else None
    except (Error, ValueError):
        return None
