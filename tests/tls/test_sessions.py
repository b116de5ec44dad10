"""Real sessions of OpenSSL: every way to speak TLS, and every way in which TCP carries it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cli.fakes import needs_tshark
from support.pcap import to_pcap
from support.wire import interleave, renumber

from dissect.analysis.model import FlowDetail, Outcome, RowKind
from dissect.evidence import Side
from tls.reading import inside, whole
from tls.spoken import Talk

if TYPE_CHECKING:
    from pathlib import Path

    from dissect.segments import Segment

pytestmark = needs_tshark

CIPHERS = {
    "1.3": "",
    "AEAD with a nonce": "ECDHE-RSA-AES128-GCM-SHA256",
    "AEAD without": "ECDHE-RSA-CHACHA20-POLY1305",
    "CBC": "ECDHE-RSA-AES128-SHA",
    "CBC, SHA-2": "ECDHE-RSA-AES256-SHA384",
    "RSA": "AES128-GCM-SHA256",
}
LINE = b"All work and no play makes a dull boy of everybody who is on this list.\r\n"


def deliver(talk: Talk, cuts: tuple[int, ...] = ()) -> None:
    """A message to two recipients, the second one's verb cut by a record."""
    talk.client(b"EHLO mail.example.org\r\n")
    talk.server(b"250-mx.example.net\r\n250 PIPELINING\r\n")
    talk.client(
        b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nRC",
        b"PT TO:<c@example.net>\r\nDATA\r\n",
        cuts=cuts,
    )
    talk.server(b"250 Ok\r\n" * 3, b"354 Go\r\n")
    talk.client(LINE * 200, b".\r\n", cuts=cuts)
    talk.server(b"250 Queued\r\n")
    talk.client(b"QUIT\r\n")
    talk.server(b"221 Bye\r\n")
    talk.wire.close()


def read(segments: list[Segment], talk: Talk, folder: Path) -> list[FlowDetail]:
    """What is told of segments, with the key log."""
    path = to_pcap(segments, folder / "talk.pcap")
    return whole(path, talk.keylog).take()


def delivered(detail: FlowDetail) -> None:
    """All of ``deliver`` is there, and where the records met."""
    rows = inside(detail)
    commands = [row.text for row in rows if row.kind is RowKind.COMMAND]
    assert commands[-5:] == [
        b"MAIL FROM:<a@example.org>", b"RCPT TO:<b@example.net>", b"RCPT TO:<c@example.net>",
        b"DATA", b"QUIT",
    ]  # fmt: skip
    (cut,) = [row for row in rows if row.verb == "RCPT" and row.seams]
    assert [seam.offset - cut.offset for seam in cut.seams] == [2]
    (message,) = [row for row in rows if row.kind is RowKind.MESSAGE]
    assert message.size == 200 * len(LINE) + 3
    assert (detail.summary.outcome, detail.summary.tls) == (Outcome.DELIVERED, "decrypted")
    assert detail.summary.recipients == (2, 2)


@pytest.mark.parametrize("ciphers", CIPHERS.values(), ids=CIPHERS)
def test_every_cipher(tmp_path: Path, ciphers: str) -> None:
    """Whatever stands beside the text in a record: nonces, tags, padding, MACs."""
    talk = Talk(tmp_path, ciphers)
    talk.shake()
    deliver(talk)
    (detail,) = read(talk.wire.segments, talk, tmp_path)
    delivered(detail)


@pytest.mark.parametrize("ciphers", ["", "ECDHE-RSA-AES128-GCM-SHA256"], ids=["1.3", "1.2"])
def test_a_session_that_is_resumed(tmp_path: Path, ciphers: str) -> None:
    """Two connections of one client; both have their keys in the file."""
    first = Talk(tmp_path, ciphers)
    first.shake()
    deliver(first)
    second = Talk(tmp_path, ciphers, before=first)
    second.shake()
    assert second.resumed
    deliver(second)
    flows = interleave([first.wire.segments, second.wire.segments])
    for detail in read(flows, first, tmp_path):
        delivered(detail)


@pytest.mark.parametrize("ciphers", ["", "ECDHE-RSA-AES128-SHA"], ids=["1.3", "1.2"])
def test_segments_of_any_size(tmp_path: Path, ciphers: str) -> None:
    """Each byte of the commands in a segment of its own, and records over many segments."""
    talk = Talk(tmp_path, ciphers, start=False)
    talk.shake()
    talk.server(b"220 mx.example.net ESMTP\r\n")
    deliver(talk, cuts=tuple(range(1, 60)))
    (detail,) = read(talk.wire.segments, talk, tmp_path)
    delivered(detail)


def test_segments_out_of_order_and_twice(tmp_path: Path) -> None:
    """What TCP puts right is right: neighbours swapped, and some sent again."""
    talk = Talk(tmp_path)
    talk.shake()
    deliver(talk, cuts=(20, 40, 60))
    segments = talk.wire.segments
    data = [at for at, each in enumerate(segments) if len(each.payload) == 20]
    for at in data[-2:]:
        segments[at], segments[at + 1] = segments[at + 1], segments[at]
    segments.insert(data[-1] + 3, segments[data[-1]])
    times = sorted(each.time for each in segments)
    segments = [each._replace(time=time) for each, time in zip(segments, times, strict=True)]
    (detail,) = read(renumber(segments), talk, tmp_path)
    delivered(detail)


def test_a_connection_that_dies_in_a_record(tmp_path: Path) -> None:
    """A reset in the middle of a record of message data: the message is lost, as in the clear."""
    talk = Talk(tmp_path)
    talk.shake()
    talk.client(b"EHLO mail.example.org\r\n")
    talk.server(b"250 mx.example.net\r\n")
    talk.client(b"MAIL FROM:<a@example.org>\r\n")
    talk.server(b"250 Ok\r\n")
    talk.client(b"RCPT TO:<b@example.net>\r\n")
    talk.server(b"250 Ok\r\n")
    talk.client(b"DATA\r\n")
    talk.server(b"354 Go\r\n")
    talk.client(LINE * 10)
    talk.wire.client.send(b"\x17\x03\x03\x10\x00" + bytes(500))
    talk.wire.client.rst()
    (detail,) = read(talk.wire.segments, talk, tmp_path)
    assert detail.summary.outcome is Outcome.LOST
    assert "lost-transaction" in detail.summary.rules
    sealed = [row for row in detail.rows if row.kind is RowKind.TLS and row.side is Side.CLIENT]
    assert sealed[-1].size == 505
