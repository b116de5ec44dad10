"""Two captures laid over each other: the lab's, byte for byte, and what is derived from them."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import TYPE_CHECKING, Final

import pytest
from cli.command import CAPTURES
from cli.fakes import needs_tshark
from lab import pcapfile
from support.wire import Conversation, Setting

from dissect.compare import Budget, Comparison, Recorder, compare
from dissect.evidence import Endpoint, Side
from dissect.segments import SYN, Segment, decode
from dissect.source import find_tshark, open_capture, read

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dissect.segments.decode import Row

IN_PLACE: Final = (
    "asa-keywords", "asterisk-verbs", "bdat-masked", "echo", "ehlo-refused", "founding",
    "greeting-hang", "ios-lower-case", "offloaded", "pix4", "pix5-noop", "postfix-asa-keywords",
    "postfix-split", "sync-error", "terminator-cuts", "terminator-swallowed",
)  # fmt: skip
UNTOUCHED: Final = (
    "bdat-size", "clean-twin", "disorder", "early-talker", "missing-terminator", "smuggling",
    "unstuffed-dot",
)  # fmt: skip

pytestmark = needs_tshark

Octets = set[tuple[int, Side, int]]
"""Client's port, who sent it, and stream offset of octets."""


@cache
def segments(name: str) -> tuple[Segment, ...]:
    """The segments of a bundled capture, as tshark reads them."""
    found: list[Segment] = []

    def sink(rows: list[Row]) -> None:
        found.extend(decode(rows))

    asyncio.run(read(find_tshark(), open_capture(str(CAPTURES / f"{name}.pcap")), sink, ()))
    return tuple(found)


def laid(one: Iterable[Segment], two: Iterable[Segment], limit: int = 1 << 24) -> Comparison:
    """Compare two captures."""
    budget = Budget(limit)
    recorders = Recorder((), budget), Recorder((), budget)
    for recorder, each in zip(recorders, (one, two), strict=True):
        recorder.segments(each)
    return compare(*recorders)


def case(name: str) -> Comparison:
    """Compare the two captures of a case of the lab."""
    return laid(segments(f"{name}-before"), segments(f"{name}-behind"))


def changed(found: Comparison) -> Octets:
    """Every octet that is said to have been replaced by another one."""
    return {
        (pair.one.client.port, change.side, change.one.offset + at)
        for pair in found.pairs
        for change in pair.changes
        for left, length in change.runs
        for at in range(left, left + length)
    }


def truth(name: str) -> Octets:
    """The same, found packet by packet by the sequence numbers, which the lab's boxes keep."""
    before, behind = (_octets(f"{name}-{side}") for side in ("before", "behind"))
    return {key for key in before.keys() & behind.keys() if before[key] != behind[key]}


def _octets(name: str) -> dict[tuple[int, Side, int], int]:
    """Every octet of a capture, the first copy of each."""
    found: dict[tuple[int, Side, int], int] = {}
    first: dict[tuple[int, Side], int] = {}
    for frame in pcapfile.frames(pcapfile.read(CAPTURES / f"{name}.pcap")):
        segment = frame.segment
        source, destination = segment.ports
        side = Side.SERVER if source == 25 else Side.CLIENT
        port = destination if source == 25 else source
        if segment.transport[13] & SYN:
            first.setdefault((port, side), segment.sequence + 1)
            continue
        start = (segment.sequence - first[port, side]) % (1 << 32)
        for at, octet in enumerate(segment.payload):
            found.setdefault((port, side, start + at), octet)
    return found


@pytest.mark.parametrize("name", IN_PLACE)
def test_every_octet_that_the_lab_replaced_is_found_and_no_other(name: str) -> None:
    """As a comparison of the packets by sequence number finds them, octet for octet."""
    found, true = case(name), truth(name)
    assert true
    assert changed(found) == true
    assert found.family == "in-place-rewriter"
    assert found.nearer == "inside"
    assert abs(found.offset) < 0.01


@pytest.mark.parametrize("name", UNTOUCHED)
def test_no_difference_is_a_finding(name: str) -> None:
    """Odd mail that nothing on the way touched shows no difference, and all was compared."""
    found = case(name)
    assert (found.family, found.differs, found.complete) == ("none", False, True)
    assert found.counts["compared_octets"] > 0


def test_seams_are_told_on_both_sides() -> None:
    """In the founding case each of the six masked verbs has its boundary on either side."""
    changes = [change for pair in case("founding").pairs for change in pair.changes]
    assert [change.one.seams for change in changes] == [(n,) for n in (2, 1, 2, 3, 1, 2)]
    assert [change.two.text[:4] for change in changes] == [b"XXXX"] * 6
    assert all(change.one.seams == change.two.seams for change in changes)


@pytest.mark.parametrize("name", ["starttls-stripped", "starttls-refused"])
def test_lines_that_come_and_go_inside_a_connection(name: str) -> None:
    """A line taken out is vanished, an answer put in has appeared, as the bytes travel."""
    found = case(name)
    texts = {
        (change.kind, change.side, change.one.text + change.two.text)
        for pair in found.pairs
        for change in pair.changes
    }
    assert found.family == "stream-editor"
    assert (
        texts
        == {
            "starttls-stripped": {("vanished", Side.SERVER, b"250-STARTTLS\r\n")},
            "starttls-refused": {
                ("vanished", Side.CLIENT, b"STARTTLS\r\n"),
                ("appeared", Side.SERVER, b"500 Unsupported command.\r\n"),
            },
        }[name]
    )


def test_forged_packets_and_dropped_ones() -> None:
    """The resets that the lab forged, with a TTL of their own, and the packets that it dropped."""
    resets = [change for pair in case("forged-reset").pairs for change in pair.changes]
    forged = {s.frame for s in segments("forged-reset-before") if s.ttl == 47}
    behind = {s.frame for s in segments("forged-reset-behind") if s.ttl == 47}
    assert {(c.kind, c.one.frames, c.two.frames) for c in resets} == {
        ("appeared", (), tuple(behind)), ("appeared", tuple(forged), ()),
    }  # fmt: skip
    hole = case("mtu-black-hole")
    assert hole.family == "packet-filter"
    assert hole.counts["vanished_octets"] == 4 * 1448


@pytest.mark.parametrize("name", ["founding", "postfix-split", "clean-twin"])
def test_nat_other_sequence_numbers_and_another_clock_change_nothing(name: str) -> None:
    """Retries of the same bytes are told apart by time alone, and the clock offset is found."""
    behind = [translated(segment) for segment in segments(f"{name}-behind")]
    plain, found = case(name), laid(segments(f"{name}-before"), behind)
    assert len(found.pairs) == len(plain.pairs)
    assert [pair.two.start - pair.one.start for pair in found.pairs] == pytest.approx(
        [pair.two.start - pair.one.start - 5.25 for pair in plain.pairs], abs=1e-3
    )
    assert changed(found) == changed(plain)
    assert found.family == plain.family
    assert found.offset == pytest.approx(plain.offset - 5.25, abs=1e-3)
    assert all(pair.renumbered and not pair.relayed for pair in found.pairs)


def translated(segment: Segment) -> Segment:
    """A segment as it leaves a NAT that renumbers both directions; by a clock 5.25 s behind."""
    outward = segment.destination_port == 25
    ours, theirs = (4_000_000_000, 77) if outward else (77, 4_000_000_000)
    moved = segment._replace(
        seq=(segment.seq + ours) % (1 << 32),
        ack=(segment.ack + theirs) % (1 << 32) if segment.ack else 0,
        time=segment.time - 5.25,
        ttl=segment.ttl - 1,
    )
    if outward:
        port = 40_000 + segment.source_port * 7919 % 9973
        return moved._replace(source="198.51.100.1", source_port=port)
    port = 40_000 + segment.destination_port * 7919 % 9973
    return moved._replace(destination="198.51.100.1", destination_port=port)


def test_a_capture_that_ended_too_soon_accuses_nobody() -> None:
    """What one capture was too short for has not vanished, and is not called compared."""
    before, behind = segments("clean-twin-before"), segments("clean-twin-behind")
    half = [s for s in behind if s.time < behind[len(behind) // 2].time]
    found = laid(before, half)
    assert not found.differs
    assert not found.complete
    assert found.only_one


def test_bytes_beyond_the_limit_are_told() -> None:
    """Where memory is at its limit nothing is called changed, and nothing the same."""
    found = laid(segments("clean-twin-before"), segments("clean-twin-behind"), limit=20_000)
    assert not found.differs
    assert any("beyond the limit" in why for pair in found.pairs for why in pair.unsure)


def proxied() -> tuple[list[Segment], list[Segment]]:
    """A proxy with a greeting of its own, which keeps a command for itself and re-words one."""
    one, two = (
        Conversation(),
        Conversation(
            Setting(
                client=Endpoint("198.51.100.7", 55_001), client_isn=7, server_isn=9, client_ttl=60
            )
        ),
    )
    for wire, hello, banner in (
        (one, b"EHLO pc.example.org", b"220 proxy.example.org ready"),
        (two, b"EHLO proxy.example.org", b"220 mx.example.net ESMTP"),
    ):
        wire.open()
        wire.server.send(banner + b"\r\n")
        wire.client.send(hello + b"\r\n")
        wire.server.send(b"250 mx.example.net\r\n")
        if wire is one:
            wire.client.send(b"STARTTLS\r\n")
            wire.server.send(b"502 5.5.1 not here\r\n")
        wire.client.send(b"MAIL FROM:<alice@example.org>\r\n")
        wire.server.send(b"250 OK\r\n")
        wire.client.send(b"RCPT TO:<bob@example.net>\r\n")
        wire.server.send(b"250 Accepted\r\n")
        wire.client.send(b"QUIT\r\n")
        wire.server.send(b"221 closing\r\n")
        wire.close()
    return one.segments, [s._replace(window=1024) for s in two.segments]


def test_a_proxy_is_compared_command_by_command() -> None:
    """Commands and replies that are only on one side, and those that are re-worded."""
    found = laid(*proxied())
    (pair,) = found.pairs
    told = {(c.kind, c.side, c.one.text, c.two.text) for c in pair.changes}
    assert found.family == "terminating-proxy"
    assert pair.relayed
    assert told == {
        ("changed", Side.CLIENT, b"EHLO pc.example.org\r\n", b"EHLO proxy.example.org\r\n"),
        ("vanished", Side.CLIENT, b"STARTTLS\r\n", b""),
        ("changed", Side.SERVER, b"220 proxy.example.org ready\r\n",
         b"220 mx.example.net ESMTP\r\n"),
        ("appeared", Side.SERVER, b"502 5.5.1 not here\r\n", b""),
    }  # fmt: skip
    assert {(t.name, t.side) for t in pair.traits} >= {("ttl", Side.CLIENT)}


def test_credentials_stay_masked() -> None:
    """Also where a middlebox masked the verb in front of them, and where a server quotes them."""
    secret = b"AGFsaWNlAHNlY3JldHBhc3M="
    wires = []
    for verb in (b"AUTH", b"XXXX"):
        wire = Conversation()
        wire.open()
        wire.server.send(b"220 mx.example.net ESMTP\r\n")
        wire.client.send(b"EHLO pc.example.org\r\n")
        wire.server.send(b"250-mx.example.net\r\n250 AUTH PLAIN\r\n")
        wire.client.send(verb + b" PLAIN " + secret + b"\r\n")
        quoted = b"500 what is " + verb + b" PLAIN " + secret + b"?\r\n"
        wire.server.send(quoted)
        wire.close()
        wires.append(wire.segments)
    (pair,) = laid(wires[0], wires[1]).pairs
    texts = [text for change in pair.changes for text in (change.one.text, change.two.text)]
    assert len(pair.changes) == 2
    assert any(b"XXXX PLAIN ####" in text for text in texts)
    assert not any(secret[:8] in text for text in texts)


def test_a_capture_that_joined_midway_is_laid_at_the_right_byte() -> None:
    """Without the handshake the lines tell where it joined; what came before is not compared."""
    before, behind = segments("founding-before"), segments("founding-behind")
    frames = {c.two.frames for pair in case("founding").pairs for c in pair.changes}
    first = min(frames)[0]
    joined = [s for s in behind if s.frame >= first - 1]
    found = laid(before, joined)
    assert {c.two.frames for pair in found.pairs for c in pair.changes} == frames
    assert all(c.kind == "changed" for pair in found.pairs for c in pair.changes)
    assert any("before one capture joined" in why for pair in found.pairs for why in pair.unsure)


def test_two_tls_sessions_are_one_difference() -> None:
    """Something that ends TLS is told once a direction, and what it carries is not laid over."""
    wires = []
    for seed in (3, 200):
        wire = Conversation()
        record = b"\x16\x03\x01\x01\x00" + bytes((seed * at * at + at) % 256 for at in range(256))
        wire.open()
        wire.server.send(b"220 mx.example.net ESMTP\r\n")
        wire.client.send(b"EHLO pc.example.org\r\n")
        wire.server.send(b"250-mx.example.net\r\n250 STARTTLS\r\n")
        wire.client.send(b"STARTTLS\r\n")
        wire.server.send(b"220 go ahead\r\n")
        wire.client.send(record)
        wire.server.send(record)
        wire.close()
        wires.append(wire.segments)
    found = laid(wires[0], wires[1])
    assert [(c.kind, c.side) for pair in found.pairs for c in pair.changes] == [
        ("tls", Side.CLIENT), ("tls", Side.SERVER),
    ]  # fmt: skip
    assert found.family == "stream-editor"
    assert not laid(wires[0], wires[0]).differs
