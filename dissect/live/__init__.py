"""Watches conversations while they happen: packets in from several sources, findings out at once.

In: lines that are open (``dissect.source.tap``).  Out: findings, flows and the state of every
source, through a ``Listener``.

**Invariant:** what is not seen, not decoded or dropped is counted and told; a source that ends
takes neither the others nor what was found with it.
"""

from __future__ import annotations

from dissect.live.beside import Attached, Beside
from dissect.live.evidence import Evidence, Keeping
from dissect.live.inlet import Inlet, Source
from dissect.live.keep import Memory
from dissect.live.reports import REPORTS, Listener
from dissect.live.screen import KEEP, Updates
from dissect.live.watch import Limits, Watch

__all__ = [
    "KEEP",
    "REPORTS",
    "Attached",
    "Beside",
    "Evidence",
    "Inlet",
    "Keeping",
    "Limits",
    "Listener",
    "Memory",
    "Source",
    "Updates",
    "Watch",
]
