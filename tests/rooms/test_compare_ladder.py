"""Pairs of flows as rows: every byte of both streams in its place, and nothing said that is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from cli.command import CAPTURES
from cli.fakes import needs_tshark
from support.wire import Conversation, Fate

from dissect.compare import ladder as ladders
from dissect.compare import rows
from dissect.compare.ladder import Part, Step, ladder
from dissect.compare.overview import overview
from dissect.compare.text import Source
from dissect.evidence import Side
from rooms.test_compare import changed, laid, proxied, segments

if TYPE_CHECKING:
    from dissect.compare import Comparison, Pair

pytestmark = needs_tshark

CASES: Final = sorted(path.name[:-12] for path in CAPTURES.glob("*-before.pcap"))


def whole(step: Step) -> list[Part]:
    """What a row has of either side."""
    return [part for part in (step.one, step.two) if part is not None]


def rebuilt(pair: Pair, steps: tuple[Step, ...], side: Side, first: bool) -> bytes:  # noqa: FBT001
    """The stream of a side as the rows have it; it must be told from its start to its end."""
    tape = pair.one if first else pair.two
    data, at = bytearray(), 0
    for step in steps:
        part = step.one if first else step.two
        if step.side is not side or part is None or part.about == "RST":
            continue
        assert part.view.offset == at, "rows follow each other without a gap"
        at += part.view.length
        data += bytes(part.view.text) or bytes(tape.tracks[side].data[part.view.offset : at])
    return bytes(data)


@pytest.mark.parametrize("name", CASES)
def test_what_the_rows_mark_is_what_was_changed(name: str) -> None:
    """In every case of the lab: the octets replaced, and no row twice or out of its order."""
    found = laid(segments(f"{name}-before"), segments(f"{name}-behind"))
    marked = set()
    for pair in found.pairs:
        told = set()
        steps = ladder(pair, found.offset)
        assert [step.time for step in steps] == sorted(step.time for step in steps)
        for step in steps:
            if step.change >= 0:
                told.add(step.change)
            if step.kind == rows.CHANGED and pair.changes[step.change].runs and step.one:
                start = step.one.view.offset
                marked |= {
                    (pair.one.client.port, step.side, start + at)
                    for low, high in step.one.marks
                    for at in range(low, high)
                }
        assert told == set(range(len(pair.changes))), "every difference has a row"
    assert marked == changed(found)


@pytest.mark.parametrize("name", ["founding", "starttls-refused", "unstuffed-dot", "ipv6"])
def test_the_rows_hold_both_streams(name: str) -> None:
    """Byte for byte, where nothing is folded or masked."""
    found = laid(segments(f"{name}-before"), segments(f"{name}-behind"))
    told = 0
    for pair in found.pairs:
        steps = ladder(pair, found.offset)
        if any(step.folded for step in steps) or pair.unsure:
            continue
        for side in Side:
            for first, tape in ((True, pair.one), (False, pair.two)):
                text = rebuilt(pair, steps, side, first)
                assert text == bytes(tape.tracks[side].data)
                told += len(text)
    assert told


def test_a_proxy_is_laid_command_by_command() -> None:
    """What it kept has a gap on the other side, and of a line re-worded only the rest is marked."""
    found = laid(*proxied())
    steps = ladder(found.pairs[0])
    kept = [step for step in steps if step.one and step.one.view.text == b"STARTTLS\r\n"]
    assert [(step.kind, step.two) for step in kept] == [(rows.INSIDE, None)]
    hello = next(step for step in steps if step.one and step.one.view.text.startswith(b"EHLO"))
    assert hello.one is not None
    assert hello.two is not None
    assert hello.one.marks == ((6, 7),)
    assert hello.two.marks == ((6, 10),)
    said = [step.side for step in steps[:4]]
    assert said == [Side.SERVER, Side.CLIENT, Side.SERVER, Side.CLIENT], "in the order of time"


def spoken(*lines: bytes, fates: dict[int, Fate] | None = None) -> list[bytes]:
    """A client's lines, each in a packet of its own."""
    wire = Conversation()
    wire.open()
    wire.server.send(b"220 mx.example.net ESMTP\r\n")
    for at, line in enumerate(lines):
        wire.client.send(line, fate=(fates or {}).get(at, Fate.NORMAL))
    wire.server.send(b"221 closing\r\n")
    wire.close()
    return wire.segments  # type: ignore[return-value]


MAIL: Final = (b"EHLO mail.example.org\r\n", b"MAIL FROM:<a@example.org>\r\n", b"QUIT\r\n")


def test_what_one_capture_missed_is_neither_the_same_nor_changed() -> None:
    """A packet that was received and not captured leaves a row that is not compared."""
    one, two = spoken(*MAIL), spoken(*MAIL, fates={1: Fate.MISSED})
    found = laid(one, two)  # type: ignore[arg-type]
    assert not found.differs
    (lost,) = [step for step in ladder(found.pairs[0]) if step.kind == rows.UNSURE]
    assert lost.one is not None
    assert (lost.one.view.text, lost.two) == (MAIL[1], None)


def test_long_stretches_without_a_difference_are_folded() -> None:
    """A thousand lines that are alike are a row; what was changed behind them stays in sight."""
    lines = [b"RCPT TO:<user%d@example.net>\r\n" % at for at in range(1000)]
    masked = [*lines]
    masked[900] = b"XXXX" + lines[900][4:]
    found = laid(spoken(*lines), spoken(*masked))  # type: ignore[arg-type]
    steps = ladder(found.pairs[0])
    assert len(steps) < 200
    assert sum(max(step.folded, 1) for step in steps) == 1002
    (step,) = [step for step in steps if step.kind == rows.CHANGED]
    assert step.two is not None
    assert step.two.view.text == masked[900]


def test_rows_are_bounded_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a stream that differs everywhere the first rows are shown, and the rest is counted."""
    monkeypatch.setattr(ladders, "STEPS", 50)
    lines = [b"RCPT TO:<user%d@example.net>\r\n" % at for at in range(100)]
    found = laid(spoken(*lines), spoken(*(b"XXXX" + line[4:] for line in lines)))  # type: ignore[arg-type]
    steps = ladder(found.pairs[0])
    assert len(steps) == 50
    assert steps[-1].folded == 102 - 49


def test_credentials_are_masked_in_rows_without_a_difference() -> None:
    """A row shows more than a difference does, and no password all the same."""
    lines = (b"EHLO pc.example.org\r\n", b"AUTH PLAIN AGFsaWNlAHNlY3JldHBhc3M=\r\n")
    found = laid(spoken(*lines), spoken(*lines))  # type: ignore[arg-type]
    texts = [part.view.text for step in ladder(found.pairs[0]) for part in whole(step)]
    assert any(text.startswith(b"AUTH PLAIN ####") for text in texts)
    assert not any(b"AGFsaWNl" in text for text in texts)


def listed(found: Comparison) -> list[tuple[int, int]]:
    """Number and differences of the flows of a list."""
    sources = Source("inside", "a", 0, 0), Source("outside", "b", 0, 0)
    return [(item.pair, item.places) for item in overview(found, sources, []).items]


def test_the_list_begins_with_the_worst() -> None:
    """Flows that differ, then those that only one side has, then the rest."""
    ports = {33738}
    behind = [
        segment
        for segment in segments("founding-behind")
        if ports.isdisjoint({segment.source_port, segment.destination_port})
    ]
    order = listed(laid(segments("founding-before"), behind))
    assert [places for _, places in order] == [1, 1, 1, 1, 1, 1, 0, 0, 0]
    assert order[6][0] == -1
