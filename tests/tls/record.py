"""Records captures/tls: ``python -m tls.record`` in tests/, with dumpcap, ip, openssl and unshare.

A client and a server of Python talk on a loopback of their own, with documentation addresses.  The
client writes the records itself, so that it knows where each begins: several in a segment, one in
several, several lines in one, and lines that begin in one and end in the next.  The keys beside the
captures are those of these sessions, and of nothing else.
"""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).resolve().parent.parent.parent / "captures" / "tls"

CLIENT, SERVER = "192.0.2.10", "192.0.2.25"
VERSIONS: Final = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
PORTS: Final = {"starttls": 25, "implicit": 465}
PAUSE: Final = 0.05
CUT: Final = 1200
"""Bytes of a segment of message data."""

LINE: Final = b"All work and no play makes a dull boy of everybody who is on this list.\r\n"

HELLO: Final = b"250-mx.example.net\r\n250-PIPELINING\r\n"
ANSWERS: Final = {
    b"MAIL": b"250 2.1.0 Ok\r\n",
    b"RCPT": b"250 2.1.5 Ok\r\n",
    b"DATA": b"354 End data with .\r\n",
    b"AUTH": b"235 2.7.0 Authentication successful\r\n",
    b"QUIT": b"221 2.0.0 Bye\r\n",
}


def serve(listener: socket.socket, context: ssl.SSLContext, *, implicit: bool) -> None:
    """Take one connection, and answer to it."""
    peer, _ = listener.accept()
    wire = context.wrap_socket(peer, server_side=True) if implicit else peer
    wire.sendall(b"220 mx.example.net ESMTP\r\n")
    held, data = b"", False
    while got := wire.recv(1 << 16):
        held += got
        *lines, held = held.split(b"\r\n")
        for line in lines:
            if data:
                data = line != b"."
                if not data:
                    wire.sendall(b"250 2.0.0 Ok: queued\r\n")
            elif line == b"STARTTLS":
                wire.sendall(b"220 2.0.0 Ready to start TLS\r\n")
                wire = context.wrap_socket(peer, server_side=True)
            elif line.startswith(b"EHLO"):
                inside = isinstance(wire, ssl.SSLSocket)
                wire.sendall(HELLO + (b"250 AUTH PLAIN\r\n" if inside else b"250 STARTTLS\r\n"))
            else:
                data = line == b"DATA"
                unknown = b"500 5.5.1 Command unrecognized\r\n"
                wire.sendall(ANSWERS.get(line[:4], unknown))


class Client:
    """A client that writes records and segments as it is told."""

    def __init__(self, port: int, keylog: str, version: ssl.TLSVersion) -> None:
        self.wire = socket.create_connection((SERVER, port), source_address=(CLIENT, 0))
        self.wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.minimum_version = context.maximum_version = version
        context.keylog_filename = keylog
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out)

    def clear(self, line: bytes = b"") -> None:
        """Say something in the clear, and wait for the answer."""
        self.wire.sendall(line)
        self.wire.recv(1 << 16)

    def shake(self) -> None:
        """Begin TLS."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self.wire.sendall(self._out.read())
                self._in.write(self.wire.recv(1 << 16))
            else:
                self.wire.sendall(self._out.read())
                return

    def say(self, *records: bytes, cuts: tuple[int, ...] = (), answers: int = 1) -> None:
        """Write records, cut into segments at some bytes, and wait for so many answers."""
        for record in records:
            self._tls.write(record)
        sealed = self._out.read()
        for left, right in zip((0, *cuts), (*cuts, len(sealed)), strict=True):
            self.wire.sendall(sealed[left:right])
            time.sleep(PAUSE)
        self.hear(answers)

    def hear(self, answers: int = 1) -> None:
        """Wait for answers."""
        heard = b""
        while sum(line[3:4] == b" " for line in heard.split(b"\r\n")) < answers:
            try:
                heard += self._tls.read(1 << 16)
            except ssl.SSLWantReadError:
                self._in.write(self.wire.recv(1 << 16))


def converse(client: Client, *, implicit: bool, mask: bool) -> None:
    """All that is said."""
    if not implicit:
        client.clear()
        client.clear(b"EHLO mail.example.org\r\n")
        client.clear(b"STARTTLS\r\n")
    client.shake()
    if implicit:
        client.hear()
    client.say(b"EHLO mail.example.org\r\n")
    client.say(b"AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n")
    one = b"MAIL FROM:<alice@example.org>\r\nRCPT TO:<bob@example.net>\r\nRC"
    client.say(one, b"PT TO:<carol@example.net>\r\n", cuts=(30,), answers=3)
    if mask:
        client.say(b"XX", b"XX TO:<dave@example.net>\r\n")
    client.say(b"DATA\r\n")
    head = b"From: alice@example.org\r\nSubject: minutes\r\n\r\n"
    cuts = tuple(range(CUT, 16 * CUT, CUT))
    client.say(head, LINE * 300, b".\r\n", cuts=cuts)
    client.say(b"QUIT\r\n")
    client.wire.close()


def record(name: str, *, mask: bool = False, folder: Path = FOLDER) -> None:
    """One capture and its key log, both named after how it goes: ``starttls-1.3``."""
    way, _, version = name.partition("-")
    implicit = way == "implicit"
    listener = socket.create_server((SERVER, PORTS[way]))
    with tempfile.TemporaryDirectory() as place:
        cert, key = Path(place, "cert.pem"), Path(place, "key.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
             "-nodes", "-subj", "/CN=mx.example.net", "-keyout", str(key), "-out", str(cert)],
            check=True, capture_output=True,
        )  # fmt: skip
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
    threading.Thread(
        target=serve, args=(listener, context), kwargs={"implicit": implicit}, daemon=True
    ).start()
    stem = folder / (f"masked-{version}" if mask else name)
    keylog = stem.with_name(stem.name + ".keys")
    keylog.unlink(missing_ok=True)
    capture = ["dumpcap", "-q", "-P", "-i", "lo", "-f", "tcp", "-w", f"{stem}.pcap"]
    with subprocess.Popen(capture, stderr=subprocess.DEVNULL) as process:
        time.sleep(1)
        client = Client(PORTS[way], str(keylog), VERSIONS[version])
        converse(client, implicit=implicit, mask=mask)
        time.sleep(0.5)
        process.terminate()
    listener.close()


def main() -> None:
    """Record all of them, on a loopback of our own."""
    if os.environ.get("TLS_RECORD") != "inside":
        os.environ["TLS_RECORD"] = "inside"
        unshare = shutil.which("unshare") or "unshare"
        words = [unshare, "-rn", sys.executable, "-m", "tls.record", *sys.argv[1:]]
        os.execv(unshare, words)  # noqa: S606 - our own words
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for address in (CLIENT, SERVER):
        subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)
    folder = Path(sys.argv[1]) if sys.argv[1:] else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for way in PORTS:
        for version in VERSIONS:
            record(f"{way}-{version}", folder=folder)
    record("starttls-1.3", mask=True, folder=folder)


if __name__ == "__main__":
    main()
