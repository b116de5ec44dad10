"""From a capture to rows: the only room that starts a process or touches a file descriptor.

In: a path, or ``-`` for standard input.  Out: batches of rows (``dissect.segments.decode``), and
at the end one ``Outcome`` that says how the reading went.  pyshark drives tshark; nothing of
pyshark leaves this room.  Beside that, what is asked of a capture that was read: a few fields,
one frame whole, some streams as a file of their own.

**Invariant:** knows nothing of flows or SMTP; a failure of tshark is never a silent zero.
"""

from dissect.source import asked, drops, filters, keylog, newfile
from dissect.source.columns import columns
from dissect.source.cut import Comments, cut
from dissect.source.digest import digest
from dissect.source.export import export
from dissect.source.file import CaptureFile, open_capture
from dissect.source.outcome import Outcome
from dissect.source.reader import read
from dissect.source.redacted import Rewrite, redacted
from dissect.source.tree import Element, Tree, tree
from dissect.source.tshark import Tshark, find_tshark

__all__ = [
    "CaptureFile",
    "Comments",
    "Element",
    "Outcome",
    "Rewrite",
    "Tree",
    "Tshark",
    "asked",
    "columns",
    "cut",
    "digest",
    "drops",
    "export",
    "filters",
    "find_tshark",
    "keylog",
    "newfile",
    "open_capture",
    "read",
    "redacted",
    "tree",
]
