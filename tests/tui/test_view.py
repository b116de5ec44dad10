"""The store, the listed flows, the findings' index and the session, without a terminal."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from tui_fakes import case, founding, many, plain, update

from dissect.analysis import pack
from dissect.analysis.model import FlowSummary, Status, Update
from dissect.detect.finding import Severity
from tui.columns import COLUMNS, layout
from tui.evidence import Ref
from tui.filtering import parse
from tui.session import Session
from tui.store import Store, slices
from tui.view import View

_MODEL = plain(0).summary
_CHANGES = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 5), st.sampled_from(["a", "b", "c"])), max_size=60
)


def _done(session: Session) -> Session:
    while session.work(1.0):
        pass
    return session


@settings(max_examples=60)
@given(_CHANGES, st.booleans(), st.integers(1, 7))
def test_a_view_is_always_the_sorted_and_wanted_flows(
    changes: list[tuple[int, int, str]],
    reverse: bool,  # noqa: FBT001
    batch: int,
) -> None:
    """However flows come and change, the view equals sorting and filtering them afresh."""
    summaries: dict[int, FlowSummary] = {}
    view = View(summaries)
    view.sort(lambda flow: flow.bytes_client, reverse=reverse)
    view.narrow(lambda flow: flow.helo != "c")
    for start in range(0, len(changes), batch):
        part = changes[start : start + batch]
        for flow, size, helo in part:
            summaries[flow] = replace(_MODEL, flow=flow, bytes_client=size, helo=helo)
        view.update([flow for flow, _, _ in part])
    wanted = [flow for flow in summaries.values() if flow.helo != "c"]
    expected = sorted(wanted, key=lambda flow: (flow.bytes_client, flow.flow), reverse=reverse)
    assert [flow.flow for flow in expected] == list(view)
    assert list(range(len(view))) == [view.index(flow) for flow in view]


def test_a_hundred_thousand_flows_are_listed_and_sorted() -> None:
    """The store and the view take 100,000 flows, in any order of any column."""
    session = _done(_fed(many(100_000)))
    assert len(session.view) == 100_000
    assert session.store.damaged == 1000
    for column in COLUMNS:
        session.sort(column, reverse=True)
        assert len(session.view) == 100_000
    assert session.evidence.total == 5000


def _fed(*updates: Update) -> Session:
    session = Session()
    for each in updates:
        session.feed(each)
    return session


def test_work_is_done_in_slices() -> None:
    """A tick without time does next to nothing, and many ticks do it all."""
    session = _fed(many(3000))
    session.work(0.0)
    assert not session.store.summaries
    _done(session)
    assert len(session.store.summaries) == 3000


def test_slices_bring_ladders_before_their_summaries() -> None:
    """A flow that is listed can be opened: large updates are cut so that ladders go first."""
    parts = list(slices(many(1200)))
    kinds = [bool(part.summaries) for part in parts]
    assert kinds == sorted(kinds)
    assert sum(len(part.summaries) for part in parts) == 1200
    assert sum(len(part.details) for part in parts) == 1200


def test_a_changed_flow_replaces_its_ladder_and_its_count() -> None:
    """The store holds a flow once, as it is now."""
    store = Store()
    store.apply(update([founding(0)], Status.LOADING))
    assert store.detail(0) is store.detail(0)
    assert store.severities[Severity.CRITICAL] == 1
    store.apply(update([plain(0)]))
    assert store.severities[Severity.CRITICAL] == 0
    detail = store.detail(0)
    assert detail is not None
    assert detail.findings == ()
    assert store.detail(99) is None


def test_few_details_stay_open() -> None:
    """Walking through many flows does not unpack them all into memory."""
    store = Store()
    store.apply(many(500))
    for flow in range(500):
        store.detail(flow)
    assert len(store._details) <= 64


def test_findings_are_grouped_by_rule_and_follow_their_flows() -> None:
    """The index lists every finding once, the worst rule first, and forgets what is gone."""
    session = _done(_fed(update(case())))
    evidence = session.evidence
    assert evidence.total == 16
    severities = [group.severity for group in evidence.groups]
    assert severities == sorted(severities, reverse=True)
    lines = [evidence[at] for at in range(len(evidence))]
    assert len([entry for entry in lines if entry.ref]) == 16
    for at, entry in enumerate(lines):
        assert evidence.index(entry.group.name, entry.ref) == at
    session.feed(update([plain(0)]))
    _done(session)
    assert evidence.total == 11
    assert all(ref.flow != 0 for group in evidence.groups for ref in group.refs)


def test_a_folded_rule_hides_its_findings() -> None:
    """A folded group is one line, and its findings are found at its head."""
    evidence = _done(_fed(update(case()))).evidence
    group, before = evidence.groups[0], len(evidence)
    ref = group.refs[0]
    group.open = False
    assert len(evidence) == before - len(group.refs)
    assert evidence.index(group.name, ref) == 0
    assert evidence.index("no-such-rule", None) is None
    assert evidence.finding(Ref(999, 0)) is None


def test_a_filter_looks_into_summaries_and_dialogues() -> None:
    """Addresses, HELO and rules are found at once; recipients and replies inside the ladders."""
    session = _done(_fed(update(case())))
    session.narrow(parse("NEWS.example"))
    assert list(session.view) == [3]
    session.narrow(parse("recipient0030"))
    assert list(session.view) == []
    _done(session)
    assert list(session.view) == [5]
    session.narrow(parse(""))
    assert len(session.view) == 12


def test_a_filter_goes_on_into_flows_that_come_later() -> None:
    """While a filter is on, new flows are looked into as they arrive."""
    session = _fed(update([plain(1)], Status.LOADING))
    _done(session).narrow(parse("recipient0003"))
    session.feed(update([founding(7)]))
    _done(session)
    assert list(session.view) == [7]


def test_damaged_flows_are_walked_in_the_order_of_the_list() -> None:
    """Next and previous go by the list, and stop at its ends."""
    session = _done(_fed(update(case())))
    assert session.next_damaged(None, 1) == 0
    assert session.next_damaged(0, 1) == 2
    assert session.next_damaged(5, 1) is None
    assert session.next_damaged(None, -1) == 5
    session.toggle_damaged()
    assert list(session.view) == [0, 2, 5]
    assert session.neighbour(2, 1) == 5
    assert session.neighbour(5, 1) is None


def test_columns_are_dropped_by_rank_and_fill_the_width() -> None:
    """At 80 cells the dear columns are there, at 160 all are, and never more than fits."""
    for width in range(20, 200):
        placed = layout(width)
        assert sum(cells + 1 for _, cells in placed) <= width
    at_80 = {column.id for column, _ in layout(78)}
    assert {"severity", "client", "outcome", "recipients", "findings"} <= at_80
    usual = [column.id for column in COLUMNS if column.usual]
    assert [column.id for column, _ in layout(158)] == usual


def test_a_ladder_survives_packing() -> None:
    """What crosses the process is what arrives."""
    store = Store()
    detail = founding(3)
    store.apply(Update(progress=store.progress, details=(pack(detail),)))
    assert store.peek(3) == detail
