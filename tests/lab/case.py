"""A case: what the sender sends, what the middlebox does, and where the captures are taken."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.sender import Plan

PLACES = ("before", "behind", "server")
"""In front of the first middlebox, behind it, and behind the second one."""


@dataclass(frozen=True)
class Case:
    """One recorded situation."""

    name: str
    summary: str
    """One sentence for the README and the manifest."""
    plan: Plan
    profile: str = "none"
    """Of `lab.masker.PROFILES`: of the middlebox, or of the one near the sender."""
    second: str = ""
    """Profile of another middlebox, between the first and the server; empty: there is none."""
    server: str = "exim"
    """Of `lab.servers.MAKES`."""
    quirks: tuple[str, ...] = ()
    """What the server does differently from what it does by default; each make has a table."""
    fates: Mapping[int, str] = field(default_factory=dict)
    """Of `lab.mischief.Mischief`."""
    delay: float = 0.015
    """Seconds from one side of the middlebox to the other."""
    pause: float = 0.004
    """Seconds between two frames of one direction."""
    cut: int = 0
    """Payload size that the middlebox cuts to, where the sender's interface leaves it to others."""
    offload: bool = False
    tag: int = 0
    """VLAN id on the recorded part of the path; 0: none."""

    @property
    def profiles(self) -> tuple[str, ...]:
        """Of all middleboxes, from the sender to the server."""
        return (self.profile, self.second) if self.second else (self.profile,)

    @property
    def sides(self) -> tuple[str, ...]:
        """The places where captures are taken, from the sender to the server."""
        return PLACES[: len(self.profiles) + 1]
