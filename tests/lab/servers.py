"""The makes of mail server that a case can be recorded with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab import exim, postfix, sendmail

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.server import Make

MAKES: Mapping[str, Make] = {"exim": exim, "postfix": postfix, "sendmail": sendmail}
"""By name."""
