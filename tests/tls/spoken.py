r"""Sessions of OpenSSL that never see a network: both ends in this process, as segments.

    talk = Talk(tmp_path, "ECDHE-RSA-CHACHA20-POLY1305")
    talk.shake()
    talk.client(b"EHLO mail.example.org\r\n")
    talk.server(b"250 mx.example.net\r\n")
    talk.wire.segments

The key log is ``talk.keylog``.
"""

from __future__ import annotations

import atexit
import ssl
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from support.wire import Conversation, Setting, Speaker

from dissect.evidence import Endpoint

_Pair = tuple[ssl.SSLContext, ssl.SSLContext]

NEWEST: Final = ssl.TLSVersion.TLSv1_3


@cache
def certificate() -> tuple[Path, Path]:
    """A certificate and its key, made once."""
    place = TemporaryDirectory(prefix="seamark-tls-")
    atexit.register(place.cleanup)
    folder = Path(place.name)
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=mx.example.net",
         "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


class _End:
    """One end: what it reads, what it writes, and the side that sends it."""

    def __init__(self, context: ssl.SSLContext, speaker: Speaker, **how: object) -> None:
        self.reads, self.writes = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.reads, self.writes, **how)  # type: ignore[arg-type]
        self.speaker = speaker

    def send(self, other: _End, cuts: tuple[int, ...] = ()) -> None:
        """Put what it has written on the wire."""
        data = self.writes.read()
        if data:
            self.speaker.send(data, cuts)
            other.reads.write(data)


class Talk:
    """One connection.

    Args:
        folder: where the key log is written.
        ciphers: of TLS 1.2; none for TLS 1.3.
        start: whether TLS begins with STARTTLS, on port 25.
        before: an earlier one, whose session is resumed.
    """

    def __init__(
        self,
        folder: Path,
        ciphers: str = "",
        *,
        start: bool = True,
        before: Talk | None = None,
    ) -> None:
        self.keylog = folder / "session.keys"
        client = Endpoint("192.0.2.10", 40_000 if before else 33_738)
        server = Endpoint("192.0.2.25", 25 if start else 465)
        self.wire = Conversation(Setting(client=client, server=server, start=1e9 + client.port))
        self.wire.open()
        self._contexts: _Pair = before._contexts if before else _contexts(self.keylog, ciphers)
        session = before._client.tls.session if before else None
        self._client: _End = _End(self._contexts[0], self.wire.client, session=session)
        self._server = _End(self._contexts[1], self.wire.server, server_side=True)
        if start:
            self.wire.server.send(b"220 mx.example.net ESMTP\r\n")
            self.wire.client.send(b"EHLO mail.example.org\r\n")
            self.wire.server.send(b"250-mx.example.net\r\n250 STARTTLS\r\n")
            self.wire.client.send(b"STARTTLS\r\n")
            self.wire.server.send(b"220 2.0.0 Ready\r\n")

    def shake(self) -> None:
        """Begin TLS."""
        ends = ((self._client, self._server), (self._server, self._client))
        done: set[_End] = set()
        while len(done) < len(ends):
            for end, other in ends:
                try:
                    end.tls.do_handshake()
                    done.add(end)
                except ssl.SSLWantReadError:
                    pass
                end.send(other)

    def client(self, *records: bytes, cuts: tuple[int, ...] = ()) -> None:
        """The client says something, a record for each."""
        self._say(self._client, self._server, records, cuts)

    def server(self, *records: bytes, cuts: tuple[int, ...] = ()) -> None:
        """The server answers."""
        self._say(self._server, self._client, records, cuts)

    @property
    def resumed(self) -> bool | None:
        """Whether it goes on with an earlier session."""
        return self._client.tls.session_reused

    @staticmethod
    def _say(end: _End, other: _End, records: tuple[bytes, ...], cuts: tuple[int, ...]) -> None:
        for record in records:
            end.tls.write(record)
        end.send(other, cuts)
        for _ in records:
            other.tls.read(1 << 16)


def _contexts(keylog: Path, ciphers: str) -> _Pair:
    """The client's, which logs its keys, and the server's."""
    client = _context(ssl.PROTOCOL_TLS_CLIENT, ciphers)
    server = _context(ssl.PROTOCOL_TLS_SERVER, ciphers)
    client.keylog_filename = str(keylog)
    server.load_cert_chain(*certificate())
    return client, server


def _context(protocol: int, ciphers: str) -> ssl.SSLContext:
    """A context for one version."""
    context = ssl.SSLContext(protocol)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    version = ssl.TLSVersion.TLSv1_2 if ciphers else NEWEST
    context.minimum_version = context.maximum_version = version
    if ciphers:
        context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    return context
