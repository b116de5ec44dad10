"""Senders, recipients, and the lengths that decide where a segment boundary falls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from random import Random

DOMAINS: Final = ("cam.example.net", "mail.example.com", "lists.example.org")
NAMES: Final = ("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy")

VERB: Final = len(b"RCPT")


class Envelope(NamedTuple):
    """Who sends a message, and to whom."""

    sender: str
    recipients: tuple[str, ...]

    @property
    def lines(self) -> tuple[bytes, ...]:
        """MAIL and RCPT commands, each with its CRLF."""
        to = (f"RCPT TO:<{mailbox}>\r\n".encode() for mailbox in self.recipients)
        return (f"MAIL FROM:<{self.sender}>\r\n".encode(), *to)


def short(random: Random, count: int) -> Envelope:
    """A few recipients; the sender is nobody else's, so that no other flow is a retry."""
    people = random.sample(NAMES, count)
    mailboxes = tuple(f"{name}{random.randrange(1000)}@{DOMAINS[0]}" for name in people)
    return Envelope(f"{_bounce(random)}@{random.choice(DOMAINS)}", mailboxes)


def long(random: Random, count: int, boundary: int, inside: int) -> Envelope:
    """Recipients of a mailing list, with a sender as long as the boundary needs.

    Args:
        random: chance.
        count: how many recipients; their commands must reach beyond the boundary.
        boundary: bytes of the pipelined group before the first segment boundary: the MSS.
        inside: bytes of a RCPT line that lie before the boundary; 0 puts it between two lines.
    """
    first = random.randrange(10_000 - count)
    mailboxes = tuple(f"recipient{first + n:04d}@{DOMAINS[0]}" for n in range(count))
    bare = Envelope(f"{_bounce(random)}@{DOMAINS[2]}", mailboxes)
    mail, line = len(bare.lines[0]), len(bare.lines[1])
    padding = "-" * ((boundary - inside - mail) % line)
    return bare._replace(sender=bare.sender.replace("@", f"{padding}@"))


def _bounce(random: Random) -> str:
    """A local part of constant length, as a list manager makes for each message."""
    return f"bounce-{random.getrandbits(48):012x}"
