"""Names and addresses replaced, so that evidence can be given away.

In: segments and the events of a dialogue, or lines and packets.  Out: the same, with addresses
replaced by documentation addresses, names by names of the same length, message data blank and
credentials gone.

It happens in front of the rules, so that no sentence ever holds a real name.  What a rule looks at
stays: verbs and masks, codes, the words of servers, lengths, line ends, seams.

**Invariant:** the same key makes the same of the same name; nothing changes its length; without
the key nothing leads back.
"""

from dissect.redact.key import Key, open_key
from dissect.redact.packets import Packets
from dissect.redact.redactor import Redactor
from dissect.redact.transcript import Transcripts

__all__ = ["Key", "Packets", "Redactor", "Transcripts", "open_key"]
