"""Several sources on one screen: which flow is whose, and one of them alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tui_fakes import founding, plain, update
from tui_pilot import SIZES, running

from dissect.analysis.model import FlowDetail, Status, Update
from tui.columns import USUAL, with_column
from tui.source_names import labels

INSIDE = "root@inside.example.net:eth0"
OUTSIDE = "root@outside.example.net:eth0"


def of(source: str, detail: FlowDetail) -> FlowDetail:
    """A flow that comes from a source."""
    return replace(detail, summary=replace(detail.summary, capture=source))


def both() -> Update:
    """A damaged flow and a clean one, seen on both sides of a firewall."""
    flows = [of(INSIDE, founding(0)), of(OUTSIDE, plain(1)), of(INSIDE, plain(2)),
             of(OUTSIDE, founding(3))]  # fmt: skip
    return update(flows, Status.LIVE)


@pytest.mark.parametrize("size", SIZES)
async def test_each_flow_is_labelled(size: tuple[int, int]) -> None:
    """At either size, without a choice of columns, in front of what may be left out."""
    async with running(both(), size=size) as seen:
        titles, rows = seen.lines[2], seen.lines[3:7]
        at = titles.index("source")
        assert [row[at:].split()[0] for row in rows] == ["inside", "outside"] * 2


async def test_a_single_source_needs_no_column() -> None:
    """Its name is in the header."""
    async with running(update([of(INSIDE, plain(0)), of(INSIDE, plain(1))])) as seen:
        assert "source" not in seen.lines[2]


async def test_a_mail_log_leaves_the_column() -> None:
    """The column that comes with logs is no choice of the user's: both are shown."""
    async with running(both()) as seen:
        session = seen.app.session
        session.columns = with_column(USUAL, "log")
        shown = [choice.column for choice in session.shown_columns if choice.shown]
        assert shown[:3] == ["flow", "severity", "capture"]
        assert "log" in shown


async def test_chosen_columns_stay() -> None:
    """A user who has chosen columns gets no other; the label can be hidden like any."""
    async with running(both()) as seen:
        await seen.press("c", "j", "j", "space", "q")
        assert "source" not in seen.lines[2]
        assert "client" in seen.lines[2]


async def test_a_key_goes_through_the_sources() -> None:
    """The first, the next, all again; the header says which, and Esc lists all."""
    async with running(both()) as seen:
        views = [tuple(seen.app.session.view)]
        for _ in range(3):
            await seen.press("C")
            views.append(tuple(seen.app.session.view))
        assert views == [(0, 1, 2, 3), (0, 2), (1, 3), (0, 1, 2, 3)]
        await seen.press("C", "C")
        assert "2 of them: source outside" in seen.text
        await seen.press("escape")
        assert tuple(seen.app.session.view) == (0, 1, 2, 3)


async def test_it_goes_with_what_else_narrows_the_list() -> None:
    """A filter and damaged flows only hold within the source; what comes is sorted in."""
    async with running(both()) as seen:
        await seen.press("C", "C", "f")
        assert tuple(seen.app.session.view) == (3,)
        seen.feed.more(update([of(OUTSIDE, founding(4)), of(INSIDE, founding(5))], Status.LIVE))
        await seen.settle()
        assert tuple(seen.app.session.view) == (3, 4)
        await seen.press("f", "slash", *"flow:1-3", "enter")
        assert tuple(seen.app.session.view) == (1, 3)


async def test_a_filter_can_name_it() -> None:
    """As source: or capture:, by a part of its whole name."""
    async with running(both()) as seen:
        await seen.press("slash", *"source:outside.example", "enter")
        assert tuple(seen.app.session.view) == (1, 3)
        await seen.press("escape", "slash", *"source:inside and not is:damaged", "enter")
        assert tuple(seen.app.session.view) == (2,)


@pytest.mark.parametrize(
    ("names", "short"),
    [
        ((INSIDE, OUTSIDE), ["inside", "outside"]),
        (("inside:eth0", "outside:eth1"), ["inside:eth0", "outside:eth1"]),
        (("root@mx:22:lo", "root@mx:22:any"), ["lo", "any"]),
        (("root@[2001:db8::1]:lo", "root@[2001:db8::2]:lo"), ["[2001:db8::1]", "[2001:db8::2]"]),
        (("in/mail.pcap", "out/mail.pcap"), ["in", "out"]),
        (("a", "a/b"), ["a", "a/b"]),
        (("eth0",), ["eth0"]),
    ],
)
def test_short_names(names: tuple[str, ...], short: list[str]) -> None:
    """What all have in common tells nothing and is left out, part by part."""
    assert list(labels(names).values()) == short


@given(st.sets(st.text(st.sampled_from("ab[]/:@."), min_size=1, max_size=8), min_size=1))
def test_short_names_differ(names: set[str]) -> None:
    """However names are made, each has its own label, which is a part of it."""
    found = labels(names)
    assert len({*found.values()}) == len(names)
    assert all(short and short in name for name, short in found.items())
