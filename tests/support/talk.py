"""A conversation as turns, with what it says: the truth that a reading of it must come to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from dissect.evidence import Side
from support.wire import Conversation, Setting

if TYPE_CHECKING:
    from dissect.segments.segment import Segment

Cuts = Mapping[Side, Iterable[int]]
"""Stream offsets at which a segment has to begin."""


class Turn(NamedTuple):
    """What one side says in one go."""

    side: Side
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """Turns, and what they mean."""

    turns: tuple[Turn, ...]
    commands: tuple[bytes, ...] = ()
    """Command lines without their CRLF, in order; neither message data nor AUTH answers."""
    replies: tuple[bytes, ...] = ()
    """The codes of the replies, the greeting's first."""
    messages: tuple[bytes, ...] = ()
    """Complete messages: dots unstuffed, chunks joined, the end of DATA left out."""
    offered: tuple[bytes, ...] = ()
    """Forward-paths of all RCPT commands."""
    accepted: tuple[bytes, ...] = ()
    """Those that were answered with 250."""

    def stream(self, side: Side) -> bytes:
        """All that one side says."""
        return b"".join(turn.data for turn in self.turns if turn.side is side)

    def play(self, setting: Setting | None = None, cuts: Cuts | None = None) -> list[Segment]:
        """The segments of the talk from handshake to end, each turn cut where ``cuts`` say."""
        wire = Conversation(setting)
        wire.open()
        for turn in self.turns:
            speaker = wire.speaker(turn.side)
            start = len(speaker.sent)
            speaker.send(turn.data, (cut - start for cut in (cuts or {}).get(turn.side, ())))
        wire.close()
        return wire.segments
