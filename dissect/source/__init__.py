"""From a capture to rows: the only room that starts a process or touches a file descriptor.

In: a path, or ``-`` for standard input.  Out: batches of rows (``dissect.segments.decode``), and
at the end one ``Outcome`` that says how the reading went.  pyshark drives tshark; nothing of
pyshark leaves this room.

**Invariant:** knows nothing of flows or SMTP; a failure of tshark is never a silent zero.
"""

from dissect.source.file import CaptureFile, open_capture
from dissect.source.lookup import Lookup
from dissect.source.outcome import Outcome
from dissect.source.reader import read
from dissect.source.tshark import Tshark, find_tshark

__all__ = ["CaptureFile", "Lookup", "Outcome", "Tshark", "find_tshark", "open_capture", "read"]
