"""What a line of a log says, whichever server wrote it."""

from __future__ import annotations

import ipaddress
import re
from enum import Enum
from typing import Final, NamedTuple

MASK: Final = re.compile(r"[Xx]{3,}|\*{3,}")
"""A verb that an inspecting firewall has overwritten; XCLIENT and other real verbs are none."""


class What(Enum):
    """What has happened to a connection."""

    CONNECTED = "connected"
    ACCEPTED = "accepted"
    """A message, or with Postfix the first recipient of one."""
    REJECTED = "rejected"
    SYNC_ERROR = "synchronisation-error"
    """The client's next command came before the server had answered (RFC 2920, section 3.1)."""
    UNRECOGNISED = "unrecognised-command"
    LOST = "lost-connection"
    TIMEOUT = "timeout"
    TOO_MANY_ERRORS = "too-many-errors"
    INCOMPLETE = "incomplete-transaction"
    CLOSED = "closed"
    OTHER = "other"
    """Something else that a server of a known make says."""


class Client(NamedTuple):
    """Who was connected."""

    address: str
    """An IP address in its usual spelling."""
    port: int
    """0 where the log has none."""


class Said(NamedTuple):
    """The part of a line behind the stamp, understood."""

    what: What
    client: Client | None = None
    identity: str = ""
    """The server's name for the message or the session."""
    command: str = ""
    """The command that the server quotes, as it was logged."""
    after: str = ""
    """The command, in capitals, behind which it happened."""
    times: int = 1
    """How many commands it is about."""


class Entry(NamedTuple):
    """One line."""

    time: float
    """Seconds since the epoch."""
    make: str
    """``exim``, ``postfix`` or ``sendmail``."""
    said: Said
    text: str
    """The line behind its stamp; bytes that are no UTF-8 are lone surrogates. Not sanitised."""

    @property
    def verb(self) -> str:
        """The first word of the command that is quoted."""
        return self.said.command.split(" ", 1)[0].rstrip()

    @property
    def masked(self) -> bool:
        """Whether that is a verb no more."""
        return MASK.fullmatch(self.verb) is not None


def client(address: str, port: str | None = None) -> Client | None:
    """A client, where the address is one; scoped addresses are not, as they mean nothing here."""
    try:
        parsed = ipaddress.ip_address(address.removeprefix("IPv6:"))
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.scope_id is not None:
            return None
        return Client(str(parsed.ipv4_mapped or parsed), _port(port))
    return Client(str(parsed), _port(port))


def _port(port: str | None) -> int:
    """A TCP port, or 0."""
    number = int(port) if port else 0
    return number if number <= 0xFFFF else 0  # noqa: PLR2004 - the largest port
