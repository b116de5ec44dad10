"""A capture, read a second time when somebody looks: a frame, a message, some flows' packets.

In: what the first reading told.  Out: the values of ``dissect.analysis.frame``, and files.

**Invariant:** stream offsets are those of the first reading; credentials never come out.
"""

from dissect.again.again import Again
from dissect.again.kept import KeptAgain

__all__ = ["Again", "KeptAgain"]
