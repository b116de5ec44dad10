"""The flow list in groups, and the columns that the user chose."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from tui_fakes import founding, plain

from dissect.analysis.model import FlowSummary
from dissect.evidence import Endpoint
from tui.columns import BY_ID, COLUMNS, USUAL, Choice, completed, layout
from tui.groups import Group, Grouping, Groups
from tui.store import is_damaged
from tui.view import View

BAD, GOOD = founding(0).summary, plain(0).summary


def flow(number: int, client: str, *, damaged: bool = False) -> FlowSummary:
    """A flow of a client."""
    return replace(BAD if damaged else GOOD, flow=number, client=Endpoint(client, number))


def grouped(flows: list[FlowSummary], *, reverse: bool = False) -> tuple[View, Groups]:
    """Flows in groups by client, in order of their number."""
    view = View({each.flow: each for each in flows}, is_damaged)
    view.sort(lambda summary: summary.flow, reverse=reverse)
    view.group(lambda summary: summary.client.address)
    return view, Groups(view)


def told(lines: Groups) -> list[str | int]:
    """Names of groups and numbers of flows, line by line."""
    found = (lines[at] for at in range(len(lines)))
    return [each.name if isinstance(each, Group) else each for each in found]


FLOWS = [flow(0, "c"), flow(1, "a"), flow(2, "b", damaged=True), flow(3, "a"), flow(4, "b")]


def test_groups_stand_in_order_of_damage_and_of_size() -> None:
    """The group with damage comes first, then the larger one."""
    _, lines = grouped(FLOWS)
    assert told(lines) == ["b", 2, 4, "a", 1, 3, "c", 0]


def test_turned_round_flows_stay_in_their_groups() -> None:
    """Reversing turns the flows of each group round, and a line is still found by its flow."""
    _, lines = grouped(FLOWS, reverse=True)
    assert told(lines) == ["b", 4, 2, "a", 3, 1, "c", 0]
    assert [lines.line(number) for number in range(5)] == [7, 5, 2, 4, 1]


def test_a_folded_group_is_one_line() -> None:
    """Folding hides the flows; they are then found at their group's head."""
    _, lines = grouped(FLOWS)
    lines.fold("a", folded=True)
    assert told(lines) == ["b", 2, 4, "a", "c", 0]
    assert lines.line(3) == lines.head("a") == 3
    assert lines.find(3, 1, lambda _summary: True) == 0
    lines.fold("a", folded=False)
    assert len(lines) == 8


def test_without_groups_lines_are_flows() -> None:
    """A view that is not grouped has a line for each flow."""
    view, lines = grouped(FLOWS)
    view.group(None)
    assert told(lines) == [0, 1, 2, 3, 4]
    assert lines.line(3) == 3


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from("abcd"), st.booleans())))
def test_changes_one_by_one_give_what_a_fresh_grouping_gives(
    changes: list[tuple[int, str, bool]],
) -> None:
    """Flows that come, move to another group or get damaged leave the same lines as all at once."""
    flows = {number: flow(number, "a") for number in range(20)}
    view = View(flows, is_damaged)
    view.group(lambda summary: summary.client.address)
    lines = Groups(view)
    for number, client, damaged in changes:
        flows[number] = flow(number, client, damaged=damaged)
        view.update((number,))
    fresh, again = grouped(list(flows.values()))
    assert view.counts == fresh.counts
    assert sorted(map(str, told(lines))) == sorted(map(str, told(again)))
    assert all(lines[lines.line(number) or 0] == number for number in flows)


def test_groupings_go_round() -> None:
    """The key that groups comes back to no groups."""
    now, seen = Grouping.NONE, []
    for _ in Grouping:
        now = now.next
        seen.append(now)
    assert seen == [Grouping.CLIENT, Grouping.SERVER, Grouping.VERDICT, Grouping.NONE]


def test_chosen_columns_stand_in_their_order_with_their_width() -> None:
    """A width that was chosen is kept; what was not chosen is not shown."""
    choices = completed((Choice("helo", cells=20), Choice("severity"), Choice("flow", cells=9)))
    placed = layout(80, choices)
    assert [(each.column.id, each.cells) for each in placed[:1]] == [("helo", 20)]
    assert [each.column.id for each in placed] == ["helo", "severity", "flow"]
    assert {choice.column for choice in choices} == set(BY_ID)


@given(st.randoms(use_true_random=False), st.integers(10, 300))
def test_columns_never_need_more_than_there_is(random: Random, width: int) -> None:
    """Whatever is chosen in whatever order, it fits."""
    choices = list(USUAL)
    random.shuffle(choices)
    some = tuple(
        choice._replace(shown=random.random() < 0.7, cells=random.choice((0, 5, 30)))
        for choice in choices
    )
    placed = layout(width, some)
    assert sum(each.cells + 1 for each in placed) <= width
    order = [choice.column for choice in some]
    assert [each.column.id for each in placed] == sorted(
        (each.column.id for each in placed), key=order.index
    )


def test_every_column_tells_what_it_is_for() -> None:
    """Ids are unique, and the usual ones come first."""
    assert len(BY_ID) == len(COLUMNS)
    usual = [column.usual for column in COLUMNS]
    assert usual == sorted(usual, reverse=True)
