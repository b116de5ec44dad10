"""What the user wants of a reading beside the capture, and how tshark is told of it."""

from __future__ import annotations

from collections.abc import Iterable

from dissect.source import filters, keylog
from dissect.source.tshark import Tshark
from dissect.streams import MAIL_PORTS


def options(display_filter: str, keys: str, ports: Iterable[int]) -> tuple[str, ...]:
    """Options of tshark's for a display filter and a key log.

    Args:
        display_filter: empty for none.
        keys: the path of the key log; empty for none.
        ports: that speak SMTP, beside the usual ones.
    """
    return (*filters.options(display_filter), *keylog.options(keys, MAIL_PORTS | set(ports)))


def check(tshark: Tshark, display_filter: str, keys: str) -> None:
    """Find out whether tshark takes both, before anything is read.

    Raises:
        UsageError: if it does not take the display filter, or the key log is none.
        CaptureError: if the key log cannot be read.
        ToolError: if tshark cannot be asked, or cannot use a key log.
    """
    filters.check(tshark, display_filter)
    keylog.check(keys, display_filter)
    keylog.supported(tshark, keys)
