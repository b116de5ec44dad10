"""Our rows in the form in which Zeek and Suricata tell of mail: one envelope after the other.

A new one begins with MAIL, and where RSET, a hello, or the end of a message has ended the last;
refused commands end and begin none.  A connection without any is one, as both peers count it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from dissect.analysis.model import FlowDetail, Row, RowKind
from dissect.detect import masks
from dissect.detect.traits import HELLOS

if TYPE_CHECKING:
    from collections.abc import Iterator

IDLE: Final = frozenset({"QUIT", "NOOP", "VRFY", "EXPN", "HELP", "AUTH", "STARTTLS", "RSET", ""})
"""Verbs that are no part of a mail."""

FAILURE: Final = 400


@dataclass
class Mail:
    """One envelope, and what became of it."""

    detail: FlowDetail
    helo: str = ""
    helo_size: int = 0
    """Bytes of the line with the name, of which only the beginning is kept."""
    sender: str = ""
    recipients: list[str] = field(default_factory=list)
    replies: list[bytes] = field(default_factory=list)
    """The last line of each reply to one of its commands."""
    begun: bool = False
    over: bool = False


class _Envelopes:
    """The envelopes of a flow, while they are read."""

    def __init__(self, detail: FlowDetail) -> None:
        self.detail = detail
        self.rows = {row.number: row for row in detail.rows}
        self.helo, self.helo_size = "", 0
        self.mail = Mail(detail)
        self.last: list[bytes] = []
        """Replies to hellos and other commands between mails."""

    def command(self, row: Row) -> Iterator[Mail]:
        """Take a command; give the mail that it ends."""
        reply = self.rows.get(row.partner) if row.partner is not None else None
        refused = reply is not None and reply.code >= FAILURE
        if row.verb in HELLOS or row.verb == "RSET":
            if not refused:
                yield from self.flush()
            if row.verb in HELLOS and not refused:
                self.helo = row.text[len(row.verb) :].strip().decode("utf-8", "backslashreplace")
                self.helo_size = row.size
        elif row.verb == "MAIL" and not refused:
            yield from self.flush()
            self.mail.sender = masks.path(row.text)
        elif row.verb == "RCPT":
            self.mail.recipients.append(masks.path(row.text))
        self._note(row, reply)
        if row.kind is RowKind.MESSAGE or (row.verb == "BDAT" and _is_last(row) and not refused):
            yield from self.flush()

    def _note(self, row: Row, reply: Row | None) -> None:
        self.mail.begun |= row.verb not in IDLE | HELLOS or row.kind is RowKind.MESSAGE
        if reply is not None and row.verb not in ("QUIT", "RSET"):
            self.last = [reply.text.rpartition(b"\r\n")[2]]
            self.mail.replies += self.last

    def flush(self, *, always: bool = False) -> Iterator[Mail]:
        """End the mail that has begun."""
        mail, self.mail = self.mail, Mail(self.detail)
        if mail.begun or always:
            mail.helo, mail.helo_size = self.helo, self.helo_size
            mail.replies = mail.replies or self.last
            yield mail


def _is_last(row: Row) -> bool:
    return row.text.upper().split()[-1] == b"LAST"


def mails(detail: FlowDetail) -> list[Mail]:
    """The envelopes of a flow; one that is empty where there is none."""
    envelopes = _Envelopes(detail)
    found = []
    for row in detail.rows:
        if row.kind is RowKind.COMMAND or (
            row.kind is RowKind.MESSAGE and not row.text.endswith(b"(BDAT)")
        ):
            found += list(envelopes.command(row))
    return found + list(envelopes.flush(always=not found))
