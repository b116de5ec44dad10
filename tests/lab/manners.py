"""How a message is sent: as large mail systems do, and in the ways that go wrong at the sender.

Each manner carries one message through one session and gives the number of refused recipients.
What it does wrong it reports as deeds; these are the truth about a sender's faults.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lab.message import Message
    from lab.sender import Client

_END = b"\r\n.\r\n"


class RefusedError(Exception):
    """The server said something that ends the attempt, or nothing at all."""


@dataclass(frozen=True)
class Deed:
    """Something that a sender did and that there is a rule for."""

    kind: str
    """`no-terminator`, `lone-dot`, `chunk-size`, `ambiguous-end` or `early`."""
    offset: int
    """Of its first octet, in all that the client has sent, from 0."""
    text: str


def pipelined(client: Client, message: Message) -> int:
    """One write for MAIL, every RCPT and DATA; then the text, with or without a seam at its end."""
    _greet(client)
    refused = _group(client, message)
    whole = message.text() + b".\r\n"
    head = len(whole) - message.last
    client.send(whole[:head])
    if message.last:
        client.pause()
        client.send(whole[head:])
    return _finish(client, refused)


def stepwise(client: Client, message: Message) -> int:
    """Each command by itself, as without PIPELINING."""
    _greet(client)
    codes = []
    for line in message.envelope():
        client.send(line.encode())
        codes.append(client.reply())
    client.ask("DATA", 354)
    client.send(message.text() + b".\r\n")
    return _finish(client, _refused(codes))


def unterminated(client: Client, message: Message) -> int:
    """The last line has no line end of its own, so that the dot behind it ends nothing."""
    _greet(client)
    refused = _group(client, message)
    text = message.text().removesuffix(b"\r\n") + b".\r\n"
    line = text.rindex(b"\r\n", 0, -2) + 2
    client.did("no-terminator", text[line:], line)
    client.send(text)
    return _finish(client, refused)


def unstuffed(client: Client, message: Message) -> int:
    """A lone dot in the text is not doubled: the rest of the text arrives as commands."""
    _greet(client)
    refused = _group(client, message)
    text = message.text() + b".\r\n"
    client.did("lone-dot", b".\r\n", text.index(_END) + 2)
    client.send(text)
    return _finish(client, refused)


def ambiguous(client: Client, message: Message) -> int:
    """What some servers take for the end of the message, and behind it another envelope."""
    _greet(client)
    refused = _group(client, message)
    text = message.text() + b".\r\n"
    place = text.index(b"MAIL FROM:") - len(_doubtful(message))
    client.did("ambiguous-end", _doubtful(message), place)
    client.send(text)
    return _finish(client, refused)


def chunked(client: Client, message: Message) -> int:
    """MAIL and RCPT, and the text as one BDAT chunk, which may be said to be of another size."""
    _greet(client)
    client.send("".join(message.envelope()).encode())
    codes = [client.reply() for _ in range(message.recipients + 1)]
    text = message.text()
    command = f"BDAT {len(text) + message.amiss} LAST\r\n".encode()
    if message.amiss:
        client.did("chunk-size", command.strip())
    client.send(command + text)
    return _finish(client, _refused(codes))


def encrypted(client: Client, message: Message) -> int:
    """TLS where it is offered, and where it is not or is refused, without: opportunistic TLS."""
    client.expect(220)
    client.hello()
    if "STARTTLS" in client.offers:
        _secure(client)
    return _rest(client, message)


def insistent(client: Client, message: Message) -> int:
    """STARTTLS whether it is offered or not; where it is refused, no TLS."""
    client.expect(220)
    client.hello()
    _secure(client)
    return _rest(client, message)


def early(client: Client, message: Message) -> int:
    """Talk before the server does."""
    client.did("early", b"EHLO mail.example.org\r\n")
    client.send(b"EHLO mail.example.org\r\n")
    client.expect(220)
    client.expect(250)
    return _rest(client, message)


def _greet(client: Client) -> None:
    client.expect(220)
    client.hello()


def _group(client: Client, message: Message) -> int:
    """Send the envelope and DATA in one piece; gives the number of refused recipients."""
    client.send(message.group(client.segment_size))
    codes = [client.reply() for _ in range(message.recipients + 1)]
    client.expect(354)
    return _refused(codes)


def _rest(client: Client, message: Message) -> int:
    refused = _group(client, message)
    client.send(message.text() + b".\r\n")
    return _finish(client, refused)


def _secure(client: Client) -> None:
    with contextlib.suppress(RefusedError):
        client.ask("STARTTLS", 220)
        client.encrypt()
        client.hello()


def _finish(client: Client, refused: int) -> int:
    """The reply to the message; then QUIT, and whatever else the server has to say."""
    taken = client.reply()
    client.send(b"QUIT\r\n")
    with contextlib.suppress(RefusedError, ConnectionError):
        while client.reply() != 221:
            pass
    if taken != 250:
        raise RefusedError(f"{taken} instead of 250")
    return refused


def _refused(codes: list[int]) -> int:
    return sum(code != 250 for code in codes[1:])


def _doubtful(message: Message) -> bytes:
    """The sequence in question: what the message's own ending begins with."""
    return message.ending.partition("MAIL FROM:")[0].encode()


MANNERS: Mapping[str, Callable[[Client, Message], int]] = {
    "pipelined": pipelined,
    "stepwise": stepwise,
    "unterminated": unterminated,
    "unstuffed": unstuffed,
    "ambiguous": ambiguous,
    "chunked": chunked,
    "encrypted": encrypted,
    "insistent": insistent,
    "early": early,
}
"""By the name that a message gives."""
