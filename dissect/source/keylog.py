"""Keys of TLS sessions, as programs log them for Wireshark, and how tshark is told to use them.

With keys tshark shows what a record says through whatever dissector reads it; only the one that
knows nothing, ``data``, gives the bytes of every record as they are, and each by itself.  So that
it gets them, tshark takes what passes on a mail port for TLS, and its SMTP dissector is off: it
would claim what is inside a STARTTLS, and joins what came in several records.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from dissect.errors import CaptureError, ToolError, UsageError
from dissect.escape import visible
from dissect.source.filters import EMPTY, PATIENCE
from dissect.source.outcome import talk
from dissect.source.rights import NOBODY, unprivileged
from dissect.source.tshark import Tshark, install_command

PREFERENCE: Final = "tls.keylog_file:"

LINE: Final = re.compile(
    rb"(?:RSA|CLIENT_RANDOM|CLIENT_EARLY_TRAFFIC_SECRET|CLIENT_HANDSHAKE_TRAFFIC_SECRET"
    rb"|SERVER_HANDSHAKE_TRAFFIC_SECRET|CLIENT_TRAFFIC_SECRET_0|SERVER_TRAFFIC_SECRET_0"
    rb"|EARLY_EXPORTER_SECRET|EXPORTER_SECRET|PMS_CLIENT_RANDOM) "
)
"""How a line of such a file begins (RFC 9850, and what NSS wrote before)."""

SMTP: Final = re.compile(r"\b(?:smtp|imf)\b")
QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
"""In a display filter: what asks for SMTP, and what only quotes a text."""

HEAD: Final = 1 << 20
"""Bytes in which the first of them must stand; in front of it there may be comments."""

HOW: Final = "A client or server writes one where SSLKEYLOGFILE names the file: see docs/keylog.md."


def check(name: str, display_filter: str = "") -> str:
    """Look at a key log from outside, before tshark is asked; nothing of it is kept.

    Args:
        name: the file, as the user gave it.
        display_filter: what tshark is to pass.

    Returns:
        Its absolute path; empty for no file.

    Raises:
        UsageError: if it is no key log, or nothing could pass the display filter.
        CaptureError: if it cannot be read.
    """
    if not name:
        return ""
    if SMTP.search(QUOTED.sub("", display_filter)):
        raise UsageError(
            "With --keylog tshark's own SMTP dissector is off: a display filter finds no smtp.",
            "Filter by address, port or tcp.stream.",
        )
    head = _head(name)
    if head.strip() and not any(map(LINE.match, head.splitlines())):
        raise UsageError(f"{visible(name)} is no key log: no line in it is a TLS secret.", HOW)
    return str(Path(name).absolute())


def _head(name: str) -> bytes:
    """The first bytes of the file; one that is empty may still grow."""
    shown, path = visible(name), Path(name)
    try:
        if path.exists() and not path.is_file():
            raise UsageError(f"{shown} is no plain file, so tshark cannot read keys in it.", HOW)
        with path.open("rb") as file:
            return file.read(HEAD)
    except FileNotFoundError:
        raise CaptureError(f"{shown}: there is no such key log.", "Check the path.") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise CaptureError(f"The key log {shown} cannot be read: {why}.", "Check it.") from error


def options(path: str, ports: Iterable[int]) -> tuple[str, ...]:
    """What tells tshark of a key log; nothing without one.

    Args:
        path: from ``check``.
        ports: that speak SMTP.
    """
    if not path:
        return ()
    decode = [
        part
        for port in sorted(ports)
        for part in ("-d", f"tcp.port=={port},tls", "-d", f"tls.port=={port},data")
    ]
    return (
        "-o", PREFERENCE + path,
        "-o", "tls.desegment_ssl_records:TRUE",
        "-o", "tcp.desegment_tcp_streams:TRUE",
        "-o", "tcp.reassemble_out_of_order:TRUE",
        "--disable-protocol", "smtp",
        *decode,
    )  # fmt: skip


def supported(tshark: Tshark, path: str) -> None:
    """Let tshark look at the options of a key log, before anything is read.

    Raises:
        ToolError: if it does not take them, as one that was built without decryption, or cannot be
            asked.
    """
    if not path:
        return
    try:
        said = subprocess.run(  # noqa: S603 - tshark's own path, and our words
            [tshark.path, "-n", "-r", "-", *options(os.devnull, (25,))],
            input=EMPTY, capture_output=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolError(f"tshark cannot be asked: {error}.", install_command()) from None
    if said.returncode:
        words = visible(" ".join(talk(said.stderr))[-300:]) or "no reason given"
        raise ToolError(
            f"This tshark cannot use a key log: {words}",
            f"Leave --keylog out, or use one built with GnuTLS: {install_command()}",
        )


def legible(path: str) -> None:
    """Find out whether a tshark that reads what comes live may read a key log.

    As root it runs without rights there.

    Raises:
        UsageError: if it may not.
    """
    start = unprivileged()
    if not path or not start:
        return
    tried = subprocess.run(  # noqa: S603 - our words, and an absolute path
        ["test", "-r", path],  # noqa: S607 - POSIX has it everywhere
        check=False, capture_output=True, **start,
    )  # fmt: skip
    if tried.returncode:
        raise UsageError(
            f"Live capture as root has tshark run as {NOBODY}, which may not read {visible(path)}.",
            "Put it where it may, with chmod a+r, or capture as a user (seamark doctor says how).",
        )


def opens(options: Sequence[str]) -> bool:
    """Whether options of tshark's let it open TLS."""
    return any(option.startswith(PREFERENCE) for option in options)
