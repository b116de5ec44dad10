"""The dialog that begins a capture: where, with what rights, and which packets."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.binding import Binding
from textual.containers import Container, Horizontal
from textual.screen import ModalScreen
from textual.widgets import Input

from dissect.errors import SeamarkError
from tui import told
from tui.line import EMPTY, Line, Piece, Role, fit
from tui.screens.prompt import TypedLine
from tui.starting import RIGHTS, Form, Place
from tui.widgets.line_view import LineView
from tui.widgets.lines import Band

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tui.look import Look
    from tui.starting import Starter
    from tui.widgets.lines import Maker

START: Final = "start"
_NAME, _STATE, _RATE = 16, 11, 21
"""Cells of the columns of the list; addresses take the rest."""
_WIDE: Final = 95
"""Cells from which on there is room for bytes, too."""
_FRAME: Final = 8
"""Lines of the panel beside the list and what is said beneath it."""
_LEAST: Final = 3
"""Interfaces in sight, however much is said."""
_MOST: Final = 9
"""Lines of an error."""
_ASKING: Final = "asks"
_AHEAD: Final = frozenset({"next", "previous"})
_LABELS: Final = ("host", "rights", "filter")


class Rights(LineView):
    """How the capturing program gets its rights: one of a few, in a line.

    Args:
        chosen: the one that is chosen.
        look: how it is drawn.
    """

    HAS_CURSOR: ClassVar[bool] = False
    BINDINGS: ClassVar[list[Binding]] = [  # type: ignore[assignment]
        Binding("right,l,space", "choose(1)", show=False, id=f"{START}.rights-next"),
        Binding("left,h", "choose(-1)", show=False, id=f"{START}.rights-previous"),
    ]

    def __init__(self, chosen: str, look: Look, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(ascii_only=look.ascii_only, id=id)
        self.chosen = chosen

    def count(self) -> int:
        """One line."""
        return 1

    def draw(self, at: int) -> Line:
        """All of them, the chosen one in brackets."""
        del at
        role = Role.KEY if self.has_focus else Role.TITLE
        return tuple(
            Piece(f"[{title}] ", role) if name == self.chosen else Piece(f" {title}  ", Role.DIM)
            for name, title in RIGHTS.items()
        )

    def action_choose(self, step: int) -> None:
        """Choose the next one, or the one before."""
        names = [*RIGHTS]
        self.chosen = names[(names.index(self.chosen) + step) % len(names)]
        self.freshen()

    def on_focus(self) -> None:
        """The chosen one stands out."""
        self.freshen()

    def on_blur(self) -> None:
        """It stands out less."""
        self.freshen()


class Places(LineView):
    """The interfaces.

    Args:
        chosen: names of those that are marked at first.
        look: how they are drawn.
    """

    def __init__(self, chosen: tuple[str, ...], look: Look, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(ascii_only=look.ascii_only, id=id)
        self.places: list[Place] = []
        self.marked = dict.fromkeys(chosen)
        self._look = look

    def show(self, places: list[Place]) -> None:
        """List other interfaces; those of the same names stay marked."""
        self.places = places
        if places:
            names = [place.name for place in places]
            first = next((names.index(name) for name in self.marked if name in names), 0)
            self.marked = {name: None for name in self.marked if name in names}
            if len(self.marked) == 1:
                self.marked.clear()  # the cursor says the same
            self.go(first)
        self.sync()

    @property
    def chosen(self) -> tuple[str, ...]:
        """The marked ones, or the one under the cursor."""
        if self.marked or not self.places:
            return tuple(self.marked)
        return (self.places[self.cursor].name,)

    def mark(self) -> None:
        """Mark the one under the cursor, or not any more, and go on."""
        if self.places:
            name = self.places[self.cursor].name
            if name in self.marked:
                del self.marked[name]
            else:
                self.marked[name] = None
            self.move("down")
            self.freshen()

    def count(self) -> int:
        """How many there are."""
        return len(self.places)

    def draw(self, at: int) -> Line:
        """One of them: its name, how it stands, what passes it, and its addresses."""
        place, look = self.places[at], self._look
        sign = look.mark if place.name in self.marked else " "
        rates = _rates(self.cells)
        rest = max(self.cells - _NAME - _STATE - len(rates) * _RATE - 2, 0)
        return (
            Piece(f"{sign} ", Role.KEY),
            Piece(fit(look.words(place.name), _NAME - 1, look.cut) + " ", Role.TITLE),
            Piece(fit(place.state, _STATE), Role.TEXT if place.state == "up" else Role.DIM),
            *(Piece(fit(getattr(place, rate), _RATE)) for rate in rates),
            Piece(fit(look.words(place.addresses), rest, look.cut).rstrip(), Role.DIM),
        )


class StartScreen(ModalScreen[None]):
    """A panel in which a capture is begun; it goes away once packets may come.

    Args:
        starter: begins it.
        look: how it is drawn.
    """

    WHERE: ClassVar[str] = START
    BINDINGS: ClassVar[list[Binding]] = [  # type: ignore[assignment]
        # With priority, so that what is typed behind them goes to the next field already.
        Binding(keys, call, show=False, id=f"{START}.{name}", priority=name in _AHEAD)
        for name, keys, call in (
            ("leave", "escape,q", "leave"),
            ("next", "tab", "app.focus_next"),
            ("previous", "shift+tab", "app.focus_previous"),
            ("begin", "enter", "begin"),
            ("mark", "space", "mark"),
            ("again", "f5,ctrl+r", "list"),
            ("down", "down,j", "move('down')"),
            ("up", "up,k", "move('up')"),
            ("page-down", "pagedown", "move('page_down')"),
            ("page-up", "pageup", "move('page_up')"),
            ("home", "home", "move('home')"),
            ("end", "end", "move('end')"),
        )
    ]
    CSS = """
    StartScreen { align: center middle; background: $background 60%; }
    StartScreen #panel { border: round $accent; width: 110; }
    StartScreen .row { height: 1; }
    StartScreen .row Band { width: 9; }
    StartScreen Input { border: none; height: 1; padding: 0 1; background: $panel; width: 1fr; }
    StartScreen Input:focus { border: none; }
    StartScreen #rights { width: 1fr; height: 1; }
    StartScreen #columns { margin: 1 0 0 0; }
    .-ascii StartScreen #panel { border: ascii $accent; }
    """

    def __init__(self, starter: Starter, look: Look) -> None:
        super().__init__()
        self._starter = starter
        self._look = look
        self._said, self._bad = "", False
        self._connects = False
        self._listed: str | None = None
        """The host whose interfaces are listed, or asked for."""
        try:
            self._form = starter.form
        except SeamarkError as error:
            self._form, self._said, self._bad = Form(), str(error), True

    def compose(self) -> ComposeResult:
        """A box with a title, three fields, the interfaces, and what is to be said."""
        plain, form = self._look.ascii_only, self._form
        fields = {
            "host": TypedLine(
                form.host, placeholder="this machine", select_on_focus=False, id="host"
            ),
            "rights": Rights(form.privilege, self._look, id="rights"),
            "filter": TypedLine(form.bpf, select_on_focus=False, id="filter"),
        }
        with Container(id="panel"):
            yield Band(ascii_only=plain, id="title")
            for name in _LABELS:
                with Horizontal(classes="row"):
                    yield Band(ascii_only=plain, id=f"{name}-label")
                    yield fields[name]
            yield Band(ascii_only=plain, id="columns")
            yield Places(form.interfaces, self._look, id="main")
            yield Band(ascii_only=plain, id="said")

    @property
    def places(self) -> Places:
        """The interfaces."""
        return self.query_one("#main", Places)

    def on_mount(self) -> None:
        """Ask, and see what interfaces there are."""
        self.query_one("#title", Band).show(
            lambda _cells: [(Piece("begin a capture", Role.ACCENT),)]
        )
        for name, label in zip(_LABELS, ("ssh host", "rights", "filter"), strict=True):
            self.query_one(f"#{name}-label", Band).show(_labelled(label))
        self.query_one("#columns", Band).show(_titles)
        self.query_one("#said", Band).show(self._lines)
        self._measure()
        self.places.focus()
        if not self._bad:
            self.action_list()

    def on_resize(self) -> None:
        """The list takes what is left."""
        self._measure()

    def _measure(self) -> None:
        below = max((band.count() for band in self.query("#said").results(Band)), default=1)
        room = max(self.app.size.height - 2 - _FRAME - max(below, 1), _LEAST)
        for listed in self.query("#main").results(Places):
            listed.styles.height = min(max(len(listed.places), _LEAST), room)

    # What is filled in.

    @property
    def form(self) -> Form:
        """As it stands."""
        return Form(
            host=self.query_one("#host", TypedLine).value.strip(),
            interfaces=self.places.chosen,
            bpf=self.query_one("#filter", TypedLine).value,
            privilege=self.query_one("#rights", Rights).chosen,
        )

    @on(Input.Submitted, "#host")
    def _host_entered(self, event: Input.Submitted) -> None:
        """Look at the interfaces of another host."""
        event.stop()
        self._listed = None  # again, also where it is the same
        self.places.focus()

    @on(Input.Blurred, "#host")
    def _host_left(self) -> None:
        """The list is of the host that stands there."""
        if self.form.host != self._listed:
            self.action_list()

    @on(Input.Submitted, "#filter")
    def _filter_entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_begin()

    def on_line_view_chosen(self, event: LineView.Chosen) -> None:
        """A click on the interface under the cursor begins."""
        event.stop()
        self.action_begin()

    def action_move(self, how: str) -> None:
        """Move the cursor of the list; from a field go to the next, or the one before."""
        if self.focused is self.places:
            self.places.move(how)
        elif how in {"up", "down"}:
            (self.focus_next if how == "down" else self.focus_previous)()

    def action_mark(self) -> None:
        """Mark an interface, where several are to be captured."""
        self.places.mark()

    def action_list(self) -> None:
        """Ask which interfaces there are."""
        self._listed = self.form.host
        self.run_worker(self._list(self.form.host), exclusive=True, group=_ASKING)

    async def _list(self, host: str) -> None:
        where = host or "this machine"
        self._show([])
        self._tell(f"asking {where} for its interfaces...")
        try:
            self._show(await self._starter.places(host))
        except SeamarkError as error:
            self._tell(str(error), bad=True)
            return
        self._tell("")

    def action_begin(self) -> None:
        """Begin to capture."""
        if not self._connects:
            self._connects = True
            self.run_worker(self._begin(self.form))

    async def _begin(self, form: Form) -> None:
        self._tell(f"connecting {form.host or 'this machine'}...")
        try:
            await self._starter.start(form)
        except SeamarkError as error:
            self._tell(str(error), bad=True)
        else:
            self.dismiss(None)
        finally:
            self._connects = False

    def action_leave(self) -> None:
        """Do not wait for a connection, or leave the dialog."""
        if self._connects:
            self.run_worker(self._starter.cancel())
        else:
            self.dismiss(None)

    # What is said.  An answer may come when the dialog is on its way out, and its parts are gone.

    def _show(self, places: list[Place]) -> None:
        for listed in self.query("#main").results(Places):
            listed.show(places)

    def _tell(self, words: str, *, bad: bool = False) -> None:
        self._said, self._bad = words, bad
        for band in self.query("#said").results(Band):
            band.remake()
        self._measure()

    def _lines(self, cells: int) -> list[Line]:
        """What went wrong or is being done, and the keys."""
        if self._bad:
            said = told.error(self._said, cells, self._look)[:_MOST]
        elif self._said:
            said = [(Piece(fit(self._look.words(self._said), cells, self._look.cut), Role.MEDIUM),)]
        else:
            said = told.paragraph("", _HINT, cells, self._look, Role.DIM)
        return [EMPTY, *said, _keys()]


_HINT: Final = (
    "Over ssh nothing is asked here: a key of yours has to be let in, and the host known. Where a "
    "password is needed, leave the screen: seamark live --ssh HOST -i NAME"
)


def _labelled(label: str) -> Maker:
    return lambda _cells: [(Piece(label, Role.DIM),)]


def _titles(cells: int) -> list[Line]:
    """The titles of the list."""
    rates = "".join(f"{rate + '/s':{_RATE}}" for rate in _rates(cells))
    head = f"  {'interface':{_NAME}}{'state':{_STATE}}{rates}addresses"
    return [(Piece(head[:cells], Role.DIM),)]


def _rates(cells: int) -> tuple[str, ...]:
    """What is told of what passes an interface, by names of fields of ``Place``."""
    return ("packets", "bytes") if cells >= _WIDE else ("packets",)


def _keys() -> Line:
    pairs = (
        ("Enter", "begins"), ("Space", "marks"), ("Tab", "next field"), ("F5", "lists"),
        ("Esc", "leaves it"),
    )  # fmt: skip
    return tuple(
        piece
        for key, does in pairs
        for piece in (Piece(key, Role.KEY), Piece(f" {does}   ", Role.DIM))
    )
