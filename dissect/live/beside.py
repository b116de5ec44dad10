"""What runs beside a watch: evidence that is kept, and what findings start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dissect.detect.finding import Severity
from dissect.live.evidence import Evidence, Keeping
from dissect.live.keep import Memory
from dissect.live.logged import Logging
from dissect.live.reports import Listener
from dissect.live.tail import Tail
from dissect.live.triggers import Triggers
from dissect.live.watch import Watch
from dissect.maillog.zone import zone
from dissect.redact import Redactor
from dissect.source.tap import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What the user wants beside the report."""

    keeping: Keeping | None = None
    command: tuple[str, ...] = ()
    """Run for each finding."""
    lowest: Severity = Severity.MEDIUM
    """Of findings that start something."""
    logs: tuple[str, ...] = ()
    """Mail logs that are read as they grow."""
    zone: str = ""
    """Of stamps in them that have none; empty for that of this machine."""

    def written(self) -> dict[str, Any]:
        """As JSON has it, for another process."""
        return {
            "keeping": self.keeping.written() if self.keeping else None,
            "command": list(self.command),
            "lowest": str(self.lowest),
            "logs": list(self.logs),
            "zone": self.zone,
        }

    @classmethod
    def read(cls, said: dict[str, Any]) -> Beside:
        """From what ``written`` has made."""
        return cls(
            keeping=Keeping.read(said["keeping"]) if said["keeping"] else None,
            command=tuple(said["command"]),
            lowest=Severity.parse(said["lowest"]),
            logs=tuple(said["logs"]),
            zone=said["zone"],
        )


class Attached:
    """What the user wants beside the report, around a listener.

    ``listener`` and ``memory`` are for the ``Watch``.

    Args:
        beside: what is wanted.
        listener: told of everything.
        memory: where packets are kept anyway; made where evidence needs one.
        bell: rung for findings.
        redactor: replaces what packets and logs say.

    Raises:
        SeamarkError: if evidence cannot be kept, or a log not be read.
    """

    def __init__(
        self,
        beside: Beside,
        listener: Listener,
        memory: Memory | None = None,
        bell: Callable[[], object] | None = None,
        redactor: Redactor | None = None,
    ) -> None:
        self._evidence: Evidence | None = None
        self._triggers: Triggers | None = None
        self._logging: Logging | None = None
        if beside.command or bell is not None:
            self._triggers = Triggers(listener, beside.lowest, beside.command, bell)
            listener = self._triggers
        if beside.keeping is not None:
            memory = memory or Memory(redactor=redactor)
            self._evidence = Evidence(listener, memory, beside.keeping)
            listener = self._evidence
        if beside.logs:
            stamps = zone(beside.zone)
            tails = [Tail(name, stamps) for name in beside.logs]
            self._logging = Logging(listener, tails, redactor)
            listener = self._logging
        self.listener, self.memory = listener, memory

    @property
    def keeps(self) -> bool:
        """Whether packets are written to files."""
        return self._evidence is not None

    async def run(self, watch: Watch, lines: Sequence[Line]) -> None:
        """Run a watch to its end, however it comes, and end what runs beside it."""
        try:
            await watch.run(lines)
        finally:
            await self.finish()

    async def finish(self) -> None:
        """End what runs beside a watch that has ended."""
        if self._evidence is not None:
            self._evidence.close()
        if self._logging is not None:
            self._logging.close()
        if self._triggers is not None:
            await self._triggers.finish()
