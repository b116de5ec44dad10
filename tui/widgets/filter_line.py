"""The line in which a filter is typed, with what can be typed above it and what is wrong below."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from rich.style import Style
from textual.binding import Binding
from textual.geometry import Offset
from textual.message import Message
from textual.strip import Strip

from tui.filtering import Completion, Filter, FilterError, History, Known, complete, parse
from tui.filtering.drawn import CLOSED, MOST, PROMPT, Drawn, State, draw
from tui.filtering.typed import EDITS, KEYS, Typed
from tui.line import EMPTY, Line
from tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.events import Blur, Click, Focus, Key, Paste, Resize

    from tui.look import Look

_SHARE: Final = 2
"""The part of the screen's height that it may take."""
_MARGIN: Final = 1
_TEXT: Final = _MARGIN + len(PROMPT)
"""Where the text begins."""


class FilterLine(LineView):
    """A line for filters.  It is shown by ``open``, and hides itself when it is done.

    Args:
        look: how it is drawn.
        known: asks for the values that a completion can offer; called when the line is opened.
        history: the filters that were used.
    """

    DEFAULT_CSS: ClassVar[str] = """
    FilterLine {
        height: 1; display: none; background: $panel;
        overflow-y: hidden; scrollbar-gutter: auto;
    }
    """
    HAS_CURSOR: ClassVar[bool] = False
    BINDINGS: ClassVar[list[Binding]] = [  # type: ignore[assignment]
        *(Binding(key, f"edit('{edit}')", show=False) for key, edit in KEYS.items()),
        Binding("tab", "accept", show=False),
        Binding("up,ctrl+p", "walk(-1)", show=False),
        Binding("down,ctrl+n", "walk(1)", show=False),
        Binding("pageup", f"walk(-{MOST})", show=False),
        Binding("pagedown", f"walk({MOST})", show=False),
        Binding("enter", "submit", show=False),
        Binding("escape", "close", show=False),
    ]

    class Said(Message):
        """Something that the line says.

        Args:
            line: the widget.
        """

        def __init__(self, line: FilterLine) -> None:
            super().__init__()
            self.line = line

        @property
        def control(self) -> FilterLine:
            """The widget."""
            return self.line

    class Changed(Said):
        """The text is another.

        Args:
            line: the widget.
            filter: what it means, None where it means nothing.
            error: what is wrong with it, None where it is a filter.
        """

        def __init__(
            self,
            line: FilterLine,
            filter: Filter | None,  # noqa: A002
            error: FilterError | None,
        ) -> None:
            super().__init__(line)
            self.text = line.text
            self.filter = filter
            self.error = error

    class Submitted(Said):
        """A filter was entered; the line has hidden itself."""

        def __init__(self, line: FilterLine, filter: Filter) -> None:  # noqa: A002
            super().__init__(line)
            self.filter = filter

    class Closed(Said):
        """The line was left, and has hidden itself.

        Args:
            line: the widget.
            before: the filter that was there when it was opened.
        """

        def __init__(self, line: FilterLine, before: Filter) -> None:
            super().__init__(line)
            self.before = before

    def __init__(
        self,
        look: Look,
        known: Callable[[], Known] = Known,
        history: History | None = None,
        *,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(ascii_only=look.ascii_only, id=id)
        self._look = look
        self._ask = known
        self._known = Known()
        self._history = history or History(kept=False)
        self._past: tuple[str, ...] = ("",)
        """The filters that were used, and at the end what is being typed."""
        self._back = 0
        """How far back in them."""
        self._typed = Typed()
        self.filter = parse("")
        """The last good filter."""
        self.error: FilterError | None = None
        """What is wrong with the text."""
        self._before = self.filter
        self._refused = False
        self._completion = Completion(0, 0, ())
        self._chosen = CLOSED
        self._drawn = Drawn()

    @property
    def text(self) -> str:
        """What is typed."""
        return self._typed.text

    @property
    def about(self) -> str:
        """What is wanted, where the text is a line of a mail log."""
        return self.filter.about if self.error is None else ""

    def open(self, text: str = "") -> None:
        """Show the line with a filter in it, and give it the keys."""
        if not self.display:
            self._known = Known() if self._look.privacy.on else self._ask()
            used = (entry for entry in self._history.entries if entry != text)
            self._past, self._back = (*used, text), 0
            self._chosen, self._refused = CLOSED, False
            self._know(Typed().insert(text))
            self._before = self.filter
            self.display = True
        self.focus()
        self._show()

    def action_edit(self, edit: str) -> None:
        """Do one of ``EDITS`` to the line."""
        self._edit(EDITS[edit](self._typed))

    def action_accept(self) -> None:
        """Take the candidate under the cursor, or show the candidates."""
        start, end, candidates = self._completion
        if self._chosen == CLOSED:
            self._chosen = 0 if candidates else CLOSED
            self._show()
        else:
            self._edit(self._typed.replace(start, end, candidates[self._chosen].text))

    def action_walk(self, step: int) -> None:
        """Go through the candidates, or where none are shown through the history."""
        if self._chosen != CLOSED:
            last = len(self._completion.candidates) - 1
            self._chosen = min(max(self._chosen + step, 0), last)
            self._show()
            return
        back = min(max(self._back - step, 0), len(self._past) - 1)
        if back != self._back:
            self._back = back
            self._know(Typed().insert(self._past[-1 - back]))
            self._changed()

    def action_submit(self) -> None:
        """Give the filter to the screen, or say why it is none."""
        if self.error is not None:
            self._refused, self._chosen = True, CLOSED
            self._show()
            return
        self._history.add(self.text)
        self.display = False
        self.post_message(self.Submitted(self, self.filter))

    def action_close(self) -> None:
        """Leave the line."""
        self.display = False
        self.post_message(self.Closed(self, self._before))

    def on_key(self, event: Key) -> None:
        """Every key that types something types it here; the screen's letters have to wait."""
        if event.is_printable and event.character:
            event.stop()
            event.prevent_default()
            self._edit(self._typed.insert(event.character))

    def on_paste(self, event: Paste) -> None:
        """Put pasted words at the cursor, as one line."""
        event.stop()
        event.prevent_default()
        self._edit(self._typed.insert(event.text))

    def on_click(self, event: Click) -> None:
        """A click takes a candidate, or puts the cursor at a place."""
        event.stop()
        drawn = self._drawn
        if event.y < drawn.prompt:
            self._chosen = drawn.top + event.y
            self.action_accept()
        elif event.y == drawn.prompt:
            cell = event.x - _TEXT
            left = [place for place, at in enumerate(drawn.places) if at <= cell]
            self._edit(self._typed.go(left[-1] if left else 0))

    def on_resize(self, _event: Resize) -> None:
        """Another width, another part of a long line."""
        self._show()

    def on_focus(self, _event: Focus) -> None:
        """The cursor is seen only where typing goes on."""
        self._show()

    def on_blur(self, _event: Blur) -> None:
        """Likewise."""
        self._show()

    def count(self) -> int:
        """Number of lines."""
        return len(self._drawn.lines)

    def draw(self, at: int) -> Line:
        """One of the lines."""
        return self._drawn.lines[at] if at < self.count() else EMPTY

    def tint(self, at: int) -> str:
        """The candidate under the cursor stands out."""
        chosen = self._chosen != CLOSED and at == self._chosen - self._drawn.top
        return "cursor" if chosen and at < self._drawn.prompt else ""

    def strip(self, y: int) -> Strip:
        """A line, with the cursor where typing goes on."""
        strip = super().strip(y)
        if y != self._drawn.prompt or not self.has_focus:
            return strip
        x = _TEXT + self._drawn.caret
        cursor = strip.crop(x, x + 1).apply_style(Style(reverse=True))
        return Strip.join([strip.crop(0, x), cursor, strip.crop(x + 1, strip.cell_length)])

    def _edit(self, typed: Typed) -> None:
        """Take what an edit has made of the line."""
        changed = typed.text != self.text
        opened = changed or self._chosen != CLOSED
        self._know(typed)
        offers = bool(self._completion.candidates and typed.text.strip())
        self._chosen = 0 if opened and offers else CLOSED
        if not changed:
            self._show()
            return
        self._past, self._back = (*self._past[:-1], typed.text), 0
        self._changed()

    def _know(self, typed: Typed) -> None:
        """Find out what a text means, and what can be typed at its cursor."""
        self._typed = typed
        self._completion = complete(typed.text, typed.cursor, self._known)
        try:
            self.filter, self.error = parse(typed.text), None
        except FilterError as error:
            self.error = error
        if self.about:
            self._completion = Completion(0, 0, ())

    def _changed(self) -> None:
        """The text is another: show it and tell it."""
        self._refused = False
        self._show()
        good = self.filter if self.error is None else None
        self.post_message(self.Changed(self, good, self.error))

    def _show(self) -> None:
        """Make the lines anew, and be as high as they are."""
        self._drawn = draw(
            State(self._typed, self.error, self._refused, self._completion, self._chosen,
                  max(self.screen.size.height // _SHARE, 1), self.about),
            self.cells, self._look,
        )  # fmt: skip
        if self.styles.height is None or self.styles.height.value != self.count():
            self.styles.height = self.count()
        self.sync()
        if self.has_focus:
            x, y = self.content_region.offset
            self.app.cursor_position = Offset(x + _TEXT + self._drawn.caret, y + self._drawn.prompt)
