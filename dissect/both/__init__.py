"""Both sides of a middlebox: two captures read to their ends and laid over each other.

In: the names of two captures.  Out: ``Read``, the comparison and what has to be told beside it;
``worker`` does the same in a process of its own, for a screen that asks for one ladder at a time.

**Invariant:** a capture that could not be read whole is named in ``Read.errors``.
"""

from dissect.both.reading import PLACES, Read, read_both

__all__ = ["PLACES", "Read", "read_both"]
