"""Two captures of the same mail, taken on the two sides of something, laid over each other.

In: the segments of each capture.  Out: ``Comparison``: which flows belong together, every byte
that changed, appeared or vanished between the two places, and what kind of device does that.

**Invariant:** a byte that one capture lacks is never called changed, and never called the same.
Nothing here starts a process.  Memory is bounded by ``tape.KEPT`` bytes of payload.
"""

from dissect.compare.comparison import Comparison, compare, renamed
from dissect.compare.pair import Change, Pair
from dissect.compare.tape import Budget, Recorder, Tape

__all__ = ["Budget", "Change", "Comparison", "Pair", "Recorder", "Tape", "compare", "renamed"]
