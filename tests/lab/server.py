"""What every mail server of the lab has in common: how it is started, and what its log tells.

Each make is a module (`lab.exim`, `lab.postfix`, `lab.sendmail`) with the three functions of
`Make`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from lab.process import run

if TYPE_CHECKING:
    from collections.abc import Collection
    from contextlib import AbstractContextManager
    from pathlib import Path

    from lab.network import Network

HOST = "mx.cam.example.net"
"""What every server calls itself."""

DOMAIN = "cam.example.net"
"""The domain that every server takes mail for."""


@dataclass(frozen=True)
class Server:
    """A running server."""

    pid: int
    diary: Path
    """Its log file."""

    def log(self) -> str:
        """Everything in the log so far."""
        if not self.diary.exists():
            return ""
        return self.diary.read_text(encoding="utf-8", errors="replace")


@dataclass(frozen=True)
class Receipt:
    """One message that a server took."""

    client: int
    """Port of the client."""
    recipients: frozenset[str]


@dataclass(frozen=True)
class Quote:
    """One command that a server did not know, and quoted when it said so."""

    client: int
    """Port of the client."""
    line: str
    """As it arrived, without its line end."""


@dataclass(frozen=True)
class Account:
    """What a server's log says of its clients, who are told apart by their ports."""

    clients: tuple[int, ...]
    """In the order in which they came."""
    receipts: tuple[Receipt, ...]
    hasty: tuple[int, ...]
    """Those that were dropped for talking too soon."""
    quoted: tuple[Quote, ...] = ()
    """What a server repeated in its replies; few do."""


class Make(Protocol):
    """One make of mail server."""

    def missing(self) -> str:
        """Why this server cannot run here, in one sentence; empty where it can."""

    def server(self, net: Network, quirks: Collection[str] = ()) -> AbstractContextManager[Server]:
        """The server on port 25 of the server's namespace, for a `with` block.

        Args:
            net: where.
            quirks: how it differs from what it is by default; each make has a table of them.
        """

    def account(self, log: str) -> Account:
        """What the log says."""


def listens(net: Network) -> bool:
    """Whether anything answers on port 25 of the server's namespace."""
    command = net.inside(net.server, "ss", "--listening", "--tcp", "--numeric", "--no-header")
    return ":25 " in run(command)


def certificate(home: Path) -> None:
    """Make a certificate that nobody else has signed, and its key, in a folder."""
    run([
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30"),
        *("-subj", f"/CN={HOST}", "-keyout", str(home / "key.pem")),
        *("-out", str(home / "certificate.pem")),
    ])  # fmt: skip
