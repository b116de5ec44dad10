"""Cases of the families of masks: what each make of inspection puts in place of what it hides."""

from __future__ import annotations

from dataclasses import replace

from lab.case import Case
from lab.message import Message
from lab.network import SERVER
from lab.sender import Plan

_NOTE = Message("minutes of the meeting", "registrar@example.org", 2)
_STEPWISE = replace(_NOTE, manner="stepwise")
_TERM = Message("start of term", "registrar@example.org", 40, (2,))

MASKS = (
    Case(
        "pix4",
        "A PIX 4: its own words in place of the greeting, and EHLO masked, so that the client "
        "says HELO.",
        Plan(SERVER, (_STEPWISE,)),
        profile="pix4",
        server="postfix",
    ),
    Case(
        "pix5-noop",
        "A PIX 5: asterisks in the greeting, and EHLO turned into NOOP, so that the client is "
        "told OK and nothing else.",
        Plan(SERVER, (_STEPWISE,)),
        profile="pix5",
        server="postfix",
        quirks=("dated-greeting",),
    ),
    Case(
        "greeting-hang",
        "A PIX masks the whole of a greeting of two lines, reply code of the last line included; "
        "the client waits for a greeting that has long been sent.",
        Plan(SERVER, (_NOTE,), patience=4.0),
        profile="pix-greeting",
        quirks=("long-greeting",),
    ),
    Case(
        "ios-lower-case",
        "An IOS firewall: EHLO masked in lower case.",
        Plan(SERVER, (_STEPWISE,)),
        profile="ios",
        server="postfix",
    ),
    Case(
        "asterisk-verbs",
        "A firewall of unknown make writes asterisks over a cut RCPT; Postfix takes that for no "
        "SMTP at all and hangs up.",
        Plan(SERVER, (_NOTE, _TERM)),
        profile="stars",
        server="postfix",
    ),
    Case(
        "asa-keywords",
        "A later ASA, whose greetings are all asterisks, in front of an Exim: XXXXXXXA was "
        "CHUNKING; the client asks for TLS all the same, and the verb is masked too.",
        Plan(SERVER, (replace(_NOTE, manner="insistent"),)),
        profile="asa-late",
        quirks=("strict",),
    ),
    Case(
        "postfix-asa-keywords",
        "A later ASA in front of a Postfix: XXXXXXXA was STARTTLS; the client asks for TLS all "
        "the same, and the verb is masked too.",
        Plan(SERVER, (replace(_NOTE, manner="insistent"),)),
        profile="asa-late",
        server="postfix",
    ),
    Case(
        "echo",
        "A firewall that masks verbs only, in front of a Sendmail, whose refusals quote what "
        "arrived: a STARTTLS that it had offered, and a cut RCPT.",
        Plan(SERVER, (replace(_NOTE, manner="encrypted"), _TERM)),
        profile="asa-verbs",
        server="sendmail",
    ),
)
