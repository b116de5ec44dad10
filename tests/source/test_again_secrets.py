"""A password that a capture holds never comes out of it again, in whatever form it is asked for."""

from __future__ import annotations

import asyncio
import base64
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest
from support.script import play
from support.wire import to_pcap

from dissect.again import Again
from dissect.pipeline import Pipeline
from dissect.source import find_tshark, open_capture, read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dissect.analysis.model import FlowDetail

pytestmark = [
    pytest.mark.tshark,
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
]

USER: Final = b"alice@example.org"
PASSWORD: Final = b"correct horse 7 battery"
PLAIN: Final = base64.b64encode(b"\0" + USER + b"\0" + PASSWORD).decode()
LOGIN: Final = base64.b64encode(PASSWORD).decode()
NAME: Final = base64.b64encode(USER).decode()
DIGEST: Final = base64.b64encode(USER + b" 0123456789abcdef0123456789abcdef").decode()
PIECE: Final = 8
"""Characters of a credential that would give something of it away."""

HELLO: Final = """
    S: 220 mx.example.net ESMTP
    C: EHLO mail.example.org
    S: 250-mx.example.net
    S: 250 AUTH PLAIN LOGIN CRAM-MD5
"""
BYE: Final = """
    S: 235 2.7.0 accepted
    C: MAIL FROM:<a@example.org>
    S: 250 OK
    C: QUIT
    S: 221 bye
"""
TALKS: Final = {
    "initial response": f"{HELLO} C: AUTH PLAIN {PLAIN}\n{BYE}",
    "challenge": f"{HELLO} C: AUTH PLAIN\n S: 334\n C: {PLAIN}\n{BYE}",
    "login": f"{HELLO} C: AUTH LOGIN\n S: 334 VXNlcm5hbWU6\n C: {NAME}\n"
             f" S: 334 UGFzc3dvcmQ6\n C: {LOGIN}\n{BYE}",
    "cram": f"{HELLO} C: AUTH CRAM-MD5\n S: 334 PDE4OTYuNjk3MTcwOTUyQG14Pg==\n"
            f" C: {DIGEST}\n{BYE}",
    "cut": f"{HELLO} C: AUTH PLAIN {PLAIN[:5]}¦{PLAIN[5:20]}¦{PLAIN[20:]}\n{BYE}",
    "cut in the verb": f"{HELLO} C: AU¦TH PLAIN ¦{PLAIN}\n{BYE}",
    "masked": f"{HELLO} C: XX¦XX PLAIN {PLAIN}\n S: 500 unrecognized\n C: QUIT\n S: 221 bye\n",
    "sent again": f"{HELLO} C: AUTH PLAIN {PLAIN}\n C* again\n{BYE}",
    "quoted": f"{HELLO} C: AUTH PLAIN {PLAIN}\n S: 535 5.7.8 bad: {PLAIN}\n C: QUIT\n S: 221 bye\n",
    "behind a gap": f"{HELLO} C- AUTH PLAIN\n S: 334\n C: {PLAIN}\n{BYE}",
    "half in a gap": f"{HELLO} C: AUTH PLAIN ¦{PLAIN}\n C- NOOP\n"
                     f" S: 535 not: {PLAIN}\n C: QUIT\n S: 221 bye\n",
    "the challenge in a gap": f"{HELLO} C: AUTH LOGIN\n S- 334 VXNlcm5hbWU6\n C: {NAME}\n"
                              f" S- 334 UGFzc3dvcmQ6\n C: {LOGIN}\n{BYE}",
}  # fmt: skip
"""Ways for a credential to be in a capture."""


def forms(secret: str) -> Iterator[bytes]:
    """What must not be seen: the secret's pieces as they stand, and in hexadecimal digits."""
    for at in range(len(secret.rstrip("=")) - PIECE + 1):
        piece = secret[at : at + PIECE].encode()
        yield piece
        yield piece.hex().encode()
        yield piece.hex(":").encode()


FORBIDDEN: Final = frozenset(
    form for secret in (PLAIN, LOGIN, DIGEST) for form in forms(secret)
) | {PASSWORD, PASSWORD.hex().encode(), PASSWORD.hex(":").encode()}


def leaks(text: bytes) -> list[bytes]:
    """Forms of a secret in a text, whatever its case."""
    lower = text.lower()
    return sorted(form for form in FORBIDDEN if form in text or form.lower() in lower)


def flows(name: str) -> list[FlowDetail]:
    """The flows of a capture."""
    pipeline = Pipeline(name)
    asyncio.run(read(find_tshark(), open_capture(name), pipeline.rows))
    pipeline.finish()
    return pipeline.take()


async def everything(name: str, detail: FlowDetail, frames: list[int]) -> bytes:
    """All that is told of some frames."""
    again = Again(find_tshark(), [open_capture(name)])
    told = [repr(await again.facts(replace(detail.summary, capture=name), tuple(frames))).encode()]
    for frame in frames:
        packet = await again.packet(detail, frame)
        told += [packet.data, *(node.text.encode() for node in packet.nodes)]
    return b"\n".join(told)


def carrying(made: list[bytes]) -> list[int]:
    """Numbers of the frames that hold a piece of a secret."""
    return [number for number, data in enumerate(made, 1) if leaks(data)]


@pytest.mark.parametrize("way", TALKS)
def test_no_credential_comes_out(way: str, tmp_path: Path) -> None:
    """Neither the frame's bytes, nor a line of the tree, nor Wireshark's columns hold it."""
    segments = play(TALKS[way])
    capture = str(to_pcap(segments, tmp_path / "secret.pcap"))
    frames = carrying([segment.payload for segment in segments])
    assert frames, "the capture holds the secret"
    (detail,) = flows(capture)
    assert leaks(repr(detail).encode()) == []
    assert leaks(asyncio.run(everything(capture, detail, frames))) == []


def test_the_search_finds_what_is_there() -> None:
    """A secret that stands in a text is found, in every form."""
    assert leaks(f"x{PLAIN}x".encode())
    assert leaks(PLAIN.encode().hex(":").encode())
    assert leaks(PASSWORD)
    assert leaks(b"AUTH PLAIN ####") == []


def test_ports_used_again_keep_their_secrets(tmp_path: Path) -> None:
    """Of two conversations with the same ports, each is masked by its own reading."""
    first, second = play(TALKS["login"]), play(TALKS["initial response"])
    later = first[-1].time + 100.0 - second[0].time
    second = [
        segment._replace(time=segment.time + later, seq=segment.seq + (1 << 20),
                         ack=segment.ack + (1 << 20) if segment.ack else 0)
        for segment in second
    ]  # fmt: skip
    made = [*first, *second]
    capture = str(to_pcap(made, tmp_path / "again.pcap"))
    frames = carrying([segment.payload for segment in made])
    both = flows(capture)
    assert len(both) == 2
    for detail, part in zip(both, (frames[:-1], frames[-1:]), strict=True):
        assert leaks(asyncio.run(everything(capture, detail, part))) == []
