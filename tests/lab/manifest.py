"""The manifest: one table a capture, with what must be found in it and where."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab import evidence, expect, pcapfile
from lab.cases import CASES
from lab.derive import DERIVATIONS, Derivation, read_any
from lab.evidence import Scene
from lab.expect import View
from lab.expectation import UNSURE_OF_EXIT, Expectation, from_source
from lab.middlebox import SMTP, client_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from lab.pcapfile import Record
    from lab.truth import Truth

NAME = "manifest.toml"

_HEAD = """\
# What is in each capture, from the logs of the middleboxes and of the servers, and
# from what the sender reports of itself.
# Written by `python -m lab record` (in tests/); not to be edited by hand.
# findings: exact counts. at_least: lower bounds. may: free to fire. Everything else stays silent.
# devices: of all verdicts. counts: those of the one verdict that are not 0.
# ends_only: a verdict, if any, speaks of the sender or the server, and of nothing between them.
"""

Table = dict[str, Any]


@dataclass(frozen=True)
class Capture:
    """One file, before it is described."""

    file: Path
    case: str
    side: str
    """Of `lab.case.PLACES`."""
    how: str
    made: str
    """`lab` or `derived`."""
    records: Sequence[Record]


def recorded(folder: Path, case: str, truth: Truth) -> Iterator[Table]:
    """The tables of the captures that the lab recorded of a case."""
    for side in CASES[case].sides:
        file = folder / f"{case}-{side}.pcap"
        how = f"{CASES[case].summary} Captured {_where(case, side)}."
        capture = Capture(file, case, side, how, "lab", pcapfile.read(file))
        view = expect.whole_case(case, _scene(capture, truth))
        yield _table(capture, view.scene, expect.seen(view))


def derived(folder: Path, case: str, truth: Truth) -> Iterator[Table]:
    """The tables of the captures that are derived from a case; makes the files too."""
    source = folder / f"{case}-behind.pcap"
    for rule in DERIVATIONS:
        if rule.source == case:
            rule.make(source, folder / rule.name)
            yield _derived(folder / rule.name, source, rule, truth)


def load(folder: Path) -> list[Table]:
    """The tables of an existing manifest; none where there is no manifest yet."""
    path = folder / NAME
    if not path.exists():
        return []
    tables: list[Table] = tomllib.loads(path.read_text(encoding="utf-8"))["capture"]
    return tables


def store(folder: Path, tables: Sequence[Table]) -> None:
    """Write the manifest."""
    text = "\n".join("\n".join(_lines(table)) for table in sorted(tables, key=_order))
    (folder / NAME).write_text(f"{_HEAD}\n{text}\n", encoding="utf-8")


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _where(case: str, side: str) -> str:
    """Where a capture was taken, in words."""
    if not CASES[case].second:
        return {
            "before": "between the sender and the middlebox",
            "behind": "between the middlebox and the server",
        }[side]
    return {
        "before": "between the sender and the first firewall",
        "behind": "between the two firewalls",
        "server": "between the second firewall and the server",
    }[side]


def _derived(file: Path, source: Path, rule: Derivation, truth: Truth) -> Table:
    records = pcapfile.read(source) if file.suffix == ".pcapng" else read_any(file)
    whole = _whole_clients(records, pcapfile.read(source), truth)
    capture = Capture(file, rule.source, "behind", f"{rule.how}.", "derived", records)
    view = View(CASES[rule.source], _scene(capture, truth), whole)
    return _table(capture, view.scene, from_source(file.name, expect.seen(view)))


def _scene(capture: Capture, truth: Truth) -> Scene:
    return Scene(truth, pcapfile.frames(capture.records), capture.side)


def _whole_clients(records: Sequence[Record], source: Sequence[Record], truth: Truth) -> list[int]:
    """The clients of whose conversations the file holds the end, in one direction at least."""
    kept, last = {_key(record) for record in records}, _last_packets(source)
    whole = {port for (port, _), record in last.items() if _key(record) in kept}
    return [port for port in truth.clients if port in whole]


def _key(record: Record) -> tuple[int, int]:
    return record.seconds, record.microseconds


def _last_packets(records: Sequence[Record]) -> dict[tuple[int, bool], Record]:
    """By client and direction."""
    return {
        (client_port(frame.segment), frame.segment.ports[1] == SMTP): records[frame.number - 1]
        for frame in pcapfile.frames(records)
    }


def _table(capture: Capture, scene: Scene, expected: Expectation) -> Table:
    certain = {*expected.findings, *expected.at_least}
    status = "truncated" if capture.file.stem == "truncated" else "complete"
    return {
        "file": capture.file.name,
        "case": capture.case,
        "side": capture.side,
        "made": capture.made,
        "how": capture.how,
        "sha256": digest(capture.file),
        "packets": len(capture.records),
        "flows": len({client_port(frame.segment) for frame in scene.frames}),
        "status": status,
        **_exit(capture.file.name, status, expected),
        "may": list(expected.may),
        **({} if expected.devices is None else {"devices": list(expected.devices)}),
        **({"ends_only": True} if expected.ends_only else {}),
        "findings": dict(sorted(expected.findings.items())),
        "at_least": dict(sorted(expected.at_least.items())),
        "counts": dict(expected.counts),
        "evidence": [row for row in evidence.rows(scene) if row["rule"] in certain],
    }


def _exit(name: str, status: str, expected: Expectation) -> dict[str, int | list[int]]:
    if name in UNSURE_OF_EXIT or not expected.sure_of_exit:
        return {"exit_codes": [0, 1]}
    return {"exit_code": 3 if status == "truncated" else expected.exit_code}


def _order(table: Table) -> tuple[int, str, str]:
    return list(CASES).index(table["case"]), table["made"] != "lab", table["file"]


def _lines(table: Table) -> Iterator[str]:
    yield "[[capture]]"
    yield from _pairs({key: value for key, value in table.items() if key not in _NESTED})
    for part in _NESTED[:-1]:
        yield f"\n[capture.{part}]"
        yield from _pairs(table[part])
    for row in table.get("evidence", []):
        yield "\n[[capture.evidence]]"
        yield from _pairs(row)
    yield ""


_NESTED = ("findings", "at_least", "counts", "evidence")


def _pairs(table: Mapping[str, Any]) -> Iterator[str]:
    """Keys and values; JSON's strings, numbers and lists are TOML's too."""
    return (f"{key} = {json.dumps(value)}" for key, value in table.items())
