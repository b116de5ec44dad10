"""What Wireshark shows for a few frames: its Info column, asked for when somebody looks.

The column costs tshark more than all other fields together, so it is not asked of every packet.
"""

from __future__ import annotations

import asyncio
import re
from typing import Final

from dissect.source.file import CaptureFile
from dissect.source.tshark import Tshark

SECRETS: Final = re.compile(
    r"((?:User|Pass|Username|Password|AUTH \S+)(?::| ) ?)(\S[^|]*)", re.IGNORECASE
)
"""What Wireshark's SMTP dissector says of an AUTH exchange, and the credentials behind it."""


class Lookup:
    """Asks tshark for the Info column of frames of one capture file."""

    def __init__(self, tshark: Tshark, capture: CaptureFile, options: tuple[str, ...] = ()) -> None:
        self._tshark = tshark
        self._capture = capture
        self._options = options

    async def lookup(self, frames: tuple[int, ...]) -> dict[int, str]:
        """Frame number to what Wireshark says of it; empty where it cannot be asked again.

        Reads the file up to the last frame asked for: as long as ``tshark -r`` itself takes.
        """
        if self._capture.path == "-" or not frames:
            return {}
        wanted = "frame.number in {" + ", ".join(map(str, frames)) + "}"
        process = await asyncio.create_subprocess_exec(
            self._tshark.path, "-n", "-r", self._capture.path, *self._options,
            "-c", str(max(frames)), "-Y", wanted, "-T", "fields",
            "-e", "frame.number", "-e", "_ws.col.Protocol", "-e", "_ws.col.Info",
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            out, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return dict(_parse(line) for line in out.decode(errors="replace").splitlines() if line)


def _parse(line: str) -> tuple[int, str]:
    """One row: frame number, protocol, info."""
    number, _, text = line.partition("\t")
    return int(number), _masked(text.replace("\t", ": "))


def _masked(text: str) -> str:
    """Wireshark's words without the credentials that it decodes in an AUTH exchange."""
    return SECRETS.sub(lambda match: match[1] + "#" * len(match[2]), text)
