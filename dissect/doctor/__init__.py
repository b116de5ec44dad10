"""Looks whether all that a live capture needs is there, on this machine or behind ssh.

In: a place of capture (``dissect.source.tap``), and a folder for evidence.  Out: checks, each
with the command that mends it.

**Invariant:** what is called ok was tried or read on the machine that it is said of; what could
not be found out is a warning, never ok; and nothing is changed.
"""

from __future__ import annotations

from dissect.doctor.check import Check, Status
from dissect.doctor.desk import desk
from dissect.doctor.keeping import keeping
from dissect.doctor.site import site

__all__ = ["Check", "Status", "desk", "keeping", "site"]
