"""Cases of damage on the path: what is cut, masked, dropped, forged or answered by another."""

from __future__ import annotations

from dataclasses import replace

from lab.case import Case
from lab.message import Message
from lab.network import OTHER, SERVER
from lab.sender import Plan

_PATIENCE_SECONDS = 4.0

_TERM = Message("start of term", "registrar@example.org", 40, (2,))
_EXAMS = Message("examination lists", "secretary@lists.example.org", 42, (1,))
_NOTE = Message("minutes of the meeting", "registrar@example.org", 2)
_CHUNK = replace(_NOTE, manner="chunked", lines=4)
_SECRET = replace(_NOTE, manner="encrypted")
_ELSEWHERE = replace(_SECRET, source=OTHER)
_LONG = replace(_NOTE, name="room plan", lines=90)


def _cut(last: int) -> Message:
    """A message of which so many bytes travel alone; no retry of the others."""
    return replace(_NOTE, name=f"cut {last}", sender=f"registrar{last}@example.org", last=last)


PATHS = (
    Case(
        "postfix-split",
        "The founding damage in front of Postfix: the masked RCPT is refused, the session goes on, "
        "and one recipient gets no mail.",
        Plan(SERVER, (_NOTE, _TERM, _EXAMS)),
        profile="asa",
        server="postfix",
    ),
    Case(
        "bdat-masked",
        "The firewall masks BDAT, so that Exim takes the message behind it for commands.",
        Plan(SERVER, (_NOTE, _CHUNK)),
        profile="asa-verbs",
    ),
    Case(
        "postfix-bdat-masked",
        "The firewall masks BDAT, so that Postfix takes the message behind it for commands.",
        Plan(SERVER, (_NOTE, _CHUNK)),
        profile="asa-verbs",
        server="postfix",
    ),
    Case(
        "postfix-bdat-long",
        "The same with a longer message: packets of it still arrive when Postfix has hung up, and "
        "its own kernel answers them with resets.",
        Plan(SERVER, (replace(_CHUNK, lines=20),)),
        profile="asa-verbs",
        server="postfix",
    ),
    Case(
        "starttls-stripped",
        "A gateway takes the line 250-STARTTLS out of what the server offers to one client "
        "network, which then sends in the clear, and leaves it in for another, which encrypts.",
        Plan(SERVER, (_ELSEWHERE, _SECRET, _SECRET, _ELSEWHERE)),
        profile="stripper",
    ),
    Case(
        "starttls-refused",
        "A box near the client lets STARTTLS be offered, but refuses the command itself, sooner "
        "than the server could; the client sends in the clear.",
        Plan(SERVER, (_SECRET, replace(_SECRET, name="room change"))),
        profile="refuser",
        delay=0.03,
    ),
    Case(
        "mtu-black-hole",
        "Packets larger than 1400 bytes get lost on the way, and nobody is told: a short message "
        "passes, a long one never arrives.",
        Plan(SERVER, (_NOTE, _LONG), patience=6.0),
        profile="black-hole",
    ),
    Case(
        "forged-reset",
        "A box cuts the transaction off with a reset to each end in the name of the other, while "
        "packets of both are still on their way.",
        Plan(SERVER, (_LONG,)),
        profile="resetter",
    ),
    Case(
        "forged-reset-beside",
        "Somebody sends resets in the names of both ends with numbers that do not quite fit; the "
        "ends go on talking, and the mail is delivered.",
        Plan(SERVER, (_LONG,)),
        profile="near-resetter",
    ),
    Case(
        "injected-reply",
        "A content filter answers message data with 541 in the server's name and resets the "
        "client; the server, which is told nothing, is left waiting.",
        Plan(SERVER, (_NOTE, replace(_NOTE, name="forbidden fruit"))),
        profile="filter",
    ),
    Case(
        "terminator-cuts",
        "The end of the message is cut in each of its four places, and its last packet never "
        "passed on.",
        Plan(
            SERVER,
            tuple(_cut(last) for last in (1, 2, 3, 4)),
            patience=_PATIENCE_SECONDS,
        ),
        profile="asa-dot",
    ),
)
