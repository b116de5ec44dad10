"""A few fields of a few frames, asked for when somebody looks.

Wireshark's columns cost tshark more than all other fields together, so they are not asked of
every packet.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dissect.source import filters
from dissect.source.file import CaptureFile
from dissect.source.process import run, settle
from dissect.source.tshark import Tshark

NUMBER: Final = "frame.number"


async def columns(
    tshark: Tshark,
    capture: CaptureFile,
    frames: Sequence[int],
    fields: Sequence[str],
    display_filter: str = "",
) -> dict[int, tuple[str, ...]]:
    """The fields of frames by number, each empty where a frame lacks it; of several, the innermost.

    Reads the file up to the last frame asked for: as long as ``tshark -r`` itself takes.

    Raises:
        CaptureError: if the capture cannot be read.
        ToolError: if tshark cannot be started.
    """
    chosen = filters.member(NUMBER, filters.ranges(frames))
    asked = [word for field in (NUMBER, *fields) for word in ("-e", field)]
    ran = await run(
        [tshark.path, "-n", "-r", capture.path, "-c", str(max(frames)),
         *filters.options(filters.both(display_filter, chosen)),
         "-T", "fields", "-E", "occurrence=l", *asked],
        start=capture.start,
    )  # fmt: skip
    lines = ran.out.decode(errors="replace").split("\n")
    rows = [line.split("\t", len(fields)) for line in lines if line]
    settle(capture.name, ran, len(rows))
    return {int(row[0]): tuple(row[1:]) for row in rows if len(row) == len(fields) + 1}
