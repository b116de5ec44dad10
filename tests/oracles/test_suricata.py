"""What Suricata's own tests expect of the public captures, against our dialogue."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

import pytest

from oracles import public, suricata
from oracles.disagreements import DISAGREEMENTS, Disagreement, known
from oracles.shared import FOLDER, NEEDED, peers, reading
from oracles.suricata import ANOMALIES, MIME, Expectation

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = NEEDED

EVENTS: Final = frozenset({"smtp", "anomaly", "flow", "alert", "fileinfo", ""})
KEYS: Final = frozenset({
    "smtp.helo", "smtp.mail_from", "smtp.rcpt_to[0]", "smtp.rcpt_to[1]", "tx_id", "src_ip",
    "src_port", "dest_ip", "dest_port", "anomaly.event", "app_proto", "app_proto_tc",
})  # fmt: skip
"""Keys that are compared."""

ALL: Final = {file: [suricata.parse(raw) for raw in given] for file, given in peers("suricata")}
BUGS: Final = [entry for entry in DISAGREEMENTS if entry.oracle == "suricata" and entry.bug]


def _groups(file: str) -> dict[tuple[Any, ...], list[Expectation]]:
    """Expectations of the same test about the same: each of another version of Suricata."""
    found = defaultdict(list)
    for expectation in ALL[file]:
        if not suricata.ignored(expectation):
            found[expectation[:3]].append(expectation)
    return found


def _differences(file: str) -> Iterator[str]:
    """What Suricata expects of a capture and we do not have."""
    details = reading(FOLDER / file).details
    for group in _groups(file).values():
        number = suricata.ours(group[0], details)
        if not any(suricata.agrees(expectation, number) for expectation in group):
            yield _described(group[0])


def _described(expectation: Expectation) -> str:
    """An expectation in a line, without the addresses."""
    keys = [f"{key}={value!s:.40}" for key, value in expectation.compared]
    return " ".join([f"{expectation.times} {expectation.kind}", *keys])


@pytest.mark.parametrize("file", ALL or ["none"])
def test_events_are_those_of_suricata(file: str) -> None:
    """Mails, names, paths, anomalies and protocols, but for what is known."""
    assert set(_differences(file)) == known("suricata", file)


@pytest.mark.parametrize("entry", BUGS, ids=lambda entry: f"{entry.capture}-{entry.what}")
@pytest.mark.xfail(strict=True, reason="each entry of the table says why Suricata is right")
def test_suricata_is_not_right(entry: Disagreement) -> None:
    """Nothing is read better by Suricata."""
    assert entry.what not in set(_differences(entry.capture))


def test_nothing_is_dropped() -> None:
    """Every event, key and anomaly of Suricata's is compared or has its reason."""
    raw = [expectation for _, given in peers("suricata") for expectation in given]
    keys = {key for expectation in raw for key in expectation["match"]} - {"event_type"}
    assert {key for key in keys if key not in KEYS and suricata.reason(key) is None} == set()
    assert {expectation["match"].get("event_type", "") for expectation in raw} <= EVENTS
    events = {expectation["match"].get("anomaly.event") for expectation in raw} - {None}
    assert events <= {*ANOMALIES, *MIME}
    assert sum(len(given) for given in ALL.values()) == len(raw)


def test_every_reason_is_needed() -> None:
    """No key, anomaly or test is excused that does not occur."""
    raw = [expectation for _, given in peers("suricata") for expectation in given]
    keys = {key for expectation in raw for key in expectation["match"]}
    assert all(any(key.startswith(head) for key in keys) for head in suricata.KEYS)
    assert set(MIME) <= {expectation["match"].get("anomaly.event") for expectation in raw}
    assert all(
        any((e.test, e.compared) == known_as for given in ALL.values() for e in given)
        for known_as in suricata.OLDER
    )
    assert set(suricata.DROPPED) <= {expectation["test"] for expectation in raw}


def test_most_is_compared() -> None:
    """What is compared is the greater part, and of it the greater part says what must be there."""
    given = [expectation for group in ALL.values() for expectation in group]
    compared = [expectation for expectation in given if not suricata.ignored(expectation)]
    assert len(compared) > len(given) / 2
    assert sum(expectation.times > 0 for expectation in compared) > len(compared) / 2


@pytest.mark.parametrize("file", ALL or ["none"])
def test_silence_is_kept(file: str) -> None:
    """Where Suricata must not report any anomaly of SMTP, no rule of weight fires either."""
    silent = [e for e in ALL[file] if e.kind == "anomaly" and not e.times and not e.compared]
    if silent:
        assert public.weighty(reading(FOLDER / file).details) == []
