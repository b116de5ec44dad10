"""What a rule says: a finding, with its evidence, its cost in mail and its remedy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from dissect.evidence import Seam


class Severity(IntEnum):
    """How much mail it costs; the order is the ranking."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    def __str__(self) -> str:
        return self.name.lower()

    @classmethod
    def parse(cls, word: str) -> Severity:
        """The severity called ``word``; raises KeyError for any other word."""
        return cls[word.upper()]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeamInside:
    """A seam that lies inside the thing that a finding is about."""

    seam: Seam
    within: str
    """``verb``, ``argument``, ``crlf``, ``reply`` or ``terminator``."""
    offset: int
    """Bytes of the line before the seam: 2 for ``RC|PT``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fact, told once."""

    rule: str
    """The name of the rule."""
    severity: Severity
    """How much mail it costs."""
    confidence: float
    """0 to 1: how sure it is that what the message says is so."""
    flow: int
    """The flow's number in its capture, from 0."""
    frames: tuple[int, ...]
    """The frames that are the evidence, ascending."""
    time: float
    """Seconds since the epoch, of the first frame of evidence."""
    message: str
    """One sentence."""
    rows: tuple[int, ...] = ()
    """Numbers of the ladder rows that the finding is about; the first is where to look."""
    observed: bytes = b""
    """The bytes as they were on the wire."""
    original: str = ""
    """What they were before they were damaged, where that can be told."""
    seam: SeamInside | None = None
    """The seam that did it, where it was one."""
    impact: str = ""
    """What it means for mail: which message, which recipients."""
    remedy: tuple[str, ...] = ()
    """Exact commands or steps."""
    sources: tuple[str, ...] = ()
    """RFC sections, or identifiers such as PIX-06, which the rule's own text explains."""
    recipients: tuple[str, ...] = ()
    """Forward-paths that got no mail because of this."""

    @property
    def filter(self) -> str:
        """A Wireshark display filter that shows exactly the frames of evidence."""
        if not self.frames:
            return ""
        return "frame.number in {" + ", ".join(map(str, self.frames)) + "}"
