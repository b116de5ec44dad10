"""From rows of tshark's output to TCP segments.

In: one tuple of byte strings per frame, as ``dissect.source.pdml`` yields them.
Out: ``Segment``.  Frames without TCP, and TCP headers quoted inside an ICMP error, yield none.

**Invariant:** knows nothing of flows, of SMTP or of processes.
"""

from dissect.segments.decode import FIELDS, decode
from dissect.segments.segment import ACK, FIN, PSH, RST, SYN, Segment

__all__ = ["ACK", "FIELDS", "FIN", "PSH", "RST", "SYN", "Segment", "decode"]
