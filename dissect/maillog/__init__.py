"""Reads what mail servers write down: one line of a log becomes one value.

In: bytes of the logs of Exim (mainlog, rejectlog, syslog), Postfix and Sendmail.  Out: ``Entry``,
and from many of them ``Suspect``
and, with the times of connections, ``Ties``.

**Invariant:** no line raises; an address is a valid IP address or is not there; a line that names
two clients, as one that quotes a hostile command may, names none.  Knows no packets and no clock.
"""

from dissect.maillog.entry import Client, Entry, What
from dissect.maillog.files import LogFile, open_log
from dissect.maillog.logbook import Line, Logbook, Span, Tie, Ties, clocks
from dissect.maillog.reader import Reader
from dissect.maillog.suspects import Suspect, Suspects

__all__ = [
    "Client", "Entry", "Line", "LogFile", "Logbook", "Reader", "Span", "Suspect", "Suspects",
    "Tie", "Ties", "What", "clocks", "open_log",
]  # fmt: skip
