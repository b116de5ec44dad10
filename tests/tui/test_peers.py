"""The clients: a table, a plot of what was asked for and delivered, and retries in a row."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tui_fakes import START, case, clients, update, verdict
from tui_pilot import SIZES, running

from dissect.analysis.model import Status, Update
from tui import peers, words
from tui.line import text, width
from tui.look import ASCII, UNICODE, Look
from tui.plot import Series, over_time

GOOD, BAD = clients()
CASE = update(case(), verdicts=(verdict(),), peers=(GOOD, BAD))


@pytest.mark.parametrize("size", SIZES)
async def test_the_worst_client_comes_first_with_its_rate(size: tuple[int, int]) -> None:
    """The table is sorted by damage; beside it stand the plot, the retries and the verdict."""
    async with running(CASE, size=size) as seen:
        await seen.press("P")
        assert "2 clients  1 with damage  84 RCPTs came to nothing" in seen.lines[0]
        assert "192.0.2.10" in seen.cursor
        assert "3 100%" in seen.cursor
        for words in ("asked for 84", "delivered 0", "damaged flows 3", "06:51:28"):
            assert words in seen.text
        await seen.press("o", "G")
        assert "Cisco-style" in seen.text


async def test_a_client_opens_its_flows() -> None:
    """Enter lists the flows of the client under the cursor."""
    async with running(CASE) as seen:
        await seen.press("P", "enter")
        assert tuple(seen.app.session.view) == (0, 2, 5)
        assert "client:192.0.2.10" in seen.text


async def test_clients_are_sorted_and_stay_under_the_cursor() -> None:
    """Another column orders them anew; the cursor goes with its client."""
    async with running(CASE) as seen:
        await seen.press("P", "z")
        assert "192.0.2.10" in seen.cursor
        assert "192.0.2.77" in seen.lines[2]
        await seen.press("p")
        assert "no client with damage further on" in seen.text
        seen.app.session.feed(Update(progress=CASE.progress, peers=(BAD,)))
        await seen.settle()
        assert "1 client " in seen.lines[0]


async def test_without_clients_there_is_a_word() -> None:
    """Before a flow is over nothing can be counted, and that is said."""
    async with running(update([], Status.LOADING)) as seen:
        await seen.press("P")
        assert "No client so far" in seen.text
        await seen.press("enter", "n", "z", "greater_than_sign", "y")
        assert seen.app._exception is None


@pytest.mark.parametrize("look", [UNICODE, ASCII], ids=["unicode", "ascii"])
@pytest.mark.parametrize("cells", [40, 78, 150])
def test_a_plot_fits_and_shows_both_series(look: Look, cells: int) -> None:
    """It is as wide as it may be, and in ASCII mode nothing but ASCII."""
    lines = peers.about(BAD, None, cells, look)
    assert all(width(line) <= cells for line in lines)
    drawn = "\n".join(map(text, lines))
    assert "list@example.org" in drawn
    assert "14 tries" in drawn
    assert drawn.isascii() is look.ascii_only
    assert look.severities[3] in drawn


def test_a_rate_goes_down_to_nothing_between_its_buckets() -> None:
    """Minutes without a RCPT are drawn as such, and not bridged."""
    points = list(peers._points(BAD, "asked"))
    assert (START + 60, 0) in points
    assert (START + 480, 0) in points
    assert len(points) == 3 + 4


def test_marks_stand_at_their_times_within_the_last_bucket() -> None:
    """Neither in less than a bucket nor before the first one is a mark moved to an end."""
    asked = Series("blue", [(START, 9)], ("hd", "o"))
    lines = list(map(text, over_time([asked], [START + 20, START + 40], 78, 9, ASCII)))
    signs = [at for line in lines for at, sign in enumerate(line) if sign == ASCII.severities[3]]
    frame = [at for at, sign in enumerate(lines[0]) if sign == "+"]
    assert len(signs) == 2
    assert abs(signs[0] - sum(frame) // 2) <= 1
    assert signs[1] == frame[-1] - 1
    clocks = next(line for line in lines if words.clock(START) in line).split()
    assert len(set(clocks)) == len(clocks)
    early = "\n".join(map(text, over_time([asked], [START - 40], 78, 9, ASCII)))
    assert words.clock(START - 40) in early


def test_plots_do_not_leak_into_each_other() -> None:
    """Plotext holds one figure for all: a second plot shows nothing of the first."""
    first = [Series("blue", [(START, 1), (START + 60, 9)], ("hd", "o"))]
    second = [Series("blue", [(START, 0), (START + 60, 0)], ("hd", "o"))]
    alone = list(map(text, over_time(second, [], 60, 9, ASCII)))
    over_time(first, [START], 60, 9, ASCII)
    assert list(map(text, over_time(second, [], 60, 9, ASCII))) == alone


def test_there_is_no_plot_without_numbers_or_room() -> None:
    """Nothing to draw, or nowhere to draw it, is no plot and no error."""
    assert over_time([], [], 80, 9, ASCII) == []
    assert over_time([Series("blue", [(START, 1)], ("hd", "o"))], [], 10, 9, ASCII) == []
    empty = replace(BAD, rate=(), retries=())
    assert text(peers.about(empty, None, 80, ASCII)[0]) == "no RCPT was asked for"


@pytest.mark.parametrize("top", [1, 2, 3, 7, 24, 250, 12_345])
def test_numbers_beside_the_axis_are_whole_and_few(top: int) -> None:
    """Nobody asks for half a recipient."""
    series = [Series("blue", ((0.0, 0), (60.0, top)), ("hd", "o"))]
    rows = [text(line) for line in over_time(series, [], 60, 9, UNICODE)]
    told = [row.partition("┤")[0].strip() for row in rows if "┤" in row]
    assert "0" in told
    assert 1 < len(told) <= 5
    assert all(word.replace(",", "").isdecimal() for word in told)
    assert int(told[0].replace(",", "")) > top / 3
