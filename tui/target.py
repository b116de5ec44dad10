"""What an action takes: the flow under the cursor, or all that a selector stands for."""

from __future__ import annotations

from enum import Enum


class Target(Enum):
    """A selector; the value is what it is called on the screen."""

    CURSOR = "the flow under the cursor"
    MARKED = "@marked"
    SHOWN = "@shown"
    ALL = "@all"

    @property
    def next(self) -> Target:
        """The one after this."""
        order = list(Target)
        return order[(order.index(self) + 1) % len(order)]
