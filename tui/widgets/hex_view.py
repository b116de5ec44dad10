"""The bytes of one frame, with those of a node marked, and our seams in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui import hexdump
from tui.hexdump import Dump
from tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.events import Click, Resize

    from tui.hexdump import Mark
    from tui.line import Line
    from tui.look import Look


class HexView(LineView):
    """A hex dump with a cursor, which shows while the view has the keys.

    Args:
        look: how it is drawn.
    """

    def __init__(self, look: Look, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(ascii_only=look.ascii_only, id=id)
        self._look = look
        self._dump = Dump(b"")
        self._mark: Mark | None = None
        self.byte = 0
        """Which byte is asked for: the first of the cursor's line, or one that was clicked."""

    @property
    def data(self) -> bytes:
        """What is shown."""
        return self._dump.data

    @property
    def seams(self) -> Mapping[int, bool]:
        """The seams in it, by position; True where one is inferred."""
        return self._dump.seams

    def show(self, dump: Dump) -> None:
        """Show a frame's bytes; the form is found for the width."""
        if dump.data != self._dump.data:
            self.cursor = self.byte = 0
        self._dump = dump
        self.sync()

    def mark(self, mark: Mark | None, *, follow: bool) -> None:
        """Mark some bytes, and bring them into sight where they are followed."""
        self._mark = mark
        if mark is not None and follow:
            self.byte = mark.start
            self.cursor = mark.start // self._form.per_line
            self._bring(max(mark.end - 1, mark.start) // self._form.per_line)
        self.refresh()

    def bring(self, byte: int | None) -> None:
        """Put the cursor on the line of a byte, or of the one before it at the end of the data."""
        if byte is None or not self.data:
            return
        self.byte = min(byte, len(self.data) - 1)
        self.cursor = self.byte // self._form.per_line
        self._bring(min(self.cursor + 1, self.count() - 1))
        self.refresh()

    def _bring(self, last: int) -> None:
        """Bring the cursor's line into sight, and what fits of those down to another one."""
        # A view can be scrolled once the screen knows how many lines it has got.
        self.call_after_refresh(self.show_line, min(last, self.cursor + self.page - 1))
        self.call_after_refresh(self.show_line, self.cursor)

    @property
    def _form(self) -> hexdump.Form:
        return hexdump.form(self.cells, len(self._dump.data))

    def count(self) -> int:
        """Number of lines."""
        return self._dump._replace(form=self._form).height

    def draw(self, at: int) -> Line:
        """One line of the dump."""
        # What was overwritten stays red under the node's mark.
        marks = (*([self._mark] if self._mark else []), *self._dump.marks)
        return hexdump.line(self._dump._replace(form=self._form, marks=marks), at, self._look)

    def tint(self, at: int) -> str:
        """The cursor shows where the keys go."""
        return "cursor" if self.has_focus and at == self.cursor else ""

    def go(self, at: int) -> None:
        """Put the cursor on a line; its first byte is the one that is asked for."""
        per_line = self._form.per_line
        self.byte = min(max(at, 0) * per_line, max(len(self.data) - 1, 0))
        super().go(at)

    def on_resize(self, event: Resize) -> None:
        """Another width may have another number of bytes in a line."""
        self.cursor = self.byte // self._form.per_line
        super().on_resize(event)

    def on_focus(self) -> None:
        """The cursor appears."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor goes."""
        self.refresh()

    def on_click(self, event: Click) -> None:
        """A click asks for the byte that it hits; elsewhere the base moves the cursor."""
        at = event.y + self.scroll_offset.y
        if at >= self.count():
            return
        dump = self._dump._replace(form=self._form)
        byte = hexdump.byte_at(dump, at, event.x - 1)
        if byte is None:
            return
        event.prevent_default()
        self.cursor = at
        self.byte = byte
        self.refresh()
        self.post_message(self.Chosen(self))
