"""From byte streams to an SMTP dialogue, as an onlooker reads it.

In: stream events of one flow.  Out: ``Command``, ``Reply``, ``Exchange`` (a command with its
reply), ``Transaction``, ``Opaque``, ``Note``, ``Ended``.

The reader never dies: its aim is not to check the peers but to know where they are, so a state
follows from the (command, reply) pair; it goes ahead with the command and is corrected by the
reply.  After a hole, or where the capture starts in the middle, it finds its feet again on the
next line that can only be a command, or on the next reply.  Credentials are masked here.

**Invariant:** nothing judges here, nothing raises for any bytes, and memory is bounded.
"""

from dissect.dialogue.events import (
    Command,
    DialogueEvent,
    Ended,
    Exchange,
    FalseEnd,
    Note,
    NoteKind,
    Oddity,
    Opaque,
    OpaqueKind,
    Reply,
    Reset,
    Tail,
    Transaction,
    TransactionEnd,
)
from dissect.dialogue.session import Session

__all__ = [
    "Command",
    "DialogueEvent",
    "Ended",
    "Exchange",
    "FalseEnd",
    "Note",
    "NoteKind",
    "Oddity",
    "Opaque",
    "OpaqueKind",
    "Reply",
    "Reset",
    "Session",
    "Tail",
    "Transaction",
    "TransactionEnd",
]
