"""A conversation over real sockets on loopback, with a verb that was cut and masked on its way."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Told = Callable[[bytes], object]

BANNER: Final = b"220 ****************************************22*****\r\n"
_APART: Final = 0.05
"""Seconds between two pieces, so that they are two segments."""
_CLIENT: Final = (
    (b"EHLO mail.example.org\r\n",),
    (b"MAIL FROM:<a@example.org>\r\n",),
    (b"RCPT TO:<one@example.net>\r\n",),
    (b"RCPT TO:<two@example.net>\r\nXX", b"XX TO:<three@example.net>\r\n"),
    (b"DATA\r\n",),
    (b"Subject: hello\r\n\r\nhello\r\n.\r\n",),
    (b"QUIT\r\n",),
)
_SERVER: Final = (
    (b"250-mx.example.net\r\n250 PIPELINING\r\n",),
    (b"250 OK\r\n",),
    (b"250 Accepted\r\n",),
    (b"250 Accepted\r\n500 unrecognized command\r\n",),
    (b"354 go ahead\r\n",),
    (b"250 OK id=1\r\n",),
    (b"221 bye\r\n",),
)


@contextmanager
def mail_server() -> Iterator[int]:
    """A server that answers what a client is about to say; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1]


def _serve(listener: socket.socket) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            _answer(connection)


def _answer(connection: socket.socket) -> None:
    connection.sendall(BANNER)
    for said, answers in zip(_CLIENT, _SERVER, strict=True):
        _read(connection, sum(map(len, said)))
        _say(connection, answers)
    connection.recv(1)


def _read(connection: socket.socket, size: int) -> None:
    while size > 0 and (data := connection.recv(size)):
        size -= len(data)


def _say(connection: socket.socket, pieces: tuple[bytes, ...], about_to: Told = len) -> None:
    for number, piece in enumerate(pieces):
        time.sleep(_APART if number else 0)
        about_to(piece)
        connection.sendall(piece)


def talk(port: int) -> None:
    """Say all of it, and leave."""
    for _ in steps(port):
        pass


def steps(port: int, about_to: Told = len) -> Iterator[None]:
    """Say it, command by command; ``about_to`` is told of each piece before it is sent."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _read(connection, len(BANNER))
        for said, answers in zip(_CLIENT, _SERVER, strict=True):
            _say(connection, said, about_to)
            _read(connection, sum(map(len, answers)))
            yield
