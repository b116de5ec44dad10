"""A comparison of two captures made by hand: masked, translated, re-worded, alone and untouched."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from support.wire import Conversation, Setting
from tui_fakes import HOSTILE, FakeFeed
from tui_pilot import Driver
from tui_wire import Wire

from dissect.analysis.model import Progress, Status, Update
from dissect.compare import Recorder, compare
from dissect.compare.ladder import Laid, ladder
from dissect.compare.overview import overview
from dissect.compare.text import Source
from dissect.errors import CaptureError
from dissect.evidence import Endpoint
from tui.app import SeamarkApp
from tui.settings import Screen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from dissect.segments import Segment

NAT = Setting(
    client=Endpoint("198.51.100.1", 40_001), client_isn=77, server_isn=99, client_ttl=63
)  # fmt: skip


def talk(
    setting: Setting, who: bytes, verb: bytes = b"RCPT", cuts: Iterable[int] = (), *,
    extra: bytes = b"", starttls: bool = True,
) -> list[Segment]:  # fmt: skip
    """One flow as one of the captures has it."""
    wire = Conversation(setting)
    wire.open()
    wire.server.send(b"220 mx.example.net ESMTP\r\n")
    wire.client.send(b"EHLO " + who + b".example.org\r\n")
    offer = b"250-STARTTLS\r\n" if starttls else b""
    wire.server.send(b"250-mx.example.net\r\n" + offer + b"250 HELP\r\n")
    wire.client.send(b"MAIL FROM:<" + who + b"@example.org>\r\n" + extra)
    wire.server.send(b"250 OK\r\n")
    wire.client.send(verb + b" TO:<staff-of-" + who + b"@example.net>\r\n", cuts)
    wire.server.send(b"250 Accepted for " + who + b"\r\n")
    wire.client.send(b"QUIT\r\n")
    wire.server.send(b"221 closing\r\n")
    wire.close()
    return wire.segments


def at(port: int, start: float) -> Setting:
    """A flow without anything odd."""
    return Setting(client=Endpoint("192.0.2.10", port), start=start)


def captures(*, clean: bool = False) -> tuple[list[Segment], list[Segment]]:
    """What the inside and the outside hold."""
    start = 1_795_330_288.0
    same = talk(at(2001, start), b"alice")
    if clean:
        return same, same
    nat = replace(NAT, start=start + 2)
    inside = (
        same, talk(at(2002, start + 2), b"bert", cuts=(2,)),
        talk(at(2003, start + 4), b"carol", extra=HOSTILE + b"\r\n"),
        talk(at(2004, start + 6), b"dora"),
    )  # fmt: skip
    outside = (
        same, talk(nat, b"bert", b"XXXX", cuts=(2,)),
        talk(at(2003, start + 4), b"carol", extra=HOSTILE.upper() + b"\r\n", starttls=False),
    )  # fmt: skip
    both = [[segment for flow in side for segment in flow] for side in (inside, outside)]
    for side in both:
        side.sort(key=lambda segment: segment.time)
    return both[0], both[1]


class FakeBoth:
    """A comparison that is at hand, or comes later."""

    def __init__(self, *, clean: bool = False) -> None:
        recorders = Recorder(), Recorder()
        for recorder, segments in zip(recorders, captures(clean=clean), strict=True):
            recorder.segments(segments)
        self.found = compare(*recorders)
        flows = [recorder.tracker.flows for recorder in recorders]
        sources = (
            Source("inside", "in.pcap", 9, flows[0]),
            Source("outside", "out.pcap", 9, flows[1]),
        )
        self.done = overview(self.found, sources, [])
        self.overview = self.done
        self.gone = False
        """Whether nobody answers any more."""

    async def laid(self, pair: int) -> Laid:
        """A pair, row by row."""
        if self.gone:
            raise CaptureError("The dissector has ended.")
        found = self.found.pairs[pair]
        return Laid(pair, ladder(found, self.found.offset), found.changes)


@asynccontextmanager
async def comparing(
    both: Any = None, *, size: tuple[int, int] = (80, 24), progress: Progress | None = None,
    feed: Any = None, **options: Any,
) -> AsyncIterator[Driver]:  # fmt: skip
    """The app on two captures."""
    both = both or FakeBoth()
    progress = progress or Progress(capture="in.pcap | out.pcap", status=Status.COMPLETE)
    feed = feed or FakeFeed((Update(progress=progress),))
    app = SeamarkApp(
        feed, title="in.pcap | out.pcap", screen=Screen(**options), wireshark=Wire(), both=both
    )
    async with app.run_test(size=size) as pilot:
        driver = Driver(app, pilot, feed)
        await driver.settle()
        yield driver
