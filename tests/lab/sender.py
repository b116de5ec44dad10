"""An SMTP client, which sends as it is told to: see `lab.manners`.

It runs as a process in the sender's namespace, reads its plan (JSON) from standard input, and
prints what it did in each attempt and what came of it, one JSON object a line.
"""

from __future__ import annotations

import json
import socket
import ssl
import struct
import sys
import time
from dataclasses import asdict, dataclass

from lab.manners import MANNERS, Deed, RefusedError
from lab.message import Message

_PATIENCE_SECONDS = 8.0
_PAUSE_SECONDS = 0.3
_LINE_LIMIT = 4096
_SMTP = 25


@dataclass(frozen=True)
class Plan:
    """All that one sender does, one attempt after another."""

    server: str
    messages: tuple[Message, ...]
    """In the order of the attempts; the same message again is a retry of it."""
    size: int = 0
    """Own limit on the maximum segment size, in bytes; 0 leaves it to the path's MTU."""
    patience: float = _PATIENCE_SECONDS
    """Seconds to wait for a reply."""
    first_port: int = 33738
    """The port of the first attempt; each later one takes the next."""

    def dump(self) -> str:
        """The plan as the sender process reads it."""
        return json.dumps(asdict(self))


def load(text: str) -> Plan:
    """The plan that `Plan.dump` wrote."""
    given = json.loads(text)
    messages = tuple(Message(**{**row, "cuts": tuple(row["cuts"])}) for row in given["messages"])
    return Plan(**{**given, "messages": messages})


class Client:
    """One SMTP session."""

    def __init__(self, plan: Plan, message: Message, port: int) -> None:
        ipv6 = ":" in plan.server
        family = socket.AF_INET6 if ipv6 else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.settimeout(plan.patience)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if plan.size:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, plan.size)
        self._socket.bind((message.source or ("::" if ipv6 else "0.0.0.0"), port))  # noqa: S104 - of the namespace
        self._socket.connect((plan.server, _SMTP))
        self._lines = self._socket.makefile("rb")
        self._sent = 0
        self.deeds: list[Deed] = []
        self.offers: set[str] = set()

    @property
    def segment_size(self) -> int:
        """Payload bytes of a full packet."""
        return self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG)

    def did(self, kind: str, text: bytes, ahead: int = 0) -> None:
        """Note something for the report: what is sent next, or so many bytes after that."""
        self.deeds.append(Deed(kind, self._sent + ahead, text.decode("latin-1")))

    def send(self, octets: bytes) -> None:
        """Send some octets, in one piece as far as the path lets them."""
        self._socket.sendall(octets)
        self._sent += len(octets)

    def pause(self) -> None:
        """Let what has been sent leave, so that what comes next gets a packet of its own."""
        time.sleep(_PAUSE_SECONDS)

    def ask(self, line: str, code: int) -> None:
        """Send a command, and go on only with this reply to it."""
        self.send(f"{line}\r\n".encode())
        self.expect(code)

    def hello(self) -> None:
        """Say EHLO; where that is refused, HELO."""
        try:
            self.ask("EHLO mail.example.org", 250)
        except RefusedError:
            self.offers = set()
            self.ask("HELO mail.example.org", 250)

    def expect(self, code: int) -> None:
        """Go on only with this reply."""
        got = self.reply()
        if got != code:
            raise RefusedError(f"{got} instead of {code}")

    def reply(self) -> int:
        """The code of the next reply; its further lines are kept as what the server offers."""
        offers: set[str] = set()
        while True:
            line = self._lines.readline(_LINE_LIMIT)
            if not line:
                raise RefusedError("connection closed")
            offers.add(line[4:].decode("latin-1").strip())
            if line[:3].isdigit() and line[3:4] != b"-":
                self.offers = offers if len(offers) > 1 else self.offers
                return int(line[:3])

    def encrypt(self) -> None:
        """Go on under TLS, with whomever it may be: nobody has signed the lab's certificates."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self._lines.close()
        self._socket = context.wrap_socket(self._socket)
        self._lines = self._socket.makefile("rb")

    def close(self) -> None:
        """End the connection in an orderly way."""
        self._lines.close()
        self._socket.close()

    def abandon(self) -> None:
        """Give up: reset the connection, as a client does that cannot get rid of its data."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()


def attempt(plan: Plan, message: Message, port: int) -> dict[str, object]:
    """One try to deliver one message, and what came of it."""
    client = Client(plan, message, port)
    row: dict[str, object] = {"port": port, "message": message.name}
    try:
        refused = MANNERS[message.manner](client, message)
    except TimeoutError:
        client.abandon()
        row |= {"outcome": "timed out"}
    except (RefusedError, ConnectionError) as error:
        client.close()
        row |= {"outcome": f"lost: {error}"}
    else:
        client.close()
        row |= {"outcome": "sent", "refused": refused}
    return row | {"deeds": [asdict(deed) for deed in client.deeds]}


def main() -> None:
    """Carry out the plan on standard input."""
    plan = load(sys.stdin.read())
    for index, message in enumerate(plan.messages):
        row = attempt(plan, message, plan.first_port + index)
        sys.stdout.write(json.dumps(row) + "\n")
        time.sleep(0.15)


if __name__ == "__main__":
    main()
