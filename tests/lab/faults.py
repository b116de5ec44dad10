"""Cases of a sender's own faults, through a path that changes nothing."""

from __future__ import annotations

from dataclasses import replace

from lab.case import Case
from lab.message import Message
from lab.network import SERVER
from lab.sender import Plan

_PATIENCE_SECONDS = 4.0

_NOTE = Message("minutes of the meeting", "registrar@example.org", 2)

_SECOND = (
    "MAIL FROM:<dean@example.org>\r\nRCPT TO:<everybody@cam.example.net>\r\nDATA\r\n"
    "From: <dean@example.org>\r\nSubject: smuggled\r\n\r\nEverything is cancelled.\r\n"
)

_DOUBTFUL = ("\n.\n", "\n.\r\n", "\r\n.\n", "\r\n.\r", "\r.\r\n", "\r\n\0.\r\n")
"""What has been taken for CRLF.CRLF by one server or another (CVE-2023-51764 to -51766)."""

_SMUGGLED = tuple(
    replace(
        _NOTE, name=f"sequence {number}", recipients=1, manner="ambiguous", ending=end + _SECOND
    )
    for number, end in enumerate(_DOUBTFUL, 1)
)

_LONE_DOT = replace(
    _NOTE,
    manner="unstuffed",
    ending=".\r\nThe second part\r\nof the minutes\r\nis about rooms.\r\n",
)

_EARLY = replace(_NOTE, manner="early")

FAULTS = (
    Case(
        "missing-terminator",
        "The sender ends the message with a dot that does not begin a line, and waits for a reply "
        "that cannot come; no middlebox has a part in it.",
        Plan(SERVER, (replace(_NOTE, manner="unterminated"),), patience=_PATIENCE_SECONDS),
    ),
    Case(
        "unstuffed-dot",
        "The sender does not double a lone dot in the text, so that the message ends there and "
        "the rest of it arrives as commands.",
        Plan(SERVER, (_LONE_DOT,)),
    ),
    Case(
        "postfix-unstuffed-dot",
        "The same message, sent to a Postfix, which refuses one line of it after the other.",
        Plan(SERVER, (_LONE_DOT,)),
        server="postfix",
    ),
    Case(
        "bdat-size",
        "The sender says that its chunk is smaller than it is, and another time that it is larger.",
        Plan(
            SERVER,
            (
                replace(_NOTE, name="too small", manner="chunked", lines=3, amiss=-160),
                replace(_NOTE, name="too large", manner="chunked", lines=3, amiss=64),
            ),
            patience=_PATIENCE_SECONDS,
        ),
    ),
    Case(
        "smuggling",
        "Messages with another envelope inside, behind something that some servers take for the "
        "end of the message; this Postfix lets bare newlines pass.",
        Plan(SERVER, _SMUGGLED, patience=_PATIENCE_SECONDS),
        server="postfix",
        quirks=("bare-newlines",),
    ),
    Case(
        "smuggling-refused",
        "The same messages, sent to an Exim that knows about them.",
        Plan(SERVER, _SMUGGLED, patience=_PATIENCE_SECONDS),
    ),
    Case(
        "early-talker",
        "The client does not wait for the greeting, which this Exim is slow to give; it is "
        "turned away.",
        Plan(SERVER, (_NOTE, _EARLY)),
        quirks=("slow-greeting", "strict"),
    ),
    Case(
        "postfix-early-talker",
        "The client does not wait for the greeting, which this Postfix is slow to give, and which "
        "takes the mail all the same.",
        Plan(SERVER, (_NOTE, _EARLY)),
        server="postfix",
        quirks=("slow-greeting",),
    ),
)
