"""All cases: here those of the founding story, and what the same damage looks like elsewhere."""

from __future__ import annotations

from dataclasses import replace

from lab.case import Case
from lab.faults import FAULTS
from lab.masks import MASKS
from lab.message import Message
from lab.network import SERVER, SERVER6
from lab.paths import PATHS
from lab.sender import Plan

_TERM = Message("start of term", "registrar@example.org", 60, (2,))
_EXAMS = Message("examination lists", "secretary@lists.example.org", 55, (1,))
_LIBRARY = Message("library hours", "librarian@lists.example.org", 50, (3,))
_NOTE = Message("minutes of the meeting", "registrar@example.org", 2)
_SHORT = Message("room change", "secretary@lists.example.org", 3)

_STORY = (_NOTE, _TERM, _EXAMS, _SHORT, _TERM, _LIBRARY, _EXAMS, _NOTE, _TERM)

CASES = {
    case.name: case
    for case in (
        Case(
            "founding",
            "The sending and the receiving site have an inspecting firewall each; the first one "
            "masks a RCPT wherever a packet boundary cuts the verb, the second one masks the "
            "server's banner and keywords. Small messages pass.",
            Plan(SERVER, _STORY),
            profile="asa",
            second="asa",
        ),
        Case(
            "clean-twin",
            "The same messages with the same packet boundaries, and nothing on the path rewrites "
            "anything.",
            Plan(SERVER, _STORY),
        ),
        Case(
            "sync-error",
            "An Exim that enforces synchronisation drops the connection at the masked RCPT, "
            "because more commands wait behind it; the message is lost on every try.",
            Plan(SERVER, (_TERM, _NOTE, _TERM, _TERM)),
            profile="asa",
            quirks=("strict",),
        ),
        Case(
            "ehlo-refused",
            "The firewall masks EHLO; the client falls back to HELO, pipelines all the same, and "
            "Exim drops the connection.",
            Plan(SERVER, (Message("start of term", "registrar@example.org", 12),)),
            profile="pix",
            quirks=("strict",),
        ),
        Case(
            "terminator-swallowed",
            "The dot that ends the message comes in a packet of its own, which the firewall never "
            "passes on; the client sends it again and again and gives up.",
            Plan(SERVER, (replace(_NOTE, last=3),), patience=5.0),
            profile="asa-dot",
        ),
        Case(
            "offloaded",
            "The sender's kernel leaves segmentation to its network card, so that the capture "
            "taken on the sender shows payloads larger than the MSS.",
            Plan(SERVER, (replace(_EXAMS, recipients=80, cuts=(2, 20)),)),
            profile="asa",
            cut=1448,
            offload=True,
        ),
        Case(
            "disorder",
            "Packets are lost, swapped, sent twice and sent again with another cut, always with "
            "the same bytes; the mail is delivered.",
            Plan(
                SERVER,
                (Message("term dates", "registrar@example.org", 90, (20, 21, 22, 23, 24, 20, 21)),),
                size=536,
            ),
            fates={2: "duplicate", 3: "swap", 5: "overlap", 7: "drop"},
        ),
        Case(
            "ipv6",
            "A masked RCPT in a conversation over IPv6.",
            Plan(SERVER6, (Message("library hours", "librarian@lists.example.org", 40, (3,)),)),
            profile="asa",
        ),
        Case(
            "vlan",
            "A masked RCPT on a path where frames carry a VLAN tag.",
            Plan(SERVER, (Message("examination lists", "secretary@lists.example.org", 40, (1,)),)),
            profile="asa",
            tag=42,
        ),
        *PATHS,
        *FAULTS,
        *MASKS,
    )
}
"""By name."""
