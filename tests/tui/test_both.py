"""Two captures on the screen: the list of their flows, and one flow from both sides."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from cli.command import CAPTURES
from cli.fakes import needs_tshark
from tui_both import FakeBoth, comparing
from tui_pilot import SIZES

from dissect.analysis.model import Progress, Status
from dissect.both import worker
from dissect.errors import CaptureError
from tui.actions import PAIR, PAIRS
from tui.both import BothFeed

if TYPE_CHECKING:
    from pathlib import Path

    from tui_pilot import Driver

pytestmark = needs_tshark


def where(seen: Driver) -> str:
    """The screen in front."""
    return str(getattr(seen.app.screen, "WHERE", ""))


def row(seen: Driver, client: str) -> str:
    """The line of the list that has a client."""
    return next(line for line in seen.lines if client in line[:24])


@pytest.mark.parametrize("size", SIZES)
async def test_the_list_tells_what_became_of_every_flow(size: tuple[int, int]) -> None:
    """The worst first: what differs, with its NAT and TTL; what is on one side only; the rest."""
    async with comparing(size=size) as seen:
        assert "2 of 3 flows differ" in seen.lines[0]
        assert "1 on one side only" in seen.lines[0]
        assert "Between them: stream editor" in seen.text
        order = [row(seen, f"192.0.2.10:200{at}") for at in (3, 2, 4, 1)]
        assert sorted(map(seen.lines.index, order)) == [*map(seen.lines.index, order)]
        assert "14 B appeared" in order[0]
        assert "≠" in order[1]
        assert "4 B changed  TTL NAT renumbered" in order[1]
        assert "only inside" in order[2]
        assert "nothing changed" in order[3]


async def test_the_list_shows_the_first_bytes_that_differ() -> None:
    """As they were sent and as they arrived, with the seam inside, where there is room for it."""
    async with comparing(size=(160, 45)) as seen:
        await seen.press("w")
        assert "renumbered  RC┊PT → XX┊XX" in row(seen, "192.0.2.10:2002")
        await seen.press("x")
        assert "XX┊XX" not in seen.text, "under privacy no name is told from what is cut"


async def test_nothing_changed_is_a_finding() -> None:
    """Without a difference the list and the ladder say so."""
    async with comparing(FakeBoth(clean=True)) as seen:
        assert "0 of 1 flows differ" in seen.lines[0]
        assert "Nothing between these two points changed this mail." in seen.text
        await seen.press("n")
        assert "no flow that differs further on" in seen.text
        await seen.press("enter")
        assert where(seen) == PAIR
        assert "nothing changed" in seen.lines[0]
        assert "the same on both sides" in seen.text
        assert "«" not in seen.text
        await seen.press("n")
        assert "nothing differs in this flow" in seen.text


@pytest.mark.parametrize("size", SIZES)
async def test_a_masked_verb_is_marked_at_its_bytes_on_both_sides(size: tuple[int, int]) -> None:
    """The seam is drawn inside, brackets tell it without colour, and the pane says the place."""
    async with comparing(size=size) as seen:
        await seen.press("j", "enter")
        assert "«RC┊PT» TO:<sta" in seen.cursor
        assert "≠ C «XX┊XX» TO:<sta" in seen.cursor
        assert "client: 4 bytes changed" in seen.text
        assert "outside  198.51.100.1:40001" in seen.lines[1]
        assert "other addresses or ports (NAT); client's TTL 64 inside, 63 outside" in seen.text
        assert "difference 1 of 1 place" in seen.lines[0]
        await seen.press("enter")
        assert "[52 43┊50 54]" in seen.text
        assert "[58 58┊58 58]" in seen.text


async def test_ascii_alone_tells_all_of_it() -> None:
    """Without any line drawing the same can be read."""
    async with comparing(ascii_only=True) as seen:
        await seen.press("j", "enter")
        assert "[RC|PT] TO:<sta" in seen.cursor
        assert "# C [XX|XX] TO:<sta" in seen.cursor
        assert seen.text.isascii()


async def test_a_line_that_appeared_faces_a_gap() -> None:
    """A keyword that the server did not say, and n and p go from difference to difference."""
    async with comparing() as seen:
        await seen.press("enter")
        assert "S «250-STARTTLS» " in seen.cursor
        assert seen.cursor.rstrip(" ▃▁▂▄▅▆▇█").endswith("<")
        assert "server: 14 bytes appeared on the way" in seen.text
        await seen.press("n")
        assert "C RSET [/«FOO»]" in seen.cursor
        await seen.press("n")
        assert "no difference further on" in seen.text
        await seen.press("p")
        assert "«250-STARTTLS»" in seen.cursor


async def test_hostile_bytes_are_shown_and_do_nothing() -> None:
    """Neither markup nor escape sequences act, in words, hex and what is copied."""
    async with comparing(size=(160, 45)) as seen:
        await seen.press("enter", "n")
        assert "[/«foo»]" in seen.text.lower()
        for _ in range(2):
            assert all(line.isprintable() for line in seen.lines)
            await seen.press("enter")
        text = seen.app.screen.taken().dialogue()  # type: ignore[attr-defined]
        assert all(line.isprintable() for line in text.splitlines())


async def test_names_can_be_hidden() -> None:
    """Privacy hides addresses in the list, over the columns and in them."""
    async with comparing() as seen:
        await seen.press("x")
        assert "192.0.2.10" not in seen.text
        await seen.press("j", "enter")
        assert "192.0.2.10" not in seen.text
        assert "198.51.100.1" not in seen.text
        assert "staff-of-bert" not in seen.text


async def test_a_flow_without_partner_is_not_opened() -> None:
    """There is nothing to lay beside it, and stepping from flow to flow passes it."""
    async with comparing() as seen:
        await seen.press("j", "j", "enter")
        assert where(seen) == PAIRS
        assert "nothing to lay beside it" in seen.text
        await seen.press("k", "enter", "space")
        assert "192.0.2.10:2001" in seen.lines[1]
        await seen.press("space")
        assert "no flow further on" in seen.text
        await seen.press("b", "q")
        assert "192.0.2.10:2002" in seen.cursor


async def test_while_it_reads_it_says_so() -> None:
    """Before the comparison there is a word, and no list."""
    both = FakeBoth()
    both.overview = None  # type: ignore[assignment]
    reading = Progress(capture="a", status=Status.LOADING, bytes_read=1, bytes_total=4)
    async with comparing(both, progress=reading) as seen:
        assert "loading 25%" in seen.lines[0]
        assert "Reading both captures." in seen.text
        await seen.press("enter", "n", "y")
        assert where(seen) == PAIRS
        assert "there is nothing to copy here" in seen.text


async def test_who_does_not_answer_is_told() -> None:
    """A worker that has gone leaves the list, and a word in place of the ladder."""
    both = FakeBoth()
    both.gone = True
    async with comparing(both) as seen:
        await seen.press("enter")
        assert "The dissector has ended." in seen.text
        await seen.press("n", "enter", "y", "q")
        assert where(seen) == PAIRS


async def read(feed: BothFeed) -> list[Progress]:
    """All that is told until the reading is over."""
    told = []
    async for update in feed.updates():
        told.append(update.progress)
        if not update.progress.status.goes_on:
            break
    return told


async def test_a_process_reads_and_answers() -> None:
    """The founding case: six flows differ, and a ladder comes for each that is asked for."""
    names = [str(CAPTURES / f"founding-{side}.pcap") for side in ("before", "behind")]
    feed = BothFeed([sys.executable, *worker.arguments(names[0], names[1], [])], capture="x")
    updates = feed.updates()
    async for update in updates:
        if update.progress.status is Status.COMPLETE:
            overview = feed.overview
            assert overview is not None
            assert [item.places for item in overview.items] == [1, 1, 1, 1, 1, 1, 0, 0, 0]
            break
    await feed.close()
    with pytest.raises(CaptureError):
        await feed.laid(0)


async def test_the_founding_case_on_the_screen() -> None:
    """From the worker's process to the bytes."""
    names = [str(CAPTURES / f"founding-{side}.pcap") for side in ("before", "behind")]
    feed = BothFeed([sys.executable, *worker.arguments(names[0], names[1], [])], capture="x")
    async with comparing(feed, feed=feed) as seen:
        await seen.until("6 of 9 flows differ")
        assert "4 B changed  RC┊PT → XX┊XX" in seen.cursor
        await seen.press("enter")
        await seen.until("«RC┊PT»")
        assert "«XX┊XX»" in seen.cursor


async def test_the_screen_names_nobody_with_redact(tmp_path: Path) -> None:
    """The worker is given the key, and what it sends has other names of the same length."""
    names = [str(CAPTURES / f"founding-{side}.pcap") for side in ("before", "behind")]
    redacted = ["--redact", f"--redact-key={tmp_path / 'key'}"]
    command = [sys.executable, *worker.arguments(names[0], names[1], [], redacted)]
    feed = BothFeed(command, capture="x")
    async with comparing(feed, feed=feed) as seen:
        await seen.until("6 of 9 flows differ")
        await seen.press("enter")
        await seen.until("«XX┊XX» TO:<")
        assert "recipient0" not in seen.text
        assert "cam.example" not in seen.text


async def test_a_capture_that_is_none_is_told() -> None:
    """What is wrong with a file stands where its flows would be."""
    name = str(CAPTURES / "README.md")
    feed = BothFeed([sys.executable, *worker.arguments(name, name, [])], capture="x")
    last = (await read(feed))[-1]
    await feed.close()
    assert last.status in {Status.FAILED, Status.TRUNCATED}
    assert "README.md" in last.error


async def test_help_is_about_the_screens_that_there_are() -> None:
    """The keys of the list and of both columns, and the signs; no filter, and no flow list."""
    async with comparing(size=(160, 45)) as seen:
        await seen.press("question_mark")
        text = seen.text
        for _ in range(3):
            await seen.press("pagedown")
            text += seen.text
        for words in ("Keys: pairs", "Keys: pair ", "not the same on both sides of something"):
            assert words in text
        assert "Filters ( / )" not in text
