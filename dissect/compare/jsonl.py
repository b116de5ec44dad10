"""A comparison as JSON Lines; ``dissect/report/schema.json`` documents them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from dissect.compare import words
from dissect.compare.comparison import Comparison
from dissect.compare.pair import Change, Pair
from dissect.compare.tape import Tape
from dissect.compare.text import Source
from dissect.compare.view import View


def write(
    found: Comparison, sources: tuple[Source, Source], warnings: list[str],
    put: Callable[[str], object],
) -> None:  # fmt: skip
    """Write the pairs, each with its changes, the flows that are alone, and the verdict."""
    for value in _all(found, sources, warnings):
        put(json.dumps(value, separators=(",", ":")) + "\n")


def _all(
    found: Comparison, sources: tuple[Source, Source], warnings: list[str]
) -> Iterator[dict[str, Any]]:
    for number, pair in enumerate(found.pairs):
        yield _pair(number, pair)
        for change in pair.changes:
            yield _change(number, change)
    for tapes, source in ((found.only_one, sources[0]), (found.only_two, sources[1])):
        for tape in tapes:
            yield {"type": "alone", "place": source.place, **_tape(tape)}
    yield {
        "type": "comparison",
        "family": found.family,
        "message": words.message(found),
        "differs": found.differs,
        "complete": found.complete,
        **{source.place: source.name for source in sources},
        "clock_offset": round(found.offset, 6),
        "nearer_client": found.nearer,
        "counts": found.counts,
        "alone": {"inside": len(found.only_one), "outside": len(found.only_two)},
        "warnings": warnings,
    }


def _pair(number: int, pair: Pair) -> dict[str, Any]:
    """Two flows that are one."""
    return {
        "type": "pair",
        "pair": number,
        "inside": _tape(pair.one),
        "outside": _tape(pair.two),
        "changes": len(pair.changes),
        "renumbered": pair.renumbered,
        "relayed": pair.relayed,
        "traits": [
            {"side": t.side.value, "name": t.name, "inside": t.one, "outside": t.two}
            for t in pair.traits
        ],
        "compared": pair.compared,
        "unsure": list(pair.unsure),
    }


def _tape(tape: Tape) -> dict[str, Any]:
    """One flow of one capture."""
    return {
        "client": str(tape.client),
        "server": str(tape.server),
        "start": round(tape.start, 6),
        "tcp_stream": tape.tcp_stream,
        "filter": tape.filter,
    }


def _change(number: int, change: Change) -> dict[str, Any]:
    """One difference."""
    return {
        "type": "change",
        "pair": number,
        "kind": change.kind,
        "side": change.side.value,
        "reset": change.reset,
        "octets": change.octets,
        "runs": [list(run) for run in change.runs],
        "inside": _view(change.one),
        "outside": _view(change.two),
    }


def _view(view: View) -> dict[str, Any]:
    """What one capture holds there."""
    return {
        "offset": view.offset,
        "length": view.length,
        "text": view.text.decode("utf-8", "backslashreplace"),
        "seams": list(view.seams),
        "frames": list(view.frames),
    }
