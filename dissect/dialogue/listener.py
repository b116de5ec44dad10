"""What the client's reader tells, and to whom."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from dissect.dialogue.buffer import Origin
from dissect.dialogue.events import Oddity, OpaqueKind


class Said(NamedTuple):
    """What the reader tells of a command, beside where it came from."""

    verb: str
    line: bytes
    ending: bytes
    start: int
    size: int
    segments: int
    strict: bool
    oddity: Oddity | None = None


class Listener(Protocol):
    """What a reader tells."""

    secrets: list[tuple[int, int]]

    def command(self, said: Said, origin: Origin) -> None:
        """A command line, an AUTH answer, or message data."""

    def plain(self, verb: str, line: bytes, start: int, frame: int, time: float) -> None:
        """A command line in one segment, ended by CRLF."""

    def header(self, header: bytes, start: int) -> None:
        """The header section of the message that has just ended, and its stream offset."""

    def secret(self, start: int, value: bytes) -> None:
        """A credential stands at a stream offset."""

    def opaque(
        self, kind: OpaqueKind, offset: int, size: int, origin: Origin, *, feeds: int = 0
    ) -> None:
        """Bytes that are not read, and how many line feeds are among them."""

    def tls(self) -> None:
        """From here on both sides speak TLS."""
