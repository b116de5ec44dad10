"""From encrypted streams to what was said in them, where tshark has the keys.

In: stream events of one flow from the first TLS record on, and the texts of records, as tshark
gives them for a whole capture.  Out: stream events of the plaintext, whose seams are the
boundaries of TLS records, and ``Sealed`` for what stays encrypted.

tshark opens the records and does not say which bytes of a stream they were; this room cuts the
streams into records itself, and knows a record by its last bytes.  A segment boundary inside a
record is no seam of the plaintext: who has not the keys cannot see, and cannot touch, what is
inside; who has them reads by record.

**Invariant:** nothing judges here, nothing is decrypted here, no key is ever seen here, and memory
is bounded.
"""

from dissect.tls.inside import Inside
from dissect.tls.records import Record, Records
from dissect.tls.sealed import Sealed
from dissect.tls.texts import Texts
from dissect.tls.words import said

__all__ = ["Inside", "Record", "Records", "Sealed", "Texts", "said"]
