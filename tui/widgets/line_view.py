"""The base of everything that is drawn: lines, asked for one by one as they come into sight."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, ClassVar, Final

from rich.segment import Segment
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar
from textual.strip import Strip

from dissect import escape
from tui.line import Line, Piece, Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.style import Style
    from textual.events import Click, Resize

_MARGIN: Final = 1
_CURSOR: Final = "cursor"


class LineView(ScrollView, can_focus=True, inherit_bindings=False):
    """A scrolling view of lines, with a cursor or without.

    Subclasses say how many lines there are (``count``) and what a line is (``draw``).
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"line--{role.value}" for role in Role),
        "line--cursor",
        "line--partner",
        "line--same",
    }
    HAS_CURSOR: ClassVar[bool] = True

    class Moved(Message):
        """The cursor stands on another line."""

        def __init__(self, view: LineView) -> None:
            super().__init__()
            self.view = view

        @property
        def control(self) -> LineView:
            """The view whose cursor moved."""
            return self.view

    class Resized(Message):
        """The view has another width; what stands above it may have to follow."""

    class Chosen(Message):
        """A line was clicked that had the cursor already."""

        def __init__(self, view: LineView) -> None:
            super().__init__()
            self.view = view

    def __init__(self, *, ascii_only: bool = False, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.ascii_only = ascii_only
        self.cursor = 0
        self._painted: dict[int, Strip] = {}
        """Lines of the screen as they were painted last."""

    @property
    def cells(self) -> int:
        """Cells that a line may fill, beside the margin for the cursor's mark."""
        return max(self.scrollable_content_region.width - _MARGIN, 1)

    @property
    def page(self) -> int:
        """Lines in sight."""
        return max(self.scrollable_content_region.height, 1)

    def count(self) -> int:
        """Number of lines."""
        raise NotImplementedError

    def draw(self, at: int) -> Line:
        """One line."""
        raise NotImplementedError

    def tint(self, at: int) -> str:
        """``cursor``, ``partner``, ``same`` or nothing: how the whole line stands out."""
        return _CURSOR if self.HAS_CURSOR and at == self.cursor else ""

    def sync(self) -> None:
        """Lines may have come, gone or changed: measure again and repaint."""
        size = Size(self.scrollable_content_region.width, self.count())
        if size != self.virtual_size:
            self._measure(size)
        self.cursor = min(max(self.cursor, 0), max(self.count() - 1, 0))
        self.freshen()

    def _measure(self, size: Size) -> None:
        """Take another number of lines in.

        Not by assignment: Textual would lay out and repaint the whole screen for each new line,
        and the scroll bar although it looks as before.
        """
        before = self._thumb(self.virtual_size.height)
        self.set_reactive(LineView.virtual_size, size)
        if self.show_vertical_scrollbar and self._thumb(size.height) == before:
            self.vertical_scrollbar.set_reactive(ScrollBar.window_virtual_size, size.height)
        else:
            self._scroll_update(size)

    def _thumb(self, lines: int) -> tuple[int, int]:
        """Where the scroll bar's thumb begins and how long it is, in eighths of a line."""
        step = max(lines, 1) / self.page
        return int(self.scroll_offset.y / step * 8), ceil(self.page / step * 8)

    def freshen(self) -> None:
        """Repaint the lines that are not as they were painted: on a slow line each one counts."""
        width = self.size.width
        for y in range(self.size.height):
            if self.strip(y) != self._painted.get(y):
                self.refresh(Region(0, y, width, 1))

    def on_resize(self, _event: Resize) -> None:
        """Lines are laid out for a width."""
        self.sync()
        if self.HAS_CURSOR:
            self.show_line(self.cursor)
            self.post_message(self.Resized())

    def render_line(self, y: int) -> Strip:
        """Paint one line of the screen."""
        strip = self._painted[y] = self.strip(y)
        return strip

    def strip(self, y: int) -> Strip:
        """One line of the screen, as it is now."""
        at = y + self.scroll_offset.y
        if at >= self.count():
            return Strip.blank(self.size.width, self.rich_style)
        return self._paint(self.draw(at), self.tint(at))

    def move(self, how: str, times: int = 1) -> None:
        """Move the cursor, or scroll where there is none, by one of the ways of ``_STEPS``.

        Args:
            how: the way.
            times: how often.
        """
        start = self.cursor if self.HAS_CURSOR else self.scroll_offset.y
        step = _STEPS[how](self.page) * max(times, 1)
        at = min(max(start + step, 0), self.count() - 1)
        if self.HAS_CURSOR:
            self.go(at)
        else:
            self.scroll_to(y=at, animate=False)

    def go(self, at: int) -> None:
        """Put the cursor on a line and bring it into sight."""
        self.cursor = min(max(at, 0), max(self.count() - 1, 0))
        self.show_line(self.cursor)
        self.freshen()
        self.post_message(self.Moved(self))

    def jump(self, at: int) -> None:
        """Put the cursor on a line that is looked for: with what stands around it in sight."""
        if not self.scroll_offset.y <= at < self.scroll_offset.y + self.page:
            self.scroll_to(y=max(at - self.page // 2, 0), animate=False)
        self.go(at)

    def show_line(self, at: int) -> None:
        """Scroll as little as brings a line into sight."""
        top = self.scroll_offset.y
        if at < top:
            self.scroll_to(y=at, animate=False)
        elif at >= top + self.page:
            self.scroll_to(y=at - self.page + 1, animate=False)

    def on_click(self, event: Click) -> None:
        """A click is a move; a click on the cursor's line opens it."""
        at = event.y + self.scroll_offset.y
        if not self.HAS_CURSOR or at >= self.count():
            return
        if at == self.cursor:
            self.post_message(self.Chosen(self))
        else:
            self.go(at)

    def _paint(self, pieces: Line, tint: str) -> Strip:
        base = self.rich_style
        if tint:
            base += self.get_component_rich_style(f"line--{tint}", partial=True)
        margin = _MARKS[tint][self.ascii_only]
        segments = [Segment(margin, base + self._role(Role.ACCENT))]
        segments += [Segment(self._safe(piece), base + self._role(piece.role)) for piece in pieces]
        return Strip(segments).adjust_cell_length(self.scrollable_content_region.width, base)

    def _role(self, role: Role) -> Style:
        return self.get_component_rich_style(f"line--{role.value}", partial=True)

    def _safe(self, piece: Piece) -> str:
        """The last guard: whatever came past the sanitiser does not come past this."""
        text = piece.text
        if text.isprintable() and (text.isascii() or not self.ascii_only):
            return text
        return escape.visible(text, ascii_only=self.ascii_only)


_MARKS: Final = {
    "": (" ", " "),
    "cursor": ("▌", ">"),
    "partner": ("▏", "="),
    "same": (" ", " "),
}

_STEPS: Final[dict[str, Callable[[int], int]]] = {
    "up": lambda _page: -1,
    "down": lambda _page: 1,
    "page_up": lambda page: -max(page - 1, 1),
    "page_down": lambda page: max(page - 1, 1),
    "half_up": lambda page: -max(page // 2, 1),
    "half_down": lambda page: max(page // 2, 1),
    "home": lambda _page: -(1 << 60),
    "end": lambda _page: 1 << 60,
}
