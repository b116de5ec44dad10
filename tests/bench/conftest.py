"""Programs that are measured are ended by signals."""

from __future__ import annotations

from support.signals import signals_are_heard

__all__ = ["signals_are_heard"]
