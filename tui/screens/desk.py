"""What the screens that show the capture have in common: things can be taken out of them.

A screen says what it is about (``taken``) and which flow it stands on (``here``); the rest, and
what actions on flows take, is the same everywhere.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dissect.errors import SeamarkError
from tui import errands, hexdump, packet, transcript
from tui.out import Subject
from tui.screens.board import Board
from tui.words import count

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dissect.analysis.model import FlowDetail, FlowSummary

_MOST_NAMED = 2_000
"""Flows of which a copy can be made at once."""


class Desk(Board):
    """A screen that shows the capture."""

    @property
    def here(self) -> int | None:
        """The flow that the screen stands on."""
        return None

    @property
    def held(self) -> tuple[int | None, ...]:
        """The flows that have to stay while the screen is there."""
        return (self.here,)

    def taken(self) -> Subject:
        """What can be taken out: the flows that actions take, unless the screen knows better."""
        return self.about(self.session.chosen(self.here))

    def about(self, flows: Iterable[int], **more: Any) -> Subject:
        """A subject made of flows; its dialogue and bytes are made when they are asked for."""
        numbers = [flow for flow in flows if flow in self.session.store.summaries]
        summaries = tuple(self.session.store.summaries[flow] for flow in numbers[:_MOST_NAMED])
        subject = Subject(look=self.look, flows=summaries, place=self._lies, **more)
        if not summaries:
            return subject
        return replace(
            subject,
            dialogue=lambda: self._written(summaries[0].flow),
            dump=(lambda: self._dump(summaries[0], subject.frames[0])) if subject.frames else None,
        )

    def _lies(self, capture: str) -> str:
        """Where a capture lies; its name where that is all there is."""
        try:
            return self.seamark.wireshark.path(capture) if self.seamark.wireshark else capture
        except SeamarkError:
            return capture

    def _written(self, flow: int) -> str:
        detail = self.session.store.peek(flow)
        return "" if detail is None else self._transcript(detail)

    def _transcript(self, detail: FlowDetail) -> str:
        look = self.look
        return transcript.text(detail, ascii_only=look.ascii_only, privacy=look.privacy)

    async def _dump(self, summary: FlowSummary, frame: int) -> str:
        """A frame's bytes, read from the capture again."""
        wireshark, detail = self.seamark.wireshark, self.session.store.detail(summary.flow)
        if wireshark is None or detail is None:
            raise SeamarkError("The capture cannot be read a second time here.")
        found = await wireshark.packet(detail, frame)
        return hexdump.plain(found.data, hidden=lambda _data: packet.hidden(found, self.look))

    # Getting things out.

    def action_pause(self) -> None:
        """Let the view stand still, or go on."""
        self.seamark.pause_view()

    def action_start(self) -> None:
        """Begin a capture."""
        self.seamark.ask_start()

    def action_capture_filter(self) -> None:
        """Change what is captured."""
        self.seamark.ask_capture_filter()

    def action_stop(self) -> None:
        """End a live capture."""
        self.seamark.stop_capture()

    def action_copy(self, to_file: bool) -> None:  # noqa: FBT001 - an action's argument
        """Copy something, or write it to a file."""
        errands.take(self.seamark, self.taken(), to_file=to_file)

    def action_wireshark(self) -> None:
        """Open the flow in Wireshark."""
        errands.wireshark(self.seamark, self.taken())

    def action_save(self) -> None:
        """Write flows to a file."""
        errands.save(self.seamark, self.session.chosen(self.here), self._transcript)

    def action_pager(self) -> None:
        """Read dialogues in the pager."""
        errands.pager(self.seamark, self.session.chosen(self.here), self._transcript)

    # What the user makes of flows.

    def action_note(self) -> None:
        """Write a comment."""
        errands.comment(self.seamark, self.session.chosen(self.here))

    def action_edit_note(self) -> None:
        """Write a comment in the editor."""
        errands.edit(self.seamark, self.session.chosen(self.here))

    def action_judge(self) -> None:
        """Give a verdict of one's own."""
        errands.judge(self.seamark, self.session.chosen(self.here))

    # Marks, and what actions take.

    def action_mark(self) -> None:
        """Mark what actions take, or take the marks off."""
        marked = self.session.mark(self.session.chosen(self.here))
        self.seamark.tell(f"{count(marked, 'flow')} marked")
        self.changed()

    def action_unmark(self) -> None:
        """Take all marks off."""
        self.session.unmark()
        self.seamark.tell("no flow is marked")
        self.changed()

    def action_target(self) -> None:
        """Let actions take something else."""
        session = self.session
        session.target = session.target.next
        number = count(len(session.chosen(self.here)), "flow")
        self.seamark.tell(f"actions take {session.target.value}: {number}")
        self.changed()
