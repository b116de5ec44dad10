"""The lab, watched while it happens: an Exim behind two middleboxes, captured on both sides."""

from __future__ import annotations

import contextlib
import shutil
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from lab import pcapfile
from lab.cases import CASES
from lab.needs import missing
from lab.run import Recorded, record
from lab.truth import truth
from live.seamark_live import Live

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lab.network import Network

pytestmark = [
    pytest.mark.lab,
    pytest.mark.tshark,
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
]
INSIDE, OUTSIDE = "near", "far"
"""The interfaces of the middleboxes' namespace: towards the sender, and towards the server."""


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Recorded, Live]:
    """The founding case, recorded, and watched on both sides by one `seamark live`."""
    if why := missing("exim"):
        pytest.skip(why)
    runs: list[Live] = []

    @contextlib.contextmanager
    def beside(net: Network) -> Iterator[None]:
        words = ("-i", INSIDE, "-i", OUTSIDE, "--format", "jsonl", "--min-severity", "info")
        with Live(*words, before=net.inside(net.middlebox)) as run:
            runs.append(run)
            for _ in range(2):
                run.until(lambda _: len(run.objects("source")) == 2)
            yield
            run.until(lambda _: ended(run) == 18)
            assert run.end() == 1

    folder: Path = tmp_path_factory.mktemp("lab")
    return record(CASES["founding"], folder, beside), runs[0]


def ended(run: Live) -> int:
    """How many flows have been told whole."""
    return len(run.objects("flow"))


def found_in(run: Live, place: str) -> list[dict[str, Any]]:
    """The findings of one side."""
    return [each for each in run.objects("finding") if each["capture"] == place]


def test_only_the_far_side_has_masked_verbs(watched: tuple[Recorded, Live]) -> None:
    """As many as the middlebox wrote down, cut where it says; the near side has them whole."""
    recorded, run = watched
    masked = {
        place: Counter(
            each["seam"]["offset"]
            for each in found_in(run, place)
            if each["rule"] == "split-masked-verb" and "XX" in each["observed"]
        )
        for place in (INSIDE, OUTSIDE)
    }
    assert masked[OUTSIDE] == Counter(verb.offset for verb in truth(recorded).split())
    assert masked[INSIDE] == Counter()


def test_only_the_near_side_has_masked_greetings(watched: tuple[Recorded, Live]) -> None:
    """The second middlebox masks what the server says: who looks behind it sees nothing of that."""
    _, run = watched
    masked = [each for each in run.objects("finding") if each["rule"] == "masked-banner"]
    assert Counter(each["capture"] for each in masked) == {INSIDE: 9}


def test_flows_say_where_they_were_seen(watched: tuple[Recorded, Live]) -> None:
    """Each connection is two flows, one of each side, from the same port."""
    _, run = watched
    seen = {
        place: sorted(flow["client"] for flow in run.objects("flow") if flow["capture"] == place)
        for place in (INSIDE, OUTSIDE)
    }
    assert len(seen[INSIDE]) == 9
    assert seen[INSIDE] == seen[OUTSIDE]


def test_what_was_seen_twice_counts_once(watched: tuple[Recorded, Live]) -> None:
    """Peers, retries and the proof of the verdict are those of nine connections."""
    recorded, run = watched
    (peer,) = run.objects("peer")
    assert peer["messages"] == {"tried": 9, "accepted": len(truth(recorded).accepted)}
    (verdict,) = run.objects("verdict")
    assert verdict["device"] == "cisco-smtp-inspection"
    counts = verdict["counts"]
    assert (counts["verbs_with_seam"], counts["verbs_with_seam_masked"]) == (6, 6)
    assert counts["greetings"] == 9
    storms = [each for each in run.objects("finding") if each["rule"] == "retry-storm"]
    assert {each["message"].split(" of ")[0] for each in storms} == {"Try 3"}


def test_nothing_was_lost_on_the_way(watched: tuple[Recorded, Live]) -> None:
    """Both sources saw as many packets as tcpdump wrote there, and dropped none."""
    recorded, run = watched
    last = {each["name"]: each for each in run.objects("source")}
    written = dict(zip((INSIDE, "", OUTSIDE), recorded.captures.values(), strict=True))
    for place in (INSIDE, OUTSIDE):
        packets = len(pcapfile.read(written[place]))
        assert last[place]["packets"] == last[place]["decoded"] == packets
        assert last[place]["dropped"] == {"kernel": 0, "interface": 0}
