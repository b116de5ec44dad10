"""A message that the server read as commands.

## What it reports
A run of refusals of lines that are text: behind a masked BDAT; behind a BDAT that is whole here
and was refused as unknown; or behind a refusal that the client did not heed, of DATA or of
message data that was still coming.

## Why it matters
A server that does not know BDAT, because the verb was masked, does not know either that a
message follows. It answers each line of the message with 500, and closes after a few. Lines of
a message that happen to be commands are carried out. The message is lost, and each retry too.

## What it cannot see
In front of the middlebox the octets of BDAT are not read, so that only the number of replies
shows how many lines the server saw. A run that somebody typed, line by line, is left alone.

## Example dialogue
    C: XXXX 2310 LAST
    C: Received: from mail.example.org …
    C: Subject: minutes
    S: 500 unrecognized command
    S: 500 unrecognized command
    S: 500 unrecognized command

## Remedy
Turn the SMTP inspection off, or CHUNKING. Where a client goes on behind a refusal, the sending
software is at fault.

## Sources
ASA-03: RFC 3030 section 2; Cisco document 117801, which says that CHUNKING is not supported.
PROTO-12: Cisco document 118495. RFC 5321 section 4.1.1.4. Postfix `src/smtpd/smtpd.c`
(`smtpd_forbidden_commands`), Exim `src/smtp_in.c` (`smtp_max_unknown_commands`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final, NamedTuple

from dissect.detect import envelope, masks, remedies, traits
from dissect.detect.context import Context
from dissect.detect.finding import Finding, Severity
from dissect.detect.rule import Info, Rule
from dissect.detect.storms import Storm
from dissect.dialogue import Ended, Transaction

KEPT: Final = 20
"""Transactions with a refusal that are remembered."""

CLOSING: Final = 421


class Cause(NamedTuple):
    """What made the server read text as commands."""

    words: str
    confidence: float
    severity: Severity
    remedy: tuple[str, ...]
    original: str = ""
    sender: bool = False
    """Whether it is the sender's fault, and no middlebox's."""


MASKED: Final = Cause(
    "because its BDAT was masked", 0.95, Severity.CRITICAL,
    (*remedies.FIREWALL, *remedies.NO_CHUNKING), "BDAT",
)  # fmt: skip
WHOLE: Final = Cause(
    "because BDAT, which is whole here, was unknown to it", 0.8, Severity.CRITICAL,
    (*remedies.FIREWALL, *remedies.NO_CHUNKING), "BDAT",
)  # fmt: skip
UNHEEDED: Final = Cause(
    "because the client sent it although DATA had been refused", 0.9, Severity.HIGH,
    ("The sending software must wait for the reply to DATA, and send nothing behind a refusal",),
    sender=True,
)  # fmt: skip
STREAMED: Final = Cause(
    "because the client went on sending it when it had been refused half-way", 0.85, Severity.HIGH,
    (
        "The sending software must read replies while it sends, and stop at a refusal",
        "Find out why the server refused it: its first refusal says so",
    ),
    sender=True,
)  # fmt: skip
"""Causes, with the confidence: ASA-03 (the mask shows it); ASA-03 seen from in front; PROTO-12."""


class BodyParsedAsCommands(Rule):
    """See the module."""

    info: ClassVar[Info] = Info(
        name="body-parsed-as-commands",
        group="mask",
        severity=Severity.CRITICAL,
        summary="A message that the server read as commands, because it did not see its beginning",
        sources=("ASA-03", "PROTO-12", "RFC 3030 section 2"),
    )
    concerns = traits.REFUSED | traits.UNANSWERED

    def __init__(self) -> None:
        self._seen: list[Transaction] = []

    def transaction(self, context: Context, transaction: Transaction) -> Iterator[Finding]:  # noqa: ARG002
        """Remember whose message a run can be of."""
        self._seen = [*self._seen[1 - KEPT :], transaction]
        yield from ()

    def ended(self, context: Context, ended: Ended) -> Iterator[Finding]:
        """All runs."""
        if not ended.client_seen or ended.partial:
            return
        for storm in context.storms:
            cause = _cause(storm)
            if cause is not None and storm.text:
                yield self._told(context, ended, storm, cause)

    def _told(self, context: Context, ended: Ended, storm: Storm, cause: Cause) -> Finding:
        """One run."""
        context.tally.sender_faults += cause.sender
        mail = self._mail(storm)
        people = len(mail.recipients) if mail else 0
        whom = f" for {people} recipient{'s' if people > 1 else ''}" if people else ""
        what = f"The message from <{mail.sender}>{whom} is" if mail else "A message is"
        lines = storm.count
        whose = "No middlebox is needed for this. " if cause.sender else ""
        return self.finding(
            context,
            (storm.cause.command or storm.cause.reply, storm.first),
            f"{lines} line{'s' if lines > 1 else ''} of a message {'were' if lines > 1 else 'was'} "
            f"read as commands, {cause.words}",
            severity=cause.severity,
            confidence=cause.confidence,
            observed=storm.cause.command.line if storm.cause.command else b"",
            original=cause.original,
            impact=f"{whose}{what} not accepted in this try; {_end(context, ended, storm)}.",
            remedy=cause.remedy,
            recipients=mail.recipients[:100] if mail else (),
        )

    def _mail(self, storm: Storm) -> envelope.Envelope | None:
        """The envelope of the message that became commands."""
        whole = (t for t in self._seen if any(e is storm.cause for e in t.exchanges))
        found = next(whole, None)
        return envelope.read(found) if found is not None else None


def _cause(storm: Storm) -> Cause | None:
    """What made the server read text; None where another rule says it, or nothing did."""
    command, reply, _ = storm.cause
    if command is None:
        return STREAMED
    mask = masks.verb(command)
    if mask is not None:
        return MASKED if mask.original == "BDAT" and storm.lines else None
    if reply is None or reply.positive:
        return None
    if command.verb == "DATA":
        return UNHEEDED if storm.lines else None
    return WHOLE if storm.unread else None


def _end(context: Context, ended: Ended, storm: Storm) -> str:
    """What the server did in the end."""
    last = context.last
    if any(reply is not None and reply.code == traits.LEAVING for _, reply, _ in storm.exchanges):
        return "the server said goodbye with 221, as Postfix does to a line of a header"
    if last is not None and last.code == CLOSING:
        return "the server closed the session with 421"
    if ended.closed and ended.closed[0].side.value == "server":
        return "the server closed the connection"
    return "the server let the client go on"
