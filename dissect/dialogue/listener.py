"""What the client's reader tells, and to whom."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from dissect.dialogue.buffer import Origin
from dissect.dialogue.events import OpaqueKind


class Said(NamedTuple):
    """What the reader tells of a command, beside where it came from."""

    verb: str
    line: bytes
    ending: bytes
    start: int
    size: int
    segments: int
    strict: bool


class Listener(Protocol):
    """What a reader tells."""

    secrets: list[tuple[int, int]]

    def command(self, said: Said, origin: Origin) -> None:
        """A command line, an AUTH answer, or message data."""

    def plain(self, verb: str, line: bytes, start: int, frame: int, time: float) -> None:
        """A command line in one segment, ended by CRLF."""

    def secret(self, start: int, value: bytes) -> None:
        """A credential stands at a stream offset."""

    def opaque(self, kind: OpaqueKind, offset: int, size: int, origin: Origin) -> None:
        """Bytes that are not read."""

    def tls(self) -> None:
        """From here on both sides speak TLS."""
