"""Commands that have no reply yet, and which of them a reply answers.

Replies come in the order of commands, also under pipelining (RFC 2920 section 3.2).  After a
hole in the server's stream the count is lost: then a code that can answer only one verb, or the
number of replies that came together, is the foothold.
"""

from __future__ import annotations

from collections import deque

from dissect.dialogue.body import DOT
from dissect.dialogue.events import END_OF_DATA, Command
from dissect.dialogue.grammar import AFFINITY, SEAMS_KEPT
from dissect.streams import Repeat


class Pending:
    """The queue."""

    def __init__(self) -> None:
        self.queue: deque[Command] = deque()
        self.doubtful = False
        """Whether replies may have been missed since the last one."""

    def __len__(self) -> int:
        return len(self.queue)

    def push(self, command: Command) -> None:
        """A command was sent."""
        self.queue.append(command)

    def take(self, code: int, together: int) -> tuple[list[Command], Command | None]:
        """The command that a reply answers, and those before it whose replies were missed.

        Args:
            code: the reply's code.
            together: how many replies, this one included, are there to be read.
        """
        missed: list[Command] = []
        if self.doubtful:
            missed = [self.queue.popleft() for _ in range(self._skipped(code, together))]
            self.doubtful = False
        return missed, self.queue.popleft() if self.queue else None

    def _skipped(self, code: int, together: int) -> int:
        """How many commands at the front were answered in the hole."""
        verbs = AFFINITY.get(code, ())
        for index, command in enumerate(self.queue):
            if command.verb in verbs:
                return index
        return max(0, len(self.queue) - together)

    def repeat(self, repeat: Repeat) -> None:
        """Frames of the client were sent again: note it where it touches a command."""
        end = repeat.offset + repeat.length
        for index in range(len(self.queue) - 1, -1, -1):
            command = self.queue[index]
            start, stop = command.offset, command.offset + command.size
            if stop <= repeat.offset:
                break
            if start < end:
                low = stop - len(DOT) if command.verb == END_OF_DATA else start
                seams = {*command.seams, *(s for s in repeat.seams if low < s.offset < stop)}
                self.queue[index] = command._replace(
                    retransmitted=command.retransmitted + 1,
                    seams=tuple(sorted(seams))[:SEAMS_KEPT],
                )
