"""Reads the scenarios: one TOML file for each rule, its tables ``fires`` and ``silent``.

Each table is a story: a transcript (``support.script``), and all findings that it must give.

==============  =================================================================================
``story``       what happens, in one sentence
``opening``     the name of a beginning in ``openings.toml``
``transcript``  the dialogue, behind the opening
``setting``     how it is captured: ``support.wire.Setting`` by its own names
``tries``       how often the transcript is played, 15 minutes apart and from other ports
``others``      transcripts of further connections to the same server, likewise apart
``others_from``  the address that those come from, where it is another one
``findings``    every finding, in the order of the ladder: ``rule``, and any other of ``FACTS``
``outcome``     what became of the mail in the last flow
``commands``    all command rows of the last flow
``kinds``       the kinds of all its rows, without the handshake's
``hidden``      texts that nothing may show, as credentials
==============  =================================================================================
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from support.script import play
from support.wire import Setting, interleave

from dissect.analysis.model import FlowDetail, Outcome
from dissect.detect.finding import Finding
from dissect.detect.registry import NAMES
from dissect.escape import visible
from dissect.evidence import Endpoint, Side
from dissect.segments import Segment

FOLDER: Final = Path(__file__).resolve().parent
OPENINGS: Final = "openings"
RETRY_SECONDS: Final = 900.0

Expected = Mapping[str, Any]


class StoryError(ValueError):
    """A scenario file says something that means nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One scenario."""

    rule: str
    fires: bool
    story: str
    transcript: str
    findings: tuple[Expected, ...] = ()
    opening: str = ""
    setting: Setting = field(default_factory=Setting)
    tries: int = 1
    others: tuple[str, ...] = ()
    others_from: str = ""
    outcome: Outcome | None = None
    commands: tuple[str, ...] | None = None
    kinds: tuple[str, ...] | None = None
    hidden: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """How the story is called in a test report."""
        return f"{self.rule}-{'fires' if self.fires else 'silent'}-{self.story[:60]}"

    def segments(self) -> list[Segment]:
        """What the capture holds."""
        script = openings()[self.opening] + self.transcript if self.opening else self.transcript
        flows = [play(script, self._try(number)) for number in range(self.tries)]
        for number, other in enumerate(self.others, start=self.tries):
            flows.append(play(other, self._try(number, self.others_from)))
        return interleave(flows)

    def _try(self, number: int, address: str = "") -> Setting:
        """The hosts and the time of one try."""
        setting = self.setting
        client = Endpoint(address or setting.client.address, setting.client.port + number)
        return replace(setting, client=client, start=setting.start + number * RETRY_SECONDS)


def _on(finding: Finding, detail: FlowDetail, place: int) -> str:
    """The first line of one of the rows that a finding is about; empty without such a row."""
    rows = {row.number: row for row in detail.rows}
    if len(finding.rows) <= place:
        return ""
    return visible(rows[finding.rows[place]].text.split(b"\r\n")[0])


FACTS: Final[dict[str, Callable[[Finding, FlowDetail], object]]] = {
    "rule": lambda f, _: f.rule,
    "on": lambda f, d: _on(f, d, 0),
    "with": lambda f, d: _on(f, d, 1),
    "original": lambda f, _: f.original,
    "observed": lambda f, _: visible(f.observed),
    "seam": lambda f, _: f.seam.offset if f.seam else None,
    "within": lambda f, _: f.seam.within if f.seam else None,
    "inferred": lambda f, _: f.seam.seam.inferred if f.seam else None,
    "severity": lambda f, _: str(f.severity),
    "confidence": lambda f, _: round(f.confidence, 2),
    "frames": lambda f, _: list(f.frames),
    "recipients": lambda f, _: list(f.recipients),
    "message": lambda f, _: f.message,
}
"""What can be expected of a finding: its name in the files, and where it is read."""


def told(finding: Finding, detail: FlowDetail, expected: Expected) -> dict[str, object]:
    """A finding in the words in which a story expects it."""
    return {name: FACTS[name](finding, detail) for name in expected}


@cache
def openings() -> dict[str, str]:
    """The beginnings that stories share."""
    return {k: str(v) for k, v in tomllib.loads(_text(OPENINGS)).items()}


@cache
def stories() -> tuple[Story, ...]:
    """All stories of all rules."""
    return tuple(story for path in files() for story in _stories(path))


def files() -> list[Path]:
    """The scenario files."""
    return sorted(path for path in FOLDER.glob("*.toml") if path.stem != OPENINGS)


def _text(stem: str) -> str:
    return (FOLDER / f"{stem}.toml").read_text(encoding="utf-8")


def _stories(path: Path) -> Iterator[Story]:
    tables = tomllib.loads(_text(path.stem))
    if path.stem not in NAMES:
        raise StoryError(f"{path.name}: there is no such rule")
    if unknown := set(tables) - {"fires", "silent"}:
        raise StoryError(f"{path.name}: unknown tables {sorted(unknown)}")
    for kind, of_kind in tables.items():
        for table in of_kind:
            yield read(path.stem, table, fires=kind == "fires")


def read(rule: str, table: dict[str, Any], *, fires: bool) -> Story:
    """One story from its table.

    Raises:
        StoryError: for a key or a value that means nothing, or one that is missing.
    """
    try:
        return Story(rule=rule, fires=fires, **{k: READ.get(k, _same)(v) for k, v in table.items()})
    except (TypeError, KeyError, ValueError) as error:
        raise StoryError(f"{rule}: {table.get('story', 'no story')}: {error}") from error


def _same(value: Any) -> Any:
    return value


def _findings(tables: list[dict[str, Any]]) -> tuple[Expected, ...]:
    """Expected findings, each of a known rule and of known facts."""
    for table in tables:
        if table["rule"] not in NAMES or not FACTS.keys() >= table.keys():
            raise StoryError(f"unknown rule or fact in {table}")
    return tuple(tables)


def _setting(table: dict[str, Any]) -> Setting:
    """How it is captured."""
    known: dict[str, Any] = {k: Side(v) if k == "only" else v for k, v in table.items()}
    return Setting(**known)


READ: Final[dict[str, Callable[[Any], Any]]] = {
    "findings": _findings,
    "setting": _setting,
    "outcome": Outcome,
    "commands": tuple,
    "kinds": tuple,
    "others": tuple,
    "hidden": tuple,
}
"""How the values of some keys are read."""
