"""An SMTP client that pipelines as large mail systems do: one write for MAIL, every RCPT and DATA.

It runs as a process in the sender's namespace, reads its plan (JSON) from standard input, and
prints what came of each attempt, one JSON object a line.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import time
from dataclasses import asdict, dataclass

from lab.message import Message

_PATIENCE_SECONDS = 8.0
_LINE_LIMIT = 4096
_SMTP = 25


class RefusedError(Exception):
    """The server said something that ends the attempt, or nothing at all."""


@dataclass(frozen=True)
class Plan:
    """All that one sender does, one attempt after another."""

    server: str
    messages: tuple[Message, ...]
    """In the order of the attempts; the same message again is a retry of it."""
    size: int = 0
    """Own limit on the maximum segment size, in bytes; 0 leaves it to the path's MTU."""
    lone_dot: bool = False
    """Send the end of message data in a packet of its own."""
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

    def __init__(self, plan: Plan, port: int) -> None:
        family = socket.AF_INET6 if ":" in plan.server else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.settimeout(plan.patience)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if plan.size:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, plan.size)
        self._socket.bind(("::" if ":" in plan.server else "0.0.0.0", port))  # noqa: S104 - of the namespace
        self._socket.connect((plan.server, _SMTP))
        self._lines = self._socket.makefile("rb")
        self._plan = plan

    def deliver(self, message: Message) -> list[int]:
        """Send one message; gives the reply codes to MAIL and each RCPT."""
        self._expect(220)
        self._hello()
        group = message.group(self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG))
        self._socket.sendall(group)
        codes = [self._reply() for _ in range(message.recipients + 1)]
        self._expect(354)
        self._text(message.text())
        self._expect(250)
        self._ask("QUIT", 221)
        return codes

    def close(self) -> None:
        """End the connection in an orderly way."""
        self._lines.close()
        self._socket.close()

    def abandon(self) -> None:
        """Give up: reset the connection, as a client does that cannot get rid of its data."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def _hello(self) -> None:
        try:
            self._ask("EHLO mail.example.org", 250)
        except RefusedError:
            self._ask("HELO mail.example.org", 250)

    def _text(self, text: bytes) -> None:
        if not self._plan.lone_dot:
            self._socket.sendall(text + b".\r\n")
            return
        self._socket.sendall(text)
        time.sleep(0.3)
        self._socket.sendall(b".\r\n")

    def _ask(self, line: str, code: int) -> None:
        self._socket.sendall(f"{line}\r\n".encode())
        self._expect(code)

    def _expect(self, code: int) -> None:
        got = self._reply()
        if got != code:
            raise RefusedError(f"{got} instead of {code}")

    def _reply(self) -> int:
        while True:
            line = self._lines.readline(_LINE_LIMIT)
            if not line:
                raise RefusedError("connection closed")
            if line[3:4] != b"-":
                return int(line[:3])


def attempt(plan: Plan, message: Message, port: int) -> dict[str, object]:
    """One try to deliver one message, and what came of it."""
    client = Client(plan, port)
    try:
        codes = client.deliver(message)
    except TimeoutError:
        client.abandon()
        return {"port": port, "message": message.name, "outcome": "timed out"}
    except (RefusedError, ConnectionError) as error:
        client.close()
        return {"port": port, "message": message.name, "outcome": f"lost: {error}"}
    client.close()
    refused = sum(code != 250 for code in codes[1:])
    return {"port": port, "message": message.name, "outcome": "sent", "refused": refused}


def main() -> None:
    """Carry out the plan on standard input."""
    plan = load(sys.stdin.read())
    for index, message in enumerate(plan.messages):
        row = attempt(plan, message, plan.first_port + index)
        sys.stdout.write(json.dumps(row) + "\n")
        time.sleep(0.15)


if __name__ == "__main__":
    main()
