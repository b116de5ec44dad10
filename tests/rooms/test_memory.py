"""What is remembered across flows stays as small after a week as after a day."""

from __future__ import annotations

import sys
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.script import play
from support.wire import Setting

from dissect.analysis import pairs, peers
from dissect.analysis.ledger import Ledger
from dissect.analysis.peers import BUCKETS, WIDTH, Peers, Rate
from dissect.detect import history
from dissect.detect.context import Context
from dissect.detect.effort import Effort, Failed
from dissect.detect.finding import Severity
from dissect.detect.history import History
from dissect.evidence import Endpoint
from dissect.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Iterable

SERVER = Endpoint("192.0.2.25", 25)
COUNTS = st.integers(0, 9)
SMALL = {
    history: {"ENVELOPES": 40, "CONNECTIONS": 40, "CLIENTS": 10, "FLOWS": 5, "EFFORTS": 40},
    pairs: {"PAIRS": 20, "NEXT": 5, "FLOWS": 10, "ALL_FLOWS": 60, "CONNECTIONS": 40},
    peers: {"PEERS": 20, "NEXT": 5, "ALL_RETRIES": 60, "RETRIES": 10, "MOMENTS": 5},
}  # fmt: skip
"""The bounds, so low that a test reaches them."""


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, bounds in SMALL.items():
        for name, bound in bounds.items():
            assert hasattr(module, name)
            monkeypatch.setattr(module, name, bound)


def size(value: Any, seen: set[int] | None = None) -> int:
    """Bytes of a value and of all that hangs on it."""
    seen = set() if seen is None else seen
    if id(value) in seen or isinstance(value, type):
        return 0
    seen.add(id(value))
    parts: Iterable[Any] = ()
    if isinstance(value, dict | OrderedDict):
        parts = [*value.keys(), *value.values()]
    elif isinstance(value, list | tuple | set | frozenset | deque):
        parts = value
    slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    held = [getattr(value, name, None) for name in slots]
    held += [value.__dict__] if hasattr(value, "__dict__") else []
    return sys.getsizeof(value) + sum(size(part, seen) for part in (*parts, *held))


def flow(number: int, ledger: Ledger, *, start: float | None = None) -> Context:
    """A damaged flow of another client, with envelopes of its own."""
    client = Endpoint(f"10.{number >> 8}.{number & 255}.1", 1024 + number % 9)
    begun = 1e9 + 60.0 * number if start is None else start
    context = Context(
        flow=number, client=client, server=SERVER, start=begun, history=ledger.history
    )
    context.tally.greetings = context.tally.greetings_masked = 1
    context.tally.verbs_with_seam = context.tally.verbs_with_seam_masked = 1
    context.spending.total = Effort(1, 3, 0, 9, 0, 0, 9)
    for one in range(3):
        context.spending.failed.append(
            Failed(f"<{number}-{one}@example.org>", 3, hash((number, one)))
        )
        ledger.history.add((number, one), begun, (number,), again=False)
    ledger.history.effort(client, begun, context.spending.total)
    context.again = ledger.history.again(client, SERVER, begun)
    return context


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("clients", [7, 1_000_000])
def test_ten_times_the_flows_take_no_more(clients: int, several: bool) -> None:  # noqa: FBT001
    """Few clients that come again, or ever new ones: nothing that hangs on the ledger grows."""
    ledger = Ledger(several=several)
    sizes = []
    for number in range(4_000):
        context = flow(number % clients, ledger, start=1e9 + 60.0 * number)
        context.flow = number
        ledger.add(context, f"source{number % 3}", Severity.CRITICAL)
        if number in {400, 3_999}:
            sizes.append(size(ledger))
    assert sizes[1] < 1.1 * sizes[0]


def test_the_damaged_are_remembered_longest() -> None:
    """A clean client that was not seen for long goes before a damaged one."""
    everybody, ledger = Peers(), Ledger()
    everybody.add(flow(1, ledger), Severity.CRITICAL)
    for number in range(2, 60):
        everybody.add(flow(number, ledger), None)
    told = everybody.told()
    assert len(told) == 20
    assert told[0].client == "10.0.1.1"


def test_a_pair_that_goes_on_is_not_forgotten() -> None:
    """However many other clients come by meanwhile, its proof stays whole."""
    ledger = Ledger()
    for number in range(1, 60):
        ledger.add(flow(number, ledger), "lo", Severity.CRITICAL)
        ledger.add(flow(0, ledger), "lo", Severity.CRITICAL)
    verdicts = {verdict.client: dict(verdict.counts) for verdict in ledger.verdicts()}
    assert verdicts["10.0.0.1"]["flows"] == 59


def test_a_client_that_was_not_seen_for_longest_is_forgotten() -> None:
    """With all its efforts, where those of all together are too many."""
    remembered = History()
    one, others = Endpoint("10.0.0.1", 1024), [Endpoint(f"10.0.1.{n}", 1024) for n in range(8)]
    for minute in range(5):
        for client in (one, *others)[minute == 4 :]:
            remembered.effort(client, 60.0 * minute, Effort(1, 1, 1, 1, 1, 1, 0))
    assert remembered.rate(one, 300.0).flows == 0
    assert [remembered.rate(client, 300.0).flows for client in others] == [5] * 8


@given(
    st.lists(st.tuples(st.integers(0, 400_000), st.integers(0, 9), st.integers(0, 9)), min_size=1)
)
def test_a_rate_loses_no_count(said: list[tuple[int, int, int]]) -> None:
    """Whatever the times and their order: all is counted, in few buckets, at its time."""
    rate = Rate()
    for time, asked, accepted in said:
        rate.add(float(time), asked, accepted)
    told = rate.told()
    assert sum(bucket.asked for bucket in told) == sum(asked for _, asked, _ in said)
    assert sum(bucket.delivered for bucket in told) == sum(accepted for *_, accepted in said)
    assert len(told) <= BUCKETS
    assert rate.width % WIDTH == 0
    starts = {
        time // rate.width * rate.width for time, asked, accepted in said if asked or accepted
    }
    assert [bucket.start for bucket in told] == sorted(starts)


def test_sources_that_are_read_at_once_count_a_connection_once() -> None:
    """Two captures of the same connection, packet by packet in turn, are one flow of a client."""
    script = "S: 220 mx\nC: EHLO a\nS: 250 mx\nC: QUIT\nS: 221 Bye\nC! FIN\nS! FIN\n"
    ledger = Ledger(several=True)
    inside, outside = (Pipeline(name, ledger=ledger) for name in ("inside", "outside"))
    for segment in play(script, Setting()):
        inside.segments([segment])
        outside.segments([segment._replace(time=segment.time + 0.001)])
    inside.finish()
    outside.finish()
    (peer,) = ledger.peers()
    assert peer.flows == 1
