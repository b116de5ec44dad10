"""What the numbers of a reply mean, in words: reply codes and enhanced status codes."""

from __future__ import annotations

import re
from typing import Final

_CODES: Final = re.compile(rb"(\d{3})(?:[ -](?:([245])\.(\d{1,3})\.(\d{1,3})(?=[ \r]|$))?|\r|$)")
_FIRST: Final = {
    b"2": "done",
    b"3": "go on",
    b"4": "not now, to be tried again",
    b"5": "refused for good",
}
"""RFC 5321, 4.2.1, by the first digit."""
_CLASSES: Final = {b"2": "success", b"4": "failure for now", b"5": "failure for good"}
_SUBJECTS: Final = {
    0: "no more is said",
    1: "address",
    2: "mailbox",
    3: "mail system",
    4: "network and routing",
    5: "mail protocol",
    6: "content or media",
    7: "security or policy",
}
_DETAILS: Final = {
    (1, 1): "no such mailbox",
    (1, 2): "no such system",
    (1, 3): "bad address syntax",
    (1, 5): "address valid",
    (1, 6): "mailbox has moved",
    (1, 7): "bad sender's address syntax",
    (1, 8): "sender's system not known",
    (1, 10): "recipient's domain takes no mail",
    (2, 1): "mailbox disabled",
    (2, 2): "mailbox full",
    (2, 3): "message too long for the mailbox",
    (3, 1): "mail system full",
    (3, 2): "takes no messages now",
    (3, 4): "message too big for the system",
    (4, 1): "no answer from the next host",
    (4, 2): "bad connection",
    (4, 3): "directory server failed",
    (4, 4): "no route",
    (4, 5): "system overloaded",
    (4, 6): "routing loop",
    (4, 7): "delivery time expired",
    (5, 0): "unspecified",
    (5, 1): "invalid command",
    (5, 2): "syntax error",
    (5, 3): "too many recipients",
    (5, 4): "invalid arguments",
    (5, 6): "authentication exchange line too long",
    (6, 0): "unspecified",
    (6, 3): "conversion needed and not supported",
    (7, 0): "unspecified",
    (7, 1): "not authorised, message refused",
    (7, 8): "credentials invalid",
    (7, 9): "authentication mechanism too weak",
    (7, 11): "encryption required",
    (7, 25): "no reverse DNS",
    (7, 26): "authentication of the sender's domain failed",
}
"""Of the IANA registry of RFC 5248, those that mail logs hold."""


def codes(text: bytes) -> tuple[int, str]:
    """Reply code and enhanced status code of a line; 0 and nothing where it has none."""
    found = _CODES.match(text)
    if found is None:
        return 0, ""
    enhanced = b".".join(found.groups()[1:]) if found[2] else b""
    return int(found[1]), enhanced.decode()


def meaning(text: bytes) -> str:
    """``550: refused for good``; ``5.1.1: failure for good, address: no such mailbox``."""
    found = _CODES.match(text)
    if found is None:
        return ""
    if not found[2]:
        said = _FIRST.get(found[1][:1])
        return f"{found[1].decode()}: {said}" if said else ""
    subject, detail = int(found[3]), int(found[4])
    more = _DETAILS.get((subject, detail))
    said = f"{_CLASSES[found[2]]}, {_SUBJECTS.get(subject, 'unknown subject')}"
    return f"{codes(text)[1]}: {said}" + (f": {more}" if more else "")
